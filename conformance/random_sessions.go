package conformance

import (
	"slices"
	"strings"
)

// copySession makes a session of another, or an SSL of another.
func (g *generator) copySession() {
	if g.chance(4) {
		g.dupSSL()
		return
	}
	a := g.session(anySession)
	if a == nil {
		return
	}
	op := g.choose("reparse", "repem", "without_ems", "SSL_SESSION_dup")
	b := g.newSession("%s %s", op, a.word())
	b.private, b.hasID = a.private, a.hasID
}

// dupSSL makes a copy before the handshake, and later another reference to the same SSL.
func (g *generator) dupSSL() {
	c := g.ssl(func(c *rssl) bool { return !c.idle && (c.state == fresh || c.state == begun && c.likely) })
	if c == nil {
		return
	}
	word := g.name('d')
	g.do("%s = SSL_dup %s", word, c.word())
	if c.state == begun {
		c.names = append(c.names, word)
		return
	}
	d := &rssl{words: words{[]string{word}}, home: c.home, odd: true, likely: c.likely, group: c.group}
	g.ssls = append(g.ssls, d)
}

// cache is a call of an SSL_CTX's cache.
func (g *generator) cache() {
	k := g.ctx(anyCtx)
	if k == nil {
		return
	}
	switch g.in.n(6) {
	case 0:
		g.do("SSL_CTX_flush_sessions %s %s", k.word(), g.choose("0", "now", "now+200000", "now-200000"))
	case 1:
		if a := pick(g, g.sessions, func(a *rsession) bool { return a.live() && !a.reserved }); a != nil { // NULL is legal
			g.do("SSL_CTX_remove_session %s %s", k.word(), a.word())
			a.private = false
		}
	case 2:
		g.do("SSL_CTX_sess_set_cache_size %s %s", k.word(), g.choose("1", "2"))
		g.addSession(k)
	default:
		g.addSession(k)
	}
}

func (g *generator) addSession(k *rctx) {
	a := g.session(func(a *rsession) bool { return a.hasID && a.group.only(k) })
	if a == nil {
		return
	}
	g.do("SSL_CTX_add_session %s %s", k.word(), a.word())
	a.private = false
	a.group.add(k)
}

// make builds a session by hand: one that a server may find in its cache and a client offer, or a pre-shared one.
func (g *generator) make() {
	if g.chance(8) {
		g.newSession("%s", g.choose("parse 3000", "parse_pem 41", "SSL_SESSION_new")).likely = false
		return
	}
	a := g.newSession("SSL_SESSION_new")
	a.private = true
	for _, op := range []string{
		"set1_id %s " + g.choose("id", "another", strings.Repeat("i", 32)), "set_protocol_version %s " + g.choose("1.2", "1.3", "1.2", "1.1"),
		"set1_id_context %s " + g.choose("ops", "ops", "other"), "set_cipher %s " + g.choose("0xc02b", "0x1301", "0x1302"), "set1_master_key %s " + g.choose("6b*48", "6b*32"),
		"set_time %s " + g.choose("now", "now-400"), "set_timeout %s " + g.choose("7200", "300", "100000"),
	} {
		if !g.chance(12) {
			g.do("SSL_SESSION_"+op, a.word())
			a.hasID = a.hasID || strings.HasPrefix(op, "set1_id ")
		}
	}
	if g.chance(3) {
		g.do("%s %s", g.choose(privateGetters...), a.word())
	}
	if g.chance(6) {
		g.do("SSL_SESSION_set_time %s 5", a.word())
		g.do("SSL_SESSION_get_time %s", a.word())
	}
	k := g.ctx(func(k *rctx) bool { return a.hasID && k.server })
	if k == nil || !g.chance(3) {
		return
	}
	b := g.newSession("SSL_SESSION_dup %s", a.word())
	b.hasID = true
	g.do("SSL_CTX_add_session %s %s", k.word(), b.word())
	b.group.add(k)
}

