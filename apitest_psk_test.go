package libssl_test

// Keys that both sides know by other means, as OpenSSL's own sslapitest has them, restated (docs/SSLAPITEST.md).

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// What the key's session says of name, protocol and version has to fit: the client finds out first, or the server, or the client by the server's answer.
func TestAPIEarlyPSK(t *testing.T) {
	protocols, err := libssl.EncodeALPN("goodalpn", "badalpn")
	must(t, err)
	good, bad := protocols[:len("1goodalpn")], protocols[len("1goodalpn"):]
	ownPSK := func(e *earlyCase, change func(psk *libssl.Session)) {
		psk, err := e.session.Dup()
		must(t, err)
		e.Cleanup(psk.Free)
		change(psk)
		e.serverPSK = psk
	}
	acknowledge := func(e *earlyCase) {
		must(t, e.session.SetHostname("goodhost"))
		e.c.SetTLSExtHostName("goodhost")
		e.server.SetTLSExtServernameCallback(func(*libssl.SSL) (int, int) { return libssl.TLSExtErrOK, 0 })
		e.Cleanup(func() { e.server.SetTLSExtServernameCallback(nil) })
	}
	choose := func(e *earlyCase, protocol string) {
		e.server.SetALPNSelectCB(func(*libssl.SSL, []string) (string, int) { return protocol, libssl.TLSExtErrOK })
		e.Cleanup(func() { e.server.SetALPNSelectCB(nil) })
	}
	for _, test := range []struct {
		name     string
		prepare  func(e *earlyCase)
		refused  string // by the client, at once
		accepted bool
		connects bool // the client's part
	}{
		{"other name", func(e *earlyCase) {
			must(t, e.session.SetHostname("goodhost"))
			e.c.SetTLSExtHostName("badhost")
		}, "inconsistent early data sni", false, false},
		{"other protocol", func(e *earlyCase) {
			must(t, e.session.SetALPNSelected("goodalpn"))
			e.c.SetALPNProtos(bad)
		}, "inconsistent early data alpn", false, false},
		{"TLS 1.2", func(e *earlyCase) { must(t, e.session.SetProtocolVersion(libssl.VersionTLS12)) }, "bad psk", false, false},
		{"other name at the server", func(e *earlyCase) { // which has it from the handshake, not from the session
			ownPSK(e, func(psk *libssl.Session) { must(t, psk.SetHostname("badhost")) })
			acknowledge(e)
		}, "", true, true},
		{"same name", acknowledge, "", true, true},
		{"the server chooses another protocol", func(e *earlyCase) {
			must(t, e.session.SetALPNSelected("goodalpn"))
			e.c.SetALPNProtos(good)
			e.server.SetALPNSelectCB(func(*libssl.SSL, []string) (string, int) { return "", libssl.TLSExtErrNoAck })
			e.Cleanup(func() { e.server.SetALPNSelectCB(nil) })
		}, "", false, true},
		{"same protocol", func(e *earlyCase) {
			must(t, e.session.SetALPNSelected("goodalpn"))
			e.c.SetALPNProtos(good)
			choose(e, "goodalpn")
		}, "", true, true},
		{"the server's session has another protocol", func(e *earlyCase) {
			ownPSK(e, func(psk *libssl.Session) { must(t, psk.SetALPNSelected("goodalpn")) })
			must(t, e.session.SetALPNSelected("badalpn"))
			e.c.SetALPNProtos(protocols)
			choose(e, "goodalpn")
		}, "", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEarlyCase(t, "psk")
			test.prepare(e)
			if test.refused != "" {
				result, n := e.c.WriteEarlyData([]byte("one"))
				wantEqual(t, "WriteEarlyData", [2]int{result, n}, [2]int{0, 0})
				wantEqual(t, "GetError", e.c.GetError(result), libssl.ErrorSSL)
				wantText(t, "WriteEarlyData", e.c.LastErrors(), test.refused)
				return
			}
			e.writeEarly(e.c, "one")
			status := libssl.EarlyDataRejected
			if test.accepted {
				status = libssl.EarlyDataAccepted
				e.readsEarly(libssl.ReadEarlyDataSuccess, "one")
			} else {
				e.readsEarly(libssl.ReadEarlyDataFinish, "")
			}
			wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), status)
			want := -1
			if test.connects {
				want = 1
			}
			wantEqual(t, "Connect", e.c.Connect(), want)
		})
	}
}

func TestAPIEarlyAllCiphers(t *testing.T) {
	for i, name := range []string{
		"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256",
	} {
		t.Run(name, func(t *testing.T) {
			e := newEarlyCase(t, "psk")
			must(t, e.client.SetCiphersuites(name))
			must(t, e.server.SetCiphersuites(name))
			e.session = externalPSK(t, uint16(0x1301+i), 0x100)
			e.serverPSK = e.session
			e.c, e.s = pair(t, e.client, e.server)
			e.writeEarly(e.c, "one")
			e.readsEarly(libssl.ReadEarlyDataSuccess, "one")
			wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), libssl.EarlyDataAccepted)
			wantEqual(t, "Connect", e.c.Connect(), 1)
			move(e.c, e.s)
			wantEqual(t, "Accept", e.s.Accept(), 1)
			e.mustWrite(e.c, "two")
			wantEqual(t, "server reads", e.read(e.s), "two")
			wantEqual(t, "cipher", e.c.CurrentCipher().StandardName(), name)
		})
	}
}

// pskCalls counts the callbacks of a connection: those for sessions, and those for keys.
type pskCalls struct{ Use, Find, Client, Server int }

