/*
 * libsslstore: TLS sessions of OpenSSL 1.1.1, kept by a library that is written in Go, for C programs that own their SSL_CTX, SSL and SSL_SESSION.
 *
 * Ownership is written at each argument, in the words of OpenSSL:
 *
 *	taken     the reference that you own is the library's when the call returns, also if it fails     (…0)
 *	shared    the library takes a reference of its own; yours stays yours                             (…1)
 *	lent      used until the call returns, and not kept
 *	given     the reference that you get is yours: free it
 *
 * The error queue of the calling thread, errno and SSL_get_error() are after each call what they would be if you had called libssl yourself: what libssl
 * pushed is there, what was there before is left (a handshake clears it, as in C). The library itself pushes nothing: a 0 or NULL with no entry
 * means that libssl was not called, and the comment says when.
 *
 * All functions may be called by any thread, also several at once, and within callbacks of libssl; one SSL by one thread at a time, as in C. They must
 * not be called in a child after fork() without exec(): Go's threads are not there.
 *
 * The library cannot be unloaded: dlclose() returns 0 and leaves it. The program's handlers of SIGPIPE and the like stay; see docs/LEGACY.md.
 */
#ifndef SSLSTORE_H
#define SSLSTORE_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A store of sessions by key. It is a number, so that one that was freed, and 0, are recognised: functions return 0 or NULL then. */
typedef uintptr_t sslstore;

/* Keys are text of at most this many bytes. A key names the peer that the session was verified for: resumption does not verify again. */
#define SSLSTORE_MAX_KEY 255

typedef const char sslstore_text; /* cgo knows no const */
typedef const void sslstore_bytes;

/*
 * Called for each new session of a client: returns the key to keep it by, or NULL not to. The text is copied at once.
 *	ssl, session   lent; SSL_SESSION_up_ref() what you keep
 *	arg            what sslstore_attach() was given
 * It runs inside the SSL_read(), handshake or SSL_shutdown() that found the session, on that thread. It must return: no longjmp(), no C++ exception.
 */
typedef sslstore_text *sslstore_key_fn(SSL *ssl, SSL_SESSION *session, void *arg);

/* Called for each session of a store. It may use the store. It must return, too.
 *	key, session   lent
 *	arg            what sslstore_each() was given */
typedef void sslstore_each_fn(sslstore_text *key, SSL_SESSION *session, void *arg);

enum sslstore_kind { SSLSTORE_SSL, SSLSTORE_CTX, SSLSTORE_SESSION };

/* Makes a store of at most max sessions; the one that was not used for longest gives way. 0 if max is 0. */
sslstore sslstore_new(size_t max);

/* Frees the store's references to its sessions. SSL_CTXs that it is attached to are left alone, and then have no cache. Freeing 0, or twice, does nothing. */
void sslstore_free(sslstore store);

/*
 * Keep session by key, instead of the one that was there; NULL removes that. Return 1, or 0: no such store, no key, a key too long.
 *	key       lent
 *	session   put0: taken, also if 0 is returned; put1: shared
 */
int sslstore_put0(sslstore store, sslstore_text *key, SSL_SESSION *session);
int sslstore_put1(sslstore store, sslstore_text *key, SSL_SESSION *session);

/*
 * The session of key, which stays in the store; NULL if there is none. A session that has been flagged as not resumable is dropped and not returned.
 *	key       lent
 *	returns   given: SSL_SESSION_free() it
 */
SSL_SESSION *sslstore_get1(sslstore store, sslstore_text *key);

/* Calls f for the sessions that are there now, the last used first. Returns how many calls that were.
 *	f, arg    lent */
int sslstore_each(sslstore store, sslstore_each_fn *f, void *arg);

/*
 * Makes the store the cache of ctx: its own is off from now on (SSL_SESS_CACHE_NO_INTERNAL), and its new-session and get-session callbacks are
 * replaced. Sessions of clients are kept by the key that f returns, none if f is NULL. Sessions of servers that libssl looks up by id, since there
 * are no tickets (SSL_OP_NO_TICKET), are kept by their id in lower-case hex, and found again; those that are in tickets are not kept. Store 0 removes
 * both callbacks, whosever they are; the cache of ctx stays off.
 * A server that takes early data resumes nothing then, unless it sets SSL_OP_NO_ANTI_REPLAY: libssl's guard against replay is its own cache.
 * Returns 1, or 0: no such store, ctx NULL.
 *	ctx       lent; several may share a store
 *	f, arg    kept until the next call for ctx, or the end of ctx
 */
int sslstore_attach(sslstore store, SSL_CTX *ctx, sslstore_key_fn *f, void *arg);

/*
 * SSL_do_handshake(). A client that has not begun is first given the session of key with SSL_set_session(), if there is one. A session of TLS 1.3 is removed
 * from the store with that, as its ticket is to be used once. SSL_session_reused() tells whether the server took it. Shut the connection down before
 * SSL_free(), or libssl flags its session. Returns what SSL_do_handshake() returns: ask SSL_get_error() what to do, and call again if that is
 * SSL_ERROR_WANT_READ or SSL_ERROR_WANT_WRITE. Returns 0 if SSL_set_session() did, or ssl is NULL.
 *	key       lent; NULL to offer none, and for servers
 *	ssl       lent
 */
int sslstore_handshake(sslstore store, sslstore_text *key, SSL *ssl);

/*
 * Whether libssl offers session when it is set on the client ssl, or after the handshake whether it was resumed. Returns 1 if so and 0 if not, with a sentence
 * that says why in buf, as far as that is long enough, with its NUL. OpenSSL never tells.
 *	ssl       lent
 *	session   lent; NULL for the one that ssl has: after a full handshake that is the new one, so pass the one that you had set
 *	buf       size bytes of yours, or NULL
 */
int sslstore_explain(SSL *ssl, SSL_SESSION *session, char *buf, size_t size);

/*
 * The session that was encoded by i2d_SSL_SESSION() or PEM_write_SSL_SESSION(), in either form; NULL if there is none, with what d2i or PEM pushed.
 * Without an entry: bytes follow the DER, or it is more than a megabyte.
 *	p         lent, n bytes
 *	returns   given: SSL_SESSION_free() it
 */
SSL_SESSION *sslstore_parse(sslstore_bytes *p, size_t n);

/* For diagnosis. How many references the library owns of all objects of this kind; -1 for another kind. */
long sslstore_live(enum sslstore_kind kind);

/* For diagnosis. OpenSSL's own reference count of an object, for which it has no function; -1 if it cannot be found.
 *	object    lent, and of that kind */
int sslstore_refs(enum sslstore_kind kind, void *object);

#ifdef __cplusplus
}
#endif

#endif
