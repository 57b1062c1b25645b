/*
 * What concerns the whole process, each in one of its own: signals, exit, dlclose, and a library that is loaded when there are connections already. The library
 * is opened with dlopen(), so that the program decides when.
 *
 *	process LIBRARY          runs them all
 *	process LIBRARY CASE     is one of them
 */
#include "sslstore.h"
#include "tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *library;

static sslstore (*store_new)(size_t);
static int (*store_handshake)(sslstore, const char *, SSL *);
static int (*store_put1)(sslstore, const char *, SSL_SESSION *);
static SSL_SESSION *(*store_get1)(sslstore, const char *);
static int (*store_refs)(enum sslstore_kind, void *);

static void *load(void)
{
	void *l = dlopen(library, RTLD_NOW);

	if (l == NULL)
		fprintf(stderr, "%s\n", dlerror());
	expect(l != NULL);
	*(void **)&store_new = dlsym(l, "sslstore_new");
	*(void **)&store_handshake = dlsym(l, "sslstore_handshake");
	*(void **)&store_put1 = dlsym(l, "sslstore_put1");
	*(void **)&store_get1 = dlsym(l, "sslstore_get1");
	*(void **)&store_refs = dlsym(l, "sslstore_refs");
	expect(store_new != NULL && store_handshake != NULL && store_put1 != NULL && store_get1 != NULL && store_refs != NULL);
	return l;
}

