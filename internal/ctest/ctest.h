/* What tests need from C and package libssl does not offer: _test.go files cannot import "C". */
#ifndef CTEST_H
#define CTEST_H

#include <stddef.h>

enum { CTEST_MAX_ENTRIES = 16 }; /* libcrypto keeps fewer */

typedef struct ctest_entry {
	unsigned long code;
	const char *lib, *func, *reason; /* static, or NULL */
	char *data;                      /* from malloc */
} ctest_entry;

typedef struct ctest_queue {
	int n;
	ctest_entry entry[CTEST_MAX_ENTRIES];
} ctest_queue;

/* ctest.c */
void ctest_drain(ctest_queue *q);
void *ctest_get_session(void *ssl);
void ctest_drop_input(void *ssl);
int ctest_certificate(const char *file, unsigned char **der);
void ctest_free(void *p);
int ctest_constant(const char *name, long long *value);

/* key.c */
int ctest_sign(void *ssl);
int ctest_copy_key(void *ssl);

/* deaths.c */
int ctest_watch(void);
int ctest_tag(void *session, long n);
long ctest_next_death(void);

/* alloc.c */
extern int ctest_allocator;
void ctest_alloc_begin(long n, int more);
long ctest_alloc_end(void);
long ctest_heap(void);

#endif
