/*
 * The error queue of this thread. By default a call of ours takes what it pushed and leaves the rest as it was; under KeepQueue it leaves everything
 * as C does. Works on ERR_STATE, which is public in 1.1.1 only: what OpenSSL 3 needs instead belongs into this file.
 */
#include "shim_internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Set on the newest entry before a call under KeepQueue, to tell older entries from newer ones. libcrypto uses bit 0 and 1. */
#define BEFORE_CALL 0x4000

static __thread int keep;
static _Atomic(long) queues_left;

void gossl_keep_queue(int more)
{
	keep += more;
}

static int is_empty(const ERR_STATE *es)
{
	return es->top == es->bottom;
}

/* Takes the whole queue out, with its allocated strings. Reports whether there was any entry; if not, saved is not set. */
static int take_queue(ERR_STATE *es, ERR_STATE *saved)
{
	if (is_empty(es))
		return 0;
	*saved = *es;
	memset(es, 0, sizeof(*es));
	return 1;
}

int gossl_queue_save(ERR_STATE *saved)
{
	ERR_STATE *es = ERR_get_state();

	return es != NULL && take_queue(es, saved);
}

void gossl_queue_restore(const ERR_STATE *saved)
{
	ERR_clear_error();
	*ERR_get_state() = *saved;
}

void gossl_errors_begin(struct gossl_call *c)
{
	ERR_STATE *es = ERR_get_state();

	c->had = 0;
	c->errors = es != NULL; /* NULL: no memory for a queue, so that nothing can be pushed either */
	if (es == NULL)
		return;
	if (!keep)
		c->had = take_queue(es, &c->saved);
	else if (!is_empty(es))
		es->err_flags[es->top] |= BEFORE_CALL;
}

static void copy_entry(gossl_error *to, const ERR_STATE *es, int i)
{
	to->code = es->err_buffer[i];
	to->lib = ERR_lib_error_string(to->code);
	to->func = ERR_func_error_string(to->code);
	to->reason = ERR_reason_error_string(to->code);
	to->file = es->err_file[i];
	to->line = es->err_line[i];
	to->data = NULL;
	if (es->err_data[i] != NULL && (es->err_data_flags[i] & ERR_TXT_STRING))
		to->data = strdup(es->err_data[i]);
}

/* The entries that the call pushed, oldest first, or NULL if there are none. */
static gossl_errors *collect(const ERR_STATE *es)
{
	gossl_errors *e;
	int first = es->top, n = 0;

	while (first != es->bottom && !(es->err_flags[first] & BEFORE_CALL)) {
		first = (first + ERR_NUM_ERRORS - 1) % ERR_NUM_ERRORS;
		n++;
	}
	if (n == 0 || (e = malloc(sizeof(*e))) == NULL)
		return NULL;
	e->n = n;
	for (int i = 0; i < n; i++)
		copy_entry(&e->entry[i], es, (first + 1 + i) % ERR_NUM_ERRORS);
	return e;
}

/* Ends what gossl_errors_begin began. */
gossl_errors *gossl_errors_end(struct gossl_call *c, int failed)
{
	ERR_STATE *es = ERR_get_state();
	gossl_errors *e = failed ? collect(es) : NULL;

	if (keep) {
		for (int i = 0; i < ERR_NUM_ERRORS; i++)
			es->err_flags[i] &= ~BEFORE_CALL;
	} else if (c->had) {
		gossl_queue_restore(&c->saved);
	} else if (!is_empty(es)) {
		ERR_clear_error();
	}
	return e;
}

void gossl_errors_free(gossl_errors *e)
{
	for (int i = 0; i < e->n; i++)
		free(e->entry[i].data);
	free(e);
}

void gossl_errors_push(const gossl_error *e)
{
	char *data = OPENSSL_strdup(e->data); /* NULL is no data */

	ERR_put_error(ERR_GET_LIB(e->code), ERR_GET_FUNC(e->code), ERR_GET_REASON(e->code), e->file, e->line);
	ERR_set_error_data(data, ERR_TXT_MALLOCED | ERR_TXT_STRING);
}

/* With -tags libssl_check: how many calls left an entry in a queue that was empty before them. */
long gossl_queues_left(void)
{
	return queues_left;
}

#ifdef GOSSL_CHECK
void gossl_check_queue(struct gossl_call *c)
{
	if (!keep && c->before == 0 && ERR_peek_error() != 0)
		queues_left++;
}
#endif
