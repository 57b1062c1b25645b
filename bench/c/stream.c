/* bulk/VERSION/CIPHER/SIZE and pingpong/VERSION/SIZE over TCP, two threads that block; idle/VERSION/PAIRS, which holds connections. */
#include "worker.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *cipher_list(const char *name)
{
	if (strcmp(name, "aes128") == 0)
		return "ECDHE-ECDSA-AES128-GCM-SHA256";
	if (strcmp(name, "aes256") == 0)
		return "ECDHE-ECDSA-AES256-GCM-SHA384";
	MUST(strcmp(name, "chacha20") == 0);
	return "ECDHE-ECDSA-CHACHA20-POLY1305";
}

static struct ends *ends_of(const char *version, const char *cipher)
{
	char kind[16];

	snprintf(kind, sizeof(kind), "%s-full", version);
	return ends_new(kind, "ecdsa", cipher_list(cipher));
}

/* Two ends of a connection, and the thread of one. */
struct stream {
	SSL *client, *server;
	char *out, *in;
	int size;
	long n;
	struct listener listener;
	struct ends *ends;
	sem_t go, done;
};

static void *accept_one(void *arg)
{
	struct stream *s = arg;

	s->server = ends_server(s->ends);
	MUST(SSL_set_fd(s->server, listener_accept(&s->listener)) && SSL_accept(s->server) == 1);
	MUST(SSL_write(s->server, "x", 1) == 1);
	return NULL;
}

static struct stream *stream_new(const char *version, const char *cipher, int size, void *(*peer)(void *))
{
	struct stream *s = allot(sizeof(*s));
	pthread_t t;
	char byte;

	s->size = size;
	s->out = allot((size_t)size);
	s->in = allot((size_t)size);
	s->ends = ends_of(version, cipher);
	if (tuned) {
		SSL_CTX_set_read_ahead(s->ends->client, 1);
		SSL_CTX_set_read_ahead(s->ends->server, 1);
		SSL_CTX_set_default_read_buffer_len(s->ends->client, 1 << 16);
		SSL_CTX_set_default_read_buffer_len(s->ends->server, 1 << 16);
	}
	s->listener = listener_new();
	sem_init(&s->go, 0, 0);
	sem_init(&s->done, 0, 0);
	t = spawn(accept_one, s);
	s->client = ends_client(s->ends);
	MUST(SSL_set_fd(s->client, listener_dial(&s->listener)) && SSL_connect(s->client) == 1 && SSL_read(s->client, &byte, 1) == 1);
	pthread_join(t, NULL);
	spawn(peer, s);
	return s;
}

static void read_full(SSL *ssl, char *buf, long len)
{
	while (len > 0) {
		int n = SSL_read(ssl, buf, (int)len);

		MUST(n > 0);
		buf += n;
		len -= n;
	}
}

static void *sink(void *arg)
{
	struct stream *s = arg;

	for (;;) {
		long left;

		sem_wait(&s->go);
		for (left = s->n * s->size; left > 0;) {
			int n = SSL_read(s->server, s->in, left < s->size ? (int)left : s->size);

			MUST(n > 0);
			left -= n;
		}
		sem_post(&s->done);
	}
	return NULL;
}

static void bulk_run(struct fixture *f, long n)
{
	struct stream *s = f->data;

	s->n = n;
	sem_post(&s->go);
	while (n-- > 0)
		MUST(SSL_write(s->client, s->out, s->size) == s->size);
	sem_wait(&s->done);
}

int bulk_setup(struct fixture *f)
{
	f->data = stream_new(f->part[1], f->part[2], atoi(f->part[3]), sink);
	f->run = bulk_run;
	return 1;
}

static void *echo(void *arg)
{
	struct stream *s = arg;

	for (;;) {
		read_full(s->server, s->in, s->size);
		MUST(SSL_write(s->server, s->in, s->size) == s->size);
	}
	return NULL;
}

static void pingpong_run(struct fixture *f, long n)
{
	struct stream *s = f->data;

	while (n-- > 0) {
		MUST(SSL_write(s->client, s->out, s->size) == s->size);
		read_full(s->client, s->out, s->size);
	}
}

int pingpong_setup(struct fixture *f)
{
	f->data = stream_new(f->part[1], "aes128", atoi(f->part[2]), echo);
	f->run = pingpong_run;
	return 1;
}

/* Connections that have seen a handshake and a byte. */
struct idle {
	struct ends *ends;
	struct listener listener;
	SSL **pair;
	long n;
};

/* What frees the buffers that SSL_MODE_RELEASE_BUFFERS leaves. */
static void rest(SSL *ssl)
{
	if (tuned)
		SSL_free_buffers(ssl);
}

static void *accept_all(void *arg)
{
	struct idle *s = arg;

	for (long i = 0; i < s->n; i++) {
		SSL *ssl = ends_server(s->ends);

		MUST(SSL_set_fd(ssl, listener_accept(&s->listener)) && SSL_accept(ssl) == 1 && SSL_write(ssl, "x", 1) == 1);
		rest(ssl);
		s->pair[2 * i] = ssl;
	}
	return NULL;
}

static void connect_all(struct idle *s)
{
	pthread_t t = spawn(accept_all, s);

	for (long i = 0; i < s->n; i++) {
		SSL *ssl = ends_client(s->ends);
		char byte;

		MUST(SSL_set_fd(ssl, listener_dial(&s->listener)) && SSL_connect(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1);
		rest(ssl);
		s->pair[2 * i + 1] = ssl;
	}
	pthread_join(t, NULL);
}

static void idle_run(struct fixture *f, long n)
{
	struct idle *s = f->data;
	double before;

	s->pair = allot(2 * sizeof(SSL *) * (size_t)(n + 20));
	s->n = 20; /* what is there once, whatever the number of connections */
	connect_all(s);
	s->pair += 2 * s->n;
	s->n = n;
	malloc_trim(0);
	before = rss();
	connect_all(s);
	malloc_trim(0);
	report("pair", (rss() - before) / (double)n);
}

int idle_setup(struct fixture *f)
{
	struct idle *s = allot(sizeof(*s));

	s->ends = ends_of(f->part[1], "aes128");
	if (tuned) {
		SSL_CTX_set_mode(s->ends->client, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_mode(s->ends->server, SSL_MODE_RELEASE_BUFFERS);
	}
	s->listener = listener_new();
	f->data = s;
	f->run = idle_run;
	return 1;
}
