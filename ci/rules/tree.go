package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/seed-c1436005/libssl/ci/rules/cscan"
)

// A tree is the project's files, by their path with slashes.
type tree struct {
	names []string
	src   map[string][]byte
	fset  *token.FileSet
	goAST map[string]*ast.File
	c     map[string][]cscan.Token // the shim
	funcs map[string][]cscan.Func  // of these
}

// testdata breaks the rules on purpose.
const testdata = "ci/rules/testdata/"

func load(dir string) (*tree, error) {
	names, err := list(dir)
	if err != nil {
		return nil, err
	}
	t := &tree{
		src: map[string][]byte{}, fset: token.NewFileSet(), goAST: map[string]*ast.File{},
		c: map[string][]cscan.Token{}, funcs: map[string][]cscan.Func{},
	}
	for _, name := range names {
		if strings.HasPrefix(name, testdata) {
			continue
		}
		src, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) { // removed, and git does not know yet
			continue
		} else if err != nil {
			return nil, err
		}
		t.names = append(t.names, name)
		t.src[name] = src
		switch ext := path.Ext(name); {
		case ext == ".go" && !strings.Contains(name, "testdata/"):
			f, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, fmt.Errorf("%w: it has to compile before the rules can be checked", err)
			}
			t.goAST[name] = f
		case ext == ".c" || ext == ".h":
			if ok, _ := path.Match("shim*.[ch]", name); !ok {
				continue
			}
			t.c[name] = cscan.Tokens(string(src))
			t.funcs[name] = cscan.Funcs(t.c[name])
		}
	}
	return t, nil
}

// list returns the files that git tracks or would track. Without git it is all files.
func list(dir string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = dir
	if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("git ls-files in %s: %w", dir, err)
		}
		names := strings.Split(string(bytes.TrimRight(out, "\x00")), "\x00")
		return names, nil
	}
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

func inRoot(name string) bool { return !strings.Contains(name, "/") }

// at returns the line of a node.
func (t *tree) at(n ast.Node) int { return t.fset.Position(n.Pos()).Line }

// goFiles calls f with each Go file, or each of the root.
func (t *tree) goFiles(rootOnly bool, f func(name string, file *ast.File)) {
	for _, name := range t.names {
		if file := t.goAST[name]; file != nil && (inRoot(name) || !rootOnly) {
			f(name, file)
		}
	}
}

// importOfC returns the import of "C", or nil, and the preamble above it.
func importOfC(file *ast.File) (*ast.ImportSpec, *ast.CommentGroup) {
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT {
			continue
		}
		for _, spec := range d.Specs {
			if s := spec.(*ast.ImportSpec); s.Path.Value == `"C"` {
				if s.Doc != nil {
					return s, s.Doc
				}
				return s, d.Doc
			}
		}
	}
	return nil, nil
}

// cName returns x of an expression C.x, or "".
func cName(e ast.Expr) string { return selected(e, "C") }

// selected returns x of an expression pkg.x, or "".
func selected(e ast.Expr, pkg string) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if id, ok := s.X.(*ast.Ident); ok && id.Name == pkg {
			return s.Sel.Name
		}
	}
	return ""
}
