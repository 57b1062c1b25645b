/* What the shim's files share and Go does not see. */
#ifndef GOSSL_SHIM_INTERNAL_H
#define GOSSL_SHIM_INTERNAL_H

#include "shim.h"

#include <stdatomic.h>
#include <string.h>

/* What the engine's BIO reads and writes. */
struct gossl_windows {
	const unsigned char *in;
	unsigned char *out;
	int in_left, out_left;
	int eof; /* nothing comes after in */
};

struct gossl_ssl {
	SSL *ssl;
	SSL_CTX *session_ctx;          /* the SSL_CTX that SSL_new was given; callbacks and cache are this one's. NULL if unknown */
	_Atomic(uintptr_t) owner;      /* the thread that uses the SSL, by the address of its token, or 0; bit 0: somebody waits */
	int depth;                     /* calls of the owner that are nested in one another */
	_Atomic(int) callbacks;        /* Go callbacks that run inside the owner's calls */
	struct gossl_windows *windows; /* of the engine's call that runs, or NULL */
	unsigned int own;              /* which of fn were set on this SSL: they die with it. The others are the SSL_CTX's */
	unsigned char dead;            /* SSL_set_session returned 0 */
	unsigned char dropped;         /* SSL_set_session while connected or connecting: libssl goes on with another session than it had, or none */
	unsigned char stillborn;       /* the handshake failed before it made a session: libssl only repeats that it failed */
	uintptr_t fn[GOSSL_FN_OF_SSL];
	struct gossl_functions *cert_functions; /* those of the SSL_CTX that the certificates come from, if they were copied from another SSL, or NULL */
	unsigned char *answer;                  /* from malloc: bytes of a callback that libssl reads after it */
	unsigned int timer_first, timer_last;   /* of DTLS, in microseconds */
};

/* The calls of this thread that are inside libssl, innermost first. */
struct gossl_call {
	struct gossl_call *outer;
	gossl_ssl *s;    /* whose owner this call is, or NULL */
	gossl_more more; /* what gossl_end returns, if there is anything in it */
	int errors;      /* the queue is kept apart for this call */
	int had;         /* entries of others were put aside, in saved */
	ERR_STATE saved;
#ifdef GOSSL_CHECK
	unsigned long before;
#endif
};

/* A remove_session_cb that runs on this thread. */
struct gossl_removing {
	struct gossl_removing *outer;
	SSL_CTX *ctx;
};

extern __thread long gossl_token; /* its address names the thread; aligned, so that bit 0 is free */
extern __thread struct gossl_call *gossl_current;
extern __thread struct gossl_removing *gossl_removing;

/* What a call does, for the checks before it. */
enum {
	READS = 0,
	ACTS = 1,    /* works on connection state: not after SSL_set_session failed */
	IO = 2,      /* sends or receives: not when the session was taken away */
	CACHES = 4,  /* may take the lock of the SSL_CTX: not inside its remove_session_cb */
	RESETS = 8,  /* frees what a running handshake uses: not inside a callback of this SSL */
	PUSHES = 16, /* may push errors */
	SHAKES = 32, /* runs the handshake: not inside a callback of it, which it would call again without end */
	NAMES = 64,  /* reads the server name, which may be the session's: not when that was taken away */
};

int gossl_refuse(gossl_ssl *s, int does);
int gossl_mid_handshake(const SSL *ssl);
int gossl_lost_session(const SSL *ssl);
int gossl_is_removing(const SSL_CTX *ctx);
gossl_more *gossl_refused(int status, int wake);
gossl_more *gossl_end(struct gossl_call *c, int failed);
void gossl_errors_begin(struct gossl_call *c);
int gossl_ctx_begin(struct gossl_call *c, SSL_CTX *ctx, int does, gossl_more **more);
gossl_ssl *gossl_ssl_state(SSL *ssl);
gossl_ssl *gossl_next_deferred(void);
gossl_errors *gossl_errors_end(struct gossl_call *c, int failed);
void gossl_check_queue(struct gossl_call *c);
int gossl_queue_save(ERR_STATE *saved);
void gossl_queue_restore(const ERR_STATE *saved);
int gossl_engine_init(void);
int gossl_io_call(SSL *ssl, int op, void *buf, int len, size_t *moved);
int gossl_io_does(int op);
int gossl_io_error(gossl_ssl *s, int ret);
int gossl_io_ended(gossl_ssl *s, int op, int len, int error);
int gossl_ctx_index(void);
int gossl_ctx_set_id(SSL_CTX *ctx, uintptr_t id);
void gossl_mark_cached(gossl_ssl *s, SSL_SESSION *session);
int gossl_functions_index(void);
uintptr_t gossl_ctx_function(SSL_CTX *ctx, int kind);
gossl_ring **gossl_ctx_ring(SSL_CTX *ctx);
void gossl_ring_replace(gossl_ring **place, gossl_ring *ring);
int gossl_ring_find(gossl_ring *const *place, const unsigned char *name, gossl_ticket_key *key);
void gossl_inherit(gossl_ssl *s, SSL_CTX *ctx);
int gossl_has_functions(SSL_CTX *ctx);
void gossl_keep_functions(gossl_ssl *s, struct gossl_functions *f);
void gossl_copy_function(gossl_ssl *to, const gossl_ssl *from, int kind);
void gossl_forget_functions(gossl_ssl *s);
long gossl_certs_der(const STACK_OF(X509) * certs, unsigned char **out);
long gossl_names_der(const STACK_OF(X509_NAME) * names, unsigned char **out);
long gossl_ciphers(const STACK_OF(SSL_CIPHER) * list, unsigned char **out);
void gossl_callback(uint64_t (*f)(void *arg, uint64_t pending), void *arg);
int gossl_no_password(char *buf, int size, int writing, void *arg);

