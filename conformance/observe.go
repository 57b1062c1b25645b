package conformance

import (
	"bytes"
	"sort"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// pointer returns the C object of a handle, to tell objects apart.
func pointer(h diag.Handle) (p unsafe.Pointer) {
	h.With(func(q unsafe.Pointer) { p = q })
	return p
}

func refs(h diag.Handle) int {
	n, err := diag.Refs(h)
	if err != nil {
		panic(err)
	}
	return n
}

// nameOf returns the oldest name of an object, one that still has its reference if possible; "" if there is none.
func (d *driver) nameOf(k kind, ptr unsafe.Pointer, freedToo bool) string {
	freed := ""
	for _, n := range d.names {
		if n.kind != k || n.ptr != ptr || n.handle == nil || n.dead {
			continue
		}
		if n.owned {
			return n.word
		}
		if freed == "" && freedToo {
			freed = n.word
		}
	}
	return freed
}

func orUnknown(word string) string {
	if word == "" {
		return "?"
	}
	return word
}

// tagOf is what ctest knows a name's session by.
func (d *driver) tagOf(i int) int { return d.tags + i }

// addDeaths adds the deaths since the last call to the events, of which it is called before each.
func (d *driver) addDeaths() {
	for _, tag := range ctest.Deaths() {
		i := tag - d.tags
		if i < 0 || i >= len(d.names) {
			continue // left by another scenario
		}
		ptr := d.names[i].ptr
		d.events = append(d.events, map[string]any{"freed": d.nameOf(sessionKind, ptr, true)})
		d.bury(sessionKind, ptr)
	}
}

// bury notes that an address no longer names the object that it named.
func (d *driver) bury(k kind, ptr unsafe.Pointer) {
	for _, n := range d.names {
		if n.kind == k && n.ptr == ptr {
			n.dead = true
		}
	}
}

// Fields by which sessions are recognised.
func idOf(s *libssl.Session) []byte     { return s.ID() }
func ticketOf(s *libssl.Session) []byte { return s.Ticket() }
func keyOf(s *libssl.Session) []byte    { return s.MasterKey() }

// sessionBy returns the oldest live session whose field has this value, "" for an empty value.
func (d *driver) sessionBy(field func(*libssl.Session) []byte, want []byte) string {
	if len(want) == 0 {
		return ""
	}
	for _, n := range d.names {
		if n.kind == sessionKind && n.owned && bytes.Equal(field(n.handle.(*libssl.Session)), want) {
			return n.word
		}
	}
	return "?"
}

func (d *driver) sessionState(s *libssl.Session) map[string]any {
	return map[string]any{
		"refs":      refs(s),
		"resumable": number(s.IsResumable()),
		"id":        d.sessionBy(idOf, s.ID()),
		"version":   versionName(s.ProtocolVersion()),
		"cipher":    s.Cipher(),
		"ticket":    d.sessionBy(ticketOf, s.Ticket()),
		"timeout":   int64(s.Timeout() / time.Second),
		"early":     s.MaxEarlyData(),
		"host":      s.Hostname(),
		"alpn":      s.ALPNSelected(),
		"key":       d.sessionBy(keyOf, s.MasterKey()),
	}
}

func (d *driver) sslState(n *name) map[string]any {
	ssl := n.handle.(*libssl.SSL)
	session, sessionRefs := "", 0
	if p := ctest.GetSession(n.ptr); p != nil {
		session = orUnknown(d.nameOf(sessionKind, p, false))
		// Not by (*SSL).Session: what only looks must not change what the binding knows.
		borrowed := libssl.BorrowSession(p)
		sessionRefs = refs(borrowed) - 1
		borrowed.Free()
	}
	return map[string]any{
		"refs":     refs(ssl),
		"session":  session,
		"sessrefs": sessionRefs,
		"reused":   number(ssl.SessionReused()),
		"verify":   ssl.VerifyResult(),
		"version":  versionName(ssl.Version()),
		"init":     number(ssl.InInit()),
		"before":   number(ssl.InBefore()),
		"shutdown": ssl.GetShutdown(),
	}
}

func ctxState(ctx *libssl.Ctx) map[string]any {
	m := map[string]any{"refs": refs(ctx)}
	for name, n := range map[string]int{
		"number":              ctx.SessNumber(),
		"connect":             ctx.SessConnect(),
		"connect_good":        ctx.SessConnectGood(),
		"connect_renegotiate": ctx.SessConnectRenegotiate(),
		"accept":              ctx.SessAccept(),
		"accept_good":         ctx.SessAcceptGood(),
		"accept_renegotiate":  ctx.SessAcceptRenegotiate(),
		"hits":                ctx.SessHits(),
		"cb_hits":             ctx.SessCbHits(),
		"misses":              ctx.SessMisses(),
		"timeouts":            ctx.SessTimeouts(),
		"cache_full":          ctx.SessCacheFull(),
	} {
		if n != 0 {
			m[name] = n
		}
	}
	return m
}

// now returns the states that changed since they were last shown.
func (d *driver) now() map[string]any {
	now := map[string]any{}
	for _, n := range d.names {
		if !n.owned || n.dead {
			continue
		}
		var state map[string]any
		switch h := n.handle.(type) {
		case *libssl.Session:
			state = d.sessionState(h)
		case *libssl.SSL:
			state = d.sslState(n)
		case *libssl.Ctx:
			state = ctxState(h)
		}
		if shown := text(state); n.shown != shown {
			n.shown = shown
			now[n.word] = state
		}
	}
	return now
}

// current returns the live SSLs whose session this is.
func (d *driver) current(session unsafe.Pointer) []string {
	words := []string{}
	for _, n := range d.names {
		if n.kind == sslKind && n.owned && !n.dead && ctest.GetSession(n.ptr) == session {
			words = append(words, n.word)
		}
	}
	sort.Strings(words)
	return words
}
