package libssl_test

// The caches and the ticket callbacks as OpenSSL's own sslapitest has them, restated (docs/SSLAPITEST.md).

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// storeCalls counts the calls of a cache's callbacks.
type storeCalls struct{ New, Remove, Get int }

// expect fails the test unless these were the calls since the last time.
func (got *storeCalls) expect(t *testing.T, what string, external bool, want storeCalls) {
	t.Helper()
	if !external {
		want = storeCalls{} // there is no callback
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("%s: calls (-want +got):\n%s", what, diff)
	}
	*got = storeCalls{}
}

// inCache reports whether an add finds the session there; one that was not there is taken out again.
func inCache(t *testing.T, ctx *libssl.Ctx, sess *libssl.Session) bool {
	t.Helper()
	n, err := ctx.AddSession(sess)
	must(t, err)
	if n == 1 {
		n, err := ctx.RemoveSession(sess)
		must(t, err)
		wantEqual(t, "RemoveSession", n, 1)
		return false
	}
	return true
}

// The client's cache, the server's, and the callbacks of both: with the internal cache, with callbacks alone, and with both.
func TestAPISessionCache(t *testing.T) {
	for name, test := range map[string]struct{ internal, external bool }{"internal": {true, false}, "external": {false, true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, version int) {
				tickets := 1
				if version == libssl.VersionTLS13 {
					tickets = 2
				}
				t.Run("client", func(t *testing.T) { clientCache(t, version, tickets, test.internal, test.external) })
				t.Run("server", func(t *testing.T) { serverCache(t, version, tickets, test.internal, test.external) })
			})
		})
	}
}

// countCalls counts the callbacks of ctx, if wanted. served is what get finds.
func countCalls(t *testing.T, ctx *libssl.Ctx, wanted bool, served func() *libssl.Session) *storeCalls {
	t.Helper()
	got := &storeCalls{}
	if wanted {
		ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { got.New++ })
		ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { got.Remove++ })
		ctx.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session { got.Get++; return served() })
		t.Cleanup(func() {
			ctx.SessSetNewCB(nil)
			ctx.SessSetRemoveCB(nil)
			ctx.SessSetGetCB(nil)
		})
	}
	return got
}

func clientCache(t *testing.T, version, tickets int, internal, external bool) {
	client, server := clientCtx(t, version), serverCtx(t, 0)
	client.SetSessionCacheMode(libssl.SessCacheClient)
	if !internal {
		client.SetSessionCacheMode(libssl.SessCacheClient | libssl.SessCacheNoInternalStore)
	}
	got := countCalls(t, client, external, func() *libssl.Session { return nil })
	tls13 := version == libssl.VersionTLS13

	c, _ := connected(t, client, server)
	first := current(t, c)
	got.expect(t, "connection", external, storeCalls{New: tickets})
	if internal {
		n, err := client.AddSession(first)
		must(t, err)
		wantEqual(t, "added a second time", n, 0)
	}

	c, s := pair(t, client, server)
	c.SetSession(first)
	finish(t, c, s)
	wantEqual(t, "reused", c.SessionReused(), true)
	if tls13 {
		got.expect(t, "resumption", external, storeCalls{New: 1, Remove: 1}) // a ticket is for one use
	} else {
		got.expect(t, "resumption", external, storeCalls{})
	}
	resumed := current(t, c)
	hangUp(c, s)

	// Another session is set while the connection is open: the old one is a bad one, and goes.
	got.expect(t, "end of the connection", external, storeCalls{})
	c, _ = connected(t, client, server)
	open := current(t, c)
	got.expect(t, "another connection", external, storeCalls{New: tickets})
	wantEqual(t, "SetSession", c.SetSession(resumed), 1)
	got.expect(t, "SetSession on an open connection", external, storeCalls{Remove: 1})
	wantEqual(t, "the session is set", current(t, c).Same(resumed), true)
	if internal {
		wantEqual(t, "the old one is in the cache", inCache(t, client, open), false)
		got.expect(t, "taken out again", external, storeCalls{Remove: 1})
	}
	n, err := client.RemoveSession(open)
	must(t, err)
	wantEqual(t, "RemoveSession of what is not there", n, 0)
	got.expect(t, "RemoveSession of what is not there", external, storeCalls{Remove: 1})

	must(t, server.SetMaxProtoVersion(libssl.VersionTLS11))
	c, s = pair(t, client, server)
	c.SetSession(resumed)
	wantEqual(t, "connects without a common version", shake(c, s), false)
	got.expect(t, "a handshake that fails", external, storeCalls{Remove: 1})
	if internal {
		wantEqual(t, "the session is in the cache", inCache(t, client, resumed), false)
	}
}

