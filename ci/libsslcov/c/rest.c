/*
 * rest TESTDATA: what no scenario can say of libssl's session code: a random number generator that fails or repeats itself, a certificate after the
 * handshake, and a protocol that the server chooses. Each result is checked.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
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

static int infos;

static void on_info(const SSL *ssl, int where, int ret)
{
	(void)ssl, (void)where, (void)ret;
	infos++;
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
	tls13();
	ids();
	return 0;
}
