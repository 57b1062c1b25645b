// Ours is the worker of this module: tlsnet for connections, the parity API for the session calls. With the argument "engine" it has contexts of the
// parity API: connections in memory are made by libssl.Engine from one goroutine, others by tlsnet.NewConn.
package main

import (
	"crypto/tls"
	"errors"
	"net"
	"os"

	"github.com/seed-c1436005/libssl/tlsnet"

	"github.com/seed-c1436005/libssl/bench/work"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		work.Serve(newRawEnds, map[string]work.Setup{"handshake/mem": engineMemory, "scale": engineScale, "cache": engineCache})
	} else {
		work.Serve(newEnds, calls())
	}
}

// ends are two configurations.
type ends struct{ client, server *tlsnet.Config }

func newEnds(way work.Way) (work.Ends, error) {
	ca, certPEM, keyPEM, err := way.Files()
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	roots := tlsnet.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("no authority")
	}
	version := uint16(tls.VersionTLS12)
	if way.TLS13 {
		version = tls.VersionTLS13
	}
	e := &ends{new(tlsnet.Config), new(tlsnet.Config)}
	for _, c := range []*tlsnet.Config{e.client, e.server} {
		c.MinVersion, c.MaxVersion = version, version
		c.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256} // the second one is the certificate's
		c.CipherSuites = []uint16{tls.TLS_AES_128_GCM_SHA256, way.CipherSuite()}
	}
	e.client.RootCAs, e.client.ServerName = roots, work.ServerName
	if !way.Resumes() {
		e.client.SessionCache = tlsnet.NoSessions
	}
	e.server.Certificates = []tls.Certificate{cert}
	e.server.SessionTicketsDisabled = way.Resume == "id"
	return e, nil
}

func (e *ends) Client(inner net.Conn) (work.Conn, error) {
	return conn{tlsnet.Client(inner, e.client)}, nil
}

func (e *ends) Server(inner net.Conn) (work.Conn, error) {
	return conn{tlsnet.Server(inner, e.server)}, nil
}

// Keep has nothing to do: the Config has a cache.
func (e *ends) Keep(work.Conn) error { return nil }

type conn struct{ *tlsnet.Conn }

func (c conn) Resumed() bool { return c.SSL().SessionReused() }
