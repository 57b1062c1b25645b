package conformance

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// Row is an operation of a scenario, with what each driver saw of it.
type Row struct {
	Op      string
	Comment string // of the script
	Cells   []Cell
	Differs bool
	Note    string // why it may
}

// Cell is a step, in one or more columns that have the same.
type Cell struct {
	Head  string // its columns
	Span  int
	Parts []Part
	State []Object // what changed
}

// Object is what changed in an object.
type Object struct {
	Name   string
	Fields []Part
}

// Part is a part of a step.
type Part struct {
	Text string
	Only bool // another column has it otherwise
}

// Rows returns the script of a scenario beside the traces. Heads are those of the columns.
func (o *Outcome) Rows(reference, atHand string) (heads []string, rows []Row) {
	heads = []string{"C, " + reference, "C, " + atHand}
	columns := [][]Step{o.was.Steps(), o.is.Steps()}
	if o.binding != nil {
		heads = append(heads, "Go")
		columns = append(columns, alike(Normalise(o.is, Default).Steps(), o.binding.Steps(), columns[1]))
	}
	n := 0
	for _, c := range columns {
		n = max(n, len(c))
	}
	_, comments := o.Scenario.Comments()
	explained := false
	for i := range n {
		row := Row{Op: "end"}
		if i < len(o.Scenario.Ops) {
			row.Op, row.Comment = o.Scenario.Ops[i].Text, comments[i]
		}
		var steps []Step
		for _, c := range columns {
			step := Step{}
			if i < len(c) {
				step = c[i]
			}
			steps = append(steps, step)
		}
		row.Cells = merge(heads, steps)
		row.Differs = len(row.Cells) > 1
		if row.Differs && o.Reason != "" && !explained && len(heads) > 2 && row.Cells[len(row.Cells)-1].Head == "Go" {
			row.Note, explained = o.Reason, true
		}
		rows = append(rows, row)
	}
	return heads, rows
}

// alike replaces the binding's steps that are what C's asks for by C's own: outside of KeepQueue, entries of a success are dropped.
func alike(want, got, shown []Step) []Step {
	got = slices.Clone(got)
	for i := range min(len(want), len(got), len(shown)) {
		if slices.Equal(want[i].Parts, got[i].Parts) {
			got[i] = shown[i]
		}
	}
	return got
}

// merge puts neighbours with equal steps into one cell.
func merge(heads []string, steps []Step) (cells []Cell) {
	for i, step := range steps {
		if i > 0 && slices.Equal(step.Parts, steps[i-1].Parts) {
			last := &cells[len(cells)-1]
			last.Span++
			last.Head += " · " + heads[i]
			continue
		}
		cell := Cell{Head: heads[i], Span: 1}
		for _, part := range step.Parts {
			cell.add(part, !everywhere(part, steps))
		}
		cells = append(cells, cell)
	}
	return cells
}

var stateText = regexp.MustCompile(`^(\w+)\.(\w+ \S+)$`)

func (c *Cell) add(part string, only bool) {
	m := stateText.FindStringSubmatch(part)
	if m == nil {
		c.Parts = append(c.Parts, Part{part, only})
		return
	}
	if n := len(c.State); n == 0 || c.State[n-1].Name != m[1] {
		c.State = append(c.State, Object{Name: m[1]})
	}
	last := &c.State[len(c.State)-1]
	last.Fields = append(last.Fields, Part{m[2], only})
}

func everywhere(part string, steps []Step) bool {
	return !slices.ContainsFunc(steps, func(s Step) bool { return !slices.Contains(s.Parts, part) })
}

// Comments returns what the script says above a scenario, and at or above its operations, by their index.
func (s *Scenario) Comments() (head string, at map[int]string) {
	text, err := os.ReadFile(s.Path)
	if err != nil {
		return "", nil
	}
	at = map[int]string{}
	op := map[int]int{}
	for i, o := range s.Ops {
		op[o.Line] = i
	}
	var above []string
	inside := false
	for i, line := range strings.Split(string(text), "\n") {
		code, comment, found := strings.Cut(line, "#")
		words := strings.Fields(code)
		if found {
			above = append(above, strings.TrimSpace(comment))
		}
		switch {
		case len(words) == 0 && !found:
			above = nil // an empty line ends a comment
		case len(words) == 0:
		case words[0] == "scenario":
			if inside {
				return head, at
			}
			if inside = len(words) > 1 && words[1] == s.Name; inside {
				head = strings.Join(above, " ")
			}
			above = nil
		case inside:
			if n, ok := op[i+1]; ok && len(above) > 0 {
				at[n] = strings.Join(above, " ")
			}
			above = nil
		default:
			above = nil
		}
	}
	return head, at
}
