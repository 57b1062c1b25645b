package diag_test

import (
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

func forgetSession(t *testing.T) {
	if _, err := libssl.NewSession(); err != nil {
		t.Fatal(err)
	}
}

func TestProfile(t *testing.T) {
	before, err := libssl.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	diag.Profile()
	diag.Profile() // again does nothing
	p := pprof.Lookup("libssl.Session")
	before.Free() // was never recorded
	s, err := libssl.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	again := s.UpRef()
	if n := p.Count(); n != 2 {
		t.Errorf("%d handles are recorded, want 2", n)
	}
	var text strings.Builder
	if err := p.WriteTo(&text, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"TestProfile", "(*Session).UpRef"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %s in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "handle.begin") {
		t.Errorf("the handle layer itself is in\n%s", text.String())
	}
	again.Free()
	s.Free()
	if n := p.Count(); n != 0 {
		t.Errorf("%d handles are recorded after Free", n)
	}
	forgetSession(t)
	for deadline := time.Now().Add(5 * time.Second); p.Count() != 0; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatal("a collected handle stays recorded")
		}
	}
	if pprof.Lookup("libssl.SSL") == nil || pprof.Lookup("libssl.Ctx") == nil {
		t.Error("no profile for SSL or Ctx")
	}
}

// Addresses are used again, also before the collector has told of the handle that had one.
func TestProfileUnderPressure(t *testing.T) {
	diag.Profile()
	p := pprof.Lookup("libssl.Session")
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 2000 {
				s, err := libssl.NewSession()
				if err != nil {
					t.Error(err)
					return
				}
				if i%3 != 0 {
					s.Free() // the others are forgotten
				}
			}
		}()
	}
	wg.Wait()
	for deadline := time.Now().Add(10 * time.Second); p.Count() != 0 || diag.Live()["Session"] != 0; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d recorded, %d alive", p.Count(), diag.Live()["Session"])
		}
	}
}
