package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/peer"
	"github.com/seed-c1436005/libssl/internal/table"
)

// newDemo makes a demo that prints into a string. Without the tool there is nothing to test.
func newDemo(t *testing.T) (*demo, *strings.Builder) {
	t.Helper()
	if _, err := findTool(t.Context(), ""); err != nil {
		t.Skip(err)
	}
	var text strings.Builder
	return &demo{ctx: t.Context(), out: table.New(&text)}, &text
}

// left checks that no child, folder or handle is left.
func left(t *testing.T, d *demo) {
	t.Helper()
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
	if exists(d.dir) {
		t.Errorf("%s is left", d.dir)
	}
	for kind, n := range diag.Live() {
		if n != 0 {
			t.Errorf("%d %s handles are left", n, kind)
		}
	}
}

// Each step by itself, so that a failing one has a name.
func TestSteps(t *testing.T) {
	d, _ := newDemo(t)
	tidy, err := d.prepare("")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range allParts() {
		for _, step := range p.steps {
			t.Run(p.title[:1]+"/"+step.name, func(t *testing.T) {
				cells, err := step.run(d)
				if err != nil {
					t.Errorf("%v\n%q", err, cells)
				}
				if len(cells) != len(p.columns)-1 {
					t.Errorf("%d cells for %d columns", len(cells), len(p.columns))
				}
			})
		}
	}
	tidy()
	left(t, d)
}

func TestOutput(t *testing.T) {
	d, text := newDemo(t)
	if status := d.main(nil, allParts()); status != 0 {
		t.Errorf("exit status %d", status)
	}
	left(t, d)
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > 110 {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.ContainsAny(line, "✗\x1b") {
			t.Errorf("a fault, or colour without a terminal: %s", line)
		}
	}
	if !strings.HasPrefix(lines[0], "libssl demo: "+libssl.Version()) {
		t.Errorf("headline: %s", lines[0])
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "✓ All 12 sessions were resumed, all 12 failures were told clearly") {
		t.Errorf("verdict: %s", last)
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestVerbose(t *testing.T) {
	d, text := newDemo(t)
	if status := d.main([]string{"-v"}, []part{serverPart()}); status != 0 {
		t.Errorf("exit status %d\n%s", status, text)
	}
	if !strings.Contains(text.String(), "s_client │ CONNECTED(") {
		t.Errorf("the peer's output is missing:\n%s", text)
	}
}

// The demo has to notice when something is not as it should be.
func TestExitStatus(t *testing.T) {
	if _, err := findTool(t.Context(), ""); err != nil {
		t.Skip(err)
	}
	other := filepath.Join(t.TempDir(), "openssl")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho OpenSSL 3.0.19 27 Jan 2026\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var kept []*libssl.Session
	quiet := step{"nothing wrong", fails("", func(*demo) error { return nil })}
	vague := step{"vague", fails("certificate", func(*demo) error { return errors.New("it went wrong") })}
	for _, test := range []struct {
		name   string
		args   []string
		parts  []part
		spoil  func(*libssl.Ctx, *libssl.Session)
		status int
		want   string
	}{
		{
			name: "sessions that cannot be resumed", parts: []part{clientPart()}, status: 1, want: "3 of 3 sessions were not resumed",
			spoil: func(ctx *libssl.Ctx, s *libssl.Session) { ctx.RemoveSession(s) },
		},
		{
			name: "files that cannot be resumed", parts: []part{filePart()}, status: 1, want: "3 of 6 sessions were not resumed",
			spoil: func(ctx *libssl.Ctx, s *libssl.Session) { ctx.RemoveSession(s) },
		},
		{
			name: "handles left alive", parts: []part{clientPart()}, status: 1, want: "3 Session handles were left alive",
			spoil: func(_ *libssl.Ctx, s *libssl.Session) { kept = append(kept, s.UpRef()) },
		},
		{name: "no failure", parts: []part{{columns: failurePart().columns, steps: []step{quiet}}}, status: 1, want: "it did not fail"},
		{name: "another failure", parts: []part{{columns: failurePart().columns, steps: []step{vague}}}, status: 1, want: "1 of 1 failures"},
		{name: "no tool", args: []string{"-openssl", other + ".not"}, status: 1, want: "no such file"},
		{name: "another version", args: []string{"-openssl", other}, status: 1, want: other + " is OpenSSL 3.0.19"},
		{name: "unknown flag", args: []string{"-x"}, status: 2},
		{name: "argument", args: []string{"x"}, status: 2},
		{name: "help", args: []string{"-h"}, status: 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, text := newDemo(t)
			d.spoil = test.spoil
			if status := d.main(test.args, test.parts); status != test.status || !strings.Contains(text.String(), test.want) {
				t.Errorf("exit status %d, want %d and %q:\n%s", status, test.status, test.want, text)
			}
			for _, s := range kept {
				s.Free()
			}
			left(t, d)
		})
	}
}

// A peer that says nothing must not hang the demo.
func TestSilentPeer(t *testing.T) {
	defer func(limit time.Duration) { peer.StepLimit = limit }(peer.StepLimit)
	peer.StepLimit = 50 * time.Millisecond
	d := &demo{ctx: t.Context()}
	ln, err := peer.Listen(d.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, err := peer.NewCtx(libssl.TLSClientMethod(), peer.ByTLS13, func(*libssl.Ctx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer ctx.Free()
	if err := d.tryVisit(ctx, ln.Addr().String()); err == nil || err.Error() != "SSL_connect: the peer did not answer within 50ms" {
		t.Error(err)
	}
	if _, err := peer.Accept(ln); err != nil { // the client above
		t.Error(err)
	}
	if _, err := peer.Accept(ln); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}
