package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// wantRefused checks that libssl was not called.
func wantRefused(t testing.TB, what string, n, failure int, err, why error) {
	t.Helper()
	var stack libssl.ErrorStack
	if n != failure || !errors.Is(err, why) || !errors.As(err, &stack) || len(stack.Entries) != 0 {
		t.Errorf("%s: %d, %v; want %d, %v", what, n, err, failure, why)
	}
}

// ioCalls are the calls that send or receive.
var ioCalls = map[string]func(*libssl.SSL) int{
	"Connect":     (*libssl.SSL).Connect,
	"Accept":      (*libssl.SSL).Accept,
	"DoHandshake": (*libssl.SSL).DoHandshake,
	"Read":        func(ssl *libssl.SSL) int { return ssl.Read(make([]byte, 10)) },
	"Peek":        func(ssl *libssl.SSL) int { return ssl.Peek(make([]byte, 10)) },
	"Write":       func(ssl *libssl.SSL) int { return ssl.Write([]byte(secret)) },
	"Shutdown":    (*libssl.SSL).Shutdown,
}

const secret = "not for the wire in cleartext"

// wantNoSession checks that all I/O is refused and nothing is sent.
func wantNoSession(t *testing.T, ssl *libssl.SSL) {
	t.Helper()
	for name, call := range ioCalls {
		n := call(ssl)
		wantRefused(t, name, n, -1, ssl.LastErrors(), libssl.ErrNoSession)
		if ssl.GetError(n) != libssl.ErrorSSL || ssl.BIOPending() != 0 {
			t.Errorf("%s: error %d, %d bytes are sent", name, ssl.GetError(n), ssl.BIOPending())
		}
	}
}

// methods are of one version that is fixed by the method, or by the limits of a flexible one.
var methods = []struct {
	name           string
	version        int
	client, server func() libssl.Method
}{
	{"1.2-flexible", libssl.VersionTLS12, libssl.TLSClientMethod, libssl.TLSServerMethod},
	{"1.2-fixed", libssl.VersionTLS12, libssl.TLSv12ClientMethod, libssl.TLSv12ServerMethod},
	{"1.3", libssl.VersionTLS13, libssl.TLSClientMethod, libssl.TLSServerMethod},
}

// On a live connection C would send cleartext and report success.
func TestNoSession(t *testing.T) {
	for _, m := range methods {
		for _, isServer := range []bool{false, true} {
			for name, recover := range map[string]func(t *testing.T, ssl *libssl.SSL, sess *libssl.Session){
				"Clear": func(t *testing.T, ssl *libssl.SSL, _ *libssl.Session) {
					if ssl.Clear() != 1 {
						t.Error(ssl.LastErrors())
					}
				},
				"SetState": func(_ *testing.T, ssl *libssl.SSL, _ *libssl.Session) {
					if isServer {
						ssl.SetAcceptState()
					} else {
						ssl.SetConnectState()
					}
				},
				"SetSession": func(t *testing.T, ssl *libssl.SSL, sess *libssl.Session) {
					if ssl.SetSession(sess) != 1 {
						t.Error(ssl.LastErrors())
					}
				},
			} {
				t.Run(fmt.Sprintf("%s/server=%v/%s", m.name, isServer, name), func(t *testing.T) {
					client, server := clientCtx(t, m.version), serverCtx(t, m.version)
					must(t, client.SetSSLVersion(m.client()))
					must(t, server.SetSSLVersion(m.server()))
					sess := session(t, client, server)
					c, s := connected(t, client, server)
					ssl, peer := c, s
					if isServer {
						ssl, peer = s, c
					}
					if ssl.SetSession(nil) != 1 {
						t.Fatal(ssl.LastErrors())
					}
					wantNoSession(t, ssl)
					recover(t, ssl, sess)
					if name == "SetSession" {
						n := ssl.Write([]byte(secret))
						wire := make([]byte, 1000)
						wire = wire[:max(ssl.BIORead(wire), 0)]
						if errors.Is(ssl.LastErrors(), libssl.ErrNoSession) && n < 0 || bytes.Contains(wire, []byte(secret)) {
							t.Errorf("%d, %v, %q", n, ssl.LastErrors(), wire)
						}
						if m.name == "1.2-fixed" && (n != len(secret) || peer.BIOWrite(wire) <= 0 || peer.Read(make([]byte, 100)) != n) {
							t.Errorf("%d of %d bytes: with a fixed method the connection goes on", n, len(secret))
						}
						return
					}
					peer.Clear()
					ssl.SetMemBIO()
					peer.SetMemBIO()
					finish(t, c, s)
				})
			}
		}
	}
}

