/* This thread's error queue, entry by entry, and with entries that nobody but a test could have pushed. */
#include "queue_extra.h"

#include <openssl/err.h>
#include <string.h>

/* Takes the oldest entry. 0 if there is none. */
int ctest_queue_next(ctest_full_entry *e)
{
	const char *data;
	int flags;

	e->code = ERR_get_error_line_data(&e->file, &e->line, &data, &flags);
	if (e->code == 0)
		return 0;
	e->data = strdup(flags & ERR_TXT_STRING ? data : "");
	return 1;
}

void ctest_queue_push(int lib, int func, int reason, int line, const char *data)
{
	ERR_put_error(lib, func, reason, "foreign.c", line);
	if (*data != '\0')
		ERR_add_error_data(1, data);
}

/* What libcrypto calls the code. */
void ctest_queue_text(unsigned long code, char *buf, int size)
{
	ERR_error_string_n(code, buf, (size_t)size);
}

int ctest_queue_mark(void)
{
	return ERR_set_mark();
}

int ctest_queue_pop_to_mark(void)
{
	return ERR_pop_to_mark();
}

/* The next use of this thread's queue makes a new one. */
void ctest_queue_forget(void)
{
	OPENSSL_thread_stop();
}
