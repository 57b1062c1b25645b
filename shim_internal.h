/* What the shim's files share and Go does not see. */
#ifndef GOSSL_SHIM_INTERNAL_H
#define GOSSL_SHIM_INTERNAL_H

#include "shim.h"

struct gossl_ssl {
	SSL *ssl;
	SSL_CTX *session_ctx; /* the SSL_CTX that SSL_new was given; callbacks and cache are this one's. NULL if unknown */
	_Atomic(uintptr_t) owner; /* the thread that uses the SSL, by the address of its token, or 0; bit 0: somebody waits */
	int depth;                /* calls of the owner that are nested in one another */
	_Atomic(int) callbacks;   /* Go callbacks that run inside the owner's calls */
	int dead;                 /* SSL_set_session returned 0 */
	int dropped;              /* SSL_set_session(NULL) while connected or connecting */
};

/* The calls of this thread that are inside libssl, innermost first. */
struct gossl_call {
	struct gossl_call *outer;
	gossl_ssl *s;     /* whose owner this call is, or NULL */
	uint64_t pending; /* what Go has to do when this call has returned */
	int errors;       /* the queue is kept apart for this call */
	int had;          /* entries of others were put aside, in saved */
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

extern __thread struct gossl_call *gossl_current;
extern __thread struct gossl_removing *gossl_removing;

/* What a call does, for the checks before it. */
enum {
	READS = 0,
	ACTS = 1,   /* works on connection state: not after SSL_set_session failed */
	IO = 2,     /* sends or receives: not when the session was taken away */
	CACHES = 4, /* may take the lock of the SSL_CTX: not inside its remove_session_cb */
	RESETS = 8, /* frees what a running handshake uses: not inside a callback of this SSL */
	PUSHES = 16 /* may push errors */
};

int gossl_begin(struct gossl_call *c, gossl_ssl *s, int does, gossl_result *r);
void gossl_end(struct gossl_call *c, gossl_result *r, int failed);
void gossl_errors_begin(struct gossl_call *c);
int gossl_ctx_begin(struct gossl_call *c, SSL_CTX *ctx, int does, gossl_result *r);
gossl_ssl *gossl_ssl_state(SSL *ssl);
gossl_ssl *gossl_next_deferred(void);
int gossl_own(gossl_ssl *s);
int gossl_disown(gossl_ssl *s);
gossl_errors *gossl_errors_end(struct gossl_call *c, int failed);
void gossl_check_queue(struct gossl_call *c);
int gossl_queue_save(ERR_STATE *saved);
void gossl_queue_restore(const ERR_STATE *saved);
int gossl_ctx_index(void);
int gossl_ctx_set_id(SSL_CTX *ctx, uintptr_t id);
int gossl_no_password(char *buf, int size, int writing, void *arg);

/*
 * One call of libssl: expr is evaluated when the checks allow it, failed may use r.ret. Statement expressions are GNU C, as cgo's compilers are.
 */
#define GOSSL_SSL(s, does, expr, failed)                   \
	({                                                 \
		struct gossl_call c_;                      \
		gossl_result r;                            \
		if (gossl_begin(&c_, (s), (does), &r)) {   \
			r.ret = (long)(expr);              \
			gossl_end(&c_, &r, (failed));      \
		}                                          \
		r;                                         \
	})
#define GOSSL_CTX(ctx, does, expr, failed)                     \
	({                                                     \
		struct gossl_call c_;                          \
		gossl_result r;                                \
		if (gossl_ctx_begin(&c_, (ctx), (does), &r)) { \
			r.ret = (long)(expr);                  \
			gossl_end(&c_, &r, (failed));          \
		}                                              \
		r;                                             \
	})

#endif
