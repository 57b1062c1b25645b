/* Settings of an SSL_CTX that are functions of their own, those of verification for both SSL and SSL_CTX, and the commands of SSL_CONF. */
#include "shim_internal.h"

static long ctx_get(SSL_CTX *ctx, int what)
{
	switch (what) {
	case GOSSL_CTX_SECURITY_LEVEL:
		return SSL_CTX_get_security_level(ctx);
	case GOSSL_CTX_VERIFY_DEPTH:
		return SSL_CTX_get_verify_depth(ctx);
	case GOSSL_CTX_QUIET_SHUTDOWN:
		return SSL_CTX_get_quiet_shutdown(ctx);
	case GOSSL_CTX_RECV_MAX_EARLY_DATA:
		return SSL_CTX_get_recv_max_early_data(ctx);
	case GOSSL_CTX_CT:
		return SSL_CTX_ct_is_enabled(ctx);
	}
	return 0;
}

gossl_result gossl_ctx_get(SSL_CTX *ctx, int what)
{
	return GOSSL_CTX(ctx, READS, ctx_get(ctx, what), 0);
}

static long ctx_set(SSL_CTX *ctx, int what, long value)
{
	switch (what) {
	case GOSSL_CTX_SECURITY_LEVEL:
		SSL_CTX_set_security_level(ctx, (int)value);
		return 1;
	case GOSSL_CTX_VERIFY_DEPTH:
		SSL_CTX_set_verify_depth(ctx, (int)value);
		return 1;
	case GOSSL_CTX_RECV_MAX_EARLY_DATA:
		return SSL_CTX_set_recv_max_early_data(ctx, (uint32_t)value);
	case GOSSL_CTX_POST_HANDSHAKE_AUTH:
		SSL_CTX_set_post_handshake_auth(ctx, (int)value);
		return 1;
	case GOSSL_CTX_MAX_FRAGMENT_LENGTH:
		return SSL_CTX_set_tlsext_max_fragment_length(ctx, (uint8_t)value);
	case GOSSL_CTX_READ_BUFFER_LEN:
		SSL_CTX_set_default_read_buffer_len(ctx, (size_t)value);
		return 1;
	case GOSSL_CTX_BLOCK_PADDING:
		return SSL_CTX_set_block_padding(ctx, (size_t)value);
	case GOSSL_CTX_PURPOSE:
		return SSL_CTX_set_purpose(ctx, (int)value);
	case GOSSL_CTX_TRUST:
		return SSL_CTX_set_trust(ctx, (int)value);
	case GOSSL_CTX_DEFAULT_VERIFY_DIR:
		return SSL_CTX_set_default_verify_dir(ctx);
	case GOSSL_CTX_DEFAULT_VERIFY_FILE:
		return SSL_CTX_set_default_verify_file(ctx);
	case GOSSL_CTX_CT:
		return SSL_CTX_enable_ct(ctx, (int)value);
	case GOSSL_CTX_DEFAULT_CTLOG_LIST:
		return SSL_CTX_set_default_ctlog_list_file(ctx);
	}
	return 0;
}

gossl_result gossl_ctx_set(SSL_CTX *ctx, int what, long value)
{
	return GOSSL_CTX(ctx, PUSHES, ctx_set(ctx, what, value), r.ret == 0);
}

static long ctx_bytes(SSL_CTX *ctx, int what, unsigned char **out)
{
	STACK_OF(X509) *chain = NULL;

	switch (what) {
	case GOSSL_BYTES_CERTIFICATE:
		return i2d_X509(SSL_CTX_get0_certificate(ctx), out); /* 0 of NULL */
	case GOSSL_BYTES_CHAIN:
		SSL_CTX_get0_chain_certs(ctx, &chain);
		return gossl_certs_der(chain, out);
	case GOSSL_BYTES_CA_LIST:
		return gossl_names_der(SSL_CTX_get0_CA_list(ctx), out);
	case GOSSL_BYTES_CLIENT_CA_LIST:
		return gossl_names_der(SSL_CTX_get_client_CA_list(ctx), out);
	case GOSSL_BYTES_CIPHERS:
		return gossl_ciphers(SSL_CTX_get_ciphers(ctx), out);
	}
	return 0;
}

/* ret is the length of *out, which gossl_clear_free frees; 0 if there is nothing. Nobody asks why there is not. */
gossl_result gossl_ctx_bytes(SSL_CTX *ctx, int what, unsigned char **out)
{
	return GOSSL_CTX(ctx, PUSHES, ctx_bytes(ctx, what, out), 0);
}

