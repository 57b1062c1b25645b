package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSteps shows what people read of a trace.
func TestSteps(t *testing.T) {
	text := `{"scenario":"x"}
{"op":"c = SSL_new K","ret":1,"queue":[],"now":{"c":{"refs":1,"session":"","init":1},"K":{"refs":3,"number":2}}}
{"op":"handshake c s","ret":0,"c":{"ret":-1,"error":"SSL","queue":[{"code":1,"text":"SSL routines:f:bad mac","data":"alert 20"},{"code":2,"text":"a:b:c","data":""}]},
 "s":{"ret":1,"error":"NONE","queue":[]},"wire":[{"id":"A","ticket":"","psk":["A","?"],"sni":"host","ems":1,"early":0,"versions":["1.3"]},{"id":"","ems":0}]}
{"op":"SSL_read c","ret":5,"error":"NONE","data":"hel lo","queue":[],"now":{"c":{"refs":1,"session":"A","init":0},"K":{"refs":3}}}
{"op":"free K","cb":[{"cb":"remove","ctx":"K","sess":"A","refs":2,"resumable":0,"current":["c"],"in":{"op":"SSL_clear c","ret":1,"queue":[]}},{"freed":"A"},
 {"cb":"psk_client_callback","ssl":"c","data":""}],"queue":[]}
{"op":"SSL_clear c","refused":"ErrDead","ret":0,"queue":[],"blamed on":"SSL_free"}
{"end":"SIGSEGV"}`
	trace, err := ReadTrace(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{"c = SSL_new K", []string{"returns 1", "K.number 2", "K.refs 3", "c.init 1", "c.refs 1"}},
		{"handshake c s", []string{
			"returns 0", "client: returns -1, SSL_ERROR_SSL, error stack: SSL routines: f: bad mac (alert 20); a: b: c", "server: returns 1",
			"ClientHello: id A, psk A ?, sni host, versions 1.3, ems", "ClientHello: nothing to resume",
		}},
		{"SSL_read c", []string{"returns 5", `data "hel lo"`, "K.number 0", "c.init 0", "c.session A"}},
		{"free K", []string{
			`remove_session_cb of K: sess A, refs 2, resumable 0, current in "c"; in it SSL_clear c: returns 1`, "A is freed", "psk_client_callback: ssl c",
		}},
		{"SSL_clear c", []string{"refused: ErrDead", "returns 0", `blamed on: "SSL_free"`}},
		{"", []string{"ended with SIGSEGV"}},
	}
	if diff := cmp.Diff(want, trace.Steps()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRows shows a scenario beside three traces: equal neighbours share a cell, comments stand at their operation, a reason at the first difference.
func TestRows(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.ops")
	script := "# Of the file.\n\n# About\n# x.\nscenario x\nA = SSL_SESSION_new # made\n# Above.\n\nfree A\n\n# About y.\nscenario y\nB = SSL_SESSION_new # not of x"
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	suite, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	trace := func(n float64, queue []any) *Record {
		born := map[string]any{"op": "A = SSL_SESSION_new", "ret": 1.0, "queue": queue, "now": map[string]any{"A": map[string]any{"refs": 1.0}}}
		return made("1.1.1w", born, ret("free A", n), ends("ok"))
	}
	left := stack("a:b:c") // of a success: the binding has to drop it
	r := Check(suite[:1], nil, trace(1, left), trace(0, left))
	o := r.Outcomes[0]
	o.SetBinding(Default, r.AtHand.Traces["x"], trace(5, []any{}).Traces["x"], []Difference{{Op: "free A", Go: "returns 5", Why: "because"}})
	if o.Binding != "" {
		t.Errorf("the binding does not agree: %s", o.Binding)
	}
	heads, rows := o.Rows("then", "now")
	if diff := cmp.Diff([]string{"C, then", "C, now", "Go"}, heads); diff != "" {
		t.Errorf("heads (-want +got)\n%s", diff)
	}
	want := []Row{
		{Op: "A = SSL_SESSION_new", Comment: "made", Cells: []Cell{{
			Head: "C, then · C, now · Go", Span: 3, Parts: []Part{{"returns 1", false}, {"error stack: a: b: c", false}},
			State: []Object{{"A", []Part{{"refs 1", false}}}},
		}}},
		{Op: "free A", Comment: "", Differs: true, Note: "because", Cells: []Cell{
			{Head: "C, then", Span: 1, Parts: []Part{{"returns 1", true}}},
			{Head: "C, now", Span: 1, Parts: []Part{{"returns 0", true}}},
			{Head: "Go", Span: 1, Parts: []Part{{"returns 5", true}}},
		}},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	if head, _ := suite[0].Comments(); head != "About x." {
		t.Errorf("the comment is %q", head)
	}
}

// TestIdentify shows which drivers are not run.
func TestIdentify(t *testing.T) {
	for name, test := range map[string]struct{ says, want string }{
		"itself":           {`{"headers":"OpenSSL 3.0.2 15 Mar 2022","library":"OpenSSL 3.0.19 27 Jan 2026","path":"PATH"}`, ""},
		"letters":          {`{"headers":"OpenSSL 1.1.1a  20 Nov 2018","library":"OpenSSL 1.1.1w  11 Sep 2023","path":"PATH"}`, ""},
		"headers of 3.5":   {`{"headers":"OpenSSL 3.5.0 8 Apr 2025","library":"OpenSSL 3.0.19 27 Jan 2026","path":"PATH"}`, "with -include"},
		"headers of 1.1.0": {`{"headers":"OpenSSL 1.1.0l  10 Sep 2019","library":"OpenSSL 1.1.1w  11 Sep 2023","path":"PATH"}`, "with -include"},
		"another file":     {`{"headers":"OpenSSL 3.0.19 x","library":"OpenSSL 3.0.19 x","path":"/dev/null"}`, "but the loader took /dev/null"},
		"another library":  {`{"headers":"OpenSSL 3.0.19 x","library":"LibreSSL 3.8.2","path":"PATH"}`, `"LibreSSL 3.8.2", which is no OpenSSL`},
		"nonsense":         {`cdriver: hello`, "the C driver -version"},
	} {
		t.Run(name, func(t *testing.T) {
			driver := filepath.Join(t.TempDir(), "driver")
			script := "#!/bin/sh\ncat <<'X'\n" + strings.ReplaceAll(test.says, "PATH", driver) + "\nX\n"
			if err := os.WriteFile(driver, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			err := (&Library{Path: driver, driver: func() (string, error) { return driver, nil }}).identify()
			if err == nil && test.want != "" || err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestBelongs(t *testing.T) {
	for _, test := range []struct {
		version, soname string
		want            bool
	}{
		{"1.1.1w", "libssl.so.1.1", true},
		{"1.1.0l", "libssl.so.1.1", true},
		{"3.0.19", "libssl.so.3", true},
		{"3.5.0", "libssl.so.3", true},
		{"3.0.19", "libssl.so.1.1", false},
		{"1.1.1w", "libssl.so.3", false},
		{"30.0.0", "libssl.so.3", false},
		{"4.0.0", "libssl.so", true},
	} {
		if got := belongs(test.version, test.soname); got != test.want {
			t.Errorf("headers of %s with %s: %v", test.version, test.soname, got)
		}
	}
}
