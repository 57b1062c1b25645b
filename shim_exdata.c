/*
 * Values of the program's own on an SSL, SSL_CTX or SSL_SESSION: libssl has an id, which dies with the object or with a place in it. A copy that
 * libssl makes of the object, as TLS 1.3 does of sessions, has the same value under an id of its own.
 */
#include "shim_internal.h"

/* The place is made with the object: making it later could move memory that another thread reads. */
static void value_born(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ptr, (void)argl, (void)argp;
	CRYPTO_set_ex_data(ad, idx, NULL);
}

static int value_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *from_d, int idx, long argl, void *argp)
{
	uintptr_t *id = from_d;

	(void)to, (void)from, (void)idx, (void)argl, (void)argp;
	if (*id != 0)
		*id = gosslShare(*id);
	return 1;
}

static void value_dies(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (ptr != NULL)
		gosslForget((uintptr_t)ptr);
}

/* type is a CRYPTO_EX_INDEX_ number; -1 without memory. */
gossl_result gossl_ex_new_index(int type)
{
	return GOSSL_SSL(NULL, PUSHES, CRYPTO_get_ex_new_index(type, 0, NULL, value_born, value_copied, value_dies), r.ret < 0);
}

/* Ends the use of the id that was there. */
static int replace(int set, uintptr_t old)
{
	if (set && old != 0)
		gosslForget(old);
	return set;
}

gossl_result gossl_ssl_set_ex_data(gossl_ssl *s, int idx, uintptr_t id)
{
	uintptr_t old;

	return GOSSL_SSL(s, ACTS | PUSHES, (old = (uintptr_t)SSL_get_ex_data(s->ssl, idx), replace(SSL_set_ex_data(s->ssl, idx, (void *)id), old)), r.ret != 1);
}

gossl_result gossl_ctx_set_ex_data(SSL_CTX *ctx, int idx, uintptr_t id)
{
	uintptr_t old = (uintptr_t)SSL_CTX_get_ex_data(ctx, idx);

	return GOSSL_CTX(ctx, PUSHES, replace(SSL_CTX_set_ex_data(ctx, idx, (void *)id), old), r.ret != 1);
}

gossl_result gossl_session_set_ex_data(SSL_SESSION *session, int idx, uintptr_t id)
{
	uintptr_t old = (uintptr_t)SSL_SESSION_get_ex_data(session, idx);

	return GOSSL_SSL(NULL, PUSHES, replace(SSL_SESSION_set_ex_data(session, idx, (void *)id), old), r.ret != 1);
}

gossl_result gossl_ssl_get_ex_data(gossl_ssl *s, int idx)
{
	return GOSSL_SSL(s, READS, SSL_get_ex_data(s->ssl, idx), 0);
}

/* Ids, not the pointers that libssl takes them for: Go's collector must not see those. */
uintptr_t gossl_ctx_get_ex_data(SSL_CTX *ctx, int idx)
{
	return (uintptr_t)SSL_CTX_get_ex_data(ctx, idx);
}

uintptr_t gossl_session_get_ex_data(SSL_SESSION *session, int idx)
{
	return (uintptr_t)SSL_SESSION_get_ex_data(session, idx);
}
