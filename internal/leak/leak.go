// Package leak ends test runs: nothing that they made may be alive then.
package leak

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/diag"
)

// Run runs the tests and returns what to exit with: a failure also if handles or goroutines are left, or what one of more finds. The collector, and
// goroutines that are ending, have a few seconds.
func Run(m *testing.M, more ...func() error) int {
	// The goroutine of a process's first signal.Notify stays; the fuzzer calls it.
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
	before := runtime.NumGoroutine()
	code := m.Run()
	err := errors.New("nothing was looked at")
	for deadline := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		runtime.GC()
		err = left(before)
		for _, f := range more {
			err = errors.Join(err, f())
		}
	}
	if err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "FAIL: after all tests", err)
		code = 1
	}
	return code
}

func left(goroutines int) error {
	for kind, n := range diag.Live() {
		if n != 0 {
			return fmt.Errorf("%d handles of kind %s are alive", n, kind)
		}
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		return fmt.Errorf("%d goroutines are left", n-goroutines)
	}
	return nil
}
