package tlsnet_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/tlsnet"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// eachVersion runs a test for TLS 1.2 and 1.3, with configs that change may change further.
func eachVersion(t *testing.T, change func(client, server *tlsnet.Config), f func(t *testing.T, client, server *tlsnet.Config)) {
	for _, v := range versions {
		t.Run(tls.VersionName(v), func(t *testing.T) {
			client, server := configs(func(c, s *tlsnet.Config) {
				c.MinVersion, c.MaxVersion = v, v
				if change != nil {
					change(c, s)
				}
			})
			f(t, client, server)
		})
	}
}

// exchange sends a byte to the client, and TLS 1.3 tickets before it, and closes the connection from both sides.
func exchange(t *testing.T, c, s *tlsnet.Conn) {
	t.Helper()
	if _, err := s.Write([]byte{1}); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if err := errors.Join(c.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}

// resumed makes a connection and reports whether both ends resumed a session.
func resumed(t *testing.T, client, server *tlsnet.Config) bool {
	t.Helper()
	c, s := mustConnect(t, client, server)
	cr, sr := c.ConnectionState().DidResume, s.ConnectionState().DidResume
	if cr != sr || cr != c.Resumption().Reused {
		t.Errorf("the client says %v and %+v, the server %v", cr, c.Resumption(), sr)
	}
	exchange(t, c, s)
	return cr
}

func TestResumption(t *testing.T) {
	for _, stateful := range []bool{false, true} {
		t.Run(fmt.Sprintf("tickets %v", !stateful), func(t *testing.T) {
			eachVersion(t, func(_, server *tlsnet.Config) { server.SessionTicketsDisabled = stateful }, func(t *testing.T, client, server *tlsnet.Config) {
				for i := range 4 {
					if got := resumed(t, client, server); got != (i > 0) {
						t.Errorf("connection %d: resumed %v", i, got)
					}
				}
			})
		})
	}
}

func TestNoSessions(t *testing.T) {
	eachVersion(t, func(client, _ *tlsnet.Config) { client.SessionCache = tlsnet.NoSessions }, func(t *testing.T, client, server *tlsnet.Config) {
		for range 2 {
			if resumed(t, client, server) {
				t.Error("resumed")
			}
		}
	})
}

// A session connects only where a full handshake would.
func TestSessionBinding(t *testing.T) {
	other := stranger().issue(newKey(), time.Now().Add(time.Hour), "other.test")
	for _, test := range []struct {
		name   string
		change func(client *tlsnet.Config)
		fails  bool // because a full handshake does
	}{
		{"nothing", func(*tlsnet.Config) {}, false},
		{"host", func(c *tlsnet.Config) { c.ServerName = "another.test" }, true},
		{"address", func(c *tlsnet.Config) { c.ServerName = "127.0.0.1" }, false},
		{"roots", func(c *tlsnet.Config) { c.RootCAs = stranger().pool() }, true},
		{"no roots", func(c *tlsnet.Config) { c.RootCAs = tlsnet.NewCertPool() }, true},
		{"client certificate", func(c *tlsnet.Config) { c.Certificates = []tls.Certificate{other} }, false},
		{"ALPN", func(c *tlsnet.Config) { c.NextProtos = []string{"h2"} }, false},
		{"verification off", func(c *tlsnet.Config) { c.InsecureSkipVerify = true }, false},
		{"VerifyConnection", func(c *tlsnet.Config) { c.VerifyConnection = func(tls.ConnectionState) error { return nil } }, false},
		{"ciphers", func(c *tlsnet.Config) {
			c.CipherSuites = []uint16{tls.TLS_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
		}, false},
		{"groups", func(c *tlsnet.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP384} }, true},
		{"time", func(c *tlsnet.Config) { c.Time = func() time.Time { return time.Now().Add(25 * time.Hour) } }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachVersion(t, func(client, server *tlsnet.Config) {
				client.SessionCache = tlsnet.NewLRUCache(0)
				server.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256}
			}, func(t *testing.T, client, server *tlsnet.Config) {
				c, s := mustConnect(t, client, server)
				exchange(t, c, s)
				session := c.Session()

				changed := client.Clone()
				test.change(changed)
				c, s, cerr, _ := connect(t, changed, server)
				if (cerr != nil) != test.fails {
					t.Fatalf("the other connection: %v", cerr)
				}
				if cerr == nil {
					if got := c.ConnectionState().DidResume; got != (test.name == "nothing") {
						t.Errorf("resumed %v: %+v", got, c.Resumption())
					}
				} else if c.Resumption().Offered {
					t.Error("the session was offered")
				}
				c.Close()
				s.Close()

				changed = client.Clone()
				test.change(changed)
				changed.Session = session
				c, _, cerr, _ = connect(t, changed, server)
				switch {
				case test.name == "nothing":
					if cerr != nil || !c.ConnectionState().DidResume {
						t.Errorf("its own session: %v, %+v", cerr, c.Resumption())
					}
				case test.name == "time":
					if cerr == nil {
						t.Error("an expired certificate was accepted")
					}
				case !errors.Is(cerr, tlsnet.ErrSessionPeer):
					t.Errorf("somebody else's session: %v", cerr)
				}
			})
		})
	}
}

