package tlsnet

import (
	"context"
	"net"
	"net/netip"
	"strings"
)

// Client returns a client's connection over conn. The handshake is run by the first Read, Write or Handshake.
func Client(conn net.Conn, config *Config) *Conn {
	c := newConn(conn, true)
	c.config = orDefault(config)
	return c
}

// Server returns a server's connection over conn. The handshake is run by the first Read, Write or Handshake.
func Server(conn net.Conn, config *Config) *Conn {
	c := newConn(conn, false)
	c.config = orDefault(config)
	return c
}

// defaultConfig stands for a nil one.
var defaultConfig Config

func orDefault(config *Config) *Config {
	if config == nil {
		return &defaultConfig
	}
	return config
}

// Dialer makes connections.
type Dialer struct {
	NetDialer *net.Dialer // nil stands for the zero Dialer
	Config    *Config     // nil stands for the zero Config
}

// Dial connects to addr, as [net.Dial] does, and runs the handshake.
func Dial(network, addr string, config *Config) (*Conn, error) {
	return DialContext(context.Background(), network, addr, config)
}

// DialContext connects to addr and runs the handshake, unless ctx ends first.
func DialContext(ctx context.Context, network, addr string, config *Config) (*Conn, error) {
	return dial(ctx, new(net.Dialer), network, addr, config)
}

// Dial connects to addr and runs the handshake. The connection is a *Conn.
func (d *Dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// DialContext connects to addr and runs the handshake, unless ctx ends first. The connection is a *Conn.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	netDialer := d.NetDialer
	if netDialer == nil {
		netDialer = new(net.Dialer)
	}
	c, err := dial(ctx, netDialer, network, addr, d.Config)
	if err != nil {
		return nil, err // and no nil *Conn in an interface
	}
	return c, nil
}

// dial lets the time limits of netDialer be those of the handshake, too.
func dial(ctx context.Context, netDialer *net.Dialer, network, addr string, config *Config) (*Conn, error) {
	if netDialer.Timeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, netDialer.Timeout)
		defer cancel()
	}
	if !netDialer.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, netDialer.Deadline)
		defer cancel()
	}
	conn, err := netDialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := Client(conn, config)
	if c.config.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		c.host = host
	}
	if err := c.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// listener accepts connections.
type listener struct {
	net.Listener
	config *Config
}

// Listen listens, as [net.Listen] does, for connections of TLS.
func Listen(network, addr string, config *Config) (net.Listener, error) {
	// A Config that cannot work should not be found out by the first client.
	if _, err := orDefault(config).serverContext(); err != nil {
		return nil, err
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	return NewListener(l, config), nil
}

// NewListener returns a listener whose connections are those of inner with a server of TLS on them, a *Conn each.
func NewListener(inner net.Listener, config *Config) net.Listener {
	return &listener{inner, orDefault(config)}
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Server(conn, l.config), nil
}

// parseIP returns the address that a host is, in brackets or not.
func parseIP(host string) netip.Addr {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return ip.WithZone("")
}

// trimDot returns a name without the dot that makes it absolute, which certificates and ClientHellos do not have.
func trimDot(host string) string { return strings.TrimSuffix(host, ".") }
