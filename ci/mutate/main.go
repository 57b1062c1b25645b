// Mutate breaks the C shim in small ways, one at a time, and checks that a test notices:
//
//	go run ./ci/mutate [-run REGEXP] [-kinds LIST] [-j 2] [-list] [-v] [-test 'go test …']
//
// All mutants are compiled into one library, where an environment variable selects one. So the tests are built once, and a mutant costs a run of those
// tests that come across it. A mutant that no test fails on is a survivor: it needs a test, or a line in survivors.txt with the reason.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const defaultTest = "go test -count=1 -failfast -timeout=120s -tags=libssl_check . ./conformance/... ./diag/..."

type options struct {
	run     *regexp.Regexp
	kinds   []string
	workers int
	list    bool
	verbose bool
	test    goTest
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := mutate(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("mutate", flag.ContinueOnError)
	run := f.String("run", "", "only mutants whose line, as -list prints it, matches this `regexp`")
	kinds := f.String("kinds", strings.Join(defaultKinds, ","), "kinds of mutants; there is also "+kindSkip+", which skips each statement")
	f.IntVar(&o.workers, "j", 2, "tests to run at the same time")
	f.BoolVar(&o.list, "list", false, "print the mutants and run nothing")
	f.BoolVar(&o.verbose, "v", false, "print what killed each mutant")
	test := f.String("test", defaultTest, "the tests: `go test` with flags of the form -name=value, and packages")
	err := f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("mutate: unexpected argument %q: see -help", f.Arg(0))
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil {
		return o, err
	}
	if o.run, err = regexp.Compile(*run); err == nil {
		o.test, err = parseGoTest(*test)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	o.kinds = strings.Split(*kinds, ",")
	for _, kind := range o.kinds {
		if err == nil && kind != kindSkip && !slices.Contains(defaultKinds, kind) {
			err = fmt.Errorf("no kind %q: there are %s and %s", kind, strings.Join(defaultKinds, ", "), kindSkip)
			fmt.Fprintln(os.Stderr, "mutate:", err)
		}
	}
	return o, err
}

// mutate reports whether all mutants were killed or accepted.
func mutate(ctx context.Context, o options) (bool, error) {
	start := time.Now()
	root, err := moduleRoot(ctx)
	if err != nil {
		return false, err
	}
	files, err := readShim(root)
	if err != nil {
		return false, err
	}
	accepted, err := readAccepted(filepath.Join(root, "ci", "mutate", "survivors.txt"))
	if err != nil {
		return false, err
	}
	var all []*mutant
	for _, f := range files {
		f.mutants = slices.DeleteFunc(mutants(f.name, f.src), func(m *mutant) bool {
			return !slices.Contains(o.kinds, m.kind) || !o.run.MatchString(m.String())
		})
		all = append(all, f.mutants...)
	}
	if o.list {
		for _, m := range all {
			fmt.Println(m)
		}
		return true, nil
	}
	if len(all) == 0 {
		return false, fmt.Errorf("no mutant matches -run %v: see -list", o.run)
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	l := &lab{root: root, dir: dir, files: files, options: o, log: os.Stderr}
	if err := l.discard(ctx); err != nil {
		return false, err
	}
	if err := l.build(ctx); err != nil {
		return false, err
	}
	if err := l.baseline(ctx); err != nil {
		return false, err
	}
	if err := l.runAll(ctx, all); err != nil {
		return false, err
	}
	return report(os.Stdout, files, accepted, time.Since(start)), nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w: run it inside the module", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// A source is one file of the shim.
type source struct {
	name    string
	src     string
	mutants []*mutant
}

func readShim(root string) ([]*source, error) {
	names, _ := filepath.Glob(filepath.Join(root, "shim*.[ch]"))
	var files []*source
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, &source{name: filepath.Base(name), src: string(src)})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no shim*.c in %s", root)
	}
	return files, nil
}

// logf writes progress.
func logf(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
