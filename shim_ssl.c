/* SSL: its life, its session, its properties. */
#include "shim_internal.h"

#include <string.h>

/* Takes over ssl. */
static gossl_ssl *with_state(SSL *ssl)
{
	gossl_ssl *s = ssl != NULL ? gossl_ssl_state(ssl) : NULL;

	if (s == NULL)
		SSL_free(ssl);
	return s;
}

gossl_object gossl_ssl_new(SSL_CTX *ctx)
{
	return GOSSL_OBJECT(NULL, PUSHES, with_state(SSL_new(ctx)), r.ptr == NULL);
}

/* May return s itself, with one more reference: libssl copies an SSL only before its handshake. */
gossl_object gossl_ssl_dup(gossl_ssl *s)
{
	return GOSSL_OBJECT(s, ACTS | PUSHES, with_state(SSL_dup(s->ssl)), r.ptr == NULL);
}

/* Whether libssl would remove the session from the cache when it is replaced. */
static int has_open_session(const SSL *ssl)
{
	return SSL_get_session(ssl) != NULL && !(SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) && !SSL_in_init(ssl) && !SSL_in_before(ssl);
}

/* Inside a callback: libssl goes on with what SSL_set_session frees, or is in the cache with the lock held. */
static int refuse_in_callback(gossl_ssl *s, const SSL_SESSION *session, int switches)
{
	if (gossl_is_removing(s->session_ctx) && has_open_session(s->ssl))
		return GOSSL_IN_REMOVE;
	if (s->callbacks > 0 && (session == NULL || switches) && gossl_mid_handshake(s->ssl))
		return GOSSL_IN_CALLBACK;
	return GOSSL_CALLED;
}

/*
 * SSL_set_session, exactly. It can fail, and push errors, only if it has to switch the method, so that only then the queue is looked at.
 * What is refused is refused inside callbacks alone.
 */
gossl_result gossl_ssl_set_session(gossl_ssl *s, SSL_SESSION *session)
{
	struct gossl_call c;
	gossl_result r = { 0, NULL };
	int switches;

	if (!gossl_begin(&c, s, ACTS, &r.more))
		return r;
	switches = SSL_get_ssl_method(s->ssl) != SSL_CTX_get_ssl_method(SSL_get_SSL_CTX(s->ssl));
	if (s->callbacks > 0 || gossl_removing != NULL) {
		c.more.status = refuse_in_callback(s, session, switches);
		if (c.more.status != GOSSL_CALLED) {
			r.more = gossl_end(&c, 0);
			return r;
		}
	}
	if (switches)
		gossl_errors_begin(&c);
	r.ret = SSL_set_session(s->ssl, session);
	if (r.ret == 0) {
		s->dead = 1;
		c.more.error = SSL_get_error(s->ssl, 0);
	}
	s->dropped = SSL_get_state(s->ssl) != TLS_ST_BEFORE;
	r.more = gossl_end(&c, r.ret == 0);
	return r;
}

/* Notes on a session of s that libssl may have put it into the cache of the SSL's SSL_CTX. */
void gossl_mark_cached(gossl_ssl *s, SSL_SESSION *session)
{
	long mode, role;

	if (gossl_session_mark(session) != 0)
		return;
	mode = SSL_CTX_get_session_cache_mode(s->session_ctx);
	role = SSL_is_server(s->ssl) ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_CLIENT;
	if ((mode & role) && !(mode & SSL_SESS_CACHE_NO_INTERNAL_STORE))
		gossl_session_claim(session, gossl_ctx_id(s->session_ctx), 0);
}

/* No call of libssl that runs callbacks or fails: owning the SSL is all that it needs. */
gossl_object gossl_ssl_get1_session(gossl_ssl *s)
{
	gossl_object r = { NULL, NULL };
	SSL_SESSION *session;

	if (!gossl_own(s)) {
		r.more = gossl_refused(GOSSL_BUSY, 0);
		return r;
	}
	session = SSL_get1_session(s->ssl);
	if (session != NULL)
		gossl_mark_cached(s, session);
	r.ptr = session;
	if (gossl_disown(s))
		r.more = gossl_refused(GOSSL_CALLED, 1);
	return r;
}