/* How libssl finds a callback: on the SSL, in its present SSL_CTX, or in the one that it was made with. gossl_fire leaves args alone without a function. */
void gossl_fire(SSL *ssl, SSL_CTX *ctx, uintptr_t fn, gossl_args *args);
void gossl_fire_ssl(SSL *ssl, int kind, gossl_args *args);
void gossl_fire_ctx(SSL *ssl, int kind, gossl_args *args);
void gossl_fire_session_ctx(SSL *ssl, int kind, gossl_args *args);
void gossl_keep_answer(SSL *ssl, gossl_args *args, int i);

/* Go, callback_set.go: forgets an id, and makes another of the same value. */
extern void gosslForget(uintptr_t id);
extern uintptr_t gosslShare(uintptr_t id);

/* Each sets its trampolines of a kind, or NULL, on the SSL or, if that is NULL, on the SSL_CTX. */
void gossl_install_info(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_verify(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_cert(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_extension(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_hello(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_ticket(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_psk(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);
void gossl_install_srp(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn);

/* What is inline here is on the way of every call: SetSession has 50 ns in all. */

#define GOSSL_WAITED ((uintptr_t)1)

/* Takes the SSL for this thread; nests. */
static inline int gossl_own(gossl_ssl *s)
{
	uintptr_t me = (uintptr_t)&gossl_token, nobody = 0;

	if (atomic_compare_exchange_strong_explicit(&s->owner, &nobody, me, memory_order_acquire, memory_order_relaxed)) {
		s->depth = 1;
		return 1;
	}
	if ((nobody & ~GOSSL_WAITED) != me)
		return 0;
	s->depth++;
	return 1;
}

/* Reports whether somebody waits for an SSL that is free now. */
static inline int gossl_disown(gossl_ssl *s)
{
	if (--s->depth > 0)
		return 0;
	return (atomic_exchange_explicit(&s->owner, 0, memory_order_release) & GOSSL_WAITED) != 0;
}

static inline void gossl_enter(struct gossl_call *c, gossl_ssl *s, int does)
{
	c->outer = gossl_current;
	c->s = s;
	c->errors = 0;
	memset(&c->more, 0, sizeof(c->more));
#ifdef GOSSL_CHECK
	c->before = ERR_peek_error();
#endif
	gossl_current = c;
	if (does & PUSHES)
		gossl_errors_begin(c);
}

/* Begins a call on s, or of no SSL if s is NULL. If it returns 0, *more says why, and gossl_end must not be called. */
static inline int gossl_begin(struct gossl_call *c, gossl_ssl *s, int does, gossl_more **more)
{
	if (s != NULL) {
		int status;

		if (!gossl_own(s)) {
			*more = gossl_refused(GOSSL_BUSY, 0);
			return 0;
		}
		if ((does & (IO | NAMES)) || s->dead || s->callbacks || gossl_removing != NULL) {
			status = gossl_refuse(s, does);
			if (status != GOSSL_CALLED) {
				*more = gossl_refused(status, gossl_disown(s));
				return 0;
			}
		}
	}
	gossl_enter(c, s, does);
	return 1;
}

/*
 * One call of libssl: expr is evaluated when the checks allow it, failed may use r.ret. Statement expressions are GNU C, as cgo's compilers are.
 */
#define GOSSL_CALL(begin, expr, failed)                    \
	({                                                 \
		struct gossl_call c_;                      \
		gossl_result r = { 0, NULL };              \
		if (begin) {                               \
			r.ret = (long)(expr);              \
			r.more = gossl_end(&c_, (failed)); \
		}                                          \
		r;                                         \
	})
#define GOSSL_SSL(s, does, expr, failed) GOSSL_CALL(gossl_begin(&c_, (s), (does), &r.more), expr, failed)
#define GOSSL_CTX(ctx, does, expr, failed) GOSSL_CALL(gossl_ctx_begin(&c_, (ctx), (does), &r.more), expr, failed)

/* The same for a function that returns an object; a NULL is no failure if it is an answer. */
#define GOSSL_OBJECT(s, does, expr, failed)                   \
	({                                                    \
		struct gossl_call c_;                         \
		gossl_object r = { NULL, NULL };              \
		if (gossl_begin(&c_, (s), (does), &r.more)) { \
			r.ptr = (void *)(expr);               \
			r.more = gossl_end(&c_, (failed));    \
		}                                             \
		r;                                            \
	})

#endif
