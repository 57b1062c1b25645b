package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/seed-c1436005/libssl/bench/work"
)

// sample is what a worker said in one round, per operation.
type sample struct {
	round, n int
	values   map[string]float64 // by the names of metrics; also "cgo", "allocs" and "bytes"
}

func newSample(round, n int, units float64, r work.Reply) sample {
	if units == 0 {
		units = 1
	}
	ops := float64(n) * units
	s := sample{round, n, map[string]float64{
		"cpu": r.CPU / ops, "wall": r.Wall / ops, "cgo": r.Cgo / ops, "allocs": r.Allocs / ops, "bytes": r.Bytes / ops,
	}}
	for name, v := range r.Values {
		s.values[name] = v
	}
	return s
}

// place is where samples belong.
type place struct{ scenario, impl string }

// absent is the fault of an implementation that does not have what a scenario needs.
const absent = "—"

// results are the samples of all rounds.
type results struct {
	samples map[place][]sample
	faults  map[place]string // why there are none
}

func newResults() *results { return &results{map[place][]sample{}, map[place]string{}} }

// asked reports whether c was tried at all. The empty cell always was.
func (r *results) asked(c cell) bool {
	if c == (cell{}) {
		return true
	}
	p := place{c.scenario, c.impl}
	return r.samples[p] != nil || r.faults[p] != ""
}

// spread is a median and the quartiles around it.
type spread struct{ low, median, high float64 }

func newSpread(values []float64) (spread, bool) {
	if len(values) == 0 {
		return spread{}, false
	}
	slices.Sort(values)
	at := func(q int) float64 { return values[(len(values)-1)*q/4] }
	return spread{at(1), at(2), at(3)}, true
}

// value is what c has measured.
func (r *results) value(c cell) (spread, bool) {
	var all []float64
	for _, s := range r.samples[place{c.scenario, c.impl}] {
		if v, ok := s.values[c.metric]; ok {
			all = append(all, v)
		}
	}
	return newSpread(all)
}

// ratio is a over b, taken within each round.
func (r *results) ratio(a, b cell) (spread, bool) {
	inRound := map[int]float64{}
	for _, s := range r.samples[place{b.scenario, b.impl}] {
		inRound[s.round] = s.values[b.metric]
	}
	var all []float64
	for _, s := range r.samples[place{a.scenario, a.impl}] {
		if base := inRound[s.round]; base > 0 {
			all = append(all, s.values[a.metric]/base)
		}
	}
	return newSpread(all)
}

// places are those with samples or a fault, sorted.
func (r *results) places() []place {
	all := map[place]bool{}
	for p := range r.samples {
		all[p] = true
	}
	for p := range r.faults {
		all[p] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b place) int {
		return cmp.Or(strings.Compare(a.scenario, b.scenario), strings.Compare(a.impl, b.impl))
	})
}

// failures are the faults of those that have what it needs.
func (r *results) failures() (all []string) {
	for _, p := range r.places() {
		if why := r.faults[p]; why != "" && why != absent {
			all = append(all, p.scenario+", "+p.impl+": "+why)
		}
	}
	return all
}
