/* SRP: what a server knows of a user, and what a client proves. */
#include "shim_internal.h"

/* SSL3_AL_FATAL fails, a negative number pauses. */
static int srp_username(SSL *ssl, int *alert, void *arg)
{
	gossl_args a = { .alert = SSL_AD_INTERNAL_ERROR, .num = { *alert }, .ret = SSL3_AL_FATAL };

	(void)arg;
	gossl_fire_ssl(ssl, GOSSL_FN_SRP_USERNAME, &a);
	*alert = a.alert;
	return a.ret;
}

/* libssl clears and frees the password; NULL fails. */
static char *srp_password(SSL *ssl, void *arg)
{
	unsigned char room[1024];
	gossl_args a = { .out = { room }, .max = { sizeof(room) } };
	char *password = NULL;

	(void)arg;
	gossl_fire_ssl(ssl, GOSSL_FN_SRP_PASSWORD, &a);
	if (a.ret == 1)
		password = OPENSSL_strndup((const char *)room, a.len[0]);
	OPENSSL_cleanse(room, sizeof(room));
	return password;
}

/* Only an SSL_CTX has them; an SSL inherits both. */
void gossl_install_srp(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn)
{
	(void)ssl;
	switch (kind) {
	case GOSSL_FN_SRP_USERNAME:
		SSL_CTX_set_srp_username_callback(ctx, fn ? srp_username : NULL);
		break;
	case GOSSL_FN_SRP_PASSWORD:
		SSL_CTX_set_srp_client_pwd_callback(ctx, fn ? srp_password : NULL);
		break;
	}
}

gossl_result gossl_ssl_set_srp_server_param_pw(gossl_ssl *s, const char *user, const char *password, const char *group)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_set_srp_server_param_pw(s->ssl, user, password, group), r.ret != 1);
}
