package libssl_test

import (
	"testing"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

// testdata is where the certificates are.
const testdata = "conformance/testdata/"

// clientCtx returns a client's Ctx for one version (0 for all), with the cache on for both sides. It is freed with the test.
func clientCtx(t testing.TB, version int) *libssl.Ctx {
	t.Helper()
	ctx, err := libssl.NewCtx(libssl.TLSClientMethod())
	must(t, err)
	t.Cleanup(ctx.Free)
	must(t, ctx.SetMinProtoVersion(version))
	must(t, ctx.SetMaxProtoVersion(version))
	ctx.SetSessionCacheMode(libssl.SessCacheBoth)
	return ctx
}

// serverCtx returns a server's Ctx, with certificate, key and session id context.
func serverCtx(t testing.TB, version int) *libssl.Ctx {
	t.Helper()
	ctx, err := libssl.NewCtx(libssl.TLSServerMethod())
	must(t, err)
	t.Cleanup(ctx.Free)
	must(t, ctx.SetMinProtoVersion(version))
	must(t, ctx.SetMaxProtoVersion(version))
	must(t, ctx.UseCertificateChainFile(testdata+"server.pem"))
	must(t, ctx.UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM))
	must(t, ctx.SetSessionIDContext([]byte("test")))
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSSL returns an SSL that is freed with the test.
func newSSL(t testing.TB, ctx *libssl.Ctx) *libssl.SSL {
	t.Helper()
	ssl, err := libssl.NewSSL(ctx)
	must(t, err)
	t.Cleanup(ssl.Free)
	return ssl
}

// pair returns a client and a server joined in memory, before the handshake.
func pair(t testing.TB, client, server *libssl.Ctx) (c, s *libssl.SSL) {
	t.Helper()
	c, s = newSSL(t, client), newSSL(t, server)
	for _, ssl := range []*libssl.SSL{c, s} {
		if ssl.SetMemBIO() != 1 {
			t.Fatal(ssl.LastErrors())
		}
	}
	c.SetConnectState()
	s.SetAcceptState()
	return c, s
}

// move takes what a has written to b, and reports whether there was anything.
func move(a, b *libssl.SSL) (moved bool) {
	buf := make([]byte, 1<<14)
	for {
		n := a.BIORead(buf)
		if n <= 0 {
			return moved
		}
		b.BIOWrite(buf[:n])
		moved = true
	}
}

// shake drives the handshake until both are done or nothing moves any more, and reports whether both are.
func shake(c, s *libssl.SSL) bool {
	for {
		a := c.DoHandshake()
		moved := move(c, s)
		b := s.DoHandshake()
		moved = move(s, c) || moved
		if a == 1 && b == 1 {
			return true
		}
		if !moved {
			return false
		}
	}
}

// connected returns a pair after its handshake, with the tickets of TLS 1.3 read.
func connected(t testing.TB, client, server *libssl.Ctx) (c, s *libssl.SSL) {
	t.Helper()
	c, s = pair(t, client, server)
	finish(t, c, s)
	return c, s
}

// finish does the handshake of a pair and reads the tickets.
func finish(t testing.TB, c, s *libssl.SSL) {
	t.Helper()
	if !shake(c, s) {
		t.Fatalf("handshake: client: %v; server: %v", c.LastErrors(), s.LastErrors())
	}
	c.Read(make([]byte, 1))
}

// session returns a session of a connection that was shut down and freed. It is freed with the test.
func session(t testing.TB, client, server *libssl.Ctx) *libssl.Session {
	t.Helper()
	c, s := connected(t, client, server)
	sess := c.Session()
	t.Cleanup(sess.Free)
	c.Shutdown()
	s.Shutdown()
	c.Free()
	s.Free()
	return sess
}

// resumes reports whether a new connection with sess resumes it.
func resumes(t testing.TB, client, server *libssl.Ctx, sess *libssl.Session) bool {
	t.Helper()
	c, s := pair(t, client, server)
	if c.SetSession(sess) != 1 {
		t.Fatal(c.LastErrors())
	}
	finish(t, c, s)
	defer c.Shutdown()
	return c.SessionReused() && s.SessionReused()
}

func refs(t testing.TB, h diag.Handle) int {
	t.Helper()
	n, err := diag.Refs(h)
	must(t, err)
	return n
}

func wantRefs(t testing.TB, h diag.Handle, want int) {
	t.Helper()
	if n := refs(t, h); n != want {
		t.Errorf("%T has %d references, want %d", h, n, want)
	}
}
