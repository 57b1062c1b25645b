package libssl_test

// What other bindings test about setting and getting a session, restated (docs/PEERS.md has all 58 and their origins).
//
//	 1  TestPeersStates; an argument of another type is an error of the compiler
//	 2  conformance S8-open-session-leaves-the-cache, U4-flexible-method-breaks, U4-flexible-method-breaks-tls13
//	 3  conformance S11-across-contexts-resumes: C does not mind
//	 4  TestUnusableArguments, conformance S11-across-contexts-resumes
//	 5  TestPeersStates
//	 6  TestPeersStates
//	 7  TestPeersMasterKey
//	 8  TestPeersTwoGets
//	 9  TestPeersLiveSet, TestPeersServerSet
//	10  TestPeersFreedUnclean
//	11  TestPeersBalance
//	12  TestPeersManyGets
//	13  TestPeersMasterKey: the copy is a slice of its own, there is no buffer that could be short
//	14  TestExData, TestExDataOfCopies, TestExDataOfDup, conformance ex-data-*
//	15  TestSessionDup (Equal compares the encodings)
//	16  TestPeersTwoCaches, conformance S11-two-caches
//	17  TestSSLClear, conformance U9-SSL_clear-keeps-the-session, U9-SSL_clear-drops-an-open-session
//	18  TestPeersSwappedCtx, TestCallbacksOfSessionCtx

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

// both runs a test for the version that resumes by one session, and for the one with tickets.
func both(t *testing.T, f func(t *testing.T, version int)) {
	t.Helper()
	for name, version := range map[string]int{"1.2": libssl.VersionTLS12, "1.3": libssl.VersionTLS13} {
		t.Run(name, func(t *testing.T) { f(t, version) })
	}
}

// withCaches does so for each of the cache modes.
func withCaches(t *testing.T, modes map[string]int, f func(t *testing.T, mode, version int)) {
	t.Helper()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) { both(t, func(t *testing.T, version int) { f(t, mode, version) }) })
	}
}

// hangUp ends a connection so that its sessions stay good.
func hangUp(c, s *libssl.SSL) {
	c.Shutdown()
	s.Shutdown()
	c.Free()
	s.Free()
}

// current returns the session of an SSL. It is freed with the test.
func current(t testing.TB, ssl *libssl.SSL) *libssl.Session {
	t.Helper()
	sess := ssl.Session()
	if sess == nil {
		t.Fatal("no session")
	}
	t.Cleanup(sess.Free)
	return sess
}

// No session before the handshake, one on each side after it.
func TestPeersStates(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		c, s := pair(t, clientCtx(t, version), serverCtx(t, version))
		for name, ssl := range map[string]*libssl.SSL{"client": c, "server": s} {
			if sess := ssl.Session(); sess != nil {
				t.Errorf("the idle %s has a session", name)
				sess.Free()
			}
			wantEqual(t, name+": reused before", ssl.SessionReused(), false)
		}
		finish(t, c, s)
		for name, ssl := range map[string]*libssl.SSL{"client": c, "server": s} {
			wantEqual(t, name+": version", current(t, ssl).ProtocolVersion(), version)
			wantEqual(t, name+": reused after a full handshake", ssl.SessionReused(), false)
		}
		wantEqual(t, "SetSession(nil) of a shut down client", c.Shutdown() < 0 || c.SetSession(nil) != 1, false)
		if sess := c.Session(); sess != nil {
			t.Error("the session outlives SetSession(nil)")
			sess.Free()
		}
	})
}

// The secret is the same before and after a resumption of TLS 1.2, and what is handed out is a copy.
func TestPeersMasterKey(t *testing.T) {
	client, server := idCtxs(t)
	sess := session(t, client, server)
	key := sess.MasterKey()
	wantEqual(t, "length", len(key), 48)
	c, s := pair(t, client, server)
	c.SetSession(sess)
	finish(t, c, s)
	wantEqual(t, "reused", c.SessionReused(), true)
	for name, ssl := range map[string]*libssl.SSL{"client": c, "server": s} {
		wantEqual(t, name+": key after the resumption", bytes.Equal(current(t, ssl).MasterKey(), key), true)
	}
	clear(key)
	wantEqual(t, "the session's own is cleared with the copy", bytes.Equal(sess.MasterKey(), key), false)
	wantEqual(t, "key of an empty session", len(newSession(t).MasterKey()), 0)
}

