package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// made returns a record with one scenario, "x".
func made(version string, lines ...map[string]any) *Record {
	r := &Record{Text: "OpenSSL " + version, Version: version, Traces: map[string]Trace{}, Failed: map[string]string{}}
	if lines != nil {
		r.Traces["x"] = append(Trace{{"scenario": "x"}}, lines...)
	}
	return r
}

func ret(op string, n float64) map[string]any {
	return map[string]any{"op": op, "ret": n, "queue": []any{}}
}

func ends(how string) map[string]any { return map[string]any{"end": how} }

func stack(text string) []any { return []any{map[string]any{"code": 1.0, "text": text, "data": ""}} }

func TestVerdicts(t *testing.T) {
	reference := made(Reference, ret("prepare", 1), ret("ask", 1), ends("ok"))
	failed := made(Reference, ret("prepare", 1))
	failed.Failed["x"] = "no memory"
	for name, test := range map[string]struct {
		manual Verdict
		atHand *Record
		want   Verdict
		why    string
		first  string // the operation
	}{
		"holds":                 {Holds, reference, Holds, "", ""},
		"documentation wrong":   {Wrong, reference, Wrong, "", ""},
		"not stated":            {NotStated, reference, NotStated, "", ""},
		"another result":        {Holds, made("1.1.1x", ret("prepare", 1), ret("ask", 0), ends("ok")), Differs, "", "ask"},
		"wrong, and another":    {Wrong, made("1.1.1x", ret("prepare", 1), ret("ask", 0), ends("ok")), Differs, "", "ask"},
		"crash in the function": {Holds, made("3.0.1", ret("prepare", 1), ret("ask", 1), ends("SIGSEGV")), Differs, "", "the end"},
		"crash before it":       {Holds, made("3.0.1", ret("prepare", 1), ends("SIGSEGV")), NotReached, "it ended with SIGSEGV before ask", "ask"},
		"hangs before it":       {Holds, made("3.0.1", ends("timeout")), NotReached, "it ended with timeout before ask", "prepare"},
		"function missing":      {Holds, made("3.0.1", ret("prepare", 1), ends("absent: ask")), NotReached, "this libssl has no ask", ""},
		"differs, then missing": {Holds, made("3.0.1", ret("prepare", 0), ret("ask", 1), ends("absent: more")), Differs, "", "prepare"},
		"did not run":           {Holds, failed, NotReached, "no memory", ""},
		"not recorded":          {Holds, made("3.0.1"), NotReached, "the traces of 3.0.1 do not have it", ""},
	} {
		t.Run(name, func(t *testing.T) {
			clause := Clause{ID: "S1", Manual: test.manual, Function: "ask", Scenarios: []string{"x"}}
			r := Check([]*Scenario{{Name: "x"}}, []Clause{clause}, reference, test.atHand)
			f := r.Findings[0]
			if f.Verdict != test.want || f.Why != test.why || r.Count(test.want) != 1 {
				t.Errorf("verdict %s, why %q, want %s, %q", f.Verdict, f.Why, test.want, test.why)
			}
			if o := r.Outcomes[0]; o.Op != test.first {
				t.Errorf("the first operation that differs is %q, want %q", o.Op, test.first)
			}
			if as := test.want != Differs && (test.want != NotReached || test.first == ""); r.AsReference() != as {
				t.Errorf("as the reference: %v, want %v", r.AsReference(), as)
			}
			if complete := r.Outcomes[0].Status != NotRun; r.Complete() != complete {
				t.Errorf("complete: %v, want %v", r.Complete(), complete)
			}
		})
	}
}

// TestWorstVerdict shows that one scenario that differs decides, before one that did not run.
func TestWorstVerdict(t *testing.T) {
	status := map[string]Status{"same": Same, "differs": Changed, "not run": NotRun}
	for scenarios, want := range map[string]Verdict{
		"same same": Wrong, "same differs": Differs, "differs same": Differs, "same not-run": NotReached, "not-run differs": Differs, "differs not-run": Differs,
	} {
		f := &Finding{Clause: Clause{Manual: Wrong}}
		for _, word := range strings.Fields(scenarios) {
			f.Outcomes = append(f.Outcomes, &Outcome{Scenario: &Scenario{Name: word}, Status: status[strings.ReplaceAll(word, "-", " ")]})
		}
		f.judge()
		if f.Verdict != want {
			t.Errorf("%s: %s, want %s", scenarios, f.Verdict, want)
		}
	}
}

