/*
 * libcrypto's allocator: malloc, with an allocation of one thread that fails on demand. It has to be there before libcrypto allocates anything,
 * so a constructor puts it in, and only where a test's child process asks for it.
 */
#include "ctest.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

int ctest_allocator;

static __thread long left; /* allocations until the one that fails; 0: none will */
static __thread int all;   /* all that follow fail as well */
static __thread long count;
static __thread int counting;

static int fails(void)
{
	if (!counting)
		return 0;
	count++;
	if (left == 0 || --left > 0)
		return 0;
	left = all;
	return 1;
}

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size == 0 || fails() ? NULL : malloc(size);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

static void *count_realloc(void *p, size_t size, const char *file, int line)
{
	if (p == NULL)
		return count_malloc(size, file, line);
	if (size == 0) {
		free(p);
		return NULL;
	}
	/* A block that already holds the bytes asks for no memory. */
	if (size > malloc_usable_size(p) && fails())
		return NULL;
	return realloc(p, size);
}

__attribute__((constructor)) static void install(void)
{
	const char *wanted = getenv("LIBSSL_TEST_OOM");

	if (wanted != NULL && strcmp(wanted, "1") == 0)
		ctest_allocator = CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free);
}

/* Allocations of this thread count from here; the nth fails, none if n is 0, and all after it if more is 1. */
void ctest_alloc_begin(long n, int more)
{
	left = n;
	all = more;
	count = 0;
	counting = 1;
}

/* Returns how many there were. */
long ctest_alloc_end(void)
{
	left = 0;
	counting = 0;
	return count;
}

/* How many bytes of malloc are in use, in all threads. 0 where another allocator has taken its place, such as the address sanitizer's. */
long ctest_heap(void)
{
	return (long)mallinfo2().uordblks;
}