// Two gets are two handles of one object; four connections, of which two resume, are counted so.
func TestPeersTwoGets(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS12)
	c, s := connected(t, client, server)
	a, b := current(t, c), current(t, c)
	if a == b || !a.Same(b) || !a.Equal(b) {
		t.Error("two gets are not two handles of one session")
	}
	if len(a.ID()) != 32 || a.Time().Unix() <= 0 || a.Timeout() <= 0 || !a.HasTicket() || a.TicketLifetimeHint() <= 0 {
		t.Errorf("%s", fields(a))
	}
	wantEqual(t, "accepted", [2]int{server.SessAccept(), server.SessHits()}, [2]int{1, 0})
	hangUp(c, s)
	for i, want := range [][2]int{{2, 1}, {3, 2}} {
		wantEqual(t, "resumes", resumes(t, client, server, a), true)
		wantEqual(t, fmt.Sprint("counters ", i), [2]int{server.SessAccept(), server.SessHits()}, want)
	}
	other := session(t, client, server)
	wantEqual(t, "accepted in the end", [2]int{server.SessAccept(), server.SessHits()}, [2]int{4, 2})
	wantEqual(t, "Equal to the session of another handshake", a.Equal(other), false)
}

// tally counts the callbacks of a Ctx.
type tally struct{ made, removed, asked int }

func (n *tally) take() (was tally) {
	was, *n = *n, tally{}
	return was
}

// count installs the callbacks. get answers with *served.
func count(ctx *libssl.Ctx, n *tally, served **libssl.Session) {
	ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { n.made++ })
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { n.removed++ })
	ctx.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session { n.asked++; return *served })
}

// The client's half: what is new, used up, replaced on a live connection, and lost in a failure, with the cache inside, outside, and both.
func TestPeersLiveSet(t *testing.T) {
	modes := map[string]int{"internal": libssl.SessCacheClient, "external": libssl.SessCacheClient | libssl.SessCacheNoInternalStore}
	withCaches(t, modes, func(t *testing.T, mode, version int) {
		internal := mode == libssl.SessCacheClient
		client, server := tlsCtxs(t, version)
		client.SetSessionCacheMode(mode)
		made, again := 1, tally{}
		if version == libssl.VersionTLS13 {
			made, again = 2, tally{made: 1, removed: 1} // used once, and one ticket for it
		}
		var n tally
		count(client, &n, new(*libssl.Session))
		cache := func(what string, sess *libssl.Session, f func(*libssl.Session) (int, error), want bool) {
			t.Helper()
			if got, err := f(sess); err != nil || got == 1 != want {
				t.Errorf("%s: %d, %v", what, got, err)
			}
		}

		c, s := connected(t, client, server)
		first := current(t, c)
		if internal {
			cache("add what is there", first, client.AddSession, false)
		}
		wantEqual(t, "full handshake", n.take(), tally{made: made})
		hangUp(c, s)

		c2, s2 := pair(t, client, server)
		c2.SetSession(first)
		finish(t, c2, s2)
		wantEqual(t, "reused", c2.SessionReused(), true)
		wantEqual(t, "resumption", n.take(), again)
		first = current(t, c2)
		c2.Shutdown()
		s2.Shutdown()

		c3, _ := connected(t, client, server)
		second := current(t, c3)
		wantEqual(t, "another full handshake", n.take(), tally{made: made})
		wantEqual(t, "SetSession while it is open", c3.SetSession(first), 1)
		wantEqual(t, "entries of the queue", len(c3.LastErrors().Entries), 0)
		wantEqual(t, "replaced while open", n.take(), tally{removed: 1})
		wantEqual(t, "the session is the one that was set", current(t, c3).Same(first), true)
		wantEqual(t, "the old one is resumable", second.IsResumable(), false)
		if internal {
			cache("add what was removed", second, client.AddSession, true)
			cache("remove it", second, client.RemoveSession, true)
			n.take()
		}
		cache("remove what is not there", second, client.RemoveSession, false)
		wantEqual(t, "remove what is not there", n.take(), tally{removed: 1})

		c3.SetShutdown(libssl.SentShutdown) // else the end of the broken connection would flag it
		c3.Free()
		wantEqual(t, "the end of the broken connection", n.take(), tally{})
		old := serverCtx(t, libssl.VersionTLS11)
		c4, s4 := pair(t, client, old)
		c4.SetSession(first)
		wantEqual(t, "a handshake with a server of TLS 1.1", shake(c4, s4), false)
		wantEqual(t, "failure", n.take(), tally{removed: 1})
		wantEqual(t, "resumable after the failure", first.IsResumable(), false)
		client.SessSetRemoveCB(nil)
	})
}

