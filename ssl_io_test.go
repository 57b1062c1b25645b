package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-c1436005/libssl"
)

// step is one I/O call: its value, what GetError says about it, and what stands in LastErrors if it failed.
type step struct {
	what     string
	call     func() int
	ret, err int
	text     string
}

const noReason = "failed; OpenSSL gave no reason"

func runSteps(t *testing.T, ssl *libssl.SSL, steps ...step) {
	t.Helper()
	for _, s := range steps {
		ret := s.call()
		if err := ssl.GetError(ret); ret != s.ret || err != s.err {
			t.Errorf("%s: %d, GetError %d, want %d, %d", s.what, ret, err, s.ret, s.err)
		}
		if s.text != "" {
			wantText(t, s.what, ssl.LastErrors(), s.text)
		}
	}
}

func TestSSLReadWrite(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		t.Run(fmt.Sprintf("%x", version), func(t *testing.T) {
			c, s := connected(t, clientCtx(t, version), serverCtx(t, version))
			b := make([]byte, 100)
			read := func(n int) func() int { return func() int { return c.Read(b[:n]) } }
			peek := func(n int) func() int { return func() int { return c.Peek(b[:n]) } }
			write := func(text string) func() int { return func() int { return s.Write([]byte(text)) } }
			none := func(f func([]byte) int) func() int { return func() int { return f(nil) } }
			const ok, again, syscall, end = libssl.ErrorNone, libssl.ErrorWantRead, libssl.ErrorSyscall, libssl.ErrorZeroReturn

			runSteps(t, c, step{"Read", read(100), -1, again, "SSL_read " + noReason}, step{"Pending", c.Pending, 0, again, ""})
			runSteps(t, s, step{"Write(nil)", none(s.Write), 0, syscall, "SSL_write " + noReason}, step{"Write", write("hello world"), 11, ok, ""})
			move(s, c)
			runSteps(t, c, // C answers 0 where there is no room, and GetError has nothing better to say
				step{"Read(nil)", none(c.Read), 0, syscall, ""}, step{"Peek(nil)", none(c.Peek), 0, syscall, "SSL_peek " + noReason},
				step{"Read of nothing", read(0), 0, syscall, "SSL_read " + noReason}, step{"Pending", c.Pending, 11, ok, ""},
				step{"Peek", peek(5), 5, ok, ""}, step{"Peek again", peek(100), 11, ok, ""})
			wantEqual(t, "peeked", string(b[:11]), "hello world")
			clear(b)
			runSteps(t, c, step{"Read 5", read(5), 5, ok, ""}, step{"Pending", c.Pending, 6, ok, ""})
			wantEqual(t, "read", string(b[:6]), "hello\x00")
			runSteps(t, c, step{"Read the rest", read(100), 6, ok, ""}, step{"Read", read(100), -1, again, ""})
			wantEqual(t, "read", string(b[:6]), " world")

			runSteps(t, s, step{"Write", write("last"), 4, ok, ""}, step{"Shutdown", s.Shutdown, 0, syscall, ""},
				step{"Write after Shutdown", write("x"), -1, libssl.ErrorSSL, "protocol is shutdown"})
			move(s, c)
			runSteps(t, c, step{"Read", read(100), 4, ok, ""}, step{"Read the end", read(100), 0, end, "SSL_read " + noReason},
				step{"Read it again", read(100), 0, end, ""}, step{"Shutdown", c.Shutdown, 1, ok, ""})
			move(c, s)
			runSteps(t, s, step{"Shutdown", s.Shutdown, 1, ok, ""})
			wantEqual(t, "LastErrors after a success", s.LastErrors().Func, "SSL_write")
		})
	}
}

