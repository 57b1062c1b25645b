package libssl_test

// What other bindings test about tickets, restated (docs/PEERS.md).
//
//	27  TestPeersFirstSession
//	28  TestPeersNumTickets
//	29  TestSSLNumTickets, TestCtxPrevious; a client takes the number as well, as in C
//	30  TestPeersAllTickets
//	31  TestPeersTicketOfPSK, TestPeersTicketLifetime
//	32  TestPeersTicketCallbacks, TestSessionTicketCB (abort)
//	33  TestPeersTicketSharing
//	34  TestPeersRotation, TestPeersRotationOfProcesses, TestTicketRingProcesses, conformance ticket-key-rotation-tls12, ticket-key-rotation-tls13
//	35  none: SSL_set_session_ticket_ext is not bound, with a later change of the method it frees memory twice
//	36  TestPeersBadTickets, TestPeersClientCertificate, TestTicketKeyCB, conformance U23-hello-retry-request, ticket-key-*
//	37  conformance U12-tls13-session-on-a-tls12-client, U12-tls12-session-on-a-tls13-client, U13-server-picks-tls13
//	38  TestSteps of cmd/demo, with the openssl tool as the peer; TestSessionTool
//	39  TestSSLEarlyData, TestPeersEarly*, conformance U19-* (nine)
//	40  conformance U20-tickets-read-by-SSL_shutdown: libssl reads them, which BoringSSL does not

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// collected makes a client's Ctx collect its sessions. They are freed with the test.
func collected(t *testing.T, client *libssl.Ctx) *[]*libssl.Session {
	t.Helper()
	all := new([]*libssl.Session)
	client.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) {
		up := sess.UpRef()
		t.Cleanup(up.Free)
		*all = append(*all, up)
	})
	t.Cleanup(func() { client.SessSetNewCB(nil) })
	return all
}

// flights does a handshake and tells who sent, with how many bytes.
func flights(t *testing.T, c, s *libssl.SSL) (shape string, sizes []int) {
	t.Helper()
	step := func(from, to *libssl.SSL, arrow string) (moved bool) {
		from.Read(make([]byte, 1))
		if n := from.BIOPending(); n > 0 {
			shape += arrow
			sizes = append(sizes, n)
		}
		return move(from, to)
	}
	for step(c, s, ">") || step(s, c, "<") {
	}
	if !c.IsInitFinished() || !s.IsInitFinished() {
		t.Fatalf("after %s: %v, %v", shape, c.LastErrors(), s.LastErrors())
	}
	return shape, sizes
}

// What the SSL has right after the handshake can be resumed up to TLS 1.2 only; then it comes with a ticket.
func TestPeersFirstSession(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		all := collected(t, client)
		c, s := pair(t, client, server)
		if !shake(c, s) {
			t.Fatal(c.LastErrors())
		}
		first := current(t, c)
		resumable := version == libssl.VersionTLS12
		wantEqual(t, "resumable after the handshake", first.IsResumable(), resumable)
		finish(t, c, s)
		hangUp(c, s)
		wantEqual(t, "sessions", len(*all), map[bool]int{true: 1, false: 2}[resumable])
		last := (*all)[len(*all)-1]
		wantEqual(t, "the first resumes", resumes(t, client, server, first), resumable)
		wantEqual(t, "the last resumes", resumes(t, client, server, last), true)
	})
}

// As many as the server's Ctx or SSL says, told on both sides; each is good until it is removed.
func TestPeersNumTickets(t *testing.T) {
	for name, test := range map[string]struct {
		ctx, ssl, want int // -1: not set
	}{"SSL": {-1, 4, 4}, "Ctx": {6, -1, 6}, "both": {6, 1, 1}, "none": {0, -1, 0}} {
		client, server := tlsCtxs(t, libssl.VersionTLS13)
		if test.ctx >= 0 {
			server.SetNumTickets(test.ctx)
		}
		sent := 0
		server.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { sent++ })
		all := collected(t, client)
		c, s := pair(t, client, server)
		if test.ssl >= 0 {
			s.SetNumTickets(test.ssl)
		}
		finish(t, c, s)
		wantEqual(t, name, [2]int{sent, len(*all)}, [2]int{test.want, test.want})
		for i, sess := range *all {
			wantEqual(t, fmt.Sprint(name, i, ": resumable"), sess.IsResumable(), true)
			if n, err := client.RemoveSession(sess); n != 1 || err != nil {
				t.Error(n, err)
			}
			wantEqual(t, fmt.Sprint(name, i, ": resumable after the removal"), sess.IsResumable(), false)
		}
		server.SessSetNewCB(nil)
	}
}

