package work

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
)

// GoTLS is the Stack of crypto/tls. It has no session ids.
func GoTLS(way Way) (Ends, error) {
	if way.Resume == "id" {
		return nil, fmt.Errorf("crypto/tls has no session ids: %w", errors.ErrUnsupported)
	}
	ca, certPEM, keyPEM, err := way.Files()
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("no authority")
	}
	config := tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}, // the second one is the certificate's
		CipherSuites:     []uint16{way.CipherSuite()},
	}
	if way.TLS13 { // where AES-128-GCM is its first choice
		config.MinVersion, config.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	client, server := config.Clone(), config.Clone()
	client.RootCAs, client.ServerName = roots, ServerName
	client.ClientSessionCache = &goCache{forgets: !way.Resumes()}
	server.Certificates = []tls.Certificate{cert}
	return &goEnds{client, server}, nil
}

// goCache holds one session, of all clients. One that forgets makes them ask for tickets, as OpenSSL's always do.
type goCache struct {
	session atomic.Pointer[tls.ClientSessionState]
	forgets bool
}

func (c *goCache) Get(string) (*tls.ClientSessionState, bool) {
	if c.forgets {
		return nil, false
	}
	session := c.session.Load()
	return session, session != nil
}

// Put keeps the last session that there was.
func (c *goCache) Put(_ string, session *tls.ClientSessionState) {
	if session != nil {
		c.session.Store(session)
	}
}

type goEnds struct{ client, server *tls.Config }

func (e *goEnds) Client(inner net.Conn) (Conn, error) {
	return goConn{tls.Client(inner, e.client)}, nil
}

func (e *goEnds) Server(inner net.Conn) (Conn, error) {
	return goConn{tls.Server(inner, e.server)}, nil
}

func (e *goEnds) Keep(Conn) error { return nil }

type goConn struct{ *tls.Conn }

func (c goConn) Resumed() bool { return c.ConnectionState().DidResume }

// GoSession returns a session of crypto/tls.
func GoSession(way Way) (*tls.ClientSessionState, error) {
	ends, err := GoTLS(way)
	if err != nil {
		return nil, err
	}
	if _, _, err := Pair(ends); err != nil {
		return nil, err
	}
	return ends.(*goEnds).client.ClientSessionCache.(*goCache).session.Load(), nil
}
