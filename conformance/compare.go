package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Difference is an operation at which the binding differs from C on purpose. Go says how:
//
//   - the name of a sentinel error: the binding refuses what C would not survive or what would do harm. What follows is not compared.
//   - "returns N": N is returned and all else is equal.
//   - "other objects": all but the state of the objects is equal. What follows is not compared.
type Difference struct {
	Scenario string `json:"scenario"`
	Op       string `json:"op"`
	Go       string `json:"go"`
	Why      string `json:"why"`
}

const otherObjects = "other objects"

// Differences reads differences.json.
func Differences() (list []Difference, err error) {
	text, err := data.ReadFile("differences.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("differences.json: %w", err)
	}
	for _, d := range list {
		if _, returns := d.returns(); sentinels[d.Go] == nil && !returns && d.Go != otherObjects || d.Why == "" {
			return nil, fmt.Errorf("differences.json: %s: %q says no difference, or the reason is missing", d.Scenario, d.Go)
		}
	}
	return list, nil
}

func (d Difference) returns() (float64, bool) {
	number, ok := strings.CutPrefix(d.Go, "returns ")
	n, err := strconv.ParseFloat(number, 64)
	return n, ok && err == nil
}

// Reconcile applies the differences of a scenario to what is compared. It fails if one of them did not show.
func Reconcile(c, goTrace Trace, differences []Difference) (Trace, Trace, error) {
	c, goTrace = slices.Clone(c), slices.Clone(goTrace)
	for _, d := range differences {
		i := slices.IndexFunc(goTrace, func(line map[string]any) bool { return line["op"] == d.Op })
		refusal, refused := goTrace.Refusal()
		want, returns := d.returns()
		switch {
		case !returns && d.Go != otherObjects:
			if !refused || refusal.Op != d.Op || refusal.Go != d.Go {
				return c, goTrace, fmt.Errorf("want %s to be refused with %s, but first refused is %+v", d.Op, d.Go, refusal)
			}
			return c[:min(refusal.Line, len(c))], goTrace[:refusal.Line], nil
		case i < 0 || i >= len(c):
			return c, goTrace, fmt.Errorf("%s is not in both traces", d.Op)
		case returns:
			if goTrace[i]["ret"] != want || c[i]["ret"] == want {
				return c, goTrace, fmt.Errorf("%s returned %v in Go and %v in C, want %v in Go only", d.Op, goTrace[i]["ret"], c[i]["ret"], want)
			}
			c[i] = maps.Clone(c[i])
			c[i]["ret"] = want
		default:
			if reflect.DeepEqual(c[i]["now"], goTrace[i]["now"]) {
				return c, goTrace, fmt.Errorf("%s left the objects as C left them", d.Op)
			}
			c, goTrace = c[:i+1], goTrace[:i+1]
			for _, t := range []Trace{c, goTrace} {
				t[i] = maps.Clone(t[i])
				delete(t[i], "now")
			}
			return c, goTrace, nil
		}
	}
	return c, goTrace, nil
}

// Normalise returns C's trace as it has to be in a mode. Outside of KeepQueue, entries that a successful call left are of no use to anybody: the
// binding drops them.
func Normalise(c Trace, mode Mode) Trace {
	if mode == Keep {
		return c
	}
	out := make(Trace, len(c))
	for i, line := range c {
		out[i] = decoded(line)
		dropQueue(out[i])
		for _, event := range list(out[i]["cb"]) {
			if in, ok := event["in"].(map[string]any); ok {
				dropQueue(in)
			}
		}
	}
	return out
}

// Ordered sorts events that libssl has in no order: a flush, also that of the last SSL_CTX_free, goes through a hash table over random ids.
func Ordered(t Trace) Trace {
	out := slices.Clone(t)
	for i, line := range t {
		op, _ := line["op"].(string)
		events, _ := line["cb"].([]any)
		if op != "end" && !strings.HasPrefix(op, "free ") && !strings.HasPrefix(op, "SSL_CTX_flush_sessions ") || len(events) < 2 {
			continue
		}
		events = slices.Clone(events)
		slices.SortFunc(events, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		out[i] = maps.Clone(line)
		out[i]["cb"] = events
	}
	return out
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func list(v any) (maps []map[string]any) {
	items, _ := v.([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			maps = append(maps, m)
		}
	}
	return maps
}

// dropQueue empties the queue of a call that succeeded.
func dropQueue(line map[string]any) {
	for _, side := range []string{"c", "s"} {
		if m, ok := line[side].(map[string]any); ok && m["error"] == "NONE" {
			m["queue"] = []any{}
		}
	}
	if line["queue"] != nil && succeeded(line) {
		line["queue"] = []any{}
	}
}

func succeeded(line map[string]any) bool {
	text, _ := line["op"].(string)
	words := strings.Fields(text)
	if len(words) > 2 && words[1] == "=" {
		words = words[2:]
	}
	def := operations[words[0]]
	if def == nil {
		return true // end, on
	}
	switch def.fails {
	case zero:
		return line["ret"] != 0.0
	case nonzero:
		return line["ret"] == 0.0
	case sslError:
		return line["error"] == "NONE"
	}
	return true
}

// Refusal is the first operation that the binding refused in a trace.
type Refusal struct {
	Line int
	Op   string
	Go   string // the name of the sentinel error
}

// Refusal finds it: the operation of a line, or one that a callback executed.
func (t Trace) Refusal() (Refusal, bool) {
	for i, line := range t {
		for _, event := range list(line["cb"]) {
			if in, ok := event["in"].(map[string]any); ok {
				if r, ok := refusal(i, in); ok {
					return r, true
				}
			}
		}
		if r, ok := refusal(i, line); ok {
			return r, true
		}
	}
	return Refusal{}, false
}

func refusal(i int, line map[string]any) (Refusal, bool) {
	op, _ := line["op"].(string)
	for _, at := range []any{line, line["c"], line["s"]} {
		if m, ok := at.(map[string]any); ok {
			if name, ok := m["refused"].(string); ok {
				return Refusal{i, op, name}, true
			}
		}
	}
	return Refusal{}, false
}
