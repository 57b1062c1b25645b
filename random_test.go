package libssl_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/seed-c1436005/libssl/conformance"
)

func startWorker(t testing.TB) *conformance.CWorker {
	t.Helper()
	w, err := conformance.StartC()
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	return w
}

// found is where findings go: ready to be moved to conformance/ops.
var found = filepath.Join(".build", "found")

// checkProgram returns what a program shows, shrunk and written to a file.
func checkProgram(w *conformance.CWorker, data []byte, origin string, reached *conformance.Reached) error {
	f, err := w.Check(conformance.Program(data), reached)
	if err != nil || f == nil {
		return err
	}
	if f.Legal {
		if f, err = w.Shrink(f); err != nil {
			return err
		}
	}
	path, err := f.Write(found, origin)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w\nwritten to %s", f, path)
}

// TestRandomPrograms is what `make soak` does for longer.
func TestRandomPrograms(t *testing.T) {
	w := startWorker(t)
	for seed := range uint64(40) {
		if err := checkProgram(w, conformance.ProgramBytes(seed), fmt.Sprintf("seed %d", seed), nil); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// FuzzPrograms: whatever the bytes, the program that they make is legal, and the binding does what C does.
func FuzzPrograms(f *testing.F) {
	w := startWorker(f)
	for seed := range uint64(8) {
		f.Add(conformance.ProgramBytes(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := checkProgram(w, data, fmt.Sprintf("%x", data), nil); err != nil {
			t.Error(err)
		}
	})
}
