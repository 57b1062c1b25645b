package libssl_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// Fixtures of pair_test.go are kept reachable by the test's cleanups; what is forgotten here is made without them.

func forgettableCtx(t testing.TB, version int) *libssl.Ctx {
	t.Helper()
	ctx, err := libssl.NewCtx(libssl.TLSClientMethod())
	must(t, err)
	must(t, ctx.SetMinProtoVersion(version))
	must(t, ctx.SetMaxProtoVersion(version))
	ctx.SetSessionCacheMode(libssl.SessCacheBoth)
	return ctx
}

// forgettableSSL returns a client that is connected to a server of the test.
func forgettableSSL(t testing.TB, client, server *libssl.Ctx) *libssl.SSL {
	t.Helper()
	c, err := libssl.NewSSL(client)
	must(t, err)
	s := newSSL(t, server)
	c.SetMemBIO()
	s.SetMemBIO()
	c.SetConnectState()
	s.SetAcceptState()
	finish(t, c, s)
	return c
}

// forgettableSession returns a session with an id.
func forgettableSession(t testing.TB, id byte) *libssl.Session {
	t.Helper()
	sess, err := libssl.NewSession()
	must(t, err)
	must(t, sess.SetID([]byte{id, 1, 2, 3}))
	return sess
}

// forgetCtx makes a context whose cache has a session that nobody holds, and forgets it.
func forgetCtx(t testing.TB, configure func(*libssl.Ctx)) {
	t.Helper()
	ctx := forgettableCtx(t, 0)
	configure(ctx)
	sess := forgettableSession(t, 1)
	if n, err := ctx.AddSession(sess); n != 1 {
		t.Fatal(n, err)
	}
	sess.Free()
}

// settled returns the number of handles that are alive when the collector finds no more of other tests.
func settled(kind string) (n int64) {
	for same := 0; same < 10; same++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
		if now := diag.Live()[kind]; now != n {
			n, same = now, 0
		}
	}
	return n
}

// An SSL that is forgotten does not spoil a session that is held, an explicit Free does as C does.
func TestForgottenSSL(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		removed := 0
		client.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { removed++ })
		sess := func() *libssl.Session { return forgettableSSL(t, client, server).Session() }()
		defer sess.Free()
		cachedNow := client.SessNumber()
		eventually(t, "the SSL is collected", func() bool { return refs(t, client) < 3 })
		wantRefs(t, sess, 2) // here and the cache
		if removed != 0 || client.SessNumber() != cachedNow || !sess.IsResumable() {
			t.Errorf("%x: collected: %d removed, %d cached, resumable %v", version, removed, client.SessNumber(), sess.IsResumable())
		}
		if !resumes(t, client, server, sess) {
			t.Errorf("%x: the session of a forgotten SSL does not resume", version)
		}

		removed = 0
		c := forgettableSSL(t, client, server)
		freed := c.Session()
		defer freed.Free()
		c.Free()
		if removed != 1 || freed.IsResumable() {
			t.Errorf("%x: freed: %d removed, resumable %v", version, removed, freed.IsResumable())
		}
		wantRefs(t, freed, 1)
		client.SessSetRemoveCB(nil)
	}
}

// The last reference of C's decides, not the handle that is collected.
func TestForgottenHandleOfAnotherOwner(t *testing.T) {
	cp := newLegacyCtx(libssl.VersionTLS12)
	defer ctest.Call(ctest.FreeCtx, cp, nil)
	c, s := ctest.NewPair(cp)
	defer ctest.Call(ctest.FreeSSL, c, nil)
	defer ctest.Call(ctest.FreeSSL, s, nil)
	if !ctest.Connect(c, s) {
		t.Fatal("handshake")
	}
	client := libssl.BorrowSSL(c)
	defer client.Free()
	sess := func() *libssl.Session { return libssl.BorrowSSL(c).Session() }()
	defer sess.Free()
	eventually(t, "the handle is collected", func() bool { return refs(t, client) == 2 })
	if n := ctest.Call(ctest.Write, c, nil); n != len(ctest.Text) {
		t.Errorf("after the handle was collected C's SSL_write returns %d", n)
	}
	server := libssl.BorrowSSL(s)
	defer server.Free()
	buf := make([]byte, 64)
	if n := server.Read(buf); n < 0 || string(buf[:n]) != ctest.Text {
		t.Errorf("the peer reads %d, %q", n, buf)
	}
	wantRefs(t, server, 2)
	if flags := server.GetShutdown(); flags != 0 {
		t.Errorf("the peer saw a shutdown: %d", flags)
	}
}

