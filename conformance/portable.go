package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// comparable returns the form in which the traces of two versions are compared. Between versions that have different error codes (1.1.1 names the
// function that failed, 3.0 does not), only what an entry says is left of it; and of an options word, what libssl sets in each new SSL_CTX is not.
func comparable(t Trace, a, b string) Trace {
	t = Ordered(t)
	if major(a) == major(b) {
		return t
	}
	out := make(Trace, len(t))
	for i, line := range t {
		out[i], _ = portable(line).(map[string]any)
	}
	return out
}

func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}

// legacyServerConnect is SSL_OP_LEGACY_SERVER_CONNECT, on by default in 1.1.1 only.
const legacyServerConnect = 4

func portable(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = portable(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = portable(value)
		}
		if text, ok := v["text"].(string); ok && v["code"] != nil {
			delete(out, "code")
			if parts := strings.SplitN(text, ":", 3); len(parts) == 3 {
				out["text"] = parts[0] + ":" + parts[2]
			}
		}
		op, _ := v["op"].(string)
		if word, _, _ := strings.Cut(op, " "); strings.HasSuffix(word, "_options") {
			if ret, ok := v["ret"].(float64); ok {
				out["ret"] = float64(int64(ret) &^ legacyServerConnect)
			}
		}
		return out
	}
	return v
}

// anywhere takes the place out of a trace at which the test data lie.
func anywhere(t Trace) Trace {
	at := strings.TrimSuffix(testdata(""), "testdata")
	out := make(Trace, len(t))
	for i, line := range t {
		out[i], _ = moved(line, at).(map[string]any)
	}
	return out
}

func moved(v any, at string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, at, "")
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = moved(v[i], at)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = moved(value, at)
		}
		return out
	}
	return v
}

// Change is something of a line that another trace has otherwise.
type Change struct {
	What string `json:"what"` // a path: now.c.refs
	Was  string `json:"was"`  // JSON; "" if it was not there
	Is   string `json:"is"`
}

func (c Change) String() string {
	return fmt.Sprintf("%s: %s → %s", c.What, orNothing(c.Was), orNothing(c.Is))
}

func orNothing(json string) string {
	if json == "" {
		return "nothing"
	}
	return json
}

// changes lists what differs between two lines.
func changes(was, is any, at string) (list []Change) {
	if reflect.DeepEqual(was, is) {
		return nil
	}
	below := func(key string) string { return strings.TrimPrefix(at+"."+key, ".") }
	a, isMapA := was.(map[string]any)
	b, isMapB := is.(map[string]any)
	if isMapA && isMapB {
		keys := slices.Sorted(maps.Keys(a))
		for _, key := range slices.Sorted(maps.Keys(b)) {
			if _, ok := a[key]; !ok {
				keys = append(keys, key)
			}
		}
		slices.SortStableFunc(keys, func(x, y string) int { return rank(x) - rank(y) })
		for _, key := range keys {
			list = append(list, changes(a[key], b[key], below(key))...)
		}
		return list
	}
	x, isListX := was.([]any)
	y, isListY := is.([]any)
	if isListX && isListY && len(x) == len(y) {
		for i := range x {
			list = append(list, changes(x[i], y[i], fmt.Sprintf("%s[%d]", at, i))...)
		}
		return list
	}
	return []Change{{at, compact(was), compact(is)}}
}

// rank puts first what a person looks at first.
func rank(key string) int {
	order := []string{"op", "end", "ret", "error", "data", "queue", "c", "s", "cb", "wire"}
	if i := slices.Index(order, key); i >= 0 {
		return i
	}
	return len(order)
}

// compact is JSON in a line, "" for nothing.
func compact(v any) string {
	if v == nil {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
