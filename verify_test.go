package libssl_test

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// leafOf is issue for a template of its own.
func leafOf(t testing.TB, issuer *identity, change func(*x509.Certificate)) *identity {
	t.Helper()
	id := issue(t, issuer, "leaf", false, time.Now().Add(time.Hour))
	template := *id.cert
	template.SignatureAlgorithm = 0
	change(&template)
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer.cert, &id.key.PublicKey, issuer.key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &identity{cert, id.key}
}

func authority(t testing.TB) *identity {
	t.Helper()
	return issue(t, nil, "authority", true, time.Now().Add(time.Hour))
}

// verified shakes hands with a server that has id, and returns the client's result. set may change settings of the client.
func verified(t testing.TB, id *identity, ca *identity, set func(*libssl.Ctx, *libssl.SSL)) *libssl.SSL {
	t.Helper()
	client := clientCtx(t, 0)
	client.SetVerify(libssl.VerifyPeer)
	must(t, client.AddCA(ca.cert))
	c, s := pair(t, client, certified(t, id))
	if set != nil {
		set(client, c)
	}
	shake(c, s)
	return c
}

func wantVerify(t *testing.T, c *libssl.SSL, want int) {
	t.Helper()
	if got := c.VerifyResult(); got != want || c.IsInitFinished() != (want == libssl.VerifyOK) {
		t.Errorf("result %d (%s), finished: %t; want %d", got, libssl.VerifyErrorString(got), c.IsInitFinished(), want)
	}
}

// What a certificate must be for, set on the SSL, on its parameters, and on those of the Ctx before the SSL was made.
func TestVerifyParam(t *testing.T) {
	ca := authority(t)
	id := leafOf(t, ca, func(c *x509.Certificate) {
		c.DNSNames = []string{"a.example", "*.b.example"}
		c.EmailAddresses = []string{"me@a.example"}
		c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	past, future := time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour)
	for _, test := range []struct {
		name string
		set  func(libssl.VerifyParam) error
		want int
	}{
		{"host", func(v libssl.VerifyParam) error { return v.SetHost("a.example") }, libssl.VerifyOK},
		{"other host", func(v libssl.VerifyParam) error { return v.SetHost("c.example") }, libssl.VerifyErrHostnameMismatch},
		{"no host", func(v libssl.VerifyParam) error { return errors.Join(v.SetHost("c.example"), v.SetHost("")) }, libssl.VerifyOK},
		{"one of two", func(v libssl.VerifyParam) error { return errors.Join(v.SetHost("c.example"), v.AddHost("a.example")) }, libssl.VerifyOK},
		{"instead", func(v libssl.VerifyParam) error { return errors.Join(v.SetHost("a.example"), v.SetHost("c.example")) }, libssl.VerifyErrHostnameMismatch},
		{"wildcard", func(v libssl.VerifyParam) error { return v.SetHost("x.b.example") }, libssl.VerifyOK},
		{"no wildcard", func(v libssl.VerifyParam) error {
			return errors.Join(v.SetHost("x.b.example"), v.SetHostFlags(libssl.CheckFlagNoWildcards))
		}, libssl.VerifyErrHostnameMismatch},
		{"email", func(v libssl.VerifyParam) error { return v.SetEmail("me@a.example") }, libssl.VerifyOK},
		{"other email", func(v libssl.VerifyParam) error { return v.SetEmail("you@a.example") }, libssl.VerifyErrEmailMismatch},
		{"IPv4", func(v libssl.VerifyParam) error { return v.SetIP(netip.MustParseAddr("192.0.2.1")) }, libssl.VerifyOK},
		{"IPv4 in IPv6", func(v libssl.VerifyParam) error { return v.SetIP(netip.MustParseAddr("::ffff:192.0.2.1")) }, libssl.VerifyOK},
		{"IPv6", func(v libssl.VerifyParam) error { return v.SetIP(netip.MustParseAddr("2001:db8::1")) }, libssl.VerifyOK},
		{"other IP", func(v libssl.VerifyParam) error { return v.SetIP(netip.MustParseAddr("192.0.2.2")) }, libssl.VerifyErrIPAddressMismatch},
		{"no IP", func(v libssl.VerifyParam) error {
			return errors.Join(v.SetIP(netip.MustParseAddr("192.0.2.2")), v.SetIP(netip.Addr{}))
		}, libssl.VerifyOK},
		{"purpose", func(v libssl.VerifyParam) error { return v.SetPurpose(libssl.PurposeSSLServer) }, libssl.VerifyOK},
		{"other purpose", func(v libssl.VerifyParam) error { return v.SetPurpose(libssl.PurposeSSLClient) }, libssl.VerifyErrInvalidPurpose},
		{"before", func(v libssl.VerifyParam) error { return v.SetTime(past) }, libssl.VerifyErrCertNotYetValid},
		{"after", func(v libssl.VerifyParam) error { return v.SetTime(future) }, libssl.VerifyErrCertHasExpired},
		{"no time", func(v libssl.VerifyParam) error {
			return errors.Join(v.SetTime(past), v.SetFlags(libssl.VFlagNoCheckTime), v.ClearFlags(libssl.VFlagUseCheckTime))
		}, libssl.VerifyOK},
		{"CRL", func(v libssl.VerifyParam) error { return v.SetFlags(libssl.VFlagCRLCheck) }, libssl.VerifyErrUnableToGetCRL},
		{"level", func(v libssl.VerifyParam) error { return v.SetAuthLevel(2) }, libssl.VerifyOK},
		{"high level", func(v libssl.VerifyParam) error { return v.SetAuthLevel(5) }, libssl.VerifyErrEEKeyTooSmall},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantVerify(t, verified(t, id, ca, func(_ *libssl.Ctx, c *libssl.SSL) { must(t, test.set(c.Param())) }), test.want)

			client := clientCtx(t, 0)
			client.SetVerify(libssl.VerifyPeer)
			must(t, client.AddCA(ca.cert))
			must(t, test.set(client.Param()))
			c, s := pair(t, client, certified(t, id))
			shake(c, s)
			wantVerify(t, c, test.want)
		})
	}
}