// Between ClientHello and ServerHello, and in early data, C would crash.
func TestNoSessionInHandshake(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		sess := session(t, client, server)
		c, s := pair(t, client, server)
		c.DoHandshake()
		move(c, s)
		s.DoHandshake()
		move(s, c)
		if c.SetSession(nil) != 1 {
			t.Fatal(c.LastErrors())
		}
		wantNoSession(t, c)
		if c.SetSession(sess) != 1 {
			t.Fatal(c.LastErrors())
		}
		finish(t, c, s)

		for _, take := range []func(s *libssl.SSL) int{
			func(s *libssl.SSL) int { return s.SetSession(nil) },
			func(s *libssl.SSL) int { return s.CopySessionID(newSSL(t, server)) },
		} {
			c, s = pair(t, client, server) // and a server between its flights
			c.DoHandshake()
			move(c, s)
			s.DoHandshake()
			move(s, c)
			if take(s) != 1 {
				t.Fatal(s.LastErrors())
			}
			wantNoSession(t, s)
		}
	}

	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	server.SetMaxEarlyData(1000)
	sess := session(t, client, server)
	c, _ := pair(t, client, server)
	c.SetSession(sess)
	if ret, n := c.WriteEarlyData([]byte("early")); ret != 1 || n != 5 {
		t.Fatal(ret, n, c.LastErrors())
	}
	move(c, newSSLWithBIO(t, server))
	if c.SetSession(nil) != 1 {
		t.Fatal(c.LastErrors())
	}
	ret, n := c.WriteEarlyData([]byte("early"))
	wantRefused(t, "WriteEarlyData", ret+n, 0, c.LastErrors(), libssl.ErrNoSession)
	wantNoSession(t, c)
}

func newSSLWithBIO(t testing.TB, ctx *libssl.Ctx) *libssl.SSL {
	ssl := newSSL(t, ctx)
	ssl.SetMemBIO()
	return ssl
}

