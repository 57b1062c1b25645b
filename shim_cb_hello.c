/* Callbacks of a server's first moments: the ClientHello, and cookies. */
#include "shim_internal.h"

static int client_hello(SSL *ssl, int *alert, void *arg)
{
	gossl_args a = { .alert = SSL_AD_INTERNAL_ERROR, .num = { *alert }, .ret = SSL_CLIENT_HELLO_ERROR };

	(void)arg;
	gossl_fire_ctx(ssl, GOSSL_FN_CLIENT_HELLO, &a);
	*alert = a.alert;
	return a.ret;
}

/* Both forms of cookie have one byte for their length. */
static int cookie_generate(SSL *ssl, int kind, unsigned char *cookie, size_t *len)
{
	gossl_args a = { .out = { cookie }, .max = { 255 }, .ret = 0 };

	gossl_fire_ctx(ssl, kind, &a);
	*len = a.len[0];
	return a.ret;
}

static int cookie_verify(SSL *ssl, int kind, const unsigned char *cookie, size_t len)
{
	gossl_args a = { .in = cookie, .in_len = len, .ret = 0 };

	gossl_fire_ctx(ssl, kind, &a);
	return a.ret;
}

static int dtls_generate(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
	size_t n;
	int ret = cookie_generate(ssl, GOSSL_FN_COOKIE_GENERATE, cookie, &n);

	*len = (unsigned int)n;
	return ret;
}

static int dtls_verify(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
	return cookie_verify(ssl, GOSSL_FN_COOKIE_VERIFY, cookie, len);
}

static int stateless_generate(SSL *ssl, unsigned char *cookie, size_t *len)
{
	return cookie_generate(ssl, GOSSL_FN_STATELESS_GENERATE, cookie, len);
}

static int stateless_verify(SSL *ssl, const unsigned char *cookie, size_t len)
{
	return cookie_verify(ssl, GOSSL_FN_STATELESS_VERIFY, cookie, len);
}

void gossl_install_hello(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	(void)ssl;
	switch (kind) {
	case GOSSL_FN_CLIENT_HELLO:
		SSL_CTX_set_client_hello_cb(ctx, fn ? client_hello : NULL, NULL);
		break;
	case GOSSL_FN_COOKIE_GENERATE:
		SSL_CTX_set_cookie_generate_cb(ctx, fn ? dtls_generate : NULL);
		break;
	case GOSSL_FN_COOKIE_VERIFY:
		SSL_CTX_set_cookie_verify_cb(ctx, fn ? dtls_verify : NULL);
		break;
	case GOSSL_FN_STATELESS_GENERATE:
		SSL_CTX_set_stateless_cookie_generate_cb(ctx, fn ? stateless_generate : NULL);
		break;
	case GOSSL_FN_STATELESS_VERIFY:
		SSL_CTX_set_stateless_cookie_verify_cb(ctx, fn ? stateless_verify : NULL);
		break;
	}
}

/* One part of the ClientHello, as bytes that live as long as the callback. -1 if it is not there. */
static long hello_part(SSL *ssl, int what, unsigned int type, const unsigned char **p)
{
	size_t len;

	switch (what) {
	case GOSSL_HELLO_RANDOM:
		return (long)SSL_client_hello_get0_random(ssl, p);
	case GOSSL_HELLO_SESSION_ID:
		return (long)SSL_client_hello_get0_session_id(ssl, p);
	case GOSSL_HELLO_CIPHERS:
		return (long)SSL_client_hello_get0_ciphers(ssl, p);
	case GOSSL_HELLO_COMPRESSION:
		return (long)SSL_client_hello_get0_compression_methods(ssl, p);
	case GOSSL_HELLO_EXTENSION:
		return SSL_client_hello_get0_ext(ssl, type, p, &len) ? (long)len : -1;
	}
	return -1;
}

static long hello_copy(SSL *ssl, int what, unsigned int type, unsigned char **copy)
{
	const unsigned char *p = NULL;
	long len = SSL_client_hello_get0_random(ssl, NULL) > 0 ? hello_part(ssl, what, type, &p) : -1;

	if (len > 0 && (*copy = OPENSSL_memdup(p, (size_t)len)) == NULL)
		return -1;
	return len;
}

/* copy is for gossl_clear_free. */
gossl_result gossl_ssl_client_hello(gossl_ssl *s, int what, unsigned int type, unsigned char **copy)
{
	return GOSSL_SSL(s, ACTS | PUSHES, hello_copy(s->ssl, what, type, copy), 0);
}

/* The number of extensions, whose types are copied to out; there may be more than max. */
static long hello_extensions(SSL *ssl, int *out, size_t max)
{
	int *types = NULL;
	size_t n = 0;

	if (!SSL_client_hello_get1_extensions_present(ssl, &types, &n))
		return -1;
	if (n > 0)
		memcpy(out, types, (n < max ? n : max) * sizeof(*out));
	OPENSSL_free(types);
	return (long)n;
}

gossl_result gossl_ssl_client_hello_extensions(gossl_ssl *s, int *out, size_t max)
{
	return GOSSL_SSL(s, ACTS | PUSHES, hello_extensions(s->ssl, out, max), r.ret < 0);
}
