/*
 * A C program that owns its SSL_CTXs, SSLs and SSL_SESSIONs, and has its sessions kept by libsslstore. After each step it looks at OpenSSL's own
 * reference counts and at the error queue.
 */
#include "sslstore.h"
#include "tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

static int keys_asked;

/* The key of a new session. A real program has here the name that it has verified. */
static const char *key_of(SSL *ssl, SSL_SESSION *session, void *arg)
{
	expect(!SSL_is_server(ssl) && SSL_SESSION_is_resumable(session));
	keys_asked++;
	return arg;
}

/* A handshake in both roles through the library, and the tickets of TLS 1.3. */
static void handshake(sslstore store, const char *key, SSL *client, SSL *server)
{
	char c;
	int done = 0;

	for (int i = 0; i < 10 && done != 3; i++) {
		int a = sslstore_handshake(store, key, client);
		int b;

		expect(a == 1 || SSL_get_error(client, a) == SSL_ERROR_WANT_READ);
		b = sslstore_handshake(0, NULL, server);
		expect(b == 1 || SSL_get_error(server, b) == SSL_ERROR_WANT_READ);
		done = (a == 1) | (b == 1) << 1;
	}
	expect(done == 3);
	expect(SSL_write(server, "x", 1) == 1 && SSL_read(client, &c, 1) == 1 && c == 'x');
	expect(ERR_peek_error() == 0);
}

static void ignore(const char *key, SSL_SESSION *session, void *arg)
{
	(void)key, (void)session, (void)arg;
}

/* Three connections; the first is full, the others resume what the store gives them. The server's store has a session only if that is not in a ticket. */
static void resume(int version, unsigned long options)
{
	sslstore store = sslstore_new(10), server_store = sslstore_new(10);
	SSL_CTX *client_ctx = new_ctx(version), *server_ctx = new_ctx(version);
	static char name[] = "example.test";
	SSL *client, *server;
	char why[200];

	expect(SSL_CTX_set_session_id_context(server_ctx, (const unsigned char *)"legacy", 6) == 1);
	expect(sslstore_attach(store, client_ctx, key_of, name) == 1);
	expect(sslstore_attach(server_store, server_ctx, NULL, NULL) == 1);
	SSL_CTX_set_options(server_ctx, options);
	keys_asked = 0;
	for (int i = 0; i < 3; i++) {
		new_pair(client_ctx, server_ctx, &client, &server);
		expect(sslstore_refs(SSLSTORE_SSL, client) == 1);
		handshake(store, name, client, server);
		expect(SSL_session_reused(client) == (i > 0) && SSL_session_reused(server) == (i > 0));
		expect(sslstore_explain(client, NULL, why, sizeof(why)) == (i > 0));
		expect(strncmp(why, i > 0 ? "resumed" : "offered", 7) == 0);
		expect(sslstore_refs(SSLSTORE_SSL, client) == 1 && sslstore_refs(SSLSTORE_CTX, client_ctx) == 3);
		expect((sslstore_each(server_store, ignore, NULL) > 0) == ((SSL_get_options(server) & SSL_OP_NO_TICKET) != 0));
		end_pair(client, server);
	}
	expect(keys_asked == (version == TLS1_3_VERSION ? 4 : 1)); /* two tickets, then one for each resumption */
	printf("%s, %s: full handshake, then two resumptions; the store's key callback was asked %d times\n", version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2",
	       SSL_CTX_get_options(server_ctx) & SSL_OP_NO_TICKET ? "the server's sessions in a store" : "tickets", keys_asked);
	sslstore_free(store);
	sslstore_free(server_store);
	new_pair(client_ctx, server_ctx, &client, &server);
	handshake(store, name, client, server);
	expect(!SSL_session_reused(client) && keys_asked == (version == TLS1_3_VERSION ? 4 : 1)); /* without stores */
	end_pair(client, server);
	expect(sslstore_attach(0, client_ctx, NULL, NULL) == 1 && SSL_CTX_sess_get_new_cb(client_ctx) == NULL);
	expect(sslstore_live(SSLSTORE_SSL) == 0 && sslstore_live(SSLSTORE_CTX) == 0 && sslstore_live(SSLSTORE_SESSION) == 0);
	expect(sslstore_refs(SSLSTORE_CTX, client_ctx) == 1);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
}

static int died;

static void on_death(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	died += ptr != NULL;
}

