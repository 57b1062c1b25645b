package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// instrument writes all mutants into a source. Each stands around an expression, so that they nest.
func instrument(src string, ms []*mutant) string {
	type insertion struct {
		at, order int
		text      string
	}
	var ins []insertion
	inner := slices.Clone(ms) // what is inside or begins later comes first
	slices.SortStableFunc(inner, func(a, b *mutant) int {
		return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(a.end, b.end))
	})
	for i, m := range inner {
		on := fmt.Sprintf("GOSSL_M(%d)", m.id)
		ins = append(ins,
			insertion{m.start, len(inner) - i, strings.ReplaceAll(m.before, "$M", on)},
			insertion{m.end, i - len(inner), strings.ReplaceAll(m.after, "$M", on)})
	}
	slices.SortStableFunc(ins, func(a, b insertion) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order))
	})
	var b strings.Builder
	b.WriteString("#include \"gossl_mutant.h\"\n#line 1\n")
	pos := 0
	for _, in := range ins {
		b.WriteString(src[pos:in.at])
		b.WriteString(in.text)
		pos = in.at
	}
	b.WriteString(src[pos:])
	return b.String()
}

// switchHeader and switchSource select the mutant. Those that a run comes across are noted in a shared mapping, which outlives a crash and takes in the
// child processes of tests.
const switchHeader = `#ifndef GOSSL_MUTANT_H
#define GOSSL_MUTANT_H
extern int gossl_mutant;
extern char *gossl_reached;
#define GOSSL_M(n) (gossl_reached[n] = 1, gossl_mutant == (n))
#endif
`

func switchSource(mutants int) string {
	return fmt.Sprintf(`#include "gossl_mutant.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = %d };
static char nowhere[SIZE];
char *gossl_reached = nowhere;
int gossl_mutant;

__attribute__((constructor)) static void choose(void)
{
	const char *mutant = getenv("%s"), *file = getenv("%s");
	int fd = file != NULL ? open(file, O_RDWR) : -1;
	void *p;

	if (mutant != NULL)
		gossl_mutant = atoi(mutant);
	if (fd < 0)
		return;
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		gossl_reached = p;
	close(fd);
}
`, mutants+1, mutantEnv, reachedEnv)
}

const (
	mutantEnv  = "LIBSSL_MUTANT"
	reachedEnv = "LIBSSL_REACHED"
)
