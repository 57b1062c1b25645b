package libssl_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// newLegacyCtx returns an SSL_CTX that C made, with its one reference.
func newLegacyCtx(version int) unsafe.Pointer {
	return ctest.NewCtx(version, testdata+"server.pem", testdata+"server.key")
}

// legacyCtx is newLegacyCtx for the length of a test, and a handle of it.
func legacyCtx(t testing.TB, version int) (unsafe.Pointer, *libssl.Ctx) {
	t.Helper()
	p := newLegacyCtx(version)
	ctx := libssl.AdoptCtx(p)
	t.Cleanup(ctx.Free)
	return p, ctx
}

// legacyPair returns a joined pair that C made, for the length of a test.
func legacyPair(t testing.TB, ctx unsafe.Pointer) (client, server unsafe.Pointer) {
	t.Helper()
	client, server = ctest.NewPair(ctx)
	t.Cleanup(func() {
		ctest.Call(ctest.FreeSSL, client, nil)
		ctest.Call(ctest.FreeSSL, server, nil)
	})
	return client, server
}

// flushInC empties the cache on a thread of C's: no caller in Go is waiting.
func flushInC(ctx *libssl.Ctx) {
	ctx.With(func(p unsafe.Pointer) { ctest.CallOnThread(ctest.Flush, p, nil) })
}

// C's callbacks stay until they are replaced, one by one.
func TestCallbacksOfCStay(t *testing.T) {
	p, ctx := legacyCtx(t, libssl.VersionTLS12)
	ctest.SetCallbacks(p)
	ctx.SetOptions(libssl.OpNoTicket)
	have := func() (b []bool) {
		for _, which := range []ctest.Callback{ctest.New, ctest.Removed, ctest.Get} {
			b = append(b, ctest.HasCallback(p, which))
		}
		return b
	}
	c, s := legacyPair(t, p)
	client, server := libssl.BorrowSSL(c), libssl.BorrowSSL(s)
	defer client.Free()
	defer server.Free()
	if !ctest.Connect(c, s) {
		t.Fatal("handshake")
	}
	if !slices.Equal(have(), []bool{true, true, true}) {
		t.Errorf("new, remove, get of C are there after adoption: %v", have())
	}
	if n := ctest.CallbacksRun(ctest.New); n != 2 {
		t.Errorf("C's new callback ran %d times, want once for each side", n)
	}
	sess := client.Session()
	defer sess.Free()
	if n, err := ctx.RemoveSession(sess); n != 1 || err != nil || ctest.CallbacksRun(ctest.Removed) != 1 {
		t.Errorf("RemoveSession: %d, %v", n, err)
	}

	ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {})
	if !slices.Equal(have(), []bool{false, true, true}) {
		t.Errorf("after SessSetNewCB: %v", have())
	}
	ctx.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session { return nil })
	ctx.SessSetRemoveNotify(func(*libssl.Session) {})
	if !slices.Equal(have(), []bool{false, false, false}) {
		t.Errorf("after all were set: %v", have())
	}
	for _, f := range []func(){
		func() { ctx.SessSetNewCB(nil) },
		func() { ctx.SessSetGetCB(nil) },
		func() { ctx.SessSetRemoveNotify(nil) },
	} {
		f()
	}
	if ctest.CallbacksRun(ctest.New)+ctest.CallbacksRun(ctest.Get) != 0 {
		t.Error("C's callbacks ran though they were replaced")
	}
}

// C's remove callback may push an entry, as one that fails to write a file does. Free, which nobody asks for errors, leaves none; nor does the collector,
// whose thread nobody knows.
func TestFreeLeavesNoEntry(t *testing.T) {
	for name, free := range map[string]func(ctx *libssl.Ctx, c, s *libssl.SSL){
		"SSL": func(_ *libssl.Ctx, c, _ *libssl.SSL) { c.Free() },
		"Ctx": func(ctx *libssl.Ctx, c, s *libssl.SSL) {
			for _, ssl := range []*libssl.SSL{c, s} {
				ssl.SetShutdown(libssl.SentShutdown) // so that the session stays in the cache
				ssl.Free()
			}
			ctx.Free()
		},
	} {
		p, ctx := legacyCtx(t, libssl.VersionTLS12)
		ctest.SetFailingRemove(p)
		cp, sp := ctest.NewPair(p)
		c, s := libssl.AdoptSSL(cp), libssl.AdoptSSL(sp)
		if !ctest.Connect(cp, sp) {
			t.Fatal("handshake")
		}
		onThread(t, func() {
			foreign := pushForeign(1)
			free(ctx, c, s)
			wantQueue(t, name, foreign)
		})
		if ctest.CallbacksRun(ctest.Removed) == 0 {
			t.Errorf("%s: the callback did not run", name)
		}
		onThread(t, func() {
			c.Free()
			s.Free()
		})
	}
}

