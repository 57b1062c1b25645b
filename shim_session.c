/* SSL_SESSION. */
#include "shim_internal.h"

#include <string.h>

void gossl_clear_free(void *p, size_t len)
{
	OPENSSL_clear_free(p, len);
}

gossl_object gossl_session_new(void)
{
	return GOSSL_OBJECT(NULL, PUSHES, SSL_SESSION_new(), r.ptr == NULL);
}

gossl_object gossl_session_dup(SSL_SESSION *session)
{
	return GOSSL_OBJECT(NULL, PUSHES, SSL_SESSION_dup(session), r.ptr == NULL);
}

static int i2d(SSL_SESSION *session, unsigned char *buf, int len)
{
	int n = i2d_SSL_SESSION(session, NULL);

	return n > 0 && n <= len ? i2d_SSL_SESSION(session, &buf) : n;
}

/* Writes into buf if it is long enough. ret is the length, 0 for a session without cipher, which has no encoding. */
gossl_result gossl_session_i2d(SSL_SESSION *session, unsigned char *buf, int len)
{
	return GOSSL_SSL(NULL, READS, i2d(session, buf, len), r.ret <= 0);
}

static SSL_SESSION *d2i(const unsigned char *der, int len, int *used)
{
	const unsigned char *p = der;
	SSL_SESSION *session = d2i_SSL_SESSION(NULL, &p, len);

	*used = (int)(p - der);
	return session;
}

gossl_object gossl_session_d2i(const unsigned char *der, int len, int *used)
{
	return GOSSL_OBJECT(NULL, PUSHES, d2i(der, len, used), r.ptr == NULL);
}

/* The text is in memory that is cleansed when it is freed: it holds the master secret. */
static int to_pem(SSL_SESSION *session, unsigned char **pem)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text;
	int len = 0;

	if (bio != NULL && PEM_write_bio_SSL_SESSION(bio, session) == 1) {
		len = (int)BIO_get_mem_data(bio, &text);
		*pem = OPENSSL_memdup(text, len);
	}
	BIO_free(bio);
	return *pem != NULL ? len : 0;
}

/* ret is the length of pem, which gossl_clear_free frees. */
gossl_result gossl_session_to_pem(SSL_SESSION *session, unsigned char **pem)
{
	return GOSSL_SSL(NULL, PUSHES, to_pem(session, pem), r.ret == 0);
}

/* Nobody is asked for a password: libcrypto would read the terminal. */
int gossl_no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static SSL_SESSION *from_pem(const unsigned char *pem, int len)
{
	BIO *bio = BIO_new_mem_buf(pem, len);
	SSL_SESSION *session = bio != NULL ? PEM_read_bio_SSL_SESSION(bio, NULL, gossl_no_password, NULL) : NULL;

	BIO_free(bio);
	return session;
}

gossl_object gossl_session_from_pem(const unsigned char *pem, int len)
{
	return GOSSL_OBJECT(NULL, PUSHES, from_pem(pem, len), r.ptr == NULL);
}

gossl_result gossl_session_set1_id(SSL_SESSION *session, const unsigned char *id, unsigned int len)
{
	return GOSSL_SSL(NULL, PUSHES, SSL_SESSION_set1_id(session, id, len), r.ret != 1);
}

gossl_result gossl_session_set1_id_context(SSL_SESSION *session, const unsigned char *id, unsigned int len)
{
	return GOSSL_SSL(NULL, PUSHES, SSL_SESSION_set1_id_context(session, id, len), r.ret != 1);
}

gossl_result gossl_session_set1_hostname(SSL_SESSION *session, const char *name)
{
	return GOSSL_SSL(NULL, READS, SSL_SESSION_set1_hostname(session, name), r.ret != 1);
}

gossl_result gossl_session_set1_alpn_selected(SSL_SESSION *session, const unsigned char *alpn, size_t len)
{
	return GOSSL_SSL(NULL, PUSHES, SSL_SESSION_set1_alpn_selected(session, alpn, len), r.ret != 1);
}

/* buf has room for SSL_MAX_SSL_SESSION_ID_LENGTH. Returns the length. */
unsigned int gossl_session_id(SSL_SESSION *session, unsigned char *buf)
{
	unsigned int len;
	const unsigned char *id = SSL_SESSION_get_id(session, &len);

	memcpy(buf, id, len);
	return len;
}
