package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

/*
Random programs: legal sequences of operations, made of bytes, so that the same bytes make the same program and a fuzzer can change it.

Legal means that C survives, and that what it does is determined. The rules, by what they spare:

	crash, or refused by the binding (doc.go, SEMANTICS 3)
	  R1  After SSL_set_session, SSL_copy_session_id or an error on an SSL whose handshake has begun, only getters, SSL_clear before a
	      new link, and free: no I/O (cleartext, ErrNoSession), and no SSL_get_servername, which takes a session that was resumed to be there.
	  R2  A session, and all that may be the same object, belongs to one SSL_CTX if it is added to a cache (ErrOtherCtx). See group.
	  R3  SSL_SESSION_set1_id and set_protocol_version only of a session that nobody else has seen, and an id is never empty (ErrShared).
	  R4  A callback executes nothing on an SSL that may be in a handshake: only on idle ones, which are never joined (ErrInCallback).
	  R5  A remove callback executes nothing of a cache (ErrInRemoveCallback).
	  R6  A name that is bound to NULL is used where C takes NULL. The generator only expects which are (likely): C tells, and legal leaves the others out.
	  R7  A name that a callback may free is used nowhere else.
	  R8  I/O only after a link; no handshake with a peer that has another partner by now.
	undetermined
	  R9  Bytes and encodings only of sessions that nobody has used: others have random ids, and random numbers of varying length.
	  R10 A flush has no order: what a remove callback executes has the same result in any (idle SSLs, reserved sessions).
	  R11 Times are far from the limit that they are compared with.
	bounded by the drivers
	  R12 Of each kind of callback, eight in a program; of indices, four.

Not generated: SSL_SESSION_set_cipher with an unknown number and ex_data of an unknown index, where the binding differs on purpose.
*/

// Program makes a program of bytes. It ends where they end.
func Program(data []byte) string {
	g := &generator{in: source{data}, installs: map[string]int{}}
	g.prologue()
	for len(g.in.left) > 0 && len(g.lines) < maxProgram {
		g.move()
	}
	return "scenario random\nproves nothing\n" + strings.Join(g.lines, "\n") + "\n"
}

// maxProgram bounds the operations of a program, if only at the end of a move.
const maxProgram = 60

// ProgramBytes are the bytes of a seed.
func ProgramBytes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, 30+r.IntN(120))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// source are the decisions that are left. Beyond its end each is 0.
type source struct{ left []byte }

// n decides between n things.
func (s *source) n(n int) int {
	if len(s.left) == 0 || n < 2 {
		return 0
	}
	b := s.left[0]
	s.left = s.left[1:]
	return int(b) % n
}

// group are sessions and SSLs that may have the same SSL_SESSION, and the SSL_CTXs in whose caches it may be. Two that meet become one.
type group struct {
	into   *group
	ctxs   []*rctx
	pinned bool // a callback may add it to a cache later
}

func (g *group) root() *group {
	for g.into != nil {
		g = g.into
	}
	return g
}

func (g *group) meet(other *group) {
	a, b := g.root(), other.root()
	if a == b {
		return
	}
	b.into = a
	a.pinned = a.pinned || b.pinned
	for _, k := range b.ctxs {
		a.add(k)
	}
}

func (g *group) add(k *rctx) {
	if r := g.root(); !slices.Contains(r.ctxs, k) {
		r.ctxs = append(r.ctxs, k)
	}
}

// only reports whether no other SSL_CTX than k may have it.
func (g *group) only(k *rctx) bool {
	return !slices.ContainsFunc(g.root().ctxs, func(other *rctx) bool { return other != k })
}

// words are the names of one object that have their reference.
type words struct{ names []string }

func (w *words) live() bool   { return len(w.names) > 0 }
func (w *words) word() string { return w.names[0] }

// rctx is an SSL_CTX.
type rctx struct {
	words
	server   bool
	versions []string
	odd      bool   // a setting may keep its SSLs from getting a session
	keys     bool   // the ticket keys are the program's
	served   *group // what its get callbacks may return
}

func (k *rctx) dtls() bool { return strings.HasPrefix(k.versions[0], "dtls") }

// state is how far an SSL is.
type state int

const (
	fresh  state = iota
	joined       // and nothing sent yet
	begun
	spoiled // R1
)

// rssl is an SSL.
type rssl struct {
	words
	home   *rctx
	state  state
	idle   bool // R4
	likely bool // its session is not NULL
	odd    bool
	fd     bool
	peer   *rssl
	group  *group
}

// rsession is an SSL_SESSION, as one name has it.
type rsession struct {
	words
	likely   bool // it is not NULL, as far as the generator can tell
	private  bool // R3, R9
	reserved bool // for callbacks
	kept     bool // a callback answers with it as long as there is one, so that it is never freed
	hasID    bool
	group    *group
}

