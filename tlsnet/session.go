package tlsnet

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-c1436005/libssl"
)

// Session is a session of a client, and whom it was verified for. It is used for that peer only: libssl itself would resume a session of anybody, and
// not look at certificates.
//
// It holds the secret of its connection: who has its bytes can decrypt that, and be taken for the server.
type Session struct {
	session *libssl.Session
	binding binding
	expires time.Time // the first of the verified certificates does
}

// SingleUse reports whether the session should be used once: one of TLS 1.3, whose ticket would tell an eavesdropper that two connections are of one
// client.
func (s *Session) SingleUse() bool { return s.session.ProtocolVersion() >= libssl.VersionTLS13 }

// An encoded Session is the binding, when it expires, in seconds since 1970, and what libssl makes of the rest.
const sessionHeader = len(binding{}) + 8

// MarshalBinary returns the bytes of the session, the secret among them.
func (s *Session) MarshalBinary() ([]byte, error) {
	b := binary.BigEndian.AppendUint64(s.binding[:], uint64(s.expires.Unix()))
	return s.session.AppendDER(b)
}

// UnmarshalBinary makes s what MarshalBinary was called of.
func (s *Session) UnmarshalBinary(b []byte) error {
	if len(b) < sessionHeader {
		return errors.New("tlsnet: no session: too short")
	}
	session, err := libssl.ParseSession(b[sessionHeader:])
	if err != nil {
		return err
	}
	*s = Session{session, binding(b), time.Unix(int64(binary.BigEndian.Uint64(b[len(binding{}):])), 0)}
	return nil
}

// usable says why the session cannot be offered now, or returns nil.
func (s *Session) usable(b binding, now time.Time) error {
	switch {
	case s.binding != b:
		return ErrSessionPeer
	case now.After(s.expires):
		return errExpired
	}
	return nil
}

var errExpired = errors.New("tlsnet: a certificate has expired since the session was verified")

// side is what libssl's callbacks need of a connection. It must not lead to the Conn, which it would keep alive.
type side struct {
	ctx  context.Context
	conn net.Conn
	get  func(*ClientHelloInfo) (*tls.Certificate, error) // the Config's: the SSL_CTX must not keep it, it may lead there
	err  error                                            // what a callback failed with

	cache   SessionCache
	key     string
	binding binding

	mu       sync.Mutex
	offered  *Session
	verified bool      // the handshake is done and the peer accepted
	expires  time.Time // once verified
	latest   *Session
	early    []*Session  // which the cache has not got yet
	fresh    atomic.Bool // there are some
}

// sideIndex is where an SSL has its side.
var sideIndex = sync.OnceValue(func() libssl.ExIndex {
	index, err := libssl.SSLGetExNewIndex()
	if err != nil {
		panic(err) // out of memory
	}
	return index
})

// keepSession is called by libssl with each session of a client. It leaves them to Conn.keep.
func keepSession(ssl *libssl.SSL, session *libssl.Session) {
	side, ok := ssl.ExData(sideIndex()).(*side)
	if !ok {
		return
	}
	s := &Session{session: session.UpRef(), binding: side.binding}
	side.mu.Lock()
	defer side.mu.Unlock()
	side.early = append(side.early, s)
	side.fresh.Store(true)
}

// begin makes what the handshake needs of the Config.
func (c *Conn) begin(ctx context.Context) error {
	if c.isClient {
		return c.beginClient(ctx)
	}
	return c.beginServer(ctx)
}

func (c *Conn) beginServer(ctx context.Context) error {
	server, err := c.config.serverContext()
	if err != nil {
		return err
	}
	server.maintain(c.config.now())
	if err := c.attach(server.ctx); err != nil {
		return err
	}
	if c.config.GetCertificate == nil {
		return nil
	}
	c.side = &side{ctx: ctx, conn: c.conn, get: c.config.GetCertificate}
	if c.ssl.SetExData(sideIndex(), c.side) != 1 {
		return c.ssl.LastErrors()
	}
	return nil
}

