/* The operations that are one call of libssl, and what all operations share. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "driver.h"

void *object(const struct op *op, int i)
{
	int name = op->arg[i].name;

	return name < 0 ? NULL : running->names[name].object;
}

bool names_live(const struct op *op)
{
	for (int i = 0; i < op->count; i++) {
		const struct value *v = &op->arg[i];

		if (v->name >= 0 && running->names[v->name].object != NULL && !running->names[v->name].owned)
			return false;
	}
	return true;
}

const char *path_of(const struct op *op, int i)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", data_dir, op->arg[i].word);
	return path;
}

void result_number(struct result *r, long long n)
{
	r->has_ret = true;
	r->ret = n;
}

/* session_ctx is the SSL_CTX that SSL_new was given, whatever SSL_set_SSL_CTX does later. */
static SSL_CTX *home_of_new(const SSL *ssl)
{
	for (int i = 0; i < running->name_count; i++)
		if (running->names[i].object == ssl && !running->names[i].dead && running->names[i].home != NULL)
			return running->names[i].home; /* a second reference */
	return SSL_get_SSL_CTX(ssl);
}

void bind_object(struct op *op, struct result *r, void *made)
{
	struct name *n = &running->names[op->makes];

	result_number(r, made != NULL);
	if (made == NULL)
		return;
	if (n->kind == KIND_SSL)
		n->home = home_of_new(made);
	n->object = made;
	n->owned = true;
}

const char *error_name(int error)
{
	static const char *const names[] = { [SSL_ERROR_NONE] = "NONE",
					     [SSL_ERROR_SSL] = "SSL",
					     [SSL_ERROR_WANT_READ] = "WANT_READ",
					     [SSL_ERROR_WANT_WRITE] = "WANT_WRITE",
					     [SSL_ERROR_WANT_X509_LOOKUP] = "WANT_X509_LOOKUP",
					     [SSL_ERROR_SYSCALL] = "SYSCALL",
					     [SSL_ERROR_ZERO_RETURN] = "ZERO_RETURN",
					     [SSL_ERROR_WANT_CONNECT] = "WANT_CONNECT",
					     [SSL_ERROR_WANT_ACCEPT] = "WANT_ACCEPT",
					     [SSL_ERROR_WANT_ASYNC] = "WANT_ASYNC",
					     [SSL_ERROR_WANT_ASYNC_JOB] = "WANT_ASYNC_JOB",
					     [SSL_ERROR_WANT_CLIENT_HELLO_CB] = "WANT_CLIENT_HELLO_CB",
					     VERSION_ERRORS };

	return error >= 0 && error < (int)(sizeof(names) / sizeof(*names)) && names[error] ? names[error] : "?";
}

static void result_io(struct result *r, SSL *ssl, int ret)
{
	r->error = error_name(SSL_get_error(ssl, ret));
	result_number(r, ret);
}

void result_data(struct result *r, const void *data, size_t len)
{
	r->has_data = true;
	text_string(&r->data, data, len);
}

static const char *string(const struct op *op, int i)
{
	return op->arg[i].word;
}

static long number(const struct op *op, int i)
{
	const struct value *v = &op->arg[i];

	return (long)(v->relative ? (long long)time(NULL) + v->number : v->number);
}

#define K(i) ((SSL_CTX *)object(op, i))
#define S(i) ((SSL *)object(op, i))
#define A(i) ((SSL_SESSION *)object(op, i))
#define N(i) number(op, i)
#define W(i) string(op, i)
#define L(i) ((unsigned)op->arg[i].len)
#define X(i) (op->arg[i].bytes)
#define F(i) path_of(op, i)
#define M(i) op->arg[i].method()

static void run_read(struct op *op, struct result *r)
{
	char buffer[256];
	int n = SSL_read(S(0), buffer, sizeof(buffer));

	result_io(r, S(0), n);
	result_data(r, buffer, n > 0 ? (size_t)n : 0);
}

static void run_peek(struct op *op, struct result *r)
{
	char buffer[256];
	int n = SSL_peek(S(0), buffer, sizeof(buffer));

	result_io(r, S(0), n);
	result_data(r, buffer, n > 0 ? (size_t)n : 0);
}

static void run_read_early(struct op *op, struct result *r)
{
	char buffer[256];
	size_t n = 0;

	result_io(r, S(0), SSL_read_early_data(S(0), buffer, sizeof(buffer), &n));
	result_data(r, buffer, n);
}

static void run_write_early(struct op *op, struct result *r)
{
	size_t written;

	result_io(r, S(0), SSL_write_early_data(S(0), W(1), L(1), &written));
}

static void run_set_ssl_ctx(struct op *op, struct result *r)
{
	SSL_set_SSL_CTX(S(0), K(1));
	result_number(r, SSL_get_SSL_CTX(S(0)) == K(1));
}

/* One protocol, as the extension has it: a byte of length before it. */
static void run_set_alpn(struct op *op, struct result *r)
{
	unsigned char protos[256];
	unsigned len = L(1);

	if (len == 0) {
		result_number(r, SSL_set_alpn_protos(S(0), (const unsigned char *)W(1), 0));
		return;
	}
	protos[0] = (unsigned char)len; /* script.c lets no word of this length through */
	memcpy(protos + 1, W(1), len);
	result_number(r, SSL_set_alpn_protos(S(0), protos, len + 1));
}

static void run_get_servername(struct op *op, struct result *r)
{
	const char *name = SSL_get_servername(S(0), TLSEXT_NAMETYPE_host_name);

	result_number(r, name != NULL);
	result_data(r, name ? name : "", name ? strlen(name) : 0);
}

static void run_has_matching(struct op *op, struct result *r)
{
	unsigned int len;
	const unsigned char *id = SSL_SESSION_get_id(A(1), &len);

	result_number(r, SSL_has_matching_session_id(S(0), id, len));
}

/* It returns its argument; what depends on the clock is not for a trace. */
static void run_set_time(struct op *op, struct result *r)
{
	long want = N(1), got = SSL_SESSION_set_time(A(0), want);

	result_number(r, op->arg[1].relative && got == want ? 1 : got);
}

#define INT(name, words, expression)                           \
	static void do_##name(struct op *op, struct result *r) \
	{                                                      \
		(void)op;                                      \
		result_number(r, (long long)(expression));     \
	}
#define VOID(name, words, expression)                          \
	static void do_##name(struct op *op, struct result *r) \
	{                                                      \
		(void)r;                                       \
		expression;                                    \
	}
#define IO(name, words, expression)                            \
	static void do_##name(struct op *op, struct result *r) \
	{                                                      \
		int ret = expression;                          \
		result_io(r, S(0), ret);                       \
	}
#define NEW(kind, name, words, expression)                     \
	static void do_##name(struct op *op, struct result *r) \
	{                                                      \
		bind_object(op, r, expression);                \
	}
#define OWN(name, words, kind, function)
#include "ops.def"
#undef INT
#undef VOID
#undef IO
#undef NEW
#undef OWN

#define INT(name, words, expression) { #name, words, KIND_NONE, do_##name },
#define VOID(name, words, expression) { #name, words, KIND_NONE, do_##name },
#define IO(name, words, expression) { #name, words, KIND_NONE, do_##name },
#define NEW(kind, name, words, expression) { #name, words, kind, do_##name },
#define OWN(name, words, kind, function) { #name, words, kind, function },
static const struct opdef table[] = {
#include "ops.def"
};

const struct opdef op_on = { "on", "", KIND_NONE, compose_on };

const struct opdef *op_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}
