package tlsnet_test

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/diag"
)

// TestMain fails the run if handles or goroutines are left when all tests are done.
func TestMain(m *testing.M) {
	// The fuzzer's goroutine for signals stays.
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
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
