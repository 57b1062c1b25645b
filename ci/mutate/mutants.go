package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-c1436005/libssl/ci/rules/cscan"
)

// The kinds of mutants.
const (
	kindConstant = "constant" // a function returns at once
	kindUpRef    = "upref"    // a reference is not taken
	kindError    = "error"    // a failure is not told
	kindNull     = "null"     // a test for NULL is left out
	kindSwap     = "swap"     // two arguments of a function of OpenSSL change places
	kindNegate   = "negate"   // an if does the contrary
	kindFlag     = "flag"     // a flag is missing
	kindSkip     = "skip"     // a statement is left out
)

var defaultKinds = []string{kindConstant, kindUpRef, kindError, kindNull, kindSwap, kindNegate, kindFlag}

// A mutant is one change. It is switched on where $M is true: before stands in front of the source from start to end, and after behind it.
type mutant struct {
	id            int
	kind          string
	file, fn      string
	line          int
	text          string // what is changed; no two are the same in a function
	start, end    int
	before, after string

	outcome outcome
	detail  string // what killed it, or how many tests came across it
}

func (m *mutant) String() string { return fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.fn, m.text) }

// mutants finds what can be broken in a file.
func mutants(file, src string) []*mutant {
	var all []*mutant
	for _, f := range cscan.Funcs(cscan.Tokens(src)) {
		if f.Body == nil || checksOnly(f.Body[0]) {
			continue
		}
		b := body{file: file, fn: f, t: f.Body}
		b.constants()
		for i, t := range b.t {
			if !checksOnly(t) {
				b.at(i)
			}
		}
		all = append(all, b.found...)
	}
	return all
}

// checksOnly reports whether t is compiled for the project's own checks only.
func checksOnly(t cscan.Token) bool { return t.Cond == "ifdef GOSSL_CHECK" }

type body struct {
	file  string
	fn    cscan.Func
	t     []cscan.Token
	found []*mutant
}

// add notes a mutant of the tokens from first to last.
func (b *body) add(kind string, first, last int, text, before, after string) {
	b.insert(&mutant{kind: kind, line: b.t[first].Line, text: text, start: b.t[first].Start, end: b.t[last].End, before: before, after: after})
}

func (b *body) insert(m *mutant) {
	m.file, m.fn = b.file, b.fn.Name
	same := func(o *mutant) bool { return o.kind == m.kind && o.text == m.text }
	for n, text := 2, m.text; slices.ContainsFunc(b.found, same); n++ {
		m.text = fmt.Sprintf("%s (%d)", text, n)
	}
	b.found = append(b.found, m)
}

func (b *body) text(first, last int) string { return cscan.Text(b.t[first : last+1]) }

// constants makes the function return at once.
func (b *body) constants() {
	var values []string
	switch result := b.fn.Result; {
	case strings.Contains(result, "*"):
		values = []string{"NULL"}
	case strings.HasSuffix(result, "void"):
		values = []string{""}
	case strings.HasSuffix(result, "gossl_result"):
		values = []string{"(gossl_result){ .ret = 1 }", "(gossl_result){ 0 }"}
	case regexp.MustCompile(`\b(char|int|long|short|size_t|u?int\d+_t|uintptr_t)$`).MatchString(result):
		values = []string{"1", "0"}
	default: // a struct
		values = []string{"(" + strings.TrimPrefix(result, "const ") + "){ 0 }"}
	}
	start := b.t[0].End
	for _, v := range values {
		ret := strings.TrimSpace("return " + v)
		b.insert(&mutant{kind: kindConstant, line: b.fn.Line, text: ret, start: start, end: start, after: " if ($M) " + ret + ";"})
	}
}

var (
	upRef     = regexp.MustCompile(`_up_ref$`)
	ends      = regexp.MustCompile(`^(GOSSL_[A-Z]+|gossl_end)$`) // the last argument tells whether the call failed
	openssl   = regexp.MustCompile(`^(SSL|BIO|ERR|X509|PEM|EVP|CRYPTO|OPENSSL|d2i|i2d)_\w+$`)
	capitals  = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	callFlags = []string{"ACTS", "IO", "CACHES", "RESETS", "PUSHES"}
)

