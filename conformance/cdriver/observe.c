/* What the trace shows of objects. Nothing here changes them. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "driver.h"

/* Where the reference counter is in an object of each kind. */
static size_t counter_at[KIND_SESSION + 1];

static int counter(const void *object, size_t at)
{
	return __atomic_load_n((const int *)((const char *)object + at), __ATOMIC_RELAXED);
}

/* The counter is the one aligned int that goes 1,2,3,2,1 around up_ref, up_ref, free, free. */
static size_t find_counter(enum kind kind, void *object)
{
	static const int steps[] = { 1, 2, 3, 2, 1 };
	size_t size = malloc_usable_size(object), found = 0, at;
	bool *possible = must_alloc(size);
	int candidates = 0;

	memset(possible, true, size);
	for (int i = 0; i < 5; i++) {
		if (i == 1 || i == 2)
			take(kind, object);
		else if (i > 2)
			drop(kind, object);
		for (at = 0; at + sizeof(int) <= size; at += sizeof(int))
			possible[at] = possible[at] && counter(object, at) == steps[i];
	}
	for (at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
		if (possible[at]) {
			found = at;
			candidates++;
		}
	}
	free(possible);
	if (candidates != 1) {
		fprintf(stderr, "cdriver: %d reference counters found in an object, want 1\n", candidates);
		exit(1);
	}
	return found;
}

void calibrate(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;
	SSL_SESSION *session = SSL_SESSION_new();

	if (ssl == NULL || session == NULL) {
		fputs("cdriver: libssl makes no objects\n", stderr);
		exit(1);
	}
	counter_at[KIND_SSL] = find_counter(KIND_SSL, ssl);
	counter_at[KIND_SESSION] = find_counter(KIND_SESSION, session);
	SSL_SESSION_free(session);
	SSL_free(ssl);
	counter_at[KIND_CTX] = find_counter(KIND_CTX, ctx);
	SSL_CTX_free(ctx);
	ERR_clear_error(); /* makes the thread's queue, too, which else would count as an allocation */
}

int refs(enum kind kind, const void *object)
{
	return counter(object, counter_at[kind]);
}

const char *name_of(enum kind kind, const void *object, bool freed_too)
{
	const char *freed = NULL;

	for (int i = 0; i < running->name_count; i++) {
		const struct name *n = &running->names[i];

		if (n->kind != kind || n->object != object || n->dead)
			continue;
		if (n->owned)
			return n->word;
		if (freed == NULL)
			freed = n->word;
	}
	return freed_too ? freed : NULL;
}

typedef const unsigned char *field_fn(const SSL_SESSION *session, size_t *len);

static const unsigned char *get_id(const SSL_SESSION *session, size_t *len)
{
	unsigned int n;
	const unsigned char *id = SSL_SESSION_get_id(session, &n);

	*len = n;
	return id;
}

static const unsigned char *get_ticket(const SSL_SESSION *session, size_t *len)
{
	const unsigned char *ticket;

	SSL_SESSION_get0_ticket(session, &ticket, len);
	return ticket;
}

/* The key is a copy, one session's at a time; key_of is compared by value before the next one is read. */
static const unsigned char *get_key(const SSL_SESSION *session, size_t *len)
{
	static unsigned char key[1024];

	*len = SSL_SESSION_get_master_key(session, key, sizeof(key));
	return key;
}

/* The oldest live session whose field has this value. */
static const char *session_by(field_fn *get, const unsigned char *want, size_t want_len)
{
	unsigned char copy[1024]; /* get_key's buffer is used again; longer fields are not copies */

	if (want_len == 0)
		return "";
	if (get == get_key)
		want = memcpy(copy, want, want_len);
	for (int i = 0; i < running->name_count; i++) {
		const struct name *n = &running->names[i];
		const unsigned char *field;
		size_t len;

		if (n->kind != KIND_SESSION || !n->owned || n->dead || n->object == NULL)
			continue;
		field = get(n->object, &len);
		if (len == want_len && memcmp(field, want, len) == 0)
			return n->word;
	}
	return "?";
}

const char *session_by_id(const unsigned char *id, size_t len)
{
	return session_by(get_id, id, len);
}

const char *session_by_ticket(const unsigned char *ticket, size_t len)
{
	return session_by(get_ticket, ticket, len);
}

const char *version_name(int version)
{
	static char other[16];

	switch (version) {
	case 0:
		return "0";
	case TLS1_VERSION:
		return "1.0";
	case TLS1_1_VERSION:
		return "1.1";
	case TLS1_2_VERSION:
		return "1.2";
	case TLS1_3_VERSION:
		return "1.3";
	case DTLS1_VERSION:
		return "dtls1.0";
	case DTLS1_2_VERSION:
		return "dtls1.2";
	}
	snprintf(other, sizeof(other), "0x%x", (unsigned)version);
	return other;
}

