package libssl_test

import (
	"testing"

	"github.com/seed-c1436005/libssl"
)

// A settable is a callback in a pair in which it fires. hook is what it calls.
type settable struct {
	name    string // what C calls it
	version int
	set     func(t *testing.T, c, s *libssl.Ctx, hook func(ssl *libssl.SSL))
	remove  func(c, s *libssl.Ctx)
}

// Panics surface from the call in which the callback ran; nil removes it; an argument ends with the callback, and can be kept.
func TestSettableCallbacks(t *testing.T) {
	for _, cb := range settables {
		t.Run(cb.name, func(t *testing.T) {
			client, server := tlsCtxs(t, cb.version)
			calls := 0
			var lent, kept *libssl.SSL
			cb.set(t, client, server, func(ssl *libssl.SSL) {
				calls++
				if lent == nil {
					lent, kept = ssl, ssl.UpRef()
				}
			})
			c, s := connectedOrNot(t, client, server)
			if calls == 0 {
				t.Fatal("not called")
			}
			wantInvalid(t, lent, nil, nil)
			if !kept.Same(c) && !kept.Same(s) {
				t.Error("called for another SSL")
			}
			wantRefs(t, kept, 2)
			kept.Free()

			cb.set(t, client, server, func(*libssl.SSL) { boom() })
			wantPanic(t, panicOf(func() { connectedOrNot(t, client, server) }), cb.name)

			cb.set(t, client, server, func(*libssl.SSL) { calls++ })
			cb.remove(client, server)
			calls = 0
			connectedOrNot(t, client, server)
			if calls != 0 {
				t.Error("called after nil")
			}
		})
	}
}

// connectedOrNot does as much of a handshake as is possible, and some I/O after it.
func connectedOrNot(t testing.TB, client, server *libssl.Ctx) (c, s *libssl.SSL) {
	t.Helper()
	c, s = pair(t, client, server)
	if shake(c, s) {
		c.Read(make([]byte, 1))
		s.Write([]byte("x"))
		move(s, c)
		c.Read(make([]byte, 1))
	}
	return c, s
}

// trustsTestCA makes the client trust the server's certificate and want it.
func trustsTestCA(t testing.TB, client *libssl.Ctx) {
	t.Helper()
	must(t, client.LoadVerifyLocations(testdata+"ca.pem", ""))
	client.SetVerify(libssl.VerifyPeer)
}

