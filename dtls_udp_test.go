package libssl_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// loopbacks are this machine's addresses for the tests: 127.0.0.1, and ::1 where there is IPv6.
func loopbacks() []netip.Addr {
	addrs := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	if conn, err := net.ListenPacket("udp6", "[::1]:0"); err == nil {
		conn.Close()
		addrs = append(addrs, netip.IPv6Loopback())
	}
	return addrs
}

// sockaddr converts an address; a zone is the number of an interface.
func sockaddr(addr netip.AddrPort, zone int) syscall.Sockaddr {
	if addr.Addr().Is4() {
		return &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	return &syscall.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16(), ZoneId: uint32(zone)}
}

// udpSocket returns a socket that does not block, bound to addr, and the address that it has. It is closed with the test.
func udpSocket(t *testing.T, addr netip.AddrPort, zone int) (fd int, bound netip.AddrPort) {
	t.Helper()
	family := syscall.AF_INET6
	if addr.Addr().Is4() {
		family = syscall.AF_INET
	}
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	must(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	must(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	must(t, syscall.Bind(fd, sockaddr(addr, zone)))
	name, err := syscall.Getsockname(fd)
	must(t, err)
	port := 0
	switch name := name.(type) {
	case *syscall.SockaddrInet4:
		port = name.Port
	case *syscall.SockaddrInet6:
		port = name.Port
	}
	return fd, netip.AddrPortFrom(addr.Addr(), uint16(port))
}

// udpSockets returns two sockets that are connected to one another.
func udpSockets(t *testing.T, addr netip.Addr) (fds [2]int, addrs [2]netip.AddrPort) {
	t.Helper()
	for i := range fds {
		fds[i], addrs[i] = udpSocket(t, netip.AddrPortFrom(addr, 0), 0)
	}
	for i := range fds {
		must(t, syscall.Connect(fds[i], sockaddr(addrs[1-i], 0)))
	}
	return fds, addrs
}

// udpPair returns a client and a server on such sockets.
func udpPair(t *testing.T, client, server *libssl.Ctx) (c, s *libssl.SSL, fds [2]int) {
	t.Helper()
	fds, _ = udpSockets(t, netip.MustParseAddr("127.0.0.1"))
	c, s = newSSL(t, client), newSSL(t, server)
	for i, ssl := range []*libssl.SSL{c, s} {
		wantEqual(t, "SetDatagramFD", ssl.SetDatagramFD(fds[i]), 1)
		wantEqual(t, "FD", ssl.FD(), fds[i])
	}
	c.SetConnectState()
	s.SetAcceptState()
	return c, s, fds
}

// until calls f until it is true, which takes no longer than the system needs to move a datagram.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal(what + " does not happen")
		}
	}
}

// finishUDP does the handshake.
func finishUDP(t *testing.T, c, s *libssl.SSL) {
	t.Helper()
	done := func(ssl *libssl.SSL) bool {
		n := ssl.DoHandshake()
		if err := ssl.Err(n); err != nil && !errors.Is(err, libssl.ErrWantRead) {
			t.Fatal(err)
		}
		return n == 1
	}
	until(t, "the end of the handshake", func() bool {
		a, b := done(c), done(s)
		return a && b
	})
}

// arrives reads from to what from writes.
func arrives(t *testing.T, from, to *libssl.SSL, text string) {
	t.Helper()
	if n := from.Write([]byte(text)); n != len(text) {
		t.Fatal(from.Err(n))
	}
	b, n := make([]byte, 1<<14), 0
	until(t, "a datagram", func() bool { n = to.Read(b); return n > 0 })
	wantEqual(t, "arrived", string(b[:n]), text)
}

// lose takes a datagram out of a socket before libssl does.
func lose(t *testing.T, fd int) {
	t.Helper()
	until(t, "a datagram", func() bool {
		n, _, err := syscall.Recvfrom(fd, make([]byte, 1<<16), 0)
		return err == nil && n > 0
	})
}

// expire waits for the timer, and sends again.
func expire(t *testing.T, ssl *libssl.SSL) {
	t.Helper()
	until(t, "the end of the timer", func() bool { d, ok := ssl.DTLSTimeout(); return ok && d == 0 })
	if n := ssl.DTLSHandleTimeout(); n != 1 {
		t.Fatal(ssl.Err(n))
	}
}

// udpCtxs returns contexts of one version of DTLS.
func udpCtxs(t *testing.T, version int) (client, server *libssl.Ctx) {
	t.Helper()
	client, server = dtlsCtxs(t)
	for _, ctx := range []*libssl.Ctx{client, server} {
		must(t, ctx.SetMinProtoVersion(version))
		must(t, ctx.SetMaxProtoVersion(version))
	}
	must(t, server.SetSessionIDContext([]byte("test")))
	return client, server
}