gossl_result gossl_ssl_copy_session_id(gossl_ssl *to, gossl_ssl *from)
{
	struct gossl_call c;
	gossl_result r = { 0, NULL };

	if (!gossl_begin(&c, to, ACTS | CACHES | RESETS | PUSHES, &r.more))
		return r;
	if (!gossl_own(from)) {
		c.more.status = GOSSL_BUSY_ARG;
		r.more = gossl_end(&c, 0);
		return r;
	}
	r.ret = SSL_copy_session_id(to->ssl, from->ssl);
	to->dead = r.ret == 0; /* it fails where SSL_set_session does */
	if (r.ret != 0)
		gossl_copy_function(to, from, GOSSL_FN_CERT); /* they share what it is in */
	to->dropped = SSL_get_state(to->ssl) != TLS_ST_BEFORE;
	if (gossl_disown(from))
		c.more.wake = 2;
	r.more = gossl_end(&c, r.ret == 0);
	return r;
}

/* While a renegotiation is pending it returns 0 and leaves the SSL sound, with no session: I/O is then refused for that. */
gossl_result gossl_ssl_clear(gossl_ssl *s)
{
	return GOSSL_SSL(s, ACTS | CACHES | RESETS | PUSHES, (s->dropped = s->stillborn = 0, SSL_clear(s->ssl)),
			 (s->dead = r.ret == 0 && !SSL_renegotiate_pending(s->ssl), r.ret == 0));
}

/* The certificates become those of the new one; nothing changes if it is the same, but with NULL they are always taken anew. */
static int set_ssl_ctx(gossl_ssl *s, SSL_CTX *ctx)
{
	const SSL_CTX *before = SSL_get_SSL_CTX(s->ssl);

	if (SSL_set_SSL_CTX(s->ssl, ctx) == NULL)
		return 0;
	if (ctx != before)
		gossl_keep_functions(s, NULL);
	return 1;
}

gossl_result gossl_ssl_set_ssl_ctx(gossl_ssl *s, SSL_CTX *ctx)
{
	return GOSSL_SSL(s, ACTS | PUSHES, set_ssl_ctx(s, ctx), r.ret == 0);
}

static SSL_CTX *get1_ssl_ctx(const SSL *ssl)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

	SSL_CTX_up_ref(ctx);
	return ctx;
}

gossl_object gossl_ssl_get_ssl_ctx(gossl_ssl *s)
{
	return GOSSL_OBJECT(s, READS, get1_ssl_ctx(s->ssl), 0);
}

gossl_result gossl_ssl_set_ssl_method(gossl_ssl *s, const SSL_METHOD *method)
{
	return GOSSL_SSL(s, ACTS | RESETS | PUSHES, SSL_set_ssl_method(s->ssl, method), (s->dead = r.ret == 0));
}

static long get(SSL *ssl, int what)
{
	switch (what) {
	case GOSSL_REUSED:
		return SSL_session_reused(ssl);
	case GOSSL_VERIFY_RESULT:
		return SSL_get_verify_result(ssl);
	case GOSSL_VERSION:
		return SSL_version(ssl);
	case GOSSL_IN_INIT:
		return SSL_in_init(ssl);
	case GOSSL_IN_BEFORE:
		return SSL_in_before(ssl);
	case GOSSL_IS_INIT_FINISHED:
		return SSL_is_init_finished(ssl);
	case GOSSL_IS_SERVER:
		return SSL_is_server(ssl);
	case GOSSL_SHUTDOWN_STATE:
		return SSL_get_shutdown(ssl);
	case GOSSL_QUIET_SHUTDOWN:
		return SSL_get_quiet_shutdown(ssl);
	case GOSSL_PENDING:
		return SSL_pending(ssl);
	case GOSSL_EARLY_DATA_STATUS:
		return SSL_get_early_data_status(ssl);
	case GOSSL_NUM_TICKETS:
		return (long)SSL_get_num_tickets(ssl);
	case GOSSL_RENEGOTIATE_PENDING:
		return SSL_renegotiate_pending(ssl);
	case GOSSL_HELLO_IS_V2:
		return SSL_client_hello_isv2(ssl);
	case GOSSL_HELLO_LEGACY_VERSION:
		return SSL_client_hello_get0_legacy_version(ssl);
	}
	return -1;
}

