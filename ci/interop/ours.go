package main

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
)

// What goes as early data, in both directions, and nowhere else.
const (
	earlyPath = "/early"
	earlyText = "GET " + earlyPath + " HTTP/1.0\r\n\r\n"
)

// visit is what our client does.
type visit struct {
	mode  peer.Mode
	ca    []byte // of the server; nil: ours
	addr  string
	until string       // read up to here; empty: until the server closes
	talk  func() error // called after each handshake
	hold  bool         // hold the handshake back until the early data is answered
	early bool         // send early data on the last connection
	both  bool         // and a request, for servers that do not take the one for the other
}

// visits connects n times, each time with the session of the time before.
func (m *matrix) visits(v visit, n int) (outcomes []outcome, pages []string, err error) {
	if v.ca == nil {
		v.ca = m.pki.CA
	}
	ctx, err := peer.ClientCtx(v.mode, v.ca)
	if err != nil {
		return nil, nil, err
	}
	defer ctx.Free()
	var session *libssl.Session
	defer func() { session.Free() }()
	for i := range n {
		o, page, next, err := m.visit(ctx, v, session, v.early && i == n-1)
		session.Free()
		session = next
		if err != nil {
			return outcomes, pages, fmt.Errorf("connection %d: %w", i+1, err)
		}
		outcomes, pages = append(outcomes, o), append(pages, page)
	}
	return outcomes, pages, nil
}

func (m *matrix) visit(ctx *libssl.Ctx, v visit, session *libssl.Session, sendEarly bool) (o outcome, page string, next *libssl.Session, err error) {
	if sendEarly && v.hold {
		return m.visitHeld(ctx, v, session)
	}
	socket, err := peer.Dial(v.addr)
	if err != nil {
		return "", "", nil, err
	}
	c, err := peer.NewConn(ctx, socket)
	if err != nil {
		return "", "", nil, err
	}
	defer c.Free()
	if err := m.prepare(c.SSL, session); err != nil {
		return "", "", nil, err
	}
	if sendEarly {
		if _, err := c.Do(func() int { r, _ := c.SSL.WriteEarlyData([]byte(earlyText)); return r }); err != nil {
			return "", "", nil, err
		}
	}
	if err := c.Handshake(c.SSL.Connect); err != nil {
		return "", "", nil, err
	}
	if v.talk != nil {
		if err := v.talk(); err != nil {
			return "", "", nil, err
		}
	}
	o = outcomeOf(c.SSL)
	if o != early || v.both {
		if err := c.Write(peer.Request); err != nil {
			return "", "", nil, err
		}
	}
	page, err = read(c, v.until)
	// In TLS 1.3 the session that can be resumed comes with the tickets, so it is taken after reading.
	next = c.SSL.Session()
	c.Shutdown()
	return o, page, next, err
}

// prepare names the server and sets the session, if there is one.
func (m *matrix) prepare(ssl *libssl.SSL, session *libssl.Session) error {
	ssl.SetTLSExtHostName("localhost")
	if session != nil && !m.spoil && ssl.SetSession(session) != 1 {
		return ssl.LastErrors()
	}
	return nil
}

func outcomeOf(ssl *libssl.SSL) outcome {
	switch {
	case !ssl.SessionReused():
		return full
	case ssl.EarlyDataStatus() == libssl.EarlyDataAccepted:
		return early
	}
	return resumed
}

// read reads up to a text, or until the peer closes if there is none.
func read(c *peer.Conn, until string) (string, error) {
	var text strings.Builder
	buf := make([]byte, 16<<10)
	for until == "" || !strings.Contains(text.String(), until) {
		n, err := c.Do(func() int { return c.SSL.Read(buf) })
		if n <= 0 {
			if until == "" && closed(c.SSL, n) {
				return text.String(), nil
			}
			return text.String(), err
		}
		text.Write(buf[:n])
	}
	return text.String(), nil
}

