/* JSON text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

void *must_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (p == NULL) {
		fputs("cdriver: out of memory\n", stderr);
		abort();
	}
	return p;
}

static void make_room(struct text *t, size_t more)
{
	if (t->len + more < t->room)
		return;
	t->room = 2 * (t->len + more) + 64;
	t->at = realloc(t->at, t->room);
	if (t->at == NULL) {
		fputs("cdriver: out of memory\n", stderr);
		abort();
	}
}

void text_bytes(struct text *t, const void *bytes, size_t len)
{
	make_room(t, len + 1);
	if (len > 0)
		memcpy(t->at + t->len, bytes, len);
	t->len += len;
	t->at[t->len] = '\0';
}

void text_add(struct text *t, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	make_room(t, (size_t)len + 1);
	va_start(args, format);
	vsnprintf(t->at + t->len, (size_t)len + 1, format, args);
	va_end(args);
	t->len += (size_t)len;
}

/* The length of the UTF-8 sequence that starts here, 0 if there is none: encoding/json writes U+FFFD for such bytes. */
static size_t utf8_length(const unsigned char *p, size_t len)
{
	unsigned long c;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (n < 2 || n > len)
		return n > len ? 0 : n;
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < (n == 3 ? 0x800u : 0u) || (c >= 0xd800 && c < 0xe000) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return n;
}

void text_string(struct text *t, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	text_bytes(t, "\"", 1);
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_length(p + i, len - i);
		if (n == 0) {
			n = 1;
			text_add(t, "\\ufffd");
		} else if (p[i] == '"' || p[i] == '\\') {
			text_add(t, "\\%c", p[i]);
		} else if (p[i] < 0x20) {
			text_add(t, "\\u%04x", p[i]);
		} else {
			text_bytes(t, p + i, n);
		}
	}
	text_bytes(t, "\"", 1);
}

void text_item(struct text *t)
{
	if (t->len > 0 && t->at[t->len - 1] != '[' && t->at[t->len - 1] != '{')
		text_bytes(t, ",", 1);
}

void text_member(struct text *t, const char *name, const char *value)
{
	text_item(t);
	text_add(t, "\"%s\":", name);
	text_string(t, value, strlen(value));
}

void text_number(struct text *t, const char *name, long long value)
{
	text_item(t);
	text_add(t, "\"%s\":%lld", name, value);
}

const char *text_get(const struct text *t)
{
	return t->at ? t->at : "";
}

void text_clear(struct text *t)
{
	free(t->at);
	memset(t, 0, sizeof(*t));
}
