package libssl_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl"
)

var pskKey = bytes.Repeat([]byte{0, 1, 2, 3}, 8)

// pskCtxs returns a client's and a server's, without certificates.
func pskCtxs(t *testing.T, version int) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = ctxOf(t, libssl.TLSClientMethod()), ctxOf(t, libssl.TLSServerMethod())
	for _, ctx := range []*libssl.Ctx{client, server} {
		must(t, ctx.SetMinProtoVersion(version))
		must(t, ctx.SetMaxProtoVersion(version))
		must(t, ctx.SetCipherList("PSK"))
		must(t, ctx.SetCiphersuites("TLS_AES_128_GCM_SHA256"))
	}
	return client, server
}

func TestPSK(t *testing.T) {
	long := strings.Repeat("x", 128)
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		for _, test := range []struct {
			name     string
			identity string
			key      []byte
			known    []byte
			connects bool
		}{
			{"good", "me", pskKey, pskKey, true},
			{"long", long, bytes.Repeat([]byte{1}, 256), bytes.Repeat([]byte{1}, 256), true},
			{"other key", "me", pskKey, pskKey[1:], false},
			{"unknown", "me", pskKey, nil, false},
			{"none", "me", nil, pskKey, false},
			{"NUL", "m\x00e", pskKey, pskKey, false},
			{"too long identity", long + "x", pskKey, pskKey, false},
			{"too long key", "me", make([]byte, 257), pskKey, false},
			{"too long known key", "me", pskKey, make([]byte, 257), false},
		} {
			t.Run(test.name, func(t *testing.T) {
				client, server := pskCtxs(t, version)
				if version == libssl.VersionTLS13 && len(test.key) == 256 {
					return // its secret would be longer than a session has room for
				}
				var asked string
				client.SetPSKClientCallback(func(_ *libssl.SSL, hint string) (string, []byte) {
					wantEqual(t, "hint", hint, "")
					return test.identity, test.key
				})
				server.SetPSKServerCallback(func(_ *libssl.SSL, identity string) []byte {
					asked = identity
					return test.known
				})
				c, s := pair(t, client, server)
				wantEqual(t, "connects", shake(c, s), test.connects)
				if test.connects {
					wantEqual(t, "identity", asked, test.identity)
				}
			})
		}
		client, server := pskCtxs(t, version)
		client.SetPSKClientCallback(func(*libssl.SSL, string) (string, []byte) { return "of the Ctx", pskKey })
		c, s := pair(t, client, server)
		c.SetPSKClientCallback(func(*libssl.SSL, string) (string, []byte) { return "own", pskKey })
		var asked string
		s.SetPSKServerCallback(func(_ *libssl.SSL, identity string) []byte { asked = identity; return pskKey })
		finish(t, c, s)
		wantEqual(t, "identity", asked, "own")
		server.SetPSKServerCallback(func(*libssl.SSL, string) []byte { boom(); return pskKey })
		c, s = pair(t, client, server)
		wantPanic(t, panicOf(func() { shake(c, s) }), "psk_server_callback")
		c, s = pair(t, client, server)
		s.SetPSKServerCallback(nil)
		c.SetPSKClientCallback(nil)
		wantEqual(t, "connects without", shake(c, s), false)
	}
}

func TestPSKIdentityHint(t *testing.T) {
	client, server := pskCtxs(t, libssl.VersionTLS12)
	var hint string
	client.SetPSKClientCallback(func(_ *libssl.SSL, h string) (string, []byte) { hint = h; return "me", pskKey })
	server.SetPSKServerCallback(func(*libssl.SSL, string) []byte { return pskKey })
	long := strings.Repeat("x", 128)
	for _, want := range []string{"of the Ctx", long, ""} {
		must(t, server.UsePSKIdentityHint(want))
		connected(t, client, server)
		wantEqual(t, "hint", hint, want)
	}
	c, s := pair(t, client, server)
	wantEqual(t, "set", s.UsePSKIdentityHint("own"), 1)
	finish(t, c, s)
	wantEqual(t, "hint", hint, "own")
	wantText(t, "too long", server.UsePSKIdentityHint(long+"x"), "data length too long")
	wantEqual(t, "too long", s.UsePSKIdentityHint(long+"x"), 0)
	wantText(t, "too long", s.LastErrors(), "data length too long")
	wantIs(t, "NUL", server.UsePSKIdentityHint("a\x00"), libssl.ErrNUL)
}

// pskSession returns a session of TLS 1.3 with the key of a connection.
func pskSession(t *testing.T) *libssl.Session {
	t.Helper()
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	must(t, client.SetCiphersuites("TLS_AES_128_GCM_SHA256"))
	return unflagged(t, session(t, client, server))
}

func TestPSKSessions(t *testing.T) {
	identity := []byte("a\x00b")
	sess := pskSession(t)
	wrong, err := libssl.NewSession() // of no version
	must(t, err)
	defer wrong.Free()
	freed := sess.UpRef()
	freed.Free()
	for _, test := range []struct {
		name       string
		used       *libssl.Session
		usedOK     bool
		found      *libssl.Session
		foundOK    bool
		connects   bool
		wantsFound bool
	}{
		{"good", sess, true, sess, true, true, true},
		{"no session", nil, true, sess, true, false, false},
		{"freed", freed, true, sess, true, false, false},
		{"use fails", sess, false, sess, true, false, false},
		{"of no version", wrong, true, sess, true, false, false},
		{"not found", sess, true, nil, true, false, true},
		{"find fails", sess, true, sess, false, false, true},
		{"other key", sess, true, pskSession(t), true, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pskCtxs(t, libssl.VersionTLS13)
			var asked []byte
			client.SetPSKUseSessionCallback(func(_ *libssl.SSL, digest string) ([]byte, *libssl.Session, bool) {
				wantEqual(t, "digest", digest, "")
				return identity, test.used, test.usedOK
			})
			server.SetPSKFindSessionCallback(func(_ *libssl.SSL, id []byte) (*libssl.Session, bool) {
				asked = id
				return test.found, test.foundOK
			})
			c, s := pair(t, client, server)
			wantEqual(t, "connects", shake(c, s), test.connects)
			if (asked != nil) != test.wantsFound || asked != nil && !bytes.Equal(asked, identity) {
				t.Errorf("asked for %q", asked)
			}
			c.Free()
			s.Free()
			wantRefs(t, sess, 1)
			wantRefs(t, wrong, 1)
		})
	}
	client, server := pskCtxs(t, libssl.VersionTLS13)
	client.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) { return nil, nil, false })
	c, s := pair(t, client, server)
	c.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) { return identity, sess, true })
	s.SetPSKFindSessionCallback(func(*libssl.SSL, []byte) (*libssl.Session, bool) { return sess, true })
	finish(t, c, s)
	c, s = pair(t, client, server)
	c.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) { return make([]byte, 1<<16), sess, true })
	wantEqual(t, "too long", shake(c, s), false)
	c, s = pair(t, client, server)
	c.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) { return identity, sess, true })
	s.SetPSKFindSessionCallback(func(*libssl.SSL, []byte) (*libssl.Session, bool) { boom(); return nil, true })
	wantPanic(t, panicOf(func() { shake(c, s) }), "psk_find_session_callback")
	c, s = pair(t, client, server)
	c.SetPSKUseSessionCallback(nil)
	s.SetPSKFindSessionCallback(nil)
	wantEqual(t, "connects without", shake(c, s), false)
}
