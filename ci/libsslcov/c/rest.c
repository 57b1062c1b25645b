/*
 * rest TESTDATA: what no scenario can say of ssl/ssl_sess.c, since the binding does not have it: function pointers that are read back, FILE *, the ticket
 * extension of EAP-FAST, and a failing allocator or random number generator inside of a session's copy. Each result is checked.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#define MUST(condition)                                                                   \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "rest.c:%d: not so: %s\n", __LINE__, #condition); \
			ERR_print_errors_fp(stderr);                                      \
			exit(1);                                                          \
		}                                                                         \
	} while (0)

static const char *testdata;
static long left; /* allocations until the one that fails; 0: none will */

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size == 0 || (left > 0 && --left == 0) ? NULL : malloc(size);
}

static void *count_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return left > 0 && --left == 0 ? NULL : realloc(p, size);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

/* The reason of the newest entry; the queue is empty afterwards. */
static int reason(void)
{
	int found = ERR_GET_REASON(ERR_peek_last_error());

	ERR_clear_error();
	return found;
}

static SSL_CTX *new_ctx(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	char path[4096];

	MUST(ctx != NULL);
	snprintf(path, sizeof(path), "%s/server.pem", testdata);
	MUST(SSL_CTX_use_certificate_chain_file(ctx, path) == 1);
	snprintf(path, sizeof(path), "%s/server.key", testdata);
	MUST(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1);
	return ctx;
}

static void join(SSL *client, SSL *server)
{
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());

	MUST(up != NULL && down != NULL);
	BIO_set_mem_eof_return(up, -1);
	BIO_set_mem_eof_return(down, -1);
	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(client, down, up);
	SSL_set_bio(server, up, down);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
}

static bool shake(SSL *client, SSL *server)
{
	int c = 0, s = 0;

	for (int i = 0; i < 10 && (c != 1 || s != 1); i++) {
		c = SSL_do_handshake(client);
		s = SSL_do_handshake(server);
	}
	return c == 1 && s == 1;
}

static int on_new(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl, (void)session;
	return 0;
}

static void on_remove(SSL_CTX *ctx, SSL_SESSION *session)
{
	(void)ctx, (void)session;
}

static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	(void)ssl, (void)id, (void)len, (void)copy;
	return NULL;
}

static int infos;

static void on_info(const SSL *ssl, int where, int ret)
{
	(void)ssl, (void)where, (void)ret;
	infos++;
}

static int on_client_cert(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	(void)ssl, (void)cert, (void)key;
	return 0;
}

static int load_client_cert(ENGINE *e, SSL *ssl, STACK_OF(X509_NAME) * names, X509 **cert, EVP_PKEY **key, STACK_OF(X509) * *other, UI_METHOD *ui, void *data)
{
	(void)e, (void)ssl, (void)names, (void)cert, (void)key, (void)other, (void)ui, (void)data;
	return 0;
}

static int engine_init(ENGINE *e)
{
	(void)e;
	return 1;
}

static int engine_fails(ENGINE *e)
{
	(void)e;
	return 0;
}

/* What was set is what is read. */
static void callbacks(void)
{
	SSL_CTX *ctx = new_ctx(TLS_method());
	ENGINE *e = ENGINE_new();

	SSL_CTX_sess_set_new_cb(ctx, on_new);
	SSL_CTX_sess_set_remove_cb(ctx, on_remove);
	SSL_CTX_sess_set_get_cb(ctx, on_get);
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set_client_cert_cb(ctx, on_client_cert);
	MUST(SSL_CTX_sess_get_new_cb(ctx) == on_new);
	MUST(SSL_CTX_sess_get_remove_cb(ctx) == on_remove);
	MUST(SSL_CTX_sess_get_get_cb(ctx) == on_get);
	MUST(SSL_CTX_get_info_callback(ctx) == on_info);
	MUST(SSL_CTX_get_client_cert_cb(ctx) == on_client_cert);

	MUST(e != NULL && ENGINE_set_id(e, "rest") && ENGINE_set_init_function(e, engine_fails));
	MUST(SSL_CTX_set_client_cert_engine(ctx, e) == 0 && reason() == ERR_R_ENGINE_LIB);
	ENGINE_set_init_function(e, engine_init);
	MUST(SSL_CTX_set_client_cert_engine(ctx, e) == 0 && reason() == SSL_R_NO_CLIENT_CERT_METHOD);
	ENGINE_set_load_ssl_client_cert_function(e, load_client_cert);
	MUST(SSL_CTX_set_client_cert_engine(ctx, e) == 1);
	SSL_CTX_free(ctx);
	ENGINE_free(e);
}