/* A session that can be resumed, with one reference; its death is counted. */
static SSL_SESSION *new_session(void)
{
	static int index = -1;
	SSL_SESSION *s = SSL_SESSION_new();

	if (index < 0)
		index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, on_death);
	expect(s != NULL && SSL_SESSION_set1_id(s, (const unsigned char *)"id", 2) == 1 && SSL_SESSION_set_ex_data(s, index, s) == 1);
	return s;
}

#define refs(s) sslstore_refs(SSLSTORE_SESSION, s)

static sslstore current;

static void grow_stack(const char *key, SSL_SESSION *session, void *arg)
{
	(void)key, (void)session;
	if ((size_t)arg < 100) /* Go calls C calls Go … */
		sslstore_each(current, grow_stack, (void *)((size_t)arg + 1));
}

static void lend(const char *key, SSL_SESSION *session, void *arg)
{
	expect(strcmp(key, "key") == 0 && session == *(SSL_SESSION **)arg && refs(session) == 2); /* the store and the program: none for the call */
}

/* Each row of the table in docs/LEGACY.md. */
static void ownership(void)
{
	sslstore store = sslstore_new(1);
	SSL_SESSION *s = new_session(), *t = new_session(), *got;
	SSL_CTX *ctx = new_ctx(TLS1_2_VERSION);
	SSL *ssl = SSL_new(ctx);
	char *small = malloc(8); /* of its own, so that a byte too many is seen */
	char long_key[SSLSTORE_MAX_KEY + 2] = "";

	memset(long_key, 'k', sizeof(long_key) - 1);
	expect(refs(s) == 1);
	expect(sslstore_put1(store, "key", s) == 1 && refs(s) == 2); /* shared */
	expect(sslstore_each(store, lend, &s) == 1 && refs(s) == 2); /* lent */
	current = store;
	expect(sslstore_each(store, grow_stack, (void *)1) == 1);
	got = sslstore_get1(store, "key"); /* given */
	expect(got == s && refs(s) == 3);
	SSL_SESSION_free(got);
	expect(refs(s) == 2 && sslstore_live(SSLSTORE_SESSION) == 1);
	expect(sslstore_put0(store, "key", t) == 1 && refs(t) == 1 && refs(s) == 1); /* taken; the other gave way */
	expect(sslstore_put1(store, "another", s) == 1 && died == 1);                /* t was the library's alone, and there is room for one */
	expect(sslstore_get1(store, "key") == NULL);

	expect(sslstore_put1(store, long_key, s) == 0 && sslstore_put1(store, NULL, s) == 0 && sslstore_put1(store + 1, "key", s) == 0 && refs(s) == 2);
	SSL_SESSION_up_ref(s);
	expect(sslstore_put0(store, long_key, s) == 0 && refs(s) == 2); /* taken all the same */

	expect(small != NULL && sslstore_explain(ssl, s, small, 8) == 0 && strcmp(small, "not off") == 0);
	free(small);
	small = malloc(64);
	expect(small != NULL && sslstore_explain(ssl, s, small, (size_t)-1) == 0 && strncmp(small, "not offered", 11) == 0);
	free(small);
	expect(sslstore_explain(ssl, s, NULL, 8) == 0 && sslstore_handshake(store, "key", NULL) == 0);
	expect(sslstore_explain(ssl, s, NULL, 0) == 0 && sslstore_refs(SSLSTORE_SSL, ssl) == 1 && refs(s) == 2); /* lent */
	expect(sslstore_attach(store, ctx, key_of, NULL) == 1 && sslstore_refs(SSLSTORE_CTX, ctx) == 3);         /* lent: SSL_new() took two */
	expect(sslstore_put1(store, "another", NULL) == 1 && refs(s) == 1);
	expect(sslstore_put1(store, "key", s) == 1 && refs(s) == 2);
	sslstore_free(store);
	sslstore_free(store);
	expect(refs(s) == 1 && sslstore_live(SSLSTORE_SESSION) == 0);
	expect(sslstore_get1(store, "key") == NULL && sslstore_put1(store, "key", s) == 0);
	SSL_SESSION_free(s);
	expect(died == 2);
	SSL_free(ssl);
	expect(sslstore_refs(SSLSTORE_CTX, ctx) == 1);
	SSL_CTX_free(ctx);
	expect(sslstore_live(SSLSTORE_SESSION) + sslstore_live(SSLSTORE_SSL) + sslstore_live(SSLSTORE_CTX) == 0);
	printf("ownership: taken, shared, lent and given are what OpenSSL's own counts say\n");
}

/* Something that was in the queue before, for which nobody but the program is responsible. */
static void push_older(void)
{
	ERR_put_error(ERR_LIB_USER, 0, 42, "program.c", 7);
	ERR_add_error_data(1, "older");
}

