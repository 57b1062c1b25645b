package libssl_test

// What other bindings test about the cache and its callbacks, restated (docs/PEERS.md).
//
//	41  TestPeersServerCache
//	42  TestPeersCacheEvents
//	43  TestNewCallback, TestCtxCacheAddRemove
//	44  TestNewCallback
//	45  TestPeersPanicInRead, TestPanicInNewAndGet
//	46  TestRemoveCallback, TestNotification, TestCacheInRemoveCallback
//	47  TestPeersCacheOrder, TestCtxCacheAddRemove; libssl removes what has the id, whichever object is named
//	48  TestCtxPrevious
//	49  TestCtxCacheModes, conformance U21-single-use-without-internal-store
//	50  TestCtxIDContext, TestSSLIDContext, conformance U16-* (five)
//	51  TestPeersOldServer, TestPeersFailedIdentity

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// Ten connections; after each, what the server's cache holds and has counted.
func TestPeersServerCache(t *testing.T) {
	client, server := idOnlyCtxs(t)
	type state struct{ Number, Hits, Misses int }
	var offered, served, copied *libssl.Session
	remove := func() {
		copied = unflagged(t, served) // the one that is removed is flagged
		if n, err := server.RemoveSession(served); n != 1 || err != nil {
			t.Error(n, err)
		}
	}
	add := func() {
		if n, err := server.AddSession(copied); n != 1 || err != nil {
			t.Error(n, err)
		}
	}
	flush := func() { must(t, server.FlushSessions(time.Time{})) }
	for i, step := range []struct {
		before func()
		want   state
	}{
		{func() {}, state{1, 0, 0}},
		{func() {}, state{1, 1, 0}},
		{func() {}, state{1, 2, 0}},
		{remove, state{1, 2, 1}}, // another one takes its place
		{func() {}, state{2, 2, 2}},
		{add, state{3, 3, 2}},
		{func() {}, state{3, 4, 2}},
		{flush, state{1, 4, 3}},
		{add, state{2, 5, 3}},
		{func() { flush(); offered = nil }, state{1, 5, 3}}, // nothing is offered, so nothing is missed
	} {
		step.before()
		if copied != nil && !copied.IsResumable() { // by the flush
			copied = unflagged(t, copied)
		}
		c, s := pair(t, client, server)
		c.SetSession(offered)
		finish(t, c, s)
		if i == 0 {
			offered, served = unflagged(t, current(t, c)), current(t, s)
		}
		hangUp(c, s)
		if diff := cmp.Diff(step.want, state{server.SessNumber(), server.SessHits(), server.SessMisses()}); diff != "" {
			t.Errorf("after connection %d (-want +got):\n%s", i, diff)
		}
	}
}

// A hit in the cache calls nothing; one in the store asks only; a miss asks, and tells of a new one.
func TestPeersCacheEvents(t *testing.T) {
	client, server := idOnlyCtxs(t)
	var events []string
	store := map[string][]byte{}
	server.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) {
		events = append(events, fmt.Sprintf("new %x", sess.ID()))
		store[string(sess.ID())] = der(t, sess)
	})
	server.SessSetGetCB(func(_ *libssl.SSL, id []byte) *libssl.Session {
		events = append(events, fmt.Sprintf("get %x", id))
		if store[string(id)] == nil {
			return nil
		}
		sess, err := libssl.ParseSession(store[string(id)])
		must(t, err)
		t.Cleanup(sess.Free)
		return sess
	})
	server.SessSetRemoveCB(func(_ *libssl.Ctx, sess *libssl.Session) {
		events = append(events, fmt.Sprintf("remove %x", sess.ID()))
	})
	connect := func(what string, sess *libssl.Session, reused bool) *libssl.Session {
		t.Helper()
		events = nil
		c, s := pair(t, client, server)
		c.SetSession(sess)
		finish(t, c, s)
		wantEqual(t, what+": reused", c.SessionReused() && s.SessionReused(), reused)
		defer hangUp(c, s)
		return current(t, c)
	}
	want := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, events); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	first := connect("first", nil, false)
	id := fmt.Sprintf("%x", first.ID())
	want("first", "new "+id)
	connect("in the cache", first, true)
	want("in the cache")
	events = nil
	must(t, server.FlushSessions(time.Time{}))
	want("flush", "remove "+id)
	connect("in the store", first, true)
	want("in the store", "get "+id)
	connect("in the cache again", first, true)
	want("in the cache again")
	must(t, server.FlushSessions(time.Time{}))
	clear(store)
	second := connect("nowhere", first, false)
	want("nowhere", "get "+id, fmt.Sprintf("new %x", second.ID()))
	server.SessSetNewCB(nil)
	server.SessSetGetCB(nil)
	server.SessSetRemoveCB(nil)
}

