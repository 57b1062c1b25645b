package libssl_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// rsaKey is made once.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// issueFor makes a certificate for any key.
func issueFor(t testing.TB, issuer *identity, name string, key crypto.PublicKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key, issuer.key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

// carrier is what certificates can be given to: a Ctx, or an SSL, whose values become errors.
type carrier struct {
	certDER, keyDER, certPEM, keyPEM, addChain, selectCert, addClientCA, addCA, chainStore, dh func([]byte) error
	keyPassword                                                                                func(pem, password []byte) error
	certFile, keyFile                                                                          func(string, int) error
	chainFile                                                                                  func(string) error
	clientCAs, cas                                                                             func([][]byte) error
	getClientCAs, getCAs, chain                                                                func() [][]byte
	cert                                                                                       func() []byte
	clearChain, check                                                                          func() error
	current                                                                                    func(int) error
	build                                                                                      func(int) (int, error)
}

func ofCtx(c *libssl.Ctx) carrier {
	return carrier{
		c.UseCertificateDER, c.UsePrivateKeyDER, c.UseCertificatePEM, c.UsePrivateKeyPEM, c.AddChainCert, c.SelectCurrentCert, c.AddClientCA, c.AddToCAList,
		c.SetChainCertStorePEM, c.SetTmpDHPEM, c.UsePrivateKeyPEMPassword, c.UseCertificateFile, c.UsePrivateKeyFile, c.UseCertificateChainFile,
		c.SetClientCAList, c.SetCAList, c.ClientCAList, c.CAList, c.ChainCerts, c.CertificateDER, c.ClearChainCerts, c.CheckPrivateKey, c.SetCurrentCert, c.BuildCertChain,
	}
}

func ofSSL(s *libssl.SSL) carrier {
	one := func(f func([]byte) int) func([]byte) error { return func(b []byte) error { return s.Err(f(b)) } }
	file := func(f func(string, int) int) func(string, int) error {
		return func(name string, kind int) error { return s.Err(f(name, kind)) }
	}
	names := func(f func([][]byte) int) func([][]byte) error { return func(b [][]byte) error { return s.Err(f(b)) } }
	none := func(f func() int) func() error { return func() error { return s.Err(f()) } }
	return carrier{
		one(s.UseCertificateDER), one(s.UsePrivateKeyDER), one(s.UseCertificatePEM), one(s.UsePrivateKeyPEM), one(s.AddChainCert), one(s.SelectCurrentCert),
		one(s.AddClientCA), one(s.AddToCAList), one(s.SetChainCertStorePEM), one(s.SetTmpDHPEM),
		func(pem, password []byte) error { return s.Err(s.UsePrivateKeyPEMPassword(pem, password)) },
		file(s.UseCertificateFile), file(s.UsePrivateKeyFile), func(name string) error { return s.Err(s.UseCertificateChainFile(name)) },
		names(s.SetClientCAList), names(s.SetCAList), s.ClientCAList, s.CAList, s.ChainCerts, s.CertificateDER, none(s.ClearChainCerts), none(s.CheckPrivateKey),
		func(op int) error { return s.Err(s.SetCurrentCert(op)) }, func(flags int) (int, error) { n := s.BuildCertChain(flags); return n, s.Err(n) },
	}
}

// eachCarrier runs a test with a server's Ctx, and with an SSL of a Ctx without certificates. connect makes the connection that shows the effect.
func eachCarrier(t *testing.T, version int, f func(t *testing.T, to carrier, connect func(client *libssl.Ctx) (c, s *libssl.SSL))) {
	t.Run("Ctx", func(t *testing.T) {
		ctx := ctxOf(t, libssl.TLSServerMethod())
		f(t, ofCtx(ctx), func(client *libssl.Ctx) (c, s *libssl.SSL) {
			c, s = pair(t, client, ctx)
			shake(c, s)
			return c, s
		})
	})
	t.Run("SSL", func(t *testing.T) {
		ctx := ctxOf(t, libssl.TLSServerMethod())
		ssl := newSSL(t, ctx)
		f(t, ofSSL(ssl), func(client *libssl.Ctx) (c, s *libssl.SSL) {
			c, s = newSSL(t, client), ssl
			s.Clear()
			c.SetMemBIO()
			s.SetMemBIO()
			c.SetConnectState()
			s.SetAcceptState()
			shake(c, s)
			return c, s
		})
	})
}

// wantPeer checks which certificate the client got, and what came with it.
func wantPeer(t *testing.T, c *libssl.SSL, chain ...*x509.Certificate) {
	t.Helper()
	if !c.IsInitFinished() {
		t.Errorf("handshake: %v", c.LastErrors())
		return
	}
	var want [][]byte
	for _, cert := range chain {
		want = append(want, cert.Raw)
	}
	if diff := cmp.Diff(want, c.PeerCertChainDER()); diff != "" {
		t.Error(diff)
	}
	if !bytes.Equal(c.PeerCertificateDER(), want[0]) {
		t.Error("the peer's certificate is not the chain's first")
	}
}

// Every form of certificate and key, and the chain.
func TestMaterial(t *testing.T) {
	ca := authority(t)
	middle := issue(t, ca, "middle", true, time.Now().Add(time.Hour))
	id := issue(t, middle, "leaf", false, time.Now().Add(time.Hour))
	pkcs8, traditional := id.keyDER(t)
	keyPEM := pemOf("PRIVATE KEY", pkcs8)
	both := append(id.certPEM(), middle.certPEM()...)
	eachCarrier(t, 0, func(t *testing.T, to carrier, connect func(*libssl.Ctx) (c, s *libssl.SSL)) {
		if to.cert() != nil {
			t.Error("there is a certificate already")
		}
		for name, load := range map[string]func() error{
			"DER":     func() error { return errors.Join(to.certDER(id.cert.Raw), to.keyDER(pkcs8)) },
			"old DER": func() error { return errors.Join(to.certDER(id.cert.Raw), to.keyDER(traditional)) },
			"PEM":     func() error { return errors.Join(to.certPEM(id.certPEM()), to.keyPEM(keyPEM)) },
			"PEM file": func() error {
				return errors.Join(to.certFile(tempFile(t, id.certPEM()), libssl.FiletypePEM), to.keyFile(tempFile(t, keyPEM), libssl.FiletypePEM))
			},
			"DER file": func() error {
				return errors.Join(to.certFile(tempFile(t, id.cert.Raw), libssl.FiletypeASN1), to.keyFile(tempFile(t, traditional), libssl.FiletypeASN1))
			},
		} {
			must(t, to.clearChain())
			if err := load(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c, _ := connect(clientCtx(t, 0))
			wantPeer(t, c, id.cert)
			if !bytes.Equal(to.cert(), id.cert.Raw) || to.check() != nil {
				t.Errorf("%s: %x, %v", name, to.cert(), to.check())
			}
		}
		for name, load := range map[string]func() error{
			"PEM":      func() error { return to.certPEM(both) },
			"file":     func() error { return to.chainFile(tempFile(t, both)) },
			"one more": func() error { return errors.Join(to.clearChain(), to.addChain(middle.cert.Raw)) },
		} {
			if err := load(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c, _ := connect(clientCtx(t, 0))
			wantPeer(t, c, id.cert, middle.cert)
			if diff := cmp.Diff([][]byte{middle.cert.Raw}, to.chain()); diff != "" {
				t.Error(diff)
			}
		}
		must(t, to.clearChain())
		if to.chain() != nil {
			t.Error("the chain is not empty")
		}
	})
}

func TestPassword(t *testing.T) {
	pass := []byte("pass\x00word")
	id := issue(t, nil, "leaf", false, time.Now().Add(time.Hour))
	_, traditional := id.keyDER(t)
	//lint:ignore SA1019 OpenSSL reads this form, and no other package writes it
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", traditional, pass, x509.PEMCipherAES128)
	must(t, err)
	key := pem.EncodeToMemory(block)
	eachCarrier(t, 0, func(t *testing.T, to carrier, connect func(*libssl.Ctx) (c, s *libssl.SSL)) {
		must(t, to.certDER(id.cert.Raw))
		for name, err := range map[string]error{
			"none": to.keyPEM(key), "nil": to.keyPassword(key, nil), "empty": to.keyPassword(key, []byte{}), "wrong": to.keyPassword(key, []byte("pass")),
			"long": to.keyPassword(key, make([]byte, 5000)), "too long": to.keyPassword(key, make([]byte, 1<<20+1)),
			"file": to.keyFile(tempFile(t, key), libssl.FiletypePEM),
		} {
			if err == nil {
				t.Errorf("password %s is accepted", name)
			} else if strings.Contains(err.Error(), "pass\x00") {
				t.Errorf("the password is in %q", err)
			}
		}
		must(t, to.keyPassword(key, pass))
		c, _ := connect(clientCtx(t, 0))
		wantPeer(t, c, id.cert)
		must(t, to.keyPassword(pemOf("EC PRIVATE KEY", traditional), pass)) // needs none
	})
}

// One certificate for each kind of key; which is current, and which is sent.
func TestSeveralCertificates(t *testing.T) {
	ca := authority(t)
	middle := issue(t, ca, "middle", true, time.Now().Add(time.Hour))
	ec := issue(t, middle, "EC", false, time.Now().Add(time.Hour))
	key, err := rsaKey()
	must(t, err)
	rsaCert := issueFor(t, ca, "RSA", &key.PublicKey)
	ecKey, _ := ec.keyDER(t)
	eachCarrier(t, 0, func(t *testing.T, to carrier, connect func(*libssl.Ctx) (c, s *libssl.SSL)) {
		must(t, to.certDER(ec.cert.Raw))
		must(t, to.keyDER(ecKey))
		must(t, to.addChain(middle.cert.Raw))
		must(t, to.certDER(rsaCert.Raw))
		must(t, to.keyDER(x509.MarshalPKCS1PrivateKey(key)))
		if !bytes.Equal(to.cert(), rsaCert.Raw) || to.chain() != nil {
			t.Error("the last certificate is not the current one")
		}
		for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
			client := clientCtx(t, version)
			must(t, client.SetSigalgsList("RSA-PSS+SHA256"))
			c, s := connect(client)
			wantPeer(t, c, rsaCert)
			if c.PeerSignatureTypeNID() != libssl.NIDRSAPSS || c.PeerSignatureNID() != libssl.NIDSHA256 || s.SignatureNID() != libssl.NIDSHA256 {
				t.Errorf("signatures %d, %d; %d", c.PeerSignatureTypeNID(), c.PeerSignatureNID(), s.SignatureNID())
			}
			client = clientCtx(t, version)
			must(t, client.SetSigalgsList("ECDSA+SHA256"))
			c, _ = connect(client)
			wantPeer(t, c, ec.cert, middle.cert)
			if c.PeerSignatureTypeNID() != libssl.NIDEC {
				t.Errorf("signature %d", c.PeerSignatureTypeNID())
			}
		}
		for name, want := range map[string]struct {
			move func() error
			cert *x509.Certificate
		}{
			"select": {func() error { return to.selectCert(ec.cert.Raw) }, ec.cert},
			"first":  {func() error { return to.current(libssl.CertSetFirst) }, rsaCert},
			"next": {func() error {
				return errors.Join(to.current(libssl.CertSetFirst), to.current(libssl.CertSetNext))
			}, ec.cert},
		} {
			if err := want.move(); err != nil || !bytes.Equal(to.cert(), want.cert.Raw) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, to.selectCert(ec.cert.Raw))
		if to.current(libssl.CertSetNext) == nil || to.selectCert(middle.cert.Raw) == nil {
			t.Error("a certificate that is not there was selected")
		}
	})
}

// The chain is built from the store, from a store of its own, or from what was added in any order.
func TestBuildCertChain(t *testing.T) {
	ca := authority(t)
	middle := issue(t, ca, "middle", true, time.Now().Add(time.Hour))
	id := issue(t, middle, "leaf", false, time.Now().Add(time.Hour))
	key, _ := id.keyDER(t)
	eachCarrier(t, 0, func(t *testing.T, to carrier, connect func(*libssl.Ctx) (c, s *libssl.SSL)) {
		must(t, to.certDER(id.cert.Raw))
		must(t, to.keyDER(key))
		if n, err := to.build(0); n != 0 || err == nil {
			t.Errorf("built %d from nothing: %v", n, err)
		}
		if n, err := to.build(libssl.BuildChainFlagIgnoreError); n != 2 || err != nil {
			t.Errorf("ignoring errors: %d, %v", n, err)
		}
		must(t, to.chainStore(append(ca.certPEM(), middle.certPEM()...)))
		if n, err := to.build(0); n != 1 || err != nil {
			t.Fatalf("built %d: %v", n, err)
		}
		c, _ := connect(clientCtx(t, 0))
		wantPeer(t, c, id.cert, middle.cert, ca.cert)
		must(t, to.clearChain())
		if n, err := to.build(libssl.BuildChainFlagNoRoot); n != 1 || err != nil {
			t.Fatalf("built %d: %v", n, err)
		}
		c, _ = connect(clientCtx(t, 0))
		wantPeer(t, c, id.cert, middle.cert)
		must(t, to.clearChain())
		must(t, to.addChain(ca.cert.Raw))
		must(t, to.addChain(middle.cert.Raw))
		if n, err := to.build(libssl.BuildChainFlagCheck); n != 1 || err != nil {
			t.Fatalf("built %d: %v", n, err)
		}
		if diff := cmp.Diff([][]byte{middle.cert.Raw, ca.cert.Raw}, to.chain()); diff != "" {
			t.Error(diff)
		}
	})
}

// The names of authorities that a server sends.
func TestCANames(t *testing.T) {
	a, b := issue(t, nil, "a", true, time.Now().Add(time.Hour)), issue(t, nil, "b", true, time.Now().Add(time.Hour))
	nameA, nameB := a.cert.RawSubject, b.cert.RawSubject
	id := issue(t, nil, "leaf", false, time.Now().Add(time.Hour))
	key, _ := id.keyDER(t)
	eachCarrier(t, 0, func(t *testing.T, to carrier, connect func(*libssl.Ctx) (c, s *libssl.SSL)) {
		must(t, to.certDER(id.cert.Raw))
		must(t, to.keyDER(key))
		if to.getCAs() != nil || to.getClientCAs() != nil {
			t.Error("there are names already")
		}
		must(t, to.cas([][]byte{nameA}))
		must(t, to.addCA(b.cert.Raw))
		if diff := cmp.Diff([][]byte{nameA, nameB}, to.getCAs()); diff != "" {
			t.Error(diff)
		}
		must(t, to.clientCAs([][]byte{nameB}))
		must(t, to.addClientCA(a.cert.Raw))
		if diff := cmp.Diff([][]byte{nameB, nameA}, to.getClientCAs()); diff != "" {
			t.Error(diff)
		}
		for name, err := range map[string]error{
			"names": to.cas([][]byte{nameA, []byte("x")}), "client names": to.clientCAs([][]byte{[]byte("x")}), "cert": to.addCA(nil), "client cert": to.addClientCA([]byte("x")),
			"too long": to.cas([][]byte{make([]byte, 1<<20+1)}),
		} {
			if err == nil {
				t.Errorf("%s are accepted", name)
			}
		}
		if diff := cmp.Diff([][]byte{nameB, nameA}, to.getClientCAs()); diff != "" {
			t.Error(diff)
		}
		must(t, to.clientCAs(nil))
		must(t, to.cas(nil))
		if to.getCAs() != nil || to.getClientCAs() != nil {
			t.Error("names are left")
		}
	})
}

// What the client learns of them, and the other way round.
func TestCANamesSent(t *testing.T) {
	a, b := issue(t, nil, "a", true, time.Now().Add(time.Hour)), issue(t, nil, "b", true, time.Now().Add(time.Hour))
	server := serverCtx(t, 0)
	server.SetVerify(libssl.VerifyPeer)
	must(t, server.AddClientCAPEM(append(a.certPEM(), b.certPEM()...)))
	want := [][]byte{a.cert.RawSubject, b.cert.RawSubject}
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client := clientCtx(t, version)
		must(t, client.SetCAList([][]byte{b.cert.RawSubject}))
		c, s := connected(t, client, server)
		if diff := cmp.Diff(want, c.PeerCAList()); diff != "" {
			t.Errorf("%#x: %s", version, diff)
		}
		if diff := cmp.Diff(want, c.ClientCAList()); diff != "" {
			t.Errorf("%#x: %s", version, diff)
		}
		if version == libssl.VersionTLS13 { // TLS 1.2 has no place for the client's
			if diff := cmp.Diff([][]byte{b.cert.RawSubject}, s.PeerCAList()); diff != "" {
				t.Error(diff)
			}
		}
	}
	for name, pem := range map[string][]byte{"nothing": nil, "no certificate": []byte("x"), "bad": pemOf("CERTIFICATE", []byte("x"))} {
		if server.AddClientCAPEM(pem) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// A certificate of one SSL, and none.
func TestCertsClear(t *testing.T) {
	server := serverCtx(t, 0)
	c, s := pair(t, clientCtx(t, 0), server)
	if s.CertificateDER() == nil || s.CheckPrivateKey() != 1 {
		t.Fatal("no certificate")
	}
	s.CertsClear()
	if s.CertificateDER() != nil || s.CheckPrivateKey() != 0 || server.CertificateDER() == nil {
		t.Error("the certificate is still there, or that of the Ctx is gone")
	}
	if shake(c, s) {
		t.Error("a handshake without certificates")
	}
}

// Files that are not there, bytes that are none.
func TestMaterialErrors(t *testing.T) {
	bad := []byte("bad")
	eachCarrier(t, 0, func(t *testing.T, to carrier, _ func(*libssl.Ctx) (c, s *libssl.SSL)) {
		for name, err := range map[string]error{
			"certDER": to.certDER(bad), "keyDER": to.keyDER(bad), "certPEM": to.certPEM(bad), "keyPEM": to.keyPEM(bad), "addChain": to.addChain(bad),
			"selectCert": to.selectCert(bad), "chainStore": to.chainStore(bad), "dh": to.dh(bad), "check": to.check(),
			"certFile": to.certFile(os.DevNull, libssl.FiletypePEM), "keyFile": to.keyFile("/nowhere", libssl.FiletypePEM), "chainFile": to.chainFile("/nowhere"),
			"current": to.current(libssl.CertSetFirst),
		} {
			var stack libssl.ErrorStack
			if !errors.As(err, &stack) || stack.Refused != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, err := range map[string]error{"certFile": to.certFile("a\x00", 1), "keyFile": to.keyFile("a\x00", 1), "chainFile": to.chainFile("a\x00")} {
			wantRefused(t, name, 0, 0, err, libssl.ErrNUL)
		}
		wantRefused(t, "certDER", 0, 0, to.certDER(make([]byte, 1<<20+1)), libssl.ErrTooLong)
	})
}

// The server's answer to an extension of the client's, which is in the clear in TLS 1.2.
func TestServerinfo(t *testing.T) {
	const answer = "from serverinfo"
	info := append([]byte{0xff, 0x7f, 0, byte(len(answer))}, answer...)
	v2 := append([]byte{0, 0, 1, 0xd0}, info...)
	for name, use := range map[string]func(*libssl.Ctx) error{
		"1": func(c *libssl.Ctx) error { return c.UseServerinfo(1, info) },
		"2": func(c *libssl.Ctx) error { return c.UseServerinfo(2, v2) },
		"file": func(c *libssl.Ctx) error {
			return c.UseServerinfoFile(tempFile(t, pemOf("SERVERINFO FOR EXAMPLE", info)))
		},
	} {
		server := serverCtx(t, libssl.VersionTLS12)
		must(t, use(server))
		c, s := pair(t, clientCtx(t, libssl.VersionTLS12), server)
		c.DoHandshake()
		hello := make([]byte, 1<<14)
		hello = hello[:c.BIORead(hello)]
		s.BIOWrite(withExtension(hello, 0xff7f))
		s.DoHandshake()
		sent := make([]byte, 1<<14)
		sent = sent[:max(s.BIORead(sent), 0)]
		if !bytes.Contains(sent, []byte(answer)) {
			t.Errorf("%s: the server does not answer: %v", name, s.LastErrors())
		}
	}
	server := serverCtx(t, 0)
	for name, err := range map[string]error{
		"short": server.UseServerinfo(1, info[:5]), "version": server.UseServerinfo(3, info), "file": server.UseServerinfoFile("/nowhere"),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	wantRefused(t, "too long", 0, 0, server.UseServerinfo(1, make([]byte, 1<<20+1)), libssl.ErrTooLong)
}

// withExtension returns a record of a ClientHello with one more extension, an empty one. The extensions are the last thing in it.
func withExtension(hello []byte, kind uint16) []byte {
	hello = append(bytes.Clone(hello), byte(kind>>8), byte(kind), 0, 0)
	grow := func(i int) {
		n := int(hello[i])<<8 + int(hello[i+1]) + 4
		hello[i], hello[i+1] = byte(n>>8), byte(n)
	}
	grow(3) // the record
	grow(7) // the message, whose length has three bytes
	i := 5 + 4 + 2 + 32
	i += 1 + int(hello[i])                      // session id
	i += 2 + int(hello[i])<<8 + int(hello[i+1]) // ciphers
	i += 1 + int(hello[i])                      // compression methods
	grow(i)
	return hello
}
