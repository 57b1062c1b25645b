package libssl_test

// What other bindings test of many connections, renegotiation and closing (docs/PEERS.md, 56), with crypto/tls as the peer.

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// socketPair returns both ends of a connection that has room for what is not read yet.
func socketPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	fd, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	var ends [2]net.Conn
	for i := range ends {
		f := os.NewFile(uintptr(fd[i]), "socket")
		ends[i], err = net.FileConn(f)
		must(t, errors.Join(err, f.Close()))
		must(t, ends[i].SetDeadline(time.Now().Add(20*time.Second)))
		t.Cleanup(func() { ends[i].Close() })
	}
	return ends[0], ends[1]
}

// carried is an SSL whose bytes travel over a net.Conn.
type carried struct {
	*libssl.SSL
	conn net.Conn
}

func carry(t *testing.T, ctx *libssl.Ctx, conn net.Conn) carried {
	t.Helper()
	c := carried{newSSL(t, ctx), conn}
	if c.SetMemBIO() != 1 {
		t.Fatal(c.LastErrors())
	}
	return c
}

// do repeats an operation until it needs nothing from the peer.
func (c carried) do(op func() int) (int, error) {
	buf := make([]byte, 1<<14)
	for {
		n := op()
		err := c.Err(n)
		for m := c.BIORead(buf); m > 0; m = c.BIORead(buf) {
			if _, err := c.conn.Write(buf[:m]); err != nil {
				return n, err
			}
		}
		if !errors.Is(err, libssl.ErrWantRead) {
			return n, err
		}
		m, err := c.conn.Read(buf)
		if err != nil {
			c.BIOSetEOF()
		}
		c.BIOWrite(buf[:m])
	}
}

func (c carried) handshake() error {
	_, err := c.do(c.DoHandshake)
	return err
}

func (c carried) write(b []byte) error {
	_, err := c.do(func() int { return c.Write(b) })
	return err
}

// read fills b.
func (c carried) read(b []byte) error {
	for len(b) > 0 {
		n, err := c.do(func() int { return c.Read(b) })
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// echo writes back what it reads until the peer closes, and then closes.
func (c carried) echo() error {
	for b := make([]byte, 1<<14); ; {
		n, err := c.do(func() int { return c.Read(b) })
		if errors.Is(err, libssl.ErrZeroReturn) {
			return c.finish(1)
		}
		if err == nil {
			err = c.write(b[:n])
		}
		if err != nil {
			return err
		}
	}
}

// finish calls Shutdown, which has to return want: 0 as the first to close, 1 as the second.
func (c carried) finish(want int) error {
	last := 0
	_, err := c.do(func() int {
		if last = c.Shutdown(); last == 0 {
			return 1 // no failure
		}
		return last
	})
	if err == nil && last != want {
		err = fmt.Errorf("SSL_shutdown: %d, want %d", last, want)
	}
	return err
}

// cryptoClient returns a configuration of a client that resumes what it has seen.
func cryptoClient(t *testing.T, version int) *tls.Config {
	t.Helper()
	ca, err := os.ReadFile(testdata + "ca.pem")
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &tls.Config{
		RootCAs: roots, ServerName: "localhost", MinVersion: uint16(version), MaxVersion: uint16(version),
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
}

func cryptoServer(t *testing.T, version int) *tls.Config {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(testdata+"server.pem", testdata+"server.key")
	must(t, err)
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: uint16(version), MaxVersion: uint16(version)}
}

// verifying returns a client's Ctx that trusts the authority.
func verifying(t *testing.T, version int) *libssl.Ctx {
	t.Helper()
	client := clientCtx(t, version)
	client.SetVerify(libssl.VerifyPeer)
	must(t, client.LoadVerifyLocations(testdata+"ca.pem", ""))
	return client
}

// background runs f, and returns what waits for its error.
func background(f func() error) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return func() error { return <-done }
}

const cryptoGoroutines, cryptoConnections = 4, 4

// messages are a byte, a record and several.
var messages = [][]byte{{1}, bytes.Repeat([]byte{2}, 1000), bytes.Repeat([]byte{3}, 40000)}

func exchange(w, r func([]byte) error) error {
	for _, message := range messages {
		back := make([]byte, len(message))
		if err := errors.Join(w(message), r(back)); err != nil {
			return err
		}
		if !bytes.Equal(back, message) {
			return fmt.Errorf("a message of %d bytes came back as another", len(message))
		}
	}
	return nil
}

// Our clients beside a server of crypto/tls: the first connection of each is full, the others resume, and both sides close.
func TestPeersCryptoServer(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		config := cryptoServer(t, version)
		connect := func(client *libssl.Ctx, sess *libssl.Session) (*libssl.Session, error) {
			near, far := socketPair(t)
			peer := tls.Server(far, config)
			wait := background(func() error {
				_, err := io.Copy(peer, peer) // until close_notify
				return errors.Join(err, peer.CloseWrite())
			})
			c := carry(t, client, near)
			c.SetConnectState()
			if sess != nil && c.SetSession(sess) != 1 {
				return nil, c.LastErrors()
			}
			if err := errors.Join(c.handshake(), exchange(c.write, c.read), c.finish(0), c.finish(1), wait()); err != nil {
				return nil, err
			}
			if reused := sess != nil; c.SessionReused() != reused || peer.ConnectionState().DidResume != reused {
				return nil, fmt.Errorf("reused: %v, crypto/tls: %v, want %v", c.SessionReused(), peer.ConnectionState().DidResume, reused)
			}
			return current(t, c.SSL), nil
		}
		together(cryptoGoroutines, func(int) {
			client := verifying(t, version)
			var sess *libssl.Session
			for range cryptoConnections {
				var err error
				if sess, err = connect(client, sess); err != nil {
					t.Error(err)
					return
				}
			}
			wantEqual(t, "hits", client.SessHits(), cryptoConnections-1)
		})
	})
}

