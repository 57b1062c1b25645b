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

#define NO_STATE ((uintptr_t)1)

__thread long gossl_token;
__thread struct gossl_call *gossl_current;
__thread struct gossl_removing *gossl_removing;

/* Set while SSL_free runs for a handle that was collected, not freed. */
static __thread int collecting;

/* SSL_free calls that came inside a remove_session_cb and wait for its end. */
static __thread struct deferred {
	struct deferred *next;
	gossl_ssl *s;
} * deferred;

static int ssl_index = -1;
static pthread_mutex_t attach_lock = PTHREAD_MUTEX_INITIALIZER;

static gossl_ssl *new_state(SSL *ssl, SSL_CTX *session_ctx)
{
	gossl_ssl *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->ssl = ssl;
		s->session_ctx = session_ctx;
	}
	return s;
}

static void free_state(gossl_ssl *s)
{
	gossl_forget_functions(s);
	free(s);
}

/*
 * The slot of every SSL made since gossl_init holds a gossl_ssl, or, with bit 0 set, just the SSL_CTX that it was made with: libssl has no
 * getter for that one after SSL_set_SSL_CTX.
 */
static void ssl_born(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(parent);
	gossl_ssl *s = NULL;

	(void)ptr, (void)argl, (void)argp;
	if (gossl_has_functions(ctx) && (s = new_state(parent, ctx)) != NULL)
		gossl_inherit(s, ctx);
	if (!CRYPTO_set_ex_data(ad, idx, s != NULL ? (void *)s : (void *)((uintptr_t)ctx | NO_STATE)) && s != NULL)
		free_state(s);
}

/* Each SSL keeps its own; SSL_dup copies the callbacks that it copies in C. */
static int ssl_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *from_d, int idx, long argl, void *argp)
{
	static const int copied[] = { GOSSL_FN_MSG, GOSSL_FN_INFO, GOSSL_FN_VERIFY, GOSSL_FN_CERT, GOSSL_FN_GENERATE_ID };
	uintptr_t slot = (uintptr_t)CRYPTO_get_ex_data(to, idx), old = *(uintptr_t *)from_d;

	(void)from, (void)argl, (void)argp;
	*(uintptr_t *)from_d = slot;
	if (old == 0 || (old & NO_STATE))
		return 1;
	if (slot == 0) /* no memory when it was made */
		return 0;
	if (slot & NO_STATE) {
		slot = (uintptr_t)new_state(NULL, (SSL_CTX *)(slot & ~NO_STATE)); /* gossl_ssl_state knows the SSL */
		if (slot == 0)
			return 0;
		*(uintptr_t *)from_d = slot;
	}
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		gossl_copy_function((gossl_ssl *)slot, (gossl_ssl *)old, copied[i]);
	return 1;
}

static void ssl_dies(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)ad, (void)idx, (void)argl, (void)argp;
	/* Here, at the last reference and before libssl looks: an SSL that is merely forgotten must not spoil a session that others hold. */
	if (collecting)
		SSL_set_shutdown(parent, SSL_get_shutdown(parent) | SSL_SENT_SHUTDOWN);
	if (ptr != NULL && ((uintptr_t)ptr & NO_STATE) == 0)
		free_state(ptr);
}

/* Returns the version of the library that was loaded, which need not be that of the headers. */
unsigned long gossl_init(void)
{
	if (ssl_index < 0)
		ssl_index = SSL_get_ex_new_index(0, NULL, ssl_born, ssl_copied, ssl_dies);
	if (gossl_ctx_index() < 0 || gossl_functions_index() < 0 || ssl_index < 0 || !gossl_engine_init())
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

	if (gossl_current != NULL && gossl_current->s != NULL && gossl_current->s->ssl == ssl)
		return gossl_current->s; /* nearly every callback */
	pthread_mutex_lock(&attach_lock);
	slot = (uintptr_t)SSL_get_ex_data(ssl, ssl_index);
	if (slot != 0 && !(slot & NO_STATE)) {
		s = (gossl_ssl *)slot;
		if (s->ssl == NULL)
			s->ssl = ssl;
	} else if ((s = new_state(ssl, slot != 0 ? (SSL_CTX *)(slot & ~NO_STATE) : SSL_get_SSL_CTX(ssl))) != NULL && !SSL_set_ex_data(ssl, ssl_index, s)) {
		free(s);
		s = NULL;
	}
	pthread_mutex_unlock(&attach_lock);
	return s;
}