// Every ticket resumes, and brings one new one; a certificate after the handshake brings as many again. Another server knows none.
func TestPeersAllTickets(t *testing.T) {
	for name, options := range map[string]uint{"stateless": 0, "stateful": libssl.OpNoTicket} {
		for n := range 4 {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				client, server := tlsCtxs(t, libssl.VersionTLS13)
				must(t, client.UseCertificateFile(testdata+"client.pem", libssl.FiletypePEM))
				must(t, client.UsePrivateKeyFile(testdata+"client.key", libssl.FiletypePEM))
				client.SetPostHandshakeAuth(true)
				other := serverCtx(t, libssl.VersionTLS13)
				for _, ctx := range []*libssl.Ctx{server, other} {
					ctx.SetOptions(options)
					ctx.SetNumTickets(n)
					must(t, ctx.LoadVerifyLocations(testdata+"ca.pem", ""))
				}
				all := collected(t, client)
				authenticate := func(c, s *libssl.SSL, certificate bool) (tickets int) {
					*all = nil
					s.SetVerify(libssl.VerifyPeer | libssl.VerifyPostHandshake)
					if s.VerifyClientPostHandshake() != 1 || s.DoHandshake() != 1 {
						t.Fatal(s.LastErrors())
					}
					for _, way := range [][2]*libssl.SSL{{s, c}, {c, s}, {s, c}} {
						move(way[0], way[1])
						way[1].Read(make([]byte, 1))
					}
					wantEqual(t, "certificate", s.PeerCertificateDER() != nil, certificate)
					return len(*all)
				}
				c, s := connected(t, client, server)
				first := *all
				wantEqual(t, "tickets", len(first), n)
				wantEqual(t, "tickets after the certificate", authenticate(c, s, true), n)
				hangUp(c, s)
				for i, sess := range first {
					elsewhere := unflagged(t, sess)
					*all = nil
					c, s := pair(t, client, server)
					c.SetSession(sess)
					finish(t, c, s)
					wantEqual(t, fmt.Sprint(i, ": reused"), c.SessionReused() && s.SessionReused(), true)
					wantEqual(t, fmt.Sprint(i, ": new tickets"), len(*all), 1)
					// A client of 1.1.1 that has resumed does not hear which signatures the server takes, and so has no certificate to send.
					wantEqual(t, fmt.Sprint(i, ": tickets after the certificate"), authenticate(c, s, false), 1)
					hangUp(c, s)
					*all = nil
					c, s = pair(t, client, other)
					c.SetSession(elsewhere)
					finish(t, c, s)
					wantEqual(t, fmt.Sprint(i, ": reused elsewhere"), c.SessionReused(), false)
					wantEqual(t, fmt.Sprint(i, ": tickets of the other"), len(*all), n)
					hangUp(c, s)
				}
			})
		}
	}
}

// A connection by a key that both know has tickets, too, and these need the key no more.
func TestPeersTicketOfPSK(t *testing.T) {
	client, server := pskCtxs(t, libssl.VersionTLS13)
	client.SetSessionCacheMode(libssl.SessCacheBoth)
	client.SetPSKClientCallback(func(*libssl.SSL, string) (string, []byte) { return "me", pskKey })
	server.SetPSKServerCallback(func(*libssl.SSL, string) []byte { return pskKey })
	c, s := connected(t, client, server)
	wantEqual(t, "reused", c.SessionReused(), true) // what the key gave counts as a session
	sess := current(t, c)
	wantEqual(t, "ticket", sess.HasTicket(), true)
	hangUp(c, s)
	client.SetPSKClientCallback(nil)
	server.SetPSKServerCallback(func(*libssl.SSL, string) []byte { return nil }) // without any, a server that has no certificate has no TLS 1.3
	wantEqual(t, "resumes without the key", resumes(t, client, server, sess), true)
}

// What the server tells of its timeout; TLS 1.3 allows a week.
func TestPeersTicketLifetime(t *testing.T) {
	const week = 7 * 24 * time.Hour
	both(t, func(t *testing.T, version int) {
		for _, timeout := range []time.Duration{time.Minute, week, 2 * week} {
			client, server := tlsCtxs(t, version)
			server.SetTimeout(timeout)
			want := timeout
			if version == libssl.VersionTLS13 {
				want = min(timeout, week)
			}
			wantEqual(t, fmt.Sprint(timeout), session(t, client, server).TicketLifetimeHint(), want)
		}
	})
}

