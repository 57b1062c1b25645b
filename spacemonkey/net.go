package openssl

import (
	"errors"
	"net"
	"net/http"
)

type listener struct {
	net.Listener
	ctx *Ctx
}

// Accept returns a *Conn whose handshake is run when it is first used.
func (l *listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c, err := Server(inner, l.ctx)
	if err != nil {
		inner.Close()
		return nil, err
	}
	return c, nil
}

// NewListener returns a listener whose connections are those of inner with a server of TLS on them, a *Conn each.
func NewListener(inner net.Listener, ctx *Ctx) net.Listener { return &listener{inner, ctx} }

// Listen listens for connections of TLS, as net.Listen does.
func Listen(network, laddr string, ctx *Ctx) (net.Listener, error) {
	if ctx == nil {
		return nil, errors.New("no ssl context provided")
	}
	l, err := net.Listen(network, laddr)
	if err != nil {
		return nil, err
	}
	return NewListener(l, ctx), nil
}

// Dial connects to addr and runs the handshake. Unless flags say otherwise, it asks for the host by name, and compares the name or address with the server's certificate.
// Whether that is to be trusted depends on ctx alone: see Ctx.SetVerify and Ctx.LoadVerifyLocations. A nil ctx trusts anybody.
func Dial(network, addr string, ctx *Ctx, flags DialFlags) (*Conn, error) {
	return DialSession(network, addr, ctx, flags, nil)
}

// DialSession is Dial with a session that GetSession returned, nil for none. The server may not accept it, which is no error: see SessionReused. Chain and trust are not verified
// again when it does: use the session only for the server that it is of.
func DialSession(network, addr string, ctx *Ctx, flags DialFlags, session []byte) (*Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ctx == nil {
		if ctx, err = NewCtx(); err != nil {
			return nil, err
		}
	}
	inner, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	c, err := Client(inner, ctx)
	if err != nil {
		inner.Close()
		return nil, err
	}
	if err := c.begin(host, flags, session); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// begin runs the handshake of DialSession.
func (c *Conn) begin(host string, flags DialFlags, session []byte) error {
	if session != nil {
		if err := c.setSession(session); err != nil {
			return err
		}
	}
	if flags&DisableSNI == 0 {
		if err := c.SetTlsExtHostName(host); err != nil {
			return err
		}
	}
	if err := c.Handshake(); err != nil {
		return err
	}
	if flags&InsecureSkipHostVerification == 0 {
		return c.VerifyHostname(host)
	}
	return nil
}

// ListenAndServeTLS serves HTTP over TLS with a certificate and a key from files.
func ListenAndServeTLS(addr, cert_file, key_file string, handler http.Handler) error {
	return ServerListenAndServeTLS(&http.Server{Addr: addr, Handler: handler}, cert_file, key_file)
}

// ServerListenAndServeTLS is ListenAndServeTLS for a server that is set up already. Its address is ":https" if it has none.
func ServerListenAndServeTLS(srv *http.Server, cert_file, key_file string) error {
	addr := srv.Addr
	if addr == "" {
		addr = ":https"
	}
	ctx, err := NewCtxFromFiles(cert_file, key_file)
	if err != nil {
		return err
	}
	l, err := Listen("tcp", addr, ctx)
	if err != nil {
		return err
	}
	return srv.Serve(l)
}
