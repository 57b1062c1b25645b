package libssl_test

// What other bindings test with several threads, restated (docs/PEERS.md).
//
//	52  TestPeersThreadsOneCache, TestPeersThreadsFullCache, TestPeersThreadsExpired
//	53  TestPeersThreadsTickets, TestPeersThreadsProperties, TestPeersThreadsExData
//	54  TestPeersThreadsEcho, TestOneSSLForManyGoroutines
//	55  TestCallbacksOnThreadOfC, TestPeersThreadsEcho (each goroutine makes its Ctx)
//	56  TestPeersThreadsEcho, TestSSLRenegotiate, TestPeersCrypto* (peers_crypto_test.go)
//	57  TestPeersThreadsFree
//	58  TestDead, conformance OOM-method-switch, OOM-connected-flexible, OOM-dtls-empty-queue

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// dial makes a connection and ends it properly. It may be called by any goroutine.
func dial(t *testing.T, client, server *libssl.Ctx, sess *libssl.Session) (reused bool) {
	t.Helper()
	c, s := pair(t, client, server)
	c.SetSession(sess)
	if !shake(c, s) {
		t.Errorf("client: %v; server: %v", c.LastErrors(), s.LastErrors())
	}
	c.Read(make([]byte, 1))
	reused = c.SessionReused()
	if reused != s.SessionReused() {
		t.Error("only one side has resumed")
	}
	hangUp(c, s)
	return reused
}

// Two sessions, resumed by six goroutines from one cache.
func TestPeersThreadsOneCache(t *testing.T) {
	client, server := idOnlyCtxs(t)
	sessions := []*libssl.Session{session(t, client, server), session(t, client, server)}
	const goroutines, rounds = 6, 10
	mustEnd(t, "the goroutines", func() {
		together(goroutines, func(i int) {
			for j := range rounds {
				if !dial(t, client, server, sessions[(i+j)%2]) {
					t.Error("not reused")
				}
			}
		})
	})
	wantEqual(t, "hits", server.SessHits(), goroutines*rounds)
	wantEqual(t, "cached", server.SessNumber(), 2)
	for _, sess := range sessions {
		wantRefs(t, sess, 2) // the handle and the client's cache
	}
}

// Four goroutines fill a cache that holds less than they bring.
func TestPeersThreadsFullCache(t *testing.T) {
	client, server := idOnlyCtxs(t)
	client.SetSessionCacheMode(libssl.SessCacheOff)
	server.SessSetCacheSize(5)
	var made, removed atomic.Int64
	server.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { made.Add(1) })
	server.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { removed.Add(1) })
	const goroutines, rounds = 4, 15
	mustEnd(t, "the goroutines", func() {
		together(goroutines, func(int) {
			for range rounds {
				dial(t, client, server, nil)
			}
		})
	})
	wantEqual(t, "made", made.Load(), goroutines*rounds)
	wantEqual(t, "cached", server.SessNumber(), 5)
	wantEqual(t, "removed", removed.Load(), goroutines*rounds-5)
	wantEqual(t, "SessCacheFull", server.SessCacheFull(), goroutines*rounds-5)
	server.SessSetNewCB(nil)
	server.SessSetRemoveCB(nil)
}

// Sessions that are expired as soon as they are made: libssl looks for them at each 256th handshake, beside the others.
func TestPeersThreadsExpired(t *testing.T) {
	client, server := idOnlyCtxs(t)
	client.SetSessionCacheMode(libssl.SessCacheOff)
	server.SetTimeout(-time.Hour)
	var removed atomic.Int64
	server.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { removed.Add(1) })
	const goroutines, rounds = 4, 65
	mustEnd(t, "the goroutines", func() {
		together(goroutines, func(int) {
			for range rounds {
				dial(t, client, server, nil)
			}
		})
	})
	if n := server.SessNumber(); n > goroutines*rounds-250 || int(removed.Load()) != goroutines*rounds-n {
		t.Errorf("%d sessions are cached, %d were removed", n, removed.Load())
	}
	server.SessSetRemoveCB(nil)
}

