package libssl_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// childTest is the environment variable with the name of the test that a process was started for.
const childTest = "LIBSSL_TEST_RERUN"

// inChild reports whether runInChild started this process for t.
func inChild(t *testing.T) bool { return os.Getenv(childTest) == t.Name() }

// runInChild runs a test of this binary, or a subtest, in a process of its own, for what may crash. It returns what was printed.
func runInChild(t *testing.T, name string) (output string, err error) {
	t.Helper()
	const limit = 2 * time.Minute // far more than any needs, also with -race and -asan
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run="+strings.Join(parts, "/"), "-test.count=1")
	cmd.Env = append(os.Environ(), childTest+"="+name, "LIBSSL_TEST_OOM=1")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Errorf("the child process hangs")
	}
	return string(out), err
}

// survives runs f, which may crash or corrupt a broken build, in a child process.
func survives(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if inChild(t) {
		f(t)
		return
	}
	if out, err := runInChild(t, t.Name()); err != nil {
		t.Errorf("%v\n%s", err, head(out))
	}
}

// head returns the beginning of a crash's output.
func head(s string) string { return s[:min(len(s), 4000)] }

// deaths are what cannot go on: a panic that nobody could recover, and Goexit inside C's frames. wait gives the dispatcher and the collector time.
var deaths = []struct {
	name string
	die  func(t *testing.T, wait func())
	says []string
}{
	{"goexit/new", func(t *testing.T, _ func()) {
		client := clientCtx(t, libssl.VersionTLS12)
		client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { runtime.Goexit() })
		connected(t, client, serverCtx(t, libssl.VersionTLS12))
	}, []string{"libssl: runtime.Goexit (or t.FailNow) in new_session_cb", "C's locks would be held for ever"}},

	{"goexit/remove", func(t *testing.T, _ func()) {
		client := clientCtx(t, 0)
		client.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { t.FailNow() })
		cached(t, client, 1)
		must(t, client.FlushSessions(time.Time{}))
	}, []string{"libssl: runtime.Goexit (or t.FailNow) in remove_session_cb"}},

	{"goexit/get", func(t *testing.T, _ func()) {
		client, server := idOnlyCtxs(t)
		sess := session(t, client, server)
		must(t, server.FlushSessions(time.Time{}))
		server.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session {
			t.SkipNow()
			return nil
		})
		resumes(t, client, server, sess)
	}, []string{"libssl: runtime.Goexit (or t.FailNow) in get_session_cb"}},

	// The goroutine that would end is not the test's: it serves all Ctxs.
	{"goexit/dispatcher", func(t *testing.T, wait func()) {
		client := clientCtx(t, 0)
		client.SessSetRemoveNotify(func(*libssl.Session) { runtime.Goexit() })
		cached(t, client, 1)
		flushInC(client)
		wait()
	}, []string{"libssl: runtime.Goexit (or t.FailNow) in"}},

	{"goexit/collected", func(t *testing.T, wait func()) {
		forgetCtx(t, func(ctx *libssl.Ctx) { ctx.SessSetRemoveNotify(func(*libssl.Session) { runtime.Goexit() }) })
		wait()
	}, []string{"libssl: runtime.Goexit (or t.FailNow) in"}},

	{"panic/remove/C", func(t *testing.T, wait func()) {
		client := clientCtx(t, 0)
		client.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { panicsInRemove() })
		cached(t, client, 1)
		flushInC(client)
		wait()
	}, []string{"panic in remove_session_cb: no caller", "panicsInRemove"}},

	{"panic/new/C", func(t *testing.T, wait func()) {
		cp := newLegacyCtx(libssl.VersionTLS12)
		ctx := libssl.AdoptCtx(cp)
		defer ctx.Free()
		ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { panicsInRemove() })
		c, s := ctest.NewPair(cp)
		ctest.Connect(c, s)
		wait()
	}, []string{"panic in new_session_cb: no caller", "panicsInRemove"}},

	{"panic/notification/C", func(t *testing.T, wait func()) {
		client := clientCtx(t, 0)
		client.SessSetRemoveNotify(func(*libssl.Session) { panicsInRemove() })
		cached(t, client, 1)
		flushInC(client)
		wait()
	}, []string{"panic in remove notification: no caller", "panicsInRemove"}},

	{"panic/collected", func(t *testing.T, wait func()) {
		forgetCtx(t, func(ctx *libssl.Ctx) { ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { panicsInRemove() }) })
		wait()
	}, []string{"panic in remove_session_cb: no caller", "panicsInRemove"}},

	{"panic/handler/removed", func(t *testing.T, wait func()) {
		client := clientCtx(t, 0)
		client.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { panicsInRemove() })
		client.SetPanicHandler(func(*libssl.CallbackPanic) {})
		client.SetPanicHandler(nil)
		cached(t, client, 1)
		flushInC(client)
		wait()
	}, []string{"panic in remove_session_cb: no caller"}},
}