static int cookies_made, cookies_seen;

static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
	(void)ssl;
	memcpy(cookie, "biscuit", *len = 7);
	cookies_made++;
	return 1;
}

static int see_cookie(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
	(void)ssl;
	cookies_seen++;
	return len == 7 && memcmp(cookie, "biscuit", 7) == 0;
}

static int make_stateless(SSL *ssl, unsigned char *cookie, size_t *len)
{
	(void)ssl;
	memcpy(cookie, "biscuit", *len = 7);
	cookies_made++;
	return 1;
}

static int see_stateless(SSL *ssl, const unsigned char *cookie, size_t len)
{
	return see_cookie(ssl, cookie, (unsigned int)len);
}

/* A cookie of DTLS, and one of SSL_stateless. */
static void cookies(void)
{
	SSL_CTX *dtls = new_ctx(DTLS_method()), *tls = new_ctx(TLS_method());
	SSL *c = SSL_new(dtls), *s = SSL_new(dtls);

	SSL_CTX_set_cookie_generate_cb(dtls, make_cookie);
	SSL_CTX_set_cookie_verify_cb(dtls, see_cookie);
	SSL_set_options(s, SSL_OP_COOKIE_EXCHANGE);
	join(c, s);
	MUST(shake(c, s) && cookies_made == 1 && cookies_seen == 1);
	SSL_free(c);
	SSL_free(s);

	SSL_CTX_set_stateless_cookie_generate_cb(tls, make_stateless);
	SSL_CTX_set_stateless_cookie_verify_cb(tls, see_stateless);
	c = SSL_new(tls);
	s = SSL_new(tls);
	SSL_clear_options(c, SSL_OP_ENABLE_MIDDLEBOX_COMPAT); /* its ChangeCipherSpec is a -1 of its own */
	join(c, s);
	SSL_do_handshake(c);
	MUST(SSL_stateless(s) == 0 && cookies_made == 2);
	SSL_do_handshake(c);
	MUST(SSL_stateless(s) == 1 && cookies_seen == 2 && shake(c, s));
	SSL_free(c);
	SSL_free(s);
	SSL_CTX_free(dtls);
	SSL_CTX_free(tls);
}

static int give_secret(SSL *ssl, void *secret, int *len, STACK_OF(SSL_CIPHER) * peer, const SSL_CIPHER **cipher, void *arg)
{
	memset(secret, 7, *len = 48);
	if (SSL_is_server(ssl))
		*cipher = sk_SSL_CIPHER_value(peer, 0); /* libssl would choose one by the certificate, which it has not looked at yet */
	++*(int *)arg;
	return 1;
}

static int see_ticket(SSL *ssl, const unsigned char *data, int len, void *arg)
{
	(void)ssl;
	*(bool *)arg = len == 3 && memcmp(data, "pac", 3) == 0;
	return 1;
}

static int refuse_ticket(SSL *ssl, const unsigned char *data, int len, void *arg)
{
	(void)ssl, (void)data, (void)len, (void)arg;
	return 0;
}

