package libssl_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/seed-c1436005/libssl"
)

// resetting are the methods without arguments that end the state which an SSL is in.
var resetting = []string{"Clear", "DTLSv1Listen", "Free", "SetAcceptState", "SetConnectState", "Stateless"}

// readAll calls every method without arguments, those to come included, but for the resetting ones.
func readAll(ssl *libssl.SSL, sess *libssl.Session) {
	h := reflect.ValueOf(ssl)
	for i := range h.NumMethod() {
		if m := h.Method(i); m.Type().NumIn() == 0 && !slices.Contains(resetting, h.Type().Method(i).Name) {
			call(m, nil)
		}
	}
	ssl.ExplainSession(nil)
	ssl.ExplainSession(sess)
	ssl.ExportKeyingMaterial(make([]byte, 8), "label", nil)
	ssl.ExportKeyingMaterialEarly(make([]byte, 8), "label", nil)
}

// resuming returns a pair with a session of the name, in one of three states: the server has read the first flight, the client has read the
// ServerHello, and both are done.
func resuming(t *testing.T, version, stage int) (c, s *libssl.SSL, sess *libssl.Session) {
	client, server := clientCtx(t, version), serverCtx(t, version)
	server.SetTLSExtServernameCallback(func(*libssl.SSL) (int, int) { return libssl.TLSExtErrOK, 0 })
	c, s = pair(t, client, server)
	c.SetTLSExtHostName("name.example")
	finish(t, c, s)
	sess = c.Session()
	t.Cleanup(sess.Free)
	c.Shutdown()
	s.Shutdown()
	c, s = pair(t, client, server)
	c.SetTLSExtHostName("name.example")
	c.SetSession(sess)
	if stage == 2 {
		finish(t, c, s)
		return c, s, sess
	}
	c.DoHandshake()
	move(c, s)
	s.DoHandshake()
	if stage == 1 {
		flight := make([]byte, 1<<14)
		flight = flight[:s.BIORead(flight)]
		c.BIOWrite(flight[:5+int(flight[3])<<8+int(flight[4])]) // one record
		c.DoHandshake()
	}
	return c, s, sess
}

// libssl looks for names in the session of a resumed connection without looking whether there is one.
func TestReadersWithoutSession(t *testing.T) {
	survives(t, func(t *testing.T) {
		for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
			for _, stage := range []int{0, 1, 2} {
				for name, take := range map[string]func(ssl *libssl.SSL) int{
					"SetSession":    func(ssl *libssl.SSL) int { return ssl.SetSession(nil) },
					"CopySessionID": func(ssl *libssl.SSL) int { return ssl.CopySessionID(newSSL(t, clientCtx(t, version))) },
				} {
					c, s, sess := resuming(t, version, stage)
					for _, ssl := range []*libssl.SSL{c, s} {
						reused := ssl.SessionReused()
						if reused != (ssl == s || stage > 0) {
							t.Errorf("%x, %d: reused %v", version, stage, reused)
						}
						readAll(ssl, sess)
						if take(ssl) != 1 {
							t.Fatal(ssl.LastErrors())
						}
						readAll(ssl, sess)
						if reused {
							wantRefused(t, name+": ServernameType", ssl.ServernameType(), -1, ssl.LastErrors(), libssl.ErrNoSession)
							wantRefused(t, name+": Servername", len(ssl.Servername()), 0, ssl.LastErrors(), libssl.ErrNoSession)
						}
						ssl.SetAcceptState()
						readAll(ssl, sess)
						ssl.SetConnectState()
						readAll(ssl, sess)
						if ssl == c && c.Servername() != "name.example" {
							t.Errorf("%x, %d: before another connection the name is %q", version, stage, c.Servername())
						}
					}
				}
			}
		}
	})
}

// libssl looks for the cipher of early data in sessions that may not be there.
func TestExportEarlyWithoutSession(t *testing.T) {
	survives(t, func(t *testing.T) {
		client, server := tlsCtxs(t, libssl.VersionTLS13)
		server.SetMaxEarlyData(1000)
		export := func(ssl *libssl.SSL) int { return ssl.ExportKeyingMaterialEarly(make([]byte, 8), "label", nil) }
		early := func() (c, s *libssl.SSL) {
			sess := session(t, client, server)
			c, s = pair(t, client, server)
			c.SetSession(sess)
			if ret, n := c.WriteEarlyData([]byte("x")); ret != 1 || n != 1 || export(c) != 1 {
				t.Fatal(ret, n, c.LastErrors())
			}
			return c, s
		}
		for name, set := range map[string]func() *libssl.Session{
			"nil": func() *libssl.Session { return nil }, "empty": func() *libssl.Session { return withID(t, 1) },
		} {
			c, s := early()
			move(c, s)
			if ret, n := s.ReadEarlyData(make([]byte, 10)); n != 1 || export(s) != 1 {
				t.Fatal(ret, n, s.LastErrors())
			}
			for _, ssl := range []*libssl.SSL{c, s} {
				ssl.SetSession(set())
				wantRefused(t, name, export(ssl), 0, ssl.LastErrors(), libssl.ErrNoSession)
			}
		}

		c, _ := early()
		other := serverCtx(t, libssl.VersionTLS13) // which cannot read the ticket
		s := newSSLWithBIO(t, other)
		s.SetAcceptState()
		finish(t, c, s)
		if c.SessionReused() || c.EarlyDataStatus() != libssl.EarlyDataRejected {
			t.Fatal("not rejected")
		}
		wantRefused(t, "rejected", export(c), 0, c.LastErrors(), libssl.ErrNoSession)
	})
}