// The callbacks for sessions are asked first. Without a key, and with one that the server does not know, the certificate is used; a second ClientHello asks again.
func TestAPIPSK(t *testing.T) {
	for _, test := range []struct {
		name               string
		sessions, keys     bool
		certificate        bool
		none, good, retry  pskCalls
		unknownAtTheServer pskCalls
	}{
		{"sessions", true, false, true, pskCalls{Use: 1}, pskCalls{Use: 1, Find: 1}, pskCalls{Use: 2, Find: 2}, pskCalls{Use: 1, Find: 1}},
		{
			"both", true, true, true,
			pskCalls{Use: 1, Client: 1},
			pskCalls{Use: 1, Find: 1},
			pskCalls{Use: 2, Find: 2},
			pskCalls{Use: 1, Find: 1, Server: 1},
		},
		{"keys", false, true, true, pskCalls{Client: 1}, pskCalls{Client: 1, Server: 1}, pskCalls{Client: 2, Server: 2}, pskCalls{Client: 1, Server: 1}},
		{"keys, no certificate", false, true, false, pskCalls{}, pskCalls{Client: 1, Server: 1}, pskCalls{Client: 2, Server: 2}, pskCalls{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, 0)
			if !test.certificate {
				server = ctxOf(t, libssl.TLSServerMethod())
			} else {
				must(t, client.SetCiphersuites("TLS_AES_128_GCM_SHA256")) // a key from the older callbacks is for SHA-256
			}
			var psk *libssl.Session
			known := "identity"
			var got pskCalls
			if test.sessions {
				client.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) {
					got.Use++
					return []byte("identity"), psk, true
				})
				server.SetPSKFindSessionCallback(func(_ *libssl.SSL, identity []byte) (*libssl.Session, bool) {
					got.Find++
					if string(identity) != known {
						return nil, true
					}
					return psk, true
				})
			}
			key := func(identity, want string) []byte {
				if psk == nil || identity != want {
					return nil
				}
				return psk.MasterKey()
			}
			if test.keys {
				client.SetPSKClientCallback(func(*libssl.SSL, string) (string, []byte) { got.Client++; return "identity", key("", "") })
				server.SetPSKServerCallback(func(_ *libssl.SSL, identity string) []byte { got.Server++; return key(identity, known) })
			}
			connect := func(what string, reused bool, want pskCalls, prepare func(s *libssl.SSL)) {
				t.Helper()
				got = pskCalls{}
				c, s := pair(t, client, server)
				prepare(s)
				finish(t, c, s)
				wantEqual(t, what+": reused", [2]bool{c.SessionReused(), s.SessionReused()}, [2]bool{reused, reused})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: calls (-want +got):\n%s", what, diff)
				}
				hangUp(c, s)
			}
			nothing := func(*libssl.SSL) {}
			if test.certificate {
				connect("no key", false, test.none, nothing)
			}
			psk = externalPSK(t, aes128SHA256, 0)
			connect("key", true, test.good, nothing)
			connect("retry", true, test.retry, func(s *libssl.SSL) { s.SetGroupsList("P-256") })
			if test.certificate {
				known = "another"
				connect("unknown at the server", false, test.unknownAtTheServer, nothing)
			}
		})
	}
}

// Each callback is asked once, and there is one ticket where a handshake with certificate has two.
func TestAPIPSKTicket(t *testing.T) {
	client, server := ctxOf(t, libssl.TLSClientMethod()), ctxOf(t, libssl.TLSServerMethod())
	must(t, server.SetSessionIDContext([]byte("test")))
	client.SetSessionCacheMode(libssl.SessCacheClient | libssl.SessCacheNoInternalStore)
	psk := externalPSK(t, aes256SHA384, 0)
	var got pskCalls
	client.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) { got.Use++; return []byte("me"), psk, true })
	server.SetPSKFindSessionCallback(func(*libssl.SSL, []byte) (*libssl.Session, bool) { got.Find++; return psk, true })
	tickets := collected(t, client)
	connected(t, client, server)
	if diff := cmp.Diff(pskCalls{Use: 1, Find: 1}, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	wantEqual(t, "tickets", len(*tickets), 1)
}

// A session resumes with another cipher of the same digest; with one of another digest there is a full handshake; and a client whose session has
// changed the digest meanwhile ends the connection.
func TestAPICipherChange(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	client.SetSessionCacheMode(libssl.SessCacheOff)
	must(t, client.SetCiphersuites("TLS_AES_128_GCM_SHA256"))
	sess := session(t, client, server)
	must(t, client.SetCiphersuites("TLS_CHACHA20_POLY1305_SHA256"))
	wantEqual(t, "resumes with another cipher", resumes(t, client, server, sess), true)
	must(t, client.SetCiphersuites("TLS_AES_256_GCM_SHA384"))
	c, s := pair(t, client, server)
	c.SetSession(sess)
	n := c.DoHandshake()
	wantEqual(t, "GetError", c.GetError(n), libssl.ErrorWantRead)
	move(c, s)
	finish(t, c, s)
	wantEqual(t, "resumes with another digest", c.SessionReused() || s.SessionReused(), false)

	sess = session(t, client, server)
	must(t, client.SetCiphersuites("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"))
	must(t, server.SetCiphersuites("TLS_AES_256_GCM_SHA384"))
	c, s = pair(t, client, server)
	c.SetSession(sess)
	c.DoHandshake()
	must(t, sess.SetCipher(aes128SHA256))
	refused, _ := refusal(t, c, s)
	wantText(t, "client", refused, "ciphersuite digest has changed")
}