static SSL_SESSION *parse_in_c(const void *p, size_t n, int pem)
{
	const unsigned char *der = p;
	BIO *b;
	SSL_SESSION *s;

	if (!pem)
		return d2i_SSL_SESSION(NULL, &der, (long)n);
	b = BIO_new_mem_buf(p, (int)n);
	s = PEM_read_bio_SSL_SESSION(b, NULL, NULL, NULL);
	BIO_free(b);
	return s;
}

/* A handshake of a client with a server that speaks something else, by C or by the library. */
static int refuse(int through_library)
{
	SSL_CTX *old = new_ctx(TLS1_2_VERSION), *new = new_ctx(TLS1_3_VERSION);
	SSL *client, *server;
	int ret, error;

	new_pair(new, old, &client, &server);
	expect(SSL_do_handshake(client) == -1);
	push_older(); /* the handshake clears it, as C does */
	ret = through_library ? sslstore_handshake(0, NULL, server) : SSL_do_handshake(server);
	error = SSL_get_error(server, ret);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(old);
	SSL_CTX_free(new);
	return ret == -1 ? error : -1;
}

/* What the library's calls leave in the queue of this thread is what C's leave. */
static void queue(void)
{
	static const struct {
		const char *text;
		int pem;
	} bad[] = { { "\x30\x03\x02\x01\x01", 0 },
		    { "\x04\x01", 0 },
		    { "", 0 },
		    { "-----BEGIN SSL SESSION PARAMETERS-----\n????\n-----END SSL SESSION PARAMETERS-----\n", 1 },
		    { "-----BEGIN SSL SESSION PARAMETERS-----\nMAMC\n-----END SSL SESSION PARAMETERS-----\n", 1 } };
	struct entry c[MAX_ENTRIES], ours[MAX_ENTRIES];
	int n, m, entries = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		push_older();
		expect(parse_in_c(bad[i].text, strlen(bad[i].text), bad[i].pem) == NULL);
		n = take_queue(c);
		push_older();
		expect(sslstore_parse(bad[i].text, strlen(bad[i].text)) == NULL);
		m = take_queue(ours);
		expect(n > 1 && ERR_GET_REASON(c[0].code) == 42 && same_queue(c, n, ours, m));
		entries += n - 1;
	}
	expect(refuse(0) == SSL_ERROR_SSL);
	n = take_queue(c);
	expect(refuse(1) == SSL_ERROR_SSL);
	m = take_queue(ours);
	expect(n > 0 && ERR_GET_REASON(c[n - 1].code) == SSL_R_UNSUPPORTED_PROTOCOL && same_queue(c, n, ours, m));
	printf("error queue: %d entries of calls that fail, each as C leaves it, with what was there before\n", entries + n);
}

/* Both encodings of the program's own session come back as sessions. */
static void encodings(void)
{
	SSL_CTX *ctx = new_ctx(TLS1_2_VERSION);
	SSL *client, *server;
	SSL_SESSION *session, *copy;
	unsigned char *der = NULL, again[4096], *end = again;
	char *pem;
	BIO *b = BIO_new(BIO_s_mem());
	int n;

	new_pair(ctx, ctx, &client, &server);
	handshake(0, NULL, client, server);
	session = SSL_get1_session(client);
	expect(SSL_SESSION_set1_hostname(session, "-----BEGIN") == 1); /* DER all the same */
	n = i2d_SSL_SESSION(session, &der);
	expect(n > 0 && n < (int)sizeof(again) && PEM_write_bio_SSL_SESSION(b, session) == 1);
	copy = sslstore_parse(der, (size_t)n);
	expect(refs(copy) == 1 && i2d_SSL_SESSION(copy, &end) == n && memcmp(der, again, (size_t)n) == 0);
	SSL_SESSION_free(copy);
	n = (int)BIO_get_mem_data(b, &pem);
	copy = sslstore_parse(pem, (size_t)n);
	expect(refs(copy) == 1);
	SSL_SESSION_free(copy);
	SSL_SESSION_free(session);
	OPENSSL_free(der);
	BIO_free(b);
	end_pair(client, server);
	SSL_CTX_free(ctx);
	printf("encodings: DER and PEM of C are sessions again\n");
}

int main(void)
{
	resume(TLS1_2_VERSION, 0);
	resume(TLS1_3_VERSION, 0);
	resume(TLS1_3_VERSION, SSL_OP_NO_TICKET);
	ownership();
	queue();
	encodings();
	return 0;
}