func bothDTLS(t *testing.T, f func(t *testing.T, version int)) {
	t.Helper()
	for name, version := range map[string]int{"1.0": libssl.VersionDTLS10, "1.2": libssl.VersionDTLS12} {
		t.Run(name, func(t *testing.T) { f(t, version) })
	}
}

// By ticket and by id, as with TLS.
func TestUDPResumes(t *testing.T) {
	bothDTLS(t, func(t *testing.T, version int) {
		for kind, options := range map[string]uint{"ticket": 0, "id": libssl.OpNoTicket} {
			client, server := udpCtxs(t, version)
			server.SetOptions(options)
			c, s, fds := udpPair(t, client, server)
			finishUDP(t, c, s)
			wantEqual(t, "version", c.Version(), version)
			arrives(t, c, s, "from the client")
			arrives(t, s, c, "from the server")
			if n := c.DataMTU(); n <= 1500 { // that of the loopback interface, which libssl has asked for
				t.Errorf("%d bytes of data", n)
			}
			sess := current(t, c)
			wantEqual(t, kind+": ticket", sess.HasTicket(), kind == "ticket")
			hangUp(c, s)
			for _, fd := range fds {
				var stat syscall.Stat_t
				must(t, syscall.Fstat(fd, &stat)) // still the caller's
			}

			c, s, _ = udpPair(t, client, server)
			wantEqual(t, "SetSession", c.SetSession(sess), 1)
			wantEqual(t, kind+": offered", c.ExplainSession(sess).Offered, true)
			finishUDP(t, c, s)
			wantEqual(t, kind+": reused", c.SessionReused() && s.SessionReused(), true)
			wantEqual(t, kind+": resumed", c.ExplainSession(sess).Resumed, true)
			arrives(t, c, s, "again")
			wantEqual(t, "hits", server.SessHits(), 1)

			full, _ := udpCtxs(t, version)
			c, s, _ = udpPair(t, full, server)
			finishUDP(t, c, s)
			wantEqual(t, "reused without a session", c.SessionReused() || s.SessionReused(), false)
		}
	})
}

// What gets lost is sent again when the timer says so: the first datagram, and one of several from the server.
func TestUDPLoss(t *testing.T) {
	bothDTLS(t, func(t *testing.T, version int) {
		client, server := udpCtxs(t, version)
		c, s, fds := udpPair(t, client, server)
		wantRead := func(what string, ssl *libssl.SSL) {
			t.Helper()
			if n := ssl.DoHandshake(); !errors.Is(ssl.Err(n), libssl.ErrWantRead) {
				t.Errorf("%s: %d, %v", what, n, ssl.Err(n))
			}
		}
		for _, ssl := range []*libssl.SSL{c, s} {
			ssl.SetDTLSTimer(40*time.Millisecond, time.Hour)
			ssl.SetOptions(libssl.OpNoQueryMTU)
			if ssl.SetMTU(300) == 0 {
				t.Fatal(ssl.LastErrors())
			}
		}
		wantRead("client", c)
		lose(t, fds[1])
		expire(t, c)
		until(t, "the answer", func() bool {
			wantRead("server", s)
			_, ok := s.DTLSTimeout()
			return ok
		})
		lose(t, fds[0])
		expire(t, s)
		finishUDP(t, c, s)
		arrives(t, c, s, "through")
		if n := c.DataMTU(); n <= 200 || n >= 300 {
			t.Errorf("%d bytes of data", n)
		}
	})
}