// The end of an SSL_CTX flags the sessions in its cache, so it has to wait for those that are held.
func TestForgottenCtx(t *testing.T) {
	server := serverCtx(t, libssl.VersionTLS12)
	alive := settled("Ctx")
	type source func(t *testing.T, ctx *libssl.Ctx) *libssl.Session
	fromNew := func(others func(*libssl.SSL)) source {
		return func(t *testing.T, ctx *libssl.Ctx) (sess *libssl.Session) {
			ctx.SessSetNewCB(func(ssl *libssl.SSL, s *libssl.Session) {
				sess = s.UpRef()
				others(ssl)
			})
			c := forgettableSSL(t, ctx, server)
			c.Shutdown()
			c.Free()
			return sess
		}
	}
	for name, get := range map[string]source{
		"Session": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			c := forgettableSSL(t, ctx, server)
			c.Shutdown()
			defer c.Free()
			return c.Session()
		},
		"Session of a forgotten SSL": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			return forgettableSSL(t, ctx, server).Session()
		},
		"UpRef": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			c := forgettableSSL(t, ctx, server)
			defer c.Free()
			c.Shutdown()
			sess := c.Session()
			defer sess.Free()
			return sess.UpRef()
		},
		"new": fromNew(func(*libssl.SSL) {}),
		// Handles that come and go beside the one that is forgotten.
		"new, another handle freed":     fromNew(func(ssl *libssl.SSL) { ssl.Ctx().Free() }),
		"new, another handle forgotten": fromNew(func(ssl *libssl.SSL) { ssl.Ctx() }),
		"AddSession": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			sess := forgettableSession(t, 1)
			ctx.AddSession(sess)
			return sess
		},
		"UpRef after AddSession": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			sess := forgettableSession(t, 1)
			defer sess.Free()
			ctx.AddSession(sess)
			return sess.UpRef()
		},
		"AddSession, refused by another": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			sess := forgettableSession(t, 1)
			ctx.AddSession(sess)
			if _, err := clientCtx(t, 0).AddSession(sess); !errors.Is(err, libssl.ErrOtherCtx) {
				t.Error(err)
			}
			return sess
		},
		// The Ctx is not forgotten, but the SSL has the last reference, and is.
		"Ctx freed, SSL forgotten": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			c := forgettableSSL(t, ctx, server)
			ctx.Free()
			return c.Session()
		},
		"Ctx freed, SSL that was given it forgotten": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			c := forgettableSSL(t, ctx, server)
			c.Shutdown()
			sess := c.Session()
			c.Free()
			other, err := libssl.NewSSL(forgettableCtx(t, 0))
			must(t, err)
			other.SetSSLCtx(ctx)
			ctx.Free()
			return sess
		},
		"handle freed, another forgotten": func(t *testing.T, ctx *libssl.Ctx) *libssl.Session {
			other := ctx.UpRef()
			c := forgettableSSL(t, ctx, server)
			ctx.Free()
			defer runtime.KeepAlive(other)
			defer c.Free()
			c.Shutdown()
			return c.Session()
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			sess := func() *libssl.Session { return get(t, forgettableCtx(t, libssl.VersionTLS12)) }()
			defer sess.Free()
			settled("SSL")
			if !sess.IsResumable() {
				t.Error("the session is flagged")
			}
			wantRefs(t, sess, 2) // here and the cache
		})
	}
	if n := settled("Ctx"); n != alive {
		t.Errorf("%d Ctxs are alive after the sessions, want %d", n, alive)
	}
}