// TestMajorVersions shows what is not compared between them, and only between them.
func TestMajorVersions(t *testing.T) {
	entry := func(code float64, text string) map[string]any {
		return map[string]any{
			"op": "SSL_read c", "ret": -1.0, "queue": []any{map[string]any{"code": code, "text": text, "data": "d"}},
			"cb": []any{map[string]any{"in": map[string]any{"op": "inner", "queue": stack("SSL routines:f:" + text)}}},
		}
	}
	options := func(n float64) map[string]any { return ret("SSL_CTX_set_options V OP_NO_TICKET", n) }
	for name, test := range map[string]struct {
		was, is                 map[string]any
		sameMajor, betweenMajor Status
	}{
		"code":                        {entry(1, "SSL routines:f:bad"), entry(2, "SSL routines:f:bad"), Changed, Same},
		"function":                    {entry(1, "SSL routines:f:bad"), entry(1, "SSL routines:-:bad"), Changed, Changed},
		"reason":                      {entry(1, "SSL routines:f:bad"), entry(1, "SSL routines:f:worse"), Changed, Changed},
		"legacy option":               {options(0x4004), options(0x4000), Changed, Same},
		"another option":              {options(0x4004), options(0x4008), Changed, Changed},
		"the same bit elsewhere":      {ret("SSL_read c", 4), ret("SSL_read c", 0), Changed, Changed},
		"order of a flush":            {flush("A", "B"), flush("B", "A"), Same, Same},
		"order of another operation":  {events("SSL_free c", "A", "B"), events("SSL_free c", "B", "A"), Changed, Changed},
		"another object in the flush": {flush("A", "B"), flush("B", "C"), Changed, Changed},
	} {
		for version, want := range map[string]Status{"1.1.1a": test.sameMajor, "3.0.19": test.betweenMajor} {
			r := Check([]*Scenario{{Name: "x"}}, nil, made(Reference, test.was, ends("ok")), made(version, test.is, ends("ok")))
			if got := r.Outcomes[0].Status; got != want {
				t.Errorf("%s, %s: %s, want %s: %v", name, version, got, want, r.Outcomes[0].Changes)
			}
		}
	}
}

func flush(names ...string) map[string]any { return events("SSL_CTX_flush_sessions K 0", names...) }

func events(op string, names ...string) map[string]any {
	list := []any{}
	for _, name := range names {
		list = append(list, map[string]any{"freed": name})
	}
	return map[string]any{"op": op, "cb": list}
}

// TestFirstDifference shows what people are told of it.
func TestFirstDifference(t *testing.T) {
	now := func(op string, refs, init float64) map[string]any {
		return map[string]any{"op": op, "queue": []any{}, "now": map[string]any{"c": map[string]any{"refs": refs, "init": init, "session": ""}}}
	}
	was := now("SSL_read c", 2, 1)
	was["error"], was["ret"] = "SYSCALL", 0.0
	is := now("SSL_read c", 3, 1)
	is["error"], is["ret"], is["queue"] = "SSL", 0.0, stack("SSL routines:-:eof")
	r := Check([]*Scenario{{Name: "x"}}, nil, made(Reference, now("c = SSL_new K", 1, 1), was, ends("ok")), made("3.0.19", now("c = SSL_new K", 1, 1), is, ends("ok")))
	o := r.Outcomes[0]
	if diff := cmp.Diff([][]string{{"SSL_ERROR_SYSCALL", "c.refs 2"}, {"SSL_ERROR_SSL", "error stack: SSL routines: eof", "c.refs 3"}}, [][]string{o.Was, o.Is}); diff != "" {
		t.Errorf("for people (-want +got)\n%s", diff)
	}
	want := []Change{
		{"error", `"SYSCALL"`, `"SSL"`},
		{"queue", `[]`, `[{"data":"","text":"SSL routines:eof"}]`},
		{"now.c.refs", "2", "3"},
	}
	if diff := cmp.Diff(want, o.Changes); diff != "" {
		t.Errorf("changes (-want +got)\n%s", diff)
	}
	if o.StackOnly {
		t.Error("nothing but the error stack is said to differ")
	}
	is["error"], is["now"] = was["error"], was["now"]
	r = Check([]*Scenario{{Name: "x"}}, nil, made(Reference, was, ends("ok")), made("3.0.19", is, ends("ok")))
	if !r.Outcomes[0].StackOnly {
		t.Error("nothing but the error stack differs, and it is not said")
	}
}

