package libssl_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

const aes128 = 0x1301 // TLS_AES_128_GCM_SHA256

func TestCipher(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, 0)
	must(t, client.SetCiphersuites("TLS_AES_128_GCM_SHA256"))
	c, s := pair(t, client, server)
	if c.CurrentCipher() != (libssl.Cipher{}) || c.PendingCipher() != (libssl.Cipher{}) {
		t.Error("a cipher before the handshake")
	}
	finish(t, c, s)
	cipher := c.CurrentCipher()
	if cipher != s.CurrentCipher() || cipher != c.PendingCipher() || cipher != c.CipherFind(aes128) {
		t.Error("the sides have different ciphers")
	}
	secret, algorithm := cipher.Bits()
	got := []any{
		cipher.Name(), cipher.StandardName(), cipher.ID(), cipher.ProtocolID(), secret, algorithm, cipher.Version(), cipher.CipherNID(), cipher.DigestNID(),
		cipher.KxNID(), cipher.AuthNID(), cipher.IsAEAD(),
	}
	const nidAES128GCM, nidKxAny, nidAuthAny = 895, 1063, 1064
	want := []any{
		"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", uint32(0x03001301), uint16(aes128), 128, 128, "TLSv1.3", nidAES128GCM, 0,
		nidKxAny, nidAuthAny, true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := cipher.Description(); !strings.HasPrefix(d, "TLS_AES_128_GCM_SHA256  TLSv1.3 Kx=any") || !strings.HasSuffix(d, "\n") {
		t.Errorf("description %q", d)
	}
	cbc := c.CipherFind(0xc023)
	if cbc.Name() != "ECDHE-ECDSA-AES128-SHA256" || cbc.IsAEAD() || cbc.DigestNID() != libssl.NIDSHA256 || cbc.Version() != "TLSv1.2" {
		t.Errorf("%s: %d, %s", cbc.Name(), cbc.DigestNID(), cbc.Version())
	}
	if c.CipherFind(0xffff) != (libssl.Cipher{}) {
		t.Error("a cipher without number")
	}
}

