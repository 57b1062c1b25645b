package conformance

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// Mismatch is a program at which the binding differs from C, or that is not legal.
type Mismatch struct {
	Script string
	Mode   Mode
	Op     string // where it shows
	What   string
	Legal  bool // C survives it
}

func (f *Mismatch) Error() string {
	return fmt.Sprintf("%s mode, at %q: %s\nin\n%s", f.Mode, f.Op, f.What, f.Script)
}

// same reports whether another program shows the same: the same operation differs, in the same members of its line, or is refused for the same reason.
// Names and numbers are others in a smaller program.
func (f *Mismatch) same(other *Mismatch) bool {
	return other != nil && f.Mode == other.Mode && verb(f.Op) == verb(other.Op) && f.kind() == other.kind()
}

func (f *Mismatch) kind() string { return strings.Fields(f.What + " ?")[0] }

func verb(op string) string {
	words := strings.Fields(op)
	if len(words) > 2 && words[1] == "=" {
		words = words[2:]
	}
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// Reached is what programs have done.
type Reached struct {
	Programs, Resuming int // and how many of them resumed a session
	Shortened          int // of which something was left out, to be legal
	Operations         int
	Resumptions        int // SSLs that resumed
	Ops                map[string]int
}

// Check runs a program with libssl itself and with the binding, in both modes. It returns nil if they agree. What is not legal is left out (R6), also of
// the program in the finding.
func (w *CWorker) Check(script string, reached *Reached) (*Mismatch, error) {
	left, c, err := w.legal(script)
	if err != nil {
		return nil, err
	}
	if reached != nil {
		reached.add(c)
		if left != script {
			reached.Shortened++
		}
	}
	script = left
	scenarios, err := ParseText(script)
	if err != nil {
		return nil, err
	}
	if c.End() != "ok" { // what the fatal operation was, only the trace's end tells
		return &Mismatch{script, Default, scenarios[0].Ops[min(len(c)-2, len(scenarios[0].Ops)-1)].Text, c.End() + " ends it in C: the program is not legal", false}, nil
	}
	for _, mode := range []Mode{Default, Keep} {
		if f := compare(scenarios[0], mode, determined(Ordered(Normalise(c, mode)))); f != nil {
			f.Script = script
			return f, nil
		}
	}
	return nil, nil
}

// compare runs a scenario with the binding until a line is not C's.
func compare(s *Scenario, mode Mode, want Trace) (f *Mismatch) {
	mismatch := func(inC, inGo map[string]any) {
		op, _ := inC["op"].(string)
		f = &Mismatch{Mode: mode, Op: op, What: fmt.Sprintf("%s (-C +Go)\n%s", differs(inC, inGo), cmp.Diff(inC, inGo)), Legal: true}
	}
	runWhile(s, mode, func(line map[string]any) bool {
		if f != nil {
			return false // what the driver says at its end
		}
		line = determined(Ordered(Trace{line}))[0]
		var inC map[string]any
		if len(want) > 0 {
			inC, want = want[0], want[1:]
		}
		if !reflect.DeepEqual(inC, line) {
			mismatch(inC, line)
		}
		return f == nil
	})
	if f == nil && len(want) > 0 {
		mismatch(want[0], nil)
	}
	return f
}

// determined takes out what is random: callbacks for pre-shared and ticket keys are called with the identity or the key name of any ticket. It may
// begin with a NUL, and so look empty.
func determined(t Trace) Trace {
	for _, line := range t {
		for _, event := range list(line["cb"]) {
			var known []string
			switch event["cb"] {
			case "psk_server_callback", "psk_find_session_callback":
				known = []string{"me"}
			case "tlsext_ticket_key_cb":
				known = []string{"1 ", "0 one", "0 two"}
			default:
				continue
			}
			if data, _ := event["data"].(string); !slices.Contains(known, data) {
				event["data"] = "random"
			}
		}
	}
	return t
}

// differs lists the members of a line that differ, and why the binding refused.
func differs(a, b map[string]any) string {
	var members []string
	for _, m := range []map[string]any{a, b} {
		for key := range m {
			if text(a[key]) != text(b[key]) && !slices.Contains(members, key) {
				members = append(members, key)
			}
		}
	}
	if r, refused := refusal(0, b); refused {
		members = append(members, r.Go)
	}
	slices.Sort(members)
	return strings.Join(members, ",")
}

func (r *Reached) add(c Trace) {
	if r.Ops == nil {
		r.Ops = map[string]int{}
	}
	before := r.Resumptions
	reused := map[string]bool{}
	for _, line := range c {
		op, _ := line["op"].(string)
		if op == "" {
			continue
		}
		r.Operations++
		r.Ops[verb(op)]++
		for _, event := range list(line["cb"]) {
			if in, ok := event["in"].(map[string]any); ok {
				r.Ops["in a callback: "+verb(in["op"].(string))]++
			}
		}
		now, _ := line["now"].(map[string]any)
		for name, state := range now {
			is := state.(map[string]any)["reused"] == 1.0
			if is && !reused[name] {
				r.Resumptions++
			}
			reused[name] = is
		}
	}
	r.Programs++
	if r.Resumptions > before {
		r.Resuming++
	}
}