// The server's half: what the external cache is told and asked.
func TestPeersServerSet(t *testing.T) {
	modes := map[string]int{"both": libssl.SessCacheServer, "external": libssl.SessCacheServer | libssl.SessCacheNoInternalStore}
	withCaches(t, modes, func(t *testing.T, mode, version int) {
		client, server := tlsCtxs(t, version)
		client.SetSessionCacheMode(libssl.SessCacheOff)
		server.SetSessionCacheMode(mode)
		server.SetOptions(libssl.OpNoTicket) // what the client gets is a name in the cache
		var n tally
		var served *libssl.Session
		count(server, &n, &served)
		c, s := connected(t, client, server)
		offered := current(t, c)
		served = unflagged(t, current(t, s))
		wantEqual(t, "full handshake", n.take(), tally{made: map[int]int{libssl.VersionTLS12: 1, libssl.VersionTLS13: 2}[version]})
		hangUp(c, s)
		must(t, server.FlushSessions(time.Time{}))
		n.take()
		c, s = pair(t, client, server)
		c.SetSession(offered)
		finish(t, c, s)
		wantEqual(t, "reused", c.SessionReused() && s.SessionReused(), true)
		want := tally{asked: 1}
		if version == libssl.VersionTLS13 {
			want.made = 1
		}
		wantEqual(t, "resumption", n.take(), want)
		server.SessSetRemoveCB(nil)
	})
}

// What ends a connection decides about the session that somebody still holds.
func TestPeersFreedUnclean(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		for name, test := range map[string]struct {
			end     func(c *libssl.SSL)
			dup     bool
			resumes bool
		}{
			"nothing":            {func(*libssl.SSL) {}, false, false},
			"Shutdown":           {func(c *libssl.SSL) { c.Shutdown() }, false, true},
			"SetShutdown":        {func(c *libssl.SSL) { c.SetShutdown(libssl.SentShutdown) }, false, true},
			"SetShutdown, other": {func(c *libssl.SSL) { c.SetShutdown(libssl.ReceivedShutdown) }, false, false},
			"a copy":             {func(*libssl.SSL) {}, true, true},
		} {
			client, server := tlsCtxs(t, version)
			c, _ := connected(t, client, server)
			sess := current(t, c)
			if test.dup {
				dup, err := sess.Dup()
				must(t, err)
				defer dup.Free()
				sess = dup
			}
			test.end(c)
			wantEqual(t, name+": resumable before", sess.IsResumable(), true)
			c.Free()
			wantEqual(t, name+": resumable", sess.IsResumable(), test.resumes)
			wantEqual(t, name+": resumes", resumes(t, client, server, sess), test.resumes)
		}
	})
}

