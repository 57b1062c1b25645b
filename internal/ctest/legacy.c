#include "legacy.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A context for both sides and one version, 0 for all, with the cache on. */
void *legacy_ctx(int version, const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH);
	if (!SSL_CTX_set_min_proto_version(ctx, version) || !SSL_CTX_set_max_proto_version(ctx, version) || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1
	    || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || !SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"legacy", 6)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

void *legacy_ssl(void *ctx, int server)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl != NULL && server)
		SSL_set_accept_state(ssl);
	else if (ssl != NULL)
		SSL_set_connect_state(ssl);
	return ssl;
}

void *legacy_session(void)
{
	return SSL_SESSION_new();
}

void *legacy_dup(void *ssl)
{
	return SSL_dup(ssl);
}

/* What one writes the other reads, without a socket. */
int legacy_join(void *a, void *b)
{
	BIO *x, *y;

	if (!BIO_new_bio_pair(&x, 1 << 16, &y, 1 << 16))
		return 0;
	SSL_set_bio(a, x, x);
	SSL_set_bio(b, y, y);
	return 1;
}

/* The handshake of a joined pair; the client reads the tickets of TLS 1.3. */
int legacy_connect(void *client, void *server)
{
	char c;

	for (int i = 0; i < 10; i++) {
		int a = SSL_do_handshake(client), b = SSL_do_handshake(server);

		if (a == 1 && b == 1) {
			SSL_read(client, &c, 1);
			return 1;
		}
	}
	return 0;
}

long legacy_call(int op, void *p, void *q)
{
	char buf[64];

	switch (op) {
	case LEGACY_FREE_CTX:
		SSL_CTX_free(p);
		return 1;
	case LEGACY_FREE_SSL:
		SSL_free(p);
		return 1;
	case LEGACY_FREE_SESSION:
		SSL_SESSION_free(p);
		return 1;
	case LEGACY_FLUSH:
		SSL_CTX_flush_sessions(p, 0);
		return 1;
	case LEGACY_ADD:
		return SSL_CTX_add_session(p, q);
	case LEGACY_REMOVE:
		return SSL_CTX_remove_session(p, q);
	case LEGACY_SET_SESSION:
		return SSL_set_session(p, q);
	case LEGACY_SET_CTX:
		return SSL_set_SSL_CTX(p, q) != NULL;
	case LEGACY_HANDSHAKE:
		return SSL_do_handshake(p);
	case LEGACY_WRITE:
		return SSL_write(p, LEGACY_TEXT, sizeof(LEGACY_TEXT) - 1);
	case LEGACY_READ:
		return SSL_read(p, buf, sizeof(buf));
	}
	return -1;
}

struct call {
	int op;
	void *p, *q;
	long ret;
};

static void *run(void *arg)
{
	struct call *c = arg;

	c->ret = legacy_call(c->op, c->p, c->q);
	return NULL;
}

/* Waits for the thread. */
long legacy_call_on_thread(int op, void *p, void *q)
{
	struct call c = { op, p, q, -1 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, &c) != 0)
		abort();
	pthread_join(thread, NULL);
	return c.ret;
}

static _Atomic(long) runs[LEGACY_CALLBACKS];

static int on_new(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl, (void)session;
	runs[LEGACY_NEW]++;
	return 0;
}

static void on_remove(SSL_CTX *ctx, SSL_SESSION *session)
{
	(void)ctx, (void)session;
	runs[LEGACY_REMOVED]++;
}

static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	(void)ssl, (void)id, (void)len, (void)copy;
	runs[LEGACY_GET]++;
	return NULL;
}

/* As one that could not write to a file. */
static void on_remove_fails(SSL_CTX *ctx, SSL_SESSION *session)
{
	on_remove(ctx, session);
	SYSerr(SYS_F_FREAD, 5);
}

void legacy_remove_fails(void *ctx)
{
	SSL_CTX_sess_set_remove_cb(ctx, on_remove_fails);
}

void legacy_set_callbacks(void *ctx)
{
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		atomic_store(&runs[i], 0);
	SSL_CTX_sess_set_new_cb(ctx, on_new);
	SSL_CTX_sess_set_remove_cb(ctx, on_remove);
	SSL_CTX_sess_set_get_cb(ctx, on_get);
}

/* Whether the callback is still the one that legacy_set_callbacks has set. */
int legacy_has_callback(void *ctx, int which)
{
	switch (which) {
	case LEGACY_NEW:
		return SSL_CTX_sess_get_new_cb(ctx) == on_new;
	case LEGACY_REMOVED:
		return SSL_CTX_sess_get_remove_cb(ctx) == on_remove;
	case LEGACY_GET:
		return SSL_CTX_sess_get_get_cb(ctx) == on_get;
	}
	return 0;
}

/* How often it ran since this was last asked. */
long legacy_callbacks_run(int which)
{
	return atomic_exchange(&runs[which], 0);
}
