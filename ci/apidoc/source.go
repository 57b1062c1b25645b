package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// exported returns the functions in the dynamic symbol table of the libssl that we link, and those that a later 1.1.1 than the first brought.
func exported() (names, later []string, err error) {
	dir, err := exec.Command("pkg-config", "--variable=libdir", "libssl").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("pkg-config: %w", err)
	}
	out, err := exec.Command("nm", "-D", "--defined-only", filepath.Join(strings.TrimSpace(string(dir)), "libssl.so.1.1")).Output()
	if err != nil {
		return nil, nil, fmt.Errorf("nm: %w", err)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[1] == "T" {
			name, version, _ := strings.Cut(f[2], "@@")
			names = append(names, name)
			if strings.TrimRight(version, "abcdefghijklmnopqrstuvwxyz") != version {
				later = append(later, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), later, nil
}

const module = "github.com/seed-c1436005/libssl"

// source is what the Go files say.
type source struct {
	goNames map[string][]string // of each C function
	tests   map[string][]string // of each Go function, by go/types' name of it
}

var corresponds = regexp.MustCompile(`corresponds to ((?:\w+\(3\)(?:, | and |, and )?)+)`)

// load type-checks the package and its tests, as far as that goes without C.
func load(dir string) (*source, error) {
	b, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	parse := func(names []string) (files []*ast.File, err error) {
		for _, name := range names {
			f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		return files, nil
	}
	code, err := parse(slices.Concat(b.GoFiles, b.CgoFiles, b.TestGoFiles))
	if err != nil {
		return nil, err
	}
	tests, err := parse(b.XTestGoFiles)
	if err != nil {
		return nil, err
	}
	std := importer.ForCompiler(fset, "source", nil)
	root, _ := typesOf(fset, module, code, imports{std: std})
	_, info := typesOf(fset, "libssl_test", tests, imports{std: std, root: root})
	return &source{goNames: documented(code), tests: callers(tests, info)}, nil
}

// typesOf ignores errors: what C gives is unknown here, and what other packages give is not asked for.
func typesOf(fset *token.FileSet, path string, files []*ast.File, imp types.Importer) (*types.Package, *types.Info) {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{FakeImportC: true, Importer: imp, Error: func(error) {}}
	pkg, _ := conf.Check(path, fset, files, info)
	return pkg, info
}

// imports knows the standard library and, for the tests, the package.
type imports struct {
	std  types.Importer
	root *types.Package
}

func (i imports) Import(path string) (*types.Package, error) {
	if i.root != nil && path == i.root.Path() {
		return i.root, nil
	}
	if strings.Contains(path, ".") {
		return nil, fmt.Errorf("not loaded: %s", path)
	}
	return i.std.Import(path)
}

// documented returns the Go names of each C function.
func documented(files []*ast.File) map[string][]string {
	names := make(map[string][]string)
	for _, file := range files {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			for _, m := range corresponds.FindAllStringSubmatch(strings.Join(strings.Fields(f.Doc.Text()), " "), -1) {
				for _, c := range regexp.MustCompile(`(\w+)\(3\)`).FindAllStringSubmatch(m[1], -1) {
					names[c[1]] = append(names[c[1]], goName(f))
				}
			}
		}
	}
	return names
}

// goName returns the name as in "(*SSL).Read".
func goName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	return "(" + types.ExprString(f.Recv.List[0].Type) + ")." + f.Name.Name
}

// fullName is what go/types calls it.
func fullName(name string) string {
	if method, ok := strings.CutPrefix(name, "(*"); ok {
		return "(*" + module + "." + method
	}
	if method, ok := strings.CutPrefix(name, "("); ok {
		return "(" + module + "." + method
	}
	return module + "." + name
}

// callers returns the tests that use each function of the package: those that call it themselves, or else through the fewest helpers.
func callers(files []*ast.File, info *types.Info) map[string][]string {
	uses := make(map[types.Object][]types.Object) // what each function and variable of the test files mentions
	for _, file := range files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				mention(uses, info, decl.Name, decl)
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok {
						mention(uses, info, v.Names[0], v)
					}
				}
			}
		}
	}
	nearest := make(map[string]int)
	tests := make(map[string][]string)
	for f := range uses {
		if !isTest.MatchString(f.Name()) {
			continue
		}
		for used, distance := range distances(f, uses) {
			fn, ok := used.(*types.Func)
			if !ok {
				continue
			}
			name := fn.FullName()
			if d, ok := nearest[name]; !ok || distance < d {
				nearest[name], tests[name] = distance, nil
			}
			if nearest[name] == distance {
				tests[name] = append(tests[name], f.Name())
			}
		}
	}
	for _, t := range tests {
		slices.Sort(t)
	}
	return tests
}

// mention adds what node says to the uses of the name that it declares.
func mention(uses map[types.Object][]types.Object, info *types.Info, name *ast.Ident, node ast.Node) {
	self := info.Defs[name]
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if used := info.Uses[id]; used != nil && used.Pkg() != nil {
				uses[self] = append(uses[self], used)
			}
		}
		return true
	})
}

var isTest = regexp.MustCompile(`^(Test|Example|Fuzz)`)

// distances returns how many functions lie between f and each function that it reaches.
func distances(f types.Object, uses map[types.Object][]types.Object) map[types.Object]int {
	d := map[types.Object]int{f: 0}
	for queue := []types.Object{f}; len(queue) > 0; queue = queue[1:] {
		for _, used := range uses[queue[0]] {
			if _, seen := d[used]; !seen {
				d[used] = d[queue[0]] + 1
				queue = append(queue, used)
			}
		}
	}
	return d
}
