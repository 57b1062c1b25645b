package cscan

import (
	"slices"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	tests := []struct{ src, want string }{
		{"a->b == 0x1f /* == */ && c // no\n|| d", "a -> b == 0x1f && c || d"},
		{`f("a\"b", '\'', "/*")`, `f ( "a\"b" , '\'' , "/*" )`},
		{"#define A \\\n\tb\nc", "#define A \\\n\tb c"},
		{"x >>= y; a ? b : -1.5e3", "x >>= y ; a ? b : - 1.5e3"},
		{"/* open", ""},
	}
	for _, test := range tests {
		var got []string
		for _, tok := range Tokens(test.src) {
			got = append(got, tok.Text)
			if test.src[tok.Start:tok.End] != tok.Text {
				t.Errorf("%q: offsets of %q are wrong", test.src, tok.Text)
			}
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("Tokens(%q)\n got %s\nwant %s", test.src, s, test.want)
		}
	}
}

func TestConditionsAndLines(t *testing.T) {
	src := "a\n#ifdef X\nb\n#  if Y /* why */\nc\n#endif\n#else\nd\n#endif\ne"
	want := map[string]Token{
		"a": {Line: 1},
		"b": {Line: 3, Cond: "ifdef X"},
		"c": {Line: 5, Cond: "if Y"},
		"d": {Line: 8, Cond: "not ifdef X"},
		"e": {Line: 10},
	}
	for _, tok := range Tokens(src) {
		if w := want[tok.Text]; tok.Kind == Ident && (tok.Line != w.Line || tok.Cond != w.Cond) {
			t.Errorf("%s: line %d, condition %q; want %d, %q", tok.Text, tok.Line, tok.Cond, w.Line, w.Cond)
		}
	}
}

func TestFuncs(t *testing.T) {
	src := `
#define CALL(x) x()
extern "C" {
typedef int (*callback)(int);
static __thread struct deferred { int n; } *deferred;
static const int table[] = { 1, f(2), };
extern uint64_t declared(uintptr_t ctx, SSL_SESSION **session);
__owur const SSL_METHOD *method(void);
int none();
static int with_body(SSL *ssl, int (*f)(int, int))
{
	if (a) { b(); }
	return 0;
}
struct s { int i; };
gossl_result second(void) { return r; }
}
`
	type fn struct {
		name, result string
		params       []string
		static, body bool
	}
	want := []fn{
		{"declared", "uint64_t", []string{"uintptr_t ctx", "SSL_SESSION **session"}, false, false},
		{"method", "const SSL_METHOD *", nil, false, false},
		{"none", "int", nil, false, false},
		{"with_body", "int", []string{"SSL *ssl", "int (*f)(int, int)"}, true, true},
		{"second", "gossl_result", nil, false, true},
	}
	got := Funcs(Tokens(src))
	if len(got) != len(want) {
		t.Fatalf("got %d functions %+v, want %d", len(got), got, len(want))
	}
	for i, w := range want {
		g := fn{got[i].Name, got[i].Result, got[i].Params, got[i].Static, got[i].Body != nil}
		if g.name != w.name || g.result != w.result || !slices.Equal(g.params, w.params) || g.static != w.static || g.body != w.body {
			t.Errorf("got  %+v\nwant %+v", g, w)
		}
	}
}

func TestText(t *testing.T) {
	src := "f(a, /* the second */ &b,\n\t-1 ,\t*c)"
	if got, want := Text(Tokens(src)), "f(a, &b, -1 , *c)"; got != want {
		t.Errorf("Text(%q) = %q, want %q", src, got, want)
	}
}

func TestArgs(t *testing.T) {
	tests := map[string]string{
		"()":                  "",
		"(a)":                 "a",
		"(f(a, b), c[1, 2])":  "f(a, b)|c[1, 2]",
		"(x, (y, z), 0) rest": "x|(y, z)|0",
	}
	for src, want := range tests {
		var got []string
		for _, arg := range Args(Tokens(src)) {
			got = append(got, Text(arg))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("Args(%q) = %q, want %q", src, s, want)
		}
	}
}
