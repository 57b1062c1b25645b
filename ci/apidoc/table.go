package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// reason says why functions have no Go name.
type reason struct {
	pattern string // as in path.Match
	text    string
	used    bool
}

// readReasons reads lines of the form "pattern | reason". The first that matches counts.
func readReasons(file string) ([]*reason, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var reasons []*reason
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, text, ok := strings.Cut(line, " | ")
		if !ok {
			return nil, fmt.Errorf("%s: not of the form \"pattern | reason\": %s", file, line)
		}
		reasons = append(reasons, &reason{pattern: strings.TrimSpace(pattern), text: text})
	}
	return reasons, nil
}

// row is one C function.
type row struct {
	c, goNames, proof string
}

type table struct {
	functions, macros []row
	bound             int
}

// join returns the table, and what is wrong with it.
func join(exports []string, src *source, reasons []*reason) (*table, []error) {
	var t table
	var problems []error
	for _, c := range exports {
		names := src.goNames[c]
		if len(names) == 0 {
			why := reasonFor(c, reasons)
			if why == "" {
				problems = append(problems, fmt.Errorf("%s: no Go name, and no reason in ci/apidoc/left_out.txt", c))
			}
			t.functions = append(t.functions, row{c: c, proof: why})
			continue
		}
		t.bound++
		r, errs := boundRow(c, names, src)
		t.functions = append(t.functions, r)
		problems = append(problems, errs...)
	}
	for _, c := range slices.Sorted(maps.Keys(src.goNames)) {
		if _, exported := slices.BinarySearch(exports, c); !exported {
			r, errs := boundRow(c, src.goNames[c], src)
			t.macros = append(t.macros, r)
			problems = append(problems, errs...)
		}
	}
	for _, r := range reasons {
		if !r.used {
			problems = append(problems, fmt.Errorf("ci/apidoc/left_out.txt: %s: nothing needs this line any more", r.pattern))
		}
	}
	return &t, problems
}

func reasonFor(c string, reasons []*reason) string {
	for _, r := range reasons {
		if ok, _ := path.Match(r.pattern, c); ok {
			r.used = true
			return r.text
		}
	}
	return ""
}

// boundRow fails for each Go name that no test uses.
func boundRow(c string, names []string, src *source) (row, []error) {
	var quoted, proof []string
	var problems []error
	for _, name := range names {
		quoted = append(quoted, "`"+name+"`")
		tests := src.tests[fullName(name)]
		if len(tests) == 0 {
			problems = append(problems, fmt.Errorf("%s: no test uses %s", c, name))
			continue
		}
		proof = append(proof, tests[0])
		if len(tests) > 1 {
			proof[len(proof)-1] += fmt.Sprintf(" and %d more", len(tests)-1)
		}
	}
	return row{c, strings.Join(quoted, ", "), strings.Join(proof, "; ")}, problems
}

func (t *table) markdown() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<!-- Written by ci/apidoc from the symbol table of libssl and the doc comments: make docs -->

# libssl's functions in Go

Of the %d functions that libssl 1.1.1 exports, %d have a Go name. The rest stand here with the reason.

| C | Go | proven by |
|---|---|---|
`, len(t.functions), t.bound)
	for _, r := range t.functions {
		if r.goNames == "" {
			fmt.Fprintf(&b, "| `%s` | | *%s* |\n", r.c, r.proof)
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.c, r.goNames, r.proof)
	}
	b.WriteString(`
## Macros and functions of other libraries

| C | Go | proven by |
|---|---|---|
`)
	for _, r := range t.macros {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.c, r.goNames, r.proof)
	}
	return b.Bytes()
}
