package libssl_test

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// setting is one that a Ctx and an SSL have. Those of the Ctx count for SSLs that are made later.
func setting(t *testing.T, ctx *libssl.Ctx, onCtx func(*libssl.Ctx) error, onSSL func(*libssl.SSL) int, check func(t *testing.T, ssl func() *libssl.SSL)) {
	t.Helper()
	t.Run("SSL", func(t *testing.T) {
		check(t, func() *libssl.SSL {
			ssl := newSSL(t, ctx)
			if onSSL(ssl) != 1 {
				t.Error(ssl.LastErrors())
			}
			return ssl
		})
	})
	t.Run("Ctx", func(t *testing.T) {
		must(t, onCtx(ctx))
		check(t, func() *libssl.SSL { return newSSL(t, ctx) })
	})
}

// joined joins two SSLs in memory and shakes hands.
func joined(t *testing.T, c, s *libssl.SSL) bool {
	t.Helper()
	for _, ssl := range []*libssl.SSL{c, s} {
		ssl.SetMemBIO()
	}
	c.SetConnectState()
	s.SetAcceptState()
	return shake(c, s)
}

// records returns the lengths of the records that one write makes.
func records(t *testing.T, ssl *libssl.SSL, size int) (lengths []int) {
	t.Helper()
	if n := ssl.Write(make([]byte, size)); n != size {
		t.Fatal(ssl.Err(n))
	}
	for _, record := range rawRecords(ssl) {
		lengths = append(lengths, len(record)-5)
	}
	return lengths
}

// rawRecords takes what goes out.
func rawRecords(ssl *libssl.SSL) (records [][]byte) {
	buf := make([]byte, ssl.BIOPending())
	ssl.BIORead(buf)
	for len(buf) >= 5 {
		n := 5 + int(buf[3])<<8 + int(buf[4])
		records = append(records, buf[:n])
		buf = buf[n:]
	}
	return records
}

func TestMaxSendFragment(t *testing.T) {
	server := serverCtx(t, 0)
	setting(t, clientCtx(t, libssl.VersionTLS12), func(c *libssl.Ctx) error { return c.SetMaxSendFragment(1000) }, func(s *libssl.SSL) int { return s.SetMaxSendFragment(1000) },
		func(t *testing.T, client func() *libssl.SSL) {
			c, s := client(), newSSL(t, server)
			joined(t, c, s)
			if got := records(t, c, 2500); len(got) != 3 || got[0] < 1000 || got[0] > 1100 || got[2] > 600 {
				t.Errorf("records of %v", got)
			}
		})
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	for _, n := range []int{511, 16385, -1} {
		if ctx.SetMaxSendFragment(n) == nil || ssl.SetMaxSendFragment(n) != 0 {
			t.Errorf("%d is accepted", n)
		}
	}
}

// libssl has the ciphers for several pipelines in engines only: what can be seen is what is refused.
func TestPipelines(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	must(t, errors.Join(ctx.SetMaxPipelines(2), ctx.SetMaxSendFragment(1000), ctx.SetSplitSendFragment(1000)))
	if ssl.SetMaxPipelines(2) != 1 || !ssl.ReadAhead() || ssl.SetMaxSendFragment(1000) != 1 || ssl.SetSplitSendFragment(1000) != 1 {
		t.Error(ssl.LastErrors())
	}
	if !newSSL(t, ctx).ReadAhead() {
		t.Error("several pipelines without reading ahead")
	}
	for _, n := range []int{0, 1001} {
		if ctx.SetSplitSendFragment(n) == nil || ssl.SetSplitSendFragment(n) != 0 {
			t.Errorf("split of %d is accepted", n)
		}
	}
	for _, n := range []int{0, 33} {
		if ctx.SetMaxPipelines(n) == nil || ssl.SetMaxPipelines(n) != 0 {
			t.Errorf("%d pipelines are accepted", n)
		}
	}
}

