/* handshake/mem/KIND/KEY by one thread, handshake/tcp/KIND/KEY by two that block; scale/KIND/THREADS and rss/KIND on top of them. */
#include "worker.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ecdsa_aes128[] = "ECDHE-ECDSA-AES128-GCM-SHA256", rsa_aes128[] = "ECDHE-RSA-AES128-GCM-SHA256";

static struct ends *ends_of(const char *kind, const char *key)
{
	return ends_new(kind, key, strcmp(key, "rsa") == 0 ? rsa_aes128 : ecdsa_aes128);
}

static int resumes(const char *kind)
{
	return strcmp(kind + 4, "full") != 0;
}

/* One connection: both handshakes, a byte from the server, close_notify both ways. keep: its session is what the next ones resume. */
static void mem_connect(struct ends *e, int keep)
{
	SSL *c = ends_client(e), *s = ends_server(e);
	BIO *to_client = BIO_new(BIO_s_mem()), *to_server = BIO_new(BIO_s_mem());
	char byte = 0;
	int ok = 0;

	MUST(to_client != NULL && to_server != NULL);
	BIO_set_mem_eof_return(to_client, -1);
	BIO_set_mem_eof_return(to_server, -1);
	BIO_up_ref(to_client);
	BIO_up_ref(to_server);
	SSL_set_bio(c, to_client, to_server);
	SSL_set_bio(s, to_server, to_client);
	for (int i = 0; i < 5 && !ok; i++) {
		int a = SSL_is_init_finished(c) ? 1 : SSL_do_handshake(c);
		int b = SSL_is_init_finished(s) ? 1 : SSL_do_handshake(s);

		ok = a == 1 && b == 1;
	}
	MUST(ok && SSL_write(s, &byte, 1) == 1 && SSL_read(c, &byte, 1) == 1);
	MUST(SSL_session_reused(c) == (e->session != NULL));
	SSL_shutdown(c);
	MUST(SSL_read(s, &byte, 1) == 0);
	SSL_shutdown(s);
	if (keep)
		ends_keep(e, c);
	SSL_free(c);
	SSL_free(s);
}

static void mem_connection(struct ends *e)
{
	mem_connect(e, 0);
}

struct ends *ends_warm(const char *kind, const char *key)
{
	struct ends *e = ends_of(kind, key);

	mem_connect(e, resumes(kind));
	return e;
}

static void mem_run(struct fixture *f, long n)
{
	while (n-- > 0)
		mem_connection(f->data);
}

/* The server of tcp: a thread that serves one connection after the other. */
struct tcp {
	struct ends *ends; /* NULL: without TLS */
	struct listener listener;
	sem_t served;
};

static void serve_tls(struct ends *e, int fd)
{
	SSL *ssl = ends_server(e);
	char byte = 0;

	MUST(SSL_set_fd(ssl, fd) && SSL_accept(ssl) == 1 && SSL_write(ssl, &byte, 1) == 1);
	MUST(SSL_read(ssl, &byte, 1) == 0);
	SSL_shutdown(ssl);
	SSL_free(ssl);
}

static void *serve(void *arg)
{
	struct tcp *t = arg;

	for (;;) {
		char byte = 0;
		int fd = listener_accept(&t->listener);

		if (t->ends != NULL)
			serve_tls(t->ends, fd);
		else
			MUST(write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 0);
		close(fd);
		sem_post(&t->served);
	}
	return NULL;
}

static void connect_tls(struct tcp *t, int fd, int keep)
{
	SSL *ssl = ends_client(t->ends);
	char byte;

	MUST(SSL_set_fd(ssl, fd) && SSL_connect(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1);
	MUST(SSL_session_reused(ssl) == (t->ends->session != NULL));
	SSL_shutdown(ssl);
	if (keep)
		ends_keep(t->ends, ssl);
	SSL_free(ssl);
}

static void tcp_connect(struct tcp *t, int keep)
{
	char byte;
	int fd = listener_dial(&t->listener);

	if (t->ends != NULL)
		connect_tls(t, fd, keep);
	else
		MUST(read(fd, &byte, 1) == 1);
	close(fd);
}

static void tcp_run(struct fixture *f, long n)
{
	struct tcp *t = f->data;

	for (long i = 0; i < n; i++)
		tcp_connect(t, 0);
	for (long i = 0; i < n; i++)
		sem_wait(&t->served);
}

static struct tcp *tcp_new(const char *kind, const char *key)
{
	struct tcp *t = allot(sizeof(*t));
	int plain = strcmp(kind, "plain") == 0;

	t->ends = plain ? NULL : ends_of(kind, key);
	t->listener = listener_new();
	sem_init(&t->served, 0, 0);
	spawn(serve, t);
	tcp_connect(t, !plain && resumes(kind));
	sem_wait(&t->served);
	return t;
}

int handshake_setup(struct fixture *f)
{
	if (strcmp(f->part[1], "mem") == 0) {
		f->data = ends_warm(f->part[2], f->part[3]);
		f->run = mem_run;
	} else {
		f->data = tcp_new(f->part[2], f->part[3]);
		f->run = tcp_run;
	}
	return 1;
}

/* Several threads with the same contexts. */
struct scale {
	struct ends *ends;
	long n;
	int threads;
};

static void *scale_thread(void *arg)
{
	const struct scale *s = arg;

	for (long i = 0; i < s->n; i++)
		mem_connection(s->ends);
	return NULL;
}

static void scale_run(struct fixture *f, long n)
{
	struct scale *s = f->data;
	pthread_t thread[16];

	s->n = n / s->threads;
	for (int i = 0; i < s->threads; i++)
		thread[i] = spawn(scale_thread, s);
	for (int i = 0; i < s->threads; i++)
		pthread_join(thread[i], NULL);
}

void scale_new(struct fixture *f, struct ends *ends, int threads)
{
	struct scale *s = allot(sizeof(*s));

	MUST(threads > 0 && threads <= 16);
	s->ends = ends;
	s->threads = threads;
	f->data = s;
	f->run = scale_run;
}

int scale_setup(struct fixture *f)
{
	scale_new(f, ends_warm(f->part[1], "ecdsa"), atoi(f->part[2]));
	return 1;
}

static void rss_run(struct fixture *f, long n)
{
	double before;

	tcp_run(f, n / 10);
	malloc_trim(0);
	before = rss();
	tcp_run(f, n);
	malloc_trim(0);
	report("grown", rss() - before);
	report("rss", rss());
}

int rss_setup(struct fixture *f)
{
	f->data = tcp_new(f->part[1], "ecdsa");
	f->run = rss_run;
	return 1;
}