// generator is the program so far.
type generator struct {
	in       source
	lines    []string
	count    map[byte]int
	ctxs     []*rctx
	ssls     []*rssl
	sessions []*rsession
	indices  map[kind]int
	installs map[string]int
}

func (g *generator) do(format string, args ...any) {
	g.lines = append(g.lines, fmt.Sprintf(format, args...))
}

func (g *generator) last() string { return g.lines[len(g.lines)-1] }

// name makes a new one that begins with a letter.
func (g *generator) name(letter byte) string {
	if g.count == nil {
		g.count = map[byte]int{}
	}
	g.count[letter]++
	return fmt.Sprintf("%c%d", letter, g.count[letter])
}

func (g *generator) chance(of int) bool            { return g.in.n(of) == of-1 }
func (g *generator) choose(words ...string) string { return words[g.in.n(len(words))] }

// pick returns one of the items that a condition holds for, or nil.
func pick[T any](g *generator, items []*T, ok func(*T) bool) *T {
	var fit []*T
	for _, item := range items {
		if ok(item) {
			fit = append(fit, item)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[len(fit)-1-g.in.n(len(fit))] // the newest if there is nothing left to decide with
}

func (g *generator) ctx(ok func(*rctx) bool) *rctx {
	return pick(g, g.ctxs, func(k *rctx) bool { return k.live() && ok(k) })
}

func (g *generator) ssl(ok func(*rssl) bool) *rssl {
	return pick(g, g.ssls, func(s *rssl) bool { return s.live() && ok(s) })
}

// session picks one that is likely not NULL, and not reserved.
func (g *generator) session(ok func(*rsession) bool) *rsession {
	return pick(g, g.sessions, func(a *rsession) bool { return a.live() && a.likely && !a.reserved && ok(a) })
}

func anyCtx(*rctx) bool         { return true }
func anySession(*rsession) bool { return true }
func anySSL(s *rssl) bool       { return !s.idle }

// versionSets are the versions of an SSL_CTX; those of one family can mostly talk to each other.
var versionSets = [][]string{{"1.2", "1.3"}, {"1.3"}, {"1.2"}, {"1.0", "1.3"}, {"1.0", "1.2"}}

func (g *generator) newCtx(server, dtls bool) *rctx {
	k := &rctx{server: server, versions: versionSets[g.in.n(len(versionSets))]}
	if dtls {
		k.versions = []string{g.choose("dtls1.2", "dtls1.0")}
	}
	role, letter := "client", byte('K')
	if server {
		role, letter = "server", 'V'
	}
	k.names = []string{g.name(letter)}
	g.ctxs = append(g.ctxs, k)
	if dtls || !g.chance(10) {
		g.do("%s = %s %s", k.word(), role, strings.Join(k.versions, " "))
		return k
	}
	k.versions = []string{"1.0", "1.3"}
	g.do("%s = SSL_CTX_new %s", k.word(), g.choose("TLS_method", "TLS_"+role+"_method"))
	if server {
		g.do("certificate %s", k.word())
		g.do("SSL_CTX_set_session_id_context %s ops", k.word())
	}
	return k
}

// talk reports whether they have a version in common.
func talk(a, b *rctx) bool {
	low := max(a.versions[0], b.versions[0])
	high := min(a.versions[len(a.versions)-1], b.versions[len(b.versions)-1])
	return a.dtls() == b.dtls() && low <= high
}

// prologue makes a client's and a server's SSL_CTX, and first connections.
func (g *generator) prologue() {
	dtls := g.chance(16)
	server := g.newCtx(true, dtls)
	client := g.newCtx(false, dtls)
	for range g.in.n(4) {
		g.configure(server)
	}
	for range g.in.n(2) {
		g.configure(client)
	}
	for range g.in.n(3) {
		g.hookOf(server)
		g.hookOf(client)
	}
	g.connect()
	if g.in.n(4) > 0 {
		g.connect()
	}
}

func (g *generator) newSSL(k *rctx, letter byte) *rssl {
	s := &rssl{words: words{[]string{g.name(letter)}}, home: k, odd: k.odd, group: &group{ctxs: []*rctx{k}}}
	if k.served != nil {
		s.group.meet(k.served)
	}
	g.do("%s = SSL_new %s", s.word(), k.word())
	g.ssls = append(g.ssls, s)
	return s
}

func (g *generator) newSession(format string, args ...any) *rsession {
	a := &rsession{words: words{[]string{g.name('A')}}, likely: true, group: &group{}}
	g.do("%s = %s", a.word(), fmt.Sprintf(format, args...))
	g.sessions = append(g.sessions, a)
	return a
}

// use notes that an SSL or an SSL_CTX may hold the session from now on.
func (a *rsession) use(g *group) {
	a.private = false
	a.group.meet(g)
}
