package libssl_test

// The state machine, the end of a connection and the server name as OpenSSL's own sslapitest has them, restated (docs/SSLAPITEST.md).

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// What an info callback's where has of the side.
const (
	stConnect = libssl.CbConnectLoop &^ libssl.CbLoop
	stAccept  = libssl.CbAcceptLoop &^ libssl.CbLoop
)

// states records what an info callback is told, by the names that libssl has for the states.
func states(t *testing.T, ssl *libssl.SSL, to *[]string) {
	t.Helper()
	ssl.SetInfoCallback(func(ssl *libssl.SSL, where, ret int) {
		if ret == 0 {
			t.Error("a step has failed")
		}
		side := stConnect
		if ssl.IsServer() {
			side = stAccept
		}
		if of := where & (stConnect | stAccept); of != 0 && of != side {
			t.Errorf("where is %#x", where)
		}
		switch {
		case where&libssl.CbHandshakeStart != 0:
			*to = append(*to, "start")
		case where&libssl.CbHandshakeDone != 0:
			*to = append(*to, "done")
			wantEqual(t, "InInit at the end of the handshake", ssl.InInit(), false)
		case where&libssl.CbAlert != 0:
			*to = append(*to, "alert")
		case where&libssl.CbExit != 0:
			*to = append(*to, "exit")
		case where&libssl.CbLoop != 0:
			*to = append(*to, strings.TrimSpace(ssl.StateString()))
		}
	})
}

