package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An outcome is what became of a mutant.
type outcome int

const (
	untested  outcome = iota
	discarded         // does not compile
	failed            // killed: a test failed
	crashed           // killed: the program crashed
	hung              // killed: the time limit
	survived          // tests come across it, and pass
	unreached         // no test comes across it
)

// A result is that of one process.
type result struct {
	outcome outcome // failed, crashed, hung or survived
	output  string
	time    time.Duration
}

// start runs a test binary in a worker's copy, with a time limit. What it leaves running is killed with its process group.
func (l *lab) start(ctx context.Context, worker int, b *binary, limit time.Duration, env []string, args ...string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	temp := filepath.Join(l.dir, fmt.Sprintf("tmp%d", worker))
	if err := errors.Join(os.RemoveAll(temp), os.Mkdir(temp, 0o755)); err != nil {
		return result{}, err
	}
	out, err := os.Create(filepath.Join(l.dir, fmt.Sprintf("output%d", worker)))
	if err != nil {
		return result{}, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, b.path, append(args, l.test.run...)...)
	cmd.Dir = filepath.Join(l.worker(worker), b.dir)
	cmd.Env = append(append(slices.Clone(l.env), "TMPDIR="+temp), env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	err = cmd.Wait()
	r := result{time: time.Since(begin)}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // children; mostly there are none
	text, readErr := os.ReadFile(out.Name())
	r.output = string(text)
	var exit *exec.ExitError
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		r.outcome = hung
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err == nil:
		r.outcome = survived
	case !errors.As(err, &exit):
		return r, err
	case exit.ExitCode() == 1:
		r.outcome = failed
	default:
		r.outcome = crashed
	}
	return r, readErr
}

// tail is the end of a long output.
func tail(output string) string {
	const size = 4000
	if len(output) > size {
		return "…" + output[len(output)-size:]
	}
	return output
}

// each calls f for 0 to n-1, in all workers. The first error ends it.
func (l *lab) each(ctx context.Context, n int, f func(ctx context.Context, worker, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for w := range l.workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				if err := f(ctx, w, i); err != nil {
					cancel(err)
				}
			}
		}()
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

var topLevel = regexp.MustCompile(`(?m)^(Test|Example|Fuzz)\S*$`)

// baseline runs the tests with no mutant on. They must pass; run alone, each tells what it comes across. A long one gives way to its
// sub-tests.
func (l *lab) baseline(ctx context.Context) error {
	var tests []*test
	for _, b := range l.bins {
		r, err := l.start(ctx, 0, b, l.test.timeout, nil, "-test.run="+l.test.only)
		if err != nil {
			return err
		}
		if r.outcome != survived {
			return fmt.Errorf("the tests of %s do not pass without a mutant; repair that first:\n%s", b.pkg, tail(r.output))
		}
		logf(l.log, "%s passes without a mutant (%.1f s)", b.pkg, r.time.Seconds())
		names, err := l.command(ctx, filepath.Join(l.worker(0), b.dir), b.path, "-test.list="+orDefault(l.test.only, "."))
		if err != nil {
			return err
		}
		for _, name := range topLevel.FindAllString(names, -1) {
			tests = append(tests, &test{bin: b, name: name})
		}
	}
	for len(tests) > 0 {
		logf(l.log, "looking what each of %d tests comes across", len(tests))
		parts := make([][]*test, len(tests))
		err := l.each(ctx, len(tests), func(ctx context.Context, worker, i int) (err error) {
			parts[i], err = l.observe(ctx, worker, tests[i])
			return err
		})
		if err != nil {
			return err
		}
		for i, t := range tests {
			if parts[i] == nil {
				t.bin.tests = append(t.bin.tests, t)
			}
		}
		tests = slices.Concat(parts...)
	}
	return nil
}

// splitTime is how long a test may take to be run as one.
const splitTime = time.Second

// observe runs a test alone. It returns the sub-tests of a long one.
func (l *lab) observe(ctx context.Context, worker int, t *test) ([]*test, error) {
	file := filepath.Join(l.dir, fmt.Sprintf("reached%d", worker))
	if err := os.WriteFile(file, make([]byte, l.size+1), 0o644); err != nil {
		return nil, err
	}
	r, err := l.start(ctx, worker, t.bin, l.test.timeout, []string{reachedEnv + "=" + file}, "-test.v", "-test.run="+pattern(t.name))
	if err != nil {
		return nil, err
	}
	if r.outcome != survived {
		return nil, fmt.Errorf("%s of %s does not pass alone, without a mutant; repair that first:\n%s", t.name, t.bin.pkg, tail(r.output))
	}
	if parts := l.parts(t, r); parts != nil {
		return parts, nil
	}
	t.time = r.time
	t.reached, err = os.ReadFile(file)
	return nil, err
}

var passed = regexp.MustCompile(`(?m)^ *--- (?:PASS|SKIP): (\S+) \(([\d.]+)s\)`)

