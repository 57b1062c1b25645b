package openssl_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/diag"
)

// TestMain runs the scenario of a child process, if it is one. Else it fails the run if handles or goroutines are left when all tests are done.
func TestMain(m *testing.M) {
	if scenario, ok := scenarios[os.Getenv(scenarioVariable)]; ok {
		scenario()
		os.Exit(0)
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	var err error
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		runtime.GC()
		if err = leftover(before); err == nil {
			break
		}
	}
	if err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "FAIL: after all tests", err)
		code = 1
	}
	os.Exit(code)
}

func leftover(goroutines int) error {
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
