package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// row is a line of a table: its title, and a cell for each implementation.
type row struct {
	title string
	cells []string
}

// columns are the implementations of a section, in order.
func (s section) columns() []string {
	var all []string
	for _, impl := range []string{plainC, tunedC, engine, ours, spacemonkey, libp2p, goTLS} {
		for _, g := range s.groups {
			if containsImpl(g.scenarios, impl) {
				all = append(all, impl)
				break
			}
		}
	}
	return all
}

func containsImpl(scenarios []scenario, impl string) bool {
	return slices.ContainsFunc(scenarios, func(s scenario) bool { return slices.Contains(s.by, impl) })
}

// rows are what a scenario says: a row for each metric. A cell is the median and, in brackets, its ratio to the base; the last one tells the
// spread of ours.
func (r *results) rows(s scenario, columns []string) (all []row) {
	for _, m := range s.metrics {
		one := row{title: s.title}
		if len(s.metrics) > 1 {
			one.title += ", " + m.title
		}
		for _, impl := range columns {
			one.cells = append(one.cells, r.cell(s, m, impl))
		}
		one.cells = append(one.cells, r.spreadCell(s, m, columns))
		all = append(all, one)
	}
	return all
}

func (r *results) cell(s scenario, m metric, impl string) string {
	p := place{s.id(), impl}
	v, ok := r.value(cell{p.scenario, m.name, impl})
	if fault := r.faults[p]; fault != "" && fault != absent {
		return "failed"
	}
	if !ok {
		return absent
	}
	text := figure(v.median / m.div)
	if impl == s.base || s.base == "" {
		return text
	}
	if ratio, ok := r.ratio(cell{p.scenario, m.name, impl}, cell{p.scenario, m.name, s.base}); ok {
		text += " (" + fmt.Sprintf("%.2f", ratio.median) + ")"
	}
	return text
}

// spreadCell is the quartiles of the ratio of ours, or of the engine where that is all there is.
func (r *results) spreadCell(s scenario, m metric, columns []string) string {
	for _, impl := range []string{ours, engine} {
		if ratio, ok := r.ratio(cell{s.id(), m.name, impl}, cell{s.id(), m.name, s.base}); ok {
			return fmt.Sprintf("%.2f–%.2f", ratio.low, ratio.high)
		}
	}
	return ""
}

// figure has three digits, or more before the point.
func figure(v float64) string {
	switch {
	case v >= 100 || v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

const (
	titleWidth = 38
	cellWidth  = 16
)

// printHead prints the title of a section and of its columns.
func printHead(w io.Writer, s section) {
	fmt.Fprintf(w, "\n%s\n%s\n%s", s.title, s.note, strings.Repeat(" ", titleWidth))
	for _, c := range append(s.columns(), "spread of ours") {
		fmt.Fprint(w, left(c, cellWidth))
	}
	fmt.Fprintln(w)
}

func printRow(w io.Writer, r row) {
	fmt.Fprint(w, left(r.title, titleWidth))
	for _, c := range r.cells {
		fmt.Fprint(w, left(c, cellWidth))
	}
	fmt.Fprintln(w)
}

func left(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 1))
}

// printGoals prints the verdicts, or what there is of them if judged is false.
func printGoals(w io.Writer, all []verdict, judged bool) {
	fmt.Fprintf(w, "\n%s%s%s%s\n", left("Goals", 66), left("median", 10), left("quartiles", 16), "limit")
	for _, v := range all {
		median, quartiles, limit := v.figures()
		fmt.Fprint(w, left(v.text, 66), left(median, 10), left(quartiles, 16), limit)
		if judged {
			fmt.Fprint(w, "  ", v.word())
		}
		fmt.Fprintln(w)
	}
}
