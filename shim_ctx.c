/* SSL_CTX. */
#include "shim_internal.h"

#include <pthread.h>

static pthread_mutex_t attach_lock = PTHREAD_MUTEX_INITIALIZER;

static SSL_CTX *new_ctx(const SSL_METHOD *method, uintptr_t id)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx != NULL && !gossl_ctx_set_id(ctx, id)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	if (ctx != NULL)
		SSL_CTX_set_default_passwd_cb(ctx, gossl_no_password);
	return ctx;
}

gossl_object gossl_ctx_new(const SSL_METHOD *method, uintptr_t id)
{
	return GOSSL_OBJECT(NULL, PUSHES, new_ctx(method, id), r.ptr == NULL);
}

/* The id of an SSL_CTX that C made; it becomes id if there was none. 0 without memory. */
uintptr_t gossl_ctx_attach(SSL_CTX *ctx, uintptr_t id)
{
	uintptr_t now;

	pthread_mutex_lock(&attach_lock);
	now = gossl_ctx_id(ctx);
	if (now == 0 && gossl_ctx_set_id(ctx, id))
		now = id;
	pthread_mutex_unlock(&attach_lock);
	return now;
}

gossl_result gossl_ctx_free(SSL_CTX *ctx)
{
	return GOSSL_CTX(ctx, PUSHES, (SSL_CTX_free(ctx), 0), 0);
}

/* The macros of SSL_CTX: modes, sizes, counters, versions, names. */
gossl_result gossl_ctx_ctrl(SSL_CTX *ctx, int cmd, long larg, char *parg, int failure_is_zero)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_ctrl(ctx, cmd, larg, parg), failure_is_zero && r.ret == 0);
}

/* Both at once, and without either the present options. */
gossl_result gossl_ctx_options(SSL_CTX *ctx, unsigned long set, unsigned long clear)
{
	return GOSSL_CTX(ctx, READS, (SSL_CTX_clear_options(ctx, clear), SSL_CTX_set_options(ctx, set)), 0);
}

gossl_result gossl_ctx_set_cipher_list(SSL_CTX *ctx, const char *list)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_cipher_list(ctx, list), r.ret == 0);
}

gossl_result gossl_ctx_set_ciphersuites(SSL_CTX *ctx, const char *list)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_ciphersuites(ctx, list), r.ret == 0);
}

gossl_result gossl_ctx_set_ssl_version(SSL_CTX *ctx, const SSL_METHOD *method)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_ssl_version(ctx, method), r.ret == 0);
}

gossl_result gossl_ctx_check_private_key(SSL_CTX *ctx)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_check_private_key(ctx), r.ret != 1);
}

/* The verify callback that C may have set stays. */
gossl_result gossl_ctx_set_verify(SSL_CTX *ctx, int mode)
{
	return GOSSL_CTX(ctx, READS, (SSL_CTX_set_verify(ctx, mode, SSL_CTX_get_verify_callback(ctx)), 0), 0);
}

gossl_result gossl_ctx_load_verify_locations(SSL_CTX *ctx, const char *file, const char *dir)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_load_verify_locations(ctx, file, dir), r.ret != 1);
}

gossl_result gossl_ctx_set_default_verify_paths(SSL_CTX *ctx)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_default_verify_paths(ctx), r.ret != 1);
}

gossl_result gossl_ctx_set_session_id_context(SSL_CTX *ctx, const unsigned char *id, unsigned int len)
{
	return GOSSL_CTX(ctx, PUSHES, SSL_CTX_set_session_id_context(ctx, id, len), r.ret != 1);
}

/*
 * The id of another SSL_CTX on the session means that it may be in that one's cache: other_ctx is the id then. Go knows whether that SSL_CTX is alive,
 * and calls again with its id if not.
 */
gossl_result gossl_ctx_add_session(SSL_CTX *ctx, SSL_SESSION *session, uintptr_t dead)
{
	struct gossl_call c;
	gossl_result r = { 0, NULL };

	if (!gossl_ctx_begin(&c, ctx, CACHES, &r.more))
		return r;
	c.more.other_ctx = gossl_session_claim(session, gossl_ctx_id(ctx), dead);
	if (c.more.other_ctx != 0)
		c.more.status = GOSSL_OTHER_CTX;
	else
		r.ret = SSL_CTX_add_session(ctx, session);
	r.more = gossl_end(&c, 0);
	return r;
}

/* Found or not, it is not there any more; but libssl does not look for one without id. */
static int remove_and_unmark(SSL_CTX *ctx, SSL_SESSION *session)
{
	int found = SSL_CTX_remove_session(ctx, session);
	unsigned int len;

	SSL_SESSION_get_id(session, &len);
	if (len > 0)
		gossl_session_unmark(session, gossl_ctx_id(ctx));
	return found;
}

gossl_result gossl_ctx_remove_session(SSL_CTX *ctx, SSL_SESSION *session)
{
	return GOSSL_CTX(ctx, CACHES, remove_and_unmark(ctx, session), 0);
}

gossl_result gossl_ctx_flush_sessions(SSL_CTX *ctx, long t)
{
	return GOSSL_CTX(ctx, CACHES, (SSL_CTX_flush_sessions(ctx, t), 0), 0);
}
