/* call/WHAT: the session calls, in loops of C; cache/SESSIONS: resumption by two threads beside that many sessions of others. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

struct call {
	SSL *ssl;
	SSL_SESSION *session;
	unsigned char *der;
	int len;
	struct ends *ends;
};

static void set_session(struct fixture *f, long n)
{
	const struct call *c = f->data;

	while (n-- > 0)
		MUST(SSL_set_session(c->ssl, c->session) == 1);
}

static void get_session(struct fixture *f, long n)
{
	const struct call *c = f->data;

	while (n-- > 0)
		SSL_SESSION_free(SSL_get1_session(c->ssl));
}

static void up_ref(struct fixture *f, long n)
{
	const struct call *c = f->data;

	while (n-- > 0) {
		SSL_SESSION_up_ref(c->session);
		SSL_SESSION_free(c->session);
	}
}

static void to_bytes(struct fixture *f, long n)
{
	const struct call *c = f->data;

	while (n-- > 0) {
		unsigned char *p = c->der;

		MUST(i2d_SSL_SESSION(c->session, NULL) == c->len); /* as each caller has to ask */
		i2d_SSL_SESSION(c->session, &p);
	}
}

static void set_bytes(struct fixture *f, long n)
{
	const struct call *c = f->data;

	while (n-- > 0) {
		const unsigned char *p = c->der;
		SSL_SESSION *s = d2i_SSL_SESSION(NULL, &p, c->len);

		MUST(s != NULL && SSL_set_session(c->ssl, s) == 1);
		SSL_SESSION_free(s);
	}
}

int call_setup(struct fixture *f)
{
	static const struct {
		const char *name;
		run_fn *run;
	} calls[] = {
		{ "set-session", set_session }, { "get-session", get_session }, { "up-ref", up_ref }, { "to-bytes", to_bytes }, { "set-bytes", set_bytes },
	};
	struct call *c = allot(sizeof(*c));
	unsigned char *p;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, f->part[1]) == 0)
			f->run = calls[i].run;
	}
	if (f->run == NULL)
		return 0;
	c->ends = ends_warm("1.2-ticket", "ecdsa");
	c->session = c->ends->session;
	c->ssl = ends_client(c->ends);
	c->len = i2d_SSL_SESSION(c->session, NULL);
	MUST(c->len > 0);
	p = c->der = allot((size_t)c->len);
	i2d_SSL_SESSION(c->session, &p);
	f->data = c;
	return 1;
}

int cache_setup(struct fixture *f)
{
	struct ends *ends = ends_warm("1.2-id", "ecdsa");
	SSL_CTX *ctx = ends->server;
	int n = atoi(f->part[1]);

	SSL_CTX_sess_set_cache_size(ctx, 0);
	if (tuned)
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_AUTO_CLEAR);
	for (int i = 0; i < n; i++) {
		SSL_SESSION *s = SSL_SESSION_new();
		unsigned char id[32] = { 0 };
		unsigned int hash = (unsigned int)i * 2654435761u; /* libssl's hash is the first four bytes, which are random in life */

		memcpy(id, &hash, sizeof(hash));
		MUST(s != NULL && SSL_SESSION_set_protocol_version(s, TLS1_2_VERSION) && SSL_SESSION_set1_id(s, id, sizeof(id)));
		SSL_SESSION_set_timeout(s, 7200);
		MUST(SSL_CTX_add_session(ctx, s));
		SSL_SESSION_free(s);
	}
	scale_new(f, ends, 2);
	return 1;
}