func TestSSLBrokenTransport(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		read := func(ssl *libssl.SSL) func() int { return func() int { return ssl.Read(make([]byte, 9)) } }
		client, server := clientCtx(t, version), serverCtx(t, version)
		atEOF, _ := connected(t, client, server)
		atEOF.BIOSetEOF()
		runSteps(t, atEOF, step{"Read at EOF", read(atEOF), 0, libssl.ErrorSyscall, "SSL_read: the peer closed the transport without close_notify"},
			step{"Write at EOF", func() int { return atEOF.Write([]byte("x")) }, 1, libssl.ErrorNone, ""},
			step{"Shutdown at EOF", atEOF.Shutdown, 0, libssl.ErrorSyscall, "SSL_shutdown " + noReason})
		wantEqual(t, "Errno", atEOF.LastErrors().Errno, 0)
		wantEqual(t, "Read is an unexpected EOF", errors.Is(atEOF.Err(atEOF.Peek(make([]byte, 1))), io.ErrUnexpectedEOF), true)
		c, s := connected(t, client, server)
		wantEqual(t, "BIOWrite", c.BIOWrite([]byte("this is no TLS record")), 21)
		runSteps(t, c, step{"Read of garbage", read(c), -1, libssl.ErrorSSL, "ssl3_get_record:wrong version number"},
			step{"Read again", read(c), -1, libssl.ErrorSyscall, "SSL_read " + noReason},
			step{"Shutdown", c.Shutdown, -1, libssl.ErrorSSL, "shutdown while in init"})
		wantEqual(t, "alert sent", c.BIOPending() > 0, true)
		move(c, s)
		runSteps(t, s, step{"Read of the alert", read(s), 0, libssl.ErrorSSL, "alert protocol version"})
	}
	c := newSSL(t, clientCtx(t, 0))
	b := make([]byte, 9)
	runSteps(t, c, step{"Read of a new SSL", func() int { return c.Read(b) }, -1, libssl.ErrorSSL, "uninitialized"},
		step{"Shutdown of a new SSL", c.Shutdown, -1, libssl.ErrorSSL, "uninitialized"},
		step{"DoHandshake of a new SSL", c.DoHandshake, -1, libssl.ErrorSSL, "connection type not set"})
	for what, n := range map[string]int{"BIORead": c.BIORead(b), "BIOWrite": c.BIOWrite(b)} {
		wantEqual(t, what+" without memory BIOs", n, -1)
	}
	wantEqual(t, "BIOPending without memory BIOs", c.BIOPending(), 0)
	c.BIOSetEOF()
}

// TestSSLNoHello: a handshake that ends before it begins says why once, and then what C says: nothing. The session was not taken away.
func TestSSLNoHello(t *testing.T) {
	ctx := clientCtx(t, 0)
	must(t, ctx.SetMinProtoVersion(libssl.VersionTLS13))
	must(t, ctx.SetMaxProtoVersion(libssl.VersionTLS12))
	c, _ := pair(t, ctx, serverCtx(t, 0))
	runSteps(t, c, step{"Connect", c.Connect, -1, libssl.ErrorSSL, "no protocols available"},
		step{"Connect again", c.Connect, -1, libssl.ErrorSyscall, "SSL_connect " + noReason},
		step{"Shutdown", c.Shutdown, -1, libssl.ErrorSSL, "shutdown while in init"})
}

func TestSSLShutdownFlags(t *testing.T) {
	const sent, received = libssl.SentShutdown, libssl.ReceivedShutdown
	c, s := connected(t, clientCtx(t, 0), serverCtx(t, 0))
	flags := func(what string, ssl *libssl.SSL, want int) {
		t.Helper()
		wantEqual(t, what, ssl.GetShutdown(), want)
	}
	for _, f := range []int{sent, received, sent | received, 0} {
		c.SetShutdown(f)
		flags("after SetShutdown", c, f)
	}
	wantEqual(t, "Shutdown", c.Shutdown(), 0)
	flags("after Shutdown", c, sent)
	move(c, s)
	s.Read(make([]byte, 1))
	flags("after the peer's", s, received)
	wantEqual(t, "QuietShutdown", s.QuietShutdown(), false)
	s.SetQuietShutdown(true)
	wantEqual(t, "QuietShutdown", s.QuietShutdown(), true)
	wantEqual(t, "Shutdown", s.Shutdown(), 1)
	flags("after a quiet Shutdown", s, sent|received)
	wantEqual(t, "sent", s.BIOPending(), 0)
	c, _ = connected(t, clientCtx(t, 0), serverCtx(t, 0))
	c.SetShutdown(received) // the end is taken on trust
	wantEqual(t, "Read", c.Read(make([]byte, 1)), 0)
	wantEqual(t, "GetError", c.GetError(0), libssl.ErrorZeroReturn)
}

// sockets returns a client and a server on a pair of sockets.
func sockets(t *testing.T, client, server *libssl.Ctx, nonblocking bool) (c, s *libssl.SSL, fds [2]int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	c, s = newSSL(t, client), newSSL(t, server)
	for i, ssl := range []*libssl.SSL{c, s} {
		t.Cleanup(func() { syscall.Close(fds[i]) })
		must(t, syscall.SetNonblock(fds[i], nonblocking))
		must(t, syscall.SetsockoptInt(fds[i], syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1<<16))
		wantEqual(t, "SetFD", ssl.SetFD(fds[i]), 1)
	}
	return c, s, fds
}

