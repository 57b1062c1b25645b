package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl/internal/peer"
)

// With crypto/tls, which is always at hand: all is as expected, and nothing that resumes if our side is spoiled.
func TestCryptoTLS(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 0, "✓ 8 rows with 1 peers, all as expected"},
		{[]string{"-spoil"}, 1, "✗ 5 of 8 rows were not as expected"},
	} {
		var out strings.Builder
		if status := run(t.Context(), &out, test.args, []family{cryptoTLS()}); status != test.status || !strings.Contains(out.String(), test.want) {
			t.Errorf("%v: exit status %d, want %d and %q:\n%s", test.args, status, test.status, test.want, &out)
		}
	}
}

// fake is a family whose only row says that.
func fake(want []outcome, said told, err error) family {
	return family{
		name:  "peer",
		title: func(*matrix) (string, error) { return "peer 1.0", nil },
		rows:  []row{{role: client, way: "way", want: want, run: func(*matrix) (told, error) { return said, err }}},
	}
}

func TestExitStatus(t *testing.T) {
	absent := fake(never, told{ours: never, theirs: never}, nil)
	absent.title = func(*matrix) (string, error) { return "", errors.New("it is too old") }
	required := absent
	required.required = true
	for _, test := range []struct {
		name   string
		args   []string
		family family
		status int
		want   string
	}{
		{"as expected", nil, fake(resumes, told{resumes, resumes, "words"}, nil), 0, "full → resumed     no → yes       words"},
		{"we say less", nil, fake(resumes, told{never, resumes, ""}, nil), 1, "we say full → full, it should be full → resumed"},
		{"the peer says less", nil, fake(resumes, told{resumes, never, ""}, nil), 1, "the peer says full → full, it should be full → resumed"},
		{"both say more", nil, fake(never, told{resumes, resumes, ""}, nil), 1, "1 of 1 rows were not as expected"},
		{"one connection only", nil, fake(resumes, told{resumes[:1], resumes, ""}, nil), 1, "we say full, it should"},
		{"no early data", nil, fake(resumesEarly, told{resumesEarly, resumes, ""}, nil), 1, "it should be full → 0-RTT"},
		{"nothing", nil, fake(resumes, told{}, nil), 1, "the peer says nothing"},
		{"error", nil, fake(resumes, told{resumes, resumes, ""}, errors.New("it died")), 1, "it died"},
		{"absent", nil, absent, 0, "not run: it is too old\n\n✓ 0 rows with 0 peers, all as expected, in 0 s. Not run: peer."},
		{"required and absent", nil, required, 1, "✗ required and not run: peer"},
		{"not asked for", []string{"-only", "other"}, fake(never, told{resumes, resumes, ""}, nil), 0, "not run: not asked for"},
		{"unknown flag", []string{"-x"}, absent, 2, "-spoil"},
		{"help", []string{"-h"}, absent, 0, "-spoil"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if status := run(t.Context(), &out, test.args, []family{test.family}); status != test.status || !strings.Contains(out.String(), test.want) {
				t.Errorf("exit status %d, want %d and %q:\n%s", status, test.status, test.want, &out)
			}
		})
	}
}

// What a failing row's peer printed is shown.
func TestLogs(t *testing.T) {
	f := fake(resumes, told{}, nil)
	f.rows[0].run = func(m *matrix) (told, error) {
		_, err := m.exec("text for it", "sh", "-c", "cat; echo and more >&2; exit 7")
		return told{}, err
	}
	var out strings.Builder
	run(t.Context(), &out, nil, []family{f})
	for _, want := range []string{"sh: exit status 7", "sh │ text for it", "and more"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
}

// A peer that does not listen is noticed by its end.
func TestConnectable(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	child, err := peer.Start(t.Context(), "true")
	if err != nil {
		t.Fatal(err)
	}
	defer child.Stop()
	if err := connectable(child, port); err == nil || err.Error() != "ended before it listened" {
		t.Error(err)
	}
}

func TestArrows(t *testing.T) {
	for want, list := range map[string][]string{
		"nothing":       nil,
		"a":             {"a"},
		"a → a":         {"a", "a"},
		"a → b ×3 → a":  {"a", "b", "b", "b", "a"},
		"a → b → b → c": {"a", "b", "b", "c"},
	} {
		if got := arrows(list); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
