package conformance

import "fmt"

// callback installs one of the callbacks other than the cache's, on an SSL_CTX or on an SSL that has not begun.
func (g *generator) callback() {
	k := g.ctx(anyCtx)
	if k == nil {
		return
	}
	var s *rssl
	if g.chance(3) {
		s = g.ssl(func(s *rssl) bool { return s.state <= joined && !s.idle && s.home == k })
	}
	g.callbackOf(k, s)
}

// callbackOf takes the SSL_CTX if there is no SSL.
func (g *generator) callbackOf(k *rctx, s *rssl) {
	word, prefix := "", "SSL_set_"
	if s != nil {
		word = s.word()
		s.odd = true
	} else {
		word, prefix = k.word(), "SSL_CTX_set_"
		k.odd = true
	}
	op, answer := "", ""
	switch g.in.n(11) {
	case 9:
		if s == nil {
			op, answer = "info_callback", g.choose("0x30", "0x4000", "0x10")
		}
	case 10:
		if s == nil {
			op, answer = "client_cert_cb", g.choose("1", "0")
		}
	case 0:
		op, answer = "generate_session_id", g.choose("anid", "another", "-")
	case 1:
		op, answer = "not_resumable_session_callback", g.choose("0", "1")
	case 2:
		op, answer = "allow_early_data_cb", g.choose("1", "0")
	case 3:
		op, answer = "psk_client_callback", g.choose("me 6b*16", "me 6c*16")
		g.pskCiphers(word, s != nil)
	case 4:
		op, answer = "psk_server_callback", g.choose("6b*16", "-")
		g.pskCiphers(word, s != nil)
	case 5, 6:
		g.external(word, prefix, k, s)
		return
	case 7:
		if s == nil {
			op, answer = "session_ticket_cb", fmt.Sprintf("data %s %s", g.choose("1", "0"), g.choose("2", "3", "1", "4"))
		}
	default:
		if s == nil {
			op, answer = "tlsext_ticket_key_cb", fmt.Sprintf("%s %s %s %s", g.choose("one", "two"), g.choose("1", "1", "0"), g.choose("one", "two"), g.choose("1", "2", "0"))
		}
	}
	if op == "" || !g.room(op) {
		return
	}
	if g.chance(6) {
		answer = "off"
	} else if k.live() {
		answer += g.nested(k)
	}
	g.do("%s%s %s %s", prefix, op, word, answer)
}

// pskCiphers lets them be chosen.
func (g *generator) pskCiphers(word string, ssl bool) {
	if !g.chance(2) {
		return
	}
	set := "SSL_CTX_set_cipher_list"
	if ssl {
		set = "SSL_set_cipher_list"
	}
	g.do("%s %s PSK-AES128-GCM-SHA256:DHE-PSK-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", set, word)
}

// external makes a TLS 1.3 session for a pre-shared key and the callback that answers with it.
func (g *generator) external(word, prefix string, k *rctx, s *rssl) {
	op := g.choose("psk_use_session_callback", "psk_find_session_callback")
	if !g.room(op) {
		return
	}
	a := g.newSession("SSL_SESSION_new")
	a.kept = true
	for _, set := range []string{"set_protocol_version %s 1.3", "set_cipher %s 0x1301", "set1_master_key %s 6b*32"} {
		g.do("SSL_SESSION_"+set, a.word())
	}
	if g.chance(3) {
		g.do("SSL_SESSION_set_max_early_data %s 1000", a.word())
	}
	if s != nil {
		a.use(s.group)
	} else {
		a.serve(g, k)
	}
	answer := a.word()
	if op == "psk_use_session_callback" {
		answer += " me"
	}
	g.do("%s%s %s %s", prefix, op, word, answer)
}
