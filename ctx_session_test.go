package libssl_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// counters are the twelve of an SSL_CTX, in the order of the fields.
type counters struct {
	number, connect, connectGood, connectRenegotiate, accept, acceptGood, acceptRenegotiate int
	hits, cbHits, misses, timeouts, cacheFull                                               int
}

func countersOf(ctx *libssl.Ctx) counters {
	return counters{
		ctx.SessNumber(), ctx.SessConnect(), ctx.SessConnectGood(), ctx.SessConnectRenegotiate(),
		ctx.SessAccept(), ctx.SessAcceptGood(), ctx.SessAcceptRenegotiate(),
		ctx.SessHits(), ctx.SessCbHits(), ctx.SessMisses(), ctx.SessTimeouts(), ctx.SessCacheFull(),
	}
}

// idCtxs returns a client and a server of TLS 1.2 that resume by session id: the server's cache has work to do.
func idCtxs(t testing.TB) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	server.SetOptions(libssl.OpNoTicket)
	return client, server
}

// TestCtxCounters drives each counter up on both sides; what a step does not name stays.
func TestCtxCounters(t *testing.T) {
	client, server := idCtxs(t)
	var c, s counters
	step := func(what string) {
		t.Helper()
		wantEqual(t, what+": client", countersOf(client), c)
		wantEqual(t, what+": server", countersOf(server), s)
	}
	handshake := func() { // what each handshake counts
		c.connect, c.connectGood, s.accept, s.acceptGood = c.connect+1, c.connectGood+1, s.accept+1, s.acceptGood+1
	}
	step("new")

	a, _ := pair(t, client, server)
	a.Connect()
	c.connect++
	step("a ClientHello")

	sess := session(t, client, server)
	handshake()
	c.number, s.number = 1, 1
	step("a full handshake")

	wantEqual(t, "resumes", resumes(t, client, server, sess), true)
	handshake()
	c.hits, s.hits = 1, 1
	step("resumed from the cache")

	must(t, server.FlushSessions(time.Time{}))
	s.number = 0
	step("flushed")

	wantEqual(t, "resumes", resumes(t, client, server, sess), false)
	handshake()
	c.number, s.number = 2, 1
	c.misses, s.misses = 1, 1 // both count it
	step("not in the cache")

	x, y := connected(t, client, server)
	handshake()
	c.number, s.number = 3, 2
	atClient, atServer := x.Session(), y.Session()
	defer atClient.Free()
	defer atServer.Free()
	x.Shutdown()
	must(t, atServer.SetTime(time.Now().Add(-24*time.Hour)))
	wantEqual(t, "resumes", resumes(t, client, server, atClient), false)
	handshake()
	c.number++                  // the server's has taken the place of the expired one
	c.misses, s.timeouts = 2, 1 // no miss on the server, which found it
	step("expired")

	must(t, atServer.SetTime(time.Now()))
	server.SessSetGetCB(func(_ *libssl.SSL, id []byte) *libssl.Session {
		if string(id) != string(atClient.ID()) {
			t.Errorf("asked for %x", id)
		}
		return atServer
	})
	wantEqual(t, "resumes", resumes(t, client, server, atClient), true)
	handshake()
	c.hits, s.cbHits, s.hits = 2, 1, 2
	s.misses++ // the cache itself did not have it
	s.number++ // what the callback gave was put into the cache
	step("found by the callback")
	server.SessSetGetCB(nil)

	server.SessSetCacheSize(1)
	client.SessSetCacheSize(2)
	step("a smaller cache shrinks later")
	s.cacheFull, c.cacheFull = s.number, c.number-1
	session(t, client, server)
	handshake()
	s.number, c.number = 1, 2
	step("evicted")

	x, y = connected(t, client, server)
	handshake()
	s.cacheFull, c.cacheFull = s.cacheFull+1, c.cacheFull+1
	step("another evicted")
	wantEqual(t, "Renegotiate", x.Renegotiate(), 1)
	x.DoHandshake()
	c.connectRenegotiate = 1
	move(x, y)
	y.Read(make([]byte, 1))
	s.acceptRenegotiate = 1
	step("a renegotiation begun")
}

