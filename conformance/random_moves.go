package conformance

import "strings"

// move is what a program does next: some operations that have a meaning together.
func (g *generator) move() {
	all := 0
	for _, m := range moves {
		all += m.weight
	}
	n := g.in.n(all)
	for _, m := range moves {
		if n -= m.weight; n < 0 {
			m.make(g)
			return
		}
	}
}

// moves must not weigh more than a byte has values.
var moves = []struct {
	weight int
	make   func(*generator)
}{
	{30, (*generator).connect},
	{10, (*generator).again},
	{10, (*generator).steps},
	{8, (*generator).early},
	{18, (*generator).talk},
	{12, (*generator).end},
	{12, (*generator).take},
	{10, (*generator).copySession},
	{8, (*generator).cache},
	{16, (*generator).hook},
	{12, (*generator).callback},
	{6, (*generator).configureAny},
	{6, (*generator).configureSSL},
	{8, (*generator).make},
	{8, (*generator).change},
	{16, (*generator).look},
	{8, (*generator).free},
	{6, (*generator).idle},
	{4, (*generator).replace},
	{5, (*generator).methods},
	{4, (*generator).renegotiate},
	{3, (*generator).values},
	{3, (*generator).another},
	{3, (*generator).broken},
}

func (g *generator) pair() (c, s *rssl) {
	k := g.ctx(func(k *rctx) bool { return !k.server })
	if k == nil {
		return nil, nil
	}
	v := g.ctx(func(v *rctx) bool { return v.server && v.dtls() == k.dtls() && (talk(k, v) || g.chance(8)) })
	if v == nil {
		return nil, nil
	}
	return g.newSSL(k, 'c'), g.newSSL(v, 's')
}

func (g *generator) link(c, s *rssl) {
	if g.chance(12) {
		g.do("SSL_set_connect_state %s", c.word())
		g.do("SSL_set_accept_state %s", s.word())
	}
	op := "link"
	if !c.home.dtls() && g.chance(10) {
		op = "link_fd"
	}
	g.do("%s %s %s", op, c.word(), s.word())
	for _, x := range []*rssl{c, s} {
		x.state, x.fd = joined, op == "link_fd"
		if x.peer != nil {
			x.peer.peer = nil
		}
	}
	c.peer, s.peer = s, c
}

// resume sets a session that a client can have, which may be NULL.
func (g *generator) resume(c *rssl) {
	cross := g.chance(8)
	a := pick(g, g.sessions, func(a *rsession) bool {
		return a.live() && !a.reserved && (a.group.only(c.home) || cross && !a.group.root().pinned)
	})
	if a == nil {
		return
	}
	g.setSession(c, a)
}

func (g *generator) setSession(c *rssl, a *rsession) {
	g.do("SSL_set_session %s %s", c.word(), a.word())
	a.use(c.group)
	c.likely = a.likely
	if c.state == begun {
		c.state = spoiled
	}
}

func (g *generator) handshake(c, s *rssl) {
	g.do("handshake %s %s", c.word(), s.word())
	c.state, s.state = begun, begun
	c.likely = !c.odd && !s.odd && !c.home.odd && !s.home.odd && talk(c.home, s.home)
	s.likely = c.likely
}

// tickets are read with the first data; then the session of a client is one that can be resumed.
func (g *generator) tickets(c *rssl) {
	g.do("SSL_read %s", c.word())
}

func (g *generator) connect() {
	c, s := g.pair()
	if c == nil {
		return
	}
	if g.in.n(4) > 0 {
		g.resume(c)
	}
	g.prepare(c)
	g.prepare(s)
	g.link(c, s)
	g.handshake(c, s)
	if g.in.n(5) > 0 {
		g.tickets(c)
		g.take1(c)
	}
	if g.in.n(3) > 0 {
		g.do("SSL_shutdown %s", c.word())
	}
	if g.chance(3) {
		g.do("SSL_shutdown %s", s.word())
	}
}

// prepare changes one of them before its first connection.
func (g *generator) prepare(s *rssl) {
	switch g.in.n(20) {
	case 1, 2:
		g.configureOne(s)
	case 3, 4:
		g.callbackOf(s.home, s)
	case 5:
		g.methodOf(s)
	}
}

// take1 names the session of an SSL.
func (g *generator) take1(c *rssl) {
	a := g.newSession("SSL_get1_session %s", c.word())
	a.likely, a.hasID = c.likely, c.likely && c.state == begun
	a.group.meet(c.group)
}

func (g *generator) take() {
	if c := g.ssl(func(c *rssl) bool { return !c.idle && (c.likely || g.chance(3)) }); c != nil {
		g.take1(c)
	}
}

// again uses a pair for another connection.
func (g *generator) again() {
	c := g.ssl(func(c *rssl) bool {
		return !c.idle && !c.home.server && c.state >= begun && c.peer != nil && c.peer.live()
	})
	if c == nil {
		return
	}
	s := c.peer
	for _, x := range []*rssl{c, s} {
		if x.state == spoiled || g.in.n(4) > 0 {
			g.do("SSL_clear %s", x.word())
			x.state, x.likely = fresh, false
		}
	}
	if g.chance(2) && c.state == fresh {
		g.resume(c)
	}
	g.link(c, s)
	g.handshake(c, s)
	if g.chance(2) {
		g.tickets(c)
		g.take1(c)
	}
}

