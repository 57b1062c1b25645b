/* The deaths of tagged sessions, in order. libssl runs the free function on whatever thread, maybe with the lock of an SSL_CTX held. */
#include "ctest.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

struct death {
	struct death *next;
	long n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct death *first, **last = &first;
static int session_index = -1;

static void session_dies(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	struct death *d;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (ptr == NULL)
		return;
	d = malloc(sizeof(*d));
	if (d == NULL)
		abort();
	d->next = NULL;
	d->n = (long)ptr;
	pthread_mutex_lock(&lock);
	*last = d;
	last = &d->next;
	pthread_mutex_unlock(&lock);
}

/* A duplicate is another session, which has no tag. */
static int session_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void *from_d, int idx, long argl, void *argp)
{
	(void)to, (void)from, (void)idx, (void)argl, (void)argp;
	*(void **)from_d = NULL;
	return 1;
}

/* Called once, before any session is tagged. */
int ctest_watch(void)
{
	session_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, session_copied, session_dies);
	return session_index >= 0;
}

/* n is not 0, which stands for no tag. */
int ctest_tag(void *session, long n)
{
	return SSL_SESSION_set_ex_data(session, session_index, (void *)n);
}

/* Takes the tag of the oldest death; 0 if there is none. */
long ctest_next_death(void)
{
	struct death *d;
	long n = 0;

	pthread_mutex_lock(&lock);
	d = first;
	if (d != NULL) {
		first = d->next;
		if (first == NULL)
			last = &first;
		n = d->n;
	}
	pthread_mutex_unlock(&lock);
	free(d);
	return n;
}
