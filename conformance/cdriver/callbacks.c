/* Session callbacks and the deaths of objects: the events of `cb`, in the order in which they began. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

/* An event is written as it begins, but for `in`, which its nested operation adds when it is done. */
struct event {
	struct text begin, in;
};

enum { MAX_EVENTS = 4096 };
static struct event events[MAX_EVENTS + 1]; /* the last one takes what is too much */
static int event_count;

/* Where libssl loops for ever, and 3.0 does so with callbacks, the trace has to say timeout: so too many are no error here. */
static struct event *event_add(void)
{
	struct event *e = &events[event_count < MAX_EVENTS ? event_count++ : MAX_EVENTS];

	text_clear(&e->begin);
	text_clear(&e->in);
	return e;
}

void events_write(struct text *t)
{
	if (event_count == 0)
		return;
	if (event_count == MAX_EVENTS) {
		fputs("cdriver: too many callbacks in one operation\n", stderr);
		exit(1);
	}
	text_add(t, ",\"cb\":[");
	for (int i = 0; i < event_count; i++) {
		text_item(t);
		text_add(t, "%s%s}", text_get(&events[i].begin), text_get(&events[i].in));
		text_clear(&events[i].begin);
		text_clear(&events[i].in);
	}
	text_add(t, "]");
	event_count = 0;
}

/*
 * libssl calls this for every object of the class, whether or not a value was ever set: so none is, and neither memory
 * nor copies of the value have to be thought of.
 */
static void on_death(void *parent, void *value, CRYPTO_EX_DATA *ad, int index, long kind, void *arg)
{
	const char *word;

	(void)value, (void)ad, (void)index, (void)arg;
	if (running == NULL)
		return;
	if (kind == KIND_SESSION && (word = name_of(KIND_SESSION, parent, true)) != NULL) {
		struct event *e = event_add();

		text_add(&e->begin, "{");
		text_member(&e->begin, "freed", word);
	}
	for (int i = 0; i < running->name_count; i++)
		if (running->names[i].kind == (enum kind)kind && running->names[i].object == parent)
			running->names[i].dead = true;
}

void watch_deaths(void)
{
	CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, KIND_CTX, NULL, NULL, NULL, on_death);
	CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, KIND_SSL, NULL, NULL, NULL, on_death);
	CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_SESSION, KIND_SESSION, NULL, NULL, NULL, on_death);
}

/* What "on" installed, by SSL_CTX. */
struct hook {
	SSL_CTX *ctx;
	enum hook_kind kind;
	struct op *op;
};

static struct hook hooks[64];
static int hook_count;

static struct hook *hook_of(SSL_CTX *ctx, enum hook_kind kind)
{
	for (int i = 0; i < hook_count; i++)
		if (hooks[i].ctx == ctx && hooks[i].kind == kind)
			return &hooks[i];
	return NULL;
}

SSL_CTX *home_of(const SSL *ssl)
{
	for (int i = 0; i < running->name_count; i++)
		if (running->names[i].object == ssl && !running->names[i].dead)
			return running->names[i].home;
	return SSL_get_SSL_CTX(ssl);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The live SSLs whose session this is. */
static void current_write(struct text *t, const SSL_SESSION *session)
{
	const char **words = must_alloc((size_t)running->name_count * sizeof(*words));
	size_t count = 0;

	for (int i = 0; i < running->name_count; i++) {
		const struct name *n = &running->names[i];

		if (n->kind == KIND_SSL && n->owned && !n->dead && n->object && SSL_get_session(n->object) == session)
			words[count++] = n->word;
	}
	qsort(words, count, sizeof(*words), by_word);
	text_add(t, ",\"current\":[");
	for (size_t i = 0; i < count; i++) {
		text_item(t);
		text_add(t, "\"%s\"", words[i]);
	}
	text_add(t, "]");
	free(words);
}

static const char *known(enum kind kind, const void *object)
{
	const char *word = name_of(kind, object, true);

	return word ? word : "?";
}

/* Executes the operation of a callback, but not inside itself. */
static void nest(struct event *e, struct op *op)
{
	if (op->nested == NULL || op->busy || !names_live(op->nested))
		return;
	op->busy = true;
	text_add(&e->in, ",\"in\":");
	run_nested(op->nested, &e->in);
	op->busy = false;
}

/* ssl is NULL for remove, session for get. */
static void call(enum hook_kind kind, SSL_CTX *ctx, const SSL *ssl, const SSL_SESSION *session)
{
	static const char *const words[] = { "new", "remove", "get" };
	struct hook *hook = hook_of(ctx, kind);
	struct event *e = event_add();

	text_add(&e->begin, "{");
	text_member(&e->begin, "cb", words[kind]);
	text_member(&e->begin, "ctx", known(KIND_CTX, ctx));
	if (ssl != NULL)
		text_member(&e->begin, "ssl", known(KIND_SSL, ssl));
	if (session != NULL) {
		text_member(&e->begin, "sess", known(KIND_SESSION, session));
		text_number(&e->begin, "refs", refs(KIND_SESSION, session));
		text_number(&e->begin, "resumable", SSL_SESSION_is_resumable(session));
		current_write(&e->begin, session);
	}
	if (hook != NULL)
		nest(e, hook->op);
}

void event_ssl(struct op *op, const char *cb, const SSL *ssl, const void *data, size_t len)
{
	struct event *e = event_add();

	text_add(&e->begin, "{");
	text_member(&e->begin, "cb", cb);
	text_member(&e->begin, "ssl", known(KIND_SSL, ssl));
	text_add(&e->begin, ",\"data\":");
	text_string(&e->begin, data, len);
	nest(e, op);
}

static int on_new(SSL *ssl, SSL_SESSION *session)
{
	call(HOOK_NEW, home_of(ssl), ssl, session);
	SSL_SESSION_free(session);
	return 1;
}

static void on_remove(SSL_CTX *ctx, SSL_SESSION *session)
{
	call(HOOK_REMOVE, ctx, NULL, session);
}

static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	SSL_CTX *home = home_of(ssl);
	struct hook *hook = hook_of(home, HOOK_GET);
	int served = hook ? hook->op->served : -1;

	(void)id, (void)len;
	call(HOOK_GET, home, ssl, NULL);
	*copy = 1;
	return served >= 0 && running->names[served].owned ? running->names[served].object : NULL;
}

void compose_on(struct op *op, struct result *r)
{
	SSL_CTX *ctx = object(op, 0);
	struct hook *hook = hook_of(ctx, op->hook);

	(void)r;
	if (hook == NULL) {
		if (hook_count == sizeof(hooks) / sizeof(*hooks))
			usage_error(op->file, op->line, "too many callbacks in one scenario");
		hook = &hooks[hook_count++];
	}
	*hook = (struct hook){ .ctx = ctx, .kind = op->hook, .op = op };
	switch (op->hook) {
	case HOOK_NEW:
		SSL_CTX_sess_set_new_cb(ctx, op->off ? NULL : on_new);
		break;
	case HOOK_REMOVE:
		SSL_CTX_sess_set_remove_cb(ctx, op->off ? NULL : on_remove);
		break;
	case HOOK_GET:
		SSL_CTX_sess_set_get_cb(ctx, op->off ? NULL : on_get);
		break;
	}
}
