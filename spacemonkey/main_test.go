package openssl_test

import (
	"os"
	"testing"

	"github.com/seed-c1436005/libssl/internal/leak"
)

// TestMain runs the scenario of a child process, if it is one.
func TestMain(m *testing.M) {
	if scenario, ok := scenarios[os.Getenv(scenarioVariable)]; ok {
		scenario()
		os.Exit(0)
	}
	os.Exit(leak.Run(m))
}
