/* The keys of a TicketRing. libssl asks for one or two in each handshake of a server, and finds them without Go. */
#include "shim_internal.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

struct gossl_ring {
	int refs; /* of the Go object and of SSL_CTXs */
	int n;
	gossl_ticket_key keys[GOSSL_RING_MAX];
};

/* Of all rings, and of which ring an SSL_CTX has. It is held for as long as a key takes to be copied. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

gossl_ring *gossl_ring_new(void)
{
	gossl_ring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		gossl_fatal("out of memory");
	ring->refs = 1;
	return ring;
}

static void unref(gossl_ring *ring)
{
	if (ring == NULL || --ring->refs > 0)
		return;
	OPENSSL_cleanse(ring->keys, sizeof(ring->keys));
	free(ring);
}

void gossl_ring_free(gossl_ring *ring)
{
	pthread_mutex_lock(&lock);
	unref(ring);
	pthread_mutex_unlock(&lock);
}

/* Copies what there is room for in a ring, and returns how many are keys. */
int gossl_ring_get(gossl_ring *ring, gossl_ticket_key *keys)
{
	int n;

	pthread_mutex_lock(&lock);
	memcpy(keys, ring->keys, sizeof(ring->keys));
	n = ring->n;
	pthread_mutex_unlock(&lock);
	return n;
}

/* The ring has these n keys from now on, and nothing of others. */
void gossl_ring_set(gossl_ring *ring, const gossl_ticket_key *keys, int n)
{
	pthread_mutex_lock(&lock);
	OPENSSL_cleanse(ring->keys, sizeof(ring->keys));
	memcpy(ring->keys, keys, (size_t)n * sizeof(*keys));
	ring->n = n;
	pthread_mutex_unlock(&lock);
}

/* Makes ring, or NULL, what is at a place. */
void gossl_ring_replace(gossl_ring **place, gossl_ring *ring)
{
	pthread_mutex_lock(&lock);
	if (ring != NULL)
		ring->refs++;
	unref(*place);
	*place = ring;
	pthread_mutex_unlock(&lock);
}

/*
 * Copies the key for a new ticket, or the one of this name. It returns its index: 0 is the next one, which another process may use already, 1 the
 * current one; -1 if it is not known, -2 if there is no ring.
 */
int gossl_ring_find(gossl_ring *const *place, const unsigned char *name, gossl_ticket_key *key)
{
	const gossl_ring *ring;
	int i = -2;

	pthread_mutex_lock(&lock);
	ring = *place;
	if (ring != NULL) {
		i = name == NULL ? 1 : 0;
		while (name != NULL && i < ring->n && memcmp(ring->keys[i].name, name, sizeof(key->name)) != 0)
			i++;
		if (i < ring->n)
			*key = ring->keys[i];
		else
			i = -1;
	}
	pthread_mutex_unlock(&lock);
	return i;
}