func TestAgree(t *testing.T) {
	c := Trace{ret("one", 1), ret("two", 0), ends("ok")}
	for name, test := range map[string]struct {
		c, binding  Trace
		differences []Difference
		want        string
	}{
		"alike":                     {c, c, nil, ""},
		"another result":            {c, Trace{ret("one", 1), ret("two", 1), ends("ok")}, nil, "two: ret: 0 → 1"},
		"on purpose":                {c, Trace{ret("one", 1), ret("two", 1), ends("ok")}, []Difference{{Op: "two", Go: "returns 1", Why: "w"}}, ""},
		"on purpose, without need":  {c, c, []Difference{{Op: "two", Go: "returns 1", Why: "w"}}, "two returned 0 in Go and 0 in C, want 1 in Go only"},
		"it crashes":                {c, Trace{ret("one", 1), ends("exit status 2")}, nil, `two: op: "two" → nothing`},
		"C crashes, it does not":    {Trace{ret("one", 1), ends("SIGSEGV")}, Trace{ret("one", 1), ends("ok")}, nil, `the end: end: "SIGSEGV" → "ok"`},
		"both crash, no reason":     {Trace{ends("SIGSEGV")}, Trace{ends("SIGSEGV")}, nil, "it ended with SIGSEGV"},
		"a handle is left":          {c, Trace{ret("one", 1), ret("two", 0), ends("2 handles of SSL are left")}, nil, `the end: end: "ok" → "2 handles of SSL are left"`},
		"a handle, on purpose else": {c, Trace{ret("one", 1), {"op": "two", "refused": "ErrDead"}, ends("2 handles")}, []Difference{{Op: "two", Go: "ErrDead", Why: "w"}}, "it ended with 2 handles"},
	} {
		if got := Agree(test.c, test.binding, Keep, test.differences); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestClausesRefuse(t *testing.T) {
	suite := []*Scenario{{File: "f.ops", Name: "x", Proves: []string{"S1"}}}
	for text, want := range map[string]string{
		`{`: "clauses.json: unexpected end",
		`[{"id":"S1","manual":"holds","says":"a"},{"id":"S1","manual":"holds","says":"a"}]`:                      "S1 is there twice",
		`[{"id":"S1","manual":"good","says":"a"}]`:                                                               `"good" is not what a manual can be`,
		`[{"id":"S1","manual":"holds"}]`:                                                                         "the page says",
		`[{"id":"S1","manual":"not stated","says":"a","does":"b"}]`:                                              "the page says",
		`[{"id":"S1","manual":"documentation wrong","says":"a"}]`:                                                "what the library does is missing",
		`[{"id":"S2","manual":"holds","says":"a"}]`:                                                              "no scenario proves S2",
		`[{"id":"S1","manual":"holds","says":"a","scenarios":["y"]}]`:                                            "there is no scenario y",
		`[{"id":"S2","manual":"holds","says":"a","scenarios":["x"]}]`:                                            "x proves S1, which is not in clauses.json",
		`[{"id":"S1","manual":"holds","says":"a"},{"id":"f","manual":"holds","says":"a","scenarios":["x","x"]}]`: "",
	} {
		_, err := readClauses([]byte(text), suite)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s\ngot %v, want %q in it", text, err, want)
		}
	}
}

// TestEveryClause fails if a clause of SEMANTICS is not in clauses.json, or has no scenario that shows it.
func TestEveryClause(t *testing.T) {
	suite, err := Suite()
	if err != nil {
		t.Fatal(err)
	}
	clauses, err := Clauses(suite)
	if err != nil {
		t.Fatal(err)
	}
	scenario := map[string]*Scenario{}
	for _, s := range suite {
		scenario[s.Name] = s
	}
	count := map[string]int{}
	for _, c := range clauses {
		kind, row, isRow := strings.Cut(c.ID, ": ")
		count[kind]++
		proves := map[string]string{"S9": "S9", "OOM": "S12"}[kind]
		for _, name := range c.Scenarios {
			if isRow && !slices.Contains(scenario[name].Proves, proves) {
				t.Errorf("%s, %s: %s does not prove %s", kind, row, name, proves)
			}
		}
		// A function's clause has a scenario that calls the function.
		if isFunction := strings.Contains(c.ID, "_"); !isRow && isFunction != (c.Function == c.ID) {
			t.Errorf("%s is about %q", c.ID, c.Function)
		} else if isFunction && !isRow && !slices.ContainsFunc(c.Scenarios, func(name string) bool { return scenario[name].Executes(c.ID) }) {
			t.Errorf("no scenario proves %s and executes it", c.ID)
		}
	}
	// The rows of the matrix of S9 and of the table of what fails without memory; S9 itself is one more.
	for n := 1; n <= 26; n++ {
		for kind, last := range map[string]int{"S": 14, "U": 26} {
			if id := fmt.Sprint(kind, n); n <= last && count[id] == 0 {
				t.Errorf("%s is not in clauses.json", id)
			}
		}
	}
	if count["S9"] != 1+22 || count["OOM"] != 8 {
		t.Errorf("%d rows of S9 and %d of OOM, want 22 and 8", count["S9"]-1, count["OOM"])
	}
}

// TestReference fails if the traces that are kept of 1.1.1w are not what the C driver sees here: make conformance-record records them anew.
func TestReference(t *testing.T) {
	suite, err := Suite()
	if err != nil {
		t.Fatal(err)
	}
	clauses, err := Clauses(suite)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Linked()
	if err != nil {
		t.Fatal(err)
	}
	atHand, err := l.RunAll(t.Context(), suite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Version != Reference {
		t.Logf("this is %s, of which no traces are kept: it only had to run", l.Text)
		return
	}
	r, err := CheckAll(suite, clauses, atHand)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Outcomes {
		if o.Status != Same {
			t.Errorf("%s: %s %s: recorded %q, here %q %s", o.Scenario.Name, o.Status, o.Op, o.Was, o.Is, o.Why)
		}
	}
	for _, f := range r.Findings {
		if f.Verdict != f.Manual || f.Versions[Reference] != f.Manual {
			t.Errorf("%s: %s here, %s recorded, and %s says the manual", f.ID, f.Verdict, f.Versions[Reference], f.Manual)
		}
	}
	for _, version := range r.Versions {
		record, err := ReadRecorded(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range suite {
			if record.Traces[s.Name].End() == "" {
				t.Errorf("%s is not in the traces of %s: make conformance-record", s.Name, version)
			}
		}
	}
}

func TestRecord(t *testing.T) {
	suite := []*Scenario{{Name: "x"}}
	r := made("3.0.1", flush("B", "A"), ret("a<b>&", 1), ends("ok"))
	var first, second bytes.Buffer
	if err := r.Write(&first, suite); err != nil {
		t.Fatal(err)
	}
	back, err := ReadRecord(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Write(&second, suite); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.String(), second.String()); diff != "" || back.Version != "3.0.1" || !strings.Contains(first.String(), `"a<b>&"`) {
		t.Errorf("version %q\n%s", back.Version, diff)
	}
	if _, err := ReadRecord(strings.NewReader(`{"scenario":"x"}`)); err == nil {
		t.Error("traces of nobody knows which libssl were read")
	}
}

func TestOpenRecordRefuses(t *testing.T) {
	headers := t.TempDir()
	if err := os.Mkdir(filepath.Join(headers, "openssl"), 0o755); err != nil {
		t.Fatal(err)
	}
	version := "#ifndef X\n# define OPENSSL_VERSION_TEXT    \"OpenSSL 3.5.0 8 Apr 2025\"\n#endif\n"
	if err := os.WriteFile(filepath.Join(headers, "openssl", "opensslv.h"), []byte(version), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Linked()
	if err != nil {
		t.Fatal(err)
	}
	crypto, err := filepath.Glob(filepath.Join(filepath.Dir(l.Path), "libcrypto.so.*"))
	if err != nil || len(crypto) == 0 {
		t.Fatal("no libcrypto beside libssl", err)
	}
	for name, test := range map[string]struct{ path, include, want string }{
		"version":          {"1.1.1zz", "", "1.1.1zz is not recorded; recorded are 1.1.1w, 3.0.19"},
		"no file":          {"/nowhere/libssl.so.3", "", "no such file"},
		"no library":       {"report_test.go/../../conformance/script.go", "", "no shared library"},
		"libcrypto":        {crypto[0], "", "no libssl"},
		"no trace":         {"missing.jsonl", "", "no such file"},
		"no headers":       {l.Path, t.TempDir(), "no openssl/opensslv.h"},
		"others' headers":  {l.Path, headers, headers + ": OpenSSL 3.5.0 8 Apr 2025"},
		"says what to do":  {l.Path, headers, "-include DIR"},
		"says for what it": {l.Path, headers, "no headers for " + l.Path},
	} {
		_, err := OpenRecord(t.Context(), test.path, test.include, nil, nil)
		var usage UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
}

// TestAbsent shows a libssl without a function, by headers that say so: what comes before it is compared, and it is not reached.
func TestAbsent(t *testing.T) {
	l, err := Linked()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CDRIVER_CFLAGS", "-DOPENSSL_NO_SRP")
	without, err := OpenLibrary(l.Path, "")
	if err != nil {
		t.Fatal(err)
	}
	if without.Version != l.Version || without.Path != l.Path {
		t.Errorf("it is %s at %s, want %s at %s", without.Version, without.Path, l.Version, l.Path)
	}
	file := filepath.Join(t.TempDir(), "srp.ops")
	if err := os.WriteFile(file, []byte("scenario x\nK = client 1.2\nSSL_CTX_set_srp_username K name\nfree K"), 0o600); err != nil {
		t.Fatal(err)
	}
	suite, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	with, err := l.RunAll(t.Context(), suite, nil)
	if err != nil {
		t.Fatal(err)
	}
	atHand, err := without.RunAll(t.Context(), suite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(atHand.Traces["x"]) != 3 {
		t.Errorf("want the name, K, and the end: %v", atHand.Traces["x"])
	}
	o := Check(suite, nil, with, atHand).Outcomes[0]
	if o.Status != NotRun || o.Why != "this libssl has no SSL_CTX_set_srp_username" {
		t.Errorf("%s: %s", o.Status, o.Why)
	}
}
