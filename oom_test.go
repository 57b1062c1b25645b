package libssl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/conformance"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// childEnv names the variable with what a child process has to run. The child writes its trace to descriptor 3.
const childEnv = "LIBSSL_TEST_CHILD"

type childJob struct {
	Script, Scenario string
	Mode             conformance.Mode
}

// runChild runs a scenario in a process of its own if this is one, and reports whether it was.
func runChild() bool {
	text := os.Getenv(childEnv)
	if text == "" {
		return false
	}
	if err := childRun(text); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
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
	if slices.Contains(scenarios[i].Needs, "oom") && !ctest.CanFailAllocations() {
		return fmt.Errorf("libcrypto does not take the allocator")
	}
	conformance.WriteGo(os.NewFile(3, "trace"), scenarios[i], job.Mode)
	return nil
}

// childTrace runs a scenario through the binding in a process of its own: one whose allocator can fail, or that may die.
func childTrace(t *testing.T, s *conformance.Scenario, mode conformance.Mode) conformance.Trace {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	job, err := json.Marshal(childJob{s.Path, s.Name, mode})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	read, write, err := os.Pipe()
	must(t, err)
	defer read.Close()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"="+string(job), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	if slices.Contains(s.Needs, "oom") {
		cmd.Env = append(cmd.Env, "LIBSSL_TEST_OOM=1")
	}
	if dir := flag.Lookup("test.gocoverdir"); dir != nil && dir.Value.String() != "" {
		cmd.Env = append(cmd.Env, "GOCOVERDIR="+dir.Value.String()) // what the child covers counts
	}
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Start()
	write.Close()
	must(t, err)
	trace, readErr := conformance.ReadTrace(read)
	if err := cmd.Wait(); err != nil {
		end := err.Error()
		if ctx.Err() != nil {
			end = "timeout"
		}
		t.Logf("the child process ended with %s\n%s", end, &output)
		return append(trace, map[string]any{"end": end})
	}
	must(t, readErr)
	return trace
}
