/*
 * cdriver [-data DIR] [-only NAME] FILE.ops… executes the scenarios with libssl itself and writes their traces.
 * cdriver -version says which OpenSSL it was compiled for, which one it runs with, and where that is.
 *
 * cdriver [-data DIR] -serve - does it with scripts from its standard input, one scenario each: a line with the script's length, the script. Each
 * is read and executed in a process of its own, so that it finds libssl as it was at first, and this one does not grow.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>

#include "driver.h"

const char *data_dir = "testdata";
struct scenario *running;

/* All of a line but `now`, `cb` and the closing brace. */
static void write_result(struct text *t, const char *op, struct result *r)
{
	text_add(t, "{");
	text_member(t, "op", op);
	if (r->has_ret)
		text_number(t, "ret", r->ret);
	if (r->error != NULL)
		text_member(t, "error", r->error);
	if (r->has_data)
		text_add(t, ",\"data\":%s", text_get(&r->data));
	if (r->has_sides)
		text_add(t, ",\"c\":%s,\"s\":%s", text_get(&r->client), text_get(&r->server));
	else
		text_add(t, ",\"queue\":%s", text_get(&r->queue));
	if (r->wire.len > 0)
		text_add(t, ",\"wire\":[%s]", r->wire.at);
	text_clear(&r->data);
	text_clear(&r->client);
	text_clear(&r->server);
	text_clear(&r->queue);
	text_clear(&r->wire);
}

/* The call of libssl that is under way must not lose its errors to the operation that a callback executes. */
void run_nested(struct op *op, struct text *t)
{
	struct result r = { 0 };
	struct queue before;

	queue_copy(&before);
	op->def->run(op, &r);
	queue_drain_beyond(&r.queue, &before);
	write_result(t, op->text, &r);
	text_add(t, "}");
}

static void put_line(struct text *t)
{
	puts(t->at);
	fflush(stdout);
	text_clear(t);
}

static void run_op(struct op *op)
{
	struct result r = { 0 };
	struct text t = { 0 };

	if (!names_live(op))
		usage_error(op->file, op->line, "a callback has freed a name that is used here");
	alloc_begin();
	op->def->run(op, &r);
	alloc_end();
	queue_drain(&r.queue);
	write_result(&t, op->text, &r);
	events_write(&t);
	now_write(&t);
	text_add(&t, "}");
	put_line(&t);
}

/* What the libssl at hand does not have ends the scenario: it was not reached. */
int absent(const char *what)
{
	struct text t = { 0 };

	text_add(&t, "{\"end\":\"absent: %s\"}", what);
	put_line(&t);
	_exit(0);
}

static void run_end(void)
{
	struct result r = { 0 };
	struct text t = { 0 };

	for (int i = running->name_count - 1; i >= 0; i--)
		if (running->names[i].owned)
			release(&running->names[i]);
	close_sockets();
	queue_drain(&r.queue);
	write_result(&t, "end", &r);
	events_write(&t);
	text_add(&t, "}");
	put_line(&t);
	text_add(&t, "{\"end\":\"ok\"}");
	put_line(&t);
}

/* Of an operation, in seconds: short where the scenario says that it hangs, since that is waited for each time. */
static unsigned int time_limit(const struct scenario *s)
{
	static const char hangs[] = "-then-timeout";
	size_t len = strlen(s->name), end = sizeof(hangs) - 1;

	return len >= end && strcmp(s->name + len - end, hangs) == 0 ? 3 : 10;
}

static void run_child(struct scenario *s)
{
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	running = s;
	for (size_t i = 0; i < s->op_count; i++) {
		alarm(time_limit(s));
		run_op(&s->ops[i]);
	}
	alarm(time_limit(s));
	run_end();
	_exit(0);
}

static const char *signal_name(int number)
{
	static char other[16];

	switch (number) {
	case SIGALRM:
		return "timeout";
	case SIGSEGV:
		return "SIGSEGV";
	case SIGABRT:
		return "SIGABRT";
	case SIGBUS:
		return "SIGBUS";
	case SIGFPE:
		return "SIGFPE";
	case SIGILL:
		return "SIGILL";
	case SIGTRAP:
		return "SIGTRAP";
	case SIGKILL:
		return "SIGKILL";
	}
	snprintf(other, sizeof(other), "SIG%d", number);
	return other;
}