func TestCtxCacheAddRemove(t *testing.T) {
	client, server := idCtxs(t)
	ctx := clientCtx(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	if n, err := client.RemoveSession(sess); n != 1 || err != nil {
		t.Fatal("RemoveSession: ", n, err)
	}
	dup, err := sess.Dup() // sess is flagged, and its copy, so that neither would resume; the cache does not mind
	must(t, err)
	defer dup.Free()
	answer := func(what string, n int, err error, want, number int) {
		t.Helper()
		if n != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", what, n, err, want)
		}
		wantEqual(t, what+": SessNumber", ctx.SessNumber(), number)
	}
	n, err := ctx.RemoveSession(dup)
	answer("remove before", n, err, 0, 0)
	n, err = ctx.AddSession(dup)
	answer("add", n, err, 1, 1)
	wantRefs(t, dup, 2)
	n, err = ctx.AddSession(dup)
	answer("add again", n, err, 0, 1)
	wantRefs(t, dup, 2)

	same, err := dup.Dup() // another object with the same id takes its place
	must(t, err)
	defer same.Free()
	n, err = ctx.AddSession(same)
	answer("add a copy", n, err, 1, 1)
	wantRefs(t, dup, 1)
	wantRefs(t, same, 2)
	n, err = ctx.RemoveSession(same)
	answer("remove", n, err, 1, 0)
	wantRefs(t, same, 1)
	n, err = ctx.RemoveSession(same)
	answer("remove again", n, err, 0, 0)

	empty, err := libssl.NewSession()
	must(t, err)
	defer empty.Free()
	n, err = ctx.RemoveSession(empty)
	answer("remove one without id", n, err, 0, 0)
	n, err = ctx.RemoveSession(nil) // NULL is no error in C
	answer("remove nil", n, err, 0, 0)
	_, err = ctx.AddSession(nil) // and a crash there
	wantIs(t, "AddSession of nil", err, libssl.ErrFreed)
	_, err = ctx.AddSession(freedSession(t))
	wantIs(t, "AddSession of a freed one", err, libssl.ErrFreed)
	_, err = ctx.RemoveSession(freedSession(t))
	wantIs(t, "RemoveSession of a freed one", err, libssl.ErrFreed)
}

func freedSession(t testing.TB) *libssl.Session {
	t.Helper()
	sess, err := libssl.NewSession()
	must(t, err)
	sess.Free()
	return sess
}