func TestSSLNonblockingSocket(t *testing.T) {
	client, server := clientCtx(t, 0), serverCtx(t, 0)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, partial := range []bool{false, true} {
		if partial {
			client.SetMode(libssl.ModeEnablePartialWrite)
		}
		c, s, fds := sockets(t, client, server, true)
		runSteps(t, c, step{"Connect", c.Connect, -1, libssl.ErrorWantRead, "SSL_connect " + noReason})
		runSteps(t, s, step{"Accept", s.Accept, -1, libssl.ErrorWantRead, "SSL_accept " + noReason})
		runSteps(t, c, step{"Connect", c.Connect, 1, libssl.ErrorNone, ""})
		runSteps(t, s, step{"Accept", s.Accept, 1, libssl.ErrorNone, ""})
		n := c.Write(big)
		if partial {
			if n <= 0 || n >= len(big) {
				t.Errorf("Write with ModeEnablePartialWrite: %d", n)
			}
		} else {
			wantEqual(t, "Write", n, -1)
			wantEqual(t, "GetError", c.GetError(n), libssl.ErrorWantWrite)
			n = 0
		}
		// One side writes what is left, the other reads, until all is through.
		var got []byte
		b := make([]byte, 1<<15)
		for len(got) < len(big) {
			if n < len(big) {
				if w := c.Write(big[n:]); w > 0 {
					n += w
				} else if c.GetError(w) != libssl.ErrorWantWrite {
					t.Fatal(c.LastErrors())
				}
			}
			if r := s.Read(b); r > 0 {
				got = append(got, b[:r]...)
			} else if s.GetError(r) != libssl.ErrorWantRead {
				t.Fatal(s.LastErrors())
			}
		}
		wantEqual(t, "the same bytes", bytes.Equal(got, big), true)

		must(t, syscall.Shutdown(fds[0], syscall.SHUT_WR))
		runSteps(t, s, step{"Read at the end", func() int { return s.Read(b) }, 0, libssl.ErrorSyscall, "SSL_read: the peer closed the transport without close_notify"})
		wantEqual(t, "Errno at the end", s.LastErrors().Errno, 0)
		runSteps(t, c, step{"Write to the closed", func() int { return c.Write(big[:9]) }, -1, libssl.ErrorSyscall, "broken pipe"})
		wantEqual(t, "Errno", errors.Is(c.LastErrors(), syscall.EPIPE), true)
	}
	c := newSSL(t, client)
	wantEqual(t, "SetFD", c.SetFD(1<<20), 1)
	runSteps(t, c, step{"Connect on no socket", c.Connect, -1, libssl.ErrorSyscall, "bad file descriptor"})
}

// TestSSLBlockingSockets: handshakes, and data both ways, of pairs of goroutines that block in C.
func TestSSLBlockingSockets(t *testing.T) {
	client, server := clientCtx(t, 0), serverCtx(t, 0)
	text := bytes.Repeat([]byte("over the wire "), 2000)
	talk := func(ssl *libssl.SSL, handshake func() int, first bool) error {
		if ret := handshake(); ret != 1 {
			return fmt.Errorf("handshake: %d, %w", ret, ssl.LastErrors())
		}
		send := func() error {
			if n := ssl.Write(text); n != len(text) {
				return fmt.Errorf("write: %d, %w", n, ssl.LastErrors())
			}
			return nil
		}
		receive := func() error {
			got := make([]byte, len(text))
			for n := 0; n < len(got); {
				r := ssl.Read(got[n:])
				if r <= 0 {
					return fmt.Errorf("read: %d, %w", r, ssl.LastErrors())
				}
				n += r
			}
			if !bytes.Equal(got, text) {
				return errors.New("other bytes")
			}
			return nil
		}
		turns := []func() error{send, receive}
		if !first {
			turns = []func() error{receive, send}
		}
		for _, turn := range turns {
			if err := turn(); err != nil {
				return err
			}
		}
		ssl.Shutdown()
		return nil
	}
	var wg sync.WaitGroup
	for i := range 8 {
		var c, s *libssl.SSL
		if i%2 == 0 {
			c, s, _ = sockets(t, client, server, false)
		} else {
			c, s = newSSL(t, client), newSSL(t, server)
			a, b := tcpPair(t)
			c.SetFD(a)
			s.SetFD(b)
		}
		for _, side := range []func() error{
			func() error { return talk(c, c.Connect, true) },
			func() error { return talk(s, s.Accept, false) },
		} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := side(); err != nil {
					t.Error(err)
				}
			}()
		}
	}
	wg.Wait()
}

// tcpPair returns the blocking descriptors of a connection over loopback. They are closed with the test.
func tcpPair(t *testing.T) (a, b int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	accepted, err := l.Accept()
	must(t, err)
	fd := func(conn net.Conn) int {
		f, err := conn.(interface{ File() (*os.File, error) }).File()
		must(t, err)
		must(t, conn.Close())
		t.Cleanup(func() { f.Close() })
		return int(f.Fd()) // Fd makes it blocking
	}
	return fd(dialled), fd(accepted)
}

