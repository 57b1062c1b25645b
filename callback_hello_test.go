package libssl_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/seed-c1436005/libssl"
)

func TestClientHello(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	var raw []byte
	client.SetMsgCallback(func(_ *libssl.SSL, m libssl.Message) {
		if raw == nil && m.Sent && m.ContentType == libssl.RTHandshake {
			raw = m.Data
		}
	})
	calls := 0
	server.SetClientHelloCB(func(ssl *libssl.SSL) (int, int) {
		calls++
		random, id := ssl.ClientHelloRandom(), ssl.ClientHelloSessionID()
		if len(raw) < 71 || !bytes.Equal(random, raw[6:38]) || !bytes.Equal(id, raw[39:71]) { // type, length, version, random, length, id
			t.Errorf("random %x, session id %x", random, id)
		}
		wantEqual(t, "legacy version", ssl.ClientHelloLegacyVersion(), libssl.VersionTLS12)
		wantEqual(t, "compression", string(ssl.ClientHelloCompressionMethods()), "\x00")
		wantEqual(t, "v2", ssl.ClientHelloIsV2(), false)
		ciphers := ssl.ClientHelloCiphers()
		if n := len(ciphers); n == 0 || !bytes.Equal(ciphers, raw[73:73+n]) {
			t.Errorf("ciphers: %x", ciphers)
		}
		const serverName, extendedMasterSecret, unknown = 0, 23, 4711
		if ext := ssl.ClientHelloExt(serverName); !bytes.HasSuffix(ext, []byte("\x00\x00\x0bexample.org")) {
			t.Errorf("server name: %q", ext)
		}
		if ext := ssl.ClientHelloExt(extendedMasterSecret); ext == nil || len(ext) != 0 {
			t.Errorf("an empty extension: %v", ext)
		}
		if ext := ssl.ClientHelloExt(unknown); ext != nil {
			t.Errorf("an extension that is not there: %v", ext)
		}
		if types := ssl.ClientHelloExtensionsPresent(); len(types) < 5 || types[0] != serverName || !slices.Contains(types, extendedMasterSecret) {
			t.Errorf("extensions: %v", types)
		}
		return libssl.ClientHelloSuccess, 0
	})
	c, s := pair(t, client, server)
	c.SetTLSExtHostName("example.org")
	finish(t, c, s)
	wantEqual(t, "calls", calls, 1)
	// Elsewhere there is no ClientHello.
	wantEqual(t, "legacy version", s.ClientHelloLegacyVersion(), 0)
	if s.ClientHelloRandom() != nil || s.ClientHelloCiphers() != nil || s.ClientHelloExt(0) != nil || s.ClientHelloExtensionsPresent() != nil {
		t.Error("there is a ClientHello after the callback")
	}
	s.Free()
	if s.ClientHelloRandom() != nil || s.ClientHelloExtensionsPresent() != nil {
		t.Error("freed")
	}
}

func TestClientHelloResults(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS12)
	other := serverCtx(t, libssl.VersionTLS12)
	result, alert := libssl.ClientHelloError, 0
	calls := 0
	server.SetClientHelloCB(func(ssl *libssl.SSL) (int, int) {
		calls++
		if result == libssl.ClientHelloSuccess {
			ssl.SetSSLCtx(other)
		}
		return result, alert
	})
	for _, test := range []struct {
		alert  int
		reason string
	}{{0, "tlsv1 alert internal error"}, {libssl.ADAccessDenied, "tlsv1 alert access denied"}} {
		alert = test.alert
		c, s := pair(t, client, server)
		refused, _ := refusal(t, c, s)
		wantText(t, "client", refused, test.reason)
	}
	calls, result = 0, libssl.ClientHelloRetry
	c, s := pair(t, client, server)
	if shake(c, s) || s.GetError(-1) != libssl.ErrorWantClientHello {
		t.Errorf("no pause: %d", s.GetError(-1))
	}
	result = libssl.ClientHelloSuccess
	finish(t, c, s)
	if now := s.Ctx(); calls < 2 || !now.Same(other) {
		t.Errorf("%d calls, or SetSSLCtx had no effect", calls)
	} else {
		now.Free()
	}
}

// dtlsCtxs returns a client's and a server's for DTLS.
func dtlsCtxs(t *testing.T) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = ctxOf(t, libssl.DTLSClientMethod()), ctxOf(t, libssl.DTLSServerMethod())
	must(t, server.UseCertificateChainFile(testdata+"server.pem"))
	must(t, server.UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM))
	return client, server
}