static long param(X509_VERIFY_PARAM *p, int what, long value, const char *s, size_t len)
{
	switch (what) {
	case GOSSL_PARAM_HOST:
		return X509_VERIFY_PARAM_set1_host(p, s, len);
	case GOSSL_PARAM_ADD_HOST:
		return X509_VERIFY_PARAM_add1_host(p, s, len);
	case GOSSL_PARAM_SET_HOSTFLAGS:
		X509_VERIFY_PARAM_set_hostflags(p, (unsigned int)value);
		return 1;
	case GOSSL_PARAM_HOSTFLAGS:
		return X509_VERIFY_PARAM_get_hostflags(p);
	case GOSSL_PARAM_EMAIL:
		return X509_VERIFY_PARAM_set1_email(p, s, len);
	case GOSSL_PARAM_IP:
		return X509_VERIFY_PARAM_set1_ip(p, (const unsigned char *)s, len);
	case GOSSL_PARAM_SET_FLAGS:
		return X509_VERIFY_PARAM_set_flags(p, (unsigned long)value);
	case GOSSL_PARAM_CLEAR_FLAGS:
		return X509_VERIFY_PARAM_clear_flags(p, (unsigned long)value);
	case GOSSL_PARAM_FLAGS:
		return (long)X509_VERIFY_PARAM_get_flags(p);
	case GOSSL_PARAM_PURPOSE:
		return X509_VERIFY_PARAM_set_purpose(p, (int)value);
	case GOSSL_PARAM_TRUST:
		return X509_VERIFY_PARAM_set_trust(p, (int)value);
	case GOSSL_PARAM_SET_DEPTH:
		X509_VERIFY_PARAM_set_depth(p, (int)value);
		return 1;
	case GOSSL_PARAM_DEPTH:
		return X509_VERIFY_PARAM_get_depth(p);
	case GOSSL_PARAM_SET_AUTH_LEVEL:
		X509_VERIFY_PARAM_set_auth_level(p, (int)value);
		return 1;
	case GOSSL_PARAM_AUTH_LEVEL:
		return X509_VERIFY_PARAM_get_auth_level(p);
	case GOSSL_PARAM_SET_TIME:
		X509_VERIFY_PARAM_set_time(p, (time_t)value);
		return 1;
	case GOSSL_PARAM_TIME:
		return (long)X509_VERIFY_PARAM_get_time(p);
	}
	return 0;
}

/* Those that set return 0 when they fail; for those that get, 0 is an answer. */
static int param_failed(int what, long ret)
{
	return what < GOSSL_PARAM_GETTERS && ret != 1;
}

gossl_result gossl_ctx_param(SSL_CTX *ctx, int what, long value, const char *s, size_t len)
{
	return GOSSL_CTX(ctx, PUSHES, param(SSL_CTX_get0_param(ctx), what, value, s, len), param_failed(what, r.ret));
}

gossl_result gossl_ssl_param(gossl_ssl *s, int what, long value, const char *text, size_t len)
{
	return GOSSL_SSL(s, ACTS | PUSHES, param(SSL_get0_param(s->ssl), what, value, text, len), param_failed(what, r.ret));
}

/* Errors are always asked for: without SSL_CONF_FLAG_SHOW_ERRORS libssl says nothing of an unknown command. */
static int conf_cmd(SSL_CTX *ctx, SSL *ssl, unsigned int flags, const char *cmd, const char *value)
{
	SSL_CONF_CTX *conf = SSL_CONF_CTX_new();
	int ret = 0;

	if (conf == NULL)
		return 0;
	SSL_CONF_CTX_set_flags(conf, flags | SSL_CONF_FLAG_SHOW_ERRORS);
	if (ssl != NULL)
		SSL_CONF_CTX_set_ssl(conf, ssl);
	else
		SSL_CONF_CTX_set_ssl_ctx(conf, ctx);
	ret = SSL_CONF_cmd(conf, cmd, value);
	if (ret > 0 && SSL_CONF_CTX_finish(conf) != 1)
		ret = 0;
	SSL_CONF_CTX_free(conf);
	return ret;
}

gossl_result gossl_ctx_conf_cmd(SSL_CTX *ctx, unsigned int flags, const char *cmd, const char *value)
{
	return GOSSL_CTX(ctx, PUSHES, conf_cmd(ctx, NULL, flags, cmd, value), r.ret <= 0);
}

gossl_result gossl_ssl_conf_cmd(gossl_ssl *s, unsigned int flags, const char *cmd, const char *value)
{
	return GOSSL_SSL(s, ACTS | PUSHES, conf_cmd(NULL, s->ssl, flags, cmd, value), r.ret <= 0);
}

gossl_result gossl_ctx_set_srtp(SSL_CTX *ctx, const char *profiles)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_tlsext_use_srtp(ctx, profiles), r.ret != 0);
}

gossl_result gossl_ssl_set_srtp(gossl_ssl *s, const char *profiles)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_set_tlsext_use_srtp(s->ssl, profiles), r.ret != 0);
}

gossl_result gossl_ctx_set_alpn_protos(SSL_CTX *ctx, const unsigned char *protos, unsigned int len)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_alpn_protos(ctx, protos, len), r.ret != 0);
}

gossl_result gossl_ctx_set_ctlog_list(SSL_CTX *ctx, const char *file)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_ctlog_list_file(ctx, file), r.ret != 1);
}
