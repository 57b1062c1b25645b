package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl/ci/rules/cscan"
)

// A declaration is a prototype of sslstore.h, or a type of function, with the comment above it.
type declaration struct {
	name, comment string
	params        []string // that are pointers
	gives         bool     // returns an object
}

var (
	// One comment may stand above several prototypes.
	commented = regexp.MustCompile(`(?s)/\*(.*?)\*/\n((?:[^\n/]*\([^\n]*\);\n)+)`)
	prototype = regexp.MustCompile(`(\*?)(\w+)\((.*)\);`)
	parameter = regexp.MustCompile(`\*(\w+)$`)
)

func declarations(t *testing.T) (all []declaration) {
	t.Helper()
	text, err := os.ReadFile("sslstore.h")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commented.FindAllStringSubmatch(string(text), -1) {
		comment := c[1][strings.LastIndex(c[1], "/*")+1:]
		for _, p := range prototype.FindAllStringSubmatch(c[2], -1) {
			d := declaration{name: p[2], comment: comment, gives: p[1] != "" && !strings.HasSuffix(p[2], "_fn")}
			for _, param := range strings.Split(p[3], ",") {
				if m := parameter.FindStringSubmatch(param); m != nil {
					d.params = append(d.params, m[1])
				}
			}
			all = append(all, d)
		}
	}
	return all
}

// The compiler has compared the types: cgo sees the header before its own prototypes, and arg.c includes it.
func TestHeaderDeclaresWhatIsExported(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var exported, declared []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Doc != nil {
			for _, c := range f.Doc.List {
				if name, ok := strings.CutPrefix(c.Text, "//export "); ok && strings.HasPrefix(name, "sslstore_") {
					exported = append(exported, name)
				}
			}
		}
	}
	inC, err := os.ReadFile("arg.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range cscan.Funcs(cscan.Tokens(string(inC))) {
		exported = append(exported, f.Name)
	}
	for _, d := range declarations(t) {
		if !strings.HasSuffix(d.name, "_fn") {
			declared = append(declared, d.name)
		}
	}
	slices.Sort(exported)
	slices.Sort(declared)
	if diff := cmp.Diff(exported, declared); diff != "" {
		t.Errorf("-exported +declared:\n%s", diff)
	}
}

// Each pointer that crosses has its line: whose is it?
func TestHeaderStatesOwnership(t *testing.T) {
	rows := 0
	for _, d := range declarations(t) {
		for _, param := range d.params {
			row := regexp.MustCompile(`\n[\s*]*\t[^\n]*\b` + param + `\b[^\n]*  +[^\n]*\b(taken|shared|lent|what|kept|yours)\b`)
			if !row.MatchString(d.comment) {
				t.Errorf("%s: no word on the ownership of %s", d.name, param)
			}
			rows++
		}
		if d.gives && !strings.Contains(d.comment, "returns   given") {
			t.Errorf("%s: no word on whose the result is", d.name)
		}
	}
	if rows < 20 {
		t.Errorf("only %d pointers were found", rows)
	}
}
