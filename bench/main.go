// Bench measures, side by side in one run, plain C on libssl, this module, spacemonkeygo/openssl, libp2p/go-openssl and crypto/tls: one process
// each, in rounds that alternate between all, with ratios taken inside of a round. It fails if a goal is missed.
//
// `make bench` runs it. bench/out gets tables, plots and all samples; docs/PERFORMANCE.md is written from a full run.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const document = "../docs/PERFORMANCE.md"

func main() {
	quick := flag.Bool("quick", false, "a smoke test of everything, in a minute: small, three rounds, no verdict")
	pattern := flag.String("run", "", "only the scenarios that match this regular expression, such as handshake/tcp; @1 and @2 are the cores")
	replay := flag.Bool("replay", false, "write everything anew from the samples of the last run, without a new one")
	out := flag.String("out", "out", "directory for what is written")
	flag.Parse()
	if err := run(*quick, *pattern, *replay, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(quick bool, pattern string, replay bool, out string) error {
	filter, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	all := selected(sections(), filter)
	if len(all) == 0 {
		return fmt.Errorf("no scenario matches %s", pattern)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	samples, r := filepath.Join(out, "samples.csv"), newResults()
	var m machine
	if replay {
		if m, err = readSamples(samples, r); err != nil {
			return err
		}
		r.print(all)
	} else {
		m = thisMachine()
		m.Full = !quick && pattern == ""
		b, err := build("../.build/bench")
		if err != nil {
			return err
		}
		m.print(os.Stdout)
		start := time.Now()
		(&bench{b, r, quick}).runAll(all)
		m.Took = time.Since(start).Round(time.Second).String()
		if err := writeSamples(samples, m, r); err != nil {
			return err
		}
	}
	full := m.Full && pattern == ""
	verdicts, met := judge(r, full)
	printGoals(os.Stdout, verdicts, !quick)
	if err := writeAll(out, all, m, r, verdicts, full); err != nil {
		return err
	}
	if failures := r.failures(); len(failures) > 0 {
		return errors.New(strings.Join(failures, "\n"))
	}
	if !met && !quick {
		return errors.New("a goal was missed")
	}
	return nil
}

// selected keeps the groups with a scenario that matches.
func selected(all []section, filter *regexp.Regexp) (some []section) {
	for _, s := range all {
		var groups []group
		for _, g := range s.groups {
			for _, one := range g.scenarios {
				if filter.MatchString(one.id()) {
					groups = append(groups, g)
					break
				}
			}
		}
		if s.groups = groups; len(groups) > 0 {
			some = append(some, s)
		}
	}
	return some
}

// runAll measures, and prints each row when it is there.
func (b *bench) runAll(all []section) {
	start := time.Now()
	if !b.quick {
		fmt.Printf("It will take about %s.\n", expected(all).Round(time.Minute/2))
	}
	for i, s := range all {
		fmt.Printf("\n[%d of %d, %s]", i+1, len(all), time.Since(start).Round(time.Second))
		printHead(os.Stdout, s)
		for _, g := range s.groups {
			b.measure(g)
			b.results.printGroup(s, g)
		}
	}
}

// print prints all tables.
func (r *results) print(all []section) {
	for _, s := range all {
		printHead(os.Stdout, s)
		for _, g := range s.groups {
			r.printGroup(s, g)
		}
	}
}

func (r *results) printGroup(s section, g group) {
	for _, one := range g.scenarios {
		for _, line := range r.rows(one, s.columns()) {
			printRow(os.Stdout, line)
		}
	}
}
