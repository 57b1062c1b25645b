/* Callbacks of pre-shared keys. */
#include "shim_internal.h"

/* The identity has to end with a NUL. */
static unsigned int psk_client(SSL *ssl, const char *hint, char *identity, unsigned int max_identity, unsigned char *psk, unsigned int max_psk)
{
	gossl_args a = { .in = hint, .in_len = hint != NULL ? strlen(hint) : 0, .out = { (unsigned char *)identity, psk }, .max = { max_identity, max_psk } };

	gossl_fire_ssl(ssl, GOSSL_FN_PSK_CLIENT, &a);
	if (a.ret != 1)
		return 0;
	identity[a.len[0]] = 0;
	return (unsigned int)a.len[1];
}

static unsigned int psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk)
{
	gossl_args a = { .in = identity, .in_len = strlen(identity), .out = { psk }, .max = { max_psk } };

	gossl_fire_ssl(ssl, GOSSL_FN_PSK_SERVER, &a);
	return a.ret == 1 ? (unsigned int)a.len[0] : 0;
}

/* libssl consumes the session, also if it then fails. */
static int psk_use(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len, SSL_SESSION **session)
{
	const char *name = md != NULL ? EVP_MD_name(md) : NULL;
	gossl_args a = { .in = name, .in_len = name != NULL ? strlen(name) : 0, .max = { 65535 } };

	gossl_fire_ssl(ssl, GOSSL_FN_PSK_USE, &a);
	gossl_keep_answer(ssl, &a, 0);
	*id = a.out[0];
	*len = a.len[0];
	*session = a.session;
	return a.ret;
}

static int psk_find(SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **session)
{
	gossl_args a = { .in = identity, .in_len = len };

	gossl_fire_ssl(ssl, GOSSL_FN_PSK_FIND, &a);
	*session = a.session;
	return a.ret;
}

void gossl_install_psk(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	switch (kind) {
	case GOSSL_FN_PSK_CLIENT:
		if (ssl != NULL)
			SSL_set_psk_client_callback(ssl, fn ? psk_client : NULL);
		else
			SSL_CTX_set_psk_client_callback(ctx, fn ? psk_client : NULL);
		break;
	case GOSSL_FN_PSK_SERVER:
		if (ssl != NULL)
			SSL_set_psk_server_callback(ssl, fn ? psk_server : NULL);
		else
			SSL_CTX_set_psk_server_callback(ctx, fn ? psk_server : NULL);
		break;
	case GOSSL_FN_PSK_USE:
		if (ssl != NULL)
			SSL_set_psk_use_session_callback(ssl, fn ? psk_use : NULL);
		else
			SSL_CTX_set_psk_use_session_callback(ctx, fn ? psk_use : NULL);
		break;
	case GOSSL_FN_PSK_FIND:
		if (ssl != NULL)
			SSL_set_psk_find_session_callback(ssl, fn ? psk_find : NULL);
		else
			SSL_CTX_set_psk_find_session_callback(ctx, fn ? psk_find : NULL);
		break;
	}
}

gossl_result gossl_ctx_use_psk_identity_hint(SSL_CTX *ctx, const char *hint)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_use_psk_identity_hint(ctx, hint), r.ret != 1);
}

gossl_result gossl_ssl_use_psk_identity_hint(gossl_ssl *s, const char *hint)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_use_psk_identity_hint(s->ssl, hint), r.ret != 1);
}
