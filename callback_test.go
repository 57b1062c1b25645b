package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// wantInvalid checks that the arguments of a callback are invalid.
func wantInvalid(t *testing.T, ssl *libssl.SSL, ctx *libssl.Ctx, sess *libssl.Session) {
	t.Helper()
	if ssl != nil && (ssl.SetSession(nil) != 0 || !errors.Is(ssl.LastErrors(), libssl.ErrFreed) || ssl.UpRef() != nil) {
		t.Errorf("the SSL can be used after the callback: %v", ssl.LastErrors())
	}
	if sess != nil && (sess.ID() != nil || sess.UpRef() != nil) {
		t.Error("the Session can be used after the callback")
	}
	if ctx == nil {
		return
	}
	if _, err := ctx.AddSession(withID(t, 99)); !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("AddSession after the callback: %v", err)
	}
	if err := ctx.FlushSessions(time.Time{}); !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("FlushSessions after the callback: %v", err)
	}
	if ctx.With(func(unsafe.Pointer) {}) || ctx.UpRef() != nil {
		t.Error("the Ctx can be used after the callback")
	}
}

// Both sides, in the order in which libssl makes the sessions; what was kept lives on.
func TestNewCallback(t *testing.T) {
	for _, test := range []struct {
		version int
		events  string
	}{
		{libssl.VersionTLS12, "server, client"},
		{libssl.VersionTLS13, "server, server, client, client"}, // two tickets
	} {
		client, server := idOnlyCtxs(t)
		for _, ctx := range []*libssl.Ctx{client, server} {
			must(t, ctx.SetMinProtoVersion(test.version))
			must(t, ctx.SetMaxProtoVersion(test.version))
		}
		c, s := pair(t, client, server)
		var events []string
		var sessions []*libssl.Session
		var kept *libssl.SSL
		callback := func(name string, ssl *libssl.SSL) func(arg *libssl.SSL, sess *libssl.Session) {
			return func(arg *libssl.SSL, sess *libssl.Session) {
				events = append(events, name)
				wantRefs(t, sess, 3) // the SSL, the cache, the argument
				n := 1               // the argument counts nothing
				if arg.Same(kept) {
					n++
				}
				wantRefs(t, arg, n)
				now := arg.Session()
				if !arg.Same(ssl) || !now.Same(sess) {
					t.Errorf("%s: of another SSL, or not its session", name)
				}
				now.Free()
				sessions = append(sessions, sess, sess.UpRef())
				if kept == nil {
					kept = arg.UpRef()
				}
				t.Cleanup(func() { wantInvalid(t, arg, nil, sess) })
			}
		}
		client.SessSetNewCB(callback("client", c))
		server.SessSetNewCB(callback("server", s))
		finish(t, c, s)
		if got := strings.Join(events, ", "); got != test.events {
			t.Errorf("%x: %s, want %s", test.version, got, test.events)
		}
		last := c.Session()
		if n := len(sessions); n == 0 || !sessions[n-1].Same(last) {
			t.Error("the last one is not the current one")
		}
		last.Free()
		for i := 0; i < len(sessions); i += 2 {
			wantInvalid(t, nil, nil, sessions[i])
			if len(sessions[i+1].ID()) != 32 {
				t.Error("what was kept has no id")
			}
			sessions[i+1].Free()
		}
		wantRefs(t, kept, 2)
		if !kept.Same(s) || kept.Write([]byte("x")) != 1 {
			t.Error("the SSL that was kept does not work")
		}
		kept.Free()
		client.SessSetNewCB(nil)
		server.SessSetNewCB(nil)
		events = nil
		connected(t, client, server)
		if events != nil {
			t.Errorf("called after nil: %q", events)
		}
	}
}

func TestCallbacksOfSessionCtx(t *testing.T) {
	first, second, server := clientCtx(t, libssl.VersionTLS12), clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	var events []string
	for name, ctx := range map[string]*libssl.Ctx{"first": first, "second": second} {
		ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { events = append(events, "new "+name) })
		ctx.SessSetRemoveCB(func(arg *libssl.Ctx, _ *libssl.Session) {
			events = append(events, fmt.Sprint("remove ", name, arg.Same(ctx)))
		})
	}
	c, s := pair(t, first, server)
	if c.SetSSLCtx(second) != 1 {
		t.Fatal(c.LastErrors())
	}
	finish(t, c, s)
	c.Free()
	if got := strings.Join(events, ", "); got != "new first, remove firsttrue" {
		t.Errorf("events: %s", got)
	}
}