// Callbacks fire on the collector's goroutine, with the SSL_CTX at its end.
func TestCallbacksOfCollectedCtx(t *testing.T) {
	type event struct {
		what       string
		refs       int
		resumable  bool
		upRef, add bool
	}
	events := make(chan event, 10)
	forgetCtx(t, func(ctx *libssl.Ctx) {
		ctx.SessSetRemoveCB(func(ctx *libssl.Ctx, sess *libssl.Session) {
			_, err := ctx.AddSession(sess)
			n, _ := diag.Refs(ctx)
			events <- event{"remove", n, sess.IsResumable(), ctx.UpRef() != nil, !errors.Is(err, libssl.ErrInRemoveCallback)}
		})
		ctx.SessSetRemoveNotify(func(sess *libssl.Session) {
			n, _ := diag.Refs(sess)
			events <- event{"notify", n, sess.IsResumable(), false, false}
		})
	})
	eventually(t, "both callbacks", func() bool { return len(events) == 2 })
	if e := <-events; e != (event{what: "remove"}) {
		t.Errorf("first %+v", e)
	}
	if e := <-events; e != (event{what: "notify", refs: 1}) {
		t.Errorf("then %+v", e)
	}
}

// Nobody could recover it; the next collected Ctx must not suffer.
func TestPanicOfCollectedCtx(t *testing.T) {
	panics := make(chan *libssl.CallbackPanic, 10)
	boom := errors.New("boom")
	for range 2 {
		forgetCtx(t, func(ctx *libssl.Ctx) {
			ctx.SetPanicHandler(func(p *libssl.CallbackPanic) { panics <- p })
			ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { panic(boom) })
		})
		eventually(t, "the handler", func() bool { return len(panics) == 1 })
		if p := <-panics; p.Callback != "remove_session_cb" || !errors.Is(p, boom) || !strings.Contains(string(p.Stack), "TestPanicOfCollectedCtx") {
			t.Errorf("%s: %v", p.Callback, p)
		}
	}
	forgetCtx(t, func(ctx *libssl.Ctx) {
		ctx.SetPanicHandler(func(p *libssl.CallbackPanic) { panics <- p })
		ctx.SessSetRemoveNotify(func(*libssl.Session) { panic(boom) })
	})
	eventually(t, "the handler", func() bool { return len(panics) == 1 })
	if p := <-panics; p.Callback != "remove notification" || !errors.Is(p, boom) {
		t.Errorf("%s: %v", p.Callback, p)
	}
}

// A call keeps its handles, also those of its arguments, and With keeps the pointer.
func TestCollectorLeavesCallsAlone(t *testing.T) {
	ssl := newSSL(t, clientCtx(t, 0))
	live := settled("Session")
	forgettableSession(t, 1).With(func(p unsafe.Pointer) {
		for range 5 {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		if n := diag.Live()["Session"]; n != live+1 {
			t.Errorf("%d sessions alive inside With, want %d", n, live+1)
		}
		if ctest.Call(ctest.SetSession, unsafePointerOf(ssl), p) != 1 {
			t.Error("SSL_set_session fails")
		}
	})
	eventually(t, "the handle is collected", func() bool { return diag.Live()["Session"] == live })
	sess := ssl.Session()
	defer sess.Free()
	wantRefs(t, sess, 2)
}

// What the collector looks at in an SSL another thread may be changing: it waits, and so does nobody else.
func TestForgottenHandleOfBusySSL(t *testing.T) {
	ssl := newSSL(t, clientCtx(t, 0))
	func() { ssl.UpRef() }()
	ssl.With(func(unsafe.Pointer) {
		settled("SSL")
		wantRefs(t, ssl, 2)
	})
	eventually(t, "the reference is dropped", func() bool { return refs(t, ssl) == 1 })
}

// unsafePointerOf returns a pointer that is good while the handle is.
func unsafePointerOf(h diag.Handle) (p unsafe.Pointer) {
	h.With(func(q unsafe.Pointer) { p = q })
	return p
}
