/* Callbacks of extensions: server name, application protocols, OCSP stapling. */
#include "shim_internal.h"

/* arg is the SSL_CTX that libssl found the callback in: the present one, or that of the session. */
static int servername(SSL *ssl, int *alert, void *arg)
{
	gossl_args a = { .alert = SSL_AD_INTERNAL_ERROR, .num = { *alert }, .ret = SSL_TLSEXT_ERR_ALERT_FATAL };

	gossl_fire(ssl, arg, gossl_ctx_function(arg, GOSSL_FN_SERVERNAME), &a);
	*alert = a.alert;
	return a.ret;
}

/* For a callback that chooses from in: the choice lives until the next answer. */
static int choose(SSL *ssl, int kind, const unsigned char **out, unsigned char *len, const unsigned char *in, unsigned int in_len)
{
	gossl_args a = { .in = in, .in_len = in_len, .max = { 255 }, .ret = SSL_TLSEXT_ERR_ALERT_FATAL };

	gossl_fire_ctx(ssl, kind, &a);
	gossl_keep_answer(ssl, &a, 0);
	*out = a.out[0];
	*len = (unsigned char)a.len[0];
	return a.ret;
}

static int alpn_select(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in, unsigned int in_len, void *arg)
{
	(void)arg;
	return choose(ssl, GOSSL_FN_ALPN_SELECT, out, len, in, in_len);
}

static int npn_select(SSL *ssl, unsigned char **out, unsigned char *len, const unsigned char *in, unsigned int in_len, void *arg)
{
	(void)arg;
	return choose(ssl, GOSSL_FN_NPN_SELECT, (const unsigned char **)out, len, in, in_len);
}

static int npn_advertised(SSL *ssl, const unsigned char **out, unsigned int *len, void *arg)
{
	gossl_args a = { .max = { 65535 }, .ret = SSL_TLSEXT_ERR_NOACK };

	(void)arg;
	gossl_fire_ctx(ssl, GOSSL_FN_NPN_ADVERTISED, &a);
	gossl_keep_answer(ssl, &a, 0);
	*out = a.out[0];
	*len = (unsigned int)a.len[0];
	return a.ret;
}

/* Servers and clients answer differently; each has its failure. */
static int status(SSL *ssl, void *arg)
{
	gossl_args a = { .ret = SSL_is_server(ssl) ? SSL_TLSEXT_ERR_ALERT_FATAL : -1 };

	(void)arg;
	gossl_fire_ctx(ssl, GOSSL_FN_STATUS, &a);
	return a.ret;
}

void gossl_install_extension(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	(void)ssl;
	switch (kind) {
	case GOSSL_FN_SERVERNAME:
		SSL_CTX_set_tlsext_servername_callback(ctx, (fn ? servername : NULL));
		SSL_CTX_set_tlsext_servername_arg(ctx, ctx);
		break;
	case GOSSL_FN_ALPN_SELECT:
		SSL_CTX_set_alpn_select_cb(ctx, fn ? alpn_select : NULL, NULL);
		break;
	case GOSSL_FN_NPN_ADVERTISED:
		SSL_CTX_set_next_protos_advertised_cb(ctx, fn ? npn_advertised : NULL, NULL);
		break;
	case GOSSL_FN_NPN_SELECT:
		SSL_CTX_set_next_proto_select_cb(ctx, fn ? npn_select : NULL, NULL);
		break;
	case GOSSL_FN_STATUS:
		SSL_CTX_set_tlsext_status_cb(ctx, (fn ? status : NULL));
		break;
	}
}

/* The choice is at an offset of the server's list, or without an overlap of the client's. */
int gossl_select_next_proto(unsigned int *at, unsigned int *n, const unsigned char *server, unsigned int server_len, const unsigned char *client,
			    unsigned int client_len)
{
	unsigned char *out, len;
	int result = SSL_select_next_proto(&out, &len, server, server_len, client, client_len);

	*at = (unsigned int)(out - (result == OPENSSL_NPN_NEGOTIATED ? server : client));
	*n = len;
	return result;
}

/* libssl frees the response with the SSL; NULL ends it. */
static long set_ocsp_resp(SSL *ssl, const unsigned char *resp, int len)
{
	unsigned char *copy = NULL;
	long ret;

	if (len > 0 && (copy = OPENSSL_memdup(resp, (size_t)len)) == NULL)
		return 0;
	ret = SSL_set_tlsext_status_ocsp_resp(ssl, copy, len);
	if (ret != 1)
		OPENSSL_free(copy);
	return ret;
}

gossl_result gossl_ssl_set_ocsp_resp(gossl_ssl *s, const unsigned char *resp, int len)
{
	return GOSSL_SSL(s, ACTS | PUSHES, set_ocsp_resp(s->ssl, resp, len), r.ret != 1);
}

static long get_ocsp_resp(SSL *ssl, unsigned char **resp)
{
	const unsigned char *p = NULL;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &p);

	if (len <= 0)
		return -1;
	*resp = OPENSSL_memdup(p, (size_t)len);
	return *resp != NULL ? len : -1;
}

/* A copy, which gossl_clear_free frees; -1 if there is none. */
gossl_result gossl_ssl_get_ocsp_resp(gossl_ssl *s, unsigned char **resp)
{
	return GOSSL_SSL(s, ACTS | PUSHES, get_ocsp_resp(s->ssl, resp), 0);
}
