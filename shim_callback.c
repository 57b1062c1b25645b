/*
 * libssl's callbacks, on their way to Go. A callback works for the call of this thread that is inside libssl: a panic and what is to be done
 * after the call are left there. If C itself called libssl, there is no such call, and Go's dispatcher gets them.
 *
 * Go gets pointers for the length of the callback and an id; the id's entry lives as long as the SSL_CTX.
 */
#include "shim_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* Go, callback.go. Each returns the pending work of the call, of which it was given the present one. */
extern uint64_t gosslNewSession(uintptr_t ctx, gossl_ssl *s, SSL_SESSION *session, uint64_t pending);
extern uint64_t gosslRemoveSession(uintptr_t ctx, SSL_CTX *c, SSL_SESSION *session, uint64_t pending);
extern uint64_t gosslGetSession(uintptr_t ctx, gossl_ssl *s, unsigned char *id, int len, SSL_SESSION **session, uint64_t pending);
extern uint64_t gosslCall(uintptr_t ctx, uintptr_t session_ctx, uintptr_t fn, gossl_ssl *s, gossl_args *args, uint64_t pending);
extern void gosslCtxDies(uintptr_t ctx);
extern void gosslWake(uintptr_t key);
extern void gosslDispatch(uintptr_t ctx, uint64_t pending, gossl_ssl *s);

static int ctx_index = -1;
static int session_index = -1;
static pthread_mutex_t mark_lock = PTHREAD_MUTEX_INITIALIZER;

/* A callback that runs on this thread. */
struct callback {
	gossl_ssl *s, *calling; /* the callback's SSL and that of the call it came from: no other thread may use them meanwhile */
	int owned;
	int had;
	int saved_errno; /* the caller may look at it after the callback, as SSL_get_error's does */
	ERR_STATE saved;
};

static void callback_begin(struct callback *cb, gossl_ssl *s)
{
	cb->s = s;
	cb->calling = gossl_current != NULL ? gossl_current->s : NULL;
	cb->owned = s != NULL && gossl_own(s);
	if (s != NULL)
		s->callbacks++;
	if (cb->calling != NULL)
		cb->calling->callbacks++;
	cb->saved_errno = errno;
	cb->had = gossl_queue_save(&cb->saved);
}

static void callback_end(struct callback *cb, uintptr_t id, uint64_t pending)
{
	gossl_ssl *s;

	if (cb->had)
		gossl_queue_restore(&cb->saved);
	errno = cb->saved_errno;
	if (cb->calling != NULL)
		cb->calling->callbacks--;
	if (cb->s != NULL)
		cb->s->callbacks--;
	if (cb->owned && gossl_disown(cb->s))
		gosslWake((uintptr_t)cb->s);
	if (gossl_current != NULL) {
		gossl_current->more.pending = pending;
		return;
	}
	if (pending != 0)
		gosslDispatch(id, pending, NULL);
	while (gossl_removing == NULL && (s = gossl_next_deferred()) != NULL)
		gosslDispatch(id, 0, s);
}

static uint64_t pending_now(void)
{
	return gossl_current != NULL ? gossl_current->more.pending : 0;
}

static void fire(gossl_ssl *s, SSL_CTX *ctx, uintptr_t fn, gossl_args *args)
{
	struct callback cb;
	uintptr_t id = gossl_ctx_id(ctx);
	uint64_t pending;

	if (s == NULL || fn == 0)
		return;
	callback_begin(&cb, s);
	pending = gosslCall(id, ctx == s->session_ctx ? id : gossl_ctx_id(s->session_ctx), fn, s, args, pending_now());
	callback_end(&cb, id, pending);
}

void gossl_fire(SSL *ssl, SSL_CTX *ctx, uintptr_t fn, gossl_args *args)
{
	fire(gossl_ssl_state(ssl), ctx, fn, args);
}

void gossl_fire_ssl(SSL *ssl, int kind, gossl_args *args)
{
	gossl_ssl *s = gossl_ssl_state(ssl);

	if (s != NULL)
		fire(s, s->session_ctx, s->fn[kind], args);
}

void gossl_fire_ctx(SSL *ssl, int kind, gossl_args *args)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

	gossl_fire(ssl, ctx, gossl_ctx_function(ctx, kind), args);
}

void gossl_fire_session_ctx(SSL *ssl, int kind, gossl_args *args)
{
	gossl_ssl *s = gossl_ssl_state(ssl);

	if (s != NULL)
		fire(s, s->session_ctx, gossl_ctx_function(s->session_ctx, kind), args);
}

/* The answer lives on until the next one: libssl copies it after the callback. */
void gossl_keep_answer(SSL *ssl, gossl_args *args, int i)
{
	gossl_ssl *s = gossl_ssl_state(ssl);

	if (s == NULL) {
		free(args->out[i]);
		args->out[i] = NULL;
		return;
	}
	free(s->answer);
	s->answer = args->out[i];
}

/* Always 1: the reference becomes the Go handle's. After a 0 libssl would free s->session, which may be another object by then. */
static int new_session(SSL *ssl, SSL_SESSION *session)
{
	struct callback cb;
	gossl_ssl *s = gossl_ssl_state(ssl);
	uintptr_t id = s != NULL ? gossl_ctx_id(s->session_ctx) : 0;
	uint64_t pending;

	if (s == NULL)
		return 0;
	gossl_mark_cached(s, session);
	callback_begin(&cb, s);
	pending = gosslNewSession(id, s, session, pending_now());
	callback_end(&cb, id, pending);
	return 1;
}