// panicsInRemove has a name that a stack shows.
func panicsInRemove() { panic("no caller") }

func TestDeaths(t *testing.T) {
	for _, d := range deaths {
		t.Run(strings.ReplaceAll(d.name, "/", "-"), func(t *testing.T) {
			if inChild(t) {
				d.die(t, func() {
					for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
						runtime.GC()
					}
				})
				return
			}
			out, err := runInChild(t, t.Name())
			if err == nil {
				t.Fatal("the program goes on")
			}
			for _, s := range d.says {
				if !strings.Contains(out, s) {
					t.Errorf("the program does not say %q but:\n%s", s, head(out))
				}
			}
			if strings.Contains(out, "--- FAIL") {
				t.Errorf("the test failed instead of the program:\n%s", head(out))
			}
		})
	}
}

var errBoom = errors.New("boom")

// boom has a name that a stack shows.
func boom() { panic(errBoom) }

// wantPanic checks what a method panicked with.
func wantPanic(t *testing.T, v any, callback string) {
	t.Helper()
	p, ok := v.(*libssl.CallbackPanic)
	if !ok {
		t.Fatalf("%s: the method panicked with %v", callback, v)
	}
	var found *libssl.CallbackPanic
	wrapped := fmt.Errorf("wrapped: %w", p)
	if !errors.As(wrapped, &found) || found != p || !errors.Is(wrapped, errBoom) || p.Value != errBoom {
		t.Errorf("%s: the value is %v", callback, p.Value)
	}
	if p.Callback != callback || !strings.Contains(string(p.Stack), "libssl_test.boom(") || !strings.Contains(p.Error(), "panic in "+callback+": boom") {
		t.Errorf("%s: %v", p.Callback, p)
	}
}

// The panic comes out of the method when C is done, and C is really done: nothing is locked, lost or half removed.
func TestPanicInRemove(t *testing.T) {
	for _, r := range removals {
		t.Run(r.name, func(t *testing.T) {
			ctx, sess, c := removal(t, r.connected)
			ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { boom() })
			wantPanic(t, panicOf(func() { r.run(t, ctx, sess, c) }), "remove_session_cb")
			ctx.SessSetRemoveCB(nil)
			wantRefs(t, sess, r.after)
			if sess.IsResumable() {
				t.Error("not flagged")
			}
			if c != nil && r.after == 2 { // it failed as well: the reason is there all the same
				if last := c.LastErrors(); last.Func != "SSL_read" || len(last.Entries) == 0 || c.GetError(-1) != libssl.ErrorSSL {
					t.Errorf("GetError %d, LastErrors: %v", c.GetError(-1), last)
				}
			}
			if r.name != "Ctx.Free" {
				mustEnd(t, "AddSession after the panic", func() { cached(t, ctx, 3) })
			}
		})
	}
}

func TestPanicInNewAndGet(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		calls := 0
		client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {
			calls++
			boom()
		})
		c, s := pair(t, client, server)
		wantPanic(t, panicOf(func() { finish(t, c, s) }), "new_session_cb") // with 1.3 in Read, which has two tickets
		if calls != 1 {
			t.Errorf("%d callbacks in one call", calls)
		}
		finish(t, c, s)
		if c.Write([]byte("x")) != 1 {
			t.Error("the connection does not work:", c.LastErrors())
		}
		sess := c.Session()
		wantRefs(t, sess, 3) // the SSL, the cache, the handle: none is left from the callback
		sess.Free()
	}

	client, server := idOnlyCtxs(t)
	offered, _ := offering(t, client, server)
	server.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session {
		boom()
		return nil
	})
	c, s := pair(t, client, server)
	c.SetSession(offered)
	wantPanic(t, panicOf(func() { finish(t, c, s) }), "get_session_cb")
	finish(t, c, s)
	if s.SessionReused() {
		t.Error("resumed what the callback did not return")
	}
}