func TestVerifyParamGetters(t *testing.T) {
	ctx := clientCtx(t, 0)
	when := time.Unix(1e9, 0)
	for _, v := range []libssl.VerifyParam{ctx.Param(), newSSL(t, ctx).Param()} {
		if v.Depth() != -1 || v.AuthLevel() != -1 {
			t.Errorf("depth %d, level %d are set already", v.Depth(), v.AuthLevel())
		}
		must(t, errors.Join(v.SetDepth(3), v.SetAuthLevel(2), v.SetTime(when), v.SetFlags(libssl.VFlagX509Strict), v.SetHostFlags(libssl.CheckFlagNoWildcards)))
		if v.Depth() != 3 || v.AuthLevel() != 2 || !v.Time().Equal(when) || v.HostFlags() != libssl.CheckFlagNoWildcards {
			t.Errorf("depth %d, level %d, time %v, host flags %#x", v.Depth(), v.AuthLevel(), v.Time(), v.HostFlags())
		}
		if f := v.Flags(); f&libssl.VFlagX509Strict == 0 || f&libssl.VFlagUseCheckTime == 0 {
			t.Errorf("flags %#x", f)
		}
		must(t, v.ClearFlags(libssl.VFlagX509Strict))
		if f := v.Flags(); f&libssl.VFlagX509Strict != 0 {
			t.Errorf("flags %#x", f)
		}
	}
}

func TestVerifyParamErrors(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl := newSSL(t, ctx)
	for _, v := range []libssl.VerifyParam{ctx.Param(), ssl.Param()} {
		for name, err := range map[string]error{
			"SetHost": v.SetHost("a\x00b"), "AddHost": v.AddHost("a\x00b"), "SetEmail": v.SetEmail("a\x00b"),
		} {
			wantRefused(t, name, 0, 0, err, libssl.ErrNUL)
		}
		var stack libssl.ErrorStack
		for name, err := range map[string]error{"SetPurpose": v.SetPurpose(-1), "SetTrust": v.SetTrust(-1)} {
			if !errors.As(err, &stack) || stack.Refused != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, v.SetTrust(libssl.TrustSSLServer))
	}
	wantRefused(t, "zero", 0, 0, libssl.VerifyParam{}.SetHost("a"), libssl.ErrFreed)
	v := ssl.Param()
	ssl.Free()
	wantRefused(t, "freed", 0, 0, v.SetHost("a"), libssl.ErrFreed)
	if v.Depth() != 0 || v.Flags() != 0 {
		t.Error("values of a freed SSL")
	}
}

// The methods of SSL itself, and the name that was found.
func TestSetHost(t *testing.T) {
	ca := authority(t)
	id := leafOf(t, ca, func(c *x509.Certificate) { c.DNSNames = []string{"*.b.example"} })
	c := verified(t, id, ca, func(_ *libssl.Ctx, c *libssl.SSL) {
		if c.SetHost("c.example") != 1 || c.AddHost("x.b.example") != 1 {
			t.Error(c.LastErrors())
		}
	})
	wantVerify(t, c, libssl.VerifyOK)
	if got := c.Peername(); got != "*.b.example" {
		t.Errorf("peer name %q", got)
	}
	wantVerify(t, verified(t, id, ca, func(_ *libssl.Ctx, c *libssl.SSL) {
		c.SetHost("x.b.example")
		c.SetHostFlags(libssl.CheckFlagNoWildcards)
	}), libssl.VerifyErrHostnameMismatch)
	c = verified(t, id, ca, func(_ *libssl.Ctx, c *libssl.SSL) { c.SetHost("other"); c.SetHost("") })
	wantVerify(t, c, libssl.VerifyOK)
	if got := c.Peername(); got != "" {
		t.Errorf("peer name %q", got)
	}
	wantRefused(t, "NUL", c.SetHost("a\x00b"), 0, c.LastErrors(), libssl.ErrNUL)
}

