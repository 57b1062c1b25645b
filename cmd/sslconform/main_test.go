package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl/conformance"
)

func TestMain(m *testing.M) {
	if !conformance.RanChild() {
		os.Exit(m.Run())
	}
}

func TestExitCodes(t *testing.T) {
	linked, err := conformance.Linked()
	if err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for name, test := range map[string]struct {
		args string
		code int
		says string // on either output
	}{
		"linked":             {"run -only S14", 0, "1 clauses: 1 holds"},
		"library":            {"run -only S14 -lib " + linked.Path, 0, linked.Path},
		"by man page":        {"run -format json -only ssl_session_get_TIME", 0, `"id": "SSL_SESSION_set_time"`},
		"all clauses of S9":  {"diff 1.1.1w 1.1.1w -only S9*", 0, "0 differs, 0 not reached"},
		"diff":               {"diff 1.1.1w 3.0.19", 1, "SSL_ERROR_SSL, error stack: SSL routines: unexpected eof while reading"},
		"diff, backwards":    {"diff 3.0.19 1.1.1w -format json", 1, `"differs": `},
		"diff of a library":  {"diff 1.1.1w -only S14 " + linked.Path, 0, "OpenSSL"},
		"help":               {"help", 0, "usage: sslconform"},
		"-h":                 {"run -h", 0, "usage: sslconform"},
		"nothing":            {"", 2, "usage: sslconform"},
		"unknown command":    {"runn", 2, `"runn" is no command`},
		"unknown flag":       {"run -library x", 2, "-library"},
		"unknown format":     {"run -format yaml", 2, "text, json, junit or html"},
		"unknown diff":       {"diff 1.1.1w 3.0.19 -format html", 2, "text or json"},
		"unknown version":    {"diff 1.1.1w 0.9.8", 2, "0.9.8 is not recorded; recorded are 1.1.1w, 3.0.19"},
		"one version":        {"diff 1.1.1w", 2, "diff compares two"},
		"no library":         {"run -lib /nowhere/libssl.so.3", 2, "no such file"},
		"no headers":         {"run -lib " + linked.Path + " -include " + empty, 2, "-include DIR"},
		"headers of nothing": {"run -include " + empty, 2, "-lib"},
		"no clause":          {"run -only S99", 2, "no clause"},
		"bad pattern":        {"run -only [", 2, "syntax error in pattern"},
		"argument":           {"run 1.1.1w", 2, "run takes no arguments"},
		"no folder":          {"diff 1.1.1w 1.1.1w -o /nowhere/report", 2, "/nowhere/report"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := command(t.Context(), strings.Fields(test.args), &stdout, &stderr)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if all := stdout.String() + stderr.String(); !strings.Contains(all, test.says) {
				t.Errorf("%q is missing in\n%.3000s", test.says, all)
			}
			if code == exitFailed && stdout.Len() > 0 {
				t.Errorf("it could not run, but wrote\n%s", &stdout)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	if code := command(ctx, []string{"run", "-only", "S14"}, io.Discard, &stderr); code != exitFailed || stderr.String() != "sslconform: interrupted\n" {
		t.Errorf("exit code %d, %q", code, &stderr)
	}
}

func TestReports(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	var stdout, stderr bytes.Buffer
	if code := command(t.Context(), []string{"run", "-dir", dir, "-only", "OOM: SRP*"}, &stdout, &stderr); code != exitSame {
		t.Errorf("exit code %d\n%s", code, &stderr)
	}
	if out := stdout.String(); !strings.Contains(out, filepath.Join(dir, "report.html")) || !strings.Contains(out, "2 clauses: 1 holds, 1 documentation wrong") {
		t.Errorf("it says\n%s", out)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if diff := cmp.Diff([]string{"report.html", "report.json", "report.txt", "report.xml"}, names); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
}

func TestRecordCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "here.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := command(ctx, []string{"record", "-o", file}, io.Discard, io.Discard); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a record that is not complete was written")
	}
}

// hostile are names that would end an element, an attribute or a script.
const hostile = `</td></script><script>alert(1)</script>"'><img/src=x>`

// hostileReport has one scenario of such a name, which differs in the last line, in C and in Go.
func hostileReport() *conformance.Report {
	line := func(ret float64) map[string]any {
		return map[string]any{"op": hostile, "ret": ret, "data": hostile, "queue": []any{}, "cb": []any{map[string]any{"cb": hostile, "data": hostile}}}
	}
	record := func(version string, ret float64) *conformance.Record {
		trace := conformance.Trace{{"scenario": hostile}, line(ret), {"end": "ok"}}
		return &conformance.Record{Text: "OpenSSL " + hostile, Version: version, Traces: map[string]conformance.Trace{hostile: trace}}
	}
	suite := []*conformance.Scenario{{Name: hostile, File: hostile, Proves: []string{hostile}}}
	clauses := []conformance.Clause{{ID: hostile, Page: hostile, Says: hostile, Does: hostile, Manual: conformance.Wrong, Scenarios: []string{hostile}}}
	r := conformance.Check(suite, clauses, record("1.1.1w", 1), record("3.0.19", 0))
	r.Path, r.BindingRan = hostile, true
	r.Outcomes[0].SetBinding(conformance.Default, record("3.0.19", 0).Traces[hostile], record("", 5).Traces[hostile], nil)
	return r
}

func TestHTMLEscapes(t *testing.T) {
	var b bytes.Buffer
	if err := writeHTML(&b, hostileReport()); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d scripts, want the page's own", n)
	}
	for _, bad := range []string{"<img", `="` + hostile, "alert(1)</script>"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	if n := strings.Count(page, "&lt;script&gt;alert(1)&lt;/script&gt;"); n < 10 {
		t.Errorf("the name stands %d times in the page", n)
	}
	for _, outside := range []string{"http:", "https:", "src=\"", "@import", "url("} {
		if strings.Contains(page, outside) {
			t.Errorf("%q: the page needs another file", outside)
		}
	}
	for _, want := range []string{`class="step d"`, `colspan="1"`, "Go differs"} {
		if found := strings.Contains(page, want); found != (want != `colspan="1"`) {
			t.Errorf("%s: found %v", want, found)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := writeJSON(&b, hostileReport()); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"libssl":    map[string]any{"text": "OpenSSL " + hostile, "version": "3.0.19", "path": hostile},
		"reference": map[string]any{"text": "OpenSSL " + hostile, "version": "1.1.1w"},
		"counts":    map[string]any{"holds": 0.0, "documentation wrong": 0.0, "not stated": 0.0, "differs": 1.0, "not reached": 0.0},
		"clauses": []any{map[string]any{
			"id": hostile, "page": hostile, "says": hostile, "does": hostile, "manual": "documentation wrong",
			"scenarios": []any{hostile}, "verdict": "differs", "differing": []any{hostile},
		}},
		"scenarios": []any{map[string]any{
			"name": hostile, "file": hostile, "proves": []any{hostile}, "status": "differs", "lines": []any{1.0}, "op": hostile,
			"changes": []any{map[string]any{"what": "ret", "was": "1", "is": "0"}},
			"binding": hostile + ": ret: 0 → 5",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := writeJUnit(&b, hostileReport()); err != nil {
		t.Fatal(err)
	}
	var got xmlSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	failure := &xmlMessage{hostile + ": " + conformance.Abbreviate(hostile) + ": 1.1.1w: returns 1; 3.0.19: returns 0"}
	want := xmlSuites{
		XMLName: xml.Name{Local: "testsuites"}, Name: "sslconform: OpenSSL " + hostile, Tests: 2, Failures: 2,
		Suites: []xmlSuite{
			{hostile + "(3)", 1, 1, 0, []xmlCase{{hostile + "(3)", hostile, failure, nil, "differs"}}},
			{"scenarios", 1, 1, 0, []xmlCase{{hostile, hostile, failure, nil, ""}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestBindingDiffers shows that the exit code is about the binding as well.
func TestBindingDiffers(t *testing.T) {
	r := hostileReport()
	for _, test := range []struct {
		binding string
		status  conformance.Status
		code    int
	}{
		{"", conformance.Same, exitSame},
		{"two: ret: 0 → 1", conformance.Same, exitDiffers},
		{"", conformance.Changed, exitDiffers},
		{"", conformance.NotRun, exitFailed},
		{"two: ret: 0 → 1", conformance.NotRun, exitDiffers},
	} {
		r.Outcomes[0].Binding, r.Outcomes[0].Status = test.binding, test.status
		if code := exitCode(r); code != test.code {
			t.Errorf("binding %q, scenario %s: exit code %d, want %d", test.binding, test.status, code, test.code)
		}
		var b bytes.Buffer
		if err := writeText(&b, r); err != nil {
			t.Fatal(err)
		}
		if says := strings.Contains(b.String(), ": two: ret: 0 → 1"); says != (test.binding != "") {
			t.Errorf("binding %q: the table says it: %v", test.binding, says)
		}
	}
}
