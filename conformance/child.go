package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/seed-c1436005/libssl/internal/ctest"
)

// childEnv names the variable with what a child process has to run. The child writes its trace to descriptor 3.
const childEnv = "LIBSSL_CONFORMANCE_CHILD"

type childJob struct {
	Script, Scenario string
	Mode             Mode
}

// Child runs a scenario through the binding in another process of this program: one whose allocator can fail, or that may die. The trace says how it
// ended; output is what it printed. The program's main calls RanChild first.
func Child(ctx context.Context, s *Scenario, mode Mode, env ...string) (trace Trace, output []byte, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	job, err := json.Marshal(childJob{s.Path, s.Name, mode})
	if err != nil {
		return nil, nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer read.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = slices.Concat(os.Environ(), []string{childEnv + "=" + string(job), "OPENSSL_CONF=/dev/null"}, env)
	if slices.Contains(s.Needs, "oom") {
		cmd.Env = append(cmd.Env, "LIBSSL_TEST_OOM=1")
	}
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Start()
	write.Close()
	if err != nil {
		return nil, nil, err
	}
	trace, readErr := ReadTrace(read)
	switch err := cmd.Wait(); {
	case ctx.Err() != nil:
		trace = append(trace, map[string]any{"end": "timeout"})
	case err != nil:
		first, _, _ := bytes.Cut(bytes.TrimSpace(said.Bytes()), []byte("\n"))
		trace = append(trace, map[string]any{"end": fmt.Sprintf("%v: %s", err, first)})
	case readErr != nil:
		trace = append(trace, map[string]any{"end": readErr.Error()})
	}
	return trace, said.Bytes(), nil
}

// RanChild runs a scenario if this process was started by Child, and reports whether it was.
func RanChild() bool {
	text := os.Getenv(childEnv)
	if text == "" {
		return false
	}
	if err := runChild(text); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	return true
}

func runChild(text string) error {
	var job childJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		return err
	}
	scenarios, err := Parse(job.Script)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(scenarios, func(s *Scenario) bool { return s.Name == job.Scenario })
	if i < 0 {
		return fmt.Errorf("%s is not in %s", job.Scenario, job.Script)
	}
	if slices.Contains(scenarios[i].Needs, "oom") && !ctest.CanFailAllocations() {
		return fmt.Errorf("libcrypto does not take the allocator")
	}
	WriteGo(os.NewFile(3, "trace"), scenarios[i], job.Mode)
	return nil
}
