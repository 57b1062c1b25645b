#ifndef CTEST_QUEUE_EXTRA_H
#define CTEST_QUEUE_EXTRA_H

typedef struct ctest_full_entry {
	unsigned long code;
	const char *file; /* static */
	int line;
	char *data; /* from malloc */
} ctest_full_entry;

int ctest_queue_next(ctest_full_entry *e);
void ctest_queue_push(int lib, int func, int reason, int line, const char *data);
void ctest_queue_text(unsigned long code, char *buf, int size);
int ctest_queue_mark(void);
int ctest_queue_pop_to_mark(void);
void ctest_queue_forget(void);

#endif
