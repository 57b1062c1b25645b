package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

func (m *mutant) killed() bool {
	return m.outcome == failed || m.outcome == crashed || m.outcome == hung
}

// verdict says in words what became of the mutant.
func (m *mutant) verdict() string {
	switch m.outcome {
	case discarded:
		return "does not compile"
	case failed:
		return "killed by " + m.detail
	case crashed:
		return "crashes " + m.detail
	case hung:
		return "hangs " + m.detail
	case survived:
		return "SURVIVED: " + m.detail
	case unreached:
		return "SURVIVED: no test comes across it"
	}
	return "not tested"
}

// An accepted survivor is a line of survivors.txt: function | mutation | reason.
type accepted struct {
	fn, text, reason string
	line             int
	used             bool
}

const survivorsFile = "ci/mutate/survivors.txt"

func readAccepted(name string) ([]*accepted, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return parseAccepted(string(text))
}

// parseAccepted splits at the first and the last bar: the mutation itself may have some.
func parseAccepted(text string) ([]*accepted, error) {
	var all []*accepted
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		first, last := strings.Index(line, " | "), strings.LastIndex(line, " | ")
		if first == last {
			return nil, fmt.Errorf("%s:%d: want function | mutation | reason", survivorsFile, i+1)
		}
		all = append(all, &accepted{
			fn: strings.TrimSpace(line[:first]), text: strings.TrimSpace(line[first+3 : last]), reason: strings.TrimSpace(line[last+3:]), line: i + 1,
		})
	}
	return all, nil
}

// report prints survivors and a table, and reports whether all is well.
func report(w io.Writer, files []*source, list []*accepted, took time.Duration) bool {
	ok := true
	isAccepted := func(m *mutant) bool {
		for _, a := range list {
			if a.fn == m.fn && a.text == m.text {
				a.used = true
				return m.outcome == survived || m.outcome == unreached
			}
		}
		return false
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "file\tmutants\tdo not compile\tkilled\tby a failure\tby a crash\tby a hang\taccepted\tsurvived\tno test\t")
	var total [9]int
	for _, f := range files {
		var n [9]int
		for _, m := range f.mutants {
			n[0]++
			switch {
			case m.outcome == discarded:
				n[1]++
			case m.killed():
				n[2]++
				n[3+int(m.outcome-failed)]++
			}
			entry := isAccepted(m)
			switch {
			case entry:
				n[6]++
			case m.outcome == survived:
				n[7]++
			case m.outcome == unreached:
				n[8]++
			}
			if !entry && (m.outcome == survived || m.outcome == unreached) {
				ok = false
				fmt.Fprintf(w, "%v: %s\n", m, m.verdict())
			}
		}
		row(table, f.name, n[:])
		for i := range n {
			total[i] += n[i]
		}
	}
	for _, a := range list {
		if why := stale(a, files); why != "" {
			ok = false
			fmt.Fprintf(w, "%s:%d: %s: %s: %s: remove the line\n", survivorsFile, a.line, a.fn, a.text, why)
		}
	}
	row(table, "total", total[:])
	fmt.Fprintln(w)
	table.Flush()
	fmt.Fprintf(w, "\n%v; ", took.Round(time.Second))
	if ok {
		fmt.Fprintln(w, "no survivor without a reason")
	} else {
		fmt.Fprintf(w, "for each survivor write a test that fails with it, or a line `function | mutation | reason` in %s\n", survivorsFile)
	}
	return ok
}

// stale says why a line of survivors.txt is of no use, or "". With -run, lines of other mutants are let be.
func stale(a *accepted, files []*source) string {
	for _, f := range files {
		for _, m := range f.mutants {
			if m.fn == a.fn && m.text == a.text {
				if m.killed() {
					return "a test kills this mutant now"
				}
				if m.outcome == discarded {
					return "this mutant does not compile"
				}
				return ""
			}
		}
	}
	for _, f := range files {
		for _, m := range mutants(f.name, f.src) {
			if m.fn == a.fn && m.text == a.text {
				return ""
			}
		}
	}
	return "there is no such mutant"
}

func row(w io.Writer, name string, n []int) {
	fmt.Fprintf(w, "%s\t", name)
	for _, v := range n {
		fmt.Fprintf(w, "%d\t", v)
	}
	fmt.Fprintln(w)
}
