// Spacemonkey is the worker of github.com/spacemonkeygo/openssl; libp2p's is built from it too.
// Neither can resume without GODEBUG=cgocheck=0: they pass C a Go pointer to a Go pointer.
package main

import (
	"errors"
	"net"
	_ "unsafe" // for go:linkname

	"github.com/spacemonkeygo/openssl"

	"github.com/seed-c1436005/libssl/bench/work"
)

func main() {
	work.Serve(newEnds, map[string]work.Setup{
		"call/get-session": toBytes, "call/to-bytes": toBytes, "call/set-session": setBytes, "call/set-bytes": setBytes,
	})
}

// Options that have no name there.
const noTLS12 openssl.Options = 0x08000000

// ends are two contexts. What they have no functions for is in OPENSSL_CONF: one ticket, and the cipher suite of TLS 1.3. X25519 is the default.
type ends struct {
	client, server *openssl.Ctx
	session        []byte
}

func newEnds(way work.Way) (work.Ends, error) {
	ca := way.File("ca.pem")
	_, certPEM, keyPEM, err := way.Files()
	if err != nil {
		return nil, err
	}
	client, err1 := newCtx(way)
	server, err2 := newCtx(way)
	cert, err3 := openssl.LoadCertificateFromPEM(certPEM)
	key, err4 := openssl.LoadPrivateKeyFromPEM(keyPEM)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	client.SetVerifyMode(openssl.VerifyPeer)
	client.SetSessionCacheMode(openssl.SessionCacheOff)
	return &ends{client: client, server: server}, errors.Join(client.LoadVerifyLocations(ca, ""),
		server.UseCertificate(cert), server.UsePrivateKey(key), server.SetSessionId([]byte("bench")))
}

func newCtx(way work.Way) (*openssl.Ctx, error) {
	if way.TLS13 {
		ctx, err := openssl.NewCtx()
		if err == nil {
			ctx.SetOptions(noTLS12 | openssl.NoTLSv1 | 0x10000000) // and no TLS 1.1
		}
		return ctx, err
	}
	ctx, err := openssl.NewCtxWithVersion(openssl.TLSv1_2)
	if err != nil {
		return nil, err
	}
	if way.Resume == "id" {
		ctx.SetOptions(openssl.NoTicket)
	}
	return ctx, ctx.SetCipherList(way.OpenSSLCiphers())
}

// Client does what DialSession does after it has dialled.
func (e *ends) Client(inner net.Conn) (work.Conn, error) {
	c, err := openssl.Client(inner, e.client)
	if err != nil {
		return nil, err
	}
	if e.session != nil {
		if err := setSession(c, e.session); err != nil {
			return nil, err
		}
	}
	return &conn{c, true}, c.SetTlsExtHostName(work.ServerName)
}

func (e *ends) Server(inner net.Conn) (work.Conn, error) {
	c, err := openssl.Server(inner, e.server)
	return &conn{c, false}, err
}

func (e *ends) Keep(c work.Conn) (err error) {
	e.session, err = c.(*conn).GetSession()
	return err
}

// setSession is what DialSession calls.
//
//go:linkname setSession github.com/spacemonkeygo/openssl.(*Conn).setSession
func setSession(c *openssl.Conn, session []byte) error

type conn struct {
	*openssl.Conn
	client bool
}

func (c *conn) Resumed() bool { return c.SessionReused() }

func (c *conn) Handshake() error {
	if err := c.Conn.Handshake(); err != nil || !c.client {
		return err
	}
	return c.VerifyHostname(work.ServerName)
}

// session returns a session, and a connection that it can be set on.
func session() ([]byte, *openssl.Conn, error) {
	way, err := work.ParseWay("1.2-ticket", "ecdsa", "aes128")
	if err != nil {
		return nil, nil, err
	}
	e, err := newEnds(way)
	if err != nil {
		return nil, nil, err
	}
	client, _, err := work.Pair(e)
	if err != nil {
		return nil, nil, err
	}
	if err := e.Keep(client); err != nil {
		return nil, nil, err
	}
	idle, err := openssl.Client(nil, e.(*ends).client)
	return e.(*ends).session, idle, err
}

func toBytes([]string) (work.Run, error) {
	encoded, idle, err := session()
	if err == nil {
		err = setSession(idle, encoded)
	}
	return func(n int, _ map[string]float64) error {
		for range n {
			if _, err := idle.GetSession(); err != nil {
				return err
			}
		}
		return nil
	}, err
}

func setBytes([]string) (work.Run, error) {
	encoded, idle, err := session()
	return func(n int, _ map[string]float64) error {
		for range n {
			if err := setSession(idle, encoded); err != nil {
				return err
			}
		}
		return nil
	}, err
}