// The keys are rotated while six goroutines resume with tickets.
func TestPeersThreadsTickets(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client := clientCtx(t, version)
		server := serverCtx(t, version)
		client.SetSessionCacheMode(libssl.SessCacheOff) // so that a ticket may be used by several
		var mu sync.RWMutex
		now := byte(1)
		server.SetTLSExtTicketKeyCB(func(_ *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
			mu.RLock()
			defer mu.RUnlock()
			n, result := now, 1
			if name != nil && name[0] != now {
				n, result = name[0], 2
			}
			return &libssl.TicketKey{Name: [16]byte{n}, AES: bytes.Repeat([]byte{n}, 32), HMAC: bytes.Repeat([]byte{n}, 32)}, result
		})
		sess := session(t, client, server)
		mustEnd(t, "the goroutines", func() {
			together(7, func(i int) {
				for j := range 8 {
					if i == 0 {
						mu.Lock()
						now = byte(2 + j)
						mu.Unlock()
					} else if !dial(t, client, server, unflagged(t, sess)) {
						t.Error("not reused")
					}
				}
			})
		})
		server.SetTLSExtTicketKeyCB(nil)
	})
}

// Whoever holds a session may look at it while others use it for connections and give their handles back.
func TestPeersThreadsProperties(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	want := fields(sess)
	mustEnd(t, "the goroutines", func() {
		together(6, func(i int) {
			for range 10 {
				up := sess.UpRef()
				if i < 2 {
					if !dial(t, client, server, up) {
						t.Error("not reused")
					}
				} else if got := fields(up); got != want || len(up.PeerCertificateDER()) == 0 || len(der(t, up)) == 0 {
					t.Errorf("%s\nwant %s", got, want)
				}
				up.Free()
			}
		})
	})
	wantRefs(t, sess, 2)
}

// Indices are made, and values set and dropped, by all at once.
func TestPeersThreadsExData(t *testing.T) {
	makeIndices(t)
	before := libssl.Leftovers()
	mustEnd(t, "the goroutines", func() {
		together(6, func(i int) {
			own, err := libssl.SessionGetExNewIndex()
			if err != nil {
				t.Error(err)
			}
			for j := range 20 {
				sess := forgettableSession(t, byte(i))
				for _, index := range []libssl.ExIndex{indices.session, own} {
					if err := sess.SetExData(index, [2]int{i, j}); err != nil {
						t.Error(err)
					}
				}
				dup, err := sess.Dup()
				if err != nil {
					t.Error(err)
				}
				sess.Free()
				if got := dup.ExData(own); got != [2]int{i, j} || dup.ExData(indices.session) != got {
					t.Errorf("%v", got)
				}
				dup.Free()
			}
		})
	})
	eventually(t, "all values are dropped", func() bool { return libssl.Leftovers() <= before })
}

// Each goroutine makes its contexts, loads what they need, and talks over several connections, also to a context that all have.
func TestPeersThreadsEcho(t *testing.T) {
	shared := serverCtx(t, 0)
	mustEnd(t, "the goroutines", func() {
		together(6, func(i int) {
			for j := range 3 {
				client, server := clientCtx(t, 0), shared
				if j == 0 {
					server = serverCtx(t, 0)
				}
				c, s := connected(t, client, server)
				for k := range 5 {
					message := fmt.Appendf(nil, "%d %d %d", i, j, k)
					c.Write(message)
					move(c, s)
					buf := make([]byte, 20)
					s.Write(buf[:max(s.Read(buf), 0)])
					move(s, c)
					if n := c.Read(buf); n < 0 || !bytes.Equal(buf[:n], message) {
						t.Errorf("%q came back as %q", message, buf[:max(n, 0)])
					}
				}
				if c.Shutdown() != 0 || s.Read(make([]byte, 1)) > 0 {
					t.Error(c.LastErrors())
				}
				move(c, s)
				if n := s.Read(make([]byte, 1)); s.Err(n) != libssl.ErrZeroReturn {
					t.Error(s.Err(n))
				}
				hangUp(c, s)
			}
		})
	})
}

// One goroutine ends a connection rudely, by which libssl flags its session, while another resumes that very session.
func TestPeersThreadsFree(t *testing.T) {
	client, server := idOnlyCtxs(t)
	client.SetSessionCacheMode(libssl.SessCacheOff)
	for range 20 {
		c, s := connected(t, client, server)
		offered, served := unflagged(t, current(t, c)), current(t, s)
		c.Shutdown()
		mustEnd(t, "the goroutines", func() {
			together(3, func(i int) {
				if i == 0 {
					s.Free()
				} else {
					dial(t, client, server, unflagged(t, offered)) // full or not
				}
			})
		})
		wantEqual(t, "resumable after the rude end", served.IsResumable(), false)
		wantEqual(t, "resumes after the rude end", dial(t, client, server, offered), false)
		wantRefs(t, served, 1)
		c.Free()
		must(t, server.FlushSessions(time.Time{}))
	}
}
