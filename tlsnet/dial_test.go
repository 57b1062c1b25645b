package tlsnet_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/tlsnet"
)

// serve echoes on a listener until the test ends.
func serve(t testing.TB, l net.Listener) {
	var conns sync.WaitGroup
	conns.Add(1)
	go func() {
		defer conns.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer conns.Done()
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		conns.Wait()
	})
}

func echo(conn net.Conn, text string) error {
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	b := make([]byte, len(text))
	if _, err := io.ReadFull(conn, b); err != nil {
		return err
	}
	if string(b) != text {
		return fmt.Errorf("%q came back as %q", text, b)
	}
	return nil
}

func TestDial(t *testing.T) {
	client, server := configs(func(c, _ *tlsnet.Config) { c.ServerName = "" })
	l, err := tlsnet.Listen("tcp", "127.0.0.1:0", server)
	check(err)
	serve(t, l)
	_, port, _ := net.SplitHostPort(l.Addr().String())

	t.Run("by address", func(t *testing.T) {
		conn, err := tlsnet.Dial("tcp", l.Addr().String(), client)
		check(err)
		if err := errors.Join(echo(conn, "hello"), conn.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Run("by another name", func(t *testing.T) {
		var v *tlsnet.VerifyError
		if _, err := tlsnet.Dial("tcp", net.JoinHostPort("localhost", port), client); !errors.As(err, &v) || v.Host != "localhost" {
			t.Error(err)
		}
	})
	t.Run("one Config, two hosts", func(t *testing.T) {
		dialer := &tlsnet.Dialer{Config: client.Clone()}
		for range 2 {
			if _, err := dialer.Dial("tcp", net.JoinHostPort("localhost", port)); err == nil {
				t.Error("localhost was accepted")
			}
			conn, err := dialer.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		dialer := new(tlsnet.Dialer)
		conn, err := dialer.Dial("unix", filepath.Join(t.TempDir(), "none"))
		if conn != nil || !errors.Is(err, os.ErrNotExist) {
			t.Error(conn, err)
		}
	})
	t.Run("the server does not answer", func(t *testing.T) {
		deaf, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		defer deaf.Close()
		for name, dialer := range map[string]*net.Dialer{
			"Timeout":  {Timeout: 20 * time.Millisecond},
			"Deadline": {Deadline: time.Now().Add(20 * time.Millisecond)},
		} {
			d := &tlsnet.Dialer{NetDialer: dialer, Config: client}
			if _, err := d.Dial("tcp", deaf.Addr().String()); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if _, err := tlsnet.DialContext(ctx, "tcp", deaf.Addr().String(), client); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// crypto/tls is on the other side.
func TestCryptoTLS(t *testing.T) {
	for _, version := range versions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			roots := ca().pool()
			client, server := configs(func(c, _ *tlsnet.Config) { c.MinVersion, c.MaxVersion = version, version })
			t.Run("server", func(t *testing.T) {
				l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{leaf()}})
				check(err)
				serve(t, l)
				client.RootCAs = roots
				for i := range 3 {
					conn, err := tlsnet.Dial("tcp", l.Addr().String(), client)
					if err != nil {
						t.Fatal(err)
					}
					if got := conn.ConnectionState().DidResume; got != (i > 0) {
						t.Errorf("connection %d: resumed %v: %+v", i, got, conn.Resumption())
					}
					if err := errors.Join(echo(conn, "hello"), conn.Close()); err != nil {
						t.Error(err)
					}
				}
			})
			t.Run("client", func(t *testing.T) {
				l, err := tlsnet.Listen("tcp", "127.0.0.1:0", server)
				check(err)
				serve(t, l)
				config := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(0), MinVersion: version, MaxVersion: version}
				for i := range 3 {
					conn, err := tls.Dial("tcp", l.Addr().String(), config)
					if err != nil {
						t.Fatal(err)
					}
					if err := errors.Join(echo(conn, "hello"), conn.Close()); err != nil {
						t.Error(err)
					}
					if got := conn.ConnectionState().DidResume; got != (i > 0) {
						t.Errorf("connection %d: resumed %v", i, got)
					}
				}
			})
		})
	}
}

// Many clients at once, of which some give up, some send garbage and some do nothing.
func TestFlood(t *testing.T) {
	client, server := configs(nil)
	l, err := tlsnet.Listen("tcp", "127.0.0.1:0", server)
	check(err)
	serve(t, l)
	var idle []net.Conn
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range 300 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			switch i % 4 {
			case 0: // half open
				mu.Lock()
				idle = append(idle, conn)
				mu.Unlock()
			case 1:
				conn.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01"))
				conn.Close()
			case 2:
				io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
				io.Copy(io.Discard, conn)
				conn.Close()
			default:
				c := tlsnet.Client(conn, client)
				if err := errors.Join(echo(c, "hello"), c.Close()); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	for _, conn := range idle {
		conn.Close()
	}
}