func TestCookies(t *testing.T) {
	cookie := bytes.Repeat([]byte{0, 1, 0xff}, 85) // 255 bytes
	for _, test := range []struct {
		name     string
		cookie   []byte
		good     bool
		connects bool
		reason   string
	}{
		{"good", cookie, true, true, ""},
		{"bad", cookie, false, false, "cookie mismatch"},
		{"none", nil, true, false, "cookie gen callback failure"},
		{"too long", append(cookie, 1), true, false, "cookie gen callback failure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := dtlsCtxs(t)
			server.SetOptions(libssl.OpCookieExchange)
			var lent *libssl.SSL
			server.SetCookieGenerateCB(func(ssl *libssl.SSL) []byte { lent = ssl; return test.cookie })
			server.SetCookieVerifyCB(func(ssl *libssl.SSL, got []byte) bool {
				if !bytes.Equal(got, cookie) {
					t.Errorf("%d bytes arrived", len(got))
				}
				return test.good
			})
			c, s := pair(t, client, server)
			if !test.connects {
				_, refused := refusal(t, c, s)
				wantText(t, "server", refused, test.reason)
				return
			}
			finish(t, c, s)
			wantInvalid(t, lent, nil, nil)
			server.SetCookieGenerateCB(func(*libssl.SSL) []byte { boom(); return nil })
			c, s = pair(t, client, server)
			wantPanic(t, panicOf(func() { shake(c, s) }), "cookie_generate_cb")
			server.SetCookieGenerateCB(func(*libssl.SSL) []byte { return cookie })
			server.SetCookieVerifyCB(func(*libssl.SSL, []byte) bool { boom(); return true })
			c, s = pair(t, client, server)
			wantPanic(t, panicOf(func() { shake(c, s) }), "cookie_verify_cb")
			server.SetCookieVerifyCB(nil)
			c, s = pair(t, client, server)
			finish(t, c, s) // without it every cookie is good
			server.SetCookieGenerateCB(nil)
			c, s = pair(t, client, server)
			_, refused := refusal(t, c, s)
			wantText(t, "server", refused, "cookie gen callback failure")
		})
	}
}

func TestDTLSv1Listen(t *testing.T) {
	client, server := dtlsCtxs(t)
	var asked, verified int
	server.SetCookieGenerateCB(func(*libssl.SSL) []byte { asked++; return []byte("cookie") })
	server.SetCookieVerifyCB(func(_ *libssl.SSL, got []byte) bool { verified++; return string(got) == "cookie" })
	c, s := pair(t, client, server)
	wantEqual(t, "nothing there", s.DTLSv1Listen(), 0)
	c.DoHandshake()
	move(c, s)
	wantEqual(t, "without cookie", s.DTLSv1Listen(), 0)
	move(s, c)
	c.DoHandshake()
	move(c, s)
	wantEqual(t, "with cookie", s.DTLSv1Listen(), 1)
	finish(t, c, s)
	if asked != 1 || verified != 2 { // the handshake looks again
		t.Errorf("asked %d times, verified %d times", asked, verified)
	}
	server.SetCookieGenerateCB(nil)
	c, s = pair(t, client, server)
	c.DoHandshake()
	move(c, s)
	wantEqual(t, "no callback", s.DTLSv1Listen(), -1)
	wantText(t, "no callback", s.LastErrors(), "cookie gen callback failure")
}

func TestStateless(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	cookie, good := []byte("cookie"), true
	var got []byte
	server.SetStatelessCookieGenerateCB(func(*libssl.SSL) []byte { return cookie })
	server.SetStatelessCookieVerifyCB(func(_ *libssl.SSL, arrived []byte) bool { got = arrived; return good })
	second := func() (c, s *libssl.SSL, ret int) {
		c, s = pair(t, client, server)
		c.DoHandshake()
		move(c, s)
		wantEqual(t, "without cookie", s.Stateless(), 0)
		wantEqual(t, "without cookie", s.Err(0), libssl.ErrWantRead)
		move(s, c)
		c.DoHandshake()
		s = newSSL(t, server) // nothing is kept about the client
		s.SetMemBIO()
		s.SetAcceptState()
		move(c, s)
		wantEqual(t, "ChangeCipherSpec", s.Stateless(), -1)
		wantEqual(t, "entries", len(s.LastErrors().Entries), 0)
		return c, s, s.Stateless()
	}
	c, s, ret := second()
	if ret != 1 || !bytes.Equal(got, cookie) {
		t.Fatalf("%d: %v; %q arrived", ret, s.LastErrors(), got)
	}
	move(s, c)
	finish(t, c, s)
	good = false
	_, s, ret = second()
	wantEqual(t, "bad cookie", ret, -1)
	wantText(t, "bad cookie", s.LastErrors(), "cookie mismatch")

	cookie = make([]byte, 256)
	c, s = pair(t, client, server)
	c.DoHandshake()
	move(c, s)
	wantEqual(t, "too long", s.Stateless(), -1)
	wantText(t, "too long", s.LastErrors(), "cookie gen callback failure")
	server.SetStatelessCookieGenerateCB(nil)
	c, s = pair(t, client, server)
	c.DoHandshake()
	move(c, s)
	wantEqual(t, "no callback", s.Stateless(), -1)
	wantText(t, "no callback", s.LastErrors(), "no cookie callback set")
}

// Both begin with SSL_clear, which a running handshake does not survive.
func TestStatelessInCallback(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	server.SetClientHelloCB(func(ssl *libssl.SSL) (int, int) {
		wantEqual(t, "Stateless", ssl.Stateless(), -1)
		wantIs(t, "Stateless", ssl.LastErrors(), libssl.ErrInCallback)
		wantEqual(t, "DTLSv1Listen", ssl.DTLSv1Listen(), -1)
		wantIs(t, "DTLSv1Listen", ssl.LastErrors(), libssl.ErrInCallback)
		return libssl.ClientHelloSuccess, 0
	})
	connected(t, client, server)
}