gossl_object gossl_ssl_attach(SSL *ssl, int up_ref)
{
	gossl_object r = { NULL, NULL };

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

static int get1_ctxs(gossl_ssl *s, SSL_CTX **ctxs)
{
	ctxs[0] = s->session_ctx;
	ctxs[1] = SSL_get_SSL_CTX(s->ssl);
	return SSL_CTX_up_ref(ctxs[0]) && SSL_CTX_up_ref(ctxs[1]);
}

/* The SSL_CTX that the SSL was made with and the present one, which SSL_set_SSL_CTX on another thread may change, each with a reference. */
gossl_result gossl_ssl_get1_ctxs(gossl_ssl *s, SSL_CTX **ctxs)
{
	return GOSSL_SSL(s, READS, get1_ctxs(s, ctxs), 0);
}

/* Marks the SSL as waited for; 0 if it is free meanwhile. */
int gossl_ssl_wait(gossl_ssl *s)
{
	uintptr_t owner = atomic_load(&s->owner);

	while (owner != 0 && !(owner & GOSSL_WAITED) && !atomic_compare_exchange_weak(&s->owner, &owner, owner | GOSSL_WAITED))
		;
	return owner != 0;
}

int gossl_ssl_in_callback(gossl_ssl *s)
{
	return s->callbacks;
}

int gossl_mid_handshake(const SSL *ssl)
{
	return SSL_in_init(ssl) && !SSL_in_before(ssl);
}

/* Whether a resumed session is not there any more, where libssl looks for the server name in it. */
int gossl_lost_session(const SSL *ssl)
{
	return SSL_get_session(ssl) == NULL && SSL_session_reused(ssl) && (SSL_is_server(ssl) || !SSL_in_before(ssl));
}

/* Whether a remove_session_cb of this SSL_CTX runs on this thread, maybe below one of another. */
int gossl_is_removing(const SSL_CTX *ctx)
{
	for (const struct gossl_removing *r = gossl_removing; r != NULL; r = r->outer) {
		if (r->ctx == ctx)
			return 1;
	}
	return 0;
}

/* What C would not survive. Runs with the SSL owned. */
int gossl_refuse(gossl_ssl *s, int does)
{
	if (s->dead && (does & ACTS))
		return GOSSL_DEAD;
	if ((does & CACHES) && gossl_is_removing(s->session_ctx))
		return GOSSL_IN_REMOVE;
	if ((does & RESETS) && s->callbacks > 0)
		return GOSSL_IN_CALLBACK;
	if ((does & SHAKES) && s->callbacks > 0 && gossl_mid_handshake(s->ssl))
		return GOSSL_IN_CALLBACK;
	if ((does & IO) && SSL_get_session(s->ssl) == NULL
	    && (s->dropped || SSL_is_init_finished(s->ssl) || (!s->stillborn && !SSL_is_server(s->ssl) && !SSL_in_before(s->ssl))))
		return GOSSL_NO_SESSION;
	if ((does & NAMES) && gossl_lost_session(s->ssl))
		return GOSSL_NO_SESSION;
	return GOSSL_CALLED;
}

static gossl_more *copy_more(const gossl_more *m)
{
	gossl_more *more = malloc(sizeof(*more));

	if (more == NULL)
		gossl_fatal("out of memory");
	*more = *m;
	return more;
}

gossl_more *gossl_refused(int status, int wake)
{
	gossl_more m = { .status = status, .wake = wake };

	return copy_more(&m);
}

int gossl_ctx_begin(struct gossl_call *c, SSL_CTX *ctx, int does, gossl_more **more)
{
	if ((does & CACHES) && gossl_is_removing(ctx)) {
		*more = gossl_refused(GOSSL_IN_REMOVE, 0);
		return 0;
	}
	gossl_enter(c, NULL, does);
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

gossl_more *gossl_end(struct gossl_call *c, int failed)
{
	gossl_more *m = &c->more;
	gossl_ssl *s;
	int wake = 0; /* in registers: a store into m would delay the loads below */

	while (deferred != NULL && gossl_removing == NULL) {
		s = gossl_next_deferred();
		SSL_free(s->ssl);
	}
	if (c->errors)
		m->errors = gossl_errors_end(c, failed);
	gossl_current = c->outer;
#ifdef GOSSL_CHECK
	gossl_check_queue(c);
#endif
	if (c->s != NULL)
		wake = gossl_disown(c->s);
	if (!(failed || wake || m->wake || m->status || m->pending || m->error || m->moved))
		return NULL;
	m->failed = failed;
	m->wake |= wake;
	return copy_more(m);
}

/* Drops a reference. Inside a remove_session_cb the last one may take the lock that is held there: it is put off to the end of the call. */
gossl_result gossl_ssl_free(gossl_ssl *s, int collected)
{
	struct gossl_call c;
	gossl_result r = { 0, NULL };
	struct deferred *d;
	int outer = collecting;

	gossl_begin(&c, NULL, PUSHES, &r.more);
	if (gossl_removing != NULL && (d = malloc(sizeof(*d))) != NULL) {
		d->s = s;
		d->next = deferred;
		deferred = d;
	} else {
		collecting = collected;
		SSL_free(s->ssl);
		collecting = outer;
	}
	r.more = gossl_end(&c, 0);
	return r;
}

/* Takes the SSL for calls that Go's user makes himself. 0 if another thread uses it. */
int gossl_ssl_hold(gossl_ssl *s)
{
	return gossl_own(s);
}

/* Reports whether somebody waits for it. */
int gossl_ssl_unhold(gossl_ssl *s)
{
	return gossl_disown(s);
}
