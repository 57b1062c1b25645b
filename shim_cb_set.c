/*
 * Which Go function is called for which callback of libssl. An SSL_CTX has its functions' ids in ex_data, an SSL in its gossl_ssl: what libssl copies
 * from the one to the other when it makes an SSL is copied here too. The ids die with the object on which the functions were set, or with the last SSL
 * that got its certificates, and so their callback, by SSL_copy_session_id.
 */
#include "shim_internal.h"

#include <pthread.h>
#include <stdlib.h>

struct gossl_functions {
	_Atomic(int) refs; /* of SSLs; the SSL_CTX has one more */
	_Atomic(uintptr_t) fn[GOSSL_FN_LAST];
	uintptr_t *replaced; /* SSLs that exist may go on using these */
	size_t n;
	gossl_ring *ring; /* the ticket keys, in place of a function */
};

static int functions_index = -1;
static pthread_mutex_t set_lock = PTHREAD_MUTEX_INITIALIZER;

static void (*const install[GOSSL_FN_LAST])(SSL_CTX *ctx, SSL *ssl, int kind, uintptr_t fn) = {
	[GOSSL_FN_MSG] = gossl_install_info,
	[GOSSL_FN_INFO] = gossl_install_info,
	[GOSSL_FN_KEYLOG] = gossl_install_info,
	[GOSSL_FN_VERIFY] = gossl_install_verify,
	[GOSSL_FN_CERT_VERIFY] = gossl_install_verify,
	[GOSSL_FN_CERT] = gossl_install_cert,
	[GOSSL_FN_CLIENT_CERT] = gossl_install_cert,
	[GOSSL_FN_SERVERNAME] = gossl_install_extension,
	[GOSSL_FN_ALPN_SELECT] = gossl_install_extension,
	[GOSSL_FN_NPN_ADVERTISED] = gossl_install_extension,
	[GOSSL_FN_NPN_SELECT] = gossl_install_extension,
	[GOSSL_FN_STATUS] = gossl_install_extension,
	[GOSSL_FN_CLIENT_HELLO] = gossl_install_hello,
	[GOSSL_FN_COOKIE_GENERATE] = gossl_install_hello,
	[GOSSL_FN_COOKIE_VERIFY] = gossl_install_hello,
	[GOSSL_FN_STATELESS_GENERATE] = gossl_install_hello,
	[GOSSL_FN_STATELESS_VERIFY] = gossl_install_hello,
	[GOSSL_FN_GENERATE_ID] = gossl_install_ticket,
	[GOSSL_FN_NOT_RESUMABLE] = gossl_install_ticket,
	[GOSSL_FN_PADDING] = gossl_install_ticket,
	[GOSSL_FN_EARLY_DATA] = gossl_install_ticket,
	[GOSSL_FN_TICKET_GENERATE] = gossl_install_ticket,
	[GOSSL_FN_TICKET_DECRYPT] = gossl_install_ticket,
	[GOSSL_FN_TICKET_KEY] = gossl_install_ticket,
	[GOSSL_FN_PSK_CLIENT] = gossl_install_psk,
	[GOSSL_FN_PSK_SERVER] = gossl_install_psk,
	[GOSSL_FN_PSK_USE] = gossl_install_psk,
	[GOSSL_FN_PSK_FIND] = gossl_install_psk,
	[GOSSL_FN_SRP_USERNAME] = gossl_install_srp,
	[GOSSL_FN_SRP_PASSWORD] = gossl_install_srp,
};

static void drop(struct gossl_functions *f)
{
	if (f == NULL || atomic_fetch_sub(&f->refs, 1) > 0)
		return;
	for (int kind = 0; kind < GOSSL_FN_LAST; kind++) {
		if (f->fn[kind] != 0)
			gosslForget(f->fn[kind]);
	}
	for (size_t i = 0; i < f->n; i++)
		gosslForget(f->replaced[i]);
	free(f->replaced);
	gossl_ring_replace(&f->ring, NULL);
	free(f);
}

static void functions_die(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	drop(ptr);
}

int gossl_functions_index(void)
{
	if (functions_index < 0)
		functions_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, functions_die);
	return functions_index;
}

int gossl_has_functions(SSL_CTX *ctx)
{
	return SSL_CTX_get_ex_data(ctx, functions_index) != NULL;
}

/* The id of the SSL_CTX's function, or 0. */
uintptr_t gossl_ctx_function(SSL_CTX *ctx, int kind)
{
	struct gossl_functions *f = SSL_CTX_get_ex_data(ctx, functions_index);

	return f != NULL ? f->fn[kind] : 0;
}

/* Where the SSL_CTX has its ring, or NULL. */
gossl_ring **gossl_ctx_ring(SSL_CTX *ctx)
{
	struct gossl_functions *f = SSL_CTX_get_ex_data(ctx, functions_index);

	return f != NULL ? &f->ring : NULL;
}

