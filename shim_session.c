/* SSL_SESSION. */
#include "shim_internal.h"

#include <string.h>

void gossl_clear_free(void *p, size_t len)
{
	OPENSSL_clear_free(p, len);
}

gossl_result gossl_session_new(void)
{
	return GOSSL_SSL(NULL, PUSHES, (r.ptr = SSL_SESSION_new(), r.ptr != NULL), r.ptr == NULL);
}

gossl_result gossl_session_dup(SSL_SESSION *session)
{
	return GOSSL_SSL(NULL, PUSHES, (r.ptr = SSL_SESSION_dup(session), r.ptr != NULL), r.ptr == NULL);
}

/* The last reference runs the ex_data free functions of whoever has some. */
gossl_result gossl_session_free(SSL_SESSION *session)
{
	return GOSSL_SSL(NULL, READS, (SSL_SESSION_free(session), 0), 0);
}

/* Writes into buf if it is long enough. ret is the length, 0 for a session without cipher, which has no encoding. */
gossl_result gossl_session_i2d(SSL_SESSION *session, unsigned char *buf, int len)
{
	struct gossl_call c;
	gossl_result r;

	gossl_begin(&c, NULL, PUSHES, &r);
	r.ret = i2d_SSL_SESSION(session, NULL);
	if (r.ret > 0 && r.ret <= len)
		r.ret = i2d_SSL_SESSION(session, &buf);
	gossl_end(&c, &r, r.ret <= 0);
	return r;
}

/* ret is the number of bytes that were read. */
gossl_result gossl_session_d2i(const unsigned char *der, int len)
{
	struct gossl_call c;
	gossl_result r;
	const unsigned char *p = der;

	gossl_begin(&c, NULL, PUSHES, &r);
	r.ptr = d2i_SSL_SESSION(NULL, &p, len);
	r.ret = p - der;
	gossl_end(&c, &r, r.ptr == NULL);
	return r;
}

/* ret is the length of pem, which gossl_clear_free frees. */
gossl_result gossl_session_to_pem(SSL_SESSION *session, unsigned char **pem)
{
	struct gossl_call c;
	gossl_result r;
	BIO *bio;
	char *text;

	*pem = NULL;
	gossl_begin(&c, NULL, PUSHES, &r);
	bio = BIO_new(BIO_s_secmem());
	if (bio != NULL && PEM_write_bio_SSL_SESSION(bio, session) == 1) {
		r.ret = BIO_get_mem_data(bio, &text);
		*pem = OPENSSL_memdup(text, r.ret);
	}
	if (*pem == NULL)
		r.ret = 0;
	BIO_free(bio);
	gossl_end(&c, &r, r.ret == 0);
	return r;
}

/* Nobody is asked for a password: libcrypto would read the terminal. */
int gossl_no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

gossl_result gossl_session_from_pem(const unsigned char *pem, int len)
{
	struct gossl_call c;
	gossl_result r;
	BIO *bio;

	gossl_begin(&c, NULL, PUSHES, &r);
	bio = BIO_new_mem_buf(pem, len);
	if (bio != NULL)
		r.ptr = PEM_read_bio_SSL_SESSION(bio, NULL, gossl_no_password, NULL);
	BIO_free(bio);
	gossl_end(&c, &r, r.ptr == NULL);
	return r;
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
	return GOSSL_SSL(NULL, PUSHES, SSL_SESSION_set1_hostname(session, name), r.ret != 1);
}

gossl_result gossl_session_set1_alpn_selected(SSL_SESSION *session, const unsigned char *alpn, size_t len)
{
	return GOSSL_SSL(NULL, PUSHES, SSL_SESSION_set1_alpn_selected(session, alpn, len), r.ret != 1);
}

/* buf has room for SSL_MAX_SSL_SESSION_ID_LENGTH; ret is the length. */
gossl_result gossl_session_id(SSL_SESSION *session, unsigned char *buf)
{
	gossl_result r = { 0 };
	unsigned int len;
	const unsigned char *id = SSL_SESSION_get_id(session, &len);

	memcpy(buf, id, len);
	r.ret = len;
	return r;
}
