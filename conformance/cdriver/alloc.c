/* libcrypto's allocator: malloc, with one allocation that fails on demand. */
#include <malloc.h>
#include <stdlib.h>

#include "driver.h"

static long wanted; /* from "oom N", for the next operation */
static long left;   /* allocations until the one that fails; 0: none will */
static bool counting;
static bool installed;

static bool fails(void)
{
	return counting && left > 0 && --left == 0;
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

void alloc_install(void)
{
	installed = CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free);
}

void alloc_fail(long n)
{
	if (!installed)
		absent("an allocator that can be told to fail");
	wanted = n;
}

void alloc_begin(void)
{
	left = wanted;
	wanted = 0;
	counting = true;
}

void alloc_end(void)
{
	left = 0;
	counting = false;
}

bool alloc_pause(bool off)
{
	bool was = !counting;

	counting = !off;
	return was;
}
