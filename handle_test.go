package libssl_test

import (
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

func TestResume(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		if !resumes(t, client, server, session(t, client, server)) {
			t.Errorf("%x: not resumed", version)
		}
	}
}

// reached waits until ok, with the collector running meanwhile, and reports whether that came.
func reached(ok func() bool) bool {
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
		runtime.GC()
	}
	return true
}

// eventually ends the test if ok does not come.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !reached(ok) {
		t.Fatalf("%s: never", what)
	}
}

// mustEnd fails the test if f does not return: nothing can end a goroutine that hangs in C.
func mustEnd(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}

// withID returns a private session that a cache can hold. It is freed with the test.
func withID(t testing.TB, id byte) *libssl.Session {
	t.Helper()
	sess, err := libssl.NewSession()
	must(t, err)
	t.Cleanup(sess.Free)
	must(t, sess.SetID([]byte{id, 1, 2, 3}))
	return sess
}

// cached returns a session that is in the cache of ctx. It is freed with the test.
func cached(t testing.TB, ctx *libssl.Ctx, id byte) *libssl.Session {
	t.Helper()
	sess := withID(t, id)
	if n, err := ctx.AddSession(sess); n != 1 || err != nil {
		t.Fatal("AddSession:", n, err)
	}
	return sess
}

// idOnlyCtxs returns contexts of TLS 1.2 without tickets: the server looks sessions up by id.
func idOnlyCtxs(t testing.TB) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	server.SetOptions(libssl.OpNoTicket)
	return client, server
}

// unusable returns handles of one type that are good for nothing.
func unusable[H any](null, zero, freed H) map[string]reflect.Value {
	return map[string]reflect.Value{"nil": reflect.ValueOf(null), "zero": reflect.ValueOf(zero), "freed": reflect.ValueOf(freed)}
}

// failures are the values, other than 0, that methods of SSL return when libssl was not called: C's own.
var failures = map[string]int{
	"Accept": -1, "Connect": -1, "DoHandshake": -1, "Peek": -1, "Read": -1, "Shutdown": -1, "Write": -1,
	"BIORead": -1, "BIOWrite": -1, "Stateless": -1, "DTLSv1Listen": -1, "DTLSHandleTimeout": -1, "FD": -1, "RFD": -1, "WFD": -1,
	"KeyUpdateType": libssl.KeyUpdateNone, "ServernameType": -1, "Want": libssl.WantNothing,
	"GetError":      libssl.ErrorSSL,
	"SetALPNProtos": 1, "SetTLSExtUseSRTP": 1, // 0 is success
	"VerifyResult": libssl.VerifyErrUnspecified, "SetSRPServerParamPW": -1,
}

// silent are the methods of SSL that cannot fail, and so leave LastErrors alone; Dup returns an error, and so leaves it as well as it likes.
var silent = map[string]bool{"Free": true, "GetError": true, "HandOut": true, "LastErrors": true, "Same": true, "UpRef": true, "With": true}

// Every method, those to come included, with zero arguments.
func TestUnusableHandles(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl, sess := newSSL(t, ctx), withID(t, 1)
	ssl.SetSession(sess) // so that it is shared: freed comes first
	ssl.Free()
	sess.Free()
	ctx.Free()
	for typ, handles := range map[string]map[string]reflect.Value{
		"Ctx":     unusable(nil, &libssl.Ctx{}, ctx),
		"SSL":     unusable(nil, &libssl.SSL{}, ssl),
		"Session": unusable(nil, &libssl.Session{}, sess),
	} {
		for kind, h := range handles {
			for i := range h.NumMethod() {
				name := h.Type().Method(i).Name
				t.Run(strings.Join([]string{typ, kind, name}, "/"), func(t *testing.T) { callUnusable(t, h, typ, name) })
			}
		}
	}
}

func callUnusable(t *testing.T, h reflect.Value, typ, name string) {
	m := h.MethodByName(name)
	args := make([]reflect.Value, m.Type().NumIn())
	for i := range args {
		args[i] = reflect.Zero(m.Type().In(i))
	}
	var results []reflect.Value
	var queue []ctest.Entry
	libssl.KeepQueue(func() {
		if v := panicOf(func() { results = m.Call(args) }); v != nil {
			t.Errorf("panics with %v", v)
		}
		queue = ctest.Drain()
	})
	if len(queue) != 0 {
		t.Errorf("the native queue has %v", queue)
	}
	want := error(libssl.ErrFreed)
	switch name { // the argument is no better
	case "SetSSLVersion", "SetSSLMethod":
		want = libssl.ErrNilMethod
	case "SetExData":
		want = libssl.ErrExIndex
	}
	for _, r := range results {
		switch v := r.Interface().(type) {
		case error:
			if !errors.Is(v, want) {
				t.Errorf("returned %v", v)
			}
		case int:
			if v != failures[name] || typ != "SSL" && v != 0 {
				t.Errorf("returned %d, want %d", v, failures[name])
			}
		case libssl.Explanation:
			if v.Offered || v.Resumed {
				t.Errorf("returned %v", v)
			}
		case unsafe.Pointer:
			if v != nil {
				t.Errorf("returned %p", v)
			}
		default:
			if !r.IsZero() {
				t.Errorf("returned %v", v)
			} else if r.Type() == reflect.TypeFor[error]() {
				t.Error("returned no error")
			}
		}
	}
	if ssl, ok := h.Interface().(*libssl.SSL); ok && !silent[name] {
		last := ssl.LastErrors()
		if !errors.Is(last, want) && ssl != nil || len(last.Entries) != 0 {
			t.Errorf("LastErrors: %v", last)
		}
		if got := ssl.GetError(-1); got != libssl.ErrorSSL {
			t.Errorf("GetError: %d", got)
		}
	}
}

