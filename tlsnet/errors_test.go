package tlsnet_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/tlsnet"
)

func TestVerifyErrors(t *testing.T) {
	expired := ca().issue(newKey(), time.Now().Add(-time.Minute), "example.test")
	for _, test := range []struct {
		name   string
		change func(client, server *tlsnet.Config)
		result int
		alert  tls.AlertError
	}{
		{"unknown authority", func(c, _ *tlsnet.Config) { c.RootCAs = stranger().pool() }, libssl.VerifyErrUnableToGetIssuerLocal, 48},
		{"expired", func(_, s *tlsnet.Config) { s.Certificates[0] = expired }, libssl.VerifyErrCertHasExpired, 45},
		{"other host", func(c, _ *tlsnet.Config) { c.ServerName = "other.test" }, libssl.VerifyErrHostnameMismatch, 42},
		{"other address", func(c, _ *tlsnet.Config) { c.ServerName = "127.0.0.9" }, libssl.VerifyErrIPAddressMismatch, 42},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachVersion(t, test.change, func(t *testing.T, client, server *tlsnet.Config) {
				c, s, cerr, serr := connect(t, client, server)
				var v *tlsnet.VerifyError
				if !errors.As(cerr, &v) || v.Result != test.result || v.Host != client.ServerName || !strings.Contains(cerr.Error(), libssl.VerifyErrorString(test.result)) {
					t.Errorf("client: %v", cerr)
				}
				if _, err := c.Read(make([]byte, 1)); err != cerr {
					t.Errorf("Read after that: %v", err)
				}
				if serr == nil { // TLS 1.3: it was done before the client was
					_, serr = s.Read(make([]byte, 1))
				}
				var alert tls.AlertError
				if !errors.As(serr, &alert) || alert != test.alert {
					t.Errorf("server: %v, alert %d", serr, alert)
				}
			})
		})
	}
}

