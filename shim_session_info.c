/* SSL_SESSION: what it holds beside the session itself, and how it is shown. Results are freed by gossl_clear_free. */
#include "shim_internal.h"

/* ret is the length of der, 0 if there is no certificate. */
gossl_result gossl_session_peer(SSL_SESSION *session, unsigned char **der)
{
	return GOSSL_SSL(NULL, PUSHES, i2d_X509(SSL_SESSION_get0_peer(session), der), 0);
}

gossl_result gossl_session_set1_ticket_appdata(SSL_SESSION *session, const unsigned char *data, size_t len)
{
	return GOSSL_SSL(NULL, PUSHES, SSL_SESSION_set1_ticket_appdata(session, data, len), r.ret != 1);
}

gossl_result gossl_session_set1_master_key(SSL_SESSION *session, const unsigned char *key, size_t len)
{
	return GOSSL_SSL(NULL, READS, SSL_SESSION_set1_master_key(session, key, len), r.ret != 1);
}

/* Ciphers are static objects of libssl, which has them by number for an SSL only. */
static int set_cipher(SSL_SESSION *session, int id)
{
	const unsigned char bytes[] = { (unsigned char)(id >> 8), (unsigned char)id };
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = ctx != NULL ? SSL_new(ctx) : NULL;
	const SSL_CIPHER *cipher = ssl != NULL ? SSL_CIPHER_find(ssl, bytes) : NULL;

	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return cipher != NULL && SSL_SESSION_set_cipher(session, cipher);
}

gossl_result gossl_session_set_cipher(SSL_SESSION *session, int id)
{
	return GOSSL_SSL(NULL, PUSHES, set_cipher(session, id), r.ret != 1);
}

static int print(SSL_SESSION *session, int keylog, unsigned char **text)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *data;
	int len = 0;

	if (bio != NULL && (keylog ? SSL_SESSION_print_keylog(bio, session) : SSL_SESSION_print(bio, session)) == 1) {
		len = (int)BIO_get_mem_data(bio, &data);
		*text = OPENSSL_memdup(data, len);
	}
	BIO_free(bio);
	return *text != NULL ? len : 0;
}

/* ret is the length of text. */
gossl_result gossl_session_print(SSL_SESSION *session, int keylog, unsigned char **text)
{
	return GOSSL_SSL(NULL, PUSHES, print(session, keylog, text), r.ret == 0);
}
