/* The callbacks that only look: key log, information, messages. */
#include "shim_internal.h"

static void keylog(const SSL *ssl, const char *line)
{
	gossl_args a = { .in = line, .in_len = strlen(line) };

	gossl_fire_ctx((SSL *)ssl, GOSSL_FN_KEYLOG, &a);
}

static void info_of_ssl(const SSL *ssl, int where, int ret)
{
	gossl_args a = { .num = { where, ret } };

	gossl_fire_ssl((SSL *)ssl, GOSSL_FN_INFO, &a);
}

static void info_of_ctx(const SSL *ssl, int where, int ret)
{
	gossl_args a = { .num = { where, ret } };

	gossl_fire_ctx((SSL *)ssl, GOSSL_FN_INFO, &a);
}

static void message(int sent, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	gossl_args a = { .in = buf, .in_len = len, .num = { sent, version, type } };

	(void)arg;
	gossl_fire_ssl(ssl, GOSSL_FN_MSG, &a);
}

void gossl_install_info(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	switch (kind) {
	case GOSSL_FN_KEYLOG:
		SSL_CTX_set_keylog_callback(ctx, fn ? keylog : NULL);
		break;
	case GOSSL_FN_INFO:
		if (ssl != NULL)
			SSL_set_info_callback(ssl, fn ? info_of_ssl : NULL);
		else
			SSL_CTX_set_info_callback(ctx, fn ? info_of_ctx : NULL);
		break;
	case GOSSL_FN_MSG:
		if (ssl != NULL)
			SSL_set_msg_callback(ssl, fn ? message : NULL);
		else
			SSL_CTX_set_msg_callback(ctx, fn ? message : NULL);
		break;
	}
}