/* Returns the child's exit status, 0 also where a signal ended it: that is a result. */
static int wait_for(pid_t child)
{
	struct text t = { 0 };
	int status;

	while (waitpid(child, &status, 0) < 0)
		;
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	text_add(&t, "{");
	text_member(&t, "end", signal_name(WTERMSIG(status)));
	text_add(&t, "}");
	put_line(&t);
	return 0;
}

static pid_t new_process(void)
{
	pid_t child = fork();

	if (child < 0) {
		perror("cdriver: fork");
		exit(1);
	}
	return child;
}

static void put_title(const struct scenario *s)
{
	struct text t = { 0 };

	text_add(&t, "{");
	text_member(&t, "scenario", s->name);
	text_add(&t, "}");
	put_line(&t);
}

static int run_scenario(struct scenario *s)
{
	pid_t child;

	put_title(s);
	child = new_process();
	if (child == 0)
		run_child(s);
	return wait_for(child);
}

/* In a process of its own. */
static void serve_one(char *script, size_t len)
{
	FILE *f = fmemopen(script, len, "r");

	if (f == NULL)
		usage_error("-serve", 0, "no memory");
	script_read_from("-serve", f);
	if (scenario_count != 1)
		usage_error("-serve", 0, "%zu scenarios in a script, want 1", scenario_count);
	put_title(&scenarios[0]);
	run_child(&scenarios[0]);
}

/* Returns at the end of the input. */
static void serve(void)
{
	size_t len;

	while (scanf("%zu", &len) == 1 && getchar() == '\n') {
		char *script = must_alloc(len);
		pid_t child;
		int status;

		if (fread(script, 1, len, stdin) != len)
			return;
		child = new_process();
		if (child == 0)
			serve_one(script, len);
		free(script);
		status = wait_for(child);
		if (status != 0) { /* the reason is in stderr */
			struct text t = { 0 };

			text_add(&t, "{\"end\":\"status %d\"}", status);
			put_line(&t);
		}
	}
}

static int show_version(void)
{
	struct text t = { 0 };
	Dl_info at;

	text_add(&t, "{");
	text_member(&t, "headers", OPENSSL_VERSION_TEXT);
	text_member(&t, "library", OpenSSL_version(OPENSSL_VERSION));
	text_member(&t, "path", dladdr((void *)SSL_new, &at) ? at.dli_fname : "");
	text_add(&t, "}");
	put_line(&t);
	return 0;
}

static void usage(const char *what)
{
	fprintf(stderr, "cdriver: %s\nusage: cdriver -version | [-data DIR] [-only NAME] FILE.ops... | [-data DIR] -serve -\n", what);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	char path[4096];
	bool found = false, serves = false;
	int worst = 0, i;

	alloc_install();
	setenv("OPENSSL_CONF", "/dev/null", 1);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && strcmp(argv[1], "-version") == 0)
		return show_version();
	for (i = 1; i < argc && argv[i][0] == '-'; i += 2) {
		if (i + 1 == argc)
			usage("an option lacks its value");
		if (strcmp(argv[i], "-data") == 0)
			data_dir = argv[i + 1];
		else if (strcmp(argv[i], "-only") == 0)
			only = argv[i + 1];
		else if (strcmp(argv[i], "-serve") == 0)
			serves = true;
		else
			usage("unknown option");
	}
	if (i >= argc && !serves)
		usage("no script");
	for (; i < argc; i++)
		script_read(argv[i]);
	snprintf(path, sizeof(path), "%s/server.pem", data_dir);
	if (access(path, R_OK) != 0)
		usage("-data names no directory with server.pem in it");
	watch_deaths();
	calibrate();
	if (serves) {
		serve();
		return 0;
	}
	for (size_t n = 0; n < scenario_count; n++) {
		int status;

		if (only != NULL && strcmp(only, scenarios[n].name) != 0)
			continue;
		found = true;
		status = run_scenario(&scenarios[n]);
		if (status > worst)
			worst = status;
	}
	if (only != NULL && !found)
		usage("-only names no scenario of these scripts");
	return worst;
}
