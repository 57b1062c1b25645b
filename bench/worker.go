package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/seed-c1436005/libssl/bench/work"
)

// worker is a process that measures one implementation.
type worker struct {
	impl string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// start runs an implementation on one core, the last one, or on all.
func (b *binaries) start(impl string, cores int) (*worker, error) {
	argv := b.argv[impl]
	procs := runtime.NumCPU()
	if cores == 1 {
		argv = append([]string{"taskset", "-c", strconv.Itoa(runtime.NumCPU() - 1)}, argv...)
		procs = 1
	}
	w := &worker{impl: impl, cmd: exec.Command(argv[0], argv[1:]...)}
	w.cmd.Env = append(environment(), b.env[impl]...)
	w.cmd.Env = append(w.cmd.Env, work.PKIVariable+"="+b.pki, "GOMAXPROCS="+strconv.Itoa(procs))
	w.cmd.Stderr = os.Stderr
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.in, w.out = in, bufio.NewReader(out)
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", impl, err)
	}
	return w, nil
}

// environment is ours without what would change how the workers run.
func environment() (env []string) {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "GOGC", "GOMEMLIMIT", "GODEBUG", "GOMAXPROCS", "OPENSSL_CONF":
		default:
			env = append(env, v)
		}
	}
	return env
}

// patience is how long a worker may take for a run. Sections with many connections are slow.
const patience = 3 * time.Minute

// run asks for n operations.
func (w *worker) run(name string, n int) (work.Reply, error) {
	var r work.Reply
	defer time.AfterFunc(patience, func() { w.cmd.Process.Kill() }).Stop()
	if _, err := fmt.Fprintf(w.in, "run %s %d\n", name, n); err != nil {
		return r, fmt.Errorf("%s died", w.impl)
	}
	line, err := w.out.ReadBytes('\n')
	if err != nil {
		return r, fmt.Errorf("%s died", w.impl)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("%s said %q: %w", w.impl, line, err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("%s: %s", w.impl, r.Error)
	}
	return r, nil
}

// stop ends the process. It has nothing to say then.
func (w *worker) stop() {
	w.in.Close()
	w.cmd.Wait()
}
