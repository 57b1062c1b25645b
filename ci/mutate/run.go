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

// A result of a process. The output is read when there is a need.
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
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // children; mostly there are none
	r := result{time: time.Since(begin)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		r.outcome = hung
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err == nil:
		r.outcome = survived
		return r, nil
	case !errors.As(err, &exit):
		return r, err
	case exit.ExitCode() == 1:
		r.outcome = failed
	default:
		r.outcome = crashed
	}
	text, err := os.ReadFile(out.Name())
	if len(text) > maxOutput {
		text = append([]byte("…\n"), text[len(text)-maxOutput:]...)
	}
	r.output = string(text)
	return r, err
}

// maxOutput is how many bytes of a failing test's output are kept, from its end.
const maxOutput = 4000

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

// baseline runs the tests with no mutant on. They must pass; run alone, each tells what it comes across.
func (l *lab) baseline(ctx context.Context) error {
	var tests []*test
	for _, b := range l.bins {
		r, err := l.start(ctx, 0, b, l.test.timeout, nil)
		if err != nil {
			return err
		}
		if r.outcome != survived {
			return fmt.Errorf("the tests of %s do not pass without a mutant; repair that first:\n%s", b.pkg, r.output)
		}
		logf(l.log, "%s passes without a mutant (%.1f s)", b.pkg, r.time.Seconds())
		names, err := l.command(ctx, filepath.Join(l.worker(0), b.dir), b.path, "-test.list=.")
		if err != nil {
			return err
		}
		for _, name := range topLevel.FindAllString(names, -1) {
			b.tests = append(b.tests, &test{bin: b, name: name})
		}
		tests = append(tests, b.tests...)
	}
	logf(l.log, "looking what each of %d tests comes across", len(tests))
	return l.each(ctx, len(tests), func(ctx context.Context, worker, i int) error {
		t := tests[i]
		file := filepath.Join(l.dir, fmt.Sprintf("reached%d", worker))
		if err := os.WriteFile(file, make([]byte, l.size+1), 0o644); err != nil {
			return err
		}
		r, err := l.start(ctx, worker, t.bin, l.test.timeout, []string{reachedEnv + "=" + file}, "-test.run=^"+t.name+"$")
		if err != nil {
			return err
		}
		if r.outcome != survived {
			return fmt.Errorf("%s of %s does not pass alone, without a mutant; repair that first:\n%s", t.name, t.bin.pkg, r.output)
		}
		t.time = r.time
		t.reached, err = os.ReadFile(file)
		return err
	})
}

// A batch is tests that run in one process.
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
		slices.SortFunc(reaching, func(a, b *test) int { return cmp.Compare(a.time, b.time) })
		var last *batch
		for _, t := range reaching {
			if last == nil || last.time+t.time > batchTime {
				last = &batch{bin: b}
				all = append(all, last)
			}
			last.names = append(last.names, t.name)
			last.time += t.time
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

var failing = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// runOne runs the tests that come across a mutant until one fails.
func (l *lab) runOne(ctx context.Context, worker int, m *mutant) error {
	batches, tests := l.batches(m.id)
	if tests == 0 {
		m.outcome = unreached
		return nil
	}
	for _, b := range batches {
		limit := min(5*time.Second+10*b.time, l.test.timeout)
		r, err := l.start(ctx, worker, b.bin, limit, []string{mutantEnv + "=" + strconv.Itoa(m.id)}, "-test.run=^("+strings.Join(b.names, "|")+")$")
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