// removals are the calls that fire the remove callback. The session is held, in the cache, and set in c if there is one.
var removals = []struct {
	name      string
	connected bool
	refs      int // inside: the handle, the cache, the argument, and the SSL
	after     int
	ctxRefs   int // inside
	run       func(t *testing.T, ctx *libssl.Ctx, sess *libssl.Session, c *libssl.SSL)
}{
	{"Ctx.RemoveSession", false, 3, 1, 1, func(t *testing.T, ctx *libssl.Ctx, sess *libssl.Session, _ *libssl.SSL) {
		if n, err := ctx.RemoveSession(sess); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}},
	{"eviction", false, 3, 1, 1, func(t *testing.T, ctx *libssl.Ctx, _ *libssl.Session, _ *libssl.SSL) {
		ctx.SessSetCacheSize(1)
		cached(t, ctx, 77)
	}},
	{"Ctx.FlushSessions", false, 3, 1, 1, func(t *testing.T, ctx *libssl.Ctx, _ *libssl.Session, _ *libssl.SSL) {
		must(t, ctx.FlushSessions(time.Time{}))
	}},
	{"Ctx.Free", false, 3, 1, 0, func(_ *testing.T, ctx *libssl.Ctx, _ *libssl.Session, _ *libssl.SSL) { ctx.Free() }},
	{"SSL.Free", true, 4, 1, 3, func(_ *testing.T, _ *libssl.Ctx, _ *libssl.Session, c *libssl.SSL) { c.Free() }},
	{"SSL.Clear", true, 4, 1, 3, func(t *testing.T, _ *libssl.Ctx, _ *libssl.Session, c *libssl.SSL) {
		if c.Clear() != 1 {
			t.Error(c.LastErrors())
		}
	}},
	{"SSL.SetSession(nil)", true, 4, 1, 3, func(t *testing.T, _ *libssl.Ctx, _ *libssl.Session, c *libssl.SSL) {
		if c.SetSession(nil) != 1 {
			t.Error(c.LastErrors())
		}
	}},
	{"SSL.SetSession", true, 4, 1, 3, func(t *testing.T, _ *libssl.Ctx, _ *libssl.Session, c *libssl.SSL) {
		if c.SetSession(withID(t, 78)) != 1 {
			t.Error(c.LastErrors())
		}
	}},
	{"SSL.CopySessionID", true, 4, 1, 3, func(t *testing.T, _ *libssl.Ctx, _ *libssl.Session, c *libssl.SSL) {
		if c.CopySessionID(newSSL(t, clientCtx(t, 0))) != 1 {
			t.Error(c.LastErrors())
		}
	}},
	{"a fatal error in SSL.Read", true, 4, 2, 3, func(t *testing.T, _ *libssl.Ctx, _ *libssl.Session, c *libssl.SSL) {
		c.BIOWrite(bytes.Repeat([]byte("garbage"), 10))
		if n := c.Read(make([]byte, 1)); n > 0 || c.GetError(n) != libssl.ErrorSSL {
			t.Errorf("%d, %d", n, c.GetError(n))
		}
	}},
}

// removal makes what a row needs.
func removal(t *testing.T, withSSL bool) (ctx *libssl.Ctx, sess *libssl.Session, c *libssl.SSL) {
	ctx = clientCtx(t, libssl.VersionTLS12)
	if !withSSL {
		return ctx, cached(t, ctx, 1), nil
	}
	c, _ = connected(t, ctx, serverCtx(t, libssl.VersionTLS12))
	sess = c.Session()
	t.Cleanup(sess.Free)
	return ctx, sess, c
}

// Both forms at once: the exact one inside the call, then the notification before the method returns.
func TestRemoveCallback(t *testing.T) {
	for _, r := range removals {
		t.Run(r.name, func(t *testing.T) {
			ctx, sess, c := removal(t, r.connected)
			var events []string
			ctx.SessSetRemoveCB(func(argCtx *libssl.Ctx, arg *libssl.Session) {
				events = append(events, "exact")
				wantRefs(t, arg, r.refs)
				wantRefs(t, argCtx, r.ctxRefs)
				if !arg.Same(sess) || arg.IsResumable() {
					t.Errorf("another session, or not flagged")
				}
				if !argCtx.Same(ctx) && r.name != "Ctx.Free" {
					t.Error("another Ctx")
				}
				if u, p := argCtx.UpRef(), argCtx.HandOut(); u != nil || p != nil {
					t.Error("an SSL_CTX that may be dying can be kept")
				}
				t.Cleanup(func() { wantInvalid(t, nil, argCtx, arg) })
			})
			var notified *libssl.Session
			ctx.SessSetRemoveNotify(func(arg *libssl.Session) {
				events = append(events, "notification")
				notified = arg
				wantRefs(t, sess, r.after+1)
				if !arg.Same(sess) {
					t.Error("another session is reported")
				}
			})
			r.run(t, ctx, sess, c)
			if got := strings.Join(events, ", "); got != "exact, notification" {
				t.Errorf("events: %s", got)
			}
			wantInvalid(t, nil, nil, notified)
			wantRefs(t, sess, r.after)
			ctx.SessSetRemoveCB(nil)
			ctx.SessSetRemoveNotify(nil)
		})
	}
}