// Clients of crypto/tls beside our server, likewise.
func TestPeersCryptoClient(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		server := serverCtx(t, version)
		connect := func(config *tls.Config, reused bool) error {
			near, far := socketPair(t)
			s := carry(t, server, far)
			s.SetAcceptState()
			wait := background(s.echo)
			peer := tls.Client(near, config)
			read := func(b []byte) error {
				_, err := io.ReadFull(peer, b)
				return err
			}
			write := func(b []byte) error {
				_, err := peer.Write(b)
				return err
			}
			if err := errors.Join(peer.Handshake(), exchange(write, read), peer.CloseWrite()); err != nil {
				return err
			}
			if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
				return fmt.Errorf("after our close_notify: %w", err)
			}
			if err := wait(); err != nil {
				return err
			}
			if s.SessionReused() != reused || peer.ConnectionState().DidResume != reused {
				return fmt.Errorf("reused: %v, crypto/tls: %v, want %v", s.SessionReused(), peer.ConnectionState().DidResume, reused)
			}
			return nil
		}
		together(cryptoGoroutines, func(int) {
			config := cryptoClient(t, version)
			for i := range cryptoConnections {
				if err := connect(config, i > 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
		wantEqual(t, "accepted", server.SessAcceptGood(), cryptoGoroutines*cryptoConnections)
		wantEqual(t, "hits", server.SessHits(), cryptoGoroutines*(cryptoConnections-1))
	})
}

// A client of crypto/tls renegotiates when it may, and the connection goes on; else it refuses. A server of crypto/tls always refuses ours.
func TestPeersCryptoRenegotiation(t *testing.T) {
	for name, test := range map[string]struct {
		policy tls.RenegotiationSupport
		ours   string // in the error of our server
		theirs string
	}{
		"allowed": {policy: tls.RenegotiateFreelyAsClient},
		"refused": {tls.RenegotiateNever, "no renegotiation", "no renegotiation"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serverCtx(t, libssl.VersionTLS12)
			near, far := socketPair(t)
			s := carry(t, server, far)
			s.SetAcceptState()
			wait := background(func() error {
				first := make([]byte, 1)
				if err := errors.Join(s.handshake(), s.read(first)); err != nil {
					return err
				}
				if s.Renegotiate() != 1 {
					return s.LastErrors()
				}
				if err := s.handshake(); err != nil { // sends the HelloRequest
					return err
				}
				_, err := s.do(func() int {
					if n := s.Read(first); n > 0 || s.RenegotiatePending() {
						return n
					}
					return 1 // crypto/tls takes no data before that
				})
				return errors.Join(err, s.write(first), s.echo())
			})
			config := cryptoClient(t, libssl.VersionTLS12)
			config.Renegotiation = test.policy
			peer := tls.Client(near, config)
			_, err := peer.Write([]byte("x"))
			must(t, err)
			_, err = io.ReadFull(peer, make([]byte, 1))
			if err == nil {
				_, err = peer.Write([]byte("y"))
			}
			if err == nil {
				_, err = io.ReadFull(peer, make([]byte, 1))
			}
			wantSays(t, "crypto/tls", errors.Join(err, peer.CloseWrite()), test.theirs)
			wantSays(t, "ours", wait(), test.ours)
			if test.ours == "" {
				wantEqual(t, "handshakes", server.SessAcceptGood(), 2)
			}
		})
	}

	t.Run("of our client", func(t *testing.T) {
		near, far := socketPair(t)
		peer := tls.Server(far, cryptoServer(t, libssl.VersionTLS12))
		wait := background(func() error {
			_, err := io.Copy(peer, peer)
			return err
		})
		c := carry(t, verifying(t, libssl.VersionTLS12), near)
		c.SetConnectState()
		must(t, c.handshake())
		must(t, exchange(c.write, c.read))
		wantEqual(t, "SSL_renegotiate", c.Renegotiate(), 1)
		wantSays(t, "ours", c.handshake(), "unexpected message")
		wantSays(t, "crypto/tls", wait(), "unexpected handshake message")
	})
}

// wantSays wants no error for "".
func wantSays(t *testing.T, what string, err error, text string) {
	t.Helper()
	if (err != nil) != (text != "") || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %q", what, err, text)
	}
}

// An end without close_notify is told from one with it. crypto/tls itself does not tell them apart between records.
func TestPeersCryptoRudeEnd(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		near, far := socketPair(t)
		c := carry(t, verifying(t, version), near)
		c.SetConnectState()
		rudeEnd(t, c, tls.Server(far, cryptoServer(t, version)))

		near, far = socketPair(t)
		s := carry(t, serverCtx(t, version), far)
		s.SetAcceptState()
		rudeEnd(t, s, tls.Client(near, cryptoClient(t, version)))
	})
}

func rudeEnd(t *testing.T, c carried, peer *tls.Conn) {
	t.Helper()
	wait := background(peer.Handshake)
	must(t, c.handshake())
	must(t, wait())
	must(t, peer.NetConn().Close())
	n, err := c.do(func() int { return c.Read(make([]byte, 1)) })
	wantEqual(t, "SSL_read", n, 0)
	wantEqual(t, "SSL_get_error", c.GetError(n), libssl.ErrorSyscall)
	if err == nil || errors.Is(err, libssl.ErrZeroReturn) {
		t.Error(err)
	}
}