func TestTransportErrors(t *testing.T) {
	client, server := configs(nil)
	var op *net.OpError
	t.Run("closed by the peer in the handshake", func(t *testing.T) {
		near, far := transport(t, "tcp", "127.0.0.1:0")
		far.(*net.TCPConn).CloseWrite()
		if err := tlsnet.Client(near, client).Handshake(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
	t.Run("reset in the handshake", func(t *testing.T) {
		near, far := transport(t, "tcp", "127.0.0.1:0")
		far.(*net.TCPConn).SetLinger(0)
		far.Close()
		if err := tlsnet.Client(near, client).Handshake(); !errors.As(err, &op) || !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Error(err)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		near, far := transport(t, "tcp", "127.0.0.1:0")
		go io.WriteString(far, "HTTP/1.1 400 Bad Request\r\n\r\n")
		var e *tlsnet.Error
		if err := tlsnet.Client(near, client).Handshake(); !errors.As(err, &e) || e.Op != "handshake" || !strings.Contains(err.Error(), "wrong version number") {
			t.Error(err)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		c, s := mustConnect(t, client, server)
		s.NetConn().Close()
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.ErrUnexpectedEOF {
			t.Error(n, err)
		}
	})
	t.Run("garbage", func(t *testing.T) {
		c, s := mustConnect(t, client, server)
		s.NetConn().Write([]byte("\x17\x03\x03\x00\x20garbage garbage garbage garbage!"))
		var e *tlsnet.Error
		_, err := c.Read(make([]byte, 1))
		if !errors.As(err, &e) || e.Op != "read" || len(e.Stack.Entries) == 0 {
			t.Error(err)
		}
		if _, again := c.Read(make([]byte, 1)); again != err {
			t.Errorf("the next Read: %v", again)
		}
		var alert tls.AlertError // ours tells the peer
		if _, err := s.Read(make([]byte, 1)); !errors.As(err, &alert) || alert != 20 {
			t.Errorf("the peer: %v", err)
		}
		if err := errors.Join(c.Close(), s.Close()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Run("garbage, and no time to say so", func(t *testing.T) {
		c, s := mustConnect(t, client, server)
		c.SetWriteDeadline(time.Now().Add(-time.Second))
		s.NetConn().Write([]byte("\x17\x03\x03\x00\x20garbage garbage garbage garbage!"))
		var e *tlsnet.Error
		if _, err := c.Read(make([]byte, 1)); !errors.As(err, &e) {
			t.Error(err)
		}
	})
	t.Run("another transport", func(t *testing.T) {
		near, _ := net.Pipe()
		near.Close()
		if err := tlsnet.Client(near, client).Handshake(); !errors.As(err, &op) || op.Op != "write" || !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	})
}

func TestClose(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		c, s := mustConnect(t, client, server)
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		if _, err := c.Write([]byte{1}); err == nil {
			t.Error("Write after CloseWrite")
		}
		if n, err := s.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
		if _, err := s.Write([]byte("late")); err != nil { // the other half is open
			t.Error(err)
		}
		b := make([]byte, 4)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "late" {
			t.Error(string(b), err)
		}
		state := c.ConnectionState()
		if err := errors.Join(c.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		if got := c.ConnectionState(); got.Version != state.Version || !got.HandshakeComplete {
			t.Errorf("after Close: %+v", got)
		}
		for name, err := range map[string]error{
			"Close": c.Close(), "Read": second(c.Read(b)), "Write": second(c.Write(b)), "Handshake": tlsnet.Client(c.NetConn(), client).Handshake(),
		} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s after Close: %v", name, err)
			}
		}
		if _, err := c.ExportKeyingMaterial("label", nil, 16); err == nil {
			t.Error("ExportKeyingMaterial after Close")
		}
	})
	t.Run("before the handshake", func(t *testing.T) {
		near, _ := transport(t, "tcp", "127.0.0.1:0")
		client, _ := configs(nil)
		c := tlsnet.Client(near, client)
		if err := c.CloseWrite(); err == nil {
			t.Error("CloseWrite")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Handshake(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

func second(_ int, err error) error { return err }

// A peer that does not answer, and one that does not read.
func TestStuckPeer(t *testing.T) {
	client, server := configs(nil)
	t.Run("handshake deadline", func(t *testing.T) {
		near, _ := transport(t, "tcp", "127.0.0.1:0")
		c := tlsnet.Client(near, client)
		c.SetDeadline(time.Now().Add(10 * time.Millisecond))
		if err := c.Handshake(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("handshake timeout", func(t *testing.T) {
		near, _ := transport(t, "tcp", "127.0.0.1:0")
		limited := client.Clone()
		limited.HandshakeTimeout = 10 * time.Millisecond
		c := tlsnet.Client(near, limited)
		if err := c.Handshake(); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if c.ConnectionState().HandshakeComplete {
			t.Error("the handshake is complete")
		}
	})
	t.Run("handshake timeouts", func(t *testing.T) { // one after the other, of one Config
		limited := client.Clone()
		limited.HandshakeTimeout = 30 * time.Millisecond
		var all sync.WaitGroup
		for range 4 {
			near, _ := transport(t, "tcp", "127.0.0.1:0")
			all.Add(1)
			go func() {
				defer all.Done()
				if err := tlsnet.Client(near, limited).Handshake(); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			}()
			time.Sleep(8 * time.Millisecond)
		}
		all.Wait()
	})
	t.Run("handshake timeout of a callback's context", func(t *testing.T) {
		limited := server.Clone()
		limited.HandshakeTimeout = 10 * time.Millisecond
		limited.GetCertificate = func(hello *tlsnet.ClientHelloInfo) (*tls.Certificate, error) {
			<-hello.Context().Done()
			return nil, hello.Context().Err()
		}
		near, far := transport(t, "tcp", "127.0.0.1:0")
		go tlsnet.Client(far, client).Handshake()
		if err := tlsnet.Server(near, limited).Handshake(); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("handshake cancelled", func(t *testing.T) {
		near, _ := transport(t, "tcp", "127.0.0.1:0")
		c := tlsnet.Client(near, client)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		for range 2 {
			if err := c.HandshakeContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
	})
	t.Run("handshake closed", func(t *testing.T) {
		near, _ := transport(t, "tcp", "127.0.0.1:0")
		c := tlsnet.Client(near, client)
		go c.Close()
		if err := c.Handshake(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	t.Run("Write again and again", func(t *testing.T) {
		c, s := mustConnect(t, client, server)
		b := make([]byte, 10<<10)
		sent := 0
		for timeouts := 0; timeouts < 10; {
			c.SetWriteDeadline(time.Now().Add(time.Millisecond))
			n, err := c.Write(b)
			if sent += n; err != nil {
				timeouts++
			}
		}
		c.SetWriteDeadline(time.Time{})
		go io.CopyN(io.Discard, s, int64(sent))
		if n, err := c.Write(b); n != len(b) || err != nil {
			t.Error(n, err)
		}
	})
	t.Run("Write", func(t *testing.T) {
		c, s := mustConnect(t, client, server)
		message := make([]byte, 16<<20)
		for i := range message {
			message[i] = byte(i >> 12)
		}
		c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := c.Write(message)
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == len(message) {
			t.Fatal(n, err)
		}
		c.SetWriteDeadline(time.Time{})
		rest := make(chan error)
		go func() {
			_, err := c.Write(message[n:])
			rest <- err
		}()
		got := make([]byte, len(message))
		if _, err := io.ReadFull(s, got); err != nil {
			t.Error(err)
		}
		if err := <-rest; err != nil {
			t.Error(err)
		}
		for i := range got {
			if got[i] != message[i] {
				t.Fatalf("byte %d differs; %d were written before the deadline", i, n)
			}
		}
	})
}

// A callback that waits is told of the end of the context.
func TestCancelledCallback(t *testing.T) {
	client, server := configs(func(_, s *tlsnet.Config) {
		s.GetCertificate = func(hello *tlsnet.ClientHelloInfo) (*tls.Certificate, error) {
			<-hello.Context().Done()
			return nil, hello.Context().Err()
		}
	})
	near, far := transport(t, "tcp", "127.0.0.1:0")
	go tlsnet.Client(near, client).Handshake()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	s := tlsnet.Server(far, server)
	if err := s.HandshakeContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := s.Close(); err == nil {
		t.Error("the transport was not closed")
	}
}

// Close does not wait for a callback that waits.
func TestCloseDuringCallback(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	client, server := configs(func(_, s *tlsnet.Config) {
		s.GetCertificate = func(*tlsnet.ClientHelloInfo) (*tls.Certificate, error) {
			close(inside)
			<-leave
			return nil, nil
		}
	})
	near, far := transport(t, "tcp", "127.0.0.1:0")
	go tlsnet.Client(near, client).Handshake()
	s := tlsnet.Server(far, server)
	ended := make(chan error)
	go func() { ended <- s.Handshake() }()
	<-inside
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	close(leave)
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A panic in a callback goes on in the caller of Handshake, and locks nothing.
func TestPanicInCallback(t *testing.T) {
	client, server := configs(func(_, s *tlsnet.Config) {
		s.GetCertificate = func(*tlsnet.ClientHelloInfo) (*tls.Certificate, error) { panic("oops") }
	})
	near, far := transport(t, "tcp", "127.0.0.1:0")
	go tlsnet.Client(near, client).Handshake()
	s := tlsnet.Server(far, server)
	func() {
		defer func() {
			if r := recover(); r == nil {
				t.Error("no panic")
			}
		}()
		s.Handshake()
	}()
	if err := s.Handshake(); err == nil {
		t.Error("the handshake succeeded after all")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
