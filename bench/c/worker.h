/* The plain C worker: what each file has for the others. Whatever fails ends the program, with a line on stderr. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>

#define MUST(ok)                                      \
	do {                                          \
		if (!(ok))                            \
			die(__FILE__, __LINE__, #ok); \
	} while (0)

void die(const char *file, int line, const char *what);

/* Without it a program sets no more than the work asks for. With it: every knob that makes that work cheaper. */
extern int tuned;

/* One scenario: the last parts of its name are its parameters. A function that has more to say than its cost does so by report. */
struct fixture;
typedef void run_fn(struct fixture *f, long n);
typedef int setup_fn(struct fixture *f); /* 0: not a thing of C */

struct fixture {
	char name[128];
	char *part[8];
	run_fn *run;
	void *data;
};

void report(const char *key, double value);

/* worker.c */
void *allot(size_t size);
double rss(void);
pthread_t spawn(void *(*f)(void *), void *arg);

/* ctx.c */
struct ends {
	SSL_CTX *client, *server;
	SSL_SESSION *session; /* what clients resume, or NULL */
};

struct ends *ends_new(const char *kind, const char *key, const char *ciphers);
SSL *ends_client(struct ends *e);
SSL *ends_server(struct ends *e);
void ends_keep(struct ends *e, SSL *client); /* its session, if that is a way that resumes */

/* tcp.c */
struct listener {
	int fd, port;
};

struct listener listener_new(void);
int listener_accept(const struct listener *l);
int listener_dial(const struct listener *l);

/* what can be measured */
setup_fn handshake_setup, bulk_setup, pingpong_setup, idle_setup, rss_setup, scale_setup, cache_setup, call_setup;

/* handshake.c */
struct ends *ends_warm(const char *kind, const char *key);         /* after a connection, whose session they resume */
void scale_new(struct fixture *f, struct ends *ends, int threads); /* f makes connections with them, in so many threads */

#endif
