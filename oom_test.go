package libssl_test

import (
	"flag"
	"os"
	"testing"

	"github.com/seed-c1436005/libssl/conformance"
)

// childTrace runs a scenario through the binding in a process of its own.
func childTrace(t *testing.T, s *conformance.Scenario, mode conformance.Mode) conformance.Trace {
	t.Helper()
	env := []string{"GORACE=atexit_sleep_ms=0 " + os.Getenv("GORACE")}
	if dir := flag.Lookup("test.gocoverdir"); dir != nil && dir.Value.String() != "" {
		env = append(env, "GOCOVERDIR="+dir.Value.String()) // what the child covers counts
	}
	trace, output, err := conformance.Child(t.Context(), s, mode, env...)
	must(t, err)
	if end := trace.End(); end != "ok" {
		t.Logf("the child process ended with %s\n%s", end, output)
	}
	return trace
}