// The id and version of a session that somebody may have in a cache are its key there.
func TestShared(t *testing.T) {
	client, server := idOnlyCtxs(t)
	ssl := newSSL(t, client)
	of := func(sess *libssl.Session, err error) *libssl.Session {
		t.Helper()
		must(t, err)
		t.Cleanup(sess.Free)
		return sess
	}
	after := func(use func(*libssl.Session)) *libssl.Session {
		sess := withID(t, 50)
		use(sess)
		return sess
	}
	up := withID(t, 51)
	other := of(up.UpRef(), nil)
	ssl.SetSession(other)
	connection, _ := connected(t, client, server)
	for _, test := range []struct {
		name string
		sess *libssl.Session
		why  error
	}{
		{"NewSession", of(libssl.NewSession()), nil},
		{"ParseSession", unflagged(t, session(t, client, server)), nil},
		{"Dup of a shared one", of(session(t, client, server).Dup()), nil},
		{"after With", after(func(s *libssl.Session) { s.With(func(unsafe.Pointer) {}) }), nil},
		{"after UpRef", after(func(s *libssl.Session) { s.UpRef().Free() }), nil},
		{"SSL.Session", of(connection.Session(), nil), libssl.ErrShared},
		{"SSL.Session of a session of ours", of(ssl.Session(), nil), libssl.ErrShared},
		{"after SetSession", after(func(s *libssl.Session) { ssl.SetSession(s) }), libssl.ErrShared},
		{"after SetSession of another handle", up, libssl.ErrShared},
		{"after AddSession", after(func(s *libssl.Session) { client.AddSession(s); client.RemoveSession(s) }), libssl.ErrShared},
		{"after HandOut", after(func(s *libssl.Session) { libssl.AdoptSession(s.HandOut()).Free() }), libssl.ErrShared},
		{"after the get callback", after(func(s *libssl.Session) {
			offered, _ := offering(t, client, server)
			server.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session { return s })
			resumes(t, client, server, offered)
		}), libssl.ErrShared},
	} {
		before, version := test.sess.ID(), test.sess.ProtocolVersion()
		for name, err := range map[string]error{
			"SetID":              test.sess.SetID([]byte("new")),
			"SetProtocolVersion": test.sess.SetProtocolVersion(libssl.VersionTLS11),
		} {
			if !errors.Is(err, test.why) {
				t.Errorf("%s: %s: %v", test.name, name, err)
			}
		}
		if test.why == nil {
			before, version = []byte("new"), libssl.VersionTLS11
		}
		if !bytes.Equal(test.sess.ID(), before) || test.sess.ProtocolVersion() != version {
			t.Errorf("%s: id %q, version %x", test.name, test.sess.ID(), test.sess.ProtocolVersion())
		}
	}
	if err := withID(t, 1).SetID(make([]byte, 33)); err == nil || errors.Is(err, libssl.ErrShared) {
		t.Errorf("33 bytes: %v", err)
	}
}

// In two caches a session would make C overwrite memory of the first SSL_CTX.
func TestOtherCtx(t *testing.T) {
	for name, from := range map[string]func(t *testing.T, first *libssl.Ctx) *libssl.Session{
		"AddSession": func(t *testing.T, first *libssl.Ctx) *libssl.Session { return cached(t, first, 1) },
		"Session": func(t *testing.T, first *libssl.Ctx) *libssl.Session {
			return session(t, first, serverCtx(t, libssl.VersionTLS12))
		},
		"new": func(t *testing.T, first *libssl.Ctx) (kept *libssl.Session) {
			first.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) { kept = sess.UpRef() })
			session(t, first, serverCtx(t, libssl.VersionTLS12))
			t.Cleanup(kept.Free)
			return kept
		},
		"get": func(t *testing.T, first *libssl.Ctx) *libssl.Session {
			must(t, first.SetSSLVersion(libssl.TLSServerMethod()))
			must(t, first.UseCertificateChainFile(testdata+"server.pem"))
			must(t, first.UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM))
			must(t, first.SetSessionIDContext([]byte("test")))
			first.SetOptions(libssl.OpNoTicket)
			client := clientCtx(t, libssl.VersionTLS12)
			offered, served := offering(t, client, first)
			first.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session { return served })
			if !resumes(t, client, first, offered) {
				t.Error("not resumed")
			}
			return served
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := clientCtx(t, libssl.VersionTLS12), clientCtx(t, 0)
			sess := from(t, first)
			if first.SessNumber() != 1 {
				t.Fatal("the session is not in the first cache")
			}
			n := refs(t, sess)
			wantRefusal := func(when string) {
				t.Helper()
				added, err := second.AddSession(sess)
				wantRefused(t, when, added, 0, err, libssl.ErrOtherCtx)
				wantRefs(t, sess, n)
			}
			wantRefusal("at first")
			dup, err := sess.Dup()
			must(t, err)
			defer dup.Free()
			if added, err := second.AddSession(dup); added != 1 || err != nil {
				t.Errorf("a Dup: %d, %v", added, err)
			}
			// A removal from a cache where it is not tells nothing of the one where it is.
			second.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) {})
			if removed, err := second.RemoveSession(sess); err != nil {
				t.Errorf("RemoveSession from the second: %d, %v", removed, err)
			}
			wantRefusal("after a removal from the second cache")
			if added, err := first.AddSession(sess); added != 0 || err != nil {
				t.Errorf("to the first again: %d, %v", added, err)
			}
			if removed, err := first.RemoveSession(sess); removed != 1 || err != nil {
				t.Errorf("RemoveSession: %d, %v", removed, err)
			}
			if added, err := second.AddSession(sess); added != 1 || err != nil {
				t.Errorf("after RemoveSession: %d, %v", added, err)
			}
			wantRefs(t, sess, n)
		})
	}
}

