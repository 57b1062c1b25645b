// Package cscan splits C source into tokens and functions, as far as the checks in ci need it: no preprocessing, no types.
package cscan

import "strings"

// Kind is what a Token is.
type Kind int

const (
	Ident     Kind = iota // also keywords
	Literal               // number, string or character
	Punct                 // an operator or bracket
	Directive             // a whole preprocessor line, with those that continue it
)

// Token is a piece of source. Comments are no tokens.
type Token struct {
	Kind       Kind
	Text       string
	Start, End int    // offsets
	Line       int    // of Start, from 1
	Cond       string // the innermost preprocessor condition: "ifdef X", "not ifdef X" after #else, or ""
}

// The operators of two and three characters, longest first.
var operators = []string{
	"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##",
}

// Tokens splits src.
func Tokens(src string) []Token {
	s := scanner{src: src, line: 1}
	for s.pos < len(src) {
		s.next()
	}
	return s.tokens
}

type scanner struct {
	src    string
	pos    int
	line   int
	tokens []Token
	conds  []string
}

func (s *scanner) next() {
	rest := s.src[s.pos:]
	c := rest[0]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\':
		s.skip(1)
	case strings.HasPrefix(rest, "/*"):
		s.skip(until(rest, "*/"))
	case strings.HasPrefix(rest, "//"):
		s.skip(lineEnd(rest))
	case c == '#' && s.lineStart():
		n := lineEnd(rest)
		if i := strings.Index(rest[:n], "/*"); i >= 0 {
			n = i
		}
		s.condition(strings.Fields(rest[1:n]))
		s.add(Directive, n)
	case isIdent(c) && !isDigit(c):
		n := 1
		for n < len(rest) && isIdent(rest[n]) {
			n++
		}
		s.add(Ident, n)
	case isDigit(c):
		n := 1
		for n < len(rest) && (isIdent(rest[n]) || rest[n] == '.') {
			n++
		}
		s.add(Literal, n)
	case c == '"' || c == '\'':
		n := 1
		for n < len(rest) && rest[n] != c {
			if rest[n] == '\\' {
				n++
			}
			n++
		}
		s.add(Literal, min(n+1, len(rest)))
	default:
		for _, op := range operators {
			if strings.HasPrefix(rest, op) {
				s.add(Punct, len(op))
				return
			}
		}
		s.add(Punct, 1)
	}
}

func (s *scanner) add(kind Kind, n int) {
	t := Token{Kind: kind, Text: s.src[s.pos : s.pos+n], Start: s.pos, End: s.pos + n, Line: s.line}
	if len(s.conds) > 0 {
		t.Cond = s.conds[len(s.conds)-1]
	}
	s.tokens = append(s.tokens, t)
	s.skip(n)
}

func (s *scanner) skip(n int) {
	s.line += strings.Count(s.src[s.pos:s.pos+n], "\n")
	s.pos += n
}

// lineStart reports whether only blanks stand before pos on its line.
func (s *scanner) lineStart() bool {
	before := s.src[:s.pos]
	return strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:]) == ""
}

// condition follows #if and its relatives.
func (s *scanner) condition(words []string) {
	if len(words) == 0 {
		return
	}
	last := len(s.conds) - 1
	switch words[0] {
	case "if", "ifdef", "ifndef":
		s.conds = append(s.conds, strings.Join(words, " "))
	case "else", "elif":
		if last >= 0 {
			s.conds[last] = "not " + s.conds[last]
		}
	case "endif":
		if last >= 0 {
			s.conds = s.conds[:last]
		}
	}
}

func until(s, end string) int {
	if i := strings.Index(s[2:], end); i >= 0 {
		return 2 + i + len(end)
	}
	return len(s)
}

// lineEnd returns where a line ends that backslashes may continue.
func lineEnd(s string) int {
	for i := range len(s) {
		if s[i] == '\n' && (i == 0 || s[i-1] != '\\') {
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isIdent(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c)
}

// Func is a function, or a declaration of one.
type Func struct {
	Name   string
	Static bool
	Result string   // its type, with single blanks
	Params []string // type and name of each; none for (void)
	Line   int
	Body   []Token // from { to }; nil for a declaration
}

// Funcs returns the functions and function declarations at the top level of a file, in order.
func Funcs(tokens []Token) []Func {
	var funcs []Func
	var head []Token // since the last declaration
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.Kind == Directive:
		case t.Text == ";":
			if f, ok := declarator(head); ok {
				funcs = append(funcs, f)
			}
			head = nil
		case t.Text == "{" && len(head) > 0 && head[len(head)-1].Text == `"C"`: // extern "C" {
			head = nil
		case t.Text == "{":
			end := Match(tokens, i)
			if f, ok := declarator(head); ok {
				f.Body = tokens[i : end+1]
				funcs = append(funcs, f)
				head = nil
			}
			i = end
		case t.Text == "}": // of extern "C"
			head = nil
		default:
			head = append(head, t)
		}
	}
	return funcs
}

// declarator reads "static int name(int a, int b)". A macro before it, such as an attribute with arguments, becomes a part of Result.
func declarator(head []Token) (Func, bool) {
	last := len(head) - 1
	if last < 3 || head[last].Text != ")" || head[0].Text == "typedef" {
		return Func{}, false
	}
	open := last
	for depth := 0; open >= 0; open-- {
		if head[open].Text == ")" {
			depth++
		} else if head[open].Text == "(" {
			if depth--; depth == 0 {
				break
			}
		}
	}
	if open < 2 || head[open-1].Kind != Ident {
		return Func{}, false
	}
	f := Func{Name: head[open-1].Text, Line: head[open-1].Line}
	var result []Token
	for _, t := range head[:open-1] {
		switch t.Text {
		case "static":
			f.Static = true
		case "=": // the initialiser of a variable
			return Func{}, false
		case "extern", "inline", "__owur":
		default:
			result = append(result, t)
		}
	}
	f.Result = Text(result)
	for _, arg := range Args(head[open:]) {
		if text := Text(arg); text != "void" {
			f.Params = append(f.Params, text)
		}
	}
	return f, true
}

// Match returns the index of the bracket that closes the one at index open, or the last index.
func Match(tokens []Token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		if tokens[i].Kind != Punct {
			continue
		}
		switch tokens[i].Text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

// Args splits the arguments of a call; tokens begins with its "(". An empty list has none.
func Args(tokens []Token) [][]Token {
	end := Match(tokens, 0)
	if end <= 1 {
		return nil
	}
	var args [][]Token
	start, depth := 1, 0
	for i := 1; i <= end; i++ {
		switch tokens[i].Text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		if i == end || tokens[i].Text == "," && depth == 0 {
			args = append(args, tokens[start:i])
			start = i + 1
		}
	}
	return args
}

// Text writes tokens on one line, with one blank where the source has blanks, line ends or comments.
func Text(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && t.Start > tokens[i-1].End {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
	}
	return b.String()
}