// A freed argument never reaches C either; a nil one is C's NULL.
func TestUnusableArguments(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	freedSession, freedSSL, freedCtx := withID(t, 1), newSSL(t, ctx), clientCtx(t, 0)
	freedSession.Free()
	freedSSL.Free()
	freedCtx.Free()
	for name, f := range map[string]func() (int, error){
		"SetSession":    func() (int, error) { return ssl.SetSession(freedSession), ssl.LastErrors() },
		"CopySessionID": func() (int, error) { return ssl.CopySessionID(freedSSL), ssl.LastErrors() },
		"copy from nil": func() (int, error) { return ssl.CopySessionID(nil), ssl.LastErrors() },
		"SetSSLCtx":     func() (int, error) { return ssl.SetSSLCtx(freedCtx), ssl.LastErrors() },
		"AddSession":    func() (int, error) { return ctx.AddSession(freedSession) },
		"add nil":       func() (int, error) { return ctx.AddSession(nil) },
		"RemoveSession": func() (int, error) { return ctx.RemoveSession(freedSession) },
		"NewSSL": func() (int, error) {
			s, err := libssl.NewSSL(freedCtx)
			return int(reflect.ValueOf(s).Pointer()), err
		},
	} {
		if n, err := f(); n != 0 || !errors.Is(err, libssl.ErrFreed) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	for name, n := range map[string]int{"SetSession": ssl.SetSession(nil), "SetSSLCtx": ssl.SetSSLCtx(nil)} {
		if n != 1 {
			t.Errorf("%s(nil) = %d", name, n)
		}
	}
	if n, err := ctx.RemoveSession(nil); n != 0 || err != nil {
		t.Errorf("RemoveSession(nil) = %d, %v; C returns 0 and pushes nothing", n, err)
	}
	for _, h := range []any{
		libssl.AdoptSSL(nil), libssl.BorrowSSL(nil), libssl.AdoptCtx(nil), libssl.BorrowCtx(nil),
		libssl.AdoptSession(nil), libssl.BorrowSession(nil),
	} {
		if !reflect.ValueOf(h).IsNil() {
			t.Errorf("%T from NULL is not nil", h)
		}
	}
}

// counted is what the three types have in common.
type counted[H any] interface {
	diag.Handle
	UpRef() H
	Free()
	HandOut() unsafe.Pointer
	Same(H) bool
}

func TestCounts(t *testing.T) {
	ctx := clientCtx(t, 0)
	t.Run("Ctx", func(t *testing.T) {
		testCounts(t, ctx, 1, libssl.AdoptCtx, libssl.BorrowCtx, ctest.FreeCtx)
	})
	t.Run("Session", func(t *testing.T) {
		testCounts(t, withID(t, 1), 1, libssl.AdoptSession, libssl.BorrowSession, ctest.FreeSession)
	})
	t.Run("SSL", func(t *testing.T) {
		testCounts(t, newSSL(t, ctx), 1, libssl.AdoptSSL, libssl.BorrowSSL, ctest.FreeSSL)
		wantRefs(t, ctx, 3) // the SSL that lives until the test ends has two
	})
	wantRefs(t, ctx, 1)
}

func testCounts[H counted[H]](t *testing.T, h H, n int, adopt, borrow func(unsafe.Pointer) H, free ctest.Op) {
	wantRefs(t, h, n)
	for name, other := range map[string]func() H{
		"UpRef": h.UpRef,
		"Adopt": func() H { return adopt(h.HandOut()) },
		"Borrow": func() (b H) {
			h.With(func(p unsafe.Pointer) {
				wantRefs(t, h, n) // a loan counts nothing
				b = borrow(p)
			})
			return b
		},
	} {
		u := other()
		wantRefs(t, h, n+1)
		if !u.Same(h) || !h.Same(u) || !h.Same(h) {
			t.Errorf("%s: not the same object", name)
		}
		u.Free()
		wantRefs(t, h, n)
		u.Free()
		wantRefs(t, h, n)
		if u.Same(h) || h.Same(u) || u.Same(u) {
			t.Errorf("%s: a freed handle is the same as another", name)
		}
		if _, err := diag.Refs(u); !errors.Is(err, libssl.ErrFreed) {
			t.Errorf("%s: a freed handle lends its pointer: %v", name, err)
		}
	}
	p := h.HandOut()
	wantRefs(t, h, n+1)
	ctest.Call(free, p, nil)
	wantRefs(t, h, n)

	// The handle that made the object is not special.
	u := h.UpRef()
	first := h.UpRef()
	first.Free()
	wantRefs(t, u, n+1)
	u.Free()

	// Free inside With ends the handle, and the object when With is done.
	w := h.UpRef()
	w.With(func(p unsafe.Pointer) {
		w.Free()
		if w.With(func(unsafe.Pointer) { t.Error("With calls f on a freed handle") }) {
			t.Error("With on a freed handle is true")
		}
		wantRefs(t, h, n+1)
	})
	wantRefs(t, h, n)

	// A panic and Goexit in f give back what With took.
	w = h.UpRef()
	if panicOf(func() { w.With(func(unsafe.Pointer) { panic("in With") }) }) != "in With" {
		t.Error("With swallows a panic")
	}
	mustEnd(t, "Goexit in With", func() { w.With(func(unsafe.Pointer) { runtime.Goexit() }) })
	mustEnd(t, "With after it", func() { h.With(func(unsafe.Pointer) {}) })
	w.Free()
	wantRefs(t, h, n)
}

// panicOf returns what f panics with.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func TestSameAndEqual(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	a, b := session(t, client, server), session(t, client, server)
	dup, err := a.Dup()
	must(t, err)
	defer dup.Free()
	up := a.UpRef()
	defer up.Free()
	freed := a.UpRef()
	freed.Free()
	for _, test := range []struct {
		name        string
		s           *libssl.Session
		same, equal bool
	}{
		{"itself", a, true, true},
		{"UpRef", up, true, true},
		{"Dup", dup, false, true},
		{"another", b, false, false},
		{"freed", freed, false, false},
		{"nil", nil, false, false},
		{"zero", &libssl.Session{}, false, false},
	} {
		for _, same := range []bool{a.Same(test.s), test.s.Same(a)} {
			if same != test.same {
				t.Errorf("%s: Same = %v", test.name, same)
			}
		}
		for _, equal := range []bool{a.Equal(test.s), test.s.Equal(a)} {
			if equal != test.equal {
				t.Errorf("%s: Equal = %v", test.name, equal)
			}
		}
	}
}