// Also for a session that is in no cache, and not after the callback was removed.
func TestRemoveCallbackComesAndGoes(t *testing.T) {
	ctx := clientCtx(t, 0)
	sess := withID(t, 1)
	var events []string
	fire := func() string {
		events = nil
		ctx.RemoveSession(sess)
		return strings.Join(events, ", ")
	}
	exact := func(*libssl.Ctx, *libssl.Session) {
		wantRefs(t, sess, 2)
		events = append(events, "exact")
	}
	notify := func(*libssl.Session) { events = append(events, "notification") }
	for _, step := range []struct {
		set  func()
		want string
	}{
		{func() {}, ""},
		{func() { ctx.SessSetRemoveNotify(notify) }, "notification"},
		{func() { ctx.SessSetRemoveCB(exact) }, "exact, notification"},
		{func() { ctx.SessSetRemoveNotify(nil) }, "exact"},
		{func() { ctx.SessSetRemoveCB(nil) }, ""},
		{func() { ctx.SessSetRemoveCB(exact); ctx.SessSetRemoveNotify(notify) }, "exact, notification"},
		{func() { ctx.SessSetRemoveCB(nil) }, "notification"},
	} {
		step.set()
		if got := fire(); got != step.want {
			t.Errorf("events: %q, want %q", got, step.want)
		}
	}
}

// A notification may do what the exact form must not: use the cache, and wait for those who use it.
func TestNotification(t *testing.T) {
	ctx := clientCtx(t, 0)
	var exact, notified []byte
	ctx.SessSetRemoveCB(func(_ *libssl.Ctx, sess *libssl.Session) { exact = append(exact, sess.ID()[0]) })
	ctx.SessSetRemoveNotify(func(sess *libssl.Session) {
		if len(notified) == 0 && (len(exact) != 5 || ctx.SessNumber() != 0) {
			t.Error("delivered before the C call was done")
		}
		notified = append(notified, sess.ID()[0])
		other := withID(t, 100+sess.ID()[0])
		done := make(chan int)
		go func() {
			n, _ := ctx.AddSession(other)
			done <- n
		}()
		if n := <-done; n != 1 {
			t.Error("the goroutine could not use the cache")
		}
		if n, err := ctx.AddSession(sess); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
	for i := range byte(5) {
		cached(t, ctx, i)
	}
	mustEnd(t, "the flush", func() { ctx.FlushSessions(time.Time{}) })
	if len(exact) != 5 || !slices.Equal(exact, notified) {
		t.Errorf("exact %v, notified %v", exact, notified)
	}
	ctx.SessSetRemoveCB(nil)
	ctx.SessSetRemoveNotify(nil)
	if ctx.SessNumber() != 10 {
		t.Errorf("%d sessions in the cache", ctx.SessNumber())
	}
}

// One call may end two contexts; each hears of its own sessions, and its handler gets its own panics.
func TestCallbacksOfTwoCtxs(t *testing.T) {
	for name, end := range map[string]func(ssl *libssl.SSL){
		"Go": (*libssl.SSL).Free,
		"dispatcher": func(ssl *libssl.SSL) { // an SSL_free that was put off
			ctx := clientCtx(t, 0)
			cached(t, ctx, 9)
			ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { ssl.Free() })
			flushInC(ctx)
		},
	} {
		events := make(chan string, 10)
		a, b := clientCtx(t, 0), clientCtx(t, 0)
		for i, ctx := range []*libssl.Ctx{a, b} {
			cached(t, ctx, byte(i))
			ctx.SetPanicHandler(func(p *libssl.CallbackPanic) { events <- fmt.Sprint(i, " panics ", p.Value) })
			ctx.SessSetRemoveNotify(func(sess *libssl.Session) {
				events <- fmt.Sprint(i, " removes ", sess.ID()[0])
				if i == 1 && name != "Go" {
					panic(i)
				}
			})
		}
		ssl := newSSL(t, a)
		ssl.SetSSLCtx(b)
		a.Free()
		b.Free()
		end(ssl)
		want := []string{"0 removes 0", "1 removes 1"}
		if name != "Go" {
			want = append(want, "1 panics 1")
		}
		if !reached(func() bool { return len(events) == len(want) }) {
			t.Errorf("%s: %d events", name, len(events))
		}
		var got []string
		for len(events) > 0 {
			got = append(got, <-events)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// unflagged returns a copy that nothing was done to.
func unflagged(t testing.TB, sess *libssl.Session) *libssl.Session {
	t.Helper()
	dup, err := libssl.ParseSession(der(t, sess))
	must(t, err)
	t.Cleanup(dup.Free)
	return dup
}

// offering returns a client session and the server's of the same connection; only the client can resume it by itself.
func offering(t testing.TB, client, server *libssl.Ctx) (offered, served *libssl.Session) {
	t.Helper()
	var kept *libssl.Session
	server.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) { kept = sess.UpRef() })
	offered = session(t, client, server)
	server.SessSetNewCB(nil)
	served = unflagged(t, kept)
	kept.Free()
	must(t, server.FlushSessions(time.Time{}))
	return offered, served
}

func TestGetCallback(t *testing.T) {
	for _, test := range []struct {
		name    string
		serve   func(t *testing.T, server *libssl.Ctx, served *libssl.Session) *libssl.Session
		resumes bool
		refs    int // of what is served: the handle, the server's SSL and cache
	}{
		{"the session", func(_ *testing.T, _ *libssl.Ctx, served *libssl.Session) *libssl.Session { return served }, true, 3},
		{"nil", func(*testing.T, *libssl.Ctx, *libssl.Session) *libssl.Session { return nil }, false, 1},
		{"a zero Session", func(*testing.T, *libssl.Ctx, *libssl.Session) *libssl.Session { return &libssl.Session{} }, false, 1},
		{"a freed one", func(_ *testing.T, _ *libssl.Ctx, served *libssl.Session) *libssl.Session {
			freed := served.UpRef()
			freed.Free()
			return freed
		}, false, 1},
		{"one that is cached elsewhere", func(t *testing.T, _ *libssl.Ctx, served *libssl.Session) *libssl.Session {
			other := clientCtx(t, 0)
			if n, err := other.AddSession(served); n != 1 {
				t.Error(n, err)
			}
			t.Cleanup(func() {
				if other.SessNumber() != 1 || !served.IsResumable() {
					t.Error("the other cache lost it")
				}
			})
			return served
		}, true, 2}, // the handle and the other cache
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := idOnlyCtxs(t)
			offered, served := offering(t, client, server)
			c, s := pair(t, client, server)
			calls := 0
			var lent *libssl.SSL
			server.SessSetGetCB(func(ssl *libssl.SSL, id []byte) *libssl.Session {
				calls++
				lent = ssl
				if !ssl.Same(s) || !bytes.Equal(id, offered.ID()) {
					t.Errorf("of another SSL, or for another id: %x", id)
				}
				return test.serve(t, server, served)
			})
			c.SetSession(offered)
			finish(t, c, s)
			if calls != 1 || c.SessionReused() != test.resumes || s.SessionReused() != test.resumes {
				t.Errorf("%d calls, reused: %v, %v", calls, c.SessionReused(), s.SessionReused())
			}
			wantInvalid(t, lent, nil, nil)
			wantRefs(t, served, test.refs)
			hits := 0
			if test.resumes {
				hits = 1
			}
			if server.SessCbHits() != hits || server.SessNumber() != 1 {
				t.Errorf("%d hits, %d cached", server.SessCbHits(), server.SessNumber())
			}
			server.SessSetGetCB(nil)
		})
	}
}