// parts returns the sub-tests of a test if that takes long, and if it is they that do.
func (l *lab) parts(t *test, r result) []*test {
	var parts []*test
	var sum float64
	for _, m := range passed.FindAllStringSubmatch(r.output, -1) {
		if parent, _ := cutLast(m[1]); parent == t.name {
			seconds, _ := strconv.ParseFloat(m[2], 64)
			sum += seconds
			parts = append(parts, &test{bin: t.bin, name: m[1]})
		}
	}
	if r.time < splitTime || len(parts) < 2 || sum < 0.7*r.time.Seconds() {
		return nil
	}
	return parts
}

// cutLast splits a test's name into its parent's and its own.
func cutLast(name string) (parent, own string) {
	i := strings.LastIndexByte(name, '/')
	return name[:max(i, 0)], name[i+1:]
}

// pattern is the -test.run for tests of one parent.
func pattern(names ...string) string {
	parent, _ := cutLast(names[0])
	var levels, last []string
	if parent != "" {
		for _, level := range strings.Split(parent, "/") {
			levels = append(levels, "^"+regexp.QuoteMeta(level)+"$")
		}
	}
	for _, name := range names {
		_, own := cutLast(name)
		last = append(last, regexp.QuoteMeta(own))
	}
	return strings.Join(append(levels, "^("+strings.Join(last, "|")+")$"), "/")
}

// A batch is tests that run in one process, all of one parent.
type batch struct {
	bin   *binary
	names []string
	time  time.Duration
}

// batchTime is how long a batch may take if it is of more than one test. Starting a process costs some, and stopping early saves some.
const batchTime = time.Second

// batches returns the tests that come across a mutant, the fastest first.
func (l *lab) batches(id int) (all []*batch, tests int) {
	for _, b := range l.bins {
		var reaching []*test
		for _, t := range b.tests {
			if t.reached[id] != 0 {
				reaching = append(reaching, t)
			}
		}
		slices.SortStableFunc(reaching, func(a, b *test) int { return cmp.Compare(a.time, b.time) })
		last := map[string]*batch{}
		for _, t := range reaching {
			parent, _ := cutLast(t.name)
			to := last[parent]
			if to == nil || to.time+t.time > batchTime {
				to = &batch{bin: b}
				last[parent] = to
				all = append(all, to)
			}
			to.names = append(to.names, t.name)
			to.time += t.time
		}
		tests += len(reaching)
	}
	slices.SortStableFunc(all, func(a, b *batch) int { return cmp.Compare(a.time, b.time) })
	return all, tests
}

// runAll tests the mutants.
func (l *lab) runAll(ctx context.Context, all []*mutant) error {
	all = slices.DeleteFunc(slices.Clone(all), func(m *mutant) bool { return m.outcome == discarded })
	var mu sync.Mutex
	done, killed, begin, told := 0, 0, time.Now(), time.Now()
	return l.each(ctx, len(all), func(ctx context.Context, worker, i int) error {
		err := l.runOne(ctx, worker, all[i])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		if all[i].killed() {
			killed++
		}
		if l.verbose {
			logf(l.log, "%v: %s", all[i], all[i].verdict())
		}
		if time.Since(told) > 10*time.Second || done == len(all) {
			told = time.Now()
			left := time.Since(begin) / time.Duration(done) * time.Duration(len(all)-done)
			logf(l.log, "%d/%d mutants, %d killed, %v left", done, len(all), killed, left.Round(time.Second))
		}
		return nil
	})
}

// try runs a batch with a mutant on. Where the limit ends it, the same tests run without the mutant: if they take long too, the machine is busy, and the
// limit is doubled.
func (l *lab) try(ctx context.Context, worker, id int, b *batch, limit time.Duration) (result, error) {
	only := "-test.run=" + pattern(b.names...)
	for {
		r, err := l.start(ctx, worker, b.bin, limit, []string{mutantEnv + "=" + strconv.Itoa(id)}, only)
		if err != nil || r.outcome != hung || limit >= l.test.timeout {
			return r, err
		}
		without, err := l.start(ctx, worker, b.bin, limit, nil, only)
		if err != nil || without.time < limit/3 {
			return r, err
		}
		limit = min(2*limit, l.test.timeout)
	}
}

var failing = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// runOne runs the tests that come across a mutant until one fails.
func (l *lab) runOne(ctx context.Context, worker int, m *mutant) error {
	batches, tests := l.batches(m.id)
	if tests == 0 {
		m.outcome = unreached
		return nil
	}
	for _, b := range batches {
		r, err := l.try(ctx, worker, m.id, b, min(5*time.Second+5*b.time, l.test.timeout))
		if err != nil {
			return err
		}
		if r.outcome != survived {
			m.outcome, m.detail = r.outcome, b.names[0]
			if f := failing.FindAllStringSubmatch(r.output, -1); f != nil {
				m.detail = f[len(f)-1][1]
			} else if len(b.names) > 1 {
				m.detail = fmt.Sprintf("one of %d tests from %s on", len(b.names), b.names[0])
			}
			return nil
		}
	}
	m.outcome, m.detail = survived, fmt.Sprintf("%d tests pass", tests)
	return nil
}