// settables has a row for each callback that fires in an ordinary handshake.
var settables = []settable{
	{"keylog_callback", 0, func(_ *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetKeylogCallback(func(ssl *libssl.SSL, _ string) { hook(ssl) })
	}, func(c, _ *libssl.Ctx) { c.SetKeylogCallback(nil) }},
	{"info_callback", 0, func(_ *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetInfoCallback(func(ssl *libssl.SSL, _, _ int) { hook(ssl) })
	}, func(c, _ *libssl.Ctx) { c.SetInfoCallback(nil) }},
	{"msg_callback", 0, func(_ *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetMsgCallback(func(ssl *libssl.SSL, _ libssl.Message) { hook(ssl) })
	}, func(c, _ *libssl.Ctx) { c.SetMsgCallback(nil) }},
	{"verify_callback", 0, func(t *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		trustsTestCA(t, c)
		c.SetVerifyCallback(func(v *libssl.Verification) bool { hook(v.SSL); return v.OK })
	}, func(c, _ *libssl.Ctx) { c.SetVerifyCallback(nil) }},
	{"cert_verify_callback", 0, func(t *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		trustsTestCA(t, c)
		c.SetCertVerifyCallback(func(v *libssl.Verification) int { hook(v.SSL); return libssl.VerifyOK })
	}, func(c, _ *libssl.Ctx) { c.SetCertVerifyCallback(nil) }},
	{"cert_cb", 0, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetCertCB(func(ssl *libssl.SSL) int { hook(ssl); return 1 })
	}, func(_, s *libssl.Ctx) { s.SetCertCB(nil) }},
	{"client_cert_cb", 0, func(_ *testing.T, c, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetVerify(libssl.VerifyPeer)
		c.SetClientCertCB(func(ssl *libssl.SSL) ([]byte, []byte, int) { hook(ssl); return nil, nil, 0 })
	}, func(c, _ *libssl.Ctx) { c.SetClientCertCB(nil) }},
	{"tlsext_servername_callback", 0, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetTLSExtServernameCallback(func(ssl *libssl.SSL) (int, int) { hook(ssl); return libssl.TLSExtErrNoAck, 0 })
	}, func(_, s *libssl.Ctx) { s.SetTLSExtServernameCallback(nil) }},
	{"client_hello_cb", 0, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetClientHelloCB(func(ssl *libssl.SSL) (int, int) { hook(ssl); return libssl.ClientHelloSuccess, 0 })
	}, func(_, s *libssl.Ctx) { s.SetClientHelloCB(nil) }},
	{"tlsext_status_cb", 0, func(t *testing.T, c, s *libssl.Ctx, hook func(*libssl.SSL)) {
		must(t, c.SetTLSExtStatusType(libssl.StatusTypeOCSP))
		s.SetTLSExtStatusCB(func(ssl *libssl.SSL) int { hook(ssl); return libssl.TLSExtErrNoAck })
	}, func(_, s *libssl.Ctx) { s.SetTLSExtStatusCB(nil) }},
	{"next_protos_advertised_cb", libssl.VersionTLS12, func(_ *testing.T, c, s *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetNextProtoSelectCB(func(*libssl.SSL, []string) (string, int) { return "a", libssl.TLSExtErrOK })
		s.SetNextProtosAdvertisedCB(func(ssl *libssl.SSL) ([]string, int) { hook(ssl); return nil, libssl.TLSExtErrNoAck })
	}, func(_, s *libssl.Ctx) { s.SetNextProtosAdvertisedCB(nil) }},
	{"next_proto_select_cb", libssl.VersionTLS12, func(_ *testing.T, c, s *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetNextProtoSelectCB(func(ssl *libssl.SSL, _ []string) (string, int) { hook(ssl); return "a", libssl.TLSExtErrOK })
		s.SetNextProtosAdvertisedCB(func(*libssl.SSL) ([]string, int) { return []string{"a"}, libssl.TLSExtErrOK })
	}, func(c, _ *libssl.Ctx) { c.SetNextProtoSelectCB(nil) }},
	{"generate_session_id", libssl.VersionTLS13, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetGenerateSessionID(func(ssl *libssl.SSL, room int) []byte { hook(ssl); return make([]byte, room) })
	}, func(_, s *libssl.Ctx) { s.SetGenerateSessionID(nil) }},
	{"not_resumable_session_callback", 0, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetNotResumableSessionCallback(func(ssl *libssl.SSL, _ bool) bool { hook(ssl); return true })
	}, func(_, s *libssl.Ctx) { s.SetNotResumableSessionCallback(nil) }},
	{"generate_ticket_cb", 0, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetSessionTicketCB(func(ssl *libssl.SSL) bool { hook(ssl); return true }, nil)
	}, func(_, s *libssl.Ctx) { s.SetSessionTicketCB(nil, nil) }},
	{"tlsext_ticket_key_cb", 0, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetTLSExtTicketKeyCB(func(ssl *libssl.SSL, _ []byte) (*libssl.TicketKey, int) { hook(ssl); return nil, 0 })
	}, func(_, s *libssl.Ctx) { s.SetTLSExtTicketKeyCB(nil) }},
	{"record_padding_callback", libssl.VersionTLS13, func(_ *testing.T, _, s *libssl.Ctx, hook func(*libssl.SSL)) {
		s.SetRecordPaddingCallback(func(ssl *libssl.SSL, _, _ int) int { hook(ssl); return 0 })
	}, func(_, s *libssl.Ctx) { s.SetRecordPaddingCallback(nil) }},
	{"psk_client_callback", 0, func(_ *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetPSKClientCallback(func(ssl *libssl.SSL, _ string) (string, []byte) { hook(ssl); return "", nil })
	}, func(c, _ *libssl.Ctx) { c.SetPSKClientCallback(nil) }},
	{"srp_username_callback", libssl.VersionTLS12, func(t *testing.T, c, s *libssl.Ctx, hook func(*libssl.SSL)) {
		must(t, c.SetCipherList("aSRP"))
		must(t, s.SetCipherList("aSRP"))
		must(t, c.SetSRPUsername("me"))
		s.SetSRPUsernameCallback(func(ssl *libssl.SSL) (int, int) { hook(ssl); return libssl.ALFatal, 0 })
	}, func(_, s *libssl.Ctx) { s.SetSRPUsernameCallback(nil) }},
	{"srp_client_pwd_callback", libssl.VersionTLS12, func(t *testing.T, c, s *libssl.Ctx, hook func(*libssl.SSL)) {
		must(t, c.SetCipherList("aSRP"))
		must(t, s.SetCipherList("aSRP"))
		must(t, c.SetSRPUsername("me"))
		s.SetSRPUsernameCallback(func(ssl *libssl.SSL) (int, int) {
			ssl.SetSRPServerParamPW("me", "secret", "1024")
			return libssl.ErrorNone, 0
		})
		c.SetSRPClientPwdCallback(func(ssl *libssl.SSL) (string, bool) { hook(ssl); return "secret", true })
	}, func(c, _ *libssl.Ctx) { c.SetSRPClientPwdCallback(nil) }},
	{"psk_use_session_callback", 0, func(_ *testing.T, c, _ *libssl.Ctx, hook func(*libssl.SSL)) {
		c.SetPSKUseSessionCallback(func(ssl *libssl.SSL, _ string) ([]byte, *libssl.Session, bool) { hook(ssl); return nil, nil, true })
	}, func(c, _ *libssl.Ctx) { c.SetPSKUseSessionCallback(nil) }},
}

