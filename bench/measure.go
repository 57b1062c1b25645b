package main

import (
	"errors"
	"time"
)

// quickly is how much smaller everything is with -quick, which only shows that it works.
const quickly = 50

// bench is a run of the program.
type bench struct {
	binaries *binaries
	results  *results
	quick    bool
}

// contestant is an implementation in a scenario.
type contestant struct {
	scenario scenario
	impl     string
	n        int // operations of a round
	worker   *worker
}

func (c *contestant) place() place { return place{c.scenario.id(), c.impl} }

// measure runs a group: rounds in which each contestant has a turn, in an order that rotates.
func (b *bench) measure(g group) {
	if g.rounds == 0 {
		return
	}
	if b.quick {
		g.rounds, g.slice = min(g.rounds, 3), max(g.slice/quickly, 1)
	}
	all := b.contestants(g)
	workers := map[string]*worker{}
	defer func() {
		for _, w := range workers {
			w.stop()
		}
	}()
	for _, c := range all {
		if c.scenario.fresh {
			continue
		}
		if workers[c.impl] == nil {
			w, err := b.binaries.start(c.impl, c.scenario.cores)
			if err != nil {
				b.results.faults[c.place()] = err.Error()
				continue
			}
			workers[c.impl] = w
		}
		c.worker = workers[c.impl]
		b.prepare(c, time.Duration(g.slice)*time.Millisecond)
	}
	for round := range g.rounds {
		for i := range all {
			c := all[(i+round)%len(all)]
			if b.results.faults[c.place()] != "" {
				continue
			}
			if err := b.turn(c, round); err != nil {
				b.results.faults[c.place()] = err.Error()
			}
		}
	}
}

func (b *bench) contestants(g group) (all []*contestant) {
	for _, s := range g.scenarios {
		n := s.n
		if b.quick && n > 0 {
			n = max(n/quickly, 10)
		}
		for _, impl := range s.by {
			all = append(all, &contestant{scenario: s, impl: impl, n: n})
		}
	}
	return all
}

// prepare lets the worker set itself up, and finds out how many operations take a slice of time.
func (b *bench) prepare(c *contestant, slice time.Duration) {
	fault := func(text string) { b.results.faults[c.place()] = text }
	for n := 1; ; n *= 4 {
		r, err := c.worker.run(c.scenario.name, n)
		if err != nil {
			fault(err.Error())
			return
		}
		if r.Unsupported != "" {
			fault(absent)
			return
		}
		if c.n > 0 {
			return
		}
		if took := time.Duration(r.Wall); took >= slice/4 && n > 1 {
			c.n = max(int(float64(n)*float64(slice)/float64(took)), 1)
			return
		}
	}
}

// turn is one round of a contestant.
func (b *bench) turn(c *contestant, round int) error {
	w := c.worker
	if c.scenario.fresh {
		var err error
		if w, err = b.binaries.start(c.impl, c.scenario.cores); err != nil {
			return err
		}
		defer w.stop()
	}
	r, err := w.run(c.scenario.name, c.n)
	if err != nil {
		return err
	}
	if r.Unsupported != "" {
		return errors.New(absent)
	}
	p := c.place()
	b.results.samples[p] = append(b.results.samples[p], newSample(round, c.n, c.scenario.units, r))
	return nil
}

// expected is how long it takes, roughly.
func expected(all []section) (d time.Duration) {
	for _, s := range all {
		for _, g := range s.groups {
			for _, one := range g.scenarios {
				round := time.Duration(g.slice) * time.Millisecond
				if one.n > 0 {
					round = time.Duration(one.n) * time.Millisecond / 2 // they are handshakes
				}
				d += time.Duration(len(one.by)*(g.rounds+1)) * round
			}
		}
	}
	return d
}
