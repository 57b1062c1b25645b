package conformance

import (
	"strings"
	"testing"
)

const cookies = "cookies are exchanged before there is a session"

// notGenerated are the operations that random programs leave out.
var notGenerated = map[string]string{
	"oom":                            "the binding makes other allocations than the C driver",
	"SSL_stateless":                  cookies,
	"SSL_CTX_set_cookie_generate_cb": cookies,
	"SSL_CTX_set_cookie_verify_cb":   cookies,
	"SSL_CTX_set_stateless_cookie_generate_cb": cookies,
	"SSL_CTX_set_stateless_cookie_verify_cb":   cookies,
}

// TestProgramsReach shows that programs are scripts, and that 1000 of them use each operation, and in callbacks.
func TestProgramsReach(t *testing.T) {
	reached := map[string]bool{}
	nested := map[string]bool{}
	for seed := range uint64(1000) {
		script := Program(ProgramBytes(seed))
		scenarios, err := ParseText(script)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, script)
		}
		for _, op := range scenarios[0].Ops {
			reached[op.name] = true
			if op.run != nil {
				nested[op.run.name] = true
			}
		}
	}
	for name, def := range operations {
		if _, out := notGenerated[name]; reached[name] == (out || def.run == nil) {
			t.Errorf("%s: generated %v", name, reached[name])
		}
	}
	for _, name := range []string{"SSL_set_session", "SSL_CTX_add_session", "SSL_CTX_remove_session", "SSL_CTX_flush_sessions", "SSL_clear", "free"} {
		if !nested[name] {
			t.Errorf("%s: in no callback", name)
		}
	}
}

// TestProgramsResume shows that at least half of them resume a session, and that what is rare is there: evicted sessions, hits of the cache, callbacks.
func TestProgramsResume(t *testing.T) {
	w, err := StartC()
	if err != nil {
		t.Fatal(err)
	}
	const programs = 150
	var r Reached
	counters := map[string]int{}
	for seed := range uint64(programs) {
		_, c, err := w.legal(Program(ProgramBytes(seed)))
		if err != nil {
			t.Fatal(err)
		}
		if c.End() != "ok" {
			t.Errorf("seed %d: C does not survive: %s", seed, c.End())
		}
		r.add(c)
		for _, word := range []string{`"hits":`, `"cache_full":`, `"cb":"new"`, `"cb":"remove"`, `"cb":"get"`, `"misses":`, `"in":`} {
			if strings.Contains(text(c), word) {
				counters[word]++
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%d of %d programs resume, %d times; %v", r.Resuming, programs, r.Resumptions, counters)
	if r.Resuming < programs/2 {
		t.Errorf("%d of %d programs resume a session", r.Resuming, programs)
	}
	if len(counters) != 7 {
		t.Errorf("not all of the counters and callbacks: %v", counters)
	}
}

// TestLegal: what uses a name that is NULL is left out, also by way of a callback or of another name, unless C takes NULL.
func TestLegal(t *testing.T) {
	w, err := StartC()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	const begin = "scenario random\nproves nothing\nV = server 1.2\ns = SSL_new V\nA = SSL_get1_session s\nSSL_set_session s A\n"
	const rest = "SSL_CTX_remove_session V A\nfree A\n"
	for program, left := range map[string]string{
		"":                "",
		"B = reparse A\n": "",
		"B = reparse A\nC = up_ref B\nSSL_set_session s C\n":           "",
		"SSL_SESSION_get_id A\n":                                       "", // C dies
		"on V new: SSL_CTX_add_session V A\n":                          "",
		"B = parse 3000\nSSL_SESSION_print A\nC = SSL_SESSION_dup B\n": "B = parse 3000\n",
	} {
		script, c, err := w.legal(begin + program + rest)
		if err != nil || script != begin+left+rest || c.End() != "ok" {
			t.Errorf("of %q, left %q, which ends with %q: %v", program, script, c.End(), err)
		}
		var r Reached
		if f, err := w.Check(begin+program+rest, &r); f != nil || err != nil || r.Shortened != number(program != left) {
			t.Errorf("%q: %v %v, shortened %d", program, f, err, r.Shortened)
		}
	}
}

// TestSame: a smaller program shows the same if the same operation is refused with the same error.
func TestSame(t *testing.T) {
	refused := func(op, with string) *Mismatch {
		return &Mismatch{Op: op, What: differs(map[string]any{"op": op, "ret": 1.0}, map[string]any{"op": op, "ret": 0.0, "refused": with})}
	}
	f := refused("B = reparse A", "ErrFreed")
	for _, other := range []struct {
		*Mismatch
		same bool
	}{
		{refused("D = reparse C", "ErrFreed"), true},
		{refused("B = reparse A", "ErrShared"), false},
		{refused("B = repem A", "ErrFreed"), false},
		{nil, false},
	} {
		if f.same(other.Mismatch) != other.same {
			t.Errorf("%+v: not %v", other.Mismatch, other.same)
		}
	}
}

// TestShrink hides a difference that is there on purpose in a random program, and wants it alone, as a script.
func TestShrink(t *testing.T) {
	w, err := StartC()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	script := Program(ProgramBytes(5))
	f, err := w.Check(script, nil)
	if f != nil || err != nil {
		t.Fatalf("%v %v", f, err)
	}
	f, err = w.Check(script+"A = SSL_SESSION_new\nB = up_ref A\nSSL_SESSION_set_cipher B 0xffff\nc = SSL_new K1\n", nil)
	if f == nil || err != nil {
		t.Fatalf("no finding: %v", err)
	}
	if f, err = w.Shrink(f); err != nil {
		t.Fatal(err)
	}
	if want := "scenario random\nproves nothing\nA = SSL_SESSION_new\nB = up_ref A\nSSL_SESSION_set_cipher B 0xffff\n"; f.Script != want {
		t.Errorf("shrunk to\n%s", f.Script)
	}
	path, err := f.Write(t.TempDir(), "a test")
	if err != nil {
		t.Fatal(err)
	}
	if scenarios, err := Parse(path); err != nil || len(scenarios) != 1 || !strings.HasPrefix(scenarios[0].Name, "found-") {
		t.Errorf("%s: %v", path, err)
	}
}