// A goroutine that waits for an SSL in a callback is woken when that ends, also if C made the call.
func TestWaitForCallbackOfC(t *testing.T) {
	p, ctx := legacyCtx(t, libssl.VersionTLS12)
	c, s := legacyPair(t, p)
	client := libssl.BorrowSSL(c)
	defer client.Free()
	version := make(chan int, 1)
	ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { // the server has none, as its session is in the ticket
		go func() { version <- client.Version() }()
		eventually(t, "the goroutine waits", func() bool { return waiting() == 1 })
	})
	if !ctest.Connect(c, s) {
		t.Fatal("handshake")
	}
	mustEnd(t, "the goroutine", func() {
		if v := <-version; v != libssl.VersionTLS12 {
			t.Errorf("%x", v)
		}
	})
	ctx.SessSetNewCB(nil)
}

func TestAdoptedCounts(t *testing.T) {
	p, ctx := legacyCtx(t, libssl.VersionTLS12)
	wantRefs(t, ctx, 1)
	cp, sp := ctest.NewPair(p)
	c, s := libssl.AdoptSSL(cp), libssl.AdoptSSL(sp)
	defer s.Free()
	wantRefs(t, c, 1)
	wantRefs(t, ctx, 5)
	if !ctest.Connect(cp, sp) {
		t.Fatal("handshake")
	}
	again := libssl.BorrowSSL(cp)
	if !again.Same(c) {
		t.Error("two handles of one SSL are not the same")
	}
	wantRefs(t, c, 2)
	again.Free()
	sess := c.Session()
	wantRefs(t, sess, 3) // the SSL, the cache, the handle
	own := c.Ctx()
	if !own.Same(ctx) {
		t.Error("Ctx() is another")
	}
	own.Free()
	c.Free()
	wantRefs(t, sess, 1)
	if sess.IsResumable() {
		t.Error("Free of the adopted SSL did not do what SSL_free does")
	}
	sess.Free()
	s.Free()
	wantRefs(t, ctx, 1)

	adopted := libssl.AdoptSession(ctest.NewSession())
	defer adopted.Free()
	wantRefs(t, adopted, 1)
	if err := adopted.SetID([]byte("id")); !errors.Is(err, libssl.ErrShared) {
		t.Errorf("SetID of a session that C may have in a cache: %v", err)
	}
}

// Whoever made the SSL, its first session may be in a cache: that of the SSL_CTX that nobody in Go has seen yet.
func TestSessionOfStrangeCtx(t *testing.T) {
	p := newLegacyCtx(libssl.VersionTLS12)
	defer ctest.Call(ctest.FreeCtx, p, nil)
	cp, sp := legacyPair(t, p)
	if !ctest.Connect(cp, sp) {
		t.Fatal("handshake")
	}
	c := libssl.BorrowSSL(cp)
	defer c.Free()
	sess := c.Session()
	defer sess.Free()
	wantRefs(t, sess, 3) // the SSL, the cache, the handle
	other := clientCtx(t, 0)
	if n, err := other.AddSession(sess); n != 0 || !errors.Is(err, libssl.ErrOtherCtx) {
		t.Errorf("AddSession = %d, %v", n, err)
		other.RemoveSession(sess)
	}
}