// Getters of counted objects take a reference of their own.
func TestGettersCount(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	n := refs(t, sess)
	c, s := pair(t, client, server)
	wantRefs(t, client, 3)
	other := c.Ctx()
	if !other.Same(client) {
		t.Error("Ctx() is another")
	}
	wantRefs(t, client, 4)
	other.Free()
	wantRefs(t, client, 3)

	c.SetSession(sess)
	wantRefs(t, sess, n+1)
	got := c.Session()
	if !got.Same(sess) {
		t.Error("Session() is another")
	}
	wantRefs(t, sess, n+2)
	got.Free()

	// Before the handshake Dup makes an SSL, which has a reference of its own; afterwards a handle.
	dup, err := c.Dup()
	must(t, err)
	if dup.Same(c) {
		t.Error("Dup before the handshake is the same SSL")
	}
	wantRefs(t, sess, n+2)
	dup.Free()
	wantRefs(t, sess, n+1)
	finish(t, c, s)
	dup, err = c.Dup()
	must(t, err)
	if !dup.Same(c) {
		t.Error("Dup after the handshake is another SSL")
	}
	wantRefs(t, c, 2)
	dup.Free()
	wantRefs(t, c, 1)
}

// What is set on an SSL_CTX belongs to it, not to the handle.
func TestHandlesShareCallbacks(t *testing.T) {
	a := clientCtx(t, 0)
	b := a.UpRef()
	defer b.Free()
	var removed int
	a.SessSetRemoveCB(func(ctx *libssl.Ctx, _ *libssl.Session) {
		removed++
		if !ctx.Same(b) {
			t.Error("called with another Ctx")
		}
	})
	a.Free()
	cached(t, b, 1)
	must(t, b.FlushSessions(time.Time{}))
	if removed != 1 {
		t.Errorf("called %d times after the handle that set it was freed", removed)
	}
	third := b.UpRef()
	third.SessSetRemoveCB(nil)
	third.Free()
	cached(t, b, 2)
	must(t, b.FlushSessions(time.Time{}))
	if removed != 1 {
		t.Error("a third handle could not remove it")
	}
}

// A call that nobody waits for crosses into C once.
func TestCrossings(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl, other, sess := newSSL(t, ctx), newSSL(t, ctx), withID(t, 1)
	for _, c := range []struct {
		name string
		call func()
	}{
		{"SetSession", func() { ssl.SetSession(sess) }},
		{"Session", func() { t.Cleanup(ssl.Session().Free) }},
		{"CopySessionID", func() { other.CopySessionID(ssl) }},
		{"Version", func() { ssl.Version() }},
	} {
		if n := crossings(c.call); n != 1 {
			t.Errorf("%s: %d cgo calls", c.name, n)
		}
	}
}
