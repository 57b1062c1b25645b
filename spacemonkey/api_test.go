package openssl_test

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	originalPath = "github.com/spacemonkeygo/openssl"
	oursPath     = "github.com/seed-c1436005/libssl/spacemonkey"
)

// apiGaps are the names whose declaration differs from the original's, or is missing, or is ours alone, with the reason. None is, today.
var apiGaps = map[string]string{}

// TestAPI compares what the two packages export, as the compiler sees it.
func TestAPI(t *testing.T) {
	theirs, mine := exported(t, originalPath), exported(t, oursPath)
	if len(theirs) < 400 {
		t.Fatalf("the original exports %d names only: the comparison is worth nothing", len(theirs))
	}
	for name := range apiGaps {
		if cmp.Equal(theirs[name], mine[name]) {
			t.Errorf("%s is listed as a gap, and is none", name)
		}
	}
	for name, want := range theirs {
		if _, listed := apiGaps[name]; !listed {
			if diff := cmp.Diff(want, mine[name]); diff != "" {
				t.Errorf("%s (-original +ours):\n%s", name, diff)
			}
		}
	}
	for name := range mine {
		if _, listed := apiGaps[name]; !listed && theirs[name] == nil {
			t.Errorf("%s is exported here only", name)
		}
	}
}

// load returns a package as the compiler exports it.
func load(t *testing.T, path string) *types.Package {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", path).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[name] = file
	}
	pkg, err := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }).Import(path)
	must(t, err)
	return pkg
}

// exported returns the declarations of a package, by name: a line for the object itself, and one for each exported method and field of a type.
func exported(t *testing.T, path string) map[string][]string {
	t.Helper()
	pkg := load(t, path)
	api := map[string][]string{}
	for _, name := range pkg.Scope().Names() {
		if object := pkg.Scope().Lookup(name); object.Exported() {
			api[name] = describe(object)
		}
	}
	return api
}

// qualifier gives the two packages the same name.
func qualifier(p *types.Package) string {
	if p.Path() == originalPath || p.Path() == oursPath {
		return "openssl"
	}
	return p.Path()
}

func describe(object types.Object) []string {
	typ := types.Unalias(object.Type())
	switch o := object.(type) {
	case *types.Const:
		return []string{fmt.Sprintf("const %s = %s", types.TypeString(typ, qualifier), o.Val())}
	case *types.TypeName:
		return describeType(typ)
	default:
		return []string{fmt.Sprintf("%T %s", o, unnamed(typ))}
	}
}

// describeType leaves out what is not exported: no other package can name it.
func describeType(typ types.Type) []string {
	var lines []string
	switch under := typ.Underlying().(type) {
	case *types.Struct:
		lines = append(lines, "struct")
		for i := range under.NumFields() {
			if f := under.Field(i); f.Exported() {
				lines = append(lines, fmt.Sprintf("field %s %s embedded %v", f.Name(), types.TypeString(f.Type(), qualifier), f.Embedded()))
			}
		}
	case *types.Interface:
		lines = append(lines, "interface")
	default:
		lines = append(lines, unnamed(under))
	}
	for name, receiver := range map[string]types.Type{"method": typ, "pointer method": types.NewPointer(typ)} {
		set := types.NewMethodSet(receiver)
		for i := range set.Len() {
			if f := set.At(i).Obj(); f.Exported() {
				lines = append(lines, name+" "+f.Name()+" "+unnamed(f.Type()))
			}
		}
	}
	slices.Sort(lines[1:])
	return lines
}

// unnamed writes a type; a signature without the names of its parameters, which are nobody's business.
func unnamed(typ types.Type) string {
	signature, ok := typ.(*types.Signature)
	if !ok {
		return types.TypeString(typ, qualifier)
	}
	bare := func(tuple *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range tuple.Variables() {
			vars = append(vars, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(vars...)
	}
	return types.TypeString(types.NewSignatureType(nil, nil, nil, bare(signature.Params()), bare(signature.Results()), signature.Variadic()), qualifier)
}

// TestMigrating holds the guide to naming each function and method that is not the original's own.
func TestMigrating(t *testing.T) {
	guide, err := os.ReadFile("../docs/MIGRATING.md")
	must(t, err)
	pkg := load(t, oursPath)
	named := func(name string) {
		if !strings.Contains(string(guide), "`"+name+"`") {
			t.Errorf("docs/MIGRATING.md says nothing of %s", name)
		}
	}
	for _, name := range pkg.Scope().Names() {
		object, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || !object.Exported() || object.IsAlias() {
			continue
		}
		for method := range object.Type().(*types.Named).Methods() {
			if method.Exported() {
				named(name + "." + method.Name())
			}
		}
	}
	for _, name := range []string{"NewCtx", "NewCtxWithVersion", "NewCtxFromFiles", "NewCertificateStore", "LoadDHParametersFromPEM", "Dial", "Client", "Server", "Listen", "NewListener"} {
		named(name)
	}
}
