/* The error queue. The driver's own calls here do not count as allocations: the first error string loads them all. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "driver.h"

static void take_all(struct queue *q)
{
	unsigned long code;
	const char *file, *data;
	int line, flags;

	q->count = 0;
	while ((code = ERR_get_error_line_data(&file, &line, &data, &flags)) != 0 && q->count < MAX_ERRORS) {
		char *copy = must_alloc(strlen(data) + 1);

		q->at[q->count++] = (struct error){ code, file, line, strcpy(copy, flags & ERR_TXT_STRING ? data : "") };
	}
}

static void put_back(const struct queue *q)
{
	for (int i = 0; i < q->count; i++) {
		const struct error *e = &q->at[i];

		ERR_put_error(ERR_GET_LIB(e->code), ERR_GET_FUNC(e->code), ERR_GET_REASON(e->code), e->file, e->line);
		if (e->data[0] != '\0')
			ERR_add_error_data(1, e->data);
	}
}

static void forget(struct queue *q)
{
	for (int i = 0; i < q->count; i++)
		free(q->at[i].data);
	q->count = 0;
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static void write_from(struct text *t, const struct queue *q, int first)
{
	text_add(t, "[");
	for (int i = first; i < q->count; i++) {
		const struct error *e = &q->at[i];
		struct text text = { 0 };

		text_add(&text, "%s:%s:%s", or_dash(ERR_lib_error_string(e->code)), or_dash(ERR_func_error_string(e->code)),
			 or_dash(ERR_reason_error_string(e->code)));
		text_item(t);
		text_add(t, "{");
		text_number(t, "code", (long long)e->code);
		text_member(t, "text", text.at);
		text_member(t, "data", e->data);
		text_add(t, "}");
		text_clear(&text);
	}
	text_add(t, "]");
}

void queue_drain(struct text *t)
{
	bool was_off = alloc_pause(true);
	struct queue q;

	take_all(&q);
	write_from(t, &q, 0);
	forget(&q);
	alloc_pause(was_off);
}

void queue_copy(struct queue *q)
{
	bool was_off = alloc_pause(true);

	q->count = 0;
	if (ERR_peek_error() != 0) {
		take_all(q);
		put_back(q);
	}
	alloc_pause(was_off);
}

static bool starts_with(const struct queue *q, const struct queue *start)
{
	if (q->count < start->count)
		return false;
	for (int i = 0; i < start->count; i++)
		if (q->at[i].code != start->at[i].code || q->at[i].line != start->at[i].line || strcmp(q->at[i].data, start->at[i].data) != 0)
			return false;
	return true;
}

void queue_drain_beyond(struct text *t, struct queue *before)
{
	bool was_off = alloc_pause(true);
	struct queue q;

	take_all(&q);
	if (starts_with(&q, before)) {
		write_from(t, &q, before->count);
		put_back(before);
	} else { /* cleared on the way, as SSL_do_handshake does: so it is in C */
		write_from(t, &q, 0);
	}
	forget(&q);
	forget(before);
	alloc_pause(was_off);
}