// Purpose, trust and depth by the methods of Ctx and SSL.
func TestPurposeAndDepth(t *testing.T) {
	root := authority(t)
	middle := issue(t, root, "middle", true, time.Now().Add(time.Hour))
	id := leafOf(t, middle, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	for _, test := range []struct {
		name string
		ctx  func(*libssl.Ctx) error
		ssl  func(*libssl.SSL) int
		want int
	}{
		{"purpose", func(c *libssl.Ctx) error { return c.SetPurpose(libssl.PurposeSSLServer) }, func(s *libssl.SSL) int { return s.SetPurpose(libssl.PurposeSSLServer) }, libssl.VerifyOK},
		{"other purpose", func(c *libssl.Ctx) error { return c.SetPurpose(libssl.PurposeSSLClient) }, func(s *libssl.SSL) int { return s.SetPurpose(libssl.PurposeSSLClient) }, libssl.VerifyErrInvalidPurpose},
		{"depth", func(c *libssl.Ctx) error { c.SetVerifyDepth(1); return nil }, func(s *libssl.SSL) int { s.SetVerifyDepth(1); return 1 }, libssl.VerifyOK},
		{"low depth", func(c *libssl.Ctx) error { c.SetVerifyDepth(0); return nil }, func(s *libssl.SSL) int { s.SetVerifyDepth(0); return 1 }, libssl.VerifyErrCertChainTooLong},
	} {
		for _, onCtx := range []bool{true, false} {
			client, server := clientCtx(t, 0), certified(t, id)
			must(t, server.AddChainCert(middle.cert.Raw))
			client.SetVerify(libssl.VerifyPeer)
			must(t, client.AddCA(root.cert))
			if onCtx {
				must(t, test.ctx(client))
			}
			c, s := pair(t, client, server)
			if !onCtx && test.ssl(c) != 1 {
				t.Error(c.LastErrors())
			}
			shake(c, s)
			if got := c.VerifyResult(); got != test.want {
				t.Errorf("%s, on the Ctx: %t: %d (%s)", test.name, onCtx, got, libssl.VerifyErrorString(got))
			}
		}
	}
	client := clientCtx(t, 0)
	ssl := newSSL(t, client)
	if client.VerifyDepth() != -1 || ssl.VerifyDepth() != -1 || ssl.VerifyMode() != libssl.VerifyNone {
		t.Error("settings of a new Ctx")
	}
	client.SetVerifyDepth(4)
	ssl.SetVerifyDepth(5)
	ssl.SetVerify(libssl.VerifyPeer)
	if client.VerifyDepth() != 4 || ssl.VerifyDepth() != 5 || ssl.VerifyMode() != libssl.VerifyPeer {
		t.Errorf("depth %d, %d; mode %d", client.VerifyDepth(), ssl.VerifyDepth(), ssl.VerifyMode())
	}
	for name, err := range map[string]error{"purpose": client.SetPurpose(-1), "trust": client.SetTrust(-1)} {
		if err == nil {
			t.Errorf("%s -1 is accepted", name)
		}
	}
	if ssl.SetPurpose(-1) != 0 || ssl.SetTrust(-1) != 0 {
		t.Error("-1 is accepted")
	}
	if ssl.SetTrust(libssl.TrustSSLServer) != 1 || client.SetTrust(libssl.TrustSSLServer) != nil {
		t.Error("trust is refused")
	}
}

func TestVerifyErrorString(t *testing.T) {
	if got := libssl.VerifyErrorString(libssl.VerifyErrCertHasExpired); got != "certificate has expired" {
		t.Error(got)
	}
	if got := libssl.VerifyErrorString(libssl.VerifyOK); got != "ok" {
		t.Error(got)
	}
}

// A revoked certificate, by lists in both forms.
func TestCRL(t *testing.T) {
	ca := authority(t)
	good := leafOf(t, ca, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(1) })
	bad := leafOf(t, ca, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(2) })
	signer := *ca.cert
	signer.KeyUsage = x509.KeyUsageCRLSign // Go asks for it, OpenSSL only where the certificate has key usages
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(2), RevocationTime: time.Now().Add(-time.Minute)}},
	}, &signer, ca.key)
	must(t, err)
	for name, add := range map[string]func(*libssl.Ctx) error{
		"DER": func(c *libssl.Ctx) error { return c.AddCRLDER(der) },
		"PEM": func(c *libssl.Ctx) error { return c.AddCRLPEM(pemOf("X509 CRL", der)) },
	} {
		t.Run(name, func(t *testing.T) {
			set := func(ctx *libssl.Ctx, c *libssl.SSL) {
				must(t, add(ctx))
				must(t, c.Param().SetFlags(libssl.VFlagCRLCheck))
			}
			wantVerify(t, verified(t, good, ca, set), libssl.VerifyOK)
			wantVerify(t, verified(t, bad, ca, set), libssl.VerifyErrCertRevoked)
		})
	}
	ctx := clientCtx(t, 0)
	unsaid := []string{"malloc failure", "too long"} // by what was called although there is no list
	for name, err := range map[string]error{
		"DER": ctx.AddCRLDER(der[1:]), "no PEM": ctx.AddCRLPEM([]byte("x")), "bad PEM": ctx.AddCRLPEM(pemOf("X509 CRL", der[1:])),
		"too long": ctx.AddCRLDER(make([]byte, 1<<20+1)),
	} {
		var stack libssl.ErrorStack
		if !errors.As(err, &stack) || slices.ContainsFunc(stack.Entries, func(e libssl.Error) bool { return slices.Contains(unsaid, e.Reason) }) {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

// Each way to trust an authority.
func TestTrust(t *testing.T) {
	ca, other := authority(t), authority(t)
	id := issue(t, ca, "leaf", false, time.Now().Add(time.Hour))
	for name, set := range map[string]func(*libssl.Ctx, *libssl.SSL) error{
		"AddCADER":     func(c *libssl.Ctx, _ *libssl.SSL) error { return c.AddCADER(ca.cert.Raw) },
		"AddCA":        func(c *libssl.Ctx, _ *libssl.SSL) error { return c.AddCA(ca.cert) },
		"verify store": func(_ *libssl.Ctx, s *libssl.SSL) error { return s.Err(s.SetVerifyCertStorePEM(ca.certPEM())) },
		"two in one store": func(_ *libssl.Ctx, s *libssl.SSL) error {
			return s.Err(s.SetVerifyCertStorePEM(append(other.certPEM(), ca.certPEM()...)))
		},
		"store of the file": func(c *libssl.Ctx, _ *libssl.SSL) error { return c.LoadVerifyLocations(tempFile(t, ca.certPEM()), "") },
	} {
		t.Run(name, func(t *testing.T) {
			wantVerify(t, verified(t, id, other, func(ctx *libssl.Ctx, c *libssl.SSL) { must(t, set(ctx, c)) }), libssl.VerifyOK)
		})
	}
	// A store of its own is the only one that counts.
	wantVerify(t, verified(t, id, ca, func(_ *libssl.Ctx, c *libssl.SSL) { must(t, c.Err(c.SetVerifyCertStorePEM(other.certPEM()))) }), libssl.VerifyErrUnableToGetIssuerLocal)
	client := clientCtx(t, 0)
	client.SetVerify(libssl.VerifyPeer)
	must(t, client.AddCA(ca.cert))
	must(t, client.SetVerifyCertStorePEM(other.certPEM()))
	c, s := pair(t, client, certified(t, id))
	shake(c, s)
	wantVerify(t, c, libssl.VerifyErrUnableToGetIssuerLocal)
	for name, err := range map[string]error{
		"nil": client.AddCA(nil), "DER": client.AddCADER([]byte("x")), "empty store": client.SetVerifyCertStorePEM(nil), "chain store": client.SetChainCertStorePEM([]byte("x")),
		"too long": client.AddCADER(make([]byte, 1<<20+1)),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// The paths that OpenSSL was built with, which the environment replaces. It reads them at the moment of the call.
func TestDefaultVerifyPaths(t *testing.T) {
	ca := authority(t)
	id := issue(t, ca, "leaf", false, time.Now().Add(time.Hour))
	t.Setenv("SSL_CERT_FILE", tempFile(t, ca.certPEM()))
	t.Setenv("SSL_CERT_DIR", hashed(t, ca.cert))
	for name, set := range map[string]func(*libssl.Ctx) error{
		"file": (*libssl.Ctx).SetDefaultVerifyFile, "dir": (*libssl.Ctx).SetDefaultVerifyDir,
	} {
		client := clientCtx(t, 0)
		client.SetVerify(libssl.VerifyPeer)
		must(t, set(client))
		c, s := pair(t, client, certified(t, id))
		shake(c, s)
		if c.VerifyResult() != libssl.VerifyOK {
			t.Errorf("%s: %s", name, libssl.VerifyErrorString(c.VerifyResult()))
		}
	}
}