/* EAP-FAST: the client's ticket comes from elsewhere, and so does the secret on both sides. */
static void fast(void)
{
	SSL_CTX *ctx = new_ctx(TLSv1_2_method());
	SSL *c = SSL_new(ctx), *s = SSL_new(ctx);
	int secrets = 0;
	bool seen = false;
	unsigned char key[48];

	MUST(SSL_set_session_secret_cb(NULL, give_secret, &secrets) == 0);
	MUST(SSL_set_session_ticket_ext_cb(NULL, see_ticket, &seen) == 0);
	MUST(SSL_set_session_secret_cb(c, give_secret, &secrets) == 1 && SSL_set_session_secret_cb(s, give_secret, &secrets) == 1);
	MUST(SSL_set_session_ticket_ext_cb(s, see_ticket, &seen) == 1);
	MUST(SSL_set_session_ticket_ext(c, NULL, 0) == 1);
	left = 1;
	MUST(SSL_set_session_ticket_ext(c, "pac", 3) == 0 && reason() == ERR_R_MALLOC_FAILURE);
	MUST(SSL_set_session_ticket_ext(c, "pac", 3) == 1);
	join(c, s);
	MUST(shake(c, s) && seen && secrets == 2);
	MUST(SSL_SESSION_get_master_key(SSL_get_session(c), key, sizeof(key)) == 48 && key[0] == 7 && key[47] == 7);
	SSL_free(c);
	SSL_free(s);

	/* An extension without data is none; a client's callback sees the server's, and may refuse it. */
	for (int kind = 0; kind < 2; kind++) {
		c = SSL_new(ctx);
		s = SSL_new(ctx);
		join(c, s);
		if (kind == 0) {
			MUST(SSL_set_session_ticket_ext(c, NULL, 0) == 1);
			MUST(shake(c, s) && !SSL_SESSION_has_ticket(SSL_get_session(c)));
		} else {
			MUST(SSL_set_session_ticket_ext_cb(c, refuse_ticket, NULL) == 1);
			MUST(!shake(c, s) && reason() != 0);
		}
		SSL_free(c);
		SSL_free(s);
	}
	SSL_CTX_free(ctx);
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in, unsigned int in_len, void *arg)
{
	(void)ssl, (void)in_len, (void)arg;
	*out = in + 1;
	*len = in[0];
	return SSL_TLSEXT_ERR_OK;
}

static int any_certificate(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

/* TLS 1.3: the ticket has the protocol, and a certificate after the handshake brings new ones; the client hears of both. */
static void tls13(void)
{
	SSL_CTX *ctx = new_ctx(TLS_method());
	SSL *c, *s;
	const unsigned char *protocol;
	size_t len;
	char buf[1];

	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, any_certificate, NULL);
	SSL_CTX_set_post_handshake_auth(ctx, 1);
	c = SSL_new(ctx);
	s = SSL_new(ctx);
	MUST(SSL_set_alpn_protos(c, (const unsigned char *)"\2h2", 3) == 0);
	join(c, s);
	MUST(shake(c, s));
	SSL_set_info_callback(c, on_info);
	infos = 0;
	MUST(SSL_read(c, buf, 1) < 0 && infos > 0);
	SSL_SESSION_get0_alpn_selected(SSL_get_session(c), &protocol, &len);
	MUST(len == 2 && memcmp(protocol, "h2", 2) == 0 && SSL_SESSION_has_ticket(SSL_get_session(c)));
	SSL_set_verify(s, SSL_VERIFY_PEER, NULL);
	MUST(SSL_verify_client_post_handshake(s) == 1 && SSL_do_handshake(s) == 1);
	SSL_read(c, buf, 1);
	SSL_read(s, buf, 1);
	MUST(SSL_get0_verified_chain(s) != NULL || SSL_get_peer_cert_chain(s) != NULL);
	SSL_free(c);
	SSL_free(s);
	SSL_CTX_free(ctx);
}

static SSL_SESSION *session_of(SSL_CTX *ctx)
{
	SSL *c = SSL_new(ctx), *s = SSL_new(ctx);
	SSL_SESSION *session;

	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_set_info_callback(s, on_info);
	join(c, s);
	infos = 0;
	MUST(shake(c, s) && infos > 2);
	session = SSL_get1_session(c);
	MUST(session != NULL && SSL_get_peer_cert_chain(c) != NULL);
	SSL_free(c);
	SSL_free(s);
	return session;
}