// A get, a removal with either answer, and a free leave no reference.
func TestPeersBalance(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		var inside []int
		client.SessSetNewCB(func(ssl *libssl.SSL, arg *libssl.Session) {
			n, err := client.RemoveSession(arg)
			must(t, err)
			inside = append(inside, n)
			got := ssl.Session()
			wantRefs(t, got, 3) // the SSL, the argument and this: the cache has none any more
			got.Free()
		})
		c, s := connected(t, client, server)
		sess := current(t, c)
		wantRefs(t, sess, 2)
		for _, n := range inside {
			wantEqual(t, "removed in the callback", n, 1)
		}
		if n, err := client.RemoveSession(sess); n != 0 || err != nil {
			t.Error("a second removal: ", n, err)
		}
		wantRefs(t, sess, 2)
		hangUp(c, s)
		wantRefs(t, sess, 1)
		if n, err := client.AddSession(sess); n != 1 || err != nil {
			t.Error(n, err)
		}
		wantRefs(t, sess, 2)
		if n, err := client.RemoveSession(sess); n != 1 || err != nil {
			t.Error(n, err)
		}
		wantRefs(t, sess, 1)
		client.SessSetNewCB(nil)
	})
}

// Handles cost nothing once they are freed: neither references nor entries.
func TestPeersManyGets(t *testing.T) {
	c, _ := connected(t, clientCtx(t, 0), serverCtx(t, 0))
	sess := current(t, c)
	before, alive := refs(t, sess), settled("Session")
	for range 20_000 {
		got := c.Session()
		if !got.Same(sess) {
			t.Fatal("another session")
		}
		got.Free()
	}
	wantRefs(t, sess, before)
	wantEqual(t, "handles", diag.Live()["Session"], alive)
}

// What may be in one cache goes into another as a copy; both then evict their own.
func TestPeersTwoCaches(t *testing.T) {
	client, server := idCtxs(t)
	other := clientCtx(t, libssl.VersionTLS12)
	shared := session(t, client, server)
	for _, ctx := range []*libssl.Ctx{client, other} {
		ctx.SessSetCacheSize(2)
	}
	_, err := other.AddSession(shared)
	wantIs(t, "AddSession", err, libssl.ErrOtherCtx)
	dup, err := shared.Dup()
	must(t, err)
	defer dup.Free()
	if n, err := other.AddSession(dup); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for i := range byte(2) { // the oldest goes, from each
		for _, ctx := range []*libssl.Ctx{client, other} {
			cached(t, ctx, i)
		}
	}
	for name, sess := range map[string]*libssl.Session{"original": shared, "copy": dup} {
		wantRefs(t, sess, 1)
		wantEqual(t, name+": resumable after the eviction", sess.IsResumable(), false)
	}
	wantEqual(t, "cached", [2]int{client.SessNumber(), other.SessNumber()}, [2]int{2, 2})
	wantEqual(t, "evicted", [2]int{client.SessCacheFull(), other.SessCacheFull()}, [2]int{1, 1})
}

// The server changes its Ctx by the name that the client asks for; the cache and its callbacks stay those of the first.
func TestPeersSwappedCtx(t *testing.T) {
	client, first := idOnlyCtxs(t)
	second := serverCtx(t, libssl.VersionTLS12)
	var events []string
	for name, ctx := range map[string]*libssl.Ctx{"first": first, "second": second} {
		ctx.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { events = append(events, name+" new") })
		ctx.SessSetGetCB(func(*libssl.SSL, []byte) *libssl.Session { events = append(events, name+" get"); return nil })
		ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { events = append(events, name+" remove") })
	}
	first.SetTLSExtServernameCallback(func(ssl *libssl.SSL) (int, int) {
		if ssl.SetSSLCtx(second) != 1 {
			t.Error(ssl.LastErrors())
		}
		return libssl.TLSExtErrOK, 0
	})
	connect := func(sess *libssl.Session) (c, s *libssl.SSL) {
		c, s = pair(t, client, first)
		c.SetTLSExtHostName("second.example")
		c.SetSession(sess)
		finish(t, c, s)
		now := s.Ctx()
		defer now.Free()
		wantEqual(t, "swapped", now.Same(second), true)
		return c, s
	}
	c, s := connect(nil)
	sess := current(t, c)
	hangUp(c, s)
	must(t, first.FlushSessions(time.Time{}))
	c, s = connect(sess)
	wantEqual(t, "reused after the flush", c.SessionReused(), false)
	s.Free()
	if got := strings.Join(events, ", "); got != "first new, first remove, first get, first new, first remove" {
		t.Errorf("events: %s", got)
	}
	first.SetTLSExtServernameCallback(nil)
}
