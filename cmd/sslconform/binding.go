package main

import (
	"context"
	"sync"

	"github.com/seed-c1436005/libssl/conformance"
)

// modes are the ways in which the binding runs each scenario.
var modes = []conformance.Mode{conformance.Default, conformance.Keep}

// runBinding runs all scenarios of a report through the binding, and notes where it does not agree with C.
func runBinding(ctx context.Context, r *conformance.Report, done func()) error {
	differences, err := conformance.Differences()
	if err != nil {
		return err
	}
	of := map[string][]conformance.Difference{}
	for _, d := range differences {
		of[d.Scenario] = append(of[d.Scenario], d)
	}
	r.BindingRan = true
	jobs := make(chan *conformance.Outcome)
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for o := range jobs {
				for _, mode := range modes {
					if o.Scenario.CAlone() {
						done()
						continue
					}
					trace, _, err := conformance.Child(ctx, o.Scenario, mode)
					if err != nil {
						trace = conformance.Trace{{"end": err.Error()}}
					}
					o.SetBinding(mode, r.AtHand.Traces[o.Scenario.Name], trace, of[o.Scenario.Name])
					done()
				}
			}
		}()
	}
	for _, o := range r.Outcomes {
		if ctx.Err() == nil {
			jobs <- o
		}
	}
	close(jobs)
	wg.Wait()
	return ctx.Err()
}