func TestMaxFragmentLength(t *testing.T) {
	server := serverCtx(t, libssl.VersionTLS12)
	setting(t, clientCtx(t, libssl.VersionTLS12), func(c *libssl.Ctx) error { return c.SetTLSExtMaxFragmentLength(libssl.MaxFragmentLength512) },
		func(s *libssl.SSL) int { return s.SetTLSExtMaxFragmentLength(libssl.MaxFragmentLength512) },
		func(t *testing.T, client func() *libssl.SSL) {
			c, s := client(), newSSL(t, server)
			joined(t, c, s)
			for _, ssl := range []*libssl.SSL{c, s} {
				if got := records(t, ssl, 1000); len(got) != 2 || got[0] < 512 || got[0] > 600 {
					t.Errorf("records of %v", got)
				}
			}
		})
	ctx := clientCtx(t, 0)
	if ssl := newSSL(t, ctx); ctx.SetTLSExtMaxFragmentLength(5) == nil || ssl.SetTLSExtMaxFragmentLength(5) != 0 {
		t.Error("5 is accepted")
	}
}

func TestBlockPadding(t *testing.T) {
	server := serverCtx(t, 0)
	setting(t, clientCtx(t, libssl.VersionTLS13), func(c *libssl.Ctx) error { return c.SetBlockPadding(512) }, func(s *libssl.SSL) int { return s.SetBlockPadding(512) },
		func(t *testing.T, client func() *libssl.SSL) {
			c, s := client(), newSSL(t, server)
			joined(t, c, s)
			if got := records(t, c, 10); len(got) != 1 || got[0] < 512 {
				t.Errorf("records of %v", got)
			}
		})
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	if ctx.SetBlockPadding(1<<14+1) == nil || ssl.SetBlockPadding(1<<14+1) != 0 {
		t.Error("a block larger than a record is accepted")
	}
	wantRefused(t, "Ctx", 0, 0, ctx.SetBlockPadding(-1), libssl.ErrTooLong)
	wantRefused(t, "SSL", ssl.SetBlockPadding(-1), 0, ssl.LastErrors(), libssl.ErrTooLong)
}

// Reading ahead takes both records from the transport for the first, into a buffer that is large enough.
func TestReadAhead(t *testing.T) {
	server := serverCtx(t, 0)
	on := func(c *libssl.Ctx) error { c.SetReadAhead(true); return c.SetDefaultReadBufferLen(100_000) }
	setting(t, clientCtx(t, 0), on, func(s *libssl.SSL) int { s.SetReadAhead(true); return s.SetDefaultReadBufferLen(100_000) },
		func(t *testing.T, client func() *libssl.SSL) {
			c, s := client(), newSSL(t, server)
			if !c.ReadAhead() {
				t.Error("not set")
			}
			joined(t, c, s)
			c.Read(make([]byte, 1))
			for range 3 {
				s.Write(make([]byte, 16384))
			}
			move(s, c)
			if n := c.Read(make([]byte, 16384)); n != 16384 || c.Pending() != 0 || !c.HasPending() {
				t.Errorf("read %d, pending %d, %t", n, c.Pending(), c.HasPending())
			}
			// All is in the buffer: what the transport has now comes behind it.
			c.BIOSetEOF()
			for range 2 {
				if n := c.Read(make([]byte, 16384)); n != 16384 {
					t.Errorf("read %d: %v", n, c.Err(n))
				}
			}
			if c.HasPending() {
				t.Error("something is left")
			}
		})
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	if ctx.ReadAhead() || ssl.ReadAhead() {
		t.Error("on by default")
	}
	ctx.SetReadAhead(true)
	ctx.SetReadAhead(false)
	if ctx.ReadAhead() {
		t.Error("still on")
	}
	wantRefused(t, "Ctx", 0, 0, ctx.SetDefaultReadBufferLen(1<<30), libssl.ErrTooLong)
	wantRefused(t, "SSL", ssl.SetDefaultReadBufferLen(-1), 0, ssl.LastErrors(), libssl.ErrTooLong)
}

// A chain that is longer than the client takes.
func TestMaxCertList(t *testing.T) {
	client, server := clientCtx(t, 0), serverCtx(t, 0)
	const preset = 100 * 1024
	if old := client.SetMaxCertList(50); old != preset || client.MaxCertList() != 50 {
		t.Errorf("%d, %d", old, client.MaxCertList())
	}
	c, s := pair(t, client, server)
	if c.MaxCertList() != 50 || shake(c, s) {
		t.Error("a long chain was taken")
	}
	c, s = pair(t, client, server)
	if c.SetMaxCertList(10_000) != 50 || c.MaxCertList() != 10_000 || !shake(c, s) {
		t.Error(c.LastErrors())
	}
}