// What the callbacks answer decides on resumption and renewal: all combinations with a key that is to be replaced.
func TestPeersTicketCallbacks(t *testing.T) {
	type result struct{ Reused, Renewed bool }
	for _, test := range []struct {
		name   string
		answer int
		renew  bool // by the callback for keys
		want   result
	}{
		{"ignore", libssl.TicketReturnIgnore, false, result{false, false}},
		{"ignore", libssl.TicketReturnIgnore, true, result{false, false}},
		{"ignore, renew", libssl.TicketReturnIgnoreRenew, false, result{false, true}},
		{"ignore, renew", libssl.TicketReturnIgnoreRenew, true, result{false, true}},
		{"use", libssl.TicketReturnUse, false, result{true, false}},
		{"use", libssl.TicketReturnUse, true, result{true, false}}, // the later answer counts
		{"use, renew", libssl.TicketReturnUseRenew, false, result{true, true}},
		{"use, renew", libssl.TicketReturnUseRenew, true, result{true, true}},
	} {
		both(t, func(t *testing.T, version int) {
			client, server := tlsCtxs(t, version)
			key := &libssl.TicketKey{AES: bytes.Repeat([]byte{1}, 32), HMAC: bytes.Repeat([]byte{2}, 32)}
			server.SetTLSExtTicketKeyCB(func(_ *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
				if name != nil && test.renew {
					return key, 2
				}
				return key, 1
			})
			generated, statuses := 0, []int{}
			server.SetSessionTicketCB(func(*libssl.SSL) bool { generated++; return true },
				func(_ *libssl.SSL, _ *libssl.Session, _ []byte, status int) int {
					if status == libssl.TicketEmpty {
						return libssl.TicketReturnIgnoreRenew
					}
					statuses = append(statuses, status)
					return test.answer
				})
			sess := session(t, client, server)
			generated = 0
			c, s := pair(t, client, server)
			c.SetSession(sess)
			finish(t, c, s)
			status := libssl.TicketSuccess
			if test.renew {
				status = libssl.TicketSuccessRenew
			}
			if diff := cmp.Diff([]int{status}, statuses); diff != "" {
				t.Errorf("%s, %v: status (-want +got):\n%s", test.name, test.renew, diff)
			}
			if diff := cmp.Diff(test.want, result{c.SessionReused() && s.SessionReused(), generated > 0}); diff != "" {
				t.Errorf("%s, %v: (-want +got):\n%s", test.name, test.renew, diff)
			}
			server.SetSessionTicketCB(nil, nil)
			server.SetTLSExtTicketKeyCB(nil)
		})
	}
}

// ringServer returns a server with keys of which the first is used, and those that follow are read and replaced.
func ringServer(t *testing.T, version int, keys *[]byte, calls *int) *libssl.Ctx {
	t.Helper()
	server := serverCtx(t, version)
	key := func(n byte) *libssl.TicketKey {
		return &libssl.TicketKey{Name: [16]byte{n}, AES: bytes.Repeat([]byte{n}, 32), HMAC: bytes.Repeat([]byte{n}, 32)}
	}
	server.SetTLSExtTicketKeyCB(func(_ *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
		*calls++
		if name == nil {
			return key((*keys)[0]), 1
		}
		switch slices.Index(*keys, name[0]) {
		case -1:
			return nil, 0
		case 0:
			return key(name[0]), 1
		default:
			return key(name[0]), 2
		}
	})
	t.Cleanup(func() { server.SetTLSExtTicketKeyCB(nil) })
	return server
}

// Two servers with one key: what the flights look like, and how often the keys are asked for.
func TestPeersTicketSharing(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client := clientCtx(t, version)
		var calls int
		mine, others := []byte{1}, []byte{1}
		first, second := ringServer(t, version, &mine, &calls), ringServer(t, version, &others, &calls)
		const full, short = "><><", "><>" // the last of a full one in TLS 1.3 are the tickets
		renewal := short
		if version == libssl.VersionTLS13 {
			renewal = full
		}
		connect := func(server *libssl.Ctx, sess *libssl.Session) (next *libssl.Session, reused bool, shape string, fromServer int) {
			c, s := pair(t, client, server)
			if sess != nil {
				c.SetSession(unflagged(t, sess))
			}
			calls = 0
			shape, sizes := flights(t, c, s)
			next, reused = current(t, c), c.SessionReused()
			hangUp(c, s)
			return next, reused, shape, sizes[1]
		}
		sess, reused, shape, whole := connect(first, nil)
		wantEqual(t, "first: "+shape, reused || shape != full, false)

		_, reused, shape, small := connect(second, sess)
		wantEqual(t, "shared: "+shape, !reused || shape != short || small >= whole, false)
		wantEqual(t, "calls", calls, 1)

		others = []byte{2, 1} // rotated
		next, reused, shape, renewed := connect(second, sess)
		wantEqual(t, "rotated: "+shape, !reused || shape != renewal, false)
		wantEqual(t, "calls", calls, 2)
		if version == libssl.VersionTLS12 {
			wantEqual(t, "the ticket is in the server's flight", renewed > small, true)
		}
		wantEqual(t, "key of the new ticket", next.Ticket()[0], 2)

		next, reused, shape, _ = connect(first, next)
		wantEqual(t, "unknown: "+shape, reused || shape != full, false)
		wantEqual(t, "key of the new ticket", next.Ticket()[0], 1)
	})
}

