/* The protocol with the parent: "run SCENARIO N" in, a line of JSON out. */
#include "worker.h"

#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int tuned;

static const struct {
	const char *first;
	setup_fn *setup;
} kinds[] = {
	{ "handshake", handshake_setup }, { "bulk", bulk_setup },   { "pingpong", pingpong_setup }, { "idle", idle_setup }, { "rss", rss_setup },
	{ "scale", scale_setup },         { "cache", cache_setup }, { "call", call_setup },
};

static char values[1024];

void die(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

void report(const char *key, double value)
{
	size_t n = strlen(values);

	snprintf(values + n, sizeof(values) - n, "%s\"%s\":%.3f", n > 0 ? "," : "", key, value);
}

void *allot(size_t size)
{
	void *p = calloc(1, size);

	MUST(p != NULL);
	return p;
}

pthread_t spawn(void *(*f)(void *), void *arg)
{
	pthread_t t;

	MUST(pthread_create(&t, NULL, f, arg) == 0);
	return t;
}

/* Resident bytes. */
double rss(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long all, resident;

	MUST(f != NULL && fscanf(f, "%ld %ld", &all, &resident) == 2);
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct fixture *find(const char *name)
{
	static struct fixture *known[256];
	static int n;
	char *rest, *word;
	struct fixture *f;

	for (int i = 0; i < n; i++) {
		if (strcmp(known[i]->name, name) == 0)
			return known[i];
	}
	MUST(n < (int)(sizeof(known) / sizeof(known[0])));
	f = allot(sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	rest = strdup(name);
	for (int i = 0; i < 8 && (word = strsep(&rest, "/")) != NULL; i++)
		f->part[i] = word;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].first, f->part[0]) == 0 && kinds[i].setup(f)) {
			known[n++] = f;
			return f;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char line[256], name[128];
	struct rlimit files;
	long n;

	tuned = argc > 1 && strcmp(argv[1], "tuned") == 0;
	/* As Go does for its programs: idle connections need two descriptors each. */
	MUST(getrlimit(RLIMIT_NOFILE, &files) == 0);
	files.rlim_cur = files.rlim_max;
	MUST(setrlimit(RLIMIT_NOFILE, &files) == 0);
	signal(SIGPIPE, SIG_IGN);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct fixture *f;
		double c, w;

		MUST(sscanf(line, "run %127s %ld", name, &n) == 2);
		f = find(name);
		if (f == NULL) {
			printf("{\"unsupported\":\"no such thing in C\"}\n");
			fflush(stdout);
			continue;
		}
		values[0] = 0;
		c = cpu();
		w = wall();
		f->run(f, n);
		c = cpu() - c;
		w = wall() - w;
		printf("{\"cpu\":%.0f,\"wall\":%.0f,\"values\":{%s}}\n", c, w, values);
		fflush(stdout);
	}
	return 0;
}