func TestOtherCtxThatDied(t *testing.T) {
	first, second := clientCtx(t, 0), clientCtx(t, 0)
	sess := cached(t, first, 1)
	first.Free()
	if n, err := second.AddSession(sess); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	// It was never in the cache, as RemoveSession confirms.
	client := clientCtx(t, libssl.VersionTLS12)
	client.SetSessionCacheMode(libssl.SessCacheClient | libssl.SessCacheNoInternalStore)
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {})
	sess = session(t, client, serverCtx(t, libssl.VersionTLS12))
	if n, err := client.RemoveSession(sess); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := second.AddSession(sess); n != 1 || err != nil {
		t.Errorf("after RemoveSession found nothing: %d, %v", n, err)
	}
}

// underLock runs f in the remove callback of ctx, with the lock held, and checks that the lock is fine afterwards.
func underLock(t *testing.T, ctx *libssl.Ctx, f func(arg *libssl.Ctx)) {
	t.Helper()
	cached(t, ctx, 200)
	called := false
	ctx.SessSetRemoveCB(func(arg *libssl.Ctx, sess *libssl.Session) {
		if !called && sess.ID()[0] == 200 {
			called = true
			f(arg)
		}
	})
	mustEnd(t, "the flush", func() { must(t, ctx.FlushSessions(time.Time{})) })
	ctx.SessSetRemoveCB(nil)
	if !called {
		t.Error("the callback was not called")
	}
	together(2, func(i int) { // a lock that was released early hangs now
		sess := withID(t, 201+byte(i))
		mustEnd(t, "AddSession after the callback", func() {
			if n, err := ctx.AddSession(sess); n != 1 || err != nil {
				t.Error(n, err)
			}
		})
	})
}

// cacheCalls use the cache of ctx, directly or through a connected SSL of it.
func cacheCalls(t *testing.T, ctx, arg *libssl.Ctx, ssl *libssl.SSL) {
	t.Helper()
	sess := withID(t, 202)
	for name, c := range map[string]*libssl.Ctx{"": ctx, " of the argument": arg} {
		n, err := c.AddSession(sess)
		wantRefused(t, "AddSession"+name, n, 0, err, libssl.ErrInRemoveCallback)
		n, err = c.RemoveSession(sess)
		wantRefused(t, "RemoveSession"+name, n, 0, err, libssl.ErrInRemoveCallback)
		wantRefused(t, "FlushSessions"+name, 0, 0, c.FlushSessions(time.Time{}), libssl.ErrInRemoveCallback)
	}
	mustEnd(t, "AddSession of the argument in another goroutine", func() {
		n, err := arg.AddSession(sess)
		wantRefused(t, "AddSession in another goroutine", n, 0, err, libssl.ErrInRemoveCallback)
	})
	none, err := libssl.NewSSL(arg)
	wantRefused(t, "NewSSL", 0, 0, err, libssl.ErrInRemoveCallback)
	none.Free()
	wantRefused(t, "SetSSLCtx", ssl.SetSSLCtx(arg), 0, ssl.LastErrors(), libssl.ErrInRemoveCallback)
	for name, call := range ioCalls {
		wantRefused(t, name, call(ssl), -1, ssl.LastErrors(), libssl.ErrInRemoveCallback)
	}
	wantRefused(t, "SetSession(nil)", ssl.SetSession(nil), 0, ssl.LastErrors(), libssl.ErrInRemoveCallback)
	wantRefused(t, "SetSession", ssl.SetSession(sess), 0, ssl.LastErrors(), libssl.ErrInRemoveCallback)
	wantRefused(t, "Clear", ssl.Clear(), 0, ssl.LastErrors(), libssl.ErrInRemoveCallback)
	wantRefused(t, "CopySessionID", ssl.CopySessionID(newSSL(t, ctx)), 0, ssl.LastErrors(), libssl.ErrInRemoveCallback)
	if ssl.HasMatchingSessionID(make([]byte, 32)) || !errors.Is(ssl.LastErrors(), libssl.ErrInRemoveCallback) {
		t.Error("HasMatchingSessionID:", ssl.LastErrors())
	}
	if ctx.SessNumber() < 0 || ssl.Version() == 0 { // what takes no lock works
		t.Error("getters do not work")
	}
}