// Session callbacks are those of the SSL_CTX that SSL_new was given, also if C has changed it before Go sees the SSL.
func TestSessionCtxOfCMadeSSL(t *testing.T) {
	p, ctx := legacyCtx(t, libssl.VersionTLS12)
	q, other := legacyCtx(t, libssl.VersionTLS12)
	var fired []string // by both sides, as there are no tickets
	for name, ctx := range map[string]*libssl.Ctx{"first": ctx, "second": other} {
		ctx.SetOptions(libssl.OpNoTicket)
		ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { fired = append(fired, name) })
	}
	cp, sp := legacyPair(t, p)
	if ctest.Call(ctest.SetCtx, cp, q) != 1 || ctest.Call(ctest.SetCtx, sp, q) != 1 {
		t.Fatal("SSL_set_SSL_CTX")
	}
	c := libssl.BorrowSSL(cp)
	defer c.Free()
	if !ctest.Connect(cp, sp) {
		t.Fatal("handshake")
	}
	if !slices.Equal(fired, []string{"first", "first"}) {
		t.Errorf("fired: %q", fired)
	}
	sess := c.Session()
	defer sess.Free()
	if _, err := other.AddSession(sess); !errors.Is(err, libssl.ErrOtherCtx) {
		t.Errorf("the session counts as one of the second: %v", err)
	}
}

// C's own thread calls libssl, which calls Go.
func TestCallbacksOnThreadOfC(t *testing.T) {
	p, ctx := legacyCtx(t, libssl.VersionTLS12)
	ctx.SetOptions(libssl.OpNoTicket)
	var events []string // C joins its threads: nothing here is at the same time
	ctx.SessSetNewCB(func(ssl *libssl.SSL, sess *libssl.Session) {
		side := map[bool]string{true: "server", false: "client"}[ssl.IsServer()]
		events = append(events, "new "+side)
		wantRefs(t, sess, 3) // the SSL, the cache, the argument
	})
	ctx.SessSetRemoveCB(func(c *libssl.Ctx, sess *libssl.Session) {
		if !c.Same(ctx) || sess.IsResumable() {
			t.Errorf("remove: %v, %v", c.Same(ctx), sess.IsResumable())
		}
		events = append(events, "remove")
	})
	var served *libssl.Session
	ctx.SessSetGetCB(func(ssl *libssl.SSL, id []byte) *libssl.Session {
		events = append(events, "get")
		return served
	})
	onThread := func(c, s unsafe.Pointer) {
		for range 3 {
			ctest.CallOnThread(ctest.Handshake, c, nil)
			ctest.CallOnThread(ctest.Handshake, s, nil)
		}
	}
	c, s := legacyPair(t, p)
	onThread(c, s)
	client, server := libssl.BorrowSSL(c), libssl.BorrowSSL(s)
	defer client.Free()
	defer server.Free()
	sess, serverSess := client.Session(), server.Session()
	defer sess.Free()
	client.SetShutdown(libssl.SentShutdown)
	server.SetShutdown(libssl.SentShutdown)
	dup, err := serverSess.Dup() // what it was before the flush flags it
	must(t, err)
	defer dup.Free()
	serverSess.Free()
	if n := ctest.CallOnThread(ctest.Flush, p, nil); n != 1 {
		t.Error(n)
	}
	served = dup
	c2, s2 := legacyPair(t, p)
	copied, err := libssl.ParseSession(der(t, sess)) // without the flag
	must(t, err)
	defer copied.Free()
	copied.With(func(q unsafe.Pointer) { ctest.CallOnThread(ctest.SetSession, c2, q) })
	onThread(c2, s2)
	resumed := libssl.BorrowSSL(s2)
	defer resumed.Free()
	if !resumed.SessionReused() {
		t.Error("the session that the get callback served was not resumed")
	}
	// Client and server have one cache here, in which the one's session displaced the other's.
	if got := strings.Join(events, ", "); got != "new client, new server, remove, get" && got != "new server, new client, remove, get" {
		t.Errorf("events: %s", got)
	}
}

func der(t testing.TB, sess *libssl.Session) []byte {
	t.Helper()
	b, err := sess.DER()
	must(t, err)
	return b
}

