package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// example checks a tree of testdata with exceptions of its own, all of which the tree good uses.
func example(t *testing.T, dir string) []problem {
	t.Helper()
	include, err := filepath.Abs("testdata/include")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{hosts: map[string]string{"registry.invalid": "the test"}}
	if err := m.readHeaders(dir, []string{"-I" + include}); err != nil {
		t.Fatal(err)
	}
	tree, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run(tree, m, &lists{
		importC:       projectLists().importC,
		readsQueue:    allow(map[string]string{"shim.c:at_end": "test"}),
		pragmas:       allow(map[string]string{"SSL_SESSION_get_time": "test"}),
		noCounterpart: allow(map[string]string{"*.Same": "test"}),
		noLeave:       allow(map[string]string{"gosslWake": "test"}),
	})
}

func TestGood(t *testing.T) {
	for _, p := range example(t, "testdata/good") {
		t.Error(p)
	}
}

var want = regexp.MustCompile(`\bwant(\+1)? ([0-9,]+)`)

// TestBad compares with the comments "want 2": here rule 2 is broken. "want+1 2" means the next line.
func TestBad(t *testing.T) {
	const dir = "testdata/bad"
	tree, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var expected []string
	for name, src := range tree.src {
		for i, line := range strings.Split(string(src), "\n") {
			if m := want.FindStringSubmatch(line); m != nil {
				for _, rule := range strings.Split(m[2], ",") {
					expected = append(expected, fmt.Sprintf("%s:%d: rule %s", name, i+1+len(m[1])/2, rule))
				}
			}
		}
	}
	// Nothing in this tree uses the exceptions.
	for _, rule := range []string{"3", "5", "6", "8"} {
		expected = append(expected, "ci/rules/lists.go: rule "+rule)
	}
	var got []string
	for _, p := range example(t, dir) {
		before, _, _ := strings.Cut(p.String(), ": rule")
		got = append(got, fmt.Sprintf("%s: rule %d", before, p.rule))
		t.Log(p)
	}
	slices.Sort(expected)
	slices.Sort(got)
	if !slices.Equal(got, expected) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(expected, "\n     "))
	}
}

// What testdata cannot hold: a file of 601 lines, and a tree without a go line.
func TestFiles(t *testing.T) {
	tests := []struct {
		name, file, text string
		want             string
	}{
		{"at the limit", "a.sh", strings.Repeat("#\n", 600), ""},
		{"above the limit", "a.sh", strings.Repeat("#\n", 601), "a.sh: rule 9: 601 lines, more than 600: split it by concern"},
		{"another kind of file", "a.md", strings.Repeat("#\n", 601), ""},
		{"no go line", "go.mod", "module m\n", "go.mod: rule 10: no `go 1.24` line: add it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			tree, err := load(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for _, p := range run(tree, &machine{}, &lists{}) {
				got += p.String()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLoadRefusesBrokenGo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(dir); err == nil || !strings.Contains(err.Error(), "a.go:1") {
		t.Errorf("got %v, want an error that names a.go:1", err)
	}
}

func TestRegistriesReadsTheSettings(t *testing.T) {
	t.Setenv("GOPROXY", "https://user@proxy.invalid:8080/path,http://localhost,direct")
	got := registries(t.TempDir())
	if got["proxy.invalid"] == "" || got["localhost"] != "" {
		t.Errorf("got %v, want proxy.invalid and not localhost", got)
	}
}
