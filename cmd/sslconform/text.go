package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-c1436005/libssl/conformance"
)

var (
	formats = map[string]func(io.Writer, *conformance.Report) error{
		"text": writeText, "json": writeJSON, "junit": writeJUnit, "html": writeHTML,
	}
	diffFormats = map[string]func(io.Writer, *conformance.Report) error{"text": writeDiff, "json": writeJSON}
)

const noPage = "without a man page"

// page is a man page, with its clauses.
type page struct {
	Name     string
	Findings []*conformance.Finding
}

// pages groups the clauses, in the order in which their pages first appear; those without one come last.
func pages(r *conformance.Report) (list []*page) {
	none := &page{Name: noPage}
	for _, f := range r.Findings {
		name := f.Page + "(3)"
		if f.Page == "" {
			none.Findings = append(none.Findings, f)
			continue
		}
		i := slices.IndexFunc(list, func(p *page) bool { return p.Name == name })
		if i < 0 {
			i = len(list)
			list = append(list, &page{Name: name})
		}
		list[i].Findings = append(list[i].Findings, f)
	}
	if len(none.Findings) > 0 {
		list = append(list, none)
	}
	return list
}

// columns are where a line of text ends and where its parts begin.
const (
	columns = 120
	indent  = 23
)

// text writes lines for people.
type text struct {
	*bufio.Writer
	was, is string // the versions
	shown   map[*conformance.Outcome]bool
}

func newText(w io.Writer, r *conformance.Report) text {
	t := text{bufio.NewWriter(w), r.Reference.Version, r.AtHand.Version, map[*conformance.Outcome]bool{}}
	if t.was == t.is {
		t.was, t.is = "reference", "at hand"
	}
	return t
}

// para writes words from column indent on, the first line behind what is there already.
func (t text) para(words string) {
	width := columns - indent
	line := 0
	for _, word := range strings.Fields(words) {
		n := len([]rune(word))
		if line > 0 && line+1+n > width {
			fmt.Fprintf(t, "\n%*s", indent, "")
			line = 0
		} else if line > 0 {
			t.WriteByte(' ')
			line++
		}
		t.WriteString(word)
		line += n
	}
	t.WriteByte('\n')
}

func (t text) row(head, words string) {
	fmt.Fprintf(t, "  %-*s", indent-2, head)
	t.para(words)
}

func writeText(w io.Writer, r *conformance.Report) error {
	t := newText(w, r)
	fmt.Fprintf(t, "%s (%s)\nbeside the traces of %s\n", r.AtHand.Text, r.Path, r.Reference.Text)
	for _, p := range pages(r) {
		fmt.Fprintf(t, "\n%s\n", p.Name)
		for _, f := range p.Findings {
			t.finding(f)
		}
	}
	t.others(r)
	t.binding(r)
	t.summary(r)
	return t.Flush()
}

func (t text) finding(f *conformance.Finding) {
	switch {
	case f.Manual == conformance.NotStated:
		t.row(string(f.Verdict), f.ID+" · "+f.Does)
	case f.Manual == conformance.Wrong:
		t.row(string(f.Verdict), f.ID+" · says: "+f.Says)
		t.row("", "does: "+f.Does)
	default:
		t.row(string(f.Verdict), f.ID+" · "+f.Says)
	}
	if f.Why != "" {
		t.row("", "→ "+f.First.Scenario.Name+": "+f.Why)
	}
	if f.Verdict == conformance.Differs {
		if f.StackOnly() {
			t.row("", "Nothing but the error stack differs.")
		}
		if f.Elsewhere() {
			t.row("", "No line that calls the function differs, but others of its scenarios do.")
		}
		for _, o := range f.Outcomes {
			t.outcome(o)
		}
	}
}

// outcome says what differs in a scenario, the first time that it is asked.
func (t text) outcome(o *conformance.Outcome) {
	if o.Status != conformance.Changed {
		return
	}
	if t.shown[o] {
		t.row("", "→ "+o.Scenario.Name+": as above")
		return
	}
	t.shown[o] = true
	t.row("", "→ "+o.Scenario.Name+": "+conformance.Abbreviate(o.Op))
	t.row("", "  "+t.was+": "+short(o.Was))
	t.row("", "  "+t.is+": "+short(o.Is))
}

// short is the parts of a line that another trace has otherwise.
func short(parts []string) string {
	const most = 8
	if len(parts) == 0 {
		return "nothing of that"
	}
	if more := len(parts) - most; more > 0 {
		return strings.Join(parts[:most], ", ") + fmt.Sprintf(", and %d more", more)
	}
	return strings.Join(parts, ", ")
}

// difference is a scenario's first in one line.
func difference(r *conformance.Report, o *conformance.Outcome) string {
	return fmt.Sprintf("%s: %s: %s: %s; %s: %s", o.Scenario.Name, conformance.Abbreviate(o.Op),
		r.Reference.Version, short(o.Was), r.AtHand.Version, short(o.Is))
}

// others are scenarios that differ and belong to no clause.
func (t text) others(r *conformance.Report) {
	ofClause := map[*conformance.Outcome]bool{}
	for _, f := range r.Findings {
		for _, o := range f.Outcomes {
			ofClause[o] = true
		}
	}
	begun := false
	for _, o := range r.Outcomes {
		if ofClause[o] || o.Status == conformance.Same {
			continue
		}
		if !begun {
			t.WriteString("\nscenarios that belong to no clause\n")
			begun = true
		}
		if o.Status == conformance.NotRun {
			t.row(string(conformance.NotReached), o.Scenario.Name+": "+o.Why)
			continue
		}
		t.outcome(o)
	}
}

func (t text) binding(r *conformance.Report) {
	if !r.BindingRan {
		return
	}
	t.WriteString("\nthe Go binding beside C\n")
	agree, reasons := 0, 0
	for _, o := range r.Outcomes {
		switch {
		case o.Binding != "":
			t.row(string(conformance.Differs), o.Scenario.Name+": "+o.Binding)
		case o.Reason != "":
			reasons++
		default:
			agree++
		}
	}
	t.row("", fmt.Sprintf("%d scenarios alike, %d more but for what differences.json gives a reason for", agree, reasons))
}

func (t text) summary(r *conformance.Report) {
	fmt.Fprintf(t, "\n%d clauses:", len(r.Findings))
	separator := ""
	for _, v := range conformance.Verdicts {
		fmt.Fprintf(t, "%s %d %s", separator, r.Count(v), v)
		separator = ","
	}
	count := map[conformance.Status]int{}
	for _, o := range r.Outcomes {
		count[o.Status]++
	}
	fmt.Fprintf(t, "\n%d scenarios: %d as in %s, %d differ, %d did not run\n",
		len(r.Outcomes), count[conformance.Same], r.Reference.Version, count[conformance.Changed], count[conformance.NotRun])
}

// writeDiff shows only what differs.
func writeDiff(w io.Writer, r *conformance.Report) error {
	t := newText(w, r)
	fmt.Fprintf(t, "%s → %s\n", r.Reference.Text, r.AtHand.Text)
	t.differing(r)
	t.summary(r)
	return t.Flush()
}

// differing are the clauses that are not as in the reference, the other scenarios, and the binding.
func (t text) differing(r *conformance.Report) {
	for _, p := range pages(r) {
		begun := false
		for _, f := range p.Findings {
			if f.Verdict != conformance.Differs && f.Verdict != conformance.NotReached {
				continue
			}
			if !begun {
				fmt.Fprintf(t, "\n%s\n", p.Name)
				begun = true
			}
			t.finding(f)
		}
	}
	t.others(r)
	t.binding(r)
}
