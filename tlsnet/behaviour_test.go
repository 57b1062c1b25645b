package tlsnet_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/tlsnet"
)

// over makes a connection whose client has another transport than a bare socket.
func over(t *testing.T, client, server *tlsnet.Config, wrap func(net.Conn) net.Conn) (c, s *tlsnet.Conn) {
	t.Helper()
	near, far := transport(t, "tcp", "127.0.0.1:0")
	c, s = tlsnet.Client(wrap(near), client), tlsnet.Server(far, server)
	done := make(chan error)
	go func() { done <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c, s
}

// counted counts the Writes of a transport.
type counted struct {
	net.Conn
	writes int
}

func (c *counted) Write(b []byte) (int, error) {
	c.writes++
	return c.Conn.Write(b)
}

// A flight of the handshake is one Write, however many records it has.
func TestBuffering(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		near, far := net.Pipe()
		cw, sw := &counted{Conn: near}, &counted{Conn: far}
		c, s := tlsnet.Client(cw, client), tlsnet.Server(sw, server)
		done := make(chan error)
		go func() { done <- s.Handshake() }()
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		go c.Read(make([]byte, 1)) // net.Pipe holds no ticket
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		// Client: its ClientHello, and what ends the handshake. Server: its first flight, and the ticket; in TLS 1.2 its Finished goes with that.
		if cw.writes != 2 || sw.writes != 2 {
			t.Errorf("the client writes %d times, the server %d times", cw.writes, sw.writes)
		}
		near.Close()
		far.Close()
	})
}

// dribble is a transport that gives a byte at a time, and takes few.
type dribble struct {
	net.Conn
	r io.Reader
}

func newDribble(c net.Conn) net.Conn { return &dribble{c, iotest.OneByteReader(c)} }

func (d *dribble) Read(b []byte) (int, error) { return d.r.Read(b) }

func TestDribble(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		c, s := over(t, client, server, newDribble)
		message := bytes.Repeat([]byte("dribble "), 5000)
		go s.Write(message)
		got := make([]byte, len(message))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, message) {
			t.Errorf("%v, equal %v", err, bytes.Equal(got, message))
		}
	})
}

// stingy takes a part of what it is given.
type stingy struct {
	net.Conn
	limit int
}

func (s *stingy) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b[:min(len(b), s.limit)])
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	s.limit -= n
	return n, err
}

// A transport that breaks in the middle of a record.
func TestBrokenTransport(t *testing.T) {
	client, server := configs(nil)
	near := &stingy{limit: 1 << 30}
	c, _ := over(t, client, server, func(conn net.Conn) net.Conn { near.Conn = conn; return near })
	near.limit = 10
	n, err := c.Write([]byte("hello"))
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "write" || !errors.Is(err, io.ErrShortWrite) || n != 5 {
		t.Errorf("%d, %v", n, err)
	}
}

// The first Read, Write and Handshake of several goroutines run one handshake.
func TestHandshakeRace(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		for range 10 {
			near, far := transport(t, "tcp", "127.0.0.1:0")
			c, s := tlsnet.Client(near, client), tlsnet.Server(far, server)
			var wg sync.WaitGroup
			for _, conn := range []*tlsnet.Conn{c, s} {
				for _, f := range []func() error{
					conn.Handshake,
					func() error { return second(conn.Write([]byte("x"))) },
					func() error { return second(conn.Read(make([]byte, 1))) },
					func() error { conn.ConnectionState(); return nil },
				} {
					wg.Add(1)
					go func() {
						defer wg.Done()
						if err := f(); err != nil {
							t.Error(err)
						}
					}()
				}
			}
			wg.Wait()
			if err := errors.Join(c.Close(), s.Close()); err != nil {
				t.Error(err)
			}
		}
	})
}

// Key updates, asked for by both sides, while both read and write.
func TestKeyUpdate(t *testing.T) {
	client, server := configs(func(c, _ *tlsnet.Config) { c.MinVersion = tls.VersionTLS13 })
	c, s := mustConnect(t, client, server)
	const n = 200
	var wg sync.WaitGroup
	for _, conn := range []*tlsnet.Conn{c, s} {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := range n {
				if i%5 == 0 && conn.SSL().KeyUpdate(libssl.KeyUpdateRequested) != 1 {
					t.Error(conn.SSL().LastErrors())
				}
				if _, err := conn.Write(bytes.Repeat([]byte{byte(i)}, 3000)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		go func() {
			defer wg.Done()
			b := make([]byte, 3000)
			for i := range n {
				if _, err := io.ReadFull(conn, b); err != nil || b[0] != byte(i) || b[2999] != byte(i) {
					t.Errorf("message %d: %v, begins with %d", i, err, b[0])
					return
				}
			}
		}()
	}
	wg.Wait()
}

// A connection through a connection.
func TestNested(t *testing.T) {
	client, server := configs(nil)
	outerClient, outerServer := mustConnect(t, client, server)
	c, s := tlsnet.Client(outerClient, client), tlsnet.Server(outerServer, server)
	done := make(chan error)
	go func() { done <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	go io.Copy(s, s)
	if err := echo(c, "through two"); err != nil {
		t.Error(err)
	}
}

// NewConn has what package libssl was told, and nothing else.
func TestNewConn(t *testing.T) {
	newSSL := func(method libssl.Method, change func(*libssl.Ctx)) *libssl.SSL {
		ctx, err := libssl.NewCtx(method)
		check(err)
		defer ctx.Free()
		change(ctx)
		ssl, err := libssl.NewSSL(ctx)
		check(err)
		return ssl
	}
	near, far := transport(t, "tcp", "127.0.0.1:0")
	c, err := tlsnet.NewConn(near, newSSL(libssl.TLSClientMethod(), func(*libssl.Ctx) {}), true)
	check(err)
	paused := false
	s, err := tlsnet.NewConn(far, newSSL(libssl.TLSServerMethod(), func(ctx *libssl.Ctx) {
		ctx.SetClientHelloCB(func(*libssl.SSL) (int, int) {
			if paused = !paused; paused {
				return libssl.ClientHelloRetry, 0
			}
			return libssl.ClientHelloSuccess, 0
		})
		check(ctx.UseCertificateDER(leaf().Certificate[0]))
		check(ctx.UseSigner(leaf().PrivateKey.(crypto.Signer)))
	}), false)
	check(err)
	go func() {
		if err := s.Handshake(); !errors.Is(err, libssl.ErrWantClientHello) {
			t.Errorf("the pause: %v", err)
		}
		io.Copy(s, s)
	}()
	if err := echo(c, "hello"); err != nil {
		t.Error(err)
	}
	if got := c.ConnectionState(); got.ServerName != "" || len(got.PeerCertificates) != 1 {
		t.Errorf("%+v", got)
	}
	if err := errors.Join(c.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := tlsnet.NewConn(near, nil, true); err == nil {
		t.Error("an SSL that is nil")
	}
}

// Whatever a socket's file is set to, nothing waits in a system call that Go's scheduler does not know of: the collector could not run.
func TestBlockingSocket(t *testing.T) {
	client, server := configs(bare)
	c, s := mustConnect(t, client, server)
	file, err := c.NetConn().(*net.TCPConn).File()
	check(err)
	defer file.Close()
	file.Fd() // makes it block
	read := make(chan error)
	go func() { read <- second(c.Read(make([]byte, 1))) }()
	time.Sleep(10 * time.Millisecond)
	runtime.GC()
	check(second(s.Write([]byte{1})))
	if err := <-read; err != nil {
		t.Error(err)
	}
}
