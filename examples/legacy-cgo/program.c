#include "program.h"

#include <openssl/err.h>

/* For both sides; TLS 1.2 has the session ready when the handshake is done. */
SSL_CTX *program_ctx(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL || SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1
	    || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"legacy", 6) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH);
	return ctx;
}

SSL *program_ssl(SSL_CTX *ctx, int server)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl != NULL && server)
		SSL_set_accept_state(ssl);
	else if (ssl != NULL)
		SSL_set_connect_state(ssl);
	return ssl;
}

/* One that can be resumed, as far as OpenSSL looks. */
SSL_SESSION *program_session(void)
{
	SSL_SESSION *s = SSL_SESSION_new();

	if (s != NULL)
		SSL_SESSION_set1_id(s, (const unsigned char *)"id", 2);
	return s;
}

/* What one writes the other reads, in memory. */
void program_join(SSL *a, SSL *b)
{
	BIO *x, *y;

	if (BIO_new_bio_pair(&x, 1 << 16, &y, 1 << 16) == 1) {
		SSL_set_bio(a, x, x);
		SSL_set_bio(b, y, y);
	}
}

int program_connect(SSL *client, SSL *server)
{
	for (int i = 0; i < 10; i++) {
		int a = SSL_do_handshake(client), b = SSL_do_handshake(server);

		if (a == 1 && b == 1)
			return 1;
	}
	return 0;
}

/* Empties the queue of this thread. Returns the oldest entry and says how many there were. */
unsigned long program_first_error(int *entries)
{
	unsigned long first = ERR_get_error();

	*entries = first != 0;
	while (ERR_get_error() != 0)
		++*entries;
	return first;
}

void program_decode_badly(void)
{
	const unsigned char bad[] = { 4, 1 }, *p = bad;

	SSL_SESSION_free(d2i_SSL_SESSION(NULL, &p, sizeof(bad)));
}
