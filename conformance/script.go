// Package conformance runs one script with libssl itself and with its Go binding, and compares what was seen. README.md specifies scripts and traces.
package conformance

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// Scenario is one scenario of a script.
type Scenario struct {
	File   string
	Name   string
	Proves []string // clauses of SEMANTICS
	Needs  []string // "oom": an allocator that can be told to fail; "C": not the binding
	Ops    []*Op

	Path  string // of the script
	names []declared
}

// CAlone reports whether the scenario is for C alone: it says so, or uses an operation that the binding does not have.
func (s *Scenario) CAlone() bool {
	return slices.Contains(s.Needs, "C") || slices.ContainsFunc(s.Ops, func(op *Op) bool { return op.def.run == nil })
}

// declared is a name of a scenario, in order of birth.
type declared struct {
	word  string
	kind  kind
	freed bool // while the script is read
}

// Op is one line of a scenario.
type Op struct {
	Text string // blanks folded, without comment
	Line int

	name  string
	def   *opdef
	args  []value
	makes int    // index of the name that it binds, or -1
	off   bool   // of a callback: it is removed
	run   *Op    // of a callback: what it executes
	hook  string // "on" only
	serve int    // on K get: A; -1 for NULL
}

// value is a word of an operation, understood.
type value struct {
	word     string
	null     bool // a string that is NULL
	name     int  // an index; -1 for NULL
	number   int64
	relative bool // a time that starts with "now"; number is the difference
	method   func() libssl.Method
	bytes    []byte
}

// Scripts returns the paths of the suite's scripts, and of the one that uses every operation.
func Scripts() []string {
	files, _ := filepath.Glob(filepath.Join(dir(), "ops", "*.ops"))
	return append(files, filepath.Join(dir(), "cdriver", "selftest.ops"))
}

// kind is what a name stands for.
type kind int

const (
	none kind = iota
	ctxKind
	sslKind
	sessionKind
	sameKind // as the first argument's
)

func (k kind) String() string {
	return [...]string{"no object", "an SSL_CTX", "an SSL", "an SSL_SESSION", "an object"}[k]
}

// maxWord bounds strings, so that the length of one fits the byte that ALPN has for it.
const maxWord = 255

type parser struct {
	path, file string
	line       int
	scenarios  []*Scenario
	current    *Scenario
}

// wrong is a mistake in a script; Parse turns it into its error.
type wrong struct{ error }

func (p *parser) fail(format string, args ...any) {
	panic(wrong{fmt.Errorf("%s:%d: %s", p.file, p.line, fmt.Sprintf(format, args...))})
}

// Parse reads a script. Anything wrong in it is an error that names the line.
func Parse(file string) ([]*Scenario, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parse(file, f)
}

// ParseText is Parse of a script that is in no file.
func ParseText(script string) ([]*Scenario, error) { return parse("", strings.NewReader(script)) }

func parse(path string, script io.Reader) (scenarios []*Scenario, err error) {
	p := &parser{path: path, file: filepath.Base(path)}
	defer func() {
		if r := recover(); r != nil {
			w, ok := r.(wrong)
			if !ok {
				panic(r)
			}
			scenarios, err = nil, w.error
		}
	}()
	lines := bufio.NewScanner(script)
	for lines.Scan() {
		p.line++
		text, _, _ := strings.Cut(lines.Text(), "#")
		if words := strings.Fields(text); len(words) > 0 {
			p.parseLine(words)
		}
	}
	return p.scenarios, lines.Err()
}

func (p *parser) parseLine(words []string) {
	if words[0] == "scenario" {
		if len(words) != 2 {
			p.fail("scenario takes one name")
		}
		p.current = &Scenario{File: p.file, Name: words[1], Path: p.path}
		p.scenarios = append(p.scenarios, p.current)
		return
	}
	s := p.current
	switch {
	case s == nil:
		p.fail("%s stands before the first scenario", words[0])
	case words[0] == "proves":
		s.Proves = append(s.Proves, words[1:]...)
		return
	case words[0] == "needs":
		s.Needs = append(s.Needs, words[1:]...)
		return
	}
	binds := len(words) > 1 && words[1] == "="
	rest := words
	if binds {
		rest = words[2:]
	}
	op := p.parseOp(rest)
	op.Text = strings.Join(words, " ")
	s.Ops = append(s.Ops, op)
	if binds != (op.def.makes != none) {
		p.fail("%s returns %v", op.name, op.def.makes)
	}
	if binds {
		p.bind(op, words[0])
	}
	if op.name == "free" {
		s.names[op.args[0].name].freed = true
	}
}

