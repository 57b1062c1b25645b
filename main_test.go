package libssl_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/conformance"
	"github.com/seed-c1436005/libssl/internal/ctest"
	"github.com/seed-c1436005/libssl/internal/leak"
)

func TestMain(m *testing.M) {
	if conformance.RanChild() {
		ctest.DumpCoverage()
		return
	}
	code := leak.Run(m, entriesLeft, queuesLeft)
	ctest.DumpCoverage()
	os.Exit(code)
}

func entriesLeft() error {
	if n := libssl.Leftovers(); n != 0 {
		return fmt.Errorf("%d registry entries are left", n)
	}
	return nil
}

func queuesLeft() error {
	if n := libssl.QueuesLeft(); n != 0 {
		return fmt.Errorf("%d calls left an entry in the error queue", n)
	}
	return nil
}
