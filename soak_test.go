//go:build soak

package libssl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/conformance"
	"github.com/seed-c1436005/libssl/diag"
)

// soak is a run of TestSoak.
type soak struct {
	conformance.Reached
	differences int
	start       time.Time
	base        int // the resident memory when the run had become steady
}

// TestSoak runs random programs for as long as SOAK says, of seeds that no other run had: `make soak`.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	must(t, err)
	w := startWorker(t)
	must(t, os.MkdirAll(found, 0o755))
	current := filepath.Join(found, "running.ops")
	fmt.Printf("soak: %v; findings are written to %s, the program under way to %s\n", length, found, current)
	s := &soak{start: time.Now()}
	seed := uint64(s.start.UnixNano())
	for next := 10 * time.Second; time.Since(s.start) < length; seed++ {
		data := conformance.ProgramBytes(seed)
		must(t, os.WriteFile(current, []byte(conformance.Program(data)), 0o600))
		if err := checkProgram(w, data, fmt.Sprintf("seed %d", seed), &s.Reached); err != nil {
			s.differences++
			fmt.Printf("%6.0fs  seed %d: a difference\n", time.Since(s.start).Seconds(), seed)
			t.Errorf("seed %d: %v", seed, err)
		}
		if s.base == 0 && time.Since(s.start) > length/4 {
			s.base = resident(t)
		}
		if time.Since(s.start) > next {
			s.print(t)
			next += 10 * time.Second
		}
	}
	runtime.GC()
	s.print(t)
	must(t, os.Remove(current))
	if s.differences > 0 {
		return // what differs is not freed
	}
	for kind, n := range diag.Live() {
		if n != 0 {
			t.Errorf("%d handles of kind %s are alive", n, kind)
		}
	}
	if n := libssl.Leftovers(); n != 0 {
		t.Errorf("%d registry entries are left", n)
	}
	if now := resident(t); now > s.base+s.base/10+4<<10 {
		t.Errorf("the resident memory grew from %d to %d KiB", s.base, now)
	}
}

func (s *soak) print(t *testing.T) {
	handles := int64(0)
	for _, n := range diag.Live() {
		handles += n
	}
	fmt.Printf("%6.0fs  %d programs, %d operations, %d resumptions, %d shortened, %d differences, %d handles alive, %d registry entries, RSS %d MiB\n",
		time.Since(s.start).Seconds(), s.Programs, s.Operations, s.Resumptions, s.Shortened, s.differences, handles, libssl.Leftovers(), resident(t)>>10)
}

// resident is the resident memory in KiB, after all that nobody uses was given back.
func resident(t *testing.T) (kib int) {
	t.Helper()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for _, line := range strings.Split(string(status), "\n") {
		if n, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 && err == nil {
			return kib
		}
	}
	t.Fatal("/proc/self/status has no VmRSS")
	return 0
}