// A function that replaces itself, or is removed, while it runs, ends as it began.
func TestCallbackReplacedInside(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	var events []string
	client.SetKeylogCallback(func(*libssl.SSL, string) {
		client.SetKeylogCallback(func(*libssl.SSL, string) {
			client.SetKeylogCallback(nil)
			events = append(events, "second")
		})
		events = append(events, "first")
	})
	connected(t, client, server)
	wantEqual(t, "events", len(events), 2)
}

// A freed handle sets nothing, and nothing of what was to be set is left.
func TestCallbackOfFreed(t *testing.T) {
	before := libssl.Leftovers()
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	ssl.Free()
	ctx.Free()
	if ssl.SetGenerateSessionID(func(*libssl.SSL, int) []byte { return nil }) != 0 {
		t.Error("set on a freed SSL")
	}
	wantIs(t, "SetGenerateSessionID", ssl.LastErrors(), libssl.ErrFreed)
	ctx.SetKeylogCallback(func(*libssl.SSL, string) {})
	(*libssl.Ctx)(nil).SetInfoCallback(func(*libssl.SSL, int, int) {})
	(*libssl.SSL)(nil).SetInfoCallback(func(*libssl.SSL, int, int) {})
	wantEqual(t, "registry entries", libssl.Leftovers(), before)
}

// What is set on an SSL, or replaced on it, goes with it; what it inherited goes with the Ctx.
func TestCallbacksAreForgotten(t *testing.T) {
	before := libssl.Leftovers()
	ctx := clientCtx(t, 0)
	ofCtx := libssl.Leftovers()
	for range 3 {
		ctx.SetMsgCallback(func(*libssl.SSL, libssl.Message) {}) // may have been inherited: stays
		ctx.SetKeylogCallback(func(*libssl.SSL, string) {})
	}
	wantEqual(t, "entries of the Ctx", libssl.Leftovers()-ofCtx, 4)
	ssl := newSSL(t, ctx)
	for range 3 {
		ssl.SetMsgCallback(func(*libssl.SSL, libssl.Message) {})
		ssl.SetCertCB(func(*libssl.SSL) int { return 1 })
	}
	wantEqual(t, "entries with the SSL's", libssl.Leftovers()-ofCtx, 6)
	ssl.SetMsgCallback(nil)
	wantEqual(t, "entries after nil", libssl.Leftovers()-ofCtx, 5)
	dup, err := ssl.Dup()
	must(t, err)
	ssl.Free()
	wantEqual(t, "entries with a duplicate's", libssl.Leftovers()-ofCtx, 5)
	dup.Free()
	wantEqual(t, "entries after the SSLs", libssl.Leftovers()-ofCtx, 4)
	ctx.Free()
	wantEqual(t, "entries after the Ctx", libssl.Leftovers(), before)
}