// Without a Go caller the dispatcher delivers: in order, and to functions that may use the cache.
func TestNotificationsOfCallsByC(t *testing.T) {
	for name, call := range map[string]func(ctest.Op, unsafe.Pointer, unsafe.Pointer) int{"here": ctest.Call, "thread": ctest.CallOnThread} {
		t.Run(name, func(t *testing.T) {
			p, ctx := legacyCtx(t, 0)
			const n = 20
			ids := make(chan byte, n)
			ctx.SessSetRemoveNotify(func(sess *libssl.Session) {
				if added, err := ctx.AddSession(sess); err != nil || added != 1 {
					t.Errorf("AddSession: %d, %v", added, err)
				}
				ids <- sess.ID()[0]
			})
			var want, got []byte
			for i := range byte(n) {
				cached(t, ctx, i).With(func(q unsafe.Pointer) {
					if call(ctest.Remove, p, q) != 1 {
						t.Error("SSL_CTX_remove_session")
					}
				})
				want = append(want, i)
			}
			eventually(t, "all notifications", func() bool { return len(ids) == n })
			for range n {
				got = append(got, <-ids)
			}
			if !slices.Equal(got, want) {
				t.Errorf("order: %v", got)
			}
			ctx.SessSetRemoveNotify(nil)
			if ctx.SessNumber() != n {
				t.Errorf("%d sessions are back in the cache, want %d", ctx.SessNumber(), n)
			}
		})
	}
}

func TestPanicHandlerOfCallsByC(t *testing.T) {
	p, ctx := legacyCtx(t, libssl.VersionTLS12)
	ctx.SetOptions(libssl.OpNoTicket) // both sides have a new session
	panics := make(chan *libssl.CallbackPanic, 10)
	ctx.SetPanicHandler(func(p *libssl.CallbackPanic) { panics <- p })
	next := func() *libssl.CallbackPanic {
		select {
		case p := <-panics:
			return p
		case <-time.After(10 * time.Second):
			t.Fatal("the handler is not called")
			return nil
		}
	}
	ctx.SessSetNewCB(func(ssl *libssl.SSL, _ *libssl.Session) { panic("new " + ssl.VersionString()) })
	c, s := legacyPair(t, p)
	if !ctest.Connect(c, s) { // C goes on as if nothing had happened
		t.Error("handshake")
	}
	for range 2 {
		if p := next(); p.Callback != "new_session_cb" || p.Value != "new TLSv1.2" || !strings.Contains(string(p.Stack), "TestPanicHandlerOfCallsByC") {
			t.Errorf("%+v", p)
		}
	}
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { panic("remove") })
	flushInC(ctx)
	if p := next(); p.Callback != "remove_session_cb" || p.Value != "remove" {
		t.Errorf("%+v", p)
	}
	ctx.SessSetRemoveCB(nil)
	ctx.SessSetRemoveNotify(func(*libssl.Session) { panic("notify") })
	cached(t, ctx, 1)
	flushInC(ctx)
	if p := next(); p.Callback != "remove notification" || p.Value != "notify" {
		t.Errorf("%+v", p)
	}
	ctx.SessSetRemoveNotify(nil)
	mustEnd(t, "AddSession after the panics", func() { ctx.AddSession(withID(t, 2)) })
}

// An SSL_free inside the remove callback would take the lock that C holds.
func TestFreeInRemoveCallbackOfCallByC(t *testing.T) {
	_, ctx := legacyCtx(t, libssl.VersionTLS12)
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, _ := connected(t, client, server)
	sess := c.Session()
	defer sess.Free()
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) {
		c.Free()
		wantRefs(t, client, 3) // put off
	})
	cached(t, ctx, 1)
	mustEnd(t, "the flush", func() { flushInC(ctx) })
	eventually(t, "the SSL is freed", func() bool { return refs(t, client) == 1 })
	if sess.IsResumable() {
		t.Error("freed without the effect of SSL_free")
	}
	wantRefs(t, sess, 1)
}

// A duplicate of a duplicate, both made by C, which Go has not seen between.
func TestDupTwiceInC(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	ssl := newSSL(t, client)
	called := 0
	ssl.SetInfoCallback(func(*libssl.SSL, int, int) { called++ })
	var dup *libssl.SSL
	ssl.With(func(p unsafe.Pointer) {
		between := ctest.Dup(p)
		dup = libssl.AdoptSSL(ctest.Dup(between))
		ctest.Call(ctest.FreeSSL, between, nil)
	})
	defer dup.Free()
	ssl.Free()
	s := newSSLWithBIO(t, server)
	s.SetAcceptState()
	dup.SetMemBIO()
	dup.SetConnectState()
	finish(t, dup, s)
	if called == 0 {
		t.Error("the callback was not copied")
	}
}