func TestSSLEarlyData(t *testing.T) {
	for _, c := range []struct {
		name           string
		send, accept   bool
		client, server int // EarlyDataStatus
	}{
		{"accepted", true, true, libssl.EarlyDataAccepted, libssl.EarlyDataAccepted},
		{"rejected", true, false, libssl.EarlyDataRejected, libssl.EarlyDataRejected},
		{"not sent", false, true, libssl.EarlyDataNotSent, libssl.EarlyDataNotSent},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
			server.SetMaxEarlyData(1000)
			if !c.accept {
				server.SetOptions(libssl.OpNoAntiReplay) // else its tickets are of a kind that it reads only while it accepts early data
			}
			sess := session(t, client, server)
			a, b := pair(t, client, server)
			a.SetSession(sess)
			if !c.accept {
				wantEqual(t, "SetMaxEarlyData", b.SetMaxEarlyData(0), 1)
			}
			if c.send {
				result, n := a.WriteEarlyData([]byte("early"))
				wantEqual(t, "WriteEarlyData", [2]int{result, n}, [2]int{1, 5})
				wantEqual(t, "GetError", a.GetError(result), libssl.ErrorNone)
			} else {
				a.DoHandshake()
			}
			move(a, b)
			buf := make([]byte, 100)
			if c.send && c.accept {
				result, n := b.ReadEarlyData(buf[:3])
				wantEqual(t, "ReadEarlyData", [2]int{result, n}, [2]int{libssl.ReadEarlyDataSuccess, 3})
				result, n = b.ReadEarlyData(buf[3:])
				wantEqual(t, "ReadEarlyData of the rest", [2]int{result, n}, [2]int{libssl.ReadEarlyDataSuccess, 2})
				wantEqual(t, "early data", string(buf[:5]), "early")
				result, n = b.ReadEarlyData(buf)
				wantEqual(t, "ReadEarlyData of nothing yet", [2]int{result, n}, [2]int{libssl.ReadEarlyDataError, 0})
				wantEqual(t, "GetError", b.GetError(result), libssl.ErrorWantRead)
				result, n = b.ReadEarlyData(buf)
				wantEqual(t, "once more", [2]int{result, n}, [2]int{libssl.ReadEarlyDataError, 0})
			} else {
				result, n := b.ReadEarlyData(buf)
				wantEqual(t, "ReadEarlyData", [2]int{result, n}, [2]int{libssl.ReadEarlyDataFinish, 0})
			}
			move(b, a)
			wantEqual(t, "DoHandshake", a.DoHandshake(), 1)
			move(a, b)
			if c.send && c.accept {
				result, n := b.ReadEarlyData(buf)
				wantEqual(t, "ReadEarlyData at its end", [2]int{result, n}, [2]int{libssl.ReadEarlyDataFinish, 0})
			}
			finish(t, a, b)
			wantEqual(t, "client's EarlyDataStatus", a.EarlyDataStatus(), c.client)
			wantEqual(t, "server's EarlyDataStatus", b.EarlyDataStatus(), c.server)
			wantEqual(t, "SessionReused", a.SessionReused(), true)
			a.Write([]byte("late"))
			move(a, b)
			n := b.Read(buf)
			wantEqual(t, "then", string(buf[:max(n, 0)]), "late")
		})
	}
	// Without a session that allows it there is none.
	c, s := pair(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
	result, n := c.WriteEarlyData([]byte("early"))
	wantEqual(t, "WriteEarlyData", [2]int{result, n}, [2]int{0, 0})
	wantText(t, "WriteEarlyData", c.LastErrors(), "called a function you should not call")
	finish(t, c, s)
}

// TestHugeArguments: where C counts in int, more is refused or cut, and never taken for its remainder. The memory is never touched.
func TestHugeArguments(t *testing.T) {
	for _, size := range []int{1<<32 + 4, 3 << 30} {
		huge, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
		if err != nil {
			t.Skip("no address space: ", err)
		}
		defer syscall.Munmap(huge)
		sess, err := libssl.NewSession()
		must(t, err)
		defer sess.Free()
		wantText(t, "SetID", sess.SetID(huge), "SSL_SESSION_set1_id:ssl session id too long")
		wantText(t, "SetIDContext", sess.SetIDContext(huge), "ssl session id context too long")
		c, s := connected(t, clientCtx(t, 0), serverCtx(t, 0))
		wantEqual(t, "SetSessionIDContext", c.SetSessionIDContext(huge), 0)
		wantEqual(t, "SetALPNProtos", c.SetALPNProtos(huge), 1)
		wantEqual(t, "HasMatchingSessionID", c.HasMatchingSessionID(huge), false)
		s.Write([]byte("hello world"))
		pending := s.BIOPending()
		wantEqual(t, "BIORead", s.BIORead(huge), pending)
		c.BIOWrite(huge[:pending])
		wantEqual(t, "Peek", c.Peek(huge), 11)
		wantEqual(t, "Read", c.Read(huge), 11)
		_, err = libssl.ParseSession(huge)
		wantIs(t, "ParseSession", err, libssl.ErrTooLong)
	}
}
