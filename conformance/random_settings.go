package conformance

import "strings"

// configure changes an SSL_CTX.
func (g *generator) configure(k *rctx) {
	w := k.word()
	switch g.in.n(24) {
	case 0, 1, 2:
		g.do("SSL_CTX_set_session_cache_mode %s %s", w, g.choose("SESS_CACHE_BOTH", "SESS_CACHE_OFF", "SESS_CACHE_CLIENT", "SESS_CACHE_SERVER",
			"SESS_CACHE_BOTH|SESS_CACHE_NO_INTERNAL_STORE", "SESS_CACHE_BOTH|SESS_CACHE_NO_INTERNAL_LOOKUP", "SESS_CACHE_SERVER|SESS_CACHE_NO_AUTO_CLEAR"))
	case 3, 4:
		g.do("SSL_CTX_sess_set_cache_size %s %s", w, g.choose("1", "2", "3", "0", "-1"))
	case 5, 6, 7:
		g.do("SSL_CTX_set_options %s %s", w, g.choose("OP_NO_TICKET", "OP_NO_TICKET", "OP_ALLOW_NO_DHE_KEX", "OP_NO_ANTI_REPLAY", "OP_NO_ENCRYPT_THEN_MAC",
			"OP_NO_RENEGOTIATION", "OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION"))
	case 8:
		g.do("SSL_CTX_clear_options %s %s", w, g.choose("OP_NO_TICKET", "OP_ENABLE_MIDDLEBOX_COMPAT"))
	case 9:
		g.do("SSL_CTX_set_timeout %s %s", w, g.choose("7200", "100000", "300", "-1000"))
	case 10:
		g.do("SSL_CTX_set_num_tickets %s %s", w, g.choose("1", "3", "0", "4"))
	case 11:
		g.do("SSL_CTX_set_max_early_data %s %s", w, g.choose("1000", "16384", "0"))
	case 12:
		g.do("SSL_CTX_set_recv_max_early_data %s %s", w, g.choose("1000", "3", "0"))
	case 13:
		g.do("SSL_CTX_set_session_id_context %s %s", w, g.choose("ops", "other", strings.Repeat("x", 33)))
	case 14:
		g.do("SSL_CTX_set_cipher_list %s %s", w, g.choose("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ALL", "nothing"))
		k.odd = k.odd || strings.HasSuffix(g.last(), "nothing")
	case 15:
		g.do("SSL_CTX_set_ciphersuites %s %s", w, g.choose("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"))
	case 16:
		g.do("SSL_CTX_set1_groups_list %s %s", w, g.choose("P-256", "P-384", "X25519:P-256", "nothing"))
	case 17:
		g.do("SSL_CTX_set_verify %s %s", w, g.choose("VERIFY_PEER", "VERIFY_NONE"))
		g.do("SSL_CTX_load_verify_locations %s %s", w, g.choose("ca.pem", "missing.pem"))
	case 18:
		g.do("SSL_CTX_set_quiet_shutdown %s %s", w, g.choose("1", "0"))
	case 19:
		g.do("SSL_CTX_set_tlsext_ticket_keys %s %s", w, g.choose("61*80", "62*80", "61*79"))
		k.keys = k.keys || strings.HasSuffix(g.last(), "*80")
		if k.keys {
			g.do("SSL_CTX_get_tlsext_ticket_keys %s", w)
		}
	case 20:
		k.odd = true
		g.do("SSL_CTX_set_%s_proto_version %s %s", g.choose("min", "max"), w, g.choose("0", "1.2", "1.3"))
	case 21:
		g.do("SSL_CTX_use_psk_identity_hint %s %s", w, g.choose("hint", "-", strings.Repeat("h", 130)))
	case 22:
		g.do("SSL_CTX_set_srp_username %s user", w)
		g.do("SSL_CTX_set_srp_password %s word", w)
	default:
		if k.server {
			g.do("certificate %s", w)
		}
	}
}

func (g *generator) configureAny() {
	if k := g.ctx(anyCtx); k != nil {
		g.configure(k)
	}
}

func (g *generator) configureSSL() {
	if s := g.ssl(func(s *rssl) bool { return s.state <= joined }); s != nil {
		g.configureOne(s)
	}
}

// configureOne changes an SSL that has not begun.
func (g *generator) configureOne(s *rssl) {
	w := s.word()
	switch g.in.n(15) {
	case 0, 1:
		g.do("SSL_set_tlsext_host_name %s %s", w, g.choose("localhost", "other"))
	case 2, 3:
		g.do("SSL_set_alpn_protos %s %s", w, g.choose("h2", "http/1.1", "-"))
	case 4:
		g.do("SSL_set_verify %s %s", w, g.choose("VERIFY_PEER", "VERIFY_NONE"))
		s.odd = true
	case 5:
		g.do("SSL_set_verify_result %s %s", w, g.choose("0", "1", "20"))
	case 6:
		g.do("SSL_set_cipher_list %s %s", w, g.choose("ECDHE-ECDSA-AES128-GCM-SHA256", "ALL", "nothing"))
		s.odd = true
	case 7:
		s.odd = true
		g.do("SSL_set_ciphersuites %s %s", w, g.choose("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"))
	case 8:
		g.do("SSL_set_options %s %s", w, g.choose("OP_NO_TICKET", "OP_ALLOW_NO_DHE_KEX"))
	case 9:
		g.do("SSL_set_session_id_context %s %s", w, g.choose("ops", "other", strings.Repeat("x", 33)))
	case 10:
		g.do("SSL_set_num_tickets %s %s", w, g.choose("1", "3", "0"))
		g.do("SSL_get_num_tickets %s", w)
	case 11:
		g.do("SSL_set_recv_max_early_data %s %s", w, g.choose("1000", "3"))
		g.do("SSL_get_recv_max_early_data %s", w)
	case 12:
		g.do("SSL_set_max_early_data %s %s", w, g.choose("1000", "0"))
		g.do("SSL_get_max_early_data %s", w)
	case 13:
		g.do("SSL_use_psk_identity_hint %s %s", w, g.choose("hint", "-", strings.Repeat("h", 130)))
	default:
		file := g.choose("server.pem", "client.pem", "missing.pem")
		g.do("SSL_use_certificate_file %s %s", w, file)
		g.do("cert_is %s %s", w, g.choose("server.pem", "client.pem"))
		s.odd = true
	}
}

