package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOperations fails if the two drivers do not know the same operations, with the same words after them.
func TestOperations(t *testing.T) {
	text, err := os.ReadFile("cdriver/ops.def")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]kind{"KIND_CTX": ctxKind, "KIND_SSL": sslKind, "KIND_SESSION": sessionKind, "KIND_SAME": sameKind}
	inC := map[string]string{}
	row := regexp.MustCompile(`(?m)^(INT|VOID|IO|NEW|OWN)\((?:(KIND_\w+), )?(\w+), "([a-z+|]*)",(?: (KIND_\w+))?`)
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		inC[m[3]] = m[4] + " makes " + kinds[m[2]+m[5]].String()
		if io := m[1] == "IO"; io && operations[m[3]] != nil && operations[m[3]].fails != sslError {
			t.Errorf("%s has an SSL_get_error in C only", m[3])
		}
	}
	inGo := map[string]string{}
	for name, def := range operations {
		inGo[name] = def.words + " makes " + def.makes.String()
	}
	if diff := cmp.Diff(inC, inGo); diff != "" {
		t.Errorf("operations (-C +Go)\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"no scenario":      {"K = SSL_CTX_new TLS_method", "before the first scenario"},
		"unknown":          {"scenario x\nSSL_nothing", "SSL_nothing is no operation"},
		"unbound":          {"scenario x\nfree K", "K is not bound"},
		"bound twice":      {"scenario x\nA = SSL_SESSION_new\nA = SSL_SESSION_new", "3: A is bound already"},
		"used after free":  {"scenario x\nA = SSL_SESSION_new\nfree A\nSSL_SESSION_is_resumable A", "A was freed"},
		"wrong kind":       {"scenario x\nA = SSL_SESSION_new\nSSL_clear A", "A is an SSL_SESSION, not an SSL"},
		"too many words":   {"scenario x\nA = SSL_SESSION_new A", "1 words after it, wants 0"},
		"name missing":     {"scenario x\nSSL_SESSION_new", "returns an SSL_SESSION"},
		"name not wanted":  {"scenario x\nK = SSL_CTX_new TLS_method\nX = certificate K", "returns no object"},
		"bad number":       {"scenario x\nK = SSL_CTX_new TLS_method\nSSL_CTX_set_options K OP_ALL|OP_X", "OP_X is neither"},
		"bad version":      {"scenario x\nK = client 1.4", "1.4 is no version"},
		"bad time":         {"scenario x\nA = SSL_SESSION_new\nSSL_SESSION_set_time A now4", "now4 is no time"},
		"bad method":       {"scenario x\nK = SSL_CTX_new TLS", "TLS is no method"},
		"bad bytes":        {"scenario x\nA = parse 123", "123 are no hexadecimal bytes"},
		"bad callback":     {"scenario x\nK = client 1.2\non K never", "never is no callback"},
		"callback of oom":  {"scenario x\nK = client 1.2\non K new: oom 1", "cannot execute oom"},
		"callback of name": {"scenario x\nK = client 1.2\non K new: up_ref K", "cannot execute up_ref"},
		"answer missing":   {"scenario x\nK = client 1.2\nSSL_CTX_set_generate_session_id K", "1 words after it, wants 2"},
		"off and more":     {"scenario x\nK = client 1.2\nSSL_CTX_set_generate_session_id K off off", "wants 2"},
		"nothing after it": {"scenario x\nK = client 1.2\nSSL_CTX_set_generate_session_id K anid:", "an operation is missing"},
		"answer, then oom": {"scenario x\nK = client 1.2\nSSL_CTX_set_generate_session_id K anid: oom 1", "cannot execute oom"},
		"get without one":  {"scenario x\nK = client 1.2\non K get: NULL:", "takes one session"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bad.ops")
			if err := os.WriteFile(file, []byte(test.script), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

// TestReconcile shows that a difference hides nothing but itself, and must show.
func TestReconcile(t *testing.T) {
	c := func() Trace {
		return Trace{
			{"op": "one", "ret": 1.0},
			{"op": "two", "ret": 1.0, "now": map[string]any{"A": 1.0}},
			{"op": "three", "ret": 1.0},
			{"end": "ok"},
		}
	}
	with := func(i int, key string, value any) Trace {
		t := c()
		t[i][key] = value
		return t
	}
	refused := with(1, "refused", "ErrDead")
	nested := with(1, "cb", []any{map[string]any{"in": map[string]any{"op": "inner", "refused": "ErrDead"}}})
	for name, test := range map[string]struct {
		binding Trace
		d       Difference
		equal   bool
		fails   bool
	}{
		"refused":                    {refused, Difference{Op: "two", Go: "ErrDead"}, true, false},
		"refused in a callback":      {nested, Difference{Op: "inner", Go: "ErrDead"}, true, false},
		"refused for another reason": {refused, Difference{Op: "two", Go: "ErrShared"}, false, true},
		"refused elsewhere":          {refused, Difference{Op: "one", Go: "ErrDead"}, false, true},
		"not refused":                {c(), Difference{Op: "two", Go: "ErrDead"}, true, true},
		"returns":                    {with(0, "ret", 0.0), Difference{Op: "one", Go: "returns 0"}, true, false},
		"returns another":            {with(0, "ret", 2.0), Difference{Op: "one", Go: "returns 0"}, false, true},
		"returns what C returns":     {c(), Difference{Op: "one", Go: "returns 1"}, true, true},
		"returns, and more":          {slices.Concat(with(0, "ret", 0.0)[:2], with(2, "ret", 5.0)[2:]), Difference{Op: "one", Go: "returns 0"}, false, false},
		"other objects":              {with(1, "now", nil), Difference{Op: "two", Go: otherObjects}, true, false},
		"other objects and result":   {slices.Concat(c()[:1], Trace{{"op": "two", "ret": 2.0}}), Difference{Op: "two", Go: otherObjects}, false, false},
		"the same objects":           {c(), Difference{Op: "two", Go: otherObjects}, true, true},
		"no such operation":          {c(), Difference{Op: "four", Go: otherObjects}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			want, got, err := Reconcile(c(), test.binding, []Difference{test.d})
			if equal := cmp.Equal(want, got); err == nil && equal != test.equal || (err != nil) != test.fails {
				t.Errorf("equal %v, error %v\nC  %v\nGo %v", equal, err, want, got)
			}
		})
	}
}

// TestNormalise shows that outside of KeepQueue the entries of a call that failed stay, and those of one that succeeded go.
func TestNormalise(t *testing.T) {
	entries := []any{map[string]any{"code": 1.0}}
	line := func(op string, more ...any) map[string]any {
		m := map[string]any{"op": op, "queue": entries}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	for _, test := range []struct {
		line  map[string]any
		stays bool
	}{
		{line("SSL_set_session c A", "ret", 1.0), false},
		{line("SSL_set_session c A", "ret", 0.0), true},
		{line("A = SSL_SESSION_new", "ret", 1.0), false},
		{line("A = SSL_SESSION_new", "ret", 0.0), true},
		{line("A = SSL_get1_session c", "ret", 0.0), false},
		{line("SSL_read c", "ret", -1.0, "error", "SSL"), true},
		{line("SSL_read c", "ret", 5.0, "error", "NONE"), false},
		{line("SSL_set_alpn_protos c h2", "ret", 0.0), false},
		{line("SSL_set_alpn_protos c h2", "ret", 1.0), true},
		{line("free c"), false},
		{line("end"), false},
	} {
		for _, at := range []string{"", "in"} {
			trace := Trace{decoded(test.line)}
			if at == "in" {
				trace = Trace{decoded(map[string]any{"op": "end", "queue": []any{}, "cb": []any{map[string]any{"in": test.line}}})}
			}
			if diff := cmp.Diff(trace, Normalise(trace, Keep)); diff != "" {
				t.Errorf("%v: keep mode changes it\n%s", test.line, diff)
			}
			got := Normalise(trace, Default)[0]
			if at == "in" {
				got = list(got["cb"])[0]["in"].(map[string]any)
			}
			if stays := len(got["queue"].([]any)) > 0; stays != test.stays {
				t.Errorf("%v: the entries stay: %v", test.line, stays)
			}
		}
	}
	handshake := Trace{decoded(map[string]any{
		"op": "handshake c s", "ret": 0.0,
		"c": map[string]any{"ret": -1.0, "error": "SSL", "queue": entries}, "s": map[string]any{"ret": 1.0, "error": "NONE", "queue": entries},
	})}
	got := Normalise(handshake, Default)[0]
	for side, want := range map[string]int{"c": 1, "s": 0} {
		if n := len(got[side].(map[string]any)["queue"].([]any)); n != want {
			t.Errorf("%d entries of side %s stay, want %d", n, side, want)
		}
	}
}

// FuzzFindHellos shows that no bytes make the parser read beyond them.
func FuzzFindHellos(f *testing.F) {
	f.Add([]byte{22, 3, 1, 0, 5, 1, 0, 0, 1, 0}, false)
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0}, true)
	f.Fuzz(func(_ *testing.T, b []byte, dtls bool) { findHellos(b, dtls) })
}