// Three servers, whose keys are changed by and by: of nine connections those resume whose ticket's key is still known.
func TestPeersRotation(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client := clientCtx(t, version)
		var calls int
		keys := []byte{1}
		var servers []*libssl.Ctx
		for range 3 {
			servers = append(servers, ringServer(t, version, &keys, &calls))
		}
		var sess *libssl.Session
		var reused []string
		for i := range 9 {
			switch i {
			case 3:
				keys = []byte{2, 1} // the ticket is replaced
			case 5:
				keys = []byte{3, 2}
			case 7:
				keys = []byte{5, 4} // two steps at once: it is lost
			}
			c, s := pair(t, client, servers[i%3])
			if sess != nil {
				c.SetSession(unflagged(t, sess)) // one that was used once may be used again where there was no other
			}
			finish(t, c, s)
			reused = append(reused, fmt.Sprint(c.SessionReused()))
			sess = current(t, c)
			wantEqual(t, fmt.Sprint(i, ": key of the ticket"), sess.Ticket()[0], keys[0])
			hangUp(c, s)
		}
		want := "false true true true true true true false true"
		wantEqual(t, "reused", strings.Join(reused, " "), want)
	})
}

// A ticket that was changed, that is too old, or whose secret is another than the server's.
func TestPeersBadTickets(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		server.SetTimeout(24 * time.Hour)
		good := session(t, client, server)
		for name, test := range map[string]struct {
			change          func(sess *libssl.Session) *libssl.Session
			connects, reuse bool
		}{
			"as it is": {func(sess *libssl.Session) *libssl.Session { return sess }, true, true},
			"changed": {func(sess *libssl.Session) *libssl.Session {
				ticket := sess.Ticket()
				encoded := der(t, sess)
				at := bytes.Index(encoded, ticket)
				encoded[at+len(ticket)/2] ^= 0x40
				other, err := libssl.ParseSession(encoded)
				must(t, err)
				t.Cleanup(other.Free)
				return other
			}, true, false},
			"eight days old": {func(sess *libssl.Session) *libssl.Session {
				must(t, sess.SetTime(time.Now().Add(-8*24*time.Hour)))
				return sess
			}, true, version == libssl.VersionTLS12}, // there the ticket's own time counts, which is the server's
			"other secret": {func(sess *libssl.Session) *libssl.Session {
				key := sess.MasterKey()
				key[0] ^= 1
				must(t, sess.SetMasterKey(key))
				return sess
			}, false, false},
		} {
			sess := test.change(unflagged(t, good))
			c, s := pair(t, client, server)
			c.SetSession(sess)
			wantEqual(t, name+": connects", shake(c, s), test.connects)
			wantEqual(t, name+": reused", test.connects && c.SessionReused(), test.reuse)
			if test.connects {
				hangUp(c, s)
			}
			wantEqual(t, name+": the good one resumes", resumes(t, client, server, unflagged(t, good)), true)
		}
	})
}

// The certificate that a client has shown once is in the session: the server has it after a resumption without asking.
func TestPeersClientCertificate(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		must(t, client.UseCertificateFile(testdata+"client.pem", libssl.FiletypePEM))
		must(t, client.UsePrivateKeyFile(testdata+"client.key", libssl.FiletypePEM))
		must(t, server.LoadVerifyLocations(testdata+"ca.pem", ""))
		server.SetVerify(libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert)
		sess := session(t, client, server)
		bare := clientCtx(t, version) // without certificate
		c, s := pair(t, bare, server)
		c.SetSession(sess)
		finish(t, c, s)
		cert, err := s.PeerCertificate()
		if err != nil || cert == nil || cert.Subject.CommonName != "libssl test client" {
			t.Errorf("%v, %v", cert, err)
		}
		wantEqual(t, "reused", s.SessionReused(), true)
		wantEqual(t, "VerifyResult", s.VerifyResult(), libssl.VerifyOK)
		c, s = pair(t, bare, server)
		finished := shake(c, s)
		wantEqual(t, "without the session", finished && s.IsInitFinished(), false)
	})
}
