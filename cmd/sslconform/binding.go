package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/seed-c1436005/libssl/conformance"
)

// modes are the ways in which the binding runs each scenario.
var modes = []conformance.Mode{conformance.Default, conformance.Keep}

// childEnv names the variable with what a child process has to run: a scenario that may kill it, or need an allocator of its own.
const childEnv = "SSLCONFORM_CHILD"

type childJob struct {
	Script, Scenario string
	Mode             conformance.Mode
}

// ranChild runs a scenario if this process was started for that.
func ranChild() bool {
	text := os.Getenv(childEnv)
	if text == "" {
		return false
	}
	if err := childRun(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func childRun(text string) error {
	var job childJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		return err
	}
	scenarios, err := conformance.Parse(job.Script)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(scenarios, func(s *conformance.Scenario) bool { return s.Name == job.Scenario })
	if i < 0 {
		return fmt.Errorf("%s is not in %s", job.Scenario, job.Script)
	}
	conformance.WriteGo(os.Stdout, scenarios[i], job.Mode)
	return nil
}

// runBinding runs all scenarios of a report through the binding, and notes where it does not agree with C.
func runBinding(ctx context.Context, r *conformance.Report, done func()) error {
	differences, err := conformance.Differences()
	if err != nil {
		return err
	}
	of := map[string][]conformance.Difference{}
	for _, d := range differences {
		of[d.Scenario] = append(of[d.Scenario], d)
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	r.BindingRan = true
	jobs := make(chan *conformance.Outcome)
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for o := range jobs {
				for _, mode := range modes {
					trace := child(ctx, exe, o.Scenario, mode)
					o.SetBinding(mode, r.AtHand.Traces[o.Scenario.Name], trace, of[o.Scenario.Name])
					done()
				}
			}
		}()
	}
	for _, o := range r.Outcomes {
		if ctx.Err() == nil {
			jobs <- o
		}
	}
	close(jobs)
	wg.Wait()
	return ctx.Err()
}

// child runs a scenario through the binding in a process of its own. That it dies is a result.
func child(ctx context.Context, exe string, s *conformance.Scenario, mode conformance.Mode) conformance.Trace {
	job, err := json.Marshal(childJob{s.Path, s.Name, mode})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"="+string(job), "OPENSSL_CONF=/dev/null")
	if slices.Contains(s.Needs, "oom") {
		cmd.Env = append(cmd.Env, "LIBSSL_TEST_OOM=1")
	}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	trace, readErr := conformance.ReadTrace(&stdout)
	switch {
	case ctx.Err() != nil:
		trace = append(trace, map[string]any{"end": "timeout"})
	case err != nil:
		first, _, _ := bytes.Cut(bytes.TrimSpace(stderr.Bytes()), []byte("\n"))
		trace = append(trace, map[string]any{"end": fmt.Sprintf("%v: %s", err, first)})
	case readErr != nil:
		trace = append(trace, map[string]any{"end": readErr.Error()})
	}
	return trace
}
