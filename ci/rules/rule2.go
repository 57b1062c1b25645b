package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// object is a parameter that is one of the counted objects.
var object = regexp.MustCompile(`^(const )?(SSL|SSL_CTX|SSL_SESSION|gossl_ssl) \*(const )?\w*$`)

// acquirers are the methods after which Release has to follow.
var acquirers = []string{"Acquire", "acquire", "hold"}

// rule2: C gets an object only while a handle keeps it.
//
// There are no types here. The C prototypes tell which arguments are objects; for each of these the rule looks where the pointer comes from. Good are
// a parameter of an enclosing function (whose callers are looked at in their turn), Acquire with a Release after the call or deferred, and what
// a C call returned. A field is not: that is the slip this rule is for.
func (c *checker) rule2() {
	c.goFiles(true, func(name string, file *ast.File) {
		var stack []ast.Node
		ast.Inspect(file, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			stack = append(stack, n)
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fn := cName(call.Fun)
			for i, param := range c.prototypes[fn].Params {
				if i < len(call.Args) && object.MatchString(param) && !kept(call.Args[i], call.Pos(), enclosing(stack)) {
					c.report(2, name, c.at(call), "C.%s gets %s outside of Acquire and Release: take the pointer from acquire() in this function, or pass it in",
						fn, types.ExprString(call.Args[i]))
				}
			}
			return true
		})
	})
}

// A function is a FuncDecl or FuncLit.
type function struct {
	params *ast.FieldList
	body   *ast.BlockStmt
}

// enclosing returns the functions around the top of the stack, innermost first.
func enclosing(stack []ast.Node) []function {
	var fs []function
	for i := len(stack) - 1; i >= 0; i-- {
		switch f := stack[i].(type) {
		case *ast.FuncDecl:
			fs = append(fs, function{f.Type.Params, f.Body})
		case *ast.FuncLit:
			fs = append(fs, function{f.Type.Params, f.Body})
		}
	}
	return fs
}

// kept reports whether the pointer e, used at pos, is kept by a handle or by a caller.
func kept(e ast.Expr, pos token.Pos, fs []function) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return kept(e.X, pos, fs)
	case *ast.Ident:
		return e.Name == "nil" || keptVariable(e.Name, pos, fs)
	case *ast.CallExpr:
		_, cast := ast.Unparen(e.Fun).(*ast.StarExpr)
		if cast || selected(e.Fun, "unsafe") == "Pointer" {
			return len(e.Args) == 1 && kept(e.Args[0], pos, fs)
		}
		return cName(e.Fun) != "" // its arguments are looked at as well
	case *ast.CompositeLit: // for a range over it
		return !slices.ContainsFunc(e.Elts, func(elt ast.Expr) bool { return !kept(elt, pos, fs) })
	case *ast.SelectorExpr: // r.ptr of a gossl_result
		r, ok := e.X.(*ast.Ident)
		return ok && e.Sel.Name == "ptr" && len(values(r.Name, fs)) > 0
	}
	return false
}

// keptVariable is kept for a variable.
func keptVariable(name string, pos token.Pos, fs []function) bool {
	for i, f := range fs {
		if isParam(name, f) {
			return true
		}
		vs := values(name, fs[i:i+1])
		for _, v := range vs {
			if !keptValue(v, pos, fs[i:]) {
				return false
			}
		}
		if len(vs) > 0 {
			return true
		}
	}
	return false
}

// keptValue is kept for what is assigned in fs[0].
func keptValue(v ast.Expr, pos token.Pos, fs []function) bool {
	call, ok := v.(*ast.CallExpr)
	if !ok {
		return kept(v, pos, fs)
	}
	if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(acquirers, s.Sel.Name) {
		return released(owner(s.X), pos, fs[0])
	}
	return kept(v, pos, fs)
}

func isParam(name string, f function) bool {
	for _, field := range f.params.List {
		for _, id := range field.Names {
			if id.Name == name {
				return true
			}
		}
	}
	return false
}

// values returns what is assigned to a variable in the functions themselves, not in those inside them.
func values(name string, fs []function) []ast.Expr {
	var vs []ast.Expr
	add := func(i int, from []ast.Expr) {
		if len(from) == 1 {
			vs = append(vs, from[0])
		} else if i < len(from) {
			vs = append(vs, from[i])
		}
	}
	for _, f := range fs {
		ast.Inspect(f.body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.AssignStmt:
				for i, to := range n.Lhs {
					if id, ok := to.(*ast.Ident); ok && id.Name == name {
						add(i, n.Rhs)
					}
				}
			case *ast.RangeStmt:
				if id, ok := n.Value.(*ast.Ident); ok && id.Name == name {
					vs = append(vs, n.X)
				}
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if id.Name == name {
						add(i, n.Values)
					}
				}
			}
			return true
		})
	}
	return vs
}

// owner returns the handle of x.acquire and x.ref.Acquire.
func owner(x ast.Expr) string { return strings.TrimSuffix(types.ExprString(x), ".ref") }

// released reports whether f releases the handle, after pos or in a defer.
func released(handle string, pos token.Pos, f function) bool {
	found := false
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			before := pos
			pos = token.NoPos // any place in it is late enough
			ast.Inspect(n.Call, visit)
			pos = before
			return false
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Release" && owner(s.X) == handle && n.Pos() > pos {
				found = true
			}
		}
		return !found
	}
	ast.Inspect(f.body, visit)
	return found
}
