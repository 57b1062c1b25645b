package libssl_test

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/conformance"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// TestMain fails the run if anything is left when all tests are done.
func TestMain(m *testing.M) {
	if conformance.RanChild() {
		ctest.DumpCoverage()
		return
	}
	startSignals()
	before := runtime.NumGoroutine()
	code := m.Run()
	if err := nothingLeft(before); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "FAIL: after all tests", err)
		code = 1
	}
	ctest.DumpCoverage()
	os.Exit(code)
}

// startSignals starts the goroutine that stays from a process's first signal.Notify on, which the fuzzer calls.
func startSignals() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
}

// nothingLeft gives the collector and goroutines that are ending a few seconds.
func nothingLeft(goroutines int) (err error) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		runtime.GC()
		if err = leftover(goroutines); err == nil {
			return queuesLeft()
		}
	}
	return err
}

func leftover(goroutines int) error {
	for kind, n := range diag.Live() {
		if n != 0 {
			return fmt.Errorf("%d handles of kind %s are alive", n, kind)
		}
	}
	if n := libssl.Leftovers(); n != 0 {
		return fmt.Errorf("%d registry entries are left", n)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		return fmt.Errorf("%d goroutines are left", n-goroutines)
	}
	return nil
}

func queuesLeft() error {
	if n := libssl.QueuesLeft(); n != 0 {
		return fmt.Errorf("%d calls left an entry in the error queue", n)
	}
	return nil
}