// The callbacks that follow in the call are not run; what C does is done for all.
func TestPanicSkipsFollowingCallbacks(t *testing.T) {
	ctx := clientCtx(t, 0)
	calls := 0
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) {
		calls++
		boom()
	})
	sessions := []*libssl.Session{cached(t, ctx, 1), cached(t, ctx, 2), cached(t, ctx, 3)}
	wantPanic(t, panicOf(func() { ctx.FlushSessions(time.Time{}) }), "remove_session_cb")
	if calls != 1 || ctx.SessNumber() != 0 {
		t.Errorf("%d calls, %d sessions in the cache", calls, ctx.SessNumber())
	}
	for _, sess := range sessions {
		wantRefs(t, sess, 1)
		if sess.IsResumable() {
			t.Error("not flagged")
		}
	}
	wantPanic(t, panicOf(func() { ctx.RemoveSession(sessions[0]) }), "remove_session_cb")
	if calls != 2 {
		t.Error("not called in the next call")
	}
	ctx.SessSetRemoveCB(nil)
}

// The handles of the arguments are released too.
func TestPanicReleasesArguments(t *testing.T) {
	for name, call := range map[string]func(c *libssl.SSL, sess *libssl.Session){
		"SetSession": func(c *libssl.SSL, sess *libssl.Session) { c.SetSession(sess) },
		"AddSession": func(c *libssl.SSL, sess *libssl.Session) {
			ctx := c.Ctx()
			defer ctx.Free()
			ctx.SessSetCacheSize(1)
			ctx.AddSession(sess)
		},
		"RemoveSession": func(c *libssl.SSL, sess *libssl.Session) {
			ctx := c.Ctx()
			defer ctx.Free()
			ctx.RemoveSession(sess)
		},
	} {
		ctx := clientCtx(t, libssl.VersionTLS12)
		c, _ := connected(t, ctx, serverCtx(t, libssl.VersionTLS12))
		ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { boom() })
		keep := withID(t, 1)
		sess := keep.UpRef()
		wantPanic(t, panicOf(func() { call(c, sess) }), "remove_session_cb")
		ctx.SessSetRemoveCB(nil)
		n := refs(t, keep)
		sess.Free()
		if got := refs(t, keep); got != n-1 {
			t.Errorf("%s: Free after the panic gives nothing back: %d references", name, got)
		}
	}
}

// A panic that a callback lets through becomes its own; one that it recovers is gone.
func TestPanicInNestedCallbacks(t *testing.T) {
	for _, recovers := range []bool{false, true} {
		client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
		c, s := pair(t, client, server)
		client.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { boom() })
		client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {
			if recovers {
				wantPanic(t, panicOf(func() { client.RemoveSession(withID(t, 1)) }), "remove_session_cb")
			} else {
				client.RemoveSession(withID(t, 1))
			}
		})
		v := panicOf(func() { finish(t, c, s) })
		client.SessSetRemoveCB(nil)
		if recovers && v != nil {
			t.Errorf("recovered, and still: %v", v)
		}
		if outer, ok := v.(*libssl.CallbackPanic); !recovers && (!ok || outer.Callback != "new_session_cb" || !errors.Is(outer, errBoom)) {
			t.Errorf("not recovered: %v", v)
		} else if !recovers {
			wantPanic(t, outer.Value, "remove_session_cb")
		}
	}
}

// Free in a callback is carried out at the end of the call, and its own callback panics as well: nothing may get lost in the registry.
func TestPanicAndFree(t *testing.T) {
	before := libssl.Leftovers()
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, s := pair(t, client, server)
	client.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { boom() })
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {
		c.Free()
		boom()
	})
	if panicOf(func() { finish(t, c, s) }) == nil {
		t.Error("SSL: no panic")
	}
	wantRefs(t, client, 1)
	client.Free()
	s.Free()
	server.Free()

	ctx := clientCtx(t, 0)
	ctx.SessSetCacheSize(1)
	cached(t, ctx, 1)
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) {
		ctx.Free()
		boom()
	})
	if panicOf(func() { ctx.AddSession(withID(t, 2)) }) == nil {
		t.Error("Ctx: no panic")
	}
	if n := libssl.Leftovers(); n > before {
		t.Errorf("%d registry entries are left", n-before)
	}
}