static SSL *client_of(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	expect(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
	SSL_set_connect_state(ssl);
	return ssl;
}

/* Writes to a peer that is gone: first C itself, then libssl inside the library. */
static void write_to_nobody(SSL_CTX *ctx)
{
	int fd[2], ret;
	SSL *ssl;

	expect(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0 && close(fd[1]) == 0);
	ssl = client_of(ctx, fd[0]);
	errno = 0;
	ret = store_handshake(0, NULL, ssl);
	expect(errno == EPIPE && ret == -1 && SSL_get_error(ssl, ret) == SSL_ERROR_SYSCALL);
	expect(write(fd[0], "x", 1) == -1 && errno == EPIPE);
	SSL_free(ssl);
	close(fd[0]);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int number, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	pipes += number == SIGPIPE;
}

static void handle_pipe(void)
{
	struct sigaction a = { 0 };

	a.sa_sigaction = on_pipe;
	a.sa_flags = SA_SIGINFO | SA_ONSTACK;
	expect(sigaction(SIGPIPE, &a, NULL) == 0);
}

static void handler_before(void)
{
	handle_pipe();
	load();
	write_to_nobody(new_ctx(TLS1_3_VERSION));
	expect(pipes == 2);
}

static void handler_after(void)
{
	load();
	handle_pipe();
	write_to_nobody(new_ctx(TLS1_3_VERSION));
	expect(pipes == 2);
}

static void ignored_before(void)
{
	signal(SIGPIPE, SIG_IGN);
	load();
	write_to_nobody(new_ctx(TLS1_3_VERSION));
}

static void ignored_after(void)
{
	load();
	signal(SIGPIPE, SIG_IGN);
	write_to_nobody(new_ctx(TLS1_3_VERSION));
}

/* These two die of it, as without the library. */
static void default_in_library(void)
{
	load();
	write_to_nobody(new_ctx(TLS1_3_VERSION));
}

static void default_in_c(void)
{
	int fd[2];

	load();
	expect(pipe(fd) == 0 && close(fd[0]) == 0);
	expect(write(fd[1], "x", 1) == 1);
}

enum { THREADS = 8 };

static void *handshake(void *ssl)
{
	store_handshake(0, NULL, ssl);
	fail(__FILE__, __LINE__, "the handshake with nobody ended");
	return NULL;
}

/* exit() while threads wait for the peer inside libssl, inside Go. */
static void exit_inside(void)
{
	SSL_CTX *ctx = new_ctx(TLS1_3_VERSION);
	pthread_t thread;
	int fd[2];
	char c;

	load();
	for (int i = 0; i < THREADS; i++) {
		expect(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
		expect(pthread_create(&thread, NULL, handshake, client_of(ctx, fd[0])) == 0);
		expect(read(fd[1], &c, 1) == 1); /* the ClientHello: the thread is inside */
	}
	exit(7);
}

static atomic_int connections;

static void *connect_for_ever(void *ctx)
{
	SSL *client, *server;

	for (;;) {
		new_pair(ctx, ctx, &client, &server);
		for (int i = 0; i < 4; i++) {
			store_handshake(0, NULL, client);
			store_handshake(0, NULL, server);
		}
		end_pair(client, server);
		connections++;
	}
	return NULL;
}

static void cleaned_up(void)
{
	fail(__FILE__, __LINE__, "OpenSSL cleans up");
}

/* exit() while threads compute inside libssl. OpenSSL's own cleanup, which would crash here, is switched off by the library. */
static void exit_busy(void)
{
	pthread_t thread;
	SSL_CTX *ctx;

	load();
	ctx = new_ctx(TLS1_3_VERSION);
	for (int i = 0; i < THREADS; i++)
		expect(pthread_create(&thread, NULL, connect_for_ever, ctx) == 0);
	while (connections < THREADS)
		sched_yield();
	expect(OPENSSL_atexit(cleaned_up) == 1);
	exit(7);
}

/* The library stays, with what it keeps. */
static void close_library(void)
{
	SSL_SESSION *session = SSL_SESSION_new(), *got;
	void *l = load();
	sslstore store = store_new(1);

	expect(SSL_SESSION_set1_id(session, (const unsigned char *)"id", 2) == 1);
	expect(store_put1(store, "key", session) == 1);
	for (int i = 0; i < 3; i++)
		dlclose(l);
	got = store_get1(store, "key"); /* the old pointer: the code is there */
	expect(got == session && store_refs(SSLSTORE_SESSION, session) == 3);
	expect(load() == l && store_get1(store, "key") == session && store_refs(SSLSTORE_SESSION, session) == 4);
}

/* A connection and its session are older than the library. */
static void load_late(void)
{
	SSL_CTX *ctx = new_ctx(TLS1_2_VERSION);
	SSL *client, *server, *again, *again_server;
	SSL_SESSION *session;
	sslstore store;

	expect(SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"late", 4) == 1);
	new_pair(ctx, ctx, &client, &server);
	new_pair(ctx, ctx, &again, &again_server);
	for (int i = 0; i < 3; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	expect(SSL_is_init_finished(client) && SSL_is_init_finished(server));
	load();
	session = SSL_get1_session(client);
	store = store_new(1);
	expect(store_put1(store, "late", session) == 1 && store_refs(SSLSTORE_SESSION, session) >= 3);
	for (int i = 0; i < 3; i++) {
		store_handshake(store, "late", again);
		store_handshake(0, NULL, again_server);
	}
	expect(SSL_session_reused(again) && SSL_session_reused(again_server) && SSL_get_session(again) == session);
}

static const struct {
	const char *name;
	void (*run)(void);
	int status; /* of waitpid() */
	const char *text;
} cases[] = {
	{ "handler-before", handler_before, 0,
	  "the program's SIGPIPE handler, set before the library is loaded, is called for writes of C and of libssl inside the library" },
	{ "handler-after", handler_after, 0, "the same, set afterwards" },
	{ "ignored-before", ignored_before, 0, "SIGPIPE that was ignored before stays ignored: EPIPE, SSL_ERROR_SYSCALL" },
	{ "ignored-after", ignored_after, 0, "the same, ignored afterwards" },
	{ "default-in-library", default_in_library, SIGPIPE, "SIGPIPE by default ends the program, inside the library" },
	{ "default-in-c", default_in_c, SIGPIPE, "and outside of it" },
	{ "exit", exit_inside, 7 << 8, "exit() with threads inside libssl, inside Go, ends with its status" },
	{ "exit-busy", exit_busy, 7 << 8, "exit() with threads that shake hands does, too: OpenSSL's cleanup is off" },
	{ "dlclose", close_library, 0, "dlclose() leaves the library and its stores" },
	{ "late", load_late, 0, "connections and sessions that are older than the library resume through it" },
};

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	expect(argc >= 2);
	library = argv[1];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc > 2 && strcmp(argv[2], cases[i].name) == 0) {
			cases[i].run();
			return 0;
		} else if (argc == 2) {
			expect((child = fork()) >= 0); /* there is no Go in this process */
			if (child == 0) {
				alarm(60); /* a hang is a failure */
				execl("/proc/self/exe", argv[0], argv[1], cases[i].name, (char *)NULL);
				_exit(127);
			}
			expect(waitpid(child, &status, 0) == child);
			if (status != cases[i].status)
				fprintf(stderr, "%s: status 0x%x, want 0x%x\n", cases[i].name, status, cases[i].status);
			expect(status == cases[i].status);
			printf("%s: %s\n", cases[i].name, cases[i].text);
			fflush(stdout);
		}
	}
	return 0;
}
