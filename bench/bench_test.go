package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl/bench/work"
)

// A goal about what is never measured would never be missed.
func TestGoalsAreMeasured(t *testing.T) {
	measured := map[cell]bool{{}: true}
	for _, s := range sections() {
		for _, g := range s.groups {
			for _, one := range g.scenarios {
				for _, m := range one.metrics {
					for _, impl := range one.by {
						measured[cell{one.id(), m.name, impl}] = true
					}
				}
			}
		}
	}
	for _, g := range goals() {
		if !measured[g.a] || !measured[g.b] {
			t.Errorf("%s: %v or %v is not measured", g.text, g.a, g.b)
		}
	}
}

// Both sides of a ratio have to be of the same round, and so of the same group.
func TestGoalsCompareWithinGroups(t *testing.T) {
	groupOf := map[string]*group{}
	for _, s := range sections() {
		for i := range s.groups {
			for _, one := range s.groups[i].scenarios {
				if s.groups[i].rounds > 0 {
					groupOf[one.id()] = &s.groups[i]
				}
			}
		}
	}
	for _, g := range goals() {
		if g.b != (cell{}) && groupOf[g.a.scenario] != groupOf[g.b.scenario] {
			t.Errorf("%s: %s and %s do not take turns", g.text, g.a.scenario, g.b.scenario)
		}
	}
}

// slower is results in which the machine becomes ten times as slow after the first of three rounds.
func slower() (r *results, a, b cell) {
	r = newResults()
	for round, speed := range []float64{1, 10, 10} {
		for impl, cost := range map[string]float64{ours: 3, plainC: 2} {
			p := place{"work@1", impl}
			r.samples[p] = append(r.samples[p], newSample(round, 100, 2, work.Reply{CPU: 200 * cost * speed}))
		}
	}
	return r, cell{"work@1", "cpu", ours}, cell{"work@1", "cpu", plainC}
}

func TestRatioIsTakenWithinRounds(t *testing.T) {
	r, a, b := slower()
	got, ok := r.ratio(a, b)
	if want := (spread{1.5, 1.5, 1.5}); !ok || got != want {
		t.Errorf("ratio %v, want %v", got, want)
	}
	got, ok = r.value(a)
	if want := (spread{3, 30, 30}); !ok || got != want {
		t.Errorf("value %v, want %v", got, want)
	}
	r.samples[place{b.scenario, b.impl}] = nil
	if got, ok := r.ratio(a, b); ok {
		t.Errorf("a ratio without a base: %v", got)
	}
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		sign  string
		value float64
		met   bool
	}{{"≤", 1, true}, {"≤", 1.01, false}, {"≥", 1, true}, {"≥", 0.99, false}, {"=", 1, true}, {"=", 0, false}, {"=", 2, false}} {
		if got := (goal{sign: test.sign, limit: 1}).met(test.value); got != test.met {
			t.Errorf("%v %s 1: %v", test.value, test.sign, got)
		}
	}
	if all, ok := judge(newResults(), false); len(all) != 0 || !ok {
		t.Errorf("goals that were not tried: %v, %v", all, ok)
	}
	if all, ok := judge(newResults(), true); len(all) != len(goals()) || ok {
		t.Errorf("a full run that measured nothing: %d verdicts, %v", len(all), ok)
	}
}

func TestSamplesAreReadAsWritten(t *testing.T) {
	r, _, _ := slower()
	r.faults[place{"other@2", goTLS}] = absent
	path := filepath.Join(t.TempDir(), "samples.csv")
	m := machine{CPU: `a "fast" one, of two`, Cores: 2}
	if err := writeSamples(path, m, r); err != nil {
		t.Fatal(err)
	}
	got := newResults()
	about, err := readSamples(path, got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, about); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r, got, cmp.AllowUnexported(results{}, sample{}, place{})); diff != "" {
		t.Error(diff)
	}
}

// The document has a table for each section, and the template no other ones.
func TestDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "PERFORMANCE.md")
	if err := writeDocument(path, ".", sections(), machine{}, newResults(), nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range sections() {
		if !strings.Contains(documentText, `{{table "`+s.key+`"}}`) {
			t.Errorf("PERFORMANCE.md.tmpl has no table %s", s.key)
		}
	}
	for _, key := range plots {
		if !slices.ContainsFunc(sections(), func(s section) bool { return s.key == key }) {
			t.Errorf("plot of %s, which there is not", key)
		}
	}
}

func TestPlotHasABarForEachFigure(t *testing.T) {
	r, _, _ := slower()
	svg := r.plot(section{title: "a < b", groups: []group{{3, 0, []scenario{{
		name: "work", title: "w", cores: 1, metrics: []metric{cpuUs}, by: stacks, base: plainC,
	}}}}})
	if !strings.Contains(svg, "a &lt; b") {
		t.Error("the title is not escaped")
	}
	for _, impl := range stacks {
		want := 1 // in the legend
		if impl == ours || impl == plainC {
			want = 2
		}
		if got := strings.Count(svg, `fill="`+colours[impl]+`"`); got != want {
			t.Errorf("%s: %d rectangles, want %d", impl, got, want)
		}
	}
}