func TestCipherNone(t *testing.T) {
	var none libssl.Cipher
	secret, algorithm := none.Bits()
	got := []any{
		none.Name(), none.StandardName(), none.ID(), none.ProtocolID(), secret, algorithm, none.Version(), none.CipherNID(), none.DigestNID(),
		none.KxNID(), none.AuthNID(), none.IsAEAD(), none.Description(),
	}
	want := []any{"(NONE)", "(NONE)", uint32(0), uint16(0), 0, 0, "(NONE)", 0, 0, 0, 0, false, ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCipherName(t *testing.T) {
	for standard, want := range map[string]string{
		"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256": "ECDHE-ECDSA-AES128-SHA256", "no such": "(NONE)", "a\x00b": "(NONE)",
	} {
		if got := libssl.CipherName(standard); got != want {
			t.Errorf("%q: %q", standard, got)
		}
	}
}

func names(ciphers []libssl.Cipher) (names []string) {
	for _, c := range ciphers {
		names = append(names, c.Name())
	}
	return names
}

// The lists of both sides, before and after the handshake.
func TestCiphers(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	for _, ctx := range []*libssl.Ctx{client, server} {
		must(t, ctx.SetCiphersuites(""))
	}
	const a, b, d = "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
	must(t, client.SetCipherList(a+":"+b))
	must(t, server.SetCipherList(b+":"+d))
	c, s := pair(t, client, server)
	if s.SharedCiphers() != "" || s.ClientCiphers() != nil {
		t.Error("ciphers of a client that has not come")
	}
	finish(t, c, s)
	for what, list := range map[string]struct{ got, want []string }{
		"client":    {names(client.Ciphers()), []string{a, b}},
		"of SSL":    {names(c.Ciphers()), []string{a, b}},
		"supported": {names(c.SupportedCiphers()), []string{a, b}},
		"by number": {[]string{c.CipherList(0), c.CipherList(1), c.CipherList(2), c.CipherList(-1)}, []string{a, b, "", ""}},
		"received":  {names(s.ClientCiphers()), []string{a, b}},
		"shared":    {strings.Split(s.SharedCiphers(), ":"), []string{b}},
		"agreed":    {[]string{c.CurrentCipher().Name()}, []string{b}},
	} {
		if diff := cmp.Diff(list.want, list.got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	must(t, client.SetMinProtoVersion(libssl.VersionTLS12))
	ssl := newSSL(t, client)
	ssl.SetMaxProtoVersion(libssl.VersionTLS11)
	ssl.SetMinProtoVersion(libssl.VersionTLS11)
	if got := ssl.SupportedCiphers(); got != nil {
		t.Errorf("ciphers of TLS 1.2 in TLS 1.1: %v", names(got))
	}
}

// libssl writes to the byte before its buffer when there are none.
func TestNoSharedCiphers(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	must(t, server.SetCiphersuites(""))
	must(t, client.SetCipherList("ECDHE-ECDSA-AES128-SHA256"))
	must(t, server.SetCipherList("ECDHE-ECDSA-AES256-SHA384"))
	c, s := pair(t, client, server)
	if shake(c, s) {
		t.Fatal("a handshake without a shared cipher")
	}
	if got := s.SharedCiphers(); got != "" || len(s.ClientCiphers()) != 1 {
		t.Errorf("%q, %d", got, len(s.ClientCiphers()))
	}
}

// Ephemeral keys and groups.
func TestKeyExchange(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		for group, want := range map[string]struct{ nid, bits, group int }{
			"X25519": {libssl.NIDX25519, 253, libssl.NIDX25519}, "P-256": {libssl.NIDEC, 256, libssl.NIDP256}, "P-384": {libssl.NIDEC, 384, libssl.NIDP384},
		} {
			client, server := clientCtx(t, version), serverCtx(t, version)
			must(t, server.SetGroupsList(group+":P-521"))
			must(t, client.SetGroupsList(strings.Replace(group+":P-256", "P-256:P-256", "P-256", 1))) // which the certificate needs
			c, s := connected(t, client, server)
			nid, bits := c.PeerTmpKey()
			if nid != want.nid || bits != want.bits {
				t.Errorf("%s: peer's %d, %d", group, nid, bits)
			}
			wantCurve(t, "peer's", c.PeerTmpKeyDER(), want.group)
			if version == libssl.VersionTLS13 { // TLS 1.2 has thrown it away by now
				if nid, bits := s.TmpKey(); nid != want.nid || bits != want.bits {
					t.Errorf("%s: own %d, %d", group, nid, bits)
				}
				wantCurve(t, "own", s.TmpKeyDER(), want.group)
				if !bytes.Equal(s.TmpKeyDER(), c.PeerTmpKeyDER()) || bytes.Equal(c.TmpKeyDER(), s.TmpKeyDER()) {
					t.Errorf("%s: the server's key is not the one that the client got", group)
				}
			}
			if got := []int{s.SharedGroup(0), s.SharedGroup(1), s.SharedGroup(-1), c.SharedGroup(0)}; !cmp.Equal(got, []int{want.group, 0, want.group, 0}) {
				t.Errorf("%s: shared %v", group, got)
			}
		}
	}
	c, _ := pair(t, clientCtx(t, 0), serverCtx(t, 0))
	if nid, bits := c.PeerTmpKey(); nid != 0 || bits != 0 || c.PeerSignatureNID() != 0 || c.PeerSignatureTypeNID() != 0 || c.SignatureNID() != 0 {
		t.Error("keys and signatures before the handshake")
	}
	if c.PeerTmpKeyDER() != nil || c.TmpKeyDER() != nil {
		t.Error("keys before the handshake")
	}
}

// wantCurve fails the test unless the key is a public one of the group.
func wantCurve(t *testing.T, whose string, der []byte, group int) {
	t.Helper()
	key, err := x509.ParsePKIXPublicKey(der)
	must(t, err)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		curves := map[string]int{"P-256": libssl.NIDP256, "P-384": libssl.NIDP384}
		wantEqual(t, whose+" curve", curves[key.Curve.Params().Name], group)
	case *ecdh.PublicKey:
		wantEqual(t, whose+" curve", libssl.NIDX25519, group)
	default:
		t.Errorf("%s key is a %T", whose, key)
	}
}

// ALPN, by the Ctx and by the SSL; without an answer there is none.
func TestNoALPN(t *testing.T) {
	client := clientCtx(t, 0)
	must(t, client.SetALPNProtos([]byte("\x02h2")))
	for _, bad := range []string{"\x05h2", "\x00"} {
		if client.SetALPNProtos([]byte(bad)) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	wantRefused(t, "too long", 0, 0, client.SetALPNProtos(make([]byte, 1<<20+1)), libssl.ErrTooLong)
	c, s := pair(t, client, serverCtx(t, 0))
	c.DoHandshake()
	hello := make([]byte, 1<<14)
	hello = hello[:c.BIORead(hello)]
	if !bytes.Contains(hello, []byte("\x00\x05\x00\x03\x02h2")) {
		t.Error("the client does not offer h2")
	}
	s.BIOWrite(hello)
	finish(t, c, s)
	if c.ALPNSelected() != nil || s.ALPNSelected() != nil || c.NextProtoNegotiated() != nil {
		t.Error("a protocol was selected")
	}
}

func TestConnectionInfo(t *testing.T) {
	c, s := pair(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, 0))
	if c.ExtmsSupport() != -1 && c.ExtmsSupport() != 0 || c.SecureRenegotiationSupport() || s.ServernameType() != -1 {
		t.Errorf("before: %d, %t, %d", c.ExtmsSupport(), c.SecureRenegotiationSupport(), s.ServernameType())
	}
	c.SetTLSExtHostName("localhost")
	finish(t, c, s)
	if s.ServernameType() != libssl.TLSExtNameTypeHostName || s.ClientVersion() != libssl.VersionTLS12 || c.ExtmsSupport() != 1 ||
		!c.SecureRenegotiationSupport() || c.IsDTLS() || c.DefaultTimeout() != 2*time.Hour {
		t.Errorf("%d, %#x, %d, %t, %t, %v", s.ServernameType(), s.ClientVersion(), c.ExtmsSupport(), c.SecureRenegotiationSupport(), c.IsDTLS(), c.DefaultTimeout())
	}
	if c.PSKIdentity() != "" || c.PSKIdentityHint() != "" {
		t.Error("a PSK identity")
	}
	if c.FD() != -1 || c.RFD() != -1 || c.WFD() != -1 {
		t.Error("a file descriptor of memory")
	}
}

// Reading from one descriptor and writing to another.
func TestRFDWFD(t *testing.T) {
	var in, out [2]int
	must(t, syscall.Pipe(in[:]))
	must(t, syscall.Pipe(out[:]))
	for _, fd := range append(in[:], out[:]...) {
		defer syscall.Close(fd)
		must(t, syscall.SetNonblock(fd, true))
	}
	c := newSSL(t, clientCtx(t, 0))
	if c.SetRFD(in[0]) != 1 || c.SetWFD(out[1]) != 1 {
		t.Fatal(c.LastErrors())
	}
	if c.FD() != in[0] || c.RFD() != in[0] || c.WFD() != out[1] {
		t.Errorf("%d, %d, %d", c.FD(), c.RFD(), c.WFD())
	}
	if n := c.Connect(); c.GetError(n) != libssl.ErrorWantRead {
		t.Fatal(c.Err(n))
	}
	buf := make([]byte, 1<<14)
	if n, err := syscall.Read(out[0], buf); n < 100 || err != nil {
		t.Errorf("the hello has %d bytes: %v", n, err)
	}
}
