package conformance

import (
	"slices"
	"strings"
)

// Status is how a scenario went beside the reference.
type Status string

// A scenario that could not run, or not to its end for want of a function, is NotRun.
const (
	Same    Status = "same"
	Changed Status = "differs"
	NotRun  Status = "not run"
)

// Outcome is a scenario of one record beside that of another.
type Outcome struct {
	Scenario  *Scenario
	Status    Status
	Why       string   // it did not run
	Lines     []int    // that differ, indices into the trace
	Op        string   // of the first that differs
	Changes   []Change // in that line
	Was, Is   []string // the same, for people
	StackOnly bool     // nothing but the error stack differs, in any line
	Binding   string   // where the Go binding does not agree with C; "" if it does, or did not run
	Reason    string   // why it differs from C on purpose, from differences.json

	was, is Trace // as they were compared
	binding Trace // nil if it did not run
}

// StackOnly reports whether nothing but the error stack differs, in any of its scenarios.
func (f *Finding) StackOnly() bool {
	return f.Verdict == Differs &&
		!slices.ContainsFunc(f.Outcomes, func(o *Outcome) bool { return o.Status == Changed && !o.StackOnly })
}

// Elsewhere reports whether a clause about a function differs, but in no line that calls it.
func (f *Finding) Elsewhere() bool {
	if f.Verdict != Differs || f.Function != f.ID {
		return false
	}
	return !slices.ContainsFunc(f.Outcomes, func(o *Outcome) bool {
		return slices.ContainsFunc(o.Lines, func(i int) bool { return i < len(o.was) && o.was[i:i+1].calls(f.Function) })
	})
}

// Finding is a clause, as a libssl has it.
type Finding struct {
	Clause
	Verdict  Verdict
	Why      string             // of a clause that was not reached
	Outcomes []*Outcome         // of its scenarios
	First    *Outcome           // the first that differs, or did not run
	Versions map[string]Verdict // of the recorded versions
}

// Report is what a libssl does, clause by clause, beside the reference.
type Report struct {
	Reference *Record
	AtHand    *Record
	Findings  []*Finding
	Outcomes  []*Outcome // of all scenarios, in their order
	Versions  []string   // that are recorded
	Path      string     // of the libssl at hand

	BindingRan bool
}

// Check compares one record with another, which has the verdicts of the manual.
func Check(suite []*Scenario, clauses []Clause, reference, atHand *Record) *Report {
	r := &Report{Reference: reference, AtHand: atHand}
	byName := map[string]*Outcome{}
	for _, s := range suite {
		o := beside(s, reference, atHand)
		byName[s.Name] = o
		r.Outcomes = append(r.Outcomes, o)
	}
	for _, c := range clauses {
		f := &Finding{Clause: c, Versions: map[string]Verdict{}}
		for _, name := range c.Scenarios {
			f.Outcomes = append(f.Outcomes, byName[name])
		}
		f.judge()
		r.Findings = append(r.Findings, f)
	}
	return r
}

// CheckAll is Check against the reference, with the verdicts of all versions that are recorded beside it.
func CheckAll(suite []*Scenario, clauses []Clause, atHand *Record) (*Report, error) {
	reference, err := ReadRecorded(Reference)
	if err != nil {
		return nil, err
	}
	r := Check(suite, clauses, reference, atHand)
	r.Versions = Recorded()
	for _, version := range r.Versions {
		record, err := ReadRecorded(version)
		if err != nil {
			return nil, err
		}
		for i, f := range Check(suite, clauses, reference, record).Findings {
			r.Findings[i].Versions[version] = f.Verdict
		}
	}
	return r, nil
}

