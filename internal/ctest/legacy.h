/* What a C program does that has never heard of package libssl. */
#ifndef LEGACY_H
#define LEGACY_H

enum legacy_op {
	LEGACY_FREE_CTX,
	LEGACY_FREE_SSL,
	LEGACY_FREE_SESSION,
	LEGACY_FLUSH,
	LEGACY_ADD,
	LEGACY_REMOVE,
	LEGACY_SET_SESSION,
	LEGACY_SET_CTX,
	LEGACY_HANDSHAKE,
	LEGACY_WRITE,
	LEGACY_READ,
};

#define LEGACY_TEXT "written by C"

/* Objects with one reference, the caller's. */
void *legacy_ctx(int version, const char *cert, const char *key);
void *legacy_ssl(void *ctx, int server);
void *legacy_session(void);
void *legacy_dup(void *ssl);
int legacy_join(void *a, void *b);
int legacy_connect(void *client, void *server);

/* One function of libssl, called here or on a thread that C makes for it. */
long legacy_call(int op, void *p, void *q);
long legacy_call_on_thread(int op, void *p, void *q);

/* Session callbacks of C's own. */
enum legacy_callback {
	LEGACY_NEW,
	LEGACY_REMOVED,
	LEGACY_GET,
	LEGACY_CALLBACKS, /* count of the above */
};
void legacy_set_callbacks(void *ctx);
void legacy_remove_fails(void *ctx);
int legacy_has_callback(void *ctx, int which);
long legacy_callbacks_run(int which);

#endif
