package libssl_test

import (
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// dtlsPair returns a client and a server of DTLS in memory, with datagrams of at most mtu bytes.
func dtlsPair(t *testing.T, client, server libssl.Method, mtu int) (c, s *libssl.SSL) {
	t.Helper()
	clientCtx, serverCtx := ctxOf(t, client), ctxOf(t, server)
	must(t, serverCtx.UseCertificateChainFile(testdata+"server.pem"))
	must(t, serverCtx.UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM))
	must(t, serverCtx.SetSessionIDContext([]byte("test")))
	c, s = newSSL(t, clientCtx), newSSL(t, serverCtx)
	for _, ssl := range []*libssl.SSL{c, s} {
		ssl.SetMemBIO()
		ssl.SetOptions(libssl.OpNoQueryMTU)
		if ssl.SetMTU(mtu) == 0 {
			t.Fatal(ssl.LastErrors())
		}
	}
	c.SetConnectState()
	s.SetAcceptState()
	return c, s
}

func TestDTLS(t *testing.T) {
	for name, m := range map[string]struct {
		client, server libssl.Method
		version        int
	}{
		"DTLS": {libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), libssl.VersionDTLS12},
		"1.2":  {libssl.DTLSv12ClientMethod(), libssl.DTLSv12ServerMethod(), libssl.VersionDTLS12},
		"1.0":  {libssl.DTLSv1ClientMethod(), libssl.DTLSv1ServerMethod(), libssl.VersionDTLS10},
		"both": {libssl.DTLSMethod(), libssl.DTLSMethod(), libssl.VersionDTLS12},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := dtlsPair(t, m.client, m.server, 1200)
			if c.DataMTU() != 0 {
				t.Errorf("%d bytes of data before the handshake", c.DataMTU())
			}
			finish(t, c, s)
			if !c.IsDTLS() || c.Version() != m.version {
				t.Errorf("version %#x", c.Version())
			}
			n := c.DataMTU()
			if n < 1100 || n > 1190 {
				t.Errorf("%d bytes of data", n)
			}
			if c.Write(make([]byte, n)) != n || c.BIOPending() > 1200 || c.BIOPending() < n {
				t.Errorf("%d bytes in a datagram", c.BIOPending())
			}
			move(c, s)
			if got := s.Read(make([]byte, 1200)); got != n {
				t.Error(s.Err(got))
			}
			if c.Write(make([]byte, n+32)) != n+32 || c.BIOPending() <= 1200 {
				t.Errorf("%d bytes in a datagram: DataMTU is too small", c.BIOPending())
			}
		})
	}
}

func TestMTU(t *testing.T) {
	c, _ := dtlsPair(t, libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), 1200)
	if c.SetMTU(100) != 0 {
		t.Error("a datagram of 100 bytes")
	}
	lowest := c.LinkMinMTU()
	if lowest < 200 || c.SetLinkMTU(lowest-1) != 0 || c.SetLinkMTU(lowest) != 1 {
		t.Errorf("the lowest is %d", lowest)
	}
	if c.SetLinkMTU(1500) != 1 {
		t.Error(c.LastErrors())
	}
	tls := newSSL(t, clientCtx(t, 0))
	if _, ok := tls.DTLSTimeout(); ok || tls.DataMTU() != 0 || tls.LinkMinMTU() != 0 || tls.SetLinkMTU(1500) != 0 || tls.SetMTU(1500) != 0 || tls.DTLSHandleTimeout() != 0 {
		t.Error("TLS has datagrams")
	}
}