// steps is a handshake in steps, with something between them.
func (g *generator) steps() {
	c, s := g.pair()
	if c == nil {
		return
	}
	if g.in.n(3) > 0 {
		g.resume(c)
	}
	g.link(c, s)
	first, second := "SSL_do_handshake", "SSL_do_handshake"
	if g.chance(2) {
		first, second = "SSL_connect", "SSL_accept"
	}
	for range 1 + g.in.n(4) {
		g.do("%s %s", first, c.word())
		g.do("move %s %s", c.word(), s.word())
		if g.chance(4) {
			g.beside()
		}
		g.do("%s %s", second, s.word())
		g.do("move %s %s", s.word(), c.word())
	}
	c.state, s.state = begun, begun
	switch g.in.n(8) {
	case 1: // set while it is under way, or over
		g.resume(c)
	case 2:
		g.freeSSL(c)
	case 3:
		g.do("eof %s", c.word())
		g.do("SSL_do_handshake %s", c.word())
	default:
		g.handshake(c, s)
	}
}

// beside is one operation on other objects.
func (g *generator) beside() {
	if g.chance(2) {
		g.cache()
		return
	}
	g.look()
}

// early is a connection whose client writes with its first flight.
func (g *generator) early() {
	v := g.ctx(func(v *rctx) bool { return v.server && !v.dtls() })
	if v == nil {
		return
	}
	if g.chance(2) {
		g.do("SSL_CTX_set_max_early_data %s %s", v.word(), g.choose("1000", "16384", "0"))
		g.connect()
	}
	c, s := g.pair()
	if c == nil || c.home.dtls() {
		return
	}
	a := g.session(func(a *rsession) bool { return a.group.only(c.home) })
	if a == nil {
		return
	}
	if g.chance(4) {
		g.do("SSL_SESSION_set_max_early_data %s %s", a.word(), g.choose("1000", "0"))
	}
	if g.chance(8) {
		g.do("SSL_set_max_early_data %s 500", s.word())
	}
	g.setSession(c, a)
	g.link(c, s)
	g.do("SSL_write_early_data %s early", c.word())
	if g.chance(4) {
		g.do("SSL_write_early_data %s more", c.word())
	}
	g.do("move %s %s", c.word(), s.word())
	if g.in.n(6) > 0 {
		g.do("SSL_read_early_data %s", s.word())
	}
	g.handshake(c, s)
	c.likely, s.likely = false, false
	g.do("SSL_get_early_data_status %s", c.word())
	g.tickets(c)
}

func connected(s *rssl) bool { return !s.idle && s.state == begun }

func (g *generator) talk() {
	a := g.ssl(func(s *rssl) bool { return connected(s) && s.peer != nil && s.peer.live() && s.peer.state == begun })
	if a == nil {
		return
	}
	b := a.peer
	switch g.in.n(6) {
	case 0:
		g.do("SSL_peek %s", a.word())
	case 1:
		g.do("SSL_read %s", a.word())
	case 2:
		g.do("SSL_read %s", b.word())
		g.do("SSL_get_error %s 1", b.word())
	default:
		g.do("SSL_write %s %s", a.word(), g.choose("hello", "-", strings.Repeat("long", 60)))
		g.do("move %s %s", a.word(), b.word())
		g.do("SSL_read %s", b.word())
	}
}

// end is how connections end.
func (g *generator) end() {
	a := g.ssl(connected)
	if a == nil {
		return
	}
	switch g.in.n(8) {
	case 0:
		g.do("SSL_set_shutdown %s %s", a.word(), g.choose("SENT_SHUTDOWN", "RECEIVED_SHUTDOWN", "0", "SENT_SHUTDOWN|RECEIVED_SHUTDOWN"))
	case 1:
		g.do("SSL_set_quiet_shutdown %s %s", a.word(), g.choose("1", "0"))
	case 2:
		g.do("eof %s", a.word())
		g.do("SSL_read %s", a.word())
	case 3:
		g.do("inject %s %s", a.word(), g.choose("170303000500*5", "15030300020228", "1503030002010000", "ff*8"))
		g.do("SSL_read %s", a.word())
	default:
		g.do("SSL_shutdown %s", a.word())
		if b := a.peer; b != nil && b.live() && b.state == begun {
			g.do("move %s %s", a.word(), b.word())
			g.do("%s %s", g.choose("SSL_read", "SSL_shutdown"), b.word())
		}
	}
}

// broken is a connection over a socket that takes nothing more.
func (g *generator) broken() {
	c := g.ssl(func(s *rssl) bool { return connected(s) && s.fd })
	if c == nil {
		return
	}
	g.do("fill %s", c.word())
	g.do("SSL_shutdown %s", c.word())
	c.state = spoiled
}