/* What SSL_new does with the callbacks themselves. */
void gossl_inherit(gossl_ssl *s, SSL_CTX *ctx)
{
	for (int kind = 0; kind < GOSSL_FN_OF_SSL; kind++)
		s->fn[kind] = gossl_ctx_function(ctx, kind);
}

static struct gossl_functions *functions_of(SSL_CTX *ctx)
{
	struct gossl_functions *f = SSL_CTX_get_ex_data(ctx, functions_index);

	if (f != NULL)
		return f;
	f = calloc(1, sizeof(*f));
	if (f == NULL || !SSL_CTX_set_ex_data(ctx, functions_index, f))
		gossl_fatal("out of memory");
	return f;
}

/* Ends the use of an id, unless SSLs may have inherited it. */
static void retire(struct gossl_functions *f, int kind, uintptr_t fn)
{
	uintptr_t *replaced;

	if (fn == 0)
		return;
	if (kind >= GOSSL_FN_OF_SSL) {
		gosslForget(fn);
		return;
	}
	replaced = realloc(f->replaced, (f->n + 1) * sizeof(*replaced));
	if (replaced == NULL)
		gossl_fatal("out of memory");
	f->replaced = replaced;
	f->replaced[f->n++] = fn;
}

static int set_of_ctx(SSL_CTX *ctx, int kind, uintptr_t fn)
{
	struct gossl_functions *f;
	uintptr_t old;

	pthread_mutex_lock(&set_lock);
	f = functions_of(ctx);
	old = atomic_exchange(&f->fn[kind], fn);
	install[kind](ctx, NULL, kind, fn);
	retire(f, kind, old);
	pthread_mutex_unlock(&set_lock);
	return 1;
}

/* fn is the id of the Go function, 0 for none. */
gossl_result gossl_ctx_set_callback(SSL_CTX *ctx, int kind, uintptr_t fn)
{
	return GOSSL_CTX(ctx, READS, set_of_ctx(ctx, kind, fn), 0);
}

static int set_ring(SSL_CTX *ctx, gossl_ring *ring)
{
	struct gossl_functions *f;

	pthread_mutex_lock(&set_lock);
	f = functions_of(ctx);
	gossl_ring_replace(&f->ring, ring);
	install[GOSSL_FN_TICKET_KEY](ctx, NULL, GOSSL_FN_TICKET_KEY, f->fn[GOSSL_FN_TICKET_KEY]);
	pthread_mutex_unlock(&set_lock);
	return 1;
}

/* ring answers in place of the function for ticket keys; NULL leaves it to that. */
gossl_result gossl_ctx_set_ring(SSL_CTX *ctx, gossl_ring *ring)
{
	return GOSSL_CTX(ctx, READS, set_ring(ctx, ring), 0);
}

/* fn becomes the SSL's own. */
static void set_function(gossl_ssl *s, int kind, uintptr_t fn)
{
	unsigned int bit = 1u << kind;

	if (s->own & bit)
		gosslForget(s->fn[kind]);
	s->fn[kind] = fn;
	s->own = fn != 0 ? s->own | bit : s->own & ~bit;
}

static int set_of_ssl(gossl_ssl *s, int kind, uintptr_t fn)
{
	set_function(s, kind, fn);
	install[kind](NULL, s->ssl, kind, fn);
	return 1;
}

gossl_result gossl_ssl_set_callback(gossl_ssl *s, int kind, uintptr_t fn)
{
	return GOSSL_SSL(s, ACTS, set_of_ssl(s, kind, fn), 0);
}

/* The certificates of s, and their callback, are those of f's SSL_CTX, which may die before s. NULL: of the SSL_CTX that s has. */
void gossl_keep_functions(gossl_ssl *s, struct gossl_functions *f)
{
	struct gossl_functions *old = s->cert_functions;

	if (f != NULL)
		atomic_fetch_add(&f->refs, 1);
	s->cert_functions = f;
	drop(old);
}

/* For what libssl copies from SSL to SSL. */
void gossl_copy_function(gossl_ssl *to, const gossl_ssl *from, int kind)
{
	if (kind == GOSSL_FN_CERT) {
		struct gossl_functions *f = from->cert_functions;

		if (f == NULL && from->ssl != NULL)
			f = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(from->ssl), functions_index);
		gossl_keep_functions(to, f);
	}
	set_function(to, kind, from->fn[kind] != 0 ? gosslShare(from->fn[kind]) : 0);
}

void gossl_forget_functions(gossl_ssl *s)
{
	for (int kind = 0; kind < GOSSL_FN_OF_SSL; kind++)
		set_function(s, kind, 0);
	gossl_keep_functions(s, NULL);
	free(s->answer);
}
