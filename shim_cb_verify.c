/* Callbacks around certificates: the verification of the peer's, and the choice of our own. */
#include "shim_internal.h"

#include <stdlib.h>

static SSL *ssl_of(X509_STORE_CTX *store)
{
	return X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
}

static int verify(int ok, X509_STORE_CTX *store)
{
	gossl_args a = { .num = { ok }, .object = store };
	gossl_ssl *s = gossl_ssl_state(ssl_of(store));

	if (s != NULL && s->fn[GOSSL_FN_VERIFY] == 0)
		return ok; /* removed: SSL_set_verify ignores NULL */
	gossl_fire_ssl(ssl_of(store), GOSSL_FN_VERIFY, &a);
	return a.ret;
}

/* Go answers with an X509_V_ERR_ number. */
static int cert_verify(X509_STORE_CTX *store, void *arg)
{
	gossl_args a = { .object = store, .ret = X509_V_ERR_APPLICATION_VERIFICATION };

	(void)arg;
	gossl_fire_ctx(ssl_of(store), GOSSL_FN_CERT_VERIFY, &a);
	X509_STORE_CTX_set_error(store, a.ret);
	return a.ret == X509_V_OK;
}

void gossl_install_verify(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	if (kind == GOSSL_FN_CERT_VERIFY)
		SSL_CTX_set_cert_verify_callback(ctx, fn ? cert_verify : NULL, NULL);
	else if (ssl != NULL)
		SSL_set_verify(ssl, SSL_get_verify_mode(ssl), fn ? verify : NULL);
	else
		SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx), fn ? verify : NULL);
}

/* The nth certificate of a list, in DER from malloc of libcrypto; 0 if there is none. */
int gossl_store_certificate(X509_STORE_CTX *store, int which, int n, unsigned char **der)
{
	STACK_OF(X509) *list = NULL;
	X509 *cert = NULL;

	switch (which) {
	case GOSSL_CERT_CURRENT:
		cert = X509_STORE_CTX_get_current_cert(store);
		if (cert == NULL)
			cert = X509_STORE_CTX_get0_cert(store);
		break;
	case GOSSL_CERT_CHAIN:
		list = X509_STORE_CTX_get0_chain(store);
		break;
	case GOSSL_CERT_PEER:
		list = X509_STORE_CTX_get0_untrusted(store);
		break;
	}
	if (n < sk_X509_num(list))
		cert = sk_X509_value(list, n);
	return i2d_X509(cert, der);
}

/* X509_verify_cert runs callbacks: what they leave is for Go to do. */
gossl_result gossl_store_verify(X509_STORE_CTX *store)
{
	return GOSSL_SSL(NULL, PUSHES, X509_verify_cert(store), r.ret != 1);
}

/* An SSL's own function has no arg. That of an SSL_CTX is named by it, since libssl copies it together with the certificates. */
static int cert(SSL *ssl, void *arg)
{
	gossl_args a = { .ret = 0 };

	if (arg != NULL)
		gossl_fire(ssl, SSL_get_SSL_CTX(ssl), (uintptr_t)arg, &a);
	else
		gossl_fire_ssl(ssl, GOSSL_FN_CERT, &a);
	return a.ret;
}

/* What does not parse is left NULL, for which libssl fails. */
static int client_cert(SSL *ssl, X509 **x509, EVP_PKEY **key)
{
	gossl_args a = { .max = { GOSSL_MAX_ANSWER, GOSSL_MAX_ANSWER }, .ret = 0 };
	const unsigned char *p;

	*x509 = NULL;
	*key = NULL;
	gossl_fire_ctx(ssl, GOSSL_FN_CLIENT_CERT, &a);
	p = a.out[0];
	if (p != NULL)
		*x509 = d2i_X509(NULL, &p, (long)a.len[0]);
	p = a.out[1];
	if (p != NULL)
		*key = d2i_AutoPrivateKey(NULL, &p, (long)a.len[1]);
	free(a.out[0]);
	if (a.out[1] != NULL)
		OPENSSL_cleanse(a.out[1], a.len[1]);
	free(a.out[1]);
	return a.ret;
}

void gossl_install_cert(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	if (kind == GOSSL_FN_CLIENT_CERT)
		SSL_CTX_set_client_cert_cb(ctx, fn ? client_cert : NULL);
	else if (ssl != NULL)
		SSL_set_cert_cb(ssl, fn ? cert : NULL, NULL);
	else
		SSL_CTX_set_cert_cb(ctx, fn ? cert : NULL, (void *)fn);
}
