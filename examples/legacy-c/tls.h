/* What the program has of its own: contexts, connections, and the way to read the error queue. */
#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program if something is not as it must be. */
#define expect(condition)                                     \
	do {                                                  \
		if (!(condition))                             \
			fail(__FILE__, __LINE__, #condition); \
	} while (0)

void fail(const char *file, int line, const char *condition);

SSL_CTX *new_ctx(int version);
void new_pair(SSL_CTX *client_ctx, SSL_CTX *server_ctx, SSL **client, SSL **server);
void end_pair(SSL *client, SSL *server);

#define MAX_ENTRIES 16

/* One entry of the error queue, as ERR_get_error_line_data() gives it. */
struct entry {
	unsigned long code;
	int line;
	char file[128], data[256];
};

int take_queue(struct entry *entries);
int same_queue(const struct entry *a, int n, const struct entry *b, int m);

#endif