func beside(s *Scenario, reference, atHand *Record) *Outcome {
	o := &Outcome{Scenario: s, Status: Same}
	was, is := reference.Traces[s.Name], atHand.Traces[s.Name]
	o.was, o.is = comparable(was, reference.Version, atHand.Version), comparable(is, reference.Version, atHand.Version)
	switch {
	case len(was) == 0:
		o.Status, o.Why = NotRun, "the traces of "+reference.Version+" do not have it"
		return o
	case atHand.Failed[s.Name] != "":
		o.Status, o.Why = NotRun, atHand.Failed[s.Name]
		return o
	case len(is) == 0:
		o.Status, o.Why = NotRun, "the traces of "+atHand.Version+" do not have it"
		return o
	}
	what, absent := strings.CutPrefix(is.End(), "absent: ")
	for i := range max(len(o.was), len(o.is)) {
		a, b := lineAt(o.was, i), lineAt(o.is, i)
		if absent && i >= len(o.is)-1 {
			break
		}
		c := changes(a, b, "")
		if len(c) == 0 {
			continue
		}
		if len(o.Lines) == 0 {
			o.Op, o.Changes, o.StackOnly = opOf(a, b), c, true
			o.Was, o.Is = apart(o.was.stepAt(i), o.is.stepAt(i))
		}
		o.Lines = append(o.Lines, i)
		o.StackOnly = o.StackOnly && !slices.ContainsFunc(c, func(c Change) bool { return !strings.Contains(c.What, "queue") })
	}
	switch {
	case len(o.Lines) > 0:
		o.Status = Changed
	case absent:
		o.Status, o.Why = NotRun, "this libssl has no "+what
	}
	return o
}

// lineAt is nil behind the end.
func lineAt(t Trace, i int) any {
	if i < len(t) {
		return map[string]any(t[i])
	}
	return nil
}

// opOf is the operation of a line in either of two traces, or their end.
func opOf(lines ...any) string {
	for _, line := range lines {
		if m, ok := line.(map[string]any); ok {
			if op, ok := m["op"].(string); ok {
				return op
			}
		}
	}
	return "the end"
}

// judge: a clause of which all scenarios do what they do in the reference has the manual's verdict.
func (f *Finding) judge() {
	f.Verdict = f.Manual
	for _, o := range f.Outcomes {
		verdict, why := Holds, ""
		switch o.Status {
		case NotRun:
			verdict, why = NotReached, o.Why
		case Changed:
			verdict = Differs
			if died := o.diedBefore(f.Function); died != "" {
				verdict, why = NotReached, died+" before "+f.Function
			}
		}
		if verdict == Differs && f.Verdict != Differs || verdict == NotReached && f.Verdict != Differs && f.Verdict != NotReached {
			f.Verdict, f.Why, f.First = verdict, why, o
		}
	}
}

// diedBefore says of what the scenario died before it came to the function to which the reference came; "" if it did not.
func (o *Outcome) diedBefore(function string) string {
	if function == "" || o.is.End() == "ok" || !o.was.calls(function) || o.is.calls(function) {
		return ""
	}
	return "it ended with " + o.is.End()
}

func (t Trace) calls(function string) bool {
	return slices.ContainsFunc(t, func(line map[string]any) bool {
		op, _ := line["op"].(string)
		return calls(op, function)
	})
}

// Count returns how many clauses have a verdict.
func (r *Report) Count(v Verdict) (n int) {
	for _, f := range r.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// AsReference reports whether nothing differs: no clause, no scenario, and the binding nowhere from C.
func (r *Report) AsReference() bool {
	return !slices.ContainsFunc(r.Outcomes, func(o *Outcome) bool { return o.Status == Changed || o.Binding != "" })
}

// Complete reports whether all scenarios ran.
func (r *Report) Complete() bool {
	return !slices.ContainsFunc(r.Outcomes, func(o *Outcome) bool { return o.Status == NotRun })
}

// SetBinding notes what the binding did in a scenario, in a mode.
func (o *Outcome) SetBinding(mode Mode, c, got Trace, differences []Difference) {
	got = anywhere(got)
	for _, d := range differences {
		o.Reason = d.Why
	}
	if mode == Default {
		o.binding = Ordered(got)
	}
	if what := Agree(c, got, mode, differences); what != "" && o.Binding == "" {
		o.Binding = what
	}
}

// Agree says where a trace of the binding is not what C's asks for, "" if it is.
func Agree(c, got Trace, mode Mode, differences []Difference) string {
	end := got.End()
	want, got, err := Reconcile(Ordered(Normalise(c, mode)), Ordered(got), differences)
	if err != nil {
		return err.Error()
	}
	for i := range max(len(want), len(got)) {
		a, b := lineAt(want, i), lineAt(got, i)
		if list := changes(a, b, ""); len(list) > 0 {
			return opOf(a, b) + ": " + list[0].String()
		}
	}
	switch {
	case end != "ok":
		return "it ended with " + end
	case c.End() != "ok" && len(differences) == 0:
		return "C ended with " + c.End() + ", and differences.json does not say what the binding does instead"
	}
	return ""
}
