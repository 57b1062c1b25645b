package diag_test

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

func want(t *testing.T, h diag.Handle, refs int) {
	t.Helper()
	if n, err := diag.Refs(h); err != nil || n != refs {
		t.Errorf("%T has %d references (%v), want %d", h, n, err, refs)
	}
}

// The counts are those of the manual: SSL_new takes two references to its SSL_CTX, SSL_set_session one to the session.
func TestRefs(t *testing.T) {
	ctx, err := libssl.NewCtx(libssl.TLSMethod())
	if err != nil {
		t.Fatal(err)
	}
	defer ctx.Free()
	want(t, ctx, 1)
	ssl, err := libssl.NewSSL(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want(t, ctx, 3)
	want(t, ssl, 1)
	session, err := libssl.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Free()
	want(t, session, 1)
	ssl.SetSession(session)
	want(t, session, 2)
	another := ssl.UpRef()
	want(t, ssl, 2)
	another.Free()
	ssl.Free()
	want(t, session, 1)
	want(t, ctx, 1)
	if _, err := diag.Refs(ssl); !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("of a freed handle: %v", err)
	}
}

type stranger struct{}

func (stranger) With(func(unsafe.Pointer)) bool { return true }

func TestRefsOfSomethingElse(t *testing.T) {
	if _, err := diag.Refs(stranger{}); err == nil {
		t.Error("no error")
	}
}

func TestLive(t *testing.T) {
	before := diag.Live()["Session"]
	session, err := libssl.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if n := diag.Live()["Session"]; n != before+1 {
		t.Errorf("%d sessions alive, want %d", n, before+1)
	}
	session.Free()
	if n := diag.Live()["Session"]; n != before {
		t.Errorf("%d sessions alive, want %d", n, before)
	}
}