func TestCacheInRemoveCallback(t *testing.T) {
	ctx, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, s := connected(t, ctx, server)
	underLock(t, ctx, func(arg *libssl.Ctx) { cacheCalls(t, ctx, arg, c) })

	// The lock is held also below the callback of another Ctx, whose own cache is free to use from the first.
	other := clientCtx(t, 0)
	cached(t, other, 203)
	calls := 0
	other.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) {
		calls++
		if _, err := other.AddSession(withID(t, 204)); !errors.Is(err, libssl.ErrInRemoveCallback) {
			t.Error("AddSession to the second:", err)
		}
	})
	underLock(t, ctx, func(arg *libssl.Ctx) {
		inner := func(*libssl.Ctx, *libssl.Session) { calls++; cacheCalls(t, ctx, arg, c) }
		must(t, other.FlushSessions(time.Time{}))
		other.SessSetRemoveCB(inner)
		other.RemoveSession(withID(t, 205))
		other.SessSetRemoveCB(nil)
	})
	if calls != 2 {
		t.Errorf("%d calls of the second callback", calls)
	}
	if c.Write([]byte("x")) != 1 || !move(c, s) || s.Read(make([]byte, 1)) != 1 {
		t.Error("the connection does not work any more:", c.LastErrors())
	}
}

// It would take the lock; it is put off, with all that it does, to the end of the call.
func TestFreeInRemoveCallback(t *testing.T) {
	ctx, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, _ := connected(t, ctx, server)
	sess := c.Session()
	defer sess.Free()
	events := ""
	ctx.RemoveSession(sess) // so that the flush does not meet it
	underLock(t, ctx, func(*libssl.Ctx) {
		ctx.SessSetRemoveCB(func(_ *libssl.Ctx, arg *libssl.Session) {
			if !arg.Same(sess) {
				t.Error("another session")
			}
			events += "of the SSL, "
		})
		c.Free()
		if c.Write([]byte("x")) != -1 || !errors.Is(c.LastErrors(), libssl.ErrFreed) {
			t.Error("the handle lives on:", c.LastErrors())
		}
		wantRefs(t, ctx, 3)
		events += "of the flush, "
	})
	wantRefs(t, ctx, 1)
	wantRefs(t, sess, 1)
	if events != "of the flush, of the SSL, " {
		t.Errorf("events: %s", events)
	}
}