gossl_result gossl_ssl_get(gossl_ssl *s, int what)
{
	return GOSSL_SSL(s, READS, get(s->ssl, what), 0);
}

static long set(gossl_ssl *s, int what, long value)
{
	switch (what) {
	case GOSSL_VERIFY_RESULT:
		SSL_set_verify_result(s->ssl, value);
		return 1;
	case GOSSL_VERIFY_MODE:
		SSL_set_verify(s->ssl, (int)value, SSL_get_verify_callback(s->ssl));
		return 1;
	case GOSSL_SHUTDOWN_STATE:
		SSL_set_shutdown(s->ssl, (int)value);
		return 1;
	case GOSSL_QUIET_SHUTDOWN:
		SSL_set_quiet_shutdown(s->ssl, (int)value);
		return 1;
	case GOSSL_CONNECT_STATE:
		s->dropped = s->stillborn = 0;
		SSL_set_connect_state(s->ssl);
		return 1;
	case GOSSL_ACCEPT_STATE:
		s->dropped = s->stillborn = 0;
		SSL_set_accept_state(s->ssl);
		return 1;
	case GOSSL_RENEGOTIATE:
		return value ? SSL_renegotiate_abbreviated(s->ssl) : SSL_renegotiate(s->ssl);
	case GOSSL_NUM_TICKETS:
		return SSL_set_num_tickets(s->ssl, (size_t)value);
	case GOSSL_MAX_EARLY_DATA:
		return SSL_set_max_early_data(s->ssl, (uint32_t)value);
	}
	return 0;
}

gossl_result gossl_ssl_set(gossl_ssl *s, int what, long value)
{
	int resets = what == GOSSL_CONNECT_STATE || what == GOSSL_ACCEPT_STATE;

	return GOSSL_SSL(s, ACTS | PUSHES | (resets ? RESETS : 0), set(s, what, value), r.ret == 0);
}

gossl_result gossl_ssl_ctrl(gossl_ssl *s, int cmd, long larg, char *parg, int failure_is_zero)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_ctrl(s->ssl, cmd, larg, parg), failure_is_zero && r.ret == 0);
}

gossl_result gossl_ssl_options(gossl_ssl *s, unsigned long set, unsigned long clear)
{
	return GOSSL_SSL(s, ACTS, (SSL_clear_options(s->ssl, clear), SSL_set_options(s->ssl, set)), 0);
}

gossl_result gossl_ssl_set_cipher_list(gossl_ssl *s, const char *list)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_set_cipher_list(s->ssl, list), r.ret == 0);
}

gossl_result gossl_ssl_set_ciphersuites(gossl_ssl *s, const char *list)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_set_ciphersuites(s->ssl, list), r.ret == 0);
}

gossl_result gossl_ssl_set_session_id_context(gossl_ssl *s, const unsigned char *id, unsigned int len)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_set_session_id_context(s->ssl, id, len), r.ret != 1);
}

gossl_result gossl_ssl_has_matching_session_id(gossl_ssl *s, const unsigned char *id, unsigned int len)
{
	return GOSSL_SSL(s, ACTS | CACHES, SSL_has_matching_session_id(s->ssl, id, len), 0);
}

/* The one function of the family that returns 0 for success. */
gossl_result gossl_ssl_set_alpn_protos(gossl_ssl *s, const unsigned char *protos, unsigned int len)
{
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_set_alpn_protos(s->ssl, protos, len), r.ret != 0);
}

static char *copy_servername(const SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	return name != NULL ? strdup(name) : NULL;
}

/* From malloc: libssl's string may die with the next call on the SSL. */
gossl_object gossl_ssl_get_servername(gossl_ssl *s)
{
	return GOSSL_OBJECT(s, NAMES, copy_servername(s->ssl), 0);
}
