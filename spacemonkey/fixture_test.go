package openssl_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/seed-c1436005/libssl/spacemonkey"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantEqual[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// identity is a certificate and its key, in PEM as the API takes them.
type identity struct {
	cert, key []byte
	parsed    *x509.Certificate
	signer    crypto.Signer
}

// issue makes a certificate for a name and 127.0.0.1, signed by issuer or, if that is nil, by itself.
func issue(issuer *identity, key crypto.Signer, name string) *identity {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	check(err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		IsCA: issuer == nil || name == "intermediate", KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageKeyEncipherment,
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.parsed, issuer.signer
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	check(err)
	parsed, err := x509.ParseCertificate(der)
	check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	return &identity{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), parsed, key,
	}
}

func ecdsaKey() crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

var (
	root  = sync.OnceValue(func() *identity { return issue(nil, ecdsaKey(), "root") })
	leaf  = sync.OnceValue(func() *identity { return issue(root(), ecdsaKey(), "localhost") })
	other = sync.OnceValue(func() *identity { return issue(root(), ecdsaKey(), "other.example") })
	inter = sync.OnceValue(func() *identity { return issue(root(), ecdsaKey(), "intermediate") })
	under = sync.OnceValue(func() *identity { return issue(inter(), ecdsaKey(), "localhost") })
	rsaID = sync.OnceValue(func() *identity {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		check(err)
		return issue(inter(), key, "localhost")
	})
)

func (id *identity) certificate(t testing.TB) *openssl.Certificate {
	t.Helper()
	cert, err := openssl.LoadCertificateFromPEM(id.cert)
	must(t, err)
	return cert
}

func (id *identity) privateKey(t testing.TB) openssl.PrivateKey {
	t.Helper()
	key, err := openssl.LoadPrivateKeyFromPEM(id.key)
	must(t, err)
	return key
}

// files returns the identity in files, with other certificates after its own.
func (id *identity) files(t testing.TB, chain ...*identity) (cert, key string) {
	t.Helper()
	text := id.cert
	for _, c := range chain {
		text = append(text[:len(text):len(text)], c.cert...)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	must(t, os.WriteFile(cert, text, 0o600))
	must(t, os.WriteFile(key, id.key, 0o600))
	return cert, key
}

// clientCtx trusts root.
func clientCtx(t testing.TB, version openssl.SSLVersion) *openssl.Ctx {
	t.Helper()
	ctx, err := openssl.NewCtxWithVersion(version)
	must(t, err)
	must(t, ctx.GetCertificateStore().LoadCertificatesFromPEM(root().cert))
	ctx.SetVerify(openssl.VerifyPeer, nil)
	return ctx
}

// serverCtx has the identity of leaf.
func serverCtx(t testing.TB, version openssl.SSLVersion) *openssl.Ctx {
	t.Helper()
	ctx, err := openssl.NewCtxWithVersion(version)
	must(t, err)
	must(t, ctx.UseCertificate(leaf().certificate(t)))
	must(t, ctx.UsePrivateKey(leaf().privateKey(t)))
	return ctx
}

// serve handles connections until the test ends, and waits for them. It returns the address.
func serve(t testing.TB, l net.Listener, handle func(net.Conn)) string {
	t.Helper()
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Add(1)
			go func() {
				defer running.Done()
				defer c.Close()
				handle(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); running.Wait() })
	return l.Addr().String()
}

// listen serves with our package; handle may be nil, to read until the client closes.
func listen(t testing.TB, ctx *openssl.Ctx, handle func(net.Conn)) string {
	t.Helper()
	l, err := openssl.Listen("tcp", "127.0.0.1:0", ctx)
	must(t, err)
	if handle == nil {
		handle = drain
	}
	return serve(t, l, handle)
}

func drain(c net.Conn) { io.Copy(io.Discard, c) }

// echo returns what it reads.
func echo(c net.Conn) { io.Copy(c, c) }

// dial connects, and closes at the end of the test.
func dial(t testing.TB, addr string, ctx *openssl.Ctx, session []byte) *openssl.Conn {
	t.Helper()
	c, err := openssl.DialSession("tcp", addr, ctx, 0, session)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}
