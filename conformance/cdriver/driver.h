/*
 * The C driver of the conformance suite: what its files share. ../README.md specifies the script and the trace.
 *
 * version.h    what depends on the version of OpenSSL
 * text.c       JSON text
 * alloc.c      libcrypto's allocator, which can be told to fail
 * script.c     reads scripts and refuses what is wrong in them
 * ops.c        the operations, one row of ops.def each
 * family.c     operations of the session family that answer with more than a number
 * family_cb.c  callbacks of the session family other than the cache's
 * alone.c      operations that the binding leaves out
 * compose.c    the composites, which ops.def lists as well
 * callbacks.c  callbacks, deaths of objects
 * hello.c      ClientHellos among moved bytes
 * observe.c    states of objects
 * queue.c      the error queue
 * main.c       runs scenarios, each in a process of its own
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <openssl/ssl.h>

#include "version.h"

/* main.c */
__attribute__((noreturn)) int absent(const char *what);

/* text.c: a growing string. What it holds is JSON, or goes into JSON. It never uses libcrypto's allocator. */
struct text {
	char *at; /* NULL while empty */
	size_t len, room;
};

void text_bytes(struct text *t, const void *bytes, size_t len);
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_string(struct text *t, const void *bytes, size_t len);       /* as a JSON string, quotes included */
void text_item(struct text *t);                                        /* a comma, unless a list or an object has just been opened */
void text_member(struct text *t, const char *name, const char *value); /* ,"name":"value" */
void text_number(struct text *t, const char *name, long long value);   /* ,"name":value */
const char *text_get(const struct text *t);                            /* "" while empty */
void text_clear(struct text *t);
void *must_alloc(size_t size); /* zeroed, or the driver dies */

/* alloc.c */
void alloc_install(void);
void alloc_fail(long n);    /* the next alloc_begin arms this */
void alloc_begin(void);     /* libcrypto's allocations count from here … */
void alloc_end(void);       /* … to here */
bool alloc_pause(bool off); /* what the driver itself calls does not count; returns what it was */

/* script.c */
enum kind { KIND_NONE, KIND_CTX, KIND_SSL, KIND_SESSION, KIND_SAME /* as the first argument's */ };

struct name {
	char *word;
	enum kind kind;
	bool freed_in_script; /* only while the script is read */
	void *object;         /* NULL before it is bound, or bound to NULL */
	bool owned;           /* the driver holds a reference */
	bool dead;            /* the object is gone, so its address says nothing any more */
	SSL_CTX *home;        /* of an SSL: its session_ctx, which libssl does not tell */
	char *shown;          /* the state last shown */
};

struct value { /* a word of an operation, understood */
	const char *word;
	size_t len;
	int name; /* an index; -1 for NULL */
	long long number;
	bool relative; /* a time that starts with "now"; number is the difference */
	const SSL_METHOD *(*method)(void);
	unsigned char *bytes; /* of a HEX word, len of them */
};

struct op;
struct result;
typedef void op_fn(struct op *op, struct result *r);

/*
 * words: a letter an argument: k SSL_CTX, s SSL, a SSL_SESSION, o any object; n number, v version, t time, m method,
 * w string, f file of testdata, x hexadecimal bytes; + repeats the letter before it. The word NULL may stand for an
 * object and for a string. What stands after | is how a callback answers: instead of it, "off" removes the callback, and
 * with a colon behind its last word, an operation may follow that the callback executes.
 */
struct opdef {
	const char *name, *words;
	enum kind makes; /* KIND_NONE: returns no object that has to be named */
	op_fn *run;
};

enum { MAX_WORDS = 8 };
enum hook_kind { HOOK_NEW, HOOK_REMOVE, HOOK_GET };

struct op {
	const struct opdef *def;
	char *text; /* the line, blanks folded */
	const char *file;
	int line;
	int makes; /* index of the name that it binds, or -1 */
	int count;
	struct value arg[MAX_WORDS];
	bool off;            /* of a callback: it is removed */
	struct op *nested;   /* of a callback: what it executes */
	bool busy;           /* while it does */
	enum hook_kind hook; /* "on" only */
	int served;          /* on K get: A; -1 for NULL */
};

struct scenario {
	char *name;
	struct op *ops;
	size_t op_count;
	struct name *names; /* in order of birth */
	int name_count;
};