// values are those of the program's own.
func (g *generator) values() {
	if g.indices == nil {
		g.indices = map[kind]int{}
	}
	k := []kind{ctxKind, sslKind, sessionKind}[g.in.n(3)]
	prefix := map[kind]string{ctxKind: "SSL_CTX", sslKind: "SSL", sessionKind: "SSL_SESSION"}[k]
	if g.indices[k] == 0 || g.indices[k] < 4 && g.chance(4) { // R12
		g.indices[k]++
		g.do("%s_get_ex_new_index", prefix)
	}
	word := ""
	switch k {
	case ctxKind:
		if x := g.ctx(anyCtx); x != nil {
			word = x.word()
		}
	case sslKind:
		if x := g.ssl(anySSL); x != nil {
			word = x.word()
		}
	default:
		if x := g.session(anySession); x != nil {
			word = x.word()
		}
	}
	if word == "" {
		return
	}
	index := g.in.n(g.indices[k])
	g.do("%s_set_ex_data %s %d %s", prefix, word, index, g.choose("one", "two", "NULL"))
	g.do("%s_get_ex_data %s %d", prefix, word, index)
}

// room reports whether another callback of this kind can be installed: R12.
func (g *generator) room(kind string) bool {
	g.installs[kind]++
	return g.installs[kind] <= 8
}

// hook installs a callback of the cache.
func (g *generator) hook() {
	if k := g.ctx(anyCtx); k != nil {
		g.hookOf(k)
	}
}

func (g *generator) hookOf(k *rctx) {
	if g.chance(8) {
		g.do("on %s %s off", k.word(), g.choose("new", "remove", "get"))
		return
	}
	switch g.in.n(3) {
	case 0:
		g.do("on %s new%s", k.word(), g.nested(k))
	case 1:
		g.do("on %s remove%s", k.word(), g.inRemove())
	default:
		a := g.session(func(a *rsession) bool { return a.group.only(k) && a.hasID })
		if a == nil {
			g.do("on %s get", k.word())
			return
		}
		g.do("on %s get: %s%s", k.word(), a.word(), g.nested(k))
		k.odd = true
		a.serve(g, k)
	}
}

// serve notes that the SSLs of an SSL_CTX, also those to come, may get the session.
func (a *rsession) serve(g *generator, k *rctx) {
	a.private = false
	a.group.add(k)
	a.group.root().pinned = true
	for _, s := range g.ssls {
		if s.home == k {
			a.use(s.group)
			s.odd = true
		}
	}
	k.served = a.group
}

// spare returns an idle SSL and a session that only callbacks use.
func (g *generator) spare() (*rssl, *rsession) {
	i := g.ssl(func(s *rssl) bool { return s.idle && s.home.live() })
	r := pick(g, g.sessions, func(a *rsession) bool {
		return a.live() && a.reserved && (i == nil || a.group.root() == i.group.root())
	})
	return i, r
}

// inRemove is what a remove callback executes: R4, R5, R10.
func (g *generator) inRemove() string {
	i, r := g.spare()
	if i == nil || r == nil {
		return ""
	}
	return g.choose("", ": SSL_set_session "+i.word()+" "+r.word(), ": SSL_SESSION_is_resumable "+r.word(), ": SSL_session_reused "+i.word(),
		": SSL_CTX_get_timeout "+i.home.word(), ": SSL_SESSION_set1_hostname "+r.word()+" name")
}

// nested is what a callback of a handshake executes: R4. A flush has no order there.
func (g *generator) nested(k *rctx) string {
	switch g.in.n(8) {
	case 0:
		return ": SSL_CTX_sess_number " + k.word()
	case 1:
		return ": SSL_CTX_flush_sessions " + k.word() + " now-100000"
	case 2:
		if a := g.session(anySession); a != nil && g.room("remove") {
			return ": SSL_CTX_remove_session " + k.word() + " " + a.word()
		}
	case 3:
		if a := g.session(func(a *rsession) bool { return a.hasID && a.group.only(k) }); a != nil {
			a.private = false
			a.group.add(k)
			a.group.root().pinned = true
			return ": SSL_CTX_add_session " + k.word() + " " + a.word()
		}
	case 4: // R7
		if a := g.session(func(a *rsession) bool { return len(a.names) == 1 && !a.kept }); a != nil {
			word := a.word()
			a.names = nil
			return ": free " + word
		}
	case 5:
		if i, r := g.spare(); i != nil && r != nil {
			return ": SSL_set_session " + i.word() + " " + g.choose(r.word(), "NULL")
		}
	case 6:
		if i, _ := g.spare(); i != nil {
			return ": SSL_clear " + i.word()
		}
	}
	return ""
}
