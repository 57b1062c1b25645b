/* Reads scripts. All that can be wrong in one is found here, before anything runs. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

struct scenario *scenarios;
size_t scenario_count;

static const char *file; /* being read, with the number of the line, */
static int line;
static struct scenario *current; /* and its scenario */

void usage_error(const char *where, int number, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s:%d: ", where, number);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

#define WRONG(...) usage_error(file, line, __VA_ARGS__)

static char *copy(const char *s)
{
	return strcpy(must_alloc(strlen(s) + 1), s);
}

/* An array grows by one zeroed element. Everything read here lives as long as the process. */
static void *grow(void *array, size_t count, size_t size)
{
	char *p = realloc(array, (count + 1) * size);

	if (p == NULL)
		abort();
	memset(p + count * size, 0, size);
	return p;
}

/* Names of constants, as in openssl/ssl.h without SSL_. */
#define NAMED(name) { #name, (long long)SSL_##name },
static const struct {
	const char *name;
	long long value;
} constants[] = { NAMED(SENT_SHUTDOWN) NAMED(RECEIVED_SHUTDOWN) NAMED(SESS_CACHE_OFF) NAMED(SESS_CACHE_CLIENT) NAMED(SESS_CACHE_SERVER) NAMED(SESS_CACHE_BOTH)
		      NAMED(SESS_CACHE_NO_AUTO_CLEAR) NAMED(SESS_CACHE_NO_INTERNAL_LOOKUP) NAMED(SESS_CACHE_NO_INTERNAL_STORE) NAMED(SESS_CACHE_NO_INTERNAL)
			  NAMED(VERIFY_NONE) NAMED(VERIFY_PEER) NAMED(VERIFY_FAIL_IF_NO_PEER_CERT) NAMED(VERIFY_CLIENT_ONCE) NAMED(VERIFY_POST_HANDSHAKE)
			      NAMED(OP_ALL) NAMED(OP_ALLOW_NO_DHE_KEX) NAMED(OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION) NAMED(OP_CIPHER_SERVER_PREFERENCE)
				  NAMED(OP_COOKIE_EXCHANGE) NAMED(OP_DONT_INSERT_EMPTY_FRAGMENTS) NAMED(OP_ENABLE_MIDDLEBOX_COMPAT)
				      NAMED(OP_LEGACY_SERVER_CONNECT) NAMED(OP_NO_ANTI_REPLAY) NAMED(OP_NO_COMPRESSION) NAMED(OP_NO_DTLSv1)
					  NAMED(OP_NO_DTLSv1_2) NAMED(OP_NO_ENCRYPT_THEN_MAC) NAMED(OP_NO_QUERY_MTU) NAMED(OP_NO_RENEGOTIATION)
					      NAMED(OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION) NAMED(OP_NO_SSLv3) NAMED(OP_NO_TICKET) NAMED(OP_NO_TLSv1)
						  NAMED(OP_NO_TLSv1_1) NAMED(OP_NO_TLSv1_2) NAMED(OP_NO_TLSv1_3) NAMED(OP_PRIORITIZE_CHACHA)
						      NAMED(OP_TLSEXT_PADDING) NAMED(OP_TLS_ROLLBACK_BUG) VERSION_CONSTANTS };

#define METHODS(name) { #name "_method", name##_method }, { #name "_client_method", name##_client_method }, { #name "_server_method", name##_server_method },
static const struct {
	const char *name;
	const SSL_METHOD *(*method)(void);
} methods[] = { METHODS(TLS) METHODS(TLSv1) METHODS(TLSv1_1) METHODS(TLSv1_2) METHODS(DTLS) METHODS(DTLSv1) METHODS(DTLSv1_2) };

static const struct {
	const char *name;
	int value;
} versions[] = {
	{ "0", 0 },
	{ "1.0", TLS1_VERSION },
	{ "1.1", TLS1_1_VERSION },
	{ "1.2", TLS1_2_VERSION },
	{ "1.3", TLS1_3_VERSION },
	{ "dtls1.0", DTLS1_VERSION },
	{ "dtls1.2", DTLS1_2_VERSION },
};

/* Decimal or 0x… */
static bool parse_plain(const char *word, long long *n)
{
	const char *digits = word + (*word == '-' || *word == '+');
	bool hex = digits[0] == '0' && digits[1] == 'x';
	char *end;

	if (!isxdigit((unsigned char)digits[0]))
		return false;
	errno = 0;
	*n = strtoll(word, &end, hex ? 16 : 10);
	return *end == '\0' && end != word && errno == 0;
}

static long long parse_number(const char *word)
{
	long long all = 0, part = 0;
	char *parts = copy(word), *rest = parts, *one;

	while ((one = strsep(&rest, "|")) != NULL) {
		bool known = parse_plain(one, &part);

		for (size_t i = 0; !known && i < sizeof(constants) / sizeof(*constants); i++) {
			known = strcmp(one, constants[i].name) == 0;
			part = constants[i].value;
		}
		if (!known)
			WRONG("%s is neither a number nor the name of one", one);
		all |= part;
	}
	free(parts);
	return all;
}

static long long parse_version(const char *word)
{
	long long n;

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (strcmp(word, versions[i].name) == 0)
			return versions[i].value;
	if (strncmp(word, "0x", 2) != 0 || !parse_plain(word, &n))
		WRONG("%s is no version", word);
	return n;
}

static void parse_time(struct value *v)
{
	v->relative = strncmp(v->word, "now", 3) == 0;
	if (strcmp(v->word, "now") == 0)
		return;
	if (v->relative && v->word[3] != '+' && v->word[3] != '-')
		WRONG("%s is no time", v->word);
	if (!parse_plain(v->word + (v->relative ? 3 : 0), &v->number))
		WRONG("%s is no time", v->word);
}

/* HEX, or HEX*N for N times the same. */
static void parse_hex(struct value *v)
{
	size_t len = strcmp(v->word, "-") == 0 ? 0 : strcspn(v->word, "*"), bytes = len / 2;
	long long times = 1;

	if (strcmp(v->word, "NULL") == 0)
		return;
	if (v->word[len] == '*' && (!parse_plain(v->word + len + 1, &times) || times < 0 || times > 65536))
		WRONG("%s are no hexadecimal bytes", v->word);
	v->len = bytes * (size_t)times;
	v->bytes = must_alloc(v->len + bytes);
	for (size_t i = 0; i < len; i++) {
		char digit[] = { v->word[i], '\0' };

		if (!isxdigit((unsigned char)digit[0]) || len % 2 != 0)
			WRONG("%s are no hexadecimal bytes", v->word);
		v->bytes[i / 2] = (unsigned char)(v->bytes[i / 2] << 4 | strtol(digit, NULL, 16));
	}
	for (size_t i = bytes; i < v->len; i++)
		v->bytes[i] = v->bytes[i - bytes];
}

static int find_name(const char *word)
{
	for (int i = 0; i < current->name_count; i++)
		if (strcmp(current->names[i].word, word) == 0)
			return i;
	return -1;
}

static int parse_object(const char *word, enum kind kind)
{
	static const char *const kinds[] = { [KIND_CTX] = "an SSL_CTX", [KIND_SSL] = "an SSL", [KIND_SESSION] = "an SSL_SESSION" };
	int name = find_name(word);

	if (strcmp(word, "NULL") == 0) {
		if (kind == KIND_NONE)
			WRONG("NULL has no kind here");
		return -1;
	}
	if (name < 0)
		WRONG("%s is not bound", word);
	if (current->names[name].freed_in_script)
		WRONG("%s was freed", word);
	if (kind != KIND_NONE && current->names[name].kind != kind)
		WRONG("%s is %s, not %s", word, kinds[current->names[name].kind], kinds[kind]);
	return name;
}

/* NULL is C's NULL, - the empty string. */
static const char *parse_string(const char *word)
{
	if (strcmp(word, "NULL") == 0)
		return NULL;
	return strcmp(word, "-") == 0 ? "" : copy(word);
}

static void parse_value(struct value *v, char letter, const char *word)
{
	v->word = letter == 'w' ? parse_string(word) : copy(word);
	v->name = -1;
	switch (letter) {
	case 'k':
		v->name = parse_object(word, KIND_CTX);
		break;
	case 's':
		v->name = parse_object(word, KIND_SSL);
		break;
	case 'a':
		v->name = parse_object(word, KIND_SESSION);
		break;
	case 'o':
		v->name = parse_object(word, KIND_NONE);
		break;
	case 'n':
		v->number = parse_number(word);
		break;
	case 'v':
		v->number = parse_version(word);
		break;
	case 't':
		parse_time(v);
		break;
	case 'x':
		parse_hex(v);
		break;
	case 'w':
		v->len = v->word ? strlen(v->word) : 0;
		if (v->len > 255)
			WRONG("a string of more than 255 bytes");
		break;
	case 'f':
		if (strchr(word, '/') != NULL)
			WRONG("%s is not a file of the data directory", word);
		break;
	case 'm':
		for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
			if (strcmp(word, methods[i].name) == 0)
				v->method = methods[i].method;
		if (v->method == NULL)
			WRONG("%s is no method", word);
		break;
	}
}

static void parse_op(struct op *op, char **words, int count);

/* What a callback executes. */
static struct op *parse_nested(char **words, int count)
{
	struct op *op = must_alloc(sizeof(*op));

	if (count == 0)
		WRONG("an operation is missing");
	parse_op(op, words, count);
	if (op->def->makes != KIND_NONE || strcmp(op->def->name, "oom") == 0)
		WRONG("a callback cannot execute %s", op->def->name);
	return op;
}

/* Takes a colon at the end of a word away, and says whether there was one. */
static bool cut_colon(char *word)
{
	size_t len = strlen(word);
	bool colon = word[len - 1] == ':';

	word[len - colon] = '\0';
	return colon;
}

static void parse_arguments(struct op *op, char **words, int count)
{
	const char *letter = op->def->words, *answer = strchr(letter, '|');
	bool open = strchr(letter, '+') != NULL;
	int least = (int)strlen(letter) - open - (answer != NULL), objects = answer ? (int)(answer - letter) : least;

	if (answer != NULL && count == objects + 1 && strcmp(words[objects], "off") == 0) {
		op->off = true;
		count = least = objects;
	} else if (answer != NULL && count >= least && cut_colon(words[least - 1])) {
		op->nested = parse_nested(words + least, count - least);
		count = least;
	}
	if (open ? count < least || count > MAX_WORDS : count != least)
		WRONG("%s has %d words after it, wants %s%d", op->def->name, count, open ? "at least " : "", least);
	op->count = count;
	for (int i = 0; i < count; i++) {
		if (*letter == '|')
			letter++;
		parse_value(&op->arg[i], *letter, words[i]);
		if (letter[1] != '+')
			letter++;
	}
}

static char *join(char **words, int count)
{
	struct text t = { 0 };

	for (int i = 0; i < count; i++)
		text_add(&t, "%s%s", i ? " " : "", words[i]);
	return t.at;
}

/* on K new|remove|get, then nothing, "off", or after a colon an operation (for get: a session, which an operation may follow). */
static void parse_on(struct op *op, char **words, int count)
{
	static const char *const kinds[] = { "new", "remove", "get" };
	bool more;

	op->def = &op_on;
	op->served = -1;
	if (count < 2)
		WRONG("on: which SSL_CTX, which callback?");
	op->count = 1;
	parse_value(&op->arg[0], 'k', words[0]);
	more = cut_colon(words[1]);
	for (op->hook = HOOK_NEW; op->hook <= HOOK_GET; op->hook++)
		if (strcmp(words[1], kinds[op->hook]) == 0)
			break;
	if (op->hook > HOOK_GET)
		WRONG("%s is no callback", words[1]);
	op->off = !more && count == 3 && strcmp(words[2], "off") == 0;
	if (more ? count < 3 : count != 2 + op->off)
		WRONG("on %s %s: wrong number of words", words[0], words[1]);
	if (!more)
		return;
	words += 2;
	count -= 2;
	if (op->hook == HOOK_GET) {
		if (cut_colon(words[0]) ? count == 1 : count != 1)
			WRONG("on get: takes one session");
		op->served = parse_object(words[0], KIND_SESSION);
		words++;
		count--;
	}
	if (count > 0)
		op->nested = parse_nested(words, count);
}

/* An operation without "X =" before it. */
static void parse_op(struct op *op, char **words, int count)
{
	op->text = join(words, count);
	op->file = file;
	op->line = line;
	op->makes = -1;
	if (strcmp(words[0], "on") == 0) {
		parse_on(op, words + 1, count - 1);
		return;
	}
	op->def = op_find(words[0]);
	if (op->def == NULL)
		WRONG("%s is no operation", words[0]);
	parse_arguments(op, words + 1, count - 1);
}

static void bind_name(struct op *op, const char *word)
{
	struct name *n;

	if (!isalpha((unsigned char)word[0]) || word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
		WRONG("%s cannot be a name", word);
	if (strcmp(word, "NULL") == 0 || find_name(word) >= 0)
		WRONG("%s is bound already", word);
	op->makes = current->name_count;
	current->names = grow(current->names, (size_t)current->name_count, sizeof(*current->names));
	n = &current->names[current->name_count++];
	n->word = copy(word);
	n->kind = op->def->makes == KIND_SAME ? current->names[op->arg[0].name].kind : op->def->makes;
}

static void parse_line(char **words, int count)
{
	struct op *op;
	bool binds = count > 1 && strcmp(words[1], "=") == 0;

	if (strcmp(words[0], "scenario") == 0) {
		if (count != 2)
			WRONG("scenario takes one name");
		for (size_t i = 0; i < scenario_count; i++)
			if (strcmp(scenarios[i].name, words[1]) == 0)
				WRONG("scenario %s exists already", words[1]);
		scenarios = grow(scenarios, scenario_count, sizeof(*scenarios));
		current = &scenarios[scenario_count++];
		current->name = copy(words[1]);
		return;
	}
	if (current == NULL)
		WRONG("%s stands before the first scenario", words[0]);
	if (strcmp(words[0], "proves") == 0 || strcmp(words[0], "needs") == 0) {
		if (count < 2)
			WRONG("%s what?", words[0]);
		return;
	}
	if (binds && count < 3)
		WRONG("%s = what?", words[0]);
	current->ops = grow(current->ops, current->op_count, sizeof(*current->ops));
	op = &current->ops[current->op_count++];
	parse_op(op, words + 2 * binds, count - 2 * binds);
	if (binds != (op->def->makes != KIND_NONE))
		WRONG("%s returns %s", op->def->name, binds ? "no object to be named" : "an object, which needs a name");
	if (binds) {
		bind_name(op, words[0]);
		free(op->text);
		op->text = join(words, count);
	}
	if (strcmp(op->def->name, "free") == 0)
		current->names[op->arg[0].name].freed_in_script = true;
}

static void begin(const char *name)
{
	file = name;
	line = 0;
	current = NULL;
}

void script_read_from(const char *name, FILE *f)
{
	char *buffer = NULL;
	size_t room = 0;

	begin(name);
	while (getline(&buffer, &room, f) >= 0) {
		char **words = NULL, *rest, *word;
		int count = 0;

		line++;
		buffer[strcspn(buffer, "#")] = '\0';
		rest = buffer;
		while ((word = strsep(&rest, " \t\r\n")) != NULL) {
			if (*word == '\0')
				continue;
			words = grow(words, (size_t)count, sizeof(*words));
			words[count++] = word;
		}
		if (count > 0)
			parse_line(words, count);
		free(words);
	}
	free(buffer);
}

void script_read(const char *path)
{
	FILE *f = fopen(path, "r");

	begin(path);
	if (f == NULL)
		WRONG("%s", strerror(errno));
	script_read_from(path, f);
	fclose(f);
}
