/*
 * What surrounds every call of libssl: one thread at a time for an SSL, the checks for calls that C would not survive, and the record of the calls
 * that are running, in which callbacks leave their work for Go.
 */
#include "shim_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITED ((uintptr_t)1)
#define NO_STATE ((uintptr_t)1)

__thread struct gossl_call *gossl_current;
__thread struct gossl_removing *gossl_removing;

/* Its address names the thread; aligned, so that bit 0 is free. */
static __thread long token;

/* Set while SSL_free runs for a handle that was collected, not freed. */
static __thread int collecting;

/* SSL_free calls that came inside a remove_session_cb and wait for its end. */
static __thread struct deferred {
	struct deferred *next;
	gossl_ssl *s;
} *deferred;

static int ssl_index = -1;
static pthread_mutex_t attach_lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * The slot of every SSL made since gossl_init holds a gossl_ssl, or, with bit 0 set, just the SSL_CTX that it was made with: libssl has no
 * getter for that one after SSL_set_SSL_CTX.
 */
static void ssl_born(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	uintptr_t ctx = (uintptr_t)SSL_get_SSL_CTX(parent);

	(void)ptr, (void)argl, (void)argp;
	CRYPTO_set_ex_data(ad, idx, (void *)(ctx | NO_STATE));
}

/* Each SSL keeps its own: SSL_dup must not copy it. */
static int ssl_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *from_d, int idx, long argl, void *argp)
{
	(void)from, (void)argl, (void)argp;
	*(void **)from_d = CRYPTO_get_ex_data(to, idx);
	return 1;
}

static void ssl_dies(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)ad, (void)idx, (void)argl, (void)argp;
	/* Here, at the last reference and before libssl looks: an SSL that is merely forgotten must not spoil a session that others hold. */
	if (collecting)
		SSL_set_shutdown(parent, SSL_get_shutdown(parent) | SSL_SENT_SHUTDOWN);
	if (((uintptr_t)ptr & NO_STATE) == 0)
		free(ptr);
}

/* Returns the version of the library that was loaded, which need not be that of the headers. */
unsigned long gossl_init(void)
{
	if (ssl_index < 0)
		ssl_index = SSL_get_ex_new_index(0, NULL, ssl_born, ssl_copied, ssl_dies);
	if (gossl_ctx_index() < 0 || ssl_index < 0)
		return 0;
	return OpenSSL_version_num();
}

void gossl_fatal(const char *text)
{
	fprintf(stderr, "libssl: %s\n", text);
	abort();
}

/* The state of an SSL, made on first use. NULL without memory. */
gossl_ssl *gossl_ssl_state(SSL *ssl)
{
	uintptr_t slot;
	gossl_ssl *s;

	pthread_mutex_lock(&attach_lock);
	slot = (uintptr_t)SSL_get_ex_data(ssl, ssl_index);
	if (slot != 0 && !(slot & NO_STATE)) {
		s = (gossl_ssl *)slot;
	} else if ((s = calloc(1, sizeof(*s))) != NULL) {
		s->ssl = ssl;
		s->session_ctx = slot != 0 ? (SSL_CTX *)(slot & ~NO_STATE) : SSL_get_SSL_CTX(ssl);
		if (!SSL_set_ex_data(ssl, ssl_index, s)) {
			free(s);
			s = NULL;
		}
	}
	pthread_mutex_unlock(&attach_lock);
	return s;
}

gossl_result gossl_ssl_attach(SSL *ssl, int up_ref)
{
	gossl_result r = { 0 };

	r.ptr = gossl_ssl_state(ssl);
	if (r.ptr != NULL && up_ref)
		SSL_up_ref(ssl);
	return r;
}

SSL *gossl_ssl_pointer(gossl_ssl *s)
{
	return s->ssl;
}

SSL_CTX *gossl_ssl_session_ctx(gossl_ssl *s)
{
	return s->session_ctx;
}

/* Takes the SSL for this thread; nests. */
int gossl_own(gossl_ssl *s)
{
	uintptr_t me = (uintptr_t)&token, nobody = 0;

	if ((atomic_load_explicit(&s->owner, memory_order_relaxed) & ~WAITED) == me) {
		s->depth++;
		return 1;
	}
	if (!atomic_compare_exchange_strong(&s->owner, &nobody, me))
		return 0;
	s->depth = 1;
	return 1;
}

/* Reports whether somebody waits for an SSL that is free now. */
int gossl_disown(gossl_ssl *s)
{
	if (--s->depth > 0)
		return 0;
	return (atomic_exchange(&s->owner, 0) & WAITED) != 0;
}