// A ticket is read with the data that follows: the panic of its callback comes out of Read, and no byte is lost.
func TestPeersPanicInRead(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	c, s := pair(t, client, server)
	if !shake(c, s) {
		t.Fatal(c.LastErrors())
	}
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { boom() })
	s.Write([]byte("data"))
	move(s, c)
	buf := make([]byte, 10)
	wantPanic(t, panicOf(func() { c.Read(buf) }), "new_session_cb")
	client.SessSetNewCB(nil)
	if n := c.Read(buf[4:]); n > 0 || string(buf[:4]) != "data" { // the Read that panicked has read it
		t.Errorf("%q, then %d", buf, n)
	}
	wantEqual(t, "the ticket", current(t, c).IsResumable(), true)
	wantEqual(t, "Write", c.Write([]byte("x")), 1)
}

// Half of ten stay, in the order of their adding, which adding again does not change; another object with an id takes the place of the first.
func TestPeersCacheOrder(t *testing.T) {
	ctx := clientCtx(t, 0)
	ctx.SessSetCacheSize(5)
	var all []*libssl.Session
	present := func() (n []int) {
		for i, sess := range all {
			if refs(t, sess) == 2 {
				n = append(n, i)
			}
		}
		return n
	}
	want := func(what string, want ...int) {
		t.Helper()
		if diff := cmp.Diff(want, present()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		wantEqual(t, what+": SessNumber", ctx.SessNumber(), len(want))
	}
	add := func(sess *libssl.Session, want int) {
		t.Helper()
		if n, err := ctx.AddSession(sess); n != want || err != nil {
			t.Errorf("AddSession: %d, %v", n, err)
		}
	}
	for i := range byte(10) {
		all = append(all, cached(t, ctx, i))
	}
	want("ten", 5, 6, 7, 8, 9)
	add(all[5], 0)
	add(all[0], 1)
	want("the oldest was added again", 0, 6, 7, 8, 9)
	same := withID(t, 9)
	all = append(all, same)
	add(same, 1)
	want("same id", 0, 6, 7, 8, 10)
	wantEqual(t, "what was displaced is resumable", all[9].IsResumable(), true)
	if n, err := ctx.RemoveSession(withID(t, 9)); n != 1 || err != nil {
		t.Error(n, err)
	}
	want("removed by an equal id", 0, 6, 7, 8)
	wantEqual(t, "what was removed is resumable", same.IsResumable(), true) // the flag is set on the one that was named
}

// A session of TLS 1.2 is offered to a server that has only TLS 1.0 by now: no error, a full handshake, and the session is as good as before.
func TestPeersOldServer(t *testing.T) {
	client := clientCtx(t, 0)
	sess := session(t, client, serverCtx(t, libssl.VersionTLS12))
	c, s := pair(t, client, serverCtx(t, libssl.VersionTLS10))
	c.SetSession(sess)
	finish(t, c, s)
	wantEqual(t, "version", c.Version(), libssl.VersionTLS10)
	wantEqual(t, "reused", c.SessionReused(), false)
	wantEqual(t, "resumable", sess.IsResumable(), true)
	if current(t, c).Same(sess) || bytes.Equal(current(t, c).ID(), sess.ID()) {
		t.Error("the session is that of the other server")
	}
}

// What was not verified gets into no cache, and nothing of it is resumed.
func TestPeersFailedIdentity(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		for name, test := range map[string]struct {
			trust bool
			host  string
			good  bool
		}{
			"good": {true, "localhost", true}, "another host": {true, "attacker.example", false}, "nobody trusts it": {false, "localhost", false},
		} {
			client, server := tlsCtxs(t, version)
			client.SetVerify(libssl.VerifyPeer)
			if test.trust {
				must(t, client.LoadVerifyLocations(testdata+"ca.pem", ""))
			}
			all := collected(t, client)
			c, s := pair(t, client, server)
			wantEqual(t, "SetHost", c.SetHost(test.host), 1)
			connects := shake(c, s)
			wantEqual(t, name+": connects", connects, test.good)
			c.Read(make([]byte, 1))
			wantEqual(t, name+": told of sessions", len(*all) > 0, test.good)
			wantEqual(t, name+": cached", client.SessNumber() > 0, test.good)
			if sess := c.Session(); sess != nil {
				wantEqual(t, name+": resumable", sess.IsResumable(), test.good)
				sess.Free()
			}
		}
	})
}