static void pem_file(SSL_SESSION *session)
{
	FILE *f = tmpfile();
	SSL_SESSION *read;

	MUST(f != NULL && PEM_write_SSL_SESSION(f, session) == 1);
	rewind(f);
	read = PEM_read_SSL_SESSION(f, NULL, NULL, NULL);
	MUST(read != NULL && i2d_SSL_SESSION(read, NULL) == i2d_SSL_SESSION(session, NULL));
	fclose(f);
	SSL_SESSION_free(read);
}

/* Whichever allocation fails, there is no copy, and the queue says why; with all of them there is one. Returns how many there are. */
static int copies(SSL_SESSION *session)
{
	for (int n = 1; n < 100; n++) {
		SSL_SESSION *copy;

		left = n;
		copy = session ? SSL_SESSION_dup(session) : SSL_SESSION_new();
		if (left > 0) {
			left = 0;
			MUST(copy != NULL);
			SSL_SESSION_free(copy);
			return n - 1;
		}
		MUST(copy == NULL && ERR_peek_error() != 0);
		ERR_clear_error();
	}
	MUST(!"an end");
	return 0;
}

/* A session that has all that an encoding can hold: name, hint, identity, ticket, SRP name, protocol, data. */
static const unsigned char everything[] =
    "\x30\x81\x80\x02\x01\x01\x02\x02\x03\x03\x04\x02\xc0\x2b\x04\x04"
    "anid\x04\x30"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xa6\x0d\x04\x0b"
    "one.example\xa7\x06\x04\x04hint\xa8\x04\x04\x02me\xaa\x08\x04\x06ticket\xac\x06\x04\x04user\xb0\x04\x04\x02h2\xb2\x06\x04\x04"
    "data";

static void sessions(void)
{
	SSL_CTX *ctx = new_ctx(TLSv1_2_method());
	const unsigned char *p = everything;
	SSL_SESSION *all = d2i_SSL_SESSION(NULL, &p, sizeof(everything) - 1), *connected = session_of(ctx);
	int few, values;

	MUST(all != NULL);
	pem_file(connected);
	MUST(copies(connected) > 2); /* the chain's */
	few = copies(all);
	MUST(few >= 9);
	for (int i = 0; i < 12; i++)
		MUST(SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, NULL) >= 0);
	MUST(SSL_SESSION_set_ex_data(all, 11, "value"));
	values = copies(all);
	MUST(values > few); /* the values are copied by way of memory */
	MUST(copies(NULL) == 3);
	SSL_SESSION_free(all);
	SSL_SESSION_free(connected);
	SSL_CTX_free(ctx);
}

static int random_ok;

static int constant(unsigned char *buf, int num)
{
	memset(buf, 0x5a, num);
	return random_ok;
}

/* Ten ids that are all in the cache are none, and so is no random number. */
static void ids(void)
{
	static const RAND_METHOD method = { NULL, constant, NULL, NULL, constant, NULL };
	const RAND_METHOD *before = RAND_get_rand_method();
	SSL_CTX *ctx = new_ctx(TLSv1_2_method());

	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	for (int round = 0; round < 3; round++) {
		SSL *c = SSL_new(ctx), *s = SSL_new(ctx);

		join(c, s);
		SSL_do_handshake(c);
		random_ok = round < 2;
		RAND_set_rand_method(&method);
		SSL_do_handshake(s);
		RAND_set_rand_method(before);
		if (round == 0)
			MUST(shake(c, s));
		else
			MUST(reason() == SSL_R_SSL_SESSION_ID_CALLBACK_FAILED);
		SSL_set_shutdown(s, SSL_SENT_SHUTDOWN);
		SSL_set_shutdown(c, SSL_SENT_SHUTDOWN);
		SSL_free(c);
		SSL_free(s);
	}
	SSL_CTX_free(ctx);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	testdata = argv[1];
	MUST(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free));
	callbacks();
	cookies();
	fast();
	tls13();
	ids();
	sessions();
	return 0;
}