// TestCtxOtherCache: what may be in one cache cannot go into another, until it surely is in none.
func TestCtxOtherCache(t *testing.T) {
	client, server := idCtxs(t)
	other := clientCtx(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	_, err := other.AddSession(sess)
	wantIs(t, "AddSession", err, libssl.ErrOtherCtx)
	wantEqual(t, "SessNumber", other.SessNumber(), 0)
	must(t, client.FlushSessions(time.Time{}))
	if n, err := client.RemoveSession(sess); n != 0 || err != nil { // it is not there, so no longer a danger
		t.Error("RemoveSession: ", n, err)
	}
	if n, err := other.AddSession(sess); n != 1 || err != nil {
		t.Error("AddSession of a session in no cache: ", n, err)
	}
}

func TestCtxRemovedIsFlagged(t *testing.T) {
	client, server := idCtxs(t)
	sess := session(t, client, server)
	wantEqual(t, "IsResumable", sess.IsResumable(), true)
	_, err := clientCtx(t, 0).RemoveSession(sess) // not there, and flagged all the same
	must(t, err)
	wantEqual(t, "IsResumable", sess.IsResumable(), false)
	wantEqual(t, "SessNumber", client.SessNumber(), 1)
}

func TestCtxFlush(t *testing.T) {
	client, server := idCtxs(t)
	now := time.Unix(time.Now().Unix(), 0)
	var all []*libssl.Session
	for i := range 4 {
		sess := session(t, client, server)
		must(t, sess.SetTime(now))
		must(t, sess.SetTimeout(time.Duration(i*100)*time.Second))
		all = append(all, sess)
	}
	for _, c := range []struct {
		t    time.Time
		left int
	}{
		{time.Unix(0, 0), 4}, // 1970 is not the zero Time
		{time.Unix(-1, 0), 4},
		{now, 4}, // equal stays
		{now.Add(time.Second), 3},
		{now.Add(200 * time.Second), 2},
		{now.Add(200*time.Second + 1), 2}, // fractions of a second do not count
		{time.Time{}, 0},
	} {
		must(t, client.FlushSessions(c.t))
		wantEqual(t, fmt.Sprint("SessNumber after ", c.t.Sub(now)), client.SessNumber(), c.left)
		for i, sess := range all {
			wantEqual(t, fmt.Sprint("IsResumable of ", i), sess.IsResumable(), i >= len(all)-c.left)
		}
		if t.Failed() {
			return
		}
	}
}

func TestCtxEviction(t *testing.T) {
	client, server := idCtxs(t)
	client.SessSetCacheSize(2)
	var all []*libssl.Session
	for i := range 5 {
		all = append(all, session(t, client, server))
		wantEqual(t, "SessNumber", client.SessNumber(), min(i+1, 2))
	}
	for i, sess := range all { // the oldest went first
		wantRefs(t, sess, 1+min(i/3, 1))
	}
	client.SessSetCacheSize(0)
	for range 3 {
		session(t, client, server)
	}
	wantEqual(t, "SessNumber without limit", client.SessNumber(), 5)
	wantEqual(t, "SessCacheFull", client.SessCacheFull(), 3)
}

func TestCtxCacheModes(t *testing.T) {
	for _, c := range []struct{ mode, client, server int }{
		{libssl.SessCacheOff, 0, 0},
		{libssl.SessCacheClient, 1, 0},
		{libssl.SessCacheServer, 0, 1},
		{libssl.SessCacheBoth, 1, 1},
		{libssl.SessCacheBoth | libssl.SessCacheNoInternalStore, 0, 0},
		{libssl.SessCacheBoth | libssl.SessCacheNoAutoClear, 1, 1},
	} {
		client, server := idCtxs(t)
		client.SetSessionCacheMode(c.mode)
		session(t, client, server)
		wantEqual(t, fmt.Sprintf("%#x: client's SessNumber", c.mode), client.SessNumber(), c.client)
		client, server = idCtxs(t)
		server.SetSessionCacheMode(c.mode)
		session(t, client, server)
		wantEqual(t, fmt.Sprintf("%#x: server's SessNumber", c.mode), server.SessNumber(), c.server)
	}
	client, server := idCtxs(t)
	sess := session(t, client, server)
	server.SetSessionCacheMode(libssl.SessCacheServer | libssl.SessCacheNoInternalLookup)
	wantEqual(t, "resumes without lookup", resumes(t, client, server, sess), false)
	server.SetSessionCacheMode(libssl.SessCacheServer)
	wantEqual(t, "resumes", resumes(t, client, server, sess), true)
}

// TestCtxIDContext: a server resumes the sessions of its own context only.
func TestCtxIDContext(t *testing.T) {
	client, server := idCtxs(t)
	sess := session(t, client, server)
	must(t, server.SetSessionIDContext([]byte("another")))
	wantEqual(t, "resumes in another context", resumes(t, client, server, sess), false)
	must(t, server.SetSessionIDContext([]byte("test")))
	wantEqual(t, "resumes in its own", resumes(t, client, server, sess), true)
}

func TestMethods(t *testing.T) {
	const (
		both = iota
		client
		server
	)
	const v10, v11, v12, v13, d10, d12 = libssl.VersionTLS10, libssl.VersionTLS11, libssl.VersionTLS12, libssl.VersionTLS13,
		libssl.VersionDTLS10, libssl.VersionDTLS12
	for _, c := range []struct {
		name    string
		methods [3]libssl.Method // in the order of the constants
		version int
	}{
		{"TLS", [3]libssl.Method{libssl.TLSMethod(), libssl.TLSClientMethod(), libssl.TLSServerMethod()}, v13},
		{"TLSv1", [3]libssl.Method{libssl.TLSv1Method(), libssl.TLSv1ClientMethod(), libssl.TLSv1ServerMethod()}, v10},
		{"TLSv1.1", [3]libssl.Method{libssl.TLSv11Method(), libssl.TLSv11ClientMethod(), libssl.TLSv11ServerMethod()}, v11},
		{"TLSv1.2", [3]libssl.Method{libssl.TLSv12Method(), libssl.TLSv12ClientMethod(), libssl.TLSv12ServerMethod()}, v12},
		{"DTLS", [3]libssl.Method{libssl.DTLSMethod(), libssl.DTLSClientMethod(), libssl.DTLSServerMethod()}, d12},
		{"DTLSv1", [3]libssl.Method{libssl.DTLSv1Method(), libssl.DTLSv1ClientMethod(), libssl.DTLSv1ServerMethod()}, d10},
		{"DTLSv1.2", [3]libssl.Method{libssl.DTLSv12Method(), libssl.DTLSv12ClientMethod(), libssl.DTLSv12ServerMethod()}, d12},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ctxs [3]*libssl.Ctx
			for side, method := range c.methods {
				ctxs[side] = ctxOf(t, method)
				must(t, ctxs[side].UseCertificateChainFile(testdata+"server.pem"))
				must(t, ctxs[side].UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM))
				ssl := newSSL(t, ctxs[side])
				wantEqual(t, "Version of a new SSL", ssl.Version(), c.version)
				ssl.SetMemBIO()
				refused := map[int]func() int{client: ssl.Accept, server: ssl.Connect}[side]
				if refused != nil {
					wantEqual(t, "the other role", refused(), 0)
					wantText(t, "the other role", ssl.LastErrors(), "called a function you should not call")
				}
			}
			for _, ctxs := range [][2]*libssl.Ctx{{ctxs[client], ctxs[server]}, {ctxs[both], ctxs[server]}, {ctxs[client], ctxs[both]}} {
				a, b := pair(t, ctxs[0], ctxs[1])
				wantEqual(t, "handshake", shake(a, b), true)
				wantEqual(t, "client's Version", a.Version(), c.version)
				wantEqual(t, "server's Version", b.Version(), c.version)
				wantEqual(t, "VersionString", a.VersionString(), map[int]string{
					v10: "TLSv1", v11: "TLSv1.1", v12: "TLSv1.2", v13: "TLSv1.3", d10: "DTLSv1", d12: "DTLSv1.2",
				}[c.version])
			}
		})
	}
}