// A key of 256 bits has 128 bits of security: level 3, not 4.
func TestSecurityLevel(t *testing.T) {
	for level, ok := range map[int]bool{1: true, 4: false} {
		server := serverCtx(t, 0)
		client := clientCtx(t, libssl.VersionTLS12)
		client.SetVerify(libssl.VerifyPeer)
		must(t, client.LoadVerifyLocations(testdata+"ca.pem", ""))
		set := func(c *libssl.Ctx) error { c.SetSecurityLevel(level); return nil }
		setting(t, client, set, func(s *libssl.SSL) int { s.SetSecurityLevel(level); return 1 }, func(t *testing.T, ssl func() *libssl.SSL) {
			c, s := ssl(), newSSL(t, server)
			if c.SecurityLevel() != level {
				t.Errorf("level %d", c.SecurityLevel())
			}
			if joined(t, c, s) != ok {
				t.Errorf("level %d: %v", level, c.LastErrors())
			}
		})
		if client.SecurityLevel() != level {
			t.Errorf("level %d", client.SecurityLevel())
		}
	}
}

// The signature of a client, by what the server asks for.
func TestSigalgs(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client := clientCtx(t, version)
		id := issue(t, nil, "client", false, time.Now().Add(time.Hour))
		key, _ := id.keyDER(t)
		must(t, client.UseCertificateDER(id.cert.Raw))
		must(t, client.UsePrivateKeyDER(key))
		server := serverCtx(t, version)
		server.SetVerify(libssl.VerifyPeer)
		must(t, server.AddCA(id.cert))
		set := func(c *libssl.Ctx) error {
			return errors.Join(c.SetSigalgsList("ECDSA+SHA256:RSA+SHA512"), c.SetClientSigalgsList("RSA-PSS+SHA256:ECDSA+SHA256"))
		}
		setting(t, server, set, func(s *libssl.SSL) int {
			return min(s.SetSigalgsList("ECDSA+SHA256:RSA+SHA512"), s.SetClientSigalgsList("RSA-PSS+SHA256:ECDSA+SHA256"))
		}, func(t *testing.T, ssl func() *libssl.SSL) {
			c, s := newSSL(t, client), ssl()
			if !joined(t, c, s) || s.PeerSignatureNID() != libssl.NIDSHA256 || c.SignatureNID() != libssl.NIDSHA256 {
				t.Errorf("%v, %v; %d", c.LastErrors(), s.LastErrors(), s.PeerSignatureNID())
			}
		})
		ssl := newSSL(t, server)
		if ssl.SetClientSigalgsList("RSA-PSS+SHA256") != 1 || !joined(t, newSSL(t, client), ssl) || ssl.PeerCertificateDER() != nil {
			t.Errorf("the client signed with what the server does not take: %v", ssl.LastErrors())
		}
	}
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	for name, f := range map[string]func(string) error{
		"Ctx": ctx.SetSigalgsList, "client": ctx.SetClientSigalgsList, "groups": ctx.SetGroupsList, "curves": ctx.SetCurvesList,
		"SSL": func(s string) error { return ssl.Err(ssl.SetSigalgsList(s)) }, "client of SSL": func(s string) error { return ssl.Err(ssl.SetClientSigalgsList(s)) },
		"groups of SSL": func(s string) error { return ssl.Err(ssl.SetGroupsList(s)) }, "curves of SSL": func(s string) error { return ssl.Err(ssl.SetCurvesList(s)) },
	} {
		var stack libssl.ErrorStack
		if err := f("nonsense"); !errors.As(err, &stack) || stack.Refused != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantRefused(t, name, 0, 0, f("a\x00"), libssl.ErrNUL)
	}
}

// The group of an SSL, under both names.
func TestGroups(t *testing.T) {
	for name, set := range map[string]func(*libssl.SSL, string) int{"groups": (*libssl.SSL).SetGroupsList, "curves": (*libssl.SSL).SetCurvesList} {
		c, s := newSSL(t, clientCtx(t, 0)), newSSL(t, serverCtx(t, 0))
		if set(c, "P-384") != 1 || !joined(t, c, s) {
			t.Fatal(name, c.LastErrors())
		}
		if _, bits := c.PeerTmpKey(); bits != 384 {
			t.Errorf("%s: %d bits", name, bits)
		}
	}
	client := clientCtx(t, 0)
	must(t, client.SetCurvesList("P-384"))
	c, _ := connected(t, client, serverCtx(t, 0))
	if _, bits := c.PeerTmpKey(); bits != 384 {
		t.Errorf("%d bits", bits)
	}
}

