package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/peer"
)

// visit is one connection of our client, that asked for a page.
type visit struct {
	set     int   // what SetSession returned
	refs    []int // of the session that was set: before SetSession, after it, when the page was read, after Free
	reused  bool
	page    string
	session *libssl.Session // to be freed; nil if one was set
}

// visit connects. A session that is not nil is set before.
func (d *demo) visit(ctx *libssl.Ctx, addr string, session *libssl.Session) (*visit, error) {
	socket, err := peer.Dial(addr)
	if err != nil {
		return nil, err
	}
	c, err := peer.NewConn(ctx, socket)
	if err != nil {
		return nil, err
	}
	defer c.Free()
	v := &visit{}
	c.SSL.SetTLSExtHostName("localhost")
	if session != nil {
		if d.spoil != nil {
			d.spoil(ctx, session)
		}
		v.count(session)
		if v.set = c.SSL.SetSession(session); v.set != 1 {
			return nil, c.SSL.LastErrors()
		}
		v.count(session)
	}
	if err := c.Handshake(c.SSL.Connect); err != nil {
		return nil, err
	}
	if err := c.Write(peer.Request); err != nil {
		return nil, err
	}
	// In TLS 1.3 the session that can be resumed comes with the tickets, so it is taken after reading.
	if v.page, err = c.ReadUntil(peer.EndOfPage); err != nil {
		return nil, err
	}
	d.tell("page", v.page)
	v.reused = c.SSL.SessionReused()
	if session == nil {
		if v.session = c.SSL.Session(); v.session == nil {
			return nil, errors.New("the connection has no session")
		}
	}
	c.Shutdown()
	if session != nil {
		v.count(session)
		c.Free()
		v.count(session)
	}
	return v, nil
}

func (v *visit) count(session *libssl.Session) {
	n, err := diag.Refs(session)
	if err != nil {
		n = -1
	}
	v.refs = append(v.refs, n)
}

// checkRefs: SetSession takes one reference, and all are given back in the end.
func (v *visit) checkRefs() error {
	n := v.refs[0]
	return check(n > 0 && v.refs[1] == n+1 && v.refs[3] == n, "reference counts are not n, n+1, …, n")
}

// resume makes two connections, the second with the session of the first. The session is to be freed.
func (d *demo) resume(ctx *libssl.Ctx, addr string) (session *libssl.Session, second *visit, err error) {
	first, err := d.visit(ctx, addr, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("first connection: %w", err)
	}
	if second, err = d.visit(ctx, addr, first.session); err != nil {
		first.session.Free()
		return nil, nil, fmt.Errorf("second connection: %w", err)
	}
	return first.session, second, nil
}

// server is ours. It answers with a page like that of s_server.
type server struct {
	ctx *libssl.Ctx
	ln  *net.TCPListener
}

func (d *demo) newServer(m peer.Mode, p peer.Pair) (*server, error) {
	ctx, err := peer.ServerCtx(m, p)
	if err != nil {
		return nil, err
	}
	ln, err := peer.Listen(d.ctx)
	if err != nil {
		ctx.Free()
		return nil, err
	}
	return &server{ctx, ln}, nil
}

func (s *server) addr() string { return s.ln.Addr().String() }

func (s *server) stop() {
	s.ln.Close()
	s.ctx.Free()
}

// served is one connection of our server.
type served struct {
	reused  bool
	session *libssl.Session // to be freed
	err     error
}

// next serves one connection in the background.
func (s *server) next() <-chan served {
	result := make(chan served, 1)
	go func() { result <- s.serve() }()
	return result
}

func (s *server) serve() (r served) {
	var socket net.Conn
	if socket, r.err = peer.Accept(s.ln); r.err != nil {
		return r
	}
	var c *peer.Conn
	if c, r.err = peer.NewConn(s.ctx, socket); r.err != nil {
		return r
	}
	defer c.Free()
	if r.err = c.Handshake(c.SSL.Accept); r.err != nil {
		return r
	}
	if _, r.err = c.ReadUntil("\r\n\r\n"); r.err != nil {
		return r
	}
	r.reused = c.SSL.SessionReused()
	word := "New"
	if r.reused {
		word = "Reused"
	}
	if r.err = c.Write(fmt.Sprintf("HTTP/1.0 200 ok\r\n\r\n<HTML>\n%s, %s,\n%s\r\n", word, c.SSL.VersionString(), peer.EndOfPage)); r.err != nil {
		return r
	}
	r.session = c.SSL.Session()
	c.Shutdown()
	c.Shutdown() // closing a socket with unread data may destroy what is on its way
	return r
}

// saveSession writes a session as `s_client -sess_in` reads it. The file is as secret as a key.
func saveSession(file string, session *libssl.Session) error {
	pem, err := session.PEM()
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem, 0o600)
}

func loadSession(file string) (*libssl.Session, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	session, err := libssl.ParseSessionPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("%s holds no session: %w", filepath.Base(file), err)
	}
	return session, nil
}

// check returns an error unless ok.
func check(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// shortID is enough of a session id to recognise it.
func shortID(id []byte) string {
	if len(id) == 0 {
		return "none"
	}
	return hex.EncodeToString(id[:min(4, len(id))]) + "…"
}

func arrows(counts []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(counts), "[]"), " ", "→")
}

func slashes(counts ...int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(counts), "[]"), " ", " / ")
}
