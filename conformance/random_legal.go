package conformance

import (
	"slices"
	"strings"
)

// takeNULL are the operations that programs use with what may be NULL. Of others, C dies, or the binding refuses where C does nothing.
var takeNULL = map[string]bool{"SSL_set_session": true, "SSL_CTX_remove_session": true, "free": true}

// legal leaves out what uses a name that is NULL where C may not take it, and all that depends on that: R6. What is NULL only C knows, so it runs the
// program. The trace is that of the program that is left.
func (w *CWorker) legal(script string) (string, Trace, error) {
	for {
		scenarios, err := ParseText(script)
		if err != nil {
			return script, nil, err
		}
		c, err := w.Run(script)
		if err != nil {
			return script, nil, err
		}
		all, wrong := lines(script), scenarios[0].usesOfNULL(c)
		left := without(all, func(i int) bool { return slices.Contains(wrong, i+1) })
		if len(left) == len(all) {
			return script, c, nil
		}
		script = strings.Join(left, "\n") + "\n"
	}
}

// usesOfNULL returns the numbers of the lines. C's trace may end early: what C died of is the last that it tells of.
func (s *Scenario) usesOfNULL(c Trace) (wrong []int) {
	null := make([]bool, len(s.names))
	uses := func(op *Op) bool {
		return op != nil && !takeNULL[op.name] && slices.ContainsFunc(op.args, func(v value) bool { return v.name >= 0 && null[v.name] })
	}
	for i, op := range s.Ops {
		if uses(op) || uses(op.run) {
			wrong = append(wrong, op.Line)
		}
		if op.makes >= 0 && i+1 < len(c) && c[i+1]["ret"] == 0.0 {
			null[op.makes] = true
		}
	}
	return wrong
}