// ffdhe2048 is a group of RFC 7919.
const ffdhe2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`

// Diffie-Hellman with given parameters, and with libssl's own.
func TestDH(t *testing.T) {
	key, err := rsaKey()
	must(t, err)
	ca := authority(t)
	for name, test := range map[string]struct {
		ctx func(*libssl.Ctx) error
		ssl func(*libssl.SSL) int
	}{
		"given": {func(c *libssl.Ctx) error { return c.SetTmpDHPEM([]byte(ffdhe2048)) }, func(s *libssl.SSL) int { return s.SetTmpDHPEM([]byte(ffdhe2048)) }},
		"auto":  {func(c *libssl.Ctx) error { return c.SetDHAuto(1) }, func(s *libssl.SSL) int { return s.SetDHAuto(1) }},
	} {
		client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
		must(t, client.SetCipherList("DHE-RSA-AES128-GCM-SHA256"))
		must(t, server.UseCertificateDER(issueFor(t, ca, "RSA", &key.PublicKey).Raw))
		must(t, server.UsePrivateKeyDER(x509.MarshalPKCS1PrivateKey(key)))
		if joined(t, newSSL(t, client), newSSL(t, server)) {
			t.Error("DHE without parameters")
		}
		setting(t, server, test.ctx, test.ssl, func(t *testing.T, ssl func() *libssl.SSL) {
			c, s := newSSL(t, client), ssl()
			if !joined(t, c, s) {
				t.Fatal(name, s.LastErrors())
			}
			if nid, bits := c.PeerTmpKey(); nid != libssl.NIDDH || bits < 2048 {
				t.Errorf("%s: %d, %d bits", name, nid, bits)
			}
		})
	}
	if ctx := serverCtx(t, 0); ctx.SetTmpDHPEM(nil) == nil || ctx.SetTmpDHPEM([]byte(strings.Replace(ffdhe2048, "MIIB", "MIIX", 1))) == nil {
		t.Error("bad parameters are accepted")
	}
}

// Modes and options of one SSL, and of the Ctx.
func TestModesAndOptions(t *testing.T) {
	ctx := clientCtx(t, 0)
	preset := ctx.Mode()
	if ctx.SetMode(libssl.ModeEnablePartialWrite) != preset|libssl.ModeEnablePartialWrite || ctx.Mode() != preset|libssl.ModeEnablePartialWrite {
		t.Errorf("mode %#x", ctx.Mode())
	}
	if ctx.ClearMode(libssl.ModeEnablePartialWrite) != preset || ctx.Mode() != preset {
		t.Errorf("mode %#x", ctx.Mode())
	}
	ssl := newSSL(t, ctx)
	if ssl.SetMode(libssl.ModeReleaseBuffers) != preset|libssl.ModeReleaseBuffers || ssl.Mode() != preset|libssl.ModeReleaseBuffers || ctx.Mode() != preset {
		t.Errorf("mode %#x", ssl.Mode())
	}
	if ssl.ClearMode(libssl.ModeReleaseBuffers) != preset || ssl.Mode() != preset {
		t.Errorf("mode %#x", ssl.Mode())
	}
	ssl.SetOptions(libssl.OpNoTLSv13)
	if ssl.Options()&libssl.OpNoTLSv13 == 0 || ctx.Options()&libssl.OpNoTLSv13 != 0 {
		t.Errorf("options %#x", ssl.Options())
	}
	if !joined(t, ssl, newSSL(t, serverCtx(t, 0))) || ssl.Version() != libssl.VersionTLS12 {
		t.Errorf("version %#x", ssl.Version())
	}
	ssl = newSSL(t, ctx)
	ssl.SetMinProtoVersion(libssl.VersionTLS12)
	ssl.SetMaxProtoVersion(libssl.VersionTLS12)
	if ssl.MinProtoVersion() != libssl.VersionTLS12 || ssl.MaxProtoVersion() != libssl.VersionTLS12 {
		t.Errorf("versions %#x, %#x", ssl.MinProtoVersion(), ssl.MaxProtoVersion())
	}
	ctx.SetQuietShutdown(true)
	if !ctx.QuietShutdown() {
		t.Error("the shutdown is not quiet")
	}
}

// Partial writes: what does not fit into a record is left to the caller.
func TestPartialWrite(t *testing.T) {
	c, _ := connected(t, clientCtx(t, 0), serverCtx(t, 0))
	c.SetMode(libssl.ModeEnablePartialWrite)
	if n := c.Write(make([]byte, 20_000)); n != 16384 {
		t.Errorf("%d bytes", n)
	}
	c.ClearMode(libssl.ModeEnablePartialWrite)
	if n := c.Write(make([]byte, 20_000)); n != 20_000 {
		t.Errorf("%d bytes", n)
	}
}

func TestEarlyDataLimits(t *testing.T) {
	ctx := serverCtx(t, 0)
	ssl := newSSL(t, ctx)
	ssl.SetMaxEarlyData(1000)
	if ssl.SetRecvMaxEarlyData(2000) != 1 || ssl.MaxEarlyData() != 1000 || ssl.RecvMaxEarlyData() != 2000 {
		t.Errorf("%d, %d", ssl.MaxEarlyData(), ssl.RecvMaxEarlyData())
	}
	ctx.SetRecvMaxEarlyData(4_000_000_000)
	if ctx.RecvMaxEarlyData() != 4_000_000_000 || newSSL(t, ctx).RecvMaxEarlyData() != 4_000_000_000 {
		t.Errorf("%d", ctx.RecvMaxEarlyData())
	}
}

// Buffers come back by themselves. They are not freed while something is in them.
func TestBuffers(t *testing.T) {
	c, s := connected(t, clientCtx(t, 0), serverCtx(t, 0))
	if c.AllocBuffers() != 1 || c.FreeBuffers() != 1 || c.FreeBuffers() != 1 {
		t.Error(c.LastErrors())
	}
	s.Write([]byte("ab"))
	move(s, c)
	if n := c.Read(make([]byte, 1)); n != 1 || c.FreeBuffers() != 0 {
		t.Error("buffers were freed with a byte in them")
	}
	if n := c.Read(make([]byte, 1)); n != 1 || c.FreeBuffers() != 1 {
		t.Error(c.LastErrors())
	}
}

func TestConfCmd(t *testing.T) {
	ctx := serverCtx(t, 0)
	ssl := newSSL(t, ctx)
	const file, cmdline = libssl.ConfFlagFile | libssl.ConfFlagServer | libssl.ConfFlagCertificate, libssl.ConfFlagCmdline | libssl.ConfFlagServer
	for name, conf := range map[string]func(flags uint, cmd, value string) (int, error){
		"Ctx": ctx.ConfCmd,
		"SSL": func(flags uint, cmd, value string) (int, error) {
			n := ssl.ConfCmd(flags, cmd, value)
			return n, ssl.Err(n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct {
				flags      uint
				cmd, value string
				want       int
			}{
				{file, "MaxProtocol", "TLSv1.2", 2},
				{cmdline, "-bugs", "", 1},
				{cmdline, "-no_tls1_1", "x", 1},
				{file, "Certificate", testdata + "server.pem", 2},
				{file, "PrivateKey", testdata + "server.key", 2},
			} {
				if n, err := conf(test.flags, test.cmd, test.value); n != test.want || err != nil {
					t.Errorf("%s: %d, %v", test.cmd, n, err)
				}
			}
			for _, test := range []struct {
				flags      uint
				cmd, value string
				want       int
				text       string
			}{
				{file, "NoSuch", "x", -2, "NoSuch"},
				{file, "MaxProtocol", "none such", 0, "MaxProtocol"},
				{0, "MaxProtocol", "TLSv1.2", -2, "MaxProtocol"},
				{file, "PrivateKey", "/nowhere", 0, "PrivateKey"},
				{libssl.ConfFlagFile, "Certificate", testdata + "server.pem", -2, "Certificate"},
			} {
				n, err := conf(test.flags, test.cmd, test.value)
				if name == "Ctx" {
					test.want = min(test.want, 0)
				}
				if n != test.want || err == nil || !strings.Contains(err.Error(), test.text) {
					t.Errorf("%s: %d, %v", test.cmd, n, err)
				}
			}
			for _, test := range [][2]string{{"a\x00", "b"}, {"a", "b\x00"}} {
				n, err := conf(file, test[0], test[1])
				wantRefused(t, "NUL", n, 0, err, libssl.ErrNUL)
			}
		})
	}
	if ssl.MaxProtoVersion() != libssl.VersionTLS12 || ctx.MaxProtoVersion() != libssl.VersionTLS12 {
		t.Error("no effect")
	}
	if ctx.Options()&libssl.OpNoTLSv11 == 0 || ssl.Options()&libssl.OpNoTLSv11 == 0 {
		t.Error("no effect")
	}
}
