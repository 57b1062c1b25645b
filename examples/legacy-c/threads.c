/*
 * Threads that C made share a store and two SSL_CTXs: each connects, resumes, and looks into its own error queue.
 *
 *	threads [CONNECTIONS OF EACH]
 */
#include "sslstore.h"
#include "tls.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 16 };

static int connections = 25;
static sslstore store;
static SSL_CTX *client_ctx, *server_ctx;
static atomic_int resumed, failed;

/* Runs in the thread that made the connection, which has its key. */
static const char *key_of(SSL *ssl, SSL_SESSION *session, void *arg)
{
	(void)session, (void)arg;
	return SSL_get_app_data(ssl);
}

static void *run(void *arg)
{
	int number = (int)(size_t)arg, done;
	char key[16], c;
	struct entry entries[MAX_ENTRIES];
	SSL *client, *server;

	snprintf(key, sizeof(key), "thread %d", number);
	for (int i = 0; i < connections; i++) {
		new_pair(client_ctx, server_ctx, &client, &server);
		SSL_set_app_data(client, key);
		done = 0;
		for (int j = 0; j < 10 && done != 3; j++)
			done = (sslstore_handshake(store, key, client) == 1) | (sslstore_handshake(0, NULL, server) == 1) << 1;
		expect(done == 3);
		expect(SSL_write(server, "x", 1) == 1 && SSL_read(client, &c, 1) == 1);
		resumed += SSL_session_reused(client);
		end_pair(client, server);

		ERR_put_error(ERR_LIB_USER, 0, 100 + number, "program.c", i);
		expect(sslstore_parse("\x04\x01", 2) == NULL);
		expect(take_queue(entries) > 1 && ERR_GET_REASON(entries[0].code) == 100 + number && entries[0].line == i);
		failed++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	if (argc > 1)
		connections = atoi(argv[1]);
	expect(connections > 0);
	store = sslstore_new(THREADS);
	client_ctx = new_ctx(TLS1_3_VERSION);
	server_ctx = new_ctx(TLS1_3_VERSION);
	expect(sslstore_attach(store, client_ctx, key_of, NULL) == 1);
	for (size_t i = 0; i < THREADS; i++)
		expect(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	expect(resumed == THREADS * (connections - 1));
	expect(sslstore_live(SSLSTORE_SESSION) == THREADS && sslstore_live(SSLSTORE_SSL) == 0 && sslstore_live(SSLSTORE_CTX) == 0);
	sslstore_free(store);
	expect(sslstore_live(SSLSTORE_SESSION) == 0);
	expect(sslstore_refs(SSLSTORE_CTX, client_ctx) == 1 && sslstore_refs(SSLSTORE_CTX, server_ctx) == 1);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	printf("threads: %d threads of C made %d connections, %d resumed, and %d calls failed, each in its own error queue\n", THREADS, THREADS * connections,
	       resumed, failed);
	return 0;
}