func TestSetSessionInRemove(t *testing.T) {
	ctx, elsewhere, server := clientCtx(t, libssl.VersionTLS12), clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, _ := connected(t, ctx, server)
	open, _ := connected(t, ctx, server)
	other, _ := connected(t, elsewhere, server)
	calls := 0
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) {
		if calls++; calls > 1 {
			return
		}
		insideCalls(t, c, other, libssl.ErrInRemoveCallback, libssl.ErrInRemoveCallback)
		insideCalls(t, open, newSSL(t, ctx), libssl.ErrInRemoveCallback, libssl.ErrInRemoveCallback)
	})
	if c.SetSession(nil) != 1 {
		t.Error(c.LastErrors())
	}
	if calls != 1 || c.Session() != nil {
		t.Errorf("%d calls; SetSession(nil) is undone: %v", calls, c.Session() != nil)
	}
}

// What frees the state of a running call, and what runs the handshake again from within, would crash.
func TestResetsInCallback(t *testing.T) {
	survives(t, func(t *testing.T) {
		for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
			client, server := clientCtx(t, version), serverCtx(t, version)
			c, s := pair(t, client, server)
			client.SessSetNewCB(func(ssl *libssl.SSL, _ *libssl.Session) {
				for name, call := range map[string]func() int{
					"Clear":           ssl.Clear,
					"SetConnectState": func() int { ssl.SetConnectState(); return 0 },
					"SetAcceptState":  func() int { ssl.SetAcceptState(); return 0 },
					"AllocBuffers":    ssl.AllocBuffers,
					"FreeBuffers":     ssl.FreeBuffers,
					"SetRFD":          func() int { return ssl.SetRFD(0) },
					"SetWFD":          func() int { return ssl.SetWFD(0) },
					"SetMemBIO":       ssl.SetMemBIO,
					"SetFD":           func() int { return ssl.SetFD(0) },
					"SetSSLMethod":    func() int { return ssl.SetSSLMethod(libssl.TLSMethod()) },
					"CopySessionID":   func() int { return ssl.CopySessionID(newSSL(t, client)) },
					"NewEngine": func() int {
						if engine, err := libssl.NewEngine(ssl); engine != nil || !errors.Is(err, libssl.ErrInCallback) {
							t.Errorf("NewEngine: %v", err)
						}
						return 0
					},
				} {
					wantRefused(t, name, call(), 0, ssl.LastErrors(), libssl.ErrInCallback)
				}
				if version == libssl.VersionTLS13 {
					for name, call := range map[string]func() int{"Connect": ssl.Connect, "DoHandshake": ssl.DoHandshake} {
						wantRefused(t, name, call(), -1, ssl.LastErrors(), libssl.ErrInCallback)
					}
				}
			})
			finish(t, c, s)
			if c.Write([]byte("x")) != 1 || !move(c, s) || s.Read(make([]byte, 1)) != 1 {
				t.Errorf("the connection does not work: %v, %v", c.LastErrors(), s.LastErrors())
			}
		}
	})
}

// What begins with SSL_clear frees what the call around a callback works on, also after the handshake.
func TestListenInCallback(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	fired := 0
	client.SessSetNewCB(func(ssl *libssl.SSL, _ *libssl.Session) {
		fired++
		for name, f := range map[string]func() int{"Stateless": ssl.Stateless, "DTLSv1Listen": ssl.DTLSv1Listen} {
			if ret := f(); ret != -1 || !errors.Is(ssl.LastErrors(), libssl.ErrInCallback) {
				t.Errorf("%s returned %d, %v", name, ret, ssl.LastErrors())
			}
		}
	})
	connected(t, client, server)
	if fired == 0 {
		t.Error("the callback did not run")
	}
}

// C's functions of DER ignore what follows; where there is none, nothing is lost silently.
func TestBytesAfterDER(t *testing.T) {
	ctx := serverCtx(t, 0)
	der := ctx.CertificateDER()
	more := append(bytes.Clone(der), der...)
	must(t, ctx.UseCertificateDER(more))
	for name, use := range map[string]func([]byte) error{"AddChainCert": ctx.AddChainCert, "AddClientCA": ctx.AddClientCA} {
		if err := use(more); err == nil {
			t.Errorf("%s takes bytes after the certificate", name)
		}
		must(t, use(der))
	}
}
