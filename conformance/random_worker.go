package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// CWorker is a C driver that stays, and takes one script after the other. It executes each in a process of its own: in this one, the binding's
// values and callbacks would be in every object that C makes, the driver's tables would have to be taken back, and a crash would be the end.
type CWorker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	stderr bytes.Buffer
}

// StartC starts one. Close ends it.
func StartC() (*CWorker, error) {
	driver, err := linked.driver()
	if err != nil {
		return nil, err
	}
	w := &CWorker{cmd: exec.Command(driver, "-data", testdata(""), "-serve", "-")}
	w.cmd.Env = append(os.Environ(), sanitizerOptions())
	w.cmd.Stderr = &w.stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = json.NewDecoder(out)
	return w, w.cmd.Start()
}

// Run runs a script of one scenario.
func (w *CWorker) Run(script string) (t Trace, err error) {
	if _, err := fmt.Fprintf(w.in, "%d\n%s", len(script), script); err != nil {
		return nil, fmt.Errorf("the C driver: %w", err)
	}
	for t.End() == "" {
		var line map[string]any
		if err := w.out.Decode(&line); err != nil {
			return nil, fmt.Errorf("the C driver: %w", err)
		}
		t = append(t, line)
	}
	return t, nil
}

// Close ends the process, and returns an error if it complained of a script.
func (w *CWorker) Close() error {
	w.in.Close()
	err := w.cmd.Wait()
	if err == nil && w.stderr.Len() > 0 {
		err = errors.New("it complained of a script")
	}
	if err != nil {
		return fmt.Errorf("the C driver: %w\n%s", err, &w.stderr)
	}
	return nil
}