static void remove_session(SSL_CTX *ctx, SSL_SESSION *session)
{
	struct callback cb;
	struct gossl_removing removing = { gossl_removing, ctx };
	uintptr_t id = gossl_ctx_id(ctx);
	uint64_t pending;

	gossl_session_unmark(session, id); /* it may go into another cache now */
	callback_begin(&cb, NULL);
	gossl_removing = &removing;
	pending = gosslRemoveSession(id, ctx, session, pending_now());
	gossl_removing = removing.outer;
	callback_end(&cb, id, pending);
}

/* Go hands over a reference (*copy = 0): with *copy = 1 a concurrent Free could drop the last one before libssl takes its own. */
static SSL_SESSION *get_session(SSL *ssl, const unsigned char *session_id, int len, int *copy)
{
	struct callback cb;
	gossl_ssl *s = gossl_ssl_state(ssl);
	uintptr_t id = s != NULL ? gossl_ctx_id(s->session_ctx) : 0;
	SSL_SESSION *session = NULL;
	uint64_t pending;

	*copy = 0;
	if (s == NULL)
		return NULL;
	callback_begin(&cb, s);
	pending = gosslGetSession(id, s, (unsigned char *)session_id, len, &session, pending_now());
	callback_end(&cb, id, pending);
	return session;
}

void gossl_ctx_set_callbacks(SSL_CTX *ctx, int which, int on)
{
	switch (which) {
	case GOSSL_CB_NEW:
		SSL_CTX_sess_set_new_cb(ctx, on ? new_session : NULL);
		break;
	case GOSSL_CB_REMOVE:
		SSL_CTX_sess_set_remove_cb(ctx, on ? remove_session : NULL);
		break;
	case GOSSL_CB_GET:
		SSL_CTX_sess_set_get_cb(ctx, on ? get_session : NULL);
		break;
	}
}

/* Makes sure that Go hears of new sessions of clients. It does not if the cache mode is against it, or if C has a callback of its own. */
int gossl_ctx_hear_new(SSL_CTX *ctx)
{
	int (*present)(SSL *, SSL_SESSION *) = SSL_CTX_sess_get_new_cb(ctx);

	if (!(SSL_CTX_get_session_cache_mode(ctx) & SSL_SESS_CACHE_CLIENT))
		return GOSSL_HEAR_MODE;
	if (present != NULL && present != new_session)
		return GOSSL_HEAR_OTHER;
	SSL_CTX_sess_set_new_cb(ctx, new_session);
	return GOSSL_HEAR_YES;
}

static void ctx_dies(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (ptr != NULL)
		gosslCtxDies((uintptr_t)ptr);
}

/*
 * The slot of a session holds the id of the SSL_CTX in whose cache it may be. It is made with the session, as filling it later would move memory that
 * another thread reads. libssl duplicates sessions inside TLS 1.3; a duplicate is in no cache.
 */
static void session_born(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ptr, (void)argl, (void)argp;
	CRYPTO_set_ex_data(ad, idx, NULL);
}

static int session_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *from_d, int idx, long argl, void *argp)
{
	(void)to, (void)from, (void)idx, (void)argl, (void)argp;
	*(void **)from_d = NULL;
	return 1;
}

int gossl_ctx_index(void)
{
	if (ctx_index < 0)
		ctx_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, ctx_dies);
	if (session_index < 0)
		session_index = SSL_SESSION_get_ex_new_index(0, NULL, session_born, session_copied, NULL);
	return session_index < 0 ? -1 : ctx_index;
}

uintptr_t gossl_ctx_id(SSL_CTX *ctx)
{
	return (uintptr_t)SSL_CTX_get_ex_data(ctx, ctx_index);
}

int gossl_ctx_set_id(SSL_CTX *ctx, uintptr_t id)
{
	return SSL_CTX_set_ex_data(ctx, ctx_index, (void *)id);
}

uintptr_t gossl_session_mark(SSL_SESSION *session)
{
	return (uintptr_t)SSL_SESSION_get_ex_data(session, session_index);
}

/* Marks the session as one of ctx_id's, unless it is another's: then it returns that id. The mark of a dead SSL_CTX does not count. */
uintptr_t gossl_session_claim(SSL_SESSION *session, uintptr_t ctx_id, uintptr_t dead)
{
	uintptr_t mark;

	pthread_mutex_lock(&mark_lock);
	mark = gossl_session_mark(session);
	if (mark == 0 || mark == dead)
		SSL_SESSION_set_ex_data(session, session_index, (void *)ctx_id);
	pthread_mutex_unlock(&mark_lock);
	return mark == dead || mark == ctx_id ? 0 : mark;
}

void gossl_session_unmark(SSL_SESSION *session, uintptr_t ctx_id)
{
	pthread_mutex_lock(&mark_lock);
	if (gossl_session_mark(session) == ctx_id)
		SSL_SESSION_set_ex_data(session, session_index, NULL);
	pthread_mutex_unlock(&mark_lock);
}

/* Runs a callback that belongs to no SSL. */
void gossl_callback(uint64_t (*f)(void *arg, uint64_t pending), void *arg)
{
	struct callback cb;
	uint64_t pending;

	callback_begin(&cb, NULL);
	pending = f(arg, pending_now());
	callback_end(&cb, 0, pending);
}
