package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Step is a line of a trace, for people: what the operation returned, and what it changed.
type Step struct {
	Op    string // "" behind the end
	Parts []string
}

// Steps are the lines of a trace, but the name and an end that is "ok".
func (t Trace) Steps() (steps []Step) {
	state := map[string]map[string]any{}
	for _, line := range t {
		op, isOp := line["op"].(string)
		if !isOp && (line["end"] == nil || line["end"] == "ok") {
			continue
		}
		steps = append(steps, Step{op, parts(line, state)})
	}
	return steps
}

// stepAt is the step of a line, whose state follows from those before it.
func (t Trace) stepAt(i int) Step {
	if i >= len(t) {
		return Step{}
	}
	t = slices.Clone(t[:i+1])
	if steps := t.Steps(); t[i]["op"] != nil || len(steps) > 0 && t[i]["end"] != "ok" {
		return steps[len(steps)-1]
	}
	return Step{Parts: []string{"the end"}}
}

// apart returns what only one of two steps has.
func apart(a, b Step) (onlyA, onlyB []string) {
	without := func(x, y []string) (only []string) {
		for _, part := range x {
			if !slices.Contains(y, part) {
				only = append(only, part)
			}
		}
		return only
	}
	return without(a.Parts, b.Parts), without(b.Parts, a.Parts)
}

// parts says what is in a line, and notes the state behind it.
func parts(line map[string]any, state map[string]map[string]any) (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if end, ok := line["end"].(string); ok && end != "ok" {
		add("ended with %s", end)
	}
	out = append(out, outcomeParts(line)...)
	for _, side := range []string{"c", "s"} {
		if m, ok := line[side].(map[string]any); ok {
			add("%s: %s", map[string]string{"c": "client", "s": "server"}[side], strings.Join(outcomeParts(m), ", "))
		}
	}
	for _, hello := range list(line["wire"]) {
		add("ClientHello: %s", showHello(hello))
	}
	for _, event := range list(line["cb"]) {
		add("%s", showEvent(event))
	}
	now, _ := line["now"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		fields, _ := now[name].(map[string]any)
		before, known := state[name]
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			if v := fields[key]; known && before[key] == v || !known && (v == "" || v == 0.0) {
				continue
			}
			add("%s.%s %s", name, key, word(fields[key]))
		}
		for key := range before { // a counter that is 0 again
			if _, ok := fields[key]; !ok {
				add("%s.%s 0", name, key)
			}
		}
		state[name] = fields
	}
	known := []string{"end", "op", "ret", "error", "data", "queue", "refused", "c", "s", "wire", "cb", "now", "scenario"}
	for _, key := range slices.Sorted(maps.Keys(line)) {
		if !slices.Contains(known, key) {
			add("%s: %s", key, compact(line[key]))
		}
	}
	return out
}

// outcomeParts is what a call came to.
func outcomeParts(line map[string]any) (out []string) {
	if refused, ok := line["refused"]; ok {
		out = append(out, fmt.Sprintf("refused: %v", refused))
	}
	if ret, ok := line["ret"]; ok {
		out = append(out, "returns "+word(ret))
	}
	if e, ok := line["error"].(string); ok && e != "NONE" {
		out = append(out, "SSL_ERROR_"+e)
	}
	if data, ok := line["data"].(string); ok && data != "" {
		out = append(out, fmt.Sprintf("data %q", data))
	}
	var entries []string
	for _, e := range list(line["queue"]) {
		entry := strings.ReplaceAll(fmt.Sprint(e["text"]), ":", ": ")
		if data, _ := e["data"].(string); data != "" {
			entry += " (" + data + ")"
		}
		entries = append(entries, entry)
	}
	if len(entries) > 0 {
		out = append(out, "error stack: "+strings.Join(entries, "; "))
	}
	return out
}

func showHello(h map[string]any) string {
	var out []string
	for _, key := range []string{"id", "ticket", "psk", "sni", "versions"} {
		switch v := h[key].(type) {
		case string:
			if v != "" {
				out = append(out, key+" "+v)
			}
		case []any:
			var words []string
			for _, w := range v {
				words = append(words, word(w))
			}
			out = append(out, key+" "+strings.Join(words, " "))
		}
	}
	for _, key := range []string{"ems", "early"} {
		if h[key] == 1.0 {
			out = append(out, key)
		}
	}
	if len(out) == 0 {
		return "nothing to resume"
	}
	return strings.Join(out, ", ")
}

func showEvent(e map[string]any) string {
	if name, ok := e["freed"]; ok {
		return fmt.Sprintf("%v is freed", name)
	}
	name := fmt.Sprint(e["cb"])
	if ctx, ok := e["ctx"]; ok { // one of the cache's three
		name = fmt.Sprintf("%s_session_cb of %v", name, ctx)
	}
	var out []string
	for _, key := range []string{"ssl", "sess", "refs", "resumable", "data"} {
		if v, ok := e[key]; ok && v != "" {
			out = append(out, key+" "+word(v))
		}
	}
	if current, _ := e["current"].([]any); len(current) > 0 {
		out = append(out, "current in "+strings.Trim(compact(current), "[]"))
	}
	s := name + ": " + strings.Join(out, ", ")
	if in, ok := e["in"].(map[string]any); ok {
		s += fmt.Sprintf("; in it %v: %s", in["op"], strings.Join(outcomeParts(in), ", "))
	}
	return s
}

// word is a value without the quotes of a plain string.
func word(v any) string {
	if s, ok := v.(string); ok && s != "" && !strings.ContainsAny(s, " \"\\") {
		return s
	}
	return compact(v)
}

// Abbreviate shortens the long words of an operation.
func Abbreviate(op string) string {
	const longest = 40
	words := strings.Fields(op)
	for i, w := range words {
		if r := []rune(w); len(r) > longest {
			words[i] = fmt.Sprintf("%s…(%d)", string(r[:12]), len(r))
		}
	}
	return strings.Join(words, " ")
}