// change sets something in a session.
func (g *generator) change() {
	a := g.session(func(a *rsession) bool { return a.private || g.chance(2) })
	if a == nil {
		return
	}
	w := a.word()
	switch g.in.n(12) {
	case 0:
		g.do("SSL_SESSION_set_time %s %s", w, g.choose("now-100000", "now+100000", "now", "now-400"))
	case 1:
		g.do("SSL_SESSION_set_timeout %s %s", w, g.choose("300", "7200", "-1000", "100000"))
	case 2:
		g.do("SSL_SESSION_set1_id_context %s %s", w, g.choose("ops", "other", strings.Repeat("x", 33)))
	case 3:
		g.do("SSL_SESSION_set1_hostname %s %s", w, g.choose("localhost", "other", "NULL"))
	case 4:
		g.do("SSL_SESSION_set1_alpn_selected %s %s", w, g.choose("h2", "-"))
	case 5:
		g.do("SSL_SESSION_set_max_early_data %s %s", w, g.choose("1000", "0"))
	case 6:
		g.do("SSL_SESSION_set_cipher %s %s", w, g.choose("0xc02b", "0x1301", "0x1302"))
	case 7:
		g.do("SSL_SESSION_set1_master_key %s %s", w, g.choose("6b*48", "6b*32", "6b*257"))
	case 8:
		g.do("SSL_SESSION_set1_ticket_appdata %s %s", w, g.choose("data", "-"))
	default: // R3
		if a.private {
			g.do("SSL_SESSION_set1_id %s %s", w, g.choose("id", "another", strings.Repeat("x", 33)))
			g.do("SSL_SESSION_set_protocol_version %s %s", w, g.choose("1.2", "1.3"))
			a.hasID = true
		}
	}
}

// What is read of a session: of any, of one that nobody has used (R9).
var (
	sessionGetters = []string{
		"is_resumable", "get_protocol_version", "get0_cipher", "get_compress_id", "get0_hostname", "get0_alpn_selected", "has_ticket",
		"get_ticket_lifetime_hint", "get_max_early_data", "get_max_fragment_length", "get_master_key", "get0_peer", "get0_ticket_appdata",
		"get0_id_context", "get_timeout", "print_keylog",
	}
	privateGetters = []string{"SSL_SESSION_get_id", "SSL_SESSION_get0_ticket", "SSL_SESSION_print", "i2d_SSL_SESSION", "PEM_write_bio_SSL_SESSION"}
	sslGetters     = []string{
		"SSL_session_reused", "SSL_get_verify_result", "SSL_get_early_data_status", "SSL_get_psk_identity",
		"SSL_get_psk_identity_hint", "SSL_client_hello_get0_session_id", "SSL_get_num_tickets",
	}
	ctxGetters = []string{
		"get_session_cache_mode", "sess_get_cache_size", "sess_number", "sess_connect", "sess_connect_good", "sess_connect_renegotiate", "sess_accept",
		"sess_accept_good", "sess_accept_renegotiate", "sess_hits", "sess_cb_hits", "sess_misses", "sess_timeouts", "sess_cache_full", "get_timeout",
		"get_num_tickets", "get_max_early_data", "get_recv_max_early_data",
	}
)

// look reads.
func (g *generator) look() {
	switch g.in.n(5) {
	case 0:
		if a := g.session(func(a *rsession) bool { return a.private }); a != nil {
			g.do("%s %s", g.choose(privateGetters...), a.word())
		}
	case 1:
		if a := g.session(anySession); a != nil {
			g.do("SSL_SESSION_%s %s", g.choose(sessionGetters...), a.word())
		}
	case 2:
		if s := g.ssl(anySSL); s != nil {
			getters := sslGetters
			if s.state != spoiled { // R1
				getters = append(slices.Clone(getters), "SSL_get_servername")
			}
			g.do("%s %s", g.choose(getters...), s.word())
		}
	case 3:
		if k := g.ctx(anyCtx); k != nil {
			g.do("SSL_CTX_%s %s", g.choose(ctxGetters...), k.word())
		}
	default:
		s, a := g.ssl(anySSL), g.session(anySession)
		if s == nil || a == nil {
			return
		}
		if g.chance(2) {
			g.do("matching_id %s %s", s.word(), g.choose("id", "another", "-"))
			return
		}
		g.do("SSL_has_matching_session_id %s %s", s.word(), a.word())
	}
}