extern struct scenario *scenarios, *running; /* running: in the child */
extern size_t scenario_count;
extern const char *data_dir;

void script_read(const char *file); /* exits with status 2 if anything in it is wrong */
void script_read_from(const char *name, FILE *f);
__attribute__((format(printf, 3, 4), noreturn)) void usage_error(const char *file, int line, const char *format, ...);

/* ops.c */
struct result {
	bool has_ret, has_data, has_sides;
	long long ret;
	const char *error;
	struct text data, wire, queue, client, server; /* client and server only of a handshake */
};

const struct opdef *op_find(const char *name);
extern const struct opdef op_on;          /* its words follow no pattern, script.c knows them */
bool names_live(const struct op *op);     /* none of its objects was freed, by a nested operation or at the end */
void *object(const struct op *op, int i); /* the object that argument i names */
void bind_object(struct op *op, struct result *r, void *made);
const char *path_of(const struct op *op, int i); /* valid until the next call */
void result_number(struct result *r, long long n);
void result_data(struct result *r, const void *data, size_t len);
const char *error_name(int error);

/* compose.c */
op_fn compose_server, compose_client, compose_certificate, compose_link, compose_link_fd, compose_move, compose_handshake;
op_fn compose_eof, compose_inject, compose_fill, compose_reparse, compose_repem, compose_without_ems, compose_parse;
op_fn compose_up_ref, compose_free, compose_cert_is, compose_oom;
int take(enum kind kind, void *object);  /* up_ref */
void drop(enum kind kind, void *object); /* free */
void release(struct name *n);            /* drops the name's reference */
void close_sockets(void);

/* family.c */
op_fn family_get_id, family_get_id_context, family_get_cipher, family_set_cipher, family_get_hostname, family_get_alpn, family_get_ticket;
op_fn family_get_appdata, family_print, family_print_keylog, family_write_pem, family_parse_pem, family_get_ticket_keys;
op_fn family_get_psk_identity, family_get_psk_identity_hint, family_client_hello_id, family_get_ex_data;
int family_new_index(enum kind kind, int index); /* reports whether there is one, and keeps it */
int family_index(enum kind kind, long n);        /* the nth that the scenario made */

/* family_cb.c */
op_fn family_on_generate_id, family_on_not_resumable, family_on_early_data, family_on_ticket, family_on_ticket_key;
op_fn family_on_psk_client, family_on_psk_server, family_on_psk_use, family_on_psk_find;
op_fn family_on_info, family_on_client_cert, family_on_cookie, family_on_cookie_seen, family_on_stateless, family_on_stateless_seen;

/* alone.c */
op_fn alone_on_secret, alone_on_ticket_ext, alone_refile, alone_set_client_cert_engine;

/* callbacks.c */
op_fn compose_on;
void watch_deaths(void);                                                                     /* before any object is made */
SSL_CTX *home_of(const SSL *ssl);                                                            /* its session_ctx */
void event_ssl(struct op *op, const char *cb, const SSL *ssl, const void *data, size_t len); /* executes what op says */
void events_write(struct text *t);                                                           /* takes ,"cb":[…] if there were any */

/* hello.c */
void hello_find(struct text *wire, const unsigned char *bytes, size_t len, bool dtls);

/* observe.c */
void calibrate(void);
int refs(enum kind kind, const void *object);
const char *name_of(enum kind kind, const void *object, bool freed_too); /* the oldest; NULL if it has none */
const char *session_by_id(const unsigned char *id, size_t len);          /* "" for an empty id, "?" for an unknown one */
const char *session_by_ticket(const unsigned char *ticket, size_t len);
const char *version_name(int version); /* valid until the next call */
void now_write(struct text *t);        /* ,"now":{…} if anything changed */

/* queue.c */
enum { MAX_ERRORS = 16 }; /* what libcrypto keeps */

struct error {
	unsigned long code;
	const char *file;
	int line;
	char *data;
};

struct queue {
	int count;
	struct error at[MAX_ERRORS];
};

void queue_drain(struct text *t);                              /* writes [ … ] and clears the queue */
void queue_copy(struct queue *q);                              /* and leaves the queue as it is */
void queue_drain_beyond(struct text *t, struct queue *before); /* only what came after, and only that is cleared */

/* main.c */
void run_nested(struct op *op, struct text *t);

#endif