// What a client offers is any bytes.
func TestGetCallbackIDs(t *testing.T) {
	client, server := idOnlyCtxs(t)
	base := unflagged(t, session(t, client, server))
	var got [][]byte
	server.SessSetGetCB(func(_ *libssl.SSL, id []byte) *libssl.Session {
		got = append(got, id)
		return nil
	})
	var want [][]byte
	for _, id := range [][]byte{{}, {0}, {0xff}, make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), []byte("a\x00b"), []byte(strings.Repeat("%s", 16))} {
		sess := unflagged(t, base)
		must(t, sess.SetID(id))
		if resumes(t, client, server, sess) {
			t.Errorf("%q: resumed", id)
		}
		if len(id) > 0 { // without an id there is nothing to ask for
			want = append(want, id)
		}
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("asked for %x", got)
	}
	got[0][0] = 1 // a copy: the callback may keep it
}

// The handle that is served may be freed at the same time.
func TestGetCallbackBesideFree(t *testing.T) {
	client, server := idOnlyCtxs(t)
	offered, served := offering(t, client, server)
	for range 50 {
		handle := served.UpRef()
		freed := make(chan struct{})
		server.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session {
			go func() {
				handle.Free()
				close(freed)
			}()
			return handle
		})
		c, s := pair(t, client, server)
		c.SetSession(offered)
		finish(t, c, s)
		c.Shutdown()
		s.Shutdown()
		c.Free()
		s.Free()
		<-freed
		server.SessSetGetCB(nil)
		must(t, server.FlushSessions(time.Time{}))
		wantRefs(t, served, 1)
	}
}