// at makes the mutants that begin with, or stand around, token i.
func (b *body) at(i int) {
	t := b.t[i]
	called := t.Kind == cscan.Ident && b.is(i+1, "(")
	switch {
	case t.Text == "if" && called:
		end := cscan.Match(b.t, i+1)
		b.add(kindNegate, i+2, end-1, "negate if ("+b.text(i+2, end-1)+")", "($M != !!(", "))")
	case (t.Text == "==" || t.Text == "!=") && b.is(i+1, "NULL"):
		b.null(i)
	case called:
		b.call(i)
	case capitals.MatchString(t.Text) && (slices.Contains(callFlags, t.Text) || b.is(i-1, "|") || b.is(i+1, "|")):
		b.add(kindFlag, i, i, "drop "+t.Text, "($M ? 0 : ", ")")
	}
	isLabel := t.Text == ":" && (b.is(i-2, "case") || b.is(i-1, "default"))
	if i+1 < len(b.t) && (slices.Contains([]string{";", "{", "}", "else"}, t.Text) || isLabel || t.Text == ")" && b.heads(i)) {
		b.statement(i + 1)
	}
}

// heads reports whether the bracket at index end closes the condition of an if or a loop.
func (b *body) heads(end int) bool {
	before := b.open(end) - 1
	return b.is(before, "if") || b.is(before, "while") || b.is(before, "for")
}

func (b *body) is(i int, text string) bool { return i >= 0 && i < len(b.t) && b.t[i].Text == text }

// null leaves out a comparison. The operand is still evaluated: it may be an assignment.
func (b *body) null(op int) {
	first := op
	for ; first > 0; first-- {
		before := b.t[first-1]
		if before.Text == ")" || before.Text == "]" {
			first = b.open(first-1) + 1
			continue
		}
		if before.Text == "return" || before.Kind == cscan.Punct && !slices.Contains([]string{"->", ".", "*", "&"}, before.Text) {
			break
		}
	}
	after := ") && !$M)"
	if b.t[op].Text == "!=" {
		after = ") || $M)"
	}
	b.add(kindNull, first, op+1, "ignore "+b.text(first, op+1), "((", after)
}

// open returns the index of the bracket that the one at index end closes.
func (b *body) open(end int) int {
	for i := end - 1; i > 0; i-- {
		if (b.is(i, "(") || b.is(i, "[")) && cscan.Match(b.t, i) == end {
			return i
		}
	}
	return 0
}

// call makes the mutants of a call, whose name is token i.
func (b *body) call(i int) {
	name, end := b.t[i].Text, cscan.Match(b.t, i+1)
	args := cscan.Args(b.t[i+1:])
	if len(args) == 0 {
		return
	}
	if upRef.MatchString(name) {
		b.add(kindUpRef, i, end, "skip "+b.text(i, end), "($M ? 1 : ", ")")
	}
	if last := args[len(args)-1]; ends.MatchString(name) && cscan.Text(last) != "0" {
		first, before, after := end-len(last), "((", ") && !$M)" // come across where there is an error
		if slices.ContainsFunc(last, func(t cscan.Token) bool { return t.Text == "=" }) {
			before, after = "($M ? 0 : (", "))" // drops what it sets as well
		}
		b.add(kindError, first, end-1, "drop the error "+cscan.Text(last), before, after)
	}
	if openssl.MatchString(name) && len(args) > 1 && cscan.Text(args[0]) != cscan.Text(args[1]) {
		swapped := []string{cscan.Text(args[1]), cscan.Text(args[0])}
		for _, arg := range args[2:] {
			swapped = append(swapped, cscan.Text(arg))
		}
		b.add(kindSwap, i, end, "swap arguments of "+b.text(i, end), "($M ? "+name+"("+strings.Join(swapped, ", ")+") : ", ")")
	}
}

// statement leaves out the expression that is the statement beginning at token i, if it is one.
func (b *body) statement(i int) {
	end := i
	for end < len(b.t) && b.t[end].Text != ";" {
		if strings.Contains("([{", b.t[end].Text) {
			end = cscan.Match(b.t, end)
		}
		if b.is(end, "}") {
			return
		}
		end++
	}
	first := b.t[i]
	isDeclaration := i+1 < end && first.Kind == cscan.Ident && (b.t[i+1].Kind == cscan.Ident || b.is(i+1, "*"))
	isExpression := i+1 < end && (first.Kind == cscan.Ident && b.t[i+1].Kind == cscan.Punct && !b.is(i+1, ":") || first.Text == "*" || first.Text == "++" || first.Text == "--")
	if isDeclaration || !isExpression || slices.Contains([]string{"if", "while", "for", "switch", "return", "goto"}, first.Text) || b.inFor(i) {
		return
	}
	b.add(kindSkip, i, end-1, "leave out "+b.text(i, end-1), "($M ? (void)0 : (void)(", "))")
}

// inFor reports whether token i stands between the brackets of a for.
func (b *body) inFor(i int) bool {
	for j := range i {
		if b.is(j, "for") && cscan.Match(b.t, j+1) > i {
			return true
		}
	}
	return false
}
