package libssl_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl/conformance"
)

// TestConformance runs the same scenarios with libssl itself and with this package, and compares the traces. What is expected is nowhere written
// down: it is what C does in the same run.
func TestConformance(t *testing.T) {
	differences, err := conformance.Differences()
	must(t, err)
	byScenario := map[string][]conformance.Difference{}
	for _, d := range differences {
		byScenario[d.Scenario] = append(byScenario[d.Scenario], d)
	}
	suite := parseSuite(t)
	inC := startC(t, suite)
	for _, script := range suite {
		t.Run(script.name, func(t *testing.T) {
			for _, s := range script.scenarios {
				t.Run(s.Name, func(t *testing.T) {
					c, err := inC[s]()
					must(t, err)
					if s.CAlone() {
						wantEqual(t, "the end in C", c.End(), "ok")
						return
					}
					for _, mode := range []conformance.Mode{conformance.Default, conformance.Keep} {
						t.Run(string(mode), func(t *testing.T) { compare(t, s, mode, c, byScenario[s.Name]) })
					}
				})
				delete(byScenario, s.Name)
			}
		})
	}
	for name := range byScenario {
		if !anyScenario(suite, func(s *conformance.Scenario) bool { return s.Name == name }) {
			t.Errorf("differences.json: there is no scenario %s", name)
		}
	}
}

// compare fails the test if the binding did anything else than C, but for the differences, each of which must show.
func compare(t *testing.T, s *conformance.Scenario, mode conformance.Mode, c conformance.Trace, differences []conformance.Difference) {
	if c.End() != "ok" && len(differences) == 0 {
		t.Fatalf("C does not survive this (%s), and differences.json does not say what the binding does instead", c.End())
	}
	var got conformance.Trace
	if len(s.Needs) > 0 || len(differences) > 0 {
		got = childTrace(t, s, mode)
	} else {
		got = conformance.RunGo(s, mode)
	}
	end := got.End()
	want, got, err := conformance.Reconcile(conformance.Ordered(conformance.Normalise(c, mode)), conformance.Ordered(got), differences)
	if err != nil {
		t.Errorf("differences.json: %v", err)
	}
	for i := range max(len(want), len(got)) {
		var inC, inGo map[string]any
		if i < len(want) {
			inC = want[i]
		}
		if i < len(got) {
			inGo = got[i]
		}
		if diff := cmp.Diff(inC, inGo); diff != "" {
			t.Fatalf("line %d of the trace, after %s\n%s\n(-C +Go)\n%s", i, history(want[:min(i, len(want))]), where(inC, inGo), diff)
		}
	}
	if end != "ok" {
		t.Errorf("the binding's trace ends with %q", end)
	}
}

// history lists the operations of a trace, to be pasted into a script.
func history(t conformance.Trace) string {
	var b strings.Builder
	for _, line := range t {
		if op, ok := line["op"]; ok {
			fmt.Fprintf(&b, "\n    %v", op)
		}
	}
	return b.String()
}

func where(inC, inGo map[string]any) string {
	for _, line := range []map[string]any{inC, inGo} {
		if op, ok := line["op"]; ok {
			return fmt.Sprintf("%v differs:", op)
		}
	}
	return "the end differs:"
}

type script struct {
	name      string
	scenarios []*conformance.Scenario
}

func parseSuite(t *testing.T) (suite []script) {
	t.Helper()
	seen := map[string]string{}
	for _, path := range conformance.Scripts() {
		name := strings.TrimSuffix(filepath.Base(path), ".ops")
		scenarios, err := conformance.Parse(path)
		if err != nil {
			t.Error(err)
		}
		for _, s := range scenarios {
			if seen[s.Name] != "" {
				t.Errorf("scenario %s is in %s and in %s", s.Name, seen[s.Name], name)
			}
			seen[s.Name] = name
		}
		suite = append(suite, script{name, scenarios})
	}
	if len(seen) == 0 {
		t.Fatal("there are no scenarios")
	}
	return suite
}

func anyScenario(suite []script, f func(*conformance.Scenario) bool) bool {
	return slices.ContainsFunc(suite, func(s script) bool { return slices.ContainsFunc(s.scenarios, f) })
}

// startC runs all scenarios through the C driver in the background, several at once: where C hangs it takes seconds.
func startC(t *testing.T, suite []script) map[*conformance.Scenario]func() (conformance.Trace, error) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	inC := map[*conformance.Scenario]func() (conformance.Trace, error){}
	jobs := []func(){}
	for _, script := range suite {
		for _, s := range script.scenarios {
			f := sync.OnceValues(func() (conformance.Trace, error) { return conformance.RunC(ctx, s) })
			inC[s] = f
			jobs = append(jobs, func() { f() })
		}
	}
	queue := make(chan func(), len(jobs))
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for job := range queue {
				if ctx.Err() == nil {
					job()
				}
			}
		}()
	}
	return inC
}