func (p *parser) bind(op *Op, word string) {
	s := p.current
	if slices.ContainsFunc(s.names, func(n declared) bool { return n.word == word }) {
		p.fail("%s is bound already", word)
	}
	k := op.def.makes
	if k == sameKind {
		k = s.names[op.args[0].name].kind
	}
	op.makes = len(s.names)
	s.names = append(s.names, declared{word: word, kind: k})
}

// parseOp reads an operation without "X =" before it.
func (p *parser) parseOp(words []string) *Op {
	if len(words) == 0 {
		p.fail("an operation is missing")
	}
	op := &Op{Text: strings.Join(words, " "), Line: p.line, name: words[0], makes: -1, serve: -1}
	if op.name == "on" {
		p.parseOn(op, words[1:])
		return op
	}
	op.def = operations[op.name]
	if op.def == nil {
		p.fail("%s is no operation", op.name)
	}
	letters, repeats := strings.CutSuffix(op.def.words, "+")
	words = words[1:]
	if objects, answer, ok := strings.Cut(letters, "|"); ok {
		letters, words = p.parseAnswer(op, objects, answer, words)
	}
	if len(words) < len(letters) || len(words) > len(letters) && !repeats {
		p.fail("%s has %d words after it, wants %d", op.name, len(words), len(letters))
	}
	for i, word := range words {
		op.args = append(op.args, p.parseValue(letters[min(i, len(letters)-1)], word))
	}
	return op
}

// parseAnswer reads what is special to an operation that installs a callback: "off" instead of the answer, or after a colon an operation. It returns
// the letters that are left, and their words.
func (p *parser) parseAnswer(op *Op, objects, answer string, words []string) (string, []string) {
	n := len(objects) + len(answer)
	if len(words) == len(objects)+1 && words[len(objects)] == "off" {
		op.off = true
		return objects, words[:len(objects)]
	}
	if len(words) >= n {
		if last, ok := strings.CutSuffix(words[n-1], ":"); ok {
			op.run = p.parseNested(words[n:])
			words = append(slices.Clone(words[:n-1]), last)
		}
	}
	return objects + answer, words
}

// parseNested reads what a callback executes.
func (p *parser) parseNested(words []string) *Op {
	op := p.parseOp(words)
	if op.name == "oom" || op.def.makes != none || op.def.run == nil {
		p.fail("a callback cannot execute %s", op.name)
	}
	return op
}

// parseOn reads what follows "on": K new|remove|get, then nothing, "off", or after a colon an operation (for get: a session, which an operation may
// follow).
func (p *parser) parseOn(op *Op, words []string) {
	op.def = &onDef
	if len(words) < 2 {
		p.fail("on: which SSL_CTX, which callback?")
	}
	op.args = []value{p.parseValue('k', words[0])}
	hook, more := strings.CutSuffix(words[1], ":")
	op.hook = hook
	words = words[2:]
	switch {
	case hook != "new" && hook != "remove" && hook != "get":
		p.fail("%s is no callback", hook)
	case !more:
		op.off = len(words) == 1 && words[0] == "off"
		if len(words) > 0 && !op.off {
			p.fail("on %s: wrong number of words", hook)
		}
	case hook == "get":
		if len(words) == 0 {
			p.fail("on %s: takes one session", hook)
		}
		word, more := strings.CutSuffix(words[0], ":")
		if more != (len(words) > 1) {
			p.fail("on %s: takes one session", hook)
		}
		op.serve = p.object(word, sessionKind)
		if more {
			op.run = p.parseNested(words[1:])
		}
	default:
		op.run = p.parseNested(words)
	}
}

func (p *parser) object(word string, k kind) int {
	if word == "NULL" {
		return -1
	}
	i := slices.IndexFunc(p.current.names, func(n declared) bool { return n.word == word })
	if i < 0 {
		p.fail("%s is not bound", word)
	}
	n := p.current.names[i]
	if n.freed {
		p.fail("%s was freed", word)
	}
	if k != none && n.kind != k {
		p.fail("%s is %v, not %v", word, n.kind, k)
	}
	return i
}

