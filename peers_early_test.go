package libssl_test

// Early data (39 of docs/PEERS.md): TestSSLEarlyData and conformance U19-* have the plain cases and missing names.

import (
	"fmt"
	"testing"

	"github.com/seed-c1436005/libssl"
)

// earlyCtxs returns contexts of TLS 1.3 whose server takes that much early data.
func earlyCtxs(t *testing.T, limit uint32) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = tlsCtxs(t, libssl.VersionTLS13)
	server.SetMaxEarlyData(limit)
	return client, server
}

// flight takes what an SSL has written.
func flight(ssl *libssl.SSL) []byte {
	b := make([]byte, 1<<16)
	return b[:max(ssl.BIORead(b), 0)]
}

// The same first flight a second time: the server has used up the session, and takes neither it nor the data.
func TestPeersEarlyReplay(t *testing.T) {
	for name, options := range map[string]uint{"stateful": 0, "not guarded": libssl.OpNoAntiReplay} {
		client, server := earlyCtxs(t, 1000)
		server.SetOptions(options)
		c, _ := pair(t, client, server)
		c.SetSession(session(t, client, server))
		if r, n := c.WriteEarlyData([]byte("pay")); r != 1 || n != 3 {
			t.Fatal(c.LastErrors())
		}
		recorded := flight(c)
		for i := range 2 {
			s := newSSL(t, server)
			s.SetMemBIO()
			s.SetAcceptState()
			s.BIOWrite(recorded)
			buf := make([]byte, 10)
			result, n := s.ReadEarlyData(buf)
			if taken := i == 0 || options != 0; taken != (result == libssl.ReadEarlyDataSuccess && string(buf[:n]) == "pay") ||
				taken != (s.EarlyDataStatus() == libssl.EarlyDataAccepted) {
				t.Errorf("%s, time %d: %d, %q, %v", name, i+1, result, buf[:n], s.LastErrors())
			}
		}
	}
}

// What was rejected is sent again after the handshake, and arrives once.
func TestPeersEarlyResent(t *testing.T) {
	client, server := earlyCtxs(t, 1000)
	sess := unflagged(t, session(t, client, server))
	if !resumes(t, client, server, sess) {
		t.Fatal("the ticket is not good")
	}
	c, s := pair(t, client, server)
	c.SetSession(unflagged(t, sess)) // a second use
	message := []byte("pay")
	if r, _ := c.WriteEarlyData(message); r != 1 {
		t.Fatal(c.LastErrors())
	}
	move(c, s)
	buf := make([]byte, 10)
	if result, n := s.ReadEarlyData(buf); result != libssl.ReadEarlyDataFinish || n != 0 {
		t.Errorf("%d, %d: %v", result, n, s.LastErrors())
	}
	move(s, c)
	finish(t, c, s)
	wantEqual(t, "client's status", c.EarlyDataStatus(), libssl.EarlyDataRejected)
	wantEqual(t, "server's status", s.EarlyDataStatus(), libssl.EarlyDataRejected)
	c.Write(message)
	move(c, s)
	n := s.Read(buf)
	wantEqual(t, "data", string(buf[:max(n, 0)]), "pay")
	wantEqual(t, "more", s.Read(buf) > 0, false)
}

// As many bytes as the session says, in any number of calls; one more is an error of the client, and of a server that gets them all the same.
func TestPeersEarlyLimits(t *testing.T) {
	for _, forced := range []bool{false, true} {
		client, server := earlyCtxs(t, 10)
		server.SetRecvMaxEarlyData(10)
		sess := session(t, client, server)
		wantEqual(t, "limit", sess.MaxEarlyData(), uint32(10))
		if forced {
			must(t, sess.SetMaxEarlyData(100))
		}
		c, s := pair(t, client, server)
		c.SetSession(sess)
		for i := range 2 {
			if r, n := c.WriteEarlyData([]byte("12345")); r != 1 || n != 5 {
				t.Fatal(i, c.LastErrors())
			}
		}
		r, _ := c.WriteEarlyData([]byte("6"))
		wantEqual(t, fmt.Sprint("beyond the limit, forced: ", forced), r == 1, forced)
		if !forced {
			wantText(t, "beyond", c.LastErrors(), "too much early data")
			continue
		}
		move(c, s)
		var last int
		for range 3 {
			last, _ = s.ReadEarlyData(make([]byte, 100))
		}
		wantEqual(t, "the third", last, libssl.ReadEarlyDataError)
		wantText(t, "server", s.LastErrors(), "too much early data")
	}
}

// Another name or protocol than the session's, and not only none: the write fails at once, and the session resumes without early data.
func TestPeersEarlyMismatch(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(sess *libssl.Session, c *libssl.SSL)
		text string
	}{
		"name": {func(sess *libssl.Session, c *libssl.SSL) {
			must(t, sess.SetHostname("old.example"))
			c.SetTLSExtHostName("new.example")
		}, "inconsistent early data sni"},
		"protocol": {func(sess *libssl.Session, c *libssl.SSL) {
			must(t, sess.SetALPNSelected("h2"))
			c.SetALPNProtos([]byte("\x08http/1.1"))
		}, "inconsistent early data alpn"},
		"both fit": {func(sess *libssl.Session, c *libssl.SSL) {
			must(t, sess.SetHostname("old.example"))
			c.SetTLSExtHostName("old.example")
			must(t, sess.SetALPNSelected("h2"))
			c.SetALPNProtos([]byte("\x08http/1.1\x02h2"))
		}, ""},
	} {
		client, server := earlyCtxs(t, 100)
		sess := session(t, client, server)
		spare := unflagged(t, sess)
		c, _ := pair(t, client, server)
		test.set(sess, c)
		c.SetSession(sess)
		r, _ := c.WriteEarlyData([]byte("early"))
		wantEqual(t, name, r == 1, test.text == "")
		wantEqual(t, name+": resumable", sess.IsResumable(), test.text == "")
		if r != 1 {
			wantText(t, name, c.LastErrors(), test.text)
		}
		wantEqual(t, name+": resumes without", resumes(t, client, server, spare), true)
	}
}