// replace sets another session, or none, on a connection: R1.
func (g *generator) replace() {
	c := g.ssl(func(c *rssl) bool { return !c.idle })
	if c == nil {
		return
	}
	switch g.in.n(3) {
	case 0:
		g.do("SSL_set_session %s NULL", c.word())
		c.likely = false
	case 1:
		f := g.ssl(func(f *rssl) bool { return !f.idle && f.home.dtls() == c.home.dtls() })
		if f == c || c.state != fresh && c.state != begun {
			return
		}
		g.do("SSL_copy_session_id %s %s", c.word(), f.word())
		c.group.meet(f.group)
		c.likely, c.odd = false, true
	default:
		g.resume(c)
	}
	if c.state >= joined {
		c.state = spoiled
	}
}

// renegotiate works with TLS 1.2.
func (g *generator) renegotiate() {
	c := g.ssl(func(c *rssl) bool {
		return connected(c) && !c.home.server && c.peer != nil && c.peer.live() && c.peer.state == begun
	})
	if c == nil {
		return
	}
	s := c.peer
	g.do("%s %s", g.choose("SSL_renegotiate", "SSL_renegotiate_abbreviated"), c.word())
	for range 1 + g.in.n(4) {
		g.do("SSL_do_handshake %s", c.word())
		g.do("move %s %s", c.word(), s.word())
		g.do("SSL_read %s", s.word())
		g.do("move %s %s", s.word(), c.word())
	}
	c.likely, s.likely = false, false
	c.odd, s.odd = true, true // while it is pending, no other handshake begins: SSL_clear fails
}

func (g *generator) another() {
	if len(g.ctxs) < 5 {
		g.newCtx(g.chance(2), g.ctxs[0].dtls())
	}
}

// methods change what an SSL or an SSL_CTX speaks.
func (g *generator) methods() {
	if g.chance(3) {
		k := g.ctx(func(k *rctx) bool { return !k.dtls() && !k.server })
		if k == nil {
			return
		}
		k.odd = true
		g.do("SSL_CTX_set_ssl_version %s %s", k.word(), g.choose("TLS_client_method", "TLSv1_2_client_method", "TLS_method", "TLSv1_1_client_method"))
		return
	}
	if c := g.ssl(func(c *rssl) bool { return !c.idle && c.state == fresh }); c != nil {
		g.methodOf(c)
	}
}

func (g *generator) methodOf(c *rssl) {
	if c.home.dtls() {
		return
	}
	c.odd = true
	switch g.in.n(4) {
	case 0:
		g.do("SSL_set_ssl_method %s %s", c.word(), g.choose("TLS_method", "TLSv1_2_method", "TLSv1_2_client_method"))
	case 1:
		k := g.ctx(func(k *rctx) bool { return !k.dtls() && k.server == c.home.server })
		if k == nil {
			return
		}
		g.do("SSL_set_SSL_CTX %s %s", c.word(), k.word())
	case 2:
		g.do("SSL_set_min_proto_version %s %s", c.word(), g.choose("0", "1.2", "1.3"))
	default:
		g.do("SSL_set_max_proto_version %s %s", c.word(), g.choose("0", "1.2", "1.3"))
	}
}

// idle are SSLs for callbacks, with a session of their own for them.
func (g *generator) idle() {
	k := g.ctx(anyCtx)
	if k == nil {
		return
	}
	i := g.newSSL(k, 'i')
	i.idle = true
	r := g.newSession("SSL_SESSION_new")
	r.reserved = true
	g.do("SSL_SESSION_set1_id %s reserved%s", r.word(), r.word())
	g.do("SSL_SESSION_set_protocol_version %s 1.2", r.word())
	r.use(i.group)
}

// free gives a name up, or makes another.
func (g *generator) free() {
	switch g.in.n(6) {
	case 0:
		if s := g.ssl(anySSL); s != nil {
			g.freeSSL(s)
		}
	case 1:
		if a := pick(g, g.sessions, func(a *rsession) bool { return a.live() && !a.reserved && !a.kept }); a != nil {
			g.do("free %s", a.word())
			a.names = a.names[1:]
		}
	case 2:
		if k := g.ctx(func(*rctx) bool { return len(g.ctxs) > 2 }); k != nil {
			g.do("free %s", k.word())
			k.names = k.names[1:]
		}
	case 3:
		if k := g.ctx(anyCtx); k != nil {
			g.upRef(&k.words, 'K')
		}
	case 4:
		if s := g.ssl(anySSL); s != nil {
			g.upRef(&s.words, 'c')
		}
	default:
		if a := g.session(anySession); a != nil {
			g.upRef(&a.words, 'A')
		}
	}
}

func (g *generator) upRef(w *words, letter byte) {
	word := g.name(letter)
	g.do("%s = up_ref %s", word, w.word())
	w.names = append(w.names, word)
}

func (g *generator) freeSSL(s *rssl) {
	g.do("free %s", s.word())
	s.names = s.names[1:]
}