static void member_by(struct text *t, const char *name, const SSL_SESSION *session, field_fn *get)
{
	size_t len;
	const unsigned char *field = get(session, &len);

	text_member(t, name, session_by(get, field, len));
}

static void session_state(struct text *t, const SSL_SESSION *session)
{
	const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(session);
	const char *host = SSL_SESSION_get0_hostname(session);
	const unsigned char *alpn;
	size_t alpn_len;

	text_number(t, "refs", refs(KIND_SESSION, session));
	text_number(t, "resumable", SSL_SESSION_is_resumable(session));
	member_by(t, "id", session, get_id);
	text_member(t, "version", version_name(SSL_SESSION_get_protocol_version(session)));
	text_member(t, "cipher", cipher ? SSL_CIPHER_get_name(cipher) : "");
	member_by(t, "ticket", session, get_ticket);
	text_number(t, "timeout", SSL_SESSION_get_timeout(session));
	text_number(t, "early", SSL_SESSION_get_max_early_data(session));
	text_member(t, "host", host ? host : "");
	SSL_SESSION_get0_alpn_selected(session, &alpn, &alpn_len);
	text_item(t);
	text_add(t, "\"alpn\":");
	text_string(t, alpn, alpn_len);
	member_by(t, "key", session, get_key);
}

static void ssl_state(struct text *t, const SSL *ssl)
{
	const SSL_SESSION *session = SSL_get_session(ssl);
	const char *name = session ? name_of(KIND_SESSION, session, false) : "";

	text_number(t, "refs", refs(KIND_SSL, ssl));
	text_member(t, "session", name ? name : "?");
	text_number(t, "sessrefs", session ? refs(KIND_SESSION, session) : 0);
	text_number(t, "reused", SSL_session_reused(ssl));
	text_number(t, "verify", SSL_get_verify_result(ssl));
	text_member(t, "version", version_name(SSL_version(ssl)));
	text_number(t, "init", SSL_in_init(ssl));
	text_number(t, "before", SSL_in_before(ssl));
	text_number(t, "shutdown", SSL_get_shutdown(ssl));
}

static void ctx_state(struct text *t, SSL_CTX *ctx)
{
	const struct {
		const char *name;
		long value;
	} counts[] = {
		{ "number", SSL_CTX_sess_number(ctx) },
		{ "connect", SSL_CTX_sess_connect(ctx) },
		{ "connect_good", SSL_CTX_sess_connect_good(ctx) },
		{ "connect_renegotiate", SSL_CTX_sess_connect_renegotiate(ctx) },
		{ "accept", SSL_CTX_sess_accept(ctx) },
		{ "accept_good", SSL_CTX_sess_accept_good(ctx) },
		{ "accept_renegotiate", SSL_CTX_sess_accept_renegotiate(ctx) },
		{ "hits", SSL_CTX_sess_hits(ctx) },
		{ "cb_hits", SSL_CTX_sess_cb_hits(ctx) },
		{ "misses", SSL_CTX_sess_misses(ctx) },
		{ "timeouts", SSL_CTX_sess_timeouts(ctx) },
		{ "cache_full", SSL_CTX_sess_cache_full(ctx) },
	};

	text_number(t, "refs", refs(KIND_CTX, ctx));
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (counts[i].value != 0)
			text_number(t, counts[i].name, counts[i].value);
}

void now_write(struct text *t)
{
	struct text all = { 0 };

	text_add(&all, ",\"now\":{");
	for (int i = 0; i < running->name_count; i++) {
		struct name *n = &running->names[i];
		struct text state = { 0 };

		if (n->object == NULL || !n->owned || n->dead)
			continue;
		text_add(&state, "{");
		if (n->kind == KIND_SESSION)
			session_state(&state, n->object);
		else if (n->kind == KIND_SSL)
			ssl_state(&state, n->object);
		else
			ctx_state(&state, n->object);
		text_add(&state, "}");
		if (n->shown != NULL && strcmp(n->shown, state.at) == 0) {
			text_clear(&state);
			continue;
		}
		text_item(&all);
		text_add(&all, "\"%s\":%s", n->word, state.at);
		free(n->shown);
		n->shown = state.at;
	}
	if (all.at[all.len - 1] != '{')
		text_add(t, "%s}", all.at);
	text_clear(&all);
}