// parseValue understands a word by the letter that stands for it in opdef.words.
func (p *parser) parseValue(letter byte, word string) value {
	v := value{word: word, name: -1}
	switch letter {
	case 'k':
		v.name = p.object(word, ctxKind)
	case 's':
		v.name = p.object(word, sslKind)
	case 'a':
		v.name = p.object(word, sessionKind)
	case 'o':
		v.name = p.object(word, none)
		if v.name < 0 {
			p.fail("NULL has no kind here")
		}
	case 'n':
		v.number = p.number(word)
	case 'v':
		v.number = p.version(word)
	case 't':
		p.time(&v)
	case 'x':
		v.bytes = p.hex(word)
	case 'w':
		v.null = word == "NULL"
		if word == "-" || v.null {
			v.word = ""
		}
		if len(word) > maxWord {
			p.fail("a string of more than %d bytes", maxWord)
		}
	case 'm':
		if v.method = methods[word]; v.method == nil {
			p.fail("%s is no method", word)
		}
	}
	return v
}

// hex understands HEX, and HEX*N for N times the same.
func (p *parser) hex(word string) []byte {
	if word == "NULL" {
		return nil
	}
	digits, times, repeated := strings.Cut(strings.TrimPrefix(word, "-"), "*")
	b, err := hex.DecodeString(digits)
	n := int64(1)
	if repeated && err == nil {
		n, err = parseInt(times)
	}
	if err != nil || n < 0 || n > 1<<16 {
		p.fail("%s are no hexadecimal bytes", word)
	}
	return bytes.Repeat(b, int(n))
}

func (p *parser) number(word string) (all int64) {
	for _, one := range strings.Split(word, "|") {
		n, err := parseInt(one)
		if err != nil {
			var ok bool
			if n, ok = ctest.Constant(one); !ok {
				p.fail("%s is neither a number nor the name of one", one)
			}
		}
		all |= n
	}
	return all
}

// parseInt takes decimal and 0x.
func parseInt(word string) (int64, error) {
	if digits, ok := strings.CutPrefix(word, "0x"); ok {
		return strconv.ParseInt(digits, 16, 64)
	}
	return strconv.ParseInt(word, 10, 64)
}

func (p *parser) version(word string) int64 {
	for number, name := range versionNames {
		if name == word {
			return int64(number)
		}
	}
	n, err := parseInt(word)
	if err != nil || !strings.HasPrefix(word, "0x") {
		p.fail("%s is no version", word)
	}
	return n
}

func (p *parser) time(v *value) {
	rest, relative := strings.CutPrefix(v.word, "now")
	v.relative = relative
	if relative && rest == "" {
		return
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil || relative && rest[0] != '+' && rest[0] != '-' {
		p.fail("%s is no time", v.word)
	}
	v.number = n
}

var versionNames = map[int]string{
	0:                    "0",
	libssl.VersionTLS10:  "1.0",
	libssl.VersionTLS11:  "1.1",
	libssl.VersionTLS12:  "1.2",
	libssl.VersionTLS13:  "1.3",
	libssl.VersionDTLS10: "dtls1.0",
	libssl.VersionDTLS12: "dtls1.2",
}

// versionName is the name of a protocol version, or its number.
func versionName(version int) string {
	if name, ok := versionNames[version]; ok {
		return name
	}
	return fmt.Sprintf("%#x", version)
}

var methods = map[string]func() libssl.Method{
	"TLS_method":             libssl.TLSMethod,
	"TLS_client_method":      libssl.TLSClientMethod,
	"TLS_server_method":      libssl.TLSServerMethod,
	"TLSv1_method":           libssl.TLSv1Method,
	"TLSv1_client_method":    libssl.TLSv1ClientMethod,
	"TLSv1_server_method":    libssl.TLSv1ServerMethod,
	"TLSv1_1_method":         libssl.TLSv11Method,
	"TLSv1_1_client_method":  libssl.TLSv11ClientMethod,
	"TLSv1_1_server_method":  libssl.TLSv11ServerMethod,
	"TLSv1_2_method":         libssl.TLSv12Method,
	"TLSv1_2_client_method":  libssl.TLSv12ClientMethod,
	"TLSv1_2_server_method":  libssl.TLSv12ServerMethod,
	"DTLS_method":            libssl.DTLSMethod,
	"DTLS_client_method":     libssl.DTLSClientMethod,
	"DTLS_server_method":     libssl.DTLSServerMethod,
	"DTLSv1_method":          libssl.DTLSv1Method,
	"DTLSv1_client_method":   libssl.DTLSv1ClientMethod,
	"DTLSv1_server_method":   libssl.DTLSv1ServerMethod,
	"DTLSv1_2_method":        libssl.DTLSv12Method,
	"DTLSv1_2_client_method": libssl.DTLSv12ClientMethod,
	"DTLSv1_2_server_method": libssl.DTLSv12ServerMethod,
}