func serverCache(t *testing.T, version, tickets int, internal, external bool) {
	client, server := tlsCtxs(t, version)
	client.SetSessionCacheMode(libssl.SessCacheOff)
	if !internal {
		server.SetSessionCacheMode(libssl.SessCacheServer | libssl.SessCacheNoInternalStore)
	}
	tls13 := version == libssl.VersionTLS13
	if !tls13 {
		server.SetOptions(libssl.OpNoTicket)
	}
	var served *libssl.Session
	got := countCalls(t, server, external, func() *libssl.Session { return served })

	c, s := connected(t, client, server)
	sess, ofServer := current(t, c), current(t, s)
	got.expect(t, "connection", external, storeCalls{New: tickets})
	// A stateless ticket's session is in the cache only for the remove callback, when its time is over.
	wantEqual(t, "in the cache", server.SessNumber() > 0, internal && (!tls13 || external))
	if internal {
		n, err := server.AddSession(ofServer)
		must(t, err)
		wantEqual(t, "added", n == 1, tls13 && !external)
	}
	served = ofServer
	if internal && external && !tls13 {
		served = unflagged(t, ofServer)
		n, err := server.RemoveSession(ofServer) // so that it has to be asked for
		must(t, err)
		wantEqual(t, "RemoveSession", n, 1)
		got.expect(t, "RemoveSession", external, storeCalls{Remove: 1})
	}
	hangUp(c, s)
	c, s = pair(t, client, server)
	c.SetSession(sess)
	finish(t, c, s)
	wantEqual(t, "reused", c.SessionReused() && s.SessionReused(), true)
	if tls13 {
		got.expect(t, "resumption", external, storeCalls{New: 1})
	} else {
		got.expect(t, "resumption", external, storeCalls{Get: 1})
	}
}

// All twelve: what decrypt_ticket_cb answers, or what the callback for keys says, decides; what was put into the ticket is there.
func TestAPITicketCallbacks(t *testing.T) {
	type calls struct{ Generated, Empty, Opened int }
	for _, test := range []struct {
		name   string
		answer int // of decrypt_ticket_cb; -1: what the callback for keys has decided
		renew  bool
		reused bool
		next   int // new tickets
	}{
		{"ignore", libssl.TicketReturnIgnore, false, false, 0},
		{"ignore, renew", libssl.TicketReturnIgnoreRenew, false, false, 1},
		{"use", libssl.TicketReturnUse, false, true, 0},
		{"use, renew", libssl.TicketReturnUseRenew, false, true, 1},
		{"keys: use", -1, false, true, 0},
		{"keys: use, renew", -1, true, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, version int) {
				client, server := tlsCtxs(t, version)
				client.SetSessionCacheMode(libssl.SessCacheOff)
				server.SetSessionCacheMode(libssl.SessCacheOff)
				server.SetNumTickets(1)
				var got calls
				server.SetSessionTicketCB(func(ssl *libssl.SSL) bool {
					got.Generated++
					sess := ssl.Session()
					defer sess.Free()
					must(t, sess.SetTicketAppData([]byte("data")))
					return true
				}, func(_ *libssl.SSL, sess *libssl.Session, _ []byte, status int) int {
					if status == libssl.TicketEmpty {
						got.Empty++
						return libssl.TicketReturnIgnoreRenew
					}
					got.Opened++
					wantEqual(t, "data of the ticket", string(sess.TicketAppData()), "data")
					switch {
					case test.answer >= 0:
						return test.answer
					case status == libssl.TicketSuccessRenew:
						return libssl.TicketReturnUseRenew
					default:
						return libssl.TicketReturnUse
					}
				})
				if test.answer < 0 {
					key := &libssl.TicketKey{AES: bytes.Repeat([]byte{1}, 16), HMAC: bytes.Repeat([]byte{2}, 16)}
					server.SetTLSExtTicketKeyCB(func(_ *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
						if name != nil && test.renew {
							return key, 2
						}
						return key, 1
					})
				}
				t.Cleanup(func() {
					server.SetSessionTicketCB(nil, nil)
					server.SetTLSExtTicketKeyCB(nil)
				})
				sess := session(t, client, server)
				empty := 0
				if version == libssl.VersionTLS12 { // where a client says with an empty ticket that it takes one
					empty = 1
				}
				if diff := cmp.Diff(calls{Generated: 1, Empty: empty}, got); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				got = calls{}
				wantEqual(t, "reused", resumes(t, client, server, sess), test.reused)
				if diff := cmp.Diff(calls{Generated: test.next, Opened: 1}, got); diff != "" {
					t.Errorf("calls of the resumption (-want +got):\n%s", diff)
				}
			})
		})
	}
}