// Each state of a handshake, of a resumption, and of one with early data, in order.
func TestAPIInfoCallback(t *testing.T) {
	for _, test := range []struct {
		name          string
		version       int
		ofServer      bool
		first, resume string // of the connection, and of the resumption
	}{
		{
			"TLS 1.2 server", libssl.VersionTLS12, true,
			"start PINIT PINIT TRCH TWSH TWSC TWSKE TWSD exit TWSD TRCKE TRCCS TRFIN TWST TWCCS TWFIN done exit alert",
			"start PINIT PINIT TRCH TWSH TWCCS TWFIN exit TWFIN TRCCS TRFIN done exit",
		},
		{
			"TLS 1.2 client", libssl.VersionTLS12, false,
			"start PINIT TWCH exit TWCH TRSH TRSC TRSKE TRSD TWCKE TWCCS TWFIN exit TWFIN TRST TRCCS TRFIN done exit alert",
			"start PINIT TWCH exit TWCH TRSH TRCCS TRFIN TWCCS TWFIN done exit",
		},
		{
			"TLS 1.3 server", libssl.VersionTLS13, true,
			"start PINIT PINIT TRCH TWSH TWCCS TWEE TWSC TRSCV TWFIN TED exit TED TRFIN done TWST TWST exit alert",
			"start PINIT PINIT TRCH TWSH TWCCS TWEE TWFIN TED exit TED TRFIN done TWST exit",
		},
		{
			"TLS 1.3 client", libssl.VersionTLS13, false,
			"start PINIT TWCH exit TWCH TRSH TREE TRSC TRSCV TRFIN TWCCS TWFIN done exit SSLOK SSLOK TRST exit SSLOK SSLOK TRST exit alert",
			"start PINIT TWCH exit TWCH TRSH TREE TRFIN TWCCS TWFIN done exit SSLOK SSLOK TRST exit",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, test.version)
			client.SetSessionCacheMode(libssl.SessCacheOff)
			var sess *libssl.Session
			for _, want := range []string{test.first, test.resume} {
				var got []string
				c, s := pair(t, client, server)
				if sess != nil {
					c.SetSession(sess)
				}
				if test.ofServer {
					states(t, s, &got)
				} else {
					states(t, c, &got)
				}
				finish(t, c, s)
				wantEqual(t, "reused", c.SessionReused(), sess != nil)
				if sess == nil {
					sess = current(t, c)
					c.Shutdown()
					s.Shutdown()
				}
				if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
	for _, test := range []struct {
		name     string
		ofServer bool
		want     string
	}{
		{
			"early data, server", true,
			"start PINIT PINIT TRCH TWSH TWCCS TWEE TWFIN done exit start TED TED TWEOED TRFIN done TWST exit",
		},
		{
			"early data, client", false,
			"start PINIT TWCH TWCCS done exit start TED TED TRSH TREE TRFIN TPEDE TWEOED TWFIN done exit SSLOK SSLOK TRST exit",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEarlyCase(t, "ticket")
			var got []string
			if test.ofServer {
				states(t, e.s, &got)
			} else {
				states(t, e.c, &got)
			}
			e.writeEarly(e.c, "one")
			e.readsEarly(libssl.ReadEarlyDataSuccess, "one")
			wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), libssl.EarlyDataAccepted)
			finish(t, e.c, e.s)
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A client that ends the connection first: what both may still do, and that the session can be resumed afterwards.
func TestAPIShutdown(t *testing.T) {
	begin := func(t *testing.T, version int, ticketsRead bool, prepare func(client *libssl.Ctx)) *earlyCase {
		e := &earlyCase{T: t}
		e.client, e.server = tlsCtxs(t, version)
		prepare(e.client)
		e.c, e.s = pair(t, e.client, e.server)
		if !shake(e.c, e.s) {
			t.Fatal(e.c.LastErrors(), e.s.LastErrors())
		}
		if ticketsRead {
			e.read(e.c)
		}
		wantEqual(t, "resumable", current(t, e.c).IsResumable(), ticketsRead)
		e.shutdown(e.c, 0)
		return e
	}
	nothing := func(*libssl.Ctx) {}
	for name, test := range map[string]struct {
		version     int
		ticketsRead bool
	}{
		"TLS 1.2": {libssl.VersionTLS12, true}, "TLS 1.3": {libssl.VersionTLS13, true}, "TLS 1.3, tickets are not read": {libssl.VersionTLS13, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := begin(t, test.version, test.ticketsRead, nothing)
			wantEqual(t, "client writes", e.write(e.c, "text"), false)
			e.shutdown(e.s, 0)
			wantEqual(t, "server writes", e.write(e.s, "text"), false)
			e.shutdown(e.c, 1) // which reads the tickets, too
			wantEqual(t, "resumable", current(t, e.c).IsResumable(), true)
			e.shutdown(e.s, 1)
		})
	}
	for _, name := range []string{"key update", "certificate request", "data"} {
		t.Run("the server goes on: "+name, func(t *testing.T) {
			e := begin(t, libssl.VersionTLS13, true, func(client *libssl.Ctx) { client.SetPostHandshakeAuth(name == "certificate request") })
			n := e.s.Read(make([]byte, 10))
			wantEqual(t, "GetError", e.s.GetError(n), libssl.ErrorZeroReturn)
			wantEqual(t, "GetShutdown", e.s.GetShutdown(), libssl.ReceivedShutdown)
			e.mustWrite(e.s, "first")
			switch name {
			case "key update":
				wantEqual(t, "KeyUpdate", e.s.KeyUpdate(libssl.KeyUpdateRequested), 1)
				e.mustWrite(e.s, "second")
			case "certificate request":
				e.s.SetVerify(libssl.VerifyPeer)
				wantEqual(t, "VerifyClientPostHandshake", e.s.VerifyClientPostHandshake(), 1)
				e.mustWrite(e.s, "second")
			}
			e.shutdown(e.s, 1)
			if name == "data" {
				wantEqual(t, "client writes", e.write(e.c, "text"), false)
				e.shutdown(e.c, -1) // there is data before the other's close_notify
				wantEqual(t, "GetError", e.c.GetError(-1), libssl.ErrorSSL)
				wantText(t, "Shutdown", e.c.LastErrors(), "application data after close notify")
				return
			}
			wantEqual(t, "client reads", e.read(e.c)+", "+e.read(e.c), "first, second")
			wantEqual(t, "client writes", e.write(e.c, "text"), false)
			e.shutdown(e.c, 1)
			wantEqual(t, "resumable", current(t, e.c).IsResumable(), true)
		})
	}
	t.Run("the server goes on with TLS 1.2", func(t *testing.T) {
		e := begin(t, libssl.VersionTLS12, true, nothing)
		n := e.s.Read(make([]byte, 10))
		wantEqual(t, "GetError", e.s.GetError(n), libssl.ErrorZeroReturn)
		e.mustWrite(e.s, "text")
		e.shutdown(e.s, 1)
		wantEqual(t, "client reads", e.read(e.c), "text")
		e.shutdown(e.c, 1)
		wantEqual(t, "resumable", current(t, e.c).IsResumable(), true)
	})
}

// shutdown fails the test unless that is what it returns.
func (e *earlyCase) shutdown(ssl *libssl.SSL, want int) {
	e.Helper()
	got := ssl.Shutdown()
	if got != want {
		e.Errorf("Shutdown: %d, want %d: %v", got, want, ssl.LastErrors())
	}
	if got >= 0 {
		move(ssl, e.peer(ssl))
	}
}

// What both sides say the server's name is: with TLS 1.2 a resumption has the session's, with TLS 1.3 its own.
func TestAPIServername(t *testing.T) {
	for _, test := range []struct {
		name                 string
		acknowledged         bool
		first, second        string // what the client sets
		client12, server12   string // with TLS 1.2, after the resumption
		client13, server13   string
		before12, before13   string // of the client, with the session set, before the resumption
		serverAfterTheFirst  string
		clientsAfterTheFirst string
	}{
		{"acknowledged", true, "goodhost", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost"},
		{"not acknowledged", false, "goodhost", "goodhost", "goodhost", "", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost", "goodhost"},
		{"another", true, "goodhost", "althost", "goodhost", "goodhost", "althost", "althost", "althost", "althost", "goodhost", "goodhost"},
		{"only on the resumption", true, "", "goodhost", "goodhost", "", "goodhost", "goodhost", "goodhost", "goodhost", "", ""},
		{"not on the resumption", true, "goodhost", "", "goodhost", "goodhost", "", "", "goodhost", "", "goodhost", "goodhost"},
	} {
		both(t, func(t *testing.T, version int) {
			client, server := tlsCtxs(t, version)
			if test.acknowledged {
				server.SetTLSExtServernameCallback(func(*libssl.SSL) (int, int) { return libssl.TLSExtErrOK, 0 })
				t.Cleanup(func() { server.SetTLSExtServernameCallback(nil) })
			}
			c, s := pair(t, client, server)
			if test.first != "" {
				c.SetTLSExtHostName(test.first)
			}
			finish(t, c, s)
			what := fmt.Sprintf("%s, %#x: ", test.name, version)
			wantEqual(t, what+"first", [2]string{c.Servername(), s.Servername()}, [2]string{test.clientsAfterTheFirst, test.serverAfterTheFirst})
			sess := current(t, c)
			hangUp(c, s)
			wantEqual(t, what+"resumable", sess.IsResumable(), true)

			c, s = pair(t, client, server)
			c.SetSession(sess)
			if test.second != "" {
				c.SetTLSExtHostName(test.second)
			}
			before, after := test.before12, [2]string{test.client12, test.server12}
			if version == libssl.VersionTLS13 {
				before, after = test.before13, [2]string{test.client13, test.server13}
			}
			wantEqual(t, what+"before the resumption", c.Servername(), before)
			finish(t, c, s)
			wantEqual(t, what+"reused", c.SessionReused() && s.SessionReused(), true)
			wantEqual(t, what+"after the resumption", [2]string{c.Servername(), s.Servername()}, after)
		})
	}
}