// A server that trusts nobody does not take the sessions of one that trusts the system's authorities, though they share their keys.
func TestServerBinding(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca().cert.Raw}), 0o600))
	t.Setenv("SSL_CERT_FILE", file)
	eachVersion(t, func(c, s *tlsnet.Config) {
		c.Certificates = []tls.Certificate{ca().issue(newKey(), time.Now().Add(time.Hour), "client.test")}
		s.ClientAuth, s.TicketKeys = tls.RequireAndVerifyClientCert, new(libssl.TicketRing)
	}, func(t *testing.T, client, server *tlsnet.Config) {
		resumed(t, client, server)
		if !resumed(t, client, server.Clone()) {
			t.Error("the same settings do not resume")
		}
		strict := server.Clone()
		strict.ClientCAs = tlsnet.NewCertPool()
		if _, _, _, serr := connect(t, client, strict); serr == nil {
			t.Error("accepted")
		}
	})
}

// What VerifyConnection refuses leaves no session.
func TestRefusedPeerLeavesNoSession(t *testing.T) {
	no := errors.New("not today")
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		cache := tlsnet.NewLRUCache(0)
		refuse := no
		client.SessionCache = cache
		client.VerifyConnection = func(state tls.ConnectionState) error {
			if !state.HandshakeComplete || len(state.PeerCertificates) != 1 || len(state.VerifiedChains) != 1 && !state.DidResume {
				t.Errorf("%+v", state)
			}
			return refuse
		}
		c, s, cerr, _ := connect(t, client, server)
		if !errors.Is(cerr, no) {
			t.Errorf("client: %v", cerr)
		}
		if _, err := c.Write([]byte("secret")); !errors.Is(err, no) {
			t.Errorf("Write: %v", err)
		}
		c.Close()
		s.Close()
		refuse = nil
		if resumed(t, client, server) {
			t.Error("resumed a session of the connection that was refused")
		}
		if !resumed(t, client, server) {
			t.Error("a good connection left no session")
		}
	})
}

// A TLS 1.3 session is used once, of several that are kept; one of TLS 1.2 as often as one likes.
func TestSingleUse(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		recorder := &recorder{SessionCache: tlsnet.NewLRUCache(0)}
		client.SessionCache = recorder
		var open []func()
		for range 2 {
			c, s := mustConnect(t, client, server)
			open = append(open, func() { exchange(t, c, s) })
		}
		for _, f := range open {
			f()
		}
		single := client.MaxVersion == tls.VersionTLS13
		c1, _ := mustConnect(t, client, server)
		c2, _ := mustConnect(t, client, server)
		c3, _ := mustConnect(t, client, server)
		got := [3]bool{c1.Resumption().Reused, c2.Resumption().Reused, c3.Resumption().Reused}
		if want := [3]bool{true, true, !single}; got != want {
			t.Errorf("resumed %v, want %v", got, want)
		}
		same := recorder.got[0] == recorder.got[1]
		if same == single {
			t.Errorf("the same session twice: %v", same)
		}
	})
}

// recorder notes which sessions a cache gave.
type recorder struct {
	tlsnet.SessionCache
	got []*tlsnet.Session
}

func (r *recorder) Get(key string) (*tlsnet.Session, bool) {
	s, ok := r.SessionCache.Get(key)
	if ok {
		r.got = append(r.got, s)
	}
	return s, ok
}

func TestLRUCache(t *testing.T) {
	client, server := configs(func(c, _ *tlsnet.Config) { c.MaxVersion = tls.VersionTLS12 })
	c, s := mustConnect(t, client, server)
	exchange(t, c, s)
	session := c.Session()
	cache := tlsnet.NewLRUCache(2)
	has := func(key string) bool {
		got, ok := cache.Get(key)
		if ok != (got == session) {
			t.Errorf("Get(%q) = %v, %v", key, got, ok)
		}
		return ok
	}
	cache.Put("a", session)
	cache.Put("b", session)
	if !has("a") {
		t.Error("a is gone")
	}
	cache.Put("c", session)
	if has("b") || !has("a") || !has("c") {
		t.Error("it did not forget the one that was not used for longest")
	}
	cache.Put("a", nil)
	cache.Put("b", nil)
	if has("a") || !has("c") {
		t.Error("nil did not remove one key")
	}
}

// Session may be called while the handshake runs.
func TestSessionBesideHandshake(t *testing.T) {
	client, server := configs(nil)
	near, far := transport(t, "tcp", "127.0.0.1:0")
	c, s := tlsnet.Client(near, client), tlsnet.Server(far, server)
	go s.Handshake()
	done := make(chan error)
	go func() { done <- c.Handshake() }()
	for {
		select {
		case err := <-done:
			check(err)
			c.Close()
			s.Close()
			return
		default:
			c.Session()
			runtime.Gosched()
		}
	}
}

