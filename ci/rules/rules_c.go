package main

import (
	"go/ast"
	"regexp"
	"strings"

	"github.com/seed-c1436005/libssl/ci/rules/cscan"
)

var queue = regexp.MustCompile(`\bERR_(get_error\w*|peek_\w+|clear_error|get_state)\b`)

// rule3: only the error file and the shim's capture look into the error queue.
func (c *checker) rule3() {
	const text = "%s outside of shim_error.c: let gossl_begin and gossl_end capture what a call pushes"
	for _, name := range c.names {
		if c.c[name] == nil || name == "shim_error.c" {
			continue
		}
		for _, t := range c.c[name] {
			if m := queue.FindString(t.Text); m != "" && t.Kind != cscan.Literal && t.Cond != "ifdef GOSSL_CHECK" && !c.mayRead(name, t) {
				c.report(3, name, t.Line, text, m)
			}
		}
	}
	c.goFiles(true, func(name string, file *ast.File) {
		if name == "errors.go" {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(cName(s), "ERR_") && cName(s) != strings.ToUpper(cName(s)) {
				c.report(3, name, c.at(s), "C.%s outside of errors.go: another cgo call may run on another thread, with another queue", cName(s))
			}
			return true
		})
		if _, preamble := importOfC(file); preamble != nil {
			if m := queue.FindString(preamble.Text()); m != "" {
				c.report(3, name, c.at(preamble), text, m)
			}
		}
	})
}

// mayRead reports whether t stands in a function with an exception.
func (c *checker) mayRead(file string, t cscan.Token) bool {
	for _, f := range c.funcs[file] {
		if f.Body != nil && f.Body[0].Start < t.Start && t.Start < f.Body[len(f.Body)-1].End {
			return c.readsQueue.has(file + ":" + f.Name)
		}
	}
	return false
}

// rule7: names of C functions.
func (c *checker) rule7() {
	uses := c.uses()
	seen := map[string]string{}
	for _, name := range c.names {
		for _, f := range c.funcs[name] {
			switch {
			case f.Body != nil:
				if !f.Static && !strings.HasPrefix(f.Name, "gossl_") {
					c.report(7, name, f.Line, "%s would collide with other packages' C: make it static or let it begin with gossl_", f.Name)
				}
				if other := seen[f.Name]; other != "" {
					c.report(7, name, f.Line, "%s is also the name of a function in %s: one of them needs another", f.Name, other)
				}
				seen[f.Name] = name
			case strings.HasSuffix(name, ".h") && strings.HasPrefix(f.Name, "gossl_") && uses[f.Name] == 0:
				c.report(7, name, f.Line, "nobody calls %s: remove it", f.Name)
			}
		}
	}
}

// uses counts the uses of gossl_ functions in Go and C.
func (c *checker) uses() map[string]int {
	uses := map[string]int{}
	for _, name := range c.names {
		for _, t := range c.c[name] {
			if t.Kind == cscan.Ident || t.Kind == cscan.Directive {
				for _, w := range word.FindAllString(t.Text, -1) {
					uses[w]++
				}
			}
		}
		for _, f := range c.funcs[name] {
			uses[f.Name]-- // the declaration or definition
		}
	}
	c.goFiles(false, func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				uses[cName(s)]++
			}
			return true
		})
	})
	return uses
}