// A notification runs when C is done: its panic, or Goexit, is the caller's. The sessions end all the same.
func TestPanicInNotification(t *testing.T) {
	for name, end := range map[string]func(){"panic": boom, "Goexit": runtime.Goexit} {
		ctx := clientCtx(t, 0)
		var args []*libssl.Session
		ctx.SessSetRemoveNotify(func(sess *libssl.Session) {
			args = append(args, sess)
			end()
		})
		sessions := []*libssl.Session{cached(t, ctx, 1), cached(t, ctx, 2)}
		var v any
		mustEnd(t, name, func() { v = panicOf(func() { ctx.FlushSessions(time.Time{}) }) })
		if name == "panic" && v != errBoom {
			t.Errorf("%v", v)
		}
		if len(args) == 0 {
			t.Fatal("no notification")
		}
		wantInvalid(t, nil, nil, args[0])
		for _, sess := range sessions {
			wantRefs(t, sess, 1)
		}
		ctx.SessSetRemoveNotify(nil)
	}
}

// insideCalls are SetSession with nil and with a session, on the SSL of a callback and on others.
func insideCalls(t *testing.T, same, other *libssl.SSL, nilErr, sessErr error) {
	t.Helper()
	set := func(what string, ssl *libssl.SSL, sess *libssl.Session, why error) {
		t.Helper()
		n := ssl.SetSession(sess)
		if why != nil {
			wantRefused(t, what, n, 0, ssl.LastErrors(), why)
		} else if n != 1 {
			t.Errorf("%s: %d, %v", what, n, ssl.LastErrors())
		}
	}
	set("another SSL", other, withID(t, 1), nil)
	set("another SSL, nil", other, nil, nil)
	set("the same SSL, nil", same, nil, nilErr)
	sess := withID(t, 2)
	before := same.Session()
	set("the same SSL", same, sess, sessErr)
	now := same.Session()
	if sessErr != nil && !now.Same(before) && now != before { // a server has none before its ServerHello
		t.Error("refused, and still changed")
	}
	if sessErr == nil && !now.Same(sess) {
		t.Error("accepted, and not set")
	}
	now.Free()
	before.Free()
}

// In a callback of the handshake libssl goes on with what nil, or a switch of the method, would free.
func TestSetSessionInNewAndGet(t *testing.T) {
	for _, m := range methods {
		for _, callback := range []string{"new", "get"} {
			t.Run(callback+"-"+m.name, func(t *testing.T) {
				client, server := idOnlyCtxs(t)
				for _, ctx := range []*libssl.Ctx{client, server} {
					must(t, ctx.SetMinProtoVersion(0))
					must(t, ctx.SetMaxProtoVersion(m.version))
				}
				must(t, client.SetSSLVersion(m.client()))
				must(t, server.SetSSLVersion(m.server()))
				var sessErr error = libssl.ErrInCallback
				if m.name == "1.2-fixed" {
					sessErr = nil // nothing switches
				}
				offered, _ := offering(t, client, server)
				other, _ := connected(t, client, server)
				c, s := pair(t, client, server)
				c.SetSession(offered)
				calls := 0
				if callback == "new" {
					client.SessSetNewCB(func(ssl *libssl.SSL, _ *libssl.Session) {
						if calls++; calls == 1 {
							insideCalls(t, ssl, other, libssl.ErrInCallback, sessErr)
						}
					})
				} else {
					server.SessSetGetCB(func(ssl *libssl.SSL, _ []byte) *libssl.Session {
						calls++
						insideCalls(t, ssl, other, libssl.ErrInCallback, sessErr)
						return nil
					})
				}
				finish(t, c, s)
				if calls == 0 {
					t.Error("not called")
				}
				if c.Write([]byte("x")) != 1 || !move(c, s) || s.Read(make([]byte, 1)) != 1 {
					t.Errorf("the connection does not work: %v, %v", c.LastErrors(), s.LastErrors())
				}
				client.SessSetNewCB(nil)
				server.SessSetGetCB(nil)
			})
		}
	}
}