func (c *Conn) beginClient(ctx context.Context) error {
	if c.host == "" {
		c.host = c.config.ServerName
	}
	if c.host == "" && !c.config.InsecureSkipVerify {
		return errors.New("tlsnet: either ServerName or InsecureSkipVerify must be set in the Config")
	}
	client, err := c.config.clientContext()
	if err != nil {
		return err
	}
	if err := c.attach(client.ctx); err != nil {
		return err
	}
	if err := c.expectHost(); err != nil {
		return fmt.Errorf("tlsnet: ServerName %q: %w", c.host, err)
	}
	if client.cache == NoSessions && c.config.Session == nil {
		return nil
	}
	key := c.host
	if key == "" {
		key = c.conn.RemoteAddr().String()
	}
	b := client.binding.of(key)
	c.side = &side{ctx: ctx, conn: c.conn, cache: client.cache, binding: b, key: key + " " + hex.EncodeToString(b[:8])}
	if client.cache == NoSessions {
		return c.offer() // Config.Session, if any
	}
	if c.ssl.SetExData(sideIndex(), c.side) != 1 {
		return c.ssl.LastErrors()
	}
	return c.offer()
}

func (c *Conn) attach(ctx *libssl.Ctx) error {
	ssl, err := libssl.NewSSL(ctx)
	if err != nil {
		return err
	}
	engine, err := libssl.NewEngine(ssl)
	if err != nil {
		ssl.Free()
		return err
	}
	if c.config.Time != nil {
		err = ssl.Param().SetTime(c.config.Time())
	}
	c.ssl, c.engine = ssl, engine
	return err
}

// expectHost makes libssl verify that the certificate is for the host, and ask for it by name. As with crypto/tls, the name has to be among the
// alternative names of the certificate, where * stands for a whole label.
func (c *Conn) expectHost() error {
	ip := parseIP(c.host)
	switch {
	case ip.IsValid():
		return c.ssl.Param().SetIP(ip)
	case strings.HasPrefix(c.host, "."): // to libssl it is any name below
		return errors.New("it begins with a dot")
	}
	// Not of the SSL_CTX: before 1.1.1l an SSL does not inherit them.
	c.ssl.SetHostFlags(libssl.CheckFlagNeverCheckSubject | libssl.CheckFlagNoPartialWildcards)
	if c.host != "" && (c.ssl.SetHost(trimDot(c.host)) != 1 || c.ssl.SetTLSExtHostName(trimDot(c.host)) != 1) {
		return c.ssl.LastErrors()
	}
	return nil
}

// offer sets the session that is to be resumed, if there is one.
func (c *Conn) offer() error {
	session, now := c.config.Session, c.config.now()
	if session != nil {
		if err := session.usable(c.side.binding, now); err != nil {
			return err
		}
	} else {
		var ok bool
		if session, ok = c.side.cache.Get(c.side.key); !ok {
			return nil
		}
		if session == nil || session.usable(c.side.binding, now) != nil {
			c.side.cache.Put(c.side.key, nil)
			return nil
		}
	}
	// A copy: libssl writes to a session that it resumes, and other connections may do so with this one.
	dup, err := session.session.Dup()
	if err != nil {
		return err
	}
	defer dup.Free()
	if c.ssl.SetSession(dup) != 1 {
		return c.ssl.LastErrors()
	}
	c.side.offered = session
	return nil
}

// end decides about the connection when its handshake has returned err.
func (c *Conn) end(err error) error {
	if err == nil {
		err = c.verify()
	}
	side := c.side
	if side == nil {
		return err
	}
	side.ctx = nil // which would stay as long as the connection
	if err == nil {
		if c.isClient && side.cache != NoSessions {
			expires := c.expiry()
			side.mu.Lock()
			side.verified, side.expires = true, expires
			side.mu.Unlock()
			c.keep()
		}
		return nil
	}
	if side.offered != nil {
		side.cache.Put(side.key, nil) // it may be why
	}
	if side.err != nil {
		return side.err
	}
	return err
}
