package tlsnet_test

import (
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/seed-c1436005/libssl/tlsnet"
	"golang.org/x/net/nettest"
)

// wrapped hides that a connection is a socket.
type wrapped struct{ net.Conn }

func TestNetConn(t *testing.T) {
	tcp := func() (net.Conn, net.Conn) { return transport(t, "tcp", "127.0.0.1:0") }
	for _, test := range []struct {
		name    string
		version uint16
		pipe    func() (net.Conn, net.Conn)
	}{
		{"TLS 1.2 over TCP", tls.VersionTLS12, tcp},
		{"TLS 1.3 over TCP", tls.VersionTLS13, tcp},
		{"TLS 1.3 over a unix socket", tls.VersionTLS13, func() (net.Conn, net.Conn) { return transport(t, "unix", filepath.Join(t.TempDir(), "s")) }},
		// With TLS 1.3 a test closes one that has not read the ticket, which resets the connection: only a socket can be asked for what is there.
		{"TLS 1.2 over another net.Conn", tls.VersionTLS12, func() (net.Conn, net.Conn) {
			near, far := tcp()
			return wrapped{near}, wrapped{far}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				client, server := configs(func(c, _ *tlsnet.Config) { c.MaxVersion = test.version })
				near, far := test.pipe()
				c, s := tlsnet.Client(near, client), tlsnet.Server(far, server)
				done := make(chan error, 1)
				go func() { done <- s.Handshake() }()
				err = c.Handshake()
				return c, s, func() { c.Close(); s.Close() }, errors.Join(err, <-done)
			})
		})
	}
}