// closed: some peers say goodbye in TCP only.
func closed(ssl *libssl.SSL, ret int) bool {
	code := ssl.GetError(ret)
	return code == libssl.ErrorZeroReturn || code == libssl.ErrorSyscall && len(ssl.LastErrors().Entries) == 0
}

// ourServer serves one connection after the other.
type ourServer struct {
	addr     string
	ctx      *libssl.Ctx
	ln       *net.TCPListener
	done     chan struct{}
	outcomes []outcome
	errs     []error
}

func (m *matrix) newServer(mode peer.Mode, takesEarly bool) (*ourServer, error) {
	ctx, err := peer.ServerCtx(mode, m.pki.Leaf)
	if err != nil {
		return nil, err
	}
	if takesEarly {
		ctx.SetMaxEarlyData(1 << 10)
	}
	if m.spoil {
		ctx.SetSessionCacheMode(libssl.SessCacheOff)
		ctx.SetOptions(libssl.OpNoTicket)
		ctx.SetNumTickets(0)
	}
	ln, err := peer.Listen(m.ctx)
	if err != nil {
		ctx.Free()
		return nil, err
	}
	s := &ourServer{addr: ln.Addr().String(), ctx: ctx, ln: ln, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for {
			socket, err := ln.Accept()
			if err != nil {
				return
			}
			o, err := s.serve(socket, takesEarly)
			s.outcomes, s.errs = append(s.outcomes, o), append(s.errs, err)
		}
	}()
	return s, nil
}

func (s *ourServer) port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// withServer lets a peer connect to our server.
func (m *matrix) withServer(mode peer.Mode, takesEarly bool, use func(*ourServer) (told, error)) (told, error) {
	s, err := m.newServer(mode, takesEarly)
	if err != nil {
		return told{}, err
	}
	t, err := use(s)
	ours, stopErr := s.stop()
	t.ours = ours
	return t, errors.Join(err, stopErr)
}

// stop ends it, and returns what it said of its connections.
func (s *ourServer) stop() ([]outcome, error) {
	s.ln.Close()
	<-s.done
	s.ctx.Free()
	return s.outcomes, errors.Join(s.errs...)
}

func (s *ourServer) serve(socket net.Conn, takesEarly bool) (outcome, error) {
	c, err := peer.NewConn(s.ctx, socket)
	if err != nil {
		return "", err
	}
	defer c.Free()
	got := ""
	if takesEarly {
		if got, err = readEarly(c); err != nil {
			return "", err
		}
	}
	if err := c.Handshake(c.SSL.Accept); err != nil {
		return "", err
	}
	o := outcomeOf(c.SSL)
	if o == early && got != earlyText {
		return o, fmt.Errorf("early data came as %q", got)
	}
	if got == "" {
		if got, err = read(c, "\r\n\r\n"); err != nil && !closed(c.SSL, 0) {
			return o, err
		}
	}
	if got != "" {
		body := fmt.Sprintf("<HTML>\n%s: %s\n%s\r\n", c.SSL.VersionString(), o, peer.EndOfPage)
		if err := c.Write(fmt.Sprintf("HTTP/1.0 200 ok\r\nContent-Length: %d\r\n\r\n%s", len(body), body)); err != nil {
			return o, err
		}
	}
	c.Shutdown()
	read(c, "") // closing a socket with unread data may destroy what is on its way
	return o, nil
}

// readEarly reads early data to its end.
func readEarly(c *peer.Conn) (string, error) {
	text, buf := "", make([]byte, 1<<10)
	for {
		n := 0
		ret, err := c.Do(func() (r int) { r, n = c.SSL.ReadEarlyData(buf); return r })
		switch ret {
		case libssl.ReadEarlyDataFinish:
			return text, nil
		case libssl.ReadEarlyDataSuccess:
			text += string(buf[:n])
		default:
			return text, err
		}
	}
}