// A session outlives the connection that it came from, however that ends.
func TestSessionSurvives(t *testing.T) {
	for name, end := range map[string]func(c *tlsnet.Conn){
		"Close":              func(c *tlsnet.Conn) { c.Close() },
		"dropped":            func(*tlsnet.Conn) {},
		"transport closed":   func(c *tlsnet.Conn) { c.NetConn().Close(); c.Close() },
		"Close beside Write": func(c *tlsnet.Conn) { closeBesideWrite(c) },
	} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
				session := func() *tlsnet.Session {
					near, far := transport(t, "tcp", "127.0.0.1:0")
					c, s := tlsnet.Client(near, client), tlsnet.Server(far, server)
					go s.Write([]byte{1})
					if _, err := c.Read(make([]byte, 1)); err != nil {
						t.Fatal(err)
					}
					end(c)
					return c.Session()
				}()
				runtime.GC()
				client.Session = session
				c, _ := mustConnect(t, client, server)
				if !c.ConnectionState().DidResume {
					t.Errorf("%+v", c.Resumption())
				}
			})
		})
	}
}

// closeBesideWrite closes a connection whose peer does not read, while it writes.
func closeBesideWrite(c *tlsnet.Conn) {
	started := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		big := make([]byte, 32<<20)
		c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		close(started)
		c.Write(big)
	}()
	<-started
	c.Close()
	<-ended
}

func TestSessionEncoding(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		c, s := mustConnect(t, client, server)
		exchange(t, c, s)
		b, err := c.Session().MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var session tlsnet.Session
		if err := session.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		again, err := session.MarshalBinary()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("encoded twice: %v", err)
		}
		client = client.Clone()
		client.Session = &session
		if !resumed(t, client, server) {
			t.Error("the decoded session was not resumed")
		}
		for i := range b {
			if err := new(tlsnet.Session).UnmarshalBinary(b[:i]); err == nil {
				t.Fatalf("%d of %d bytes are a session", i, len(b))
			}
		}
	})
}

// closer is a cache that closes the connection of which it gets a session.
type closer struct {
	tlsnet.SessionCache
	conn *tlsnet.Conn
}

func (c *closer) Put(string, *tlsnet.Session) { c.conn.Close() }

// A cache may do what it likes: nothing is locked.
func TestCacheUsesConn(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		cache := &closer{SessionCache: tlsnet.NewLRUCache(0)}
		client.SessionCache = cache
		near, far := transport(t, "tcp", "127.0.0.1:0")
		c, s := tlsnet.Client(near, client), tlsnet.Server(far, server)
		cache.conn = c
		go s.Write([]byte{1})
		c.Read(make([]byte, 1))
		if err := c.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the cache has not closed it: %v", err)
		}
	})
}

// A session whose server breaks the connection off is not offered again.
func TestSessionDroppedAfterFailure(t *testing.T) {
	client, server := configs(func(c, _ *tlsnet.Config) { c.MaxVersion = tls.VersionTLS12 })
	resumed(t, client, server)
	near, far := transport(t, "tcp", "127.0.0.1:0")
	go func() {
		far.Read(make([]byte, 1000))
		far.Close()
	}()
	c := tlsnet.Client(near, client)
	if err := c.Handshake(); err == nil {
		t.Fatal("no failure")
	}
	c.Close()
	if resumed(t, client, server) {
		t.Error("the session was offered again")
	}
}

// A certificate in RootCAs is trusted itself, whoever has issued it.
func TestTrustedLeaf(t *testing.T) {
	client, server := configs(nil)
	cert, err := x509.ParseCertificate(leaf().Certificate[0])
	check(err)
	client.RootCAs = tlsnet.NewCertPool()
	client.RootCAs.AddCert(cert)
	mustConnect(t, client, server)
}

// A server's keys of tickets live for two days, one as the current one; what it keeps itself goes when it is a day old.
func TestServerMaintains(t *testing.T) {
	for _, stateful := range []bool{false, true} {
		for _, test := range []struct {
			after   []time.Duration // when the server has connections in between
			tickets bool            // resume
			kept    bool
		}{
			{nil, true, true},
			{[]time.Duration{25 * time.Hour}, true, false},
			{[]time.Duration{25 * time.Hour, 50 * time.Hour}, false, false},
		} {
			t.Run(fmt.Sprintf("tickets %v, after %v", !stateful, test.after), func(t *testing.T) {
				eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
					now := time.Now()
					server.SessionTicketsDisabled = stateful
					server.Time = func() time.Time { return now }
					old := client.Clone()
					old.Session = sessionOf(t, client, server)
					for _, d := range test.after {
						now = time.Now().Add(d)
						sessionOf(t, client.Clone(), server)
					}
					want := test.tickets
					if stateful {
						want = test.kept
					}
					if got := resumed(t, old, server); got != want {
						t.Errorf("resumed %v, want %v", got, want)
					}
				})
			})
		}
	}
}