/* Marks the SSL as waited for; 0 if it is free meanwhile. */
int gossl_ssl_wait(gossl_ssl *s)
{
	uintptr_t owner = atomic_load(&s->owner);

	while (owner != 0 && !(owner & WAITED) && !atomic_compare_exchange_weak(&s->owner, &owner, owner | WAITED))
		;
	return owner != 0;
}

int gossl_ssl_in_callback(gossl_ssl *s)
{
	return s->callbacks;
}

/* What C would not survive. Runs with the SSL owned. */
static int refuse(gossl_ssl *s, int does)
{
	if (s->dead && does != READS)
		return GOSSL_DEAD;
	if ((does & CACHES) && gossl_removing != NULL && gossl_removing->ctx == s->session_ctx)
		return GOSSL_IN_REMOVE;
	if ((does & RESETS) && s->callbacks > 0)
		return GOSSL_IN_CALLBACK;
	if ((does & IO) && SSL_get_session(s->ssl) == NULL
	    && (s->dropped || SSL_is_init_finished(s->ssl) || (!SSL_is_server(s->ssl) && !SSL_in_before(s->ssl))))
		return GOSSL_NO_SESSION;
	return GOSSL_CALLED;
}

static void enter(struct gossl_call *c, gossl_ssl *s, int does)
{
	c->outer = gossl_current;
	c->s = s;
	c->pending = 0;
	c->errors = 0;
#ifdef GOSSL_CHECK
	c->before = ERR_peek_error();
#endif
	gossl_current = c;
	if (does & PUSHES)
		gossl_errors_begin(c);
}

/* Begins a call on s, or of no SSL if s is NULL. If it returns 0, r says why, and gossl_end must not be called. */
int gossl_begin(struct gossl_call *c, gossl_ssl *s, int does, gossl_result *r)
{
	memset(r, 0, sizeof(*r));
	if (s != NULL) {
		if (!gossl_own(s)) {
			r->status = GOSSL_BUSY;
			return 0;
		}
		r->status = refuse(s, does);
		if (r->status != GOSSL_CALLED) {
			r->wake = gossl_disown(s);
			return 0;
		}
	}
	enter(c, s, does);
	return 1;
}

int gossl_ctx_begin(struct gossl_call *c, SSL_CTX *ctx, int does, gossl_result *r)
{
	memset(r, 0, sizeof(*r));
	if ((does & CACHES) && gossl_removing != NULL && gossl_removing->ctx == ctx) {
		r->status = GOSSL_IN_REMOVE;
		return 0;
	}
	enter(c, NULL, does);
	return 1;
}

/* The next SSL_free that was put off on this thread, or NULL. */
gossl_ssl *gossl_next_deferred(void)
{
	struct deferred *d = deferred;
	gossl_ssl *s;

	if (d == NULL)
		return NULL;
	s = d->s;
	deferred = d->next;
	free(d);
	return s;
}

void gossl_end(struct gossl_call *c, gossl_result *r, int failed)
{
	gossl_ssl *s;

	r->failed = failed;
	if (c->errors)
		r->errors = gossl_errors_end(c, failed);
	while (gossl_removing == NULL && (s = gossl_next_deferred()) != NULL)
		SSL_free(s->ssl);
	gossl_current = c->outer;
#ifdef GOSSL_CHECK
	gossl_check_queue(c);
#endif
	if (c->s != NULL)
		r->wake = gossl_disown(c->s);
	r->pending = c->pending;
}

/* Drops a reference. Inside a remove_session_cb the last one may take the lock that is held there: it is put off to the end of the call. */
gossl_result gossl_ssl_free(gossl_ssl *s, int collected)
{
	struct gossl_call c;
	gossl_result r;
	struct deferred *d;
	int outer = collecting;

	gossl_begin(&c, NULL, PUSHES, &r);
	if (gossl_removing != NULL && (d = malloc(sizeof(*d))) != NULL) {
		d->s = s;
		d->next = deferred;
		deferred = d;
	} else {
		collecting = collected;
		SSL_free(s->ssl);
		collecting = outer;
	}
	gossl_end(&c, &r, 0);
	return r;
}

/* Takes the SSL for calls that Go's user makes himself. */
gossl_result gossl_ssl_hold(gossl_ssl *s)
{
	gossl_result r = { 0 };

	if (!gossl_own(s))
		r.status = GOSSL_BUSY;
	return r;
}

gossl_result gossl_ssl_unhold(gossl_ssl *s)
{
	gossl_result r = { 0 };

	r.wake = gossl_disown(s);
	return r;
}
