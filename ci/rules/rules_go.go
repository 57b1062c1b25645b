package main

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// rule1: only some packages import "C".
func (c *checker) rule1() {
	c.goFiles(false, func(name string, file *ast.File) {
		spec, _ := importOfC(file)
		if spec == nil || slices.ContainsFunc(c.importC, func(pattern string) bool {
			ok, _ := path.Match(pattern, path.Dir(name))
			return ok
		}) {
			return
		}
		c.report(1, name, c.at(spec), `only %s may import "C": use the exported API of package libssl`, strings.Join(c.importC, ", "))
	})
}

// rule4: functions with traps.
func (c *checker) rule4() {
	c.goFiles(false, func(name string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if selected(n, "runtime") == "SetFinalizer" {
					c.report(4, name, c.at(n), "no runtime.SetFinalizer: use package handle, or runtime.AddCleanup")
				}
				if cName(n) == "GoString" {
					c.report(4, name, c.at(n), "no C.GoString: use goString, which reads no further than the NUL")
				}
			case *ast.CallExpr:
				if selected(n.Fun, "unsafe") == "Pointer" && len(n.Args) == 1 && hasUintptr(n.Args[0]) {
					c.report(4, name, c.at(n), "no unsafe.Pointer(uintptr(…)): use unsafe.Add, or cast an id in C")
				}
			}
			return true
		})
	})
}

// hasUintptr reports whether e is a conversion to uintptr or a sum with one.
func hasUintptr(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return hasUintptr(e.X)
	case *ast.BinaryExpr:
		return hasUintptr(e.X) || hasUintptr(e.Y)
	case *ast.CallExpr:
		id, ok := e.Fun.(*ast.Ident)
		return ok && id.Name == "uintptr" || cName(e.Fun) == "uintptr_t"
	}
	return false
}

var pragma = regexp.MustCompile(`#cgo\s+(noescape|nocallback)\s+(\w+)`)

// rule5: pragmas that crash the program when they are wrong.
func (c *checker) rule5() {
	c.goFiles(false, func(name string, file *ast.File) {
		_, preamble := importOfC(file)
		if preamble == nil {
			return
		}
		for _, comment := range preamble.List {
			for i, line := range strings.Split(comment.Text, "\n") {
				if m := pragma.FindStringSubmatch(line); m != nil && !c.pragmas.has(m[2]) {
					c.report(5, name, c.at(comment)+i, "%s for %s, which is not in the list of ci/rules/lists.go: add it with the benchmark that wants it", m[1], m[2])
				}
			}
		}
	})
}

var corresponds = regexp.MustCompile(`\b(\w+) corresponds to (\w+)\(3\)`)

// rule6: each exported function names its counterpart in C.
func (c *checker) rule6() {
	c.goFiles(true, func(name string, file *ast.File) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			full := fn.Name.Name
			if fn.Recv != nil {
				receiver := receiverName(fn)
				if !token.IsExported(receiver) {
					continue
				}
				full = receiver + "." + full
			}
			c.counterpart(name, fn, full)
		}
	})
}

func (c *checker) counterpart(file string, fn *ast.FuncDecl, full string) {
	doc := strings.Join(strings.Fields(fn.Doc.Text()), " ")
	found := false
	for _, m := range corresponds.FindAllStringSubmatch(doc, -1) {
		found = true
		if m[1] != fn.Name.Name {
			c.report(6, file, c.at(fn), `the comment of %s says "%s corresponds to": write its own name`, full, m[1])
		}
		if !c.inHeaders[m[2]] {
			c.report(6, file, c.at(fn), "%s corresponds to %s, which is not in OpenSSL's headers", full, m[2])
		}
	}
	switch {
	case found || c.noCounterpart.has(full):
	case doc == "":
		c.report(6, file, c.at(fn), "%s has no comment", full)
	default:
		c.report(6, file, c.at(fn), `the comment of %s lacks "%s corresponds to NAME(3)."`, full, fn.Name.Name)
	}
}

func receiverName(fn *ast.FuncDecl) string {
	t := fn.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	if i, ok := t.(*ast.IndexExpr); ok {
		t = i.X
	}
	id, _ := t.(*ast.Ident)
	return id.Name
}

// rule8: a panic of a callback must not cross C, so that all trampolines use the helper that stops it.
func (c *checker) rule8() {
	c.goFiles(true, func(name string, file *ast.File) {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || !isTrampoline(fn) || defersLeave(fn) || c.noLeave.has(fn.Name.Name) {
				continue
			}
			c.report(8, name, c.at(fn), "the trampoline %s does not defer leave, which keeps panics and Goexit out of C", fn.Name.Name)
		}
	})
}

func isTrampoline(fn *ast.FuncDecl) bool {
	return fn.Doc != nil && slices.ContainsFunc(fn.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//export ") })
}

func defersLeave(fn *ast.FuncDecl) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if d, ok := n.(*ast.DeferStmt); ok {
			sel, ok := d.Call.Fun.(*ast.SelectorExpr)
			found = found || ok && sel.Sel.Name == "leave"
		}
		return !found
	})
	return found
}