// A lost flight is sent again when the timer has run out, and not before.
func TestDTLSTimeout(t *testing.T) {
	c, _ := dtlsPair(t, libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), 1200)
	if _, ok := c.DTLSTimeout(); ok || c.DTLSHandleTimeout() != 0 {
		t.Error("a timer runs before the handshake")
	}
	c.DoHandshake()
	d, ok := c.DTLSTimeout()
	if !ok || d <= 0 || d > time.Second {
		t.Errorf("%v, %t", d, ok)
	}
	c.BIORead(make([]byte, 1200)) // lost
	if n := c.DTLSHandleTimeout(); n != 0 || c.BIOPending() != 0 {
		t.Errorf("%d: %d bytes were sent too early", n, c.BIOPending())
	}

	c, s := dtlsPair(t, libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), 1200)
	if c.SetDTLSTimer(40*time.Millisecond, time.Hour) != 1 {
		t.Fatal(c.LastErrors())
	}
	c.DoHandshake()
	c.BIORead(make([]byte, 1<<14)) // lost
	for d := time.Second; d > 0; { // libssl takes less than 15 ms for none
		d, _ = c.DTLSTimeout()
	}
	if n := c.DTLSHandleTimeout(); n != 1 || c.BIOPending() == 0 {
		t.Errorf("%d: %d bytes were sent: %v", n, c.BIOPending(), c.Err(n))
	}
	finish(t, c, s)
	if _, ok := c.DTLSTimeout(); ok {
		t.Error("the timer runs after the handshake")
	}
}

func TestSetDTLSTimer(t *testing.T) {
	c, _ := dtlsPair(t, libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), 1200)
	if c.SetDTLSTimer(0, time.Second) != 0 || c.SetDTLSTimer(time.Second, time.Microsecond-1) != 0 {
		t.Error("a timer of nothing")
	}
	for _, d := range [][2]time.Duration{{time.Hour + 1, time.Second}, {time.Second, time.Hour + 1}, {-1, 1}} {
		wantRefused(t, "SetDTLSTimer", c.SetDTLSTimer(d[0], d[1]), 0, c.LastErrors(), libssl.ErrTooLong)
	}
	if newSSL(t, clientCtx(t, 0)).SetDTLSTimer(time.Second, time.Second) != 0 {
		t.Error("TLS has a timer")
	}
	// It doubles, so that the 16 ms that it comes to count for some time; libssl sends again by itself until then.
	c.SetDTLSTimer(time.Millisecond, time.Hour)
	if n := c.DoHandshake(); c.Err(n) != libssl.ErrWantRead || c.BIOPending() < 5*150 {
		t.Errorf("%d bytes were sent: %v", c.BIOPending(), c.Err(n))
	}
	// Not beyond the second: libssl gives up after twelve times.
	c, _ = dtlsPair(t, libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), 1200)
	c.SetDTLSTimer(time.Millisecond, 3*time.Millisecond)
	if n := c.DoHandshake(); c.Err(n) == libssl.ErrWantRead {
		t.Error(c.Err(n))
	}
}

// The profile of SRTP, by settings of the Ctx and of the SSL.
func TestSRTP(t *testing.T) {
	const a, b = "SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_SHA1_32"
	for _, onCtx := range []bool{true, false} {
		c, s := dtlsPair(t, libssl.DTLSClientMethod(), libssl.DTLSServerMethod(), 1200)
		if onCtx {
			client := ctxOf(t, libssl.DTLSClientMethod())
			must(t, client.SetTLSExtUseSRTP(a+":"+b))
			c = newSSL(t, client)
			c.SetMemBIO()
			c.SetConnectState()
		} else if c.SetTLSExtUseSRTP(a+":"+b) != 0 {
			t.Fatal(c.LastErrors())
		}
		if s.SetTLSExtUseSRTP(b) != 0 || c.SelectedSRTPProfile() != "" {
			t.Fatal(s.LastErrors())
		}
		finish(t, c, s)
		if c.SelectedSRTPProfile() != b || s.SelectedSRTPProfile() != b {
			t.Errorf("%q, %q", c.SelectedSRTPProfile(), s.SelectedSRTPProfile())
		}
	}
	ctx := ctxOf(t, libssl.DTLSMethod())
	ssl := newSSL(t, ctx)
	if ctx.SetTLSExtUseSRTP("none such") == nil || ssl.SetTLSExtUseSRTP("none such") == 0 {
		t.Error("a profile that does not exist is accepted")
	}
	wantRefused(t, "NUL", ssl.SetTLSExtUseSRTP("a\x00"), 1, ssl.LastErrors(), libssl.ErrNUL)
	if newSSL(t, clientCtx(t, 0)).SelectedSRTPProfile() != "" {
		t.Error("TLS has a profile")
	}
}
