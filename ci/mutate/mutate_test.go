package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMutants(t *testing.T) {
	tests := []struct {
		name, src string
		kinds     string // in order of appearance: all but "constant", unless it is given
		want      []string
	}{
		{
			"a result is 1 or 0", "gossl_result f(int a) { return g(a); }", kindConstant,
			[]string{"return (gossl_result){ .ret = 1 }", "return (gossl_result){ 0 }"},
		},
		{"a number is 1 or 0", "static inline unsigned long f(void) { return 2; }", kindConstant, []string{"return 1", "return 0"}},
		{"a pointer is NULL", "const SSL *f(void) { return p; }", kindConstant, []string{"return NULL"}},
		{"a void function does nothing", "void f(void) { g(); }", kindConstant, []string{"return"}},
		{"a struct is zero", "static gossl_object f(void) { return o; }", kindConstant, []string{"return (gossl_object){ 0 }"}},
		{"no code of the checks", "#ifdef GOSSL_CHECK\nint f(void) { return 1; }\n#endif\n", kindConstant, nil},
		{"references", "void f(SSL *s) { SSL_up_ref(s); SSL_CTX_up_ref(s->ctx); g_up(s); }", kindUpRef, []string{
			"skip SSL_up_ref(s)", "skip SSL_CTX_up_ref(s->ctx)",
		}},
		{
			"errors", "int f(void) { x = GOSSL_SSL(s, ACTS, (a, b), r.ret != 1); GOSSL_CTX(c, 0, g(), 0); return gossl_end(&c, (s->dead = r == 0)); }",
			kindError,
			[]string{"drop the error r.ret != 1", "drop the error (s->dead = r == 0)"},
		},
		{
			"NULL", "int f(void) { if (a || (b = g(x, y)) == NULL) return p->q[i] != NULL && c == 0; }", kindNull,
			[]string{"ignore (b = g(x, y)) == NULL", "ignore p->q[i] != NULL"},
		},
		{
			"arguments of OpenSSL only", "void f(void) { SSL_copy(a, b, c); g(a, b); SSL_same(a, a); SSL_one(a); }", kindSwap,
			[]string{"swap arguments of SSL_copy(a, b, c)"},
		},
		{
			"conditions", "void f(void) { if (a) g(); else if (b && (c)) h(); while (d) i(); }", kindNegate,
			[]string{"negate if (a)", "negate if (b && (c))"},
		},
		{
			"flags", "void f(void) { g(ACTS | IO, PUSHES); x = owner | WAITED; y = a || B; switch (z) { case CACHED: ; } }", kindFlag,
			[]string{"drop ACTS", "drop IO", "drop PUSHES", "drop WAITED"},
		},
		{
			"statements", "int f(void) { int n = 0; SSL *s; if (a) s->n++; else g(a); for (i = 0; i < n; i++) *p = 1; (void)a; switch (a) { case X: h(); } return 1; }",
			kindSkip,
			[]string{"leave out s->n++", "leave out g(a)", "leave out *p = 1", "leave out h()"},
		},
		{"the same twice", "void f(void) { if (a) g(); if (a) h(); }", kindNegate, []string{"negate if (a)", "negate if (a) (2)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, m := range mutants("shim.c", test.src) {
				if m.kind == test.kinds {
					got = append(got, m.text)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestMutantNamesItsPlace(t *testing.T) {
	ms := mutants("shim.c", "\nint f(void)\n{\n\tif (a)\n\t\treturn 2;\n\treturn 3;\n}\n")
	if got, want := ms[len(ms)-1].String(), "shim.c:4: f: negate if (a)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// program is C in which each mutant changes what is printed.
const program = `
#include <stdio.h>
#define GOSSL_SSL(s, does, expr, failed) (printf("%d ", (int)(does)), r = (expr), (failed))
#define GOSSL_COUNT(a, b) b
enum { ACTS = 1, PUSHES = 16 };
static int r;
static int SSL_minus(int a, int b) { return a - b; }
static int refs_up_ref(int *refs) { return ++*refs; }

static const char *name(const char *s)
{
	return s != NULL ? s : "none"; /* NULL */
}

static int f(const char *s, int *refs)
{
	if (s == NULL && r != 7)
		refs_up_ref(refs);
	return GOSSL_SSL(s, ACTS | PUSHES, SSL_minus(
		SSL_minus(9, 2), 3), r == 4);
}

int main(void)
{
	int refs = 1;

	printf("%d ", f(NULL, &refs));
	printf("%d %d %s\n", refs, r, name("n"));
	return 0;
}
`

// TestInstrumented compiles all mutants of program into one, and looks whether each does what it says.
func TestInstrumented(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler")
	}
	dir := t.TempDir()
	f := &source{name: "shim.c", src: program}
	f.mutants = slices.DeleteFunc(mutants(f.name, f.src), func(m *mutant) bool { return m.fn == "main" })
	l := &lab{files: []*source{f}}
	for i, m := range f.mutants {
		m.id = i + 1
	}
	if err := l.writeShim(dir, f.mutants); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "program")
	if out, err := exec.Command(cc, "-o", exe, filepath.Join(dir, "shim.c"), filepath.Join(dir, "gossl_mutant.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := map[string]string{
		"":                                     "17 1 2 4 n",
		"name: return NULL":                    "17 1 2 4 (null)",
		"f: return 1":                          "1 1 0 n",
		"f: return 0":                          "0 1 0 n",
		"SSL_minus: return 1":                  "17 0 2 1 n",
		"SSL_minus: return 0":                  "17 0 2 0 n",
		"refs_up_ref: return 1":                "17 1 1 4 n",
		"refs_up_ref: return 0":                "17 1 1 4 n",
		"name: ignore s != NULL":               "17 1 2 4 n",
		"f: negate if (s == NULL && r != 7)":   "17 1 1 4 n",
		"f: ignore s == NULL":                  "17 1 1 4 n",
		"f: skip refs_up_ref(refs)":            "17 1 1 4 n",
		"f: leave out refs_up_ref(refs)":       "17 1 1 4 n",
		"f: drop the error r == 4":             "17 0 2 4 n",
		"f: drop ACTS":                         "16 1 2 4 n",
		"f: drop PUSHES":                       "1 1 2 4 n",
		"f: swap arguments of SSL_minus(9, 2)": "17 0 2 -10 n",
		"f: swap arguments of SSL_minus( SSL_minus(9, 2), 3)": "17 0 2 -4 n",
	}
	reached := filepath.Join(dir, "reached")
	run := func(name string, id int) {
		expected, ok := want[name]
		if !ok {
			t.Errorf("unexpected mutant %q", name)
			return
		}
		delete(want, name)
		if err := os.WriteFile(reached, make([]byte, len(f.mutants)+1), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), mutantEnv+"="+strconv.Itoa(id), reachedEnv+"="+reached)
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != expected {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, expected)
		}
		marks, err := os.ReadFile(reached)
		if err != nil {
			t.Fatal(err)
		}
		// Where a test for NULL sees none, leaving it out cannot matter.
		if id > 0 && (marks[id] != 0) == (name == "name: ignore s != NULL") {
			t.Errorf("%s: reached %d", name, marks[id])
		}
	}
	run("", 0)
	for _, m := range f.mutants {
		run(m.fn+": "+m.text, m.id)
	}
	for name := range want {
		t.Errorf("no mutant %q", name)
	}
}

func TestDiscard(t *testing.T) {
	ok := &mutant{kind: kindSwap, file: "shim.c", line: 1}
	same := &mutant{kind: kindSwap, file: "shim.c", line: 2}
	bad := &mutant{kind: kindSwap, file: "shim.c", line: 2}
	compile := func(_ *source, ms []*mutant) error {
		if slices.Contains(ms, bad) {
			return &exec.Error{Name: "cc", Err: os.ErrInvalid}
		}
		return nil
	}
	f := &source{name: "shim.c", src: "a\nb\n"}
	if err := discardFrom(f, []*mutant{ok, same, bad}, compile); err == nil {
		t.Error("no error, though the compiler named no line")
	}
	compile2 := func(f *source, ms []*mutant) error {
		if compile(f, ms) != nil {
			return errorText("In function 'f':\n/tmp/shim.c:2:5: error: passing argument 1")
		}
		return nil
	}
	if err := discardFrom(f, []*mutant{ok, same, bad}, compile2); err != nil {
		t.Fatal(err)
	}
	if ok.outcome == discarded || same.outcome == discarded || bad.outcome != discarded {
		t.Errorf("discarded: %v %v %v, want the last only", ok.outcome, same.outcome, bad.outcome)
	}
}

type errorText string

func (e errorText) Error() string { return string(e) }

func TestParseGoTest(t *testing.T) {
	g, err := parseGoTest("go test -count=1 -short -race -run=^TestA -timeout=2m -tags=x . ./diag/...")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g.build, []string{"-race", "-tags=x"}) || !slices.Equal(g.run, []string{"-test.count=1", "-test.short"}) ||
		!slices.Equal(g.packages, []string{".", "./diag/..."}) || g.timeout != 2*time.Minute || g.only != "^TestA" {
		t.Errorf("got %+v", g)
	}
	for _, bad := range []string{"", "make test", "go test", "go test -v -race", "go test -timeout=x ."} {
		if _, err := parseGoTest(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestAccepted(t *testing.T) {
	list, err := parseAccepted("# a comment\n\nf | negate if (a | b) | why not\n")
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	if a := list[0]; a.fn != "f" || a.text != "negate if (a | b)" || a.reason != "why not" || a.line != 3 {
		t.Errorf("got %+v", a)
	}
	for _, bad := range []string{"f", "f | return 1", "f | return 1 |"} {
		if _, err := parseAccepted(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestReport(t *testing.T) {
	const src = "int f(void) { if (a) g(); return 2; }\n"
	tests := []struct {
		name     string
		outcomes [3]outcome // of return 1, return 0, negate
		accepted string
		ok       bool
		want     string // in the text
	}{
		{"all killed", [3]outcome{failed, crashed, hung}, "", true, "no survivor"},
		{"a survivor", [3]outcome{survived, failed, failed}, "", false, "shim.c:1: f: return 1: SURVIVED"},
		{"no test", [3]outcome{failed, unreached, failed}, "", false, "shim.c:1: f: return 0: SURVIVED: no test"},
		{"accepted", [3]outcome{survived, failed, failed}, "f | return 1 | why not", true, "no survivor"},
		{"accepted, but killed", [3]outcome{failed, failed, failed}, "f | return 1 | why not", false, "survivors.txt:1: f: return 1: a test kills"},
		{"no such mutant", [3]outcome{failed, failed, failed}, "g | return 1 | why not", false, "there is no such mutant"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := &source{name: "shim.c", src: src, mutants: mutants("shim.c", src)}
			f.mutants = slices.DeleteFunc(f.mutants, func(m *mutant) bool { return m.kind == kindSkip })
			for i := range f.mutants {
				f.mutants[i].outcome = test.outcomes[i]
			}
			list, err := parseAccepted(test.accepted)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if ok := report(&out, []*source{f}, list, time.Second); ok != test.ok || !strings.Contains(out.String(), test.want) {
				t.Errorf("got %v, want %v with %q:\n%s", ok, test.ok, test.want, out.String())
			}
		})
	}
}

// TestStart runs sh as a test binary.
func TestStart(t *testing.T) {
	dir := t.TempDir()
	l := &lab{dir: dir}
	if err := os.Mkdir(l.worker(0), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		script string
		want   outcome
	}{
		{"exit 0", survived},
		{"echo '--- FAIL: TestX'; exit 1", failed},
		{"exit 2", crashed},
		{"kill -SEGV $$", crashed},
		{"sleep 60 & sleep 60", hung},
	}
	for _, test := range tests {
		begin := time.Now()
		r, err := l.start(context.Background(), 0, &binary{path: "/bin/sh"}, 300*time.Millisecond, nil, "-c", test.script)
		if err != nil || r.outcome != test.want {
			t.Errorf("%s: got %v (%v), want %v", test.script, r.outcome, err, test.want)
		}
		if time.Since(begin) > 10*time.Second {
			t.Errorf("%s: took %v", test.script, time.Since(begin))
		}
		if strings.Contains(test.script, "FAIL") && !regexp.MustCompile("FAIL: TestX").MatchString(r.output) {
			t.Errorf("%s: output %q", test.script, r.output)
		}
	}
}

// TestTry runs scripts that note how often they ran.
func TestTry(t *testing.T) {
	const count = "#!/bin/sh\necho x >>runs\nruns=$(wc -l <runs)\n"
	tests := []struct {
		name, script string
		timeout      time.Duration
		want         outcome
		runs         int
	}{
		{"a hang", "test -z \"$" + mutantEnv + "\" || sleep 60", time.Minute, hung, 2},
		{"a busy machine", "test $runs -gt 2 || sleep 60", time.Minute, survived, 3},
		{"busy for too long", "sleep 60", time.Second, hung, 3},
		{"no hang", "exit 1", time.Minute, failed, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := &lab{dir: t.TempDir(), options: options{test: goTest{timeout: test.timeout}}}
			exe := filepath.Join(l.dir, "test")
			if err := errors.Join(os.Mkdir(l.worker(0), 0o755), os.WriteFile(exe, []byte(count+test.script), 0o755)); err != nil {
				t.Fatal(err)
			}
			r, err := l.try(context.Background(), 0, 1, &batch{bin: &binary{path: exe}, names: []string{"TestA"}}, 500*time.Millisecond)
			if err != nil || r.outcome != test.want {
				t.Errorf("got %v (%v), want %v", r.outcome, err, test.want)
			}
			if runs, err := os.ReadFile(filepath.Join(l.worker(0), "runs")); err != nil || bytes.Count(runs, []byte("x")) < test.runs {
				t.Errorf("%d runs (%v), want %d, or more on a busy machine", bytes.Count(runs, []byte("x")), err, test.runs)
			}
		})
	}
}

func TestPattern(t *testing.T) {
	tests := []struct {
		names []string
		want  string
	}{
		{[]string{"TestA"}, "^(TestA)$"},
		{[]string{"TestA", "TestB"}, "^(TestA|TestB)$"},
		{[]string{"TestA/b.c/d", "TestA/b.c/e"}, `^TestA$/^b\.c$/^(d|e)$`},
	}
	for _, test := range tests {
		if got := pattern(test.names...); got != test.want {
			t.Errorf("pattern(%q) = %s, want %s", test.names, got, test.want)
		}
	}
}

func TestParts(t *testing.T) {
	const slow = "--- PASS: TestA (3.00s)\n    --- PASS: TestA/b (2.00s)\n        --- PASS: TestA/b/d (2.00s)\n    --- SKIP: TestA/c (0.50s)\n"
	l := &lab{}
	if parts := l.parts(&test{name: "TestA"}, result{output: slow, time: 3 * time.Second}); len(parts) != 2 || parts[1].name != "TestA/c" {
		t.Errorf("got %v, want TestA/b and TestA/c", parts)
	}
	for why, r := range map[string]result{
		"it is quick":                     {output: slow, time: splitTime / 2},
		"most of the time is spent above": {output: slow, time: 10 * time.Second},
		"there are no parts":              {output: "--- PASS: TestA (3.00s)\n", time: 3 * time.Second},
	} {
		if parts := l.parts(&test{name: "TestA"}, r); parts != nil {
			t.Errorf("got %v, want none: %s", parts, why)
		}
	}
}

func TestBatchesAreFastestFirst(t *testing.T) {
	b := &binary{pkg: "p"}
	times := map[string]time.Duration{
		"A": 900 * time.Millisecond, "B": 100 * time.Millisecond, "C": 200 * time.Millisecond, "D": 3 * time.Second,
		"E/a": 500 * time.Millisecond, "E/b": 200 * time.Millisecond,
	}
	for name, d := range times {
		b.tests = append(b.tests, &test{bin: b, name: name, time: d, reached: []byte{0, 1, 0}})
	}
	l := &lab{bins: []*binary{b}}
	all, n := l.batches(1)
	var got []string
	for _, b := range all {
		got = append(got, strings.Join(b.names, "+"))
	}
	if want := []string{"B+C", "E/b+E/a", "A", "D"}; n != 6 || !slices.Equal(got, want) {
		t.Errorf("got %d tests in %v, want 6 in %v", n, got, want)
	}
	if _, n := l.batches(2); n != 0 {
		t.Errorf("%d tests come across mutant 2, want 0", n)
	}
}