// A server listens on a socket that is not connected, and has another for each client whose cookie is right. The cookie is for the address.
func TestUDPListen(t *testing.T) {
	bothDTLS(t, func(t *testing.T, version int) {
		for _, loopback := range loopbacks() {
			client, server := udpCtxs(t, version)
			cookie := func(ssl *libssl.SSL) string { return ssl.DatagramPeer().String() }
			asked := false
			server.SetCookieGenerateCB(func(ssl *libssl.SSL) []byte { asked = true; return []byte(cookie(ssl)) })
			server.SetCookieVerifyCB(func(ssl *libssl.SSL, got []byte) bool { return string(got) == cookie(ssl) })
			listening, addr := udpSocket(t, netip.AddrPortFrom(loopback, 0), 0)
			c, s := newSSL(t, client), newSSL(t, server)
			s.SetDatagramFD(listening)
			s.SetAcceptState()
			wantEqual(t, "peer of nobody", s.DatagramPeer().IsValid(), false)
			wantEqual(t, "nobody there", s.DTLSv1Listen(), 0)
			wantEqual(t, "nobody there", s.Err(0), libssl.ErrWantRead)

			fd, mine := udpSocket(t, netip.AddrPortFrom(loopback, 0), 0)
			must(t, syscall.Connect(fd, sockaddr(addr, 0)))
			c.SetDatagramFD(fd)
			c.SetConnectState()
			wantEqual(t, "client's peer", c.DatagramPeer(), addr)
			c.DoHandshake()
			until(t, "the cookie", func() bool {
				wantEqual(t, "without cookie", s.DTLSv1Listen(), 0)
				wantEqual(t, "without cookie", s.Err(0), libssl.ErrWantRead)
				return asked
			})
			until(t, "the ClientHello with cookie", func() bool {
				c.DoHandshake()
				n := s.DTLSv1Listen()
				if n < 0 {
					t.Fatal(s.Err(n))
				}
				return n == 1
			})
			wantEqual(t, "server's peer", s.DatagramPeer(), mine)
			own, _ := udpSocket(t, addr, 0)
			must(t, syscall.Connect(own, sockaddr(s.DatagramPeer(), 0)))
			wantEqual(t, "SetDatagramFD", s.SetDatagramFD(own), 1)
			wantEqual(t, "server's peer", s.DatagramPeer(), mine)

			// Another client, meanwhile, is not the server's concern any more.
			stranger, _ := udpSocket(t, netip.AddrPortFrom(loopback, 0), 0)
			must(t, syscall.Sendto(stranger, []byte("a stranger"), 0, sockaddr(addr, 0)))
			finishUDP(t, c, s)
			arrives(t, c, s, "from the client")
			arrives(t, s, c, "from the server")
			wantEqual(t, "server's peer in the end", s.DatagramPeer(), mine)
		}
	})
}

// The peer of a link-local address has its interface as zone.
func TestDatagramPeer(t *testing.T) {
	client, _ := dtlsCtxs(t)
	interfaces, err := net.Interfaces()
	must(t, err)
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		must(t, err)
		for _, a := range addrs {
			addr := netip.MustParsePrefix(a.String()).Addr()
			if !addr.IsLinkLocalUnicast() || addr.Is4() {
				continue
			}
			fd, bound := udpSocket(t, netip.AddrPortFrom(addr, 0), i.Index)
			must(t, syscall.Connect(fd, sockaddr(bound, i.Index)))
			c := newSSL(t, client)
			c.SetDatagramFD(fd)
			wantEqual(t, "peer", c.DatagramPeer().String(), netip.AddrPortFrom(addr.WithZone(fmt.Sprint(i.Index)), bound.Port()).String())
		}
	}
	for _, addr := range loopbacks() {
		fds, addrs := udpSockets(t, addr)
		c := newSSL(t, client)
		wantEqual(t, "without a transport", c.DatagramPeer(), netip.AddrPort{})
		c.SetDatagramFD(fds[0])
		wantEqual(t, "peer", c.DatagramPeer(), addrs[1])
		c.SetMemBIO()
		wantEqual(t, "in memory", c.DatagramPeer(), netip.AddrPort{})
	}
	// Nor does a peer without an address of IP have one.
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	for _, fd := range fds {
		t.Cleanup(func() { syscall.Close(fd) })
	}
	c := newSSL(t, client)
	c.SetDatagramFD(fds[0])
	wantEqual(t, "of a Unix socket", c.DatagramPeer(), netip.AddrPort{})
}

func TestSetDatagramFD(t *testing.T) {
	client, server := udpCtxs(t, libssl.VersionDTLS12)
	c := newSSL(t, client)
	c.SetConnectState()
	wantEqual(t, "no socket", c.SetDatagramFD(1<<20), 1) // as SSL_set_fd
	runSteps(t, c, step{"no socket", c.DoHandshake, -1, libssl.ErrorSyscall, "bad file descriptor"})

	gone, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	must(t, gone.Close())
	fd, _ := udpSocket(t, netip.MustParseAddrPort("127.0.0.1:0"), 0)
	must(t, syscall.Connect(fd, sockaddr(gone.LocalAddr().(*net.UDPAddr).AddrPort(), 0)))
	c = newSSL(t, client)
	c.SetDatagramFD(fd)
	c.SetConnectState()
	until(t, "the refusal", func() bool {
		err := c.Err(c.DoHandshake())
		if !errors.Is(err, libssl.ErrWantRead) && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})

	client.SetSessionCacheMode(libssl.SessCacheClient)
	c, s, fds := udpPair(t, client, server)
	calls := 0
	client.SessSetNewCB(func(ssl *libssl.SSL, _ *libssl.Session) {
		calls++
		wantRefused(t, "in a callback", ssl.SetDatagramFD(fds[0]), 0, ssl.LastErrors(), libssl.ErrInCallback)
		wantEqual(t, "peer in a callback", ssl.DatagramPeer().IsValid(), true)
	})
	defer client.SessSetNewCB(nil)
	finishUDP(t, c, s)
	wantEqual(t, "calls", calls, 1)
}
