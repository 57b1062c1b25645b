package libssl_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// identity is a certificate and its key. One with a CA's certificate can issue others.
type identity struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes an identity that lasts until end, certified by issuer, or by itself if issuer is nil.
func issue(t testing.TB, issuer *identity, name string, ca bool, end time.Time) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	if issuer == nil {
		issuer = &identity{key: key}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: end, BasicConstraintsValid: true, IsCA: ca,
	}
	parent := issuer.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, issuer.key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &identity{cert, key}
}

func (i *identity) certPEM() []byte { return pemOf("CERTIFICATE", i.cert.Raw) }

// keyDER returns the key in both of its forms.
func (i *identity) keyDER(t testing.TB) (pkcs8, traditional []byte) {
	t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(i.key)
	must(t, err)
	traditional, err = x509.MarshalECPrivateKey(i.key)
	must(t, err)
	return pkcs8, traditional
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// encrypted returns a block that says that it is encrypted: enough to make OpenSSL ask for a password.
func encrypted(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der, Headers: map[string]string{
		"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,000102030405060708090A0B0C0D0E0F",
	}})
}

// tempFile writes b to a file of the test.
func tempFile(t testing.TB, b []byte) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	_, err = f.Write(b)
	must(t, err)
	must(t, f.Close())
	return f.Name()
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return b
}

// hashed returns a directory in which OpenSSL finds the certificate by the hash of its subject, a lone common name.
func hashed(t testing.TB, cert *x509.Certificate) string {
	t.Helper()
	// The canonical form: UTF-8, lower case, without the outer SEQUENCE.
	name := struct {
		Type  asn1.ObjectIdentifier
		Value string `asn1:"utf8"`
	}{asn1.ObjectIdentifier{2, 5, 4, 3}, strings.ToLower(cert.Subject.CommonName)}
	attribute, err := asn1.Marshal(name)
	must(t, err)
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attribute})
	must(t, err)
	h := sha1.Sum(set)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02x%02x%02x%02x.0", h[3], h[2], h[1], h[0])), pemOf("CERTIFICATE", cert.Raw), 0o600))
	return dir
}

// certified returns a server's Ctx with an identity and nothing else.
func certified(t testing.TB, id *identity) *libssl.Ctx {
	t.Helper()
	ctx := ctxOf(t, libssl.TLSServerMethod())
	must(t, ctx.UseCertificateDER(id.cert.Raw))
	pkcs8, _ := id.keyDER(t)
	must(t, ctx.UsePrivateKeyDER(pkcs8))
	must(t, ctx.SetSessionIDContext([]byte("test")))
	return ctx
}

// X509_V_ERR_ numbers.
const (
	errExpired       = 10
	errNoLocalIssuer = 20
	errSelfSigned    = 18
)

func TestCtxVerify(t *testing.T) {
	later := time.Now().Add(time.Hour)
	ca, stranger := issue(t, nil, "libssl root", true, later), issue(t, nil, "stranger", true, later)
	good := certified(t, issue(t, ca, "localhost", false, later))
	expired := certified(t, issue(t, ca, "localhost", false, time.Now().Add(-time.Minute)))
	self := certified(t, issue(t, nil, "localhost", false, later))
	for _, c := range []struct {
		name   string
		trust  func(*libssl.Ctx) error
		server *libssl.Ctx
		result int
	}{
		{"file", func(c *libssl.Ctx) error { return c.LoadVerifyLocations(tempFile(t, ca.certPEM()), "") }, good, libssl.VerifyOK},
		{"dir", func(c *libssl.Ctx) error { return c.LoadVerifyLocations("", hashed(t, ca.cert)) }, good, libssl.VerifyOK},
		{"file and dir", func(c *libssl.Ctx) error {
			return c.LoadVerifyLocations(tempFile(t, stranger.certPEM()), hashed(t, ca.cert))
		}, good, libssl.VerifyOK},
		{"PEM", func(c *libssl.Ctx) error { return c.AddCAPEM(ca.certPEM()) }, good, libssl.VerifyOK},
		{"second in PEM", func(c *libssl.Ctx) error {
			return c.AddCAPEM(append(append(stranger.certPEM(), "text between\n"...), ca.certPEM()...))
		}, good, libssl.VerifyOK},
		{"default paths", func(c *libssl.Ctx) error {
			t.Setenv("SSL_CERT_FILE", tempFile(t, ca.certPEM()))
			return c.SetDefaultVerifyPaths()
		}, good, libssl.VerifyOK},
		{"nothing", func(*libssl.Ctx) error { return nil }, good, errNoLocalIssuer},
		{"stranger", func(c *libssl.Ctx) error { return c.AddCAPEM(stranger.certPEM()) }, good, errNoLocalIssuer},
		{"wrong dir", func(c *libssl.Ctx) error { return c.LoadVerifyLocations("", hashed(t, stranger.cert)) }, good, errNoLocalIssuer},
		{"expired", func(c *libssl.Ctx) error { return c.AddCAPEM(ca.certPEM()) }, expired, errExpired},
		{"self-signed", func(c *libssl.Ctx) error { return c.AddCAPEM(ca.certPEM()) }, self, errSelfSigned},
	} {
		for _, mode := range []int{libssl.VerifyPeer, libssl.VerifyNone} {
			client := clientCtx(t, 0)
			client.SetVerify(mode)
			must(t, c.trust(client))
			a, b := pair(t, client, c.server)
			if mode == libssl.VerifyNone || c.result == libssl.VerifyOK {
				wantEqual(t, c.name+": handshake", shake(a, b), true)
			} else {
				clientSays, serverSays := refusal(t, a, b)
				wantText(t, c.name, clientSays, "certificate verify failed")
				wantText(t, c.name, serverSays, "alert")
			}
			wantEqual(t, c.name+": VerifyResult", a.VerifyResult(), c.result)
		}
	}
}

// TestCtxVerifyClient: the server's side of it.
func TestCtxVerifyClient(t *testing.T) {
	for _, c := range []struct {
		cert, want bool
		mode       int
	}{
		{false, true, libssl.VerifyPeer},
		{false, false, libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert},
		{true, true, libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert},
	} {
		client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
		server.SetVerify(c.mode)
		must(t, server.AddCAPEM(readFile(t, testdata+"ca.pem")))
		if c.cert {
			must(t, client.UseCertificatePEM(readFile(t, testdata+"client.pem")))
			must(t, client.UsePrivateKeyPEM(readFile(t, testdata+"client.key")))
		}
		a, b := pair(t, client, server)
		wantEqual(t, fmt.Sprint(c), shake(a, b), c.want)
	}
}

// TestCtxCertificate loads one identity in every way, and a client verifies it.
func TestCtxCertificate(t *testing.T) {
	ca := issue(t, nil, "libssl root", true, time.Now().Add(time.Hour))
	id := issue(t, ca, "localhost", false, time.Now().Add(time.Hour))
	pkcs8, traditional := id.keyDER(t)
	const asPEM, asDER = libssl.FiletypePEM, libssl.FiletypeASN1
	certs := map[string]func(*libssl.Ctx) error{
		"file PEM":   func(c *libssl.Ctx) error { return c.UseCertificateFile(tempFile(t, id.certPEM()), asPEM) },
		"file DER":   func(c *libssl.Ctx) error { return c.UseCertificateFile(tempFile(t, id.cert.Raw), asDER) },
		"chain file": func(c *libssl.Ctx) error { return c.UseCertificateChainFile(tempFile(t, id.certPEM())) },
		"DER":        func(c *libssl.Ctx) error { return c.UseCertificateDER(id.cert.Raw) },
		"PEM":        func(c *libssl.Ctx) error { return c.UseCertificatePEM(id.certPEM()) },
	}
	keys := map[string]func(*libssl.Ctx) error{
		"file PEM":        func(c *libssl.Ctx) error { return c.UsePrivateKeyFile(tempFile(t, pemOf("PRIVATE KEY", pkcs8)), asPEM) },
		"file DER":        func(c *libssl.Ctx) error { return c.UsePrivateKeyFile(tempFile(t, traditional), asDER) },
		"PKCS #8":         func(c *libssl.Ctx) error { return c.UsePrivateKeyDER(pkcs8) },
		"traditional":     func(c *libssl.Ctx) error { return c.UsePrivateKeyDER(traditional) },
		"PKCS #8 PEM":     func(c *libssl.Ctx) error { return c.UsePrivateKeyPEM(pemOf("PRIVATE KEY", pkcs8)) },
		"traditional PEM": func(c *libssl.Ctx) error { return c.UsePrivateKeyPEM(pemOf("EC PRIVATE KEY", traditional)) },
	}
	client := clientCtx(t, 0)
	client.SetVerify(libssl.VerifyPeer)
	must(t, client.AddCAPEM(ca.certPEM()))
	for certName, cert := range certs {
		for keyName, key := range keys {
			server := ctxOf(t, libssl.TLSServerMethod())
			wantText(t, "CheckPrivateKey before", server.CheckPrivateKey(), "no certificate assigned")
			must(t, cert(server))
			wantText(t, "CheckPrivateKey without key", server.CheckPrivateKey(), "no private key assigned")
			must(t, key(server))
			must(t, server.CheckPrivateKey())
			a, b := pair(t, client, server)
			if !shake(a, b) || !bytes.Equal(b.CertificateDER(), id.cert.Raw) {
				t.Errorf("certificate by %s, key by %s: %v", certName, keyName, a.LastErrors())
			}
		}
	}
}

func TestCtxChain(t *testing.T) {
	later := time.Now().Add(time.Hour)
	root := issue(t, nil, "libssl root", true, later)
	middle := issue(t, root, "middle", true, later)
	leaf := issue(t, middle, "localhost", false, later)
	both := append(leaf.certPEM(), middle.certPEM()...)
	client := clientCtx(t, 0)
	client.SetVerify(libssl.VerifyPeer)
	must(t, client.AddCAPEM(root.certPEM()))
	for _, c := range []struct {
		name   string
		load   func(*libssl.Ctx) error
		result int
	}{
		{"leaf alone", func(c *libssl.Ctx) error { return c.UseCertificatePEM(leaf.certPEM()) }, errNoLocalIssuer},
		{"first of a file", func(c *libssl.Ctx) error { return c.UseCertificateFile(tempFile(t, both), libssl.FiletypePEM) }, errNoLocalIssuer},
		{"chain file", func(c *libssl.Ctx) error { return c.UseCertificateChainFile(tempFile(t, both)) }, libssl.VerifyOK},
		{"PEM", func(c *libssl.Ctx) error { return c.UseCertificatePEM(both) }, libssl.VerifyOK},
		{"PEM, then leaf alone", func(c *libssl.Ctx) error {
			must(t, c.UseCertificatePEM(both))
			return c.UseCertificatePEM(leaf.certPEM()) // the old chain must go
		}, errNoLocalIssuer},
	} {
		server := ctxOf(t, libssl.TLSServerMethod())
		must(t, c.load(server))
		pkcs8, _ := leaf.keyDER(t)
		must(t, server.UsePrivateKeyDER(pkcs8))
		a, b := pair(t, client, server)
		wantEqual(t, c.name, shake(a, b), c.result == libssl.VerifyOK)
		wantEqual(t, c.name, a.VerifyResult(), c.result)
	}
}

// TestCtxWeakChain: an issuer whose key is too short for the security level is an error.
func TestCtxWeakChain(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	weak := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "weak"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, weak, weak, &key.PublicKey, key)
	must(t, err)
	ctx := ctxOf(t, libssl.TLSServerMethod())
	chain := append(readFile(t, testdata+"server.pem"), pemOf("CERTIFICATE", der)...)
	must(t, ctx.SetCipherList("ALL:@SECLEVEL=1"))
	must(t, ctx.UseCertificatePEM(chain))
	must(t, ctx.SetCipherList("ALL:@SECLEVEL=2"))
	wantText(t, "UseCertificatePEM", ctx.UseCertificatePEM(chain), "ca key too small")
}

func TestCtxKeyThatDoesNotFit(t *testing.T) {
	later := time.Now().Add(time.Hour)
	one, two := issue(t, nil, "one", false, later), issue(t, nil, "two", false, later)
	pkcs8, _ := two.keyDER(t)
	// C forgets the certificate then, so that each way needs a new Ctx.
	wantText(t, "UsePrivateKeyDER", certified(t, one).UsePrivateKeyDER(pkcs8), "key values mismatch")
	wantText(t, "UsePrivateKeyPEM", certified(t, one).UsePrivateKeyPEM(pemOf("PRIVATE KEY", pkcs8)), "key values mismatch")
	wantText(t, "UsePrivateKeyFile", certified(t, one).UsePrivateKeyFile(tempFile(t, pkcs8), libssl.FiletypeASN1), "key values mismatch")
	// The other way round C takes the certificate and forgets the key.
	ctx := certified(t, one)
	must(t, ctx.CheckPrivateKey())
	must(t, ctx.UseCertificateDER(two.cert.Raw))
	wantText(t, "CheckPrivateKey", ctx.CheckPrivateKey(), "no private key assigned")
}

// badInputs are what each loader must answer with an error. name is not a file.
func badInputs(ctx *libssl.Ctx, name string, content []byte) map[string]error {
	return map[string]error{
		"UseCertificateFile":      ctx.UseCertificateFile(name, libssl.FiletypePEM),
		"UseCertificateFile DER":  ctx.UseCertificateFile(name, libssl.FiletypeASN1),
		"UseCertificateChainFile": ctx.UseCertificateChainFile(name),
		"UsePrivateKeyFile":       ctx.UsePrivateKeyFile(name, libssl.FiletypePEM),
		"UsePrivateKeyFile DER":   ctx.UsePrivateKeyFile(name, libssl.FiletypeASN1),
		"LoadVerifyLocations":     ctx.LoadVerifyLocations(name, ""),
		"UseCertificateDER":       ctx.UseCertificateDER(content),
		"UseCertificatePEM":       ctx.UseCertificatePEM(content),
		"UsePrivateKeyDER":        ctx.UsePrivateKeyDER(content),
		"UsePrivateKeyPEM":        ctx.UsePrivateKeyPEM(content),
		"AddCAPEM":                ctx.AddCAPEM(content),
	}
}

func TestCtxBadInputs(t *testing.T) {
	ctx := ctxOf(t, libssl.TLSMethod())
	cert := readFile(t, testdata+"server.pem")
	cut := append(bytes.Clone(cert), cert[:len(cert)/2]...) // a good one, then half a one
	for _, content := range [][]byte{nil, {}, []byte("garbage"), cert[:len(cert)/2]} {
		for what, err := range badInputs(ctx, tempFile(t, content), content) {
			wantText(t, what, err, "error:")
			if strings.Contains(err.Error(), "passed a null parameter") { // what came of a failed call was used
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	for what, err := range badInputs(ctx, "", nil) {
		if strings.Contains(what, "PEM") {
			wantText(t, what, err, ": error:2007E073:BIO routines:BIO_new_mem_buf:null parameter")
			wantEqual(t, what+": nothing follows", strings.Count(err.Error(), "error:"), 1)
		}
	}
	for what, err := range badInputs(ctx, filepath.Join(t.TempDir(), "none"), []byte("garbage")) {
		if strings.Contains(what, "File") || what == "LoadVerifyLocations" {
			wantText(t, what, err, "No such file or directory")
		}
	}
	wantText(t, "half a chain", ctx.UseCertificatePEM(cut), "PEM")
	wantText(t, "half a list", ctx.AddCAPEM(cut), "PEM")
	wantText(t, "file type", ctx.UseCertificateFile(testdata+"server.pem", 7), "bad ssl filetype")
	wantText(t, "no locations", ctx.LoadVerifyLocations("", ""), "SSL_CTX_load_verify_locations failed; OpenSSL gave no reason")
	wantText(t, "id context", ctx.SetSessionIDContext(make([]byte, 33)), "session id context too long")
	must(t, ctx.SetSessionIDContext(make([]byte, 32)))
	must(t, ctx.SetSessionIDContext(nil))
}

func TestCtxRefusedInputs(t *testing.T) {
	ctx := ctxOf(t, libssl.TLSMethod())
	name := testdata + "server.pem\x00.txt" // C would see a good file
	for what, err := range map[string]error{
		"SetCipherList":           ctx.SetCipherList("ALL\x00"),
		"SetCiphersuites":         ctx.SetCiphersuites("\x00"),
		"SetGroupsList":           ctx.SetGroupsList("X25519\x00"),
		"SetSRPUsername":          ctx.SetSRPUsername("a\x00b"),
		"SetSRPPassword":          ctx.SetSRPPassword("a\x00b"),
		"UseCertificateFile":      ctx.UseCertificateFile(name, libssl.FiletypePEM),
		"UseCertificateChainFile": ctx.UseCertificateChainFile(name),
		"UsePrivateKeyFile":       ctx.UsePrivateKeyFile(name, libssl.FiletypePEM),
		"LoadVerifyLocations":     ctx.LoadVerifyLocations(name, ""),
		"LoadVerifyLocations dir": ctx.LoadVerifyLocations(testdata+"ca.pem", name),
	} {
		wantIs(t, what, err, libssl.ErrNUL)
	}
	huge := make([]byte, 1<<20+1)
	for what, f := range map[string]func([]byte) error{
		"UseCertificateDER": ctx.UseCertificateDER, "UseCertificatePEM": ctx.UseCertificatePEM,
		"UsePrivateKeyDER": ctx.UsePrivateKeyDER, "UsePrivateKeyPEM": ctx.UsePrivateKeyPEM,
		"AddCAPEM": ctx.AddCAPEM, "SetSessionIDContext": ctx.SetSessionIDContext,
	} {
		wantIs(t, what, f(huge), libssl.ErrTooLong)
		if err := f(huge[1:]); err == nil {
			t.Errorf("%s takes a megabyte of zeros", what)
		} else {
			wantText(t, what, err, "error:")
		}
	}
}

// TestCtxEncrypted: a password is asked of nobody. The test runs once more in a child with a terminal, on which nothing may appear.
func TestCtxEncrypted(t *testing.T) {
	id := issue(t, nil, "one", false, time.Now().Add(time.Hour))
	_, traditional := id.keyDER(t)
	pkcs8, err := asn1.Marshal(struct { // an EncryptedPrivateKeyInfo
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}}, traditional})
	must(t, err)
	ctx := ctxOf(t, libssl.TLSMethod())
	ssl := newSSL(t, ctx)
	for _, key := range [][]byte{encrypted("EC PRIVATE KEY", traditional), pemOf("ENCRYPTED PRIVATE KEY", pkcs8)} {
		wantText(t, "UsePrivateKeyPEM", ctx.UsePrivateKeyPEM(key), "bad password read")
		wantText(t, "UsePrivateKeyFile", ctx.UsePrivateKeyFile(tempFile(t, key), libssl.FiletypePEM), "bad password read")
	}
	cert := encrypted("CERTIFICATE", id.cert.Raw)
	wantText(t, "UseCertificatePEM", ctx.UseCertificatePEM(cert), "bad password read")
	wantText(t, "AddCAPEM", ctx.AddCAPEM(cert), "bad password read")
	wantText(t, "UseCertificateFile", ctx.UseCertificateFile(tempFile(t, cert), libssl.FiletypePEM), "bad password read")
	wantText(t, "UseCertificateChainFile", ctx.UseCertificateChainFile(tempFile(t, cert)), "bad password read")
	wantEqual(t, "SSL.UseCertificateFile", ssl.UseCertificateFile(tempFile(t, cert), libssl.FiletypePEM), 0)
	wantText(t, "SSL.UseCertificateFile", ssl.LastErrors(), "bad password read")
	_, err = libssl.ParseSessionPEM(encrypted("SSL SESSION PARAMETERS", []byte("x")))
	wantText(t, "ParseSessionPEM", err, "bad password read")

	if os.Getenv("LIBSSL_TEST_TERMINAL") == "" {
		out := onTerminal(t, "TestCtxEncrypted")
		if bytes.Contains(out, []byte("Enter")) || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("the terminal shows:\n%s", out)
		}
	}
}

// onTerminal runs a test in a child whose terminal is a new one, types a line, and returns what appeared on it.
func onTerminal(t *testing.T, test string) []byte {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminal here: ", err)
	}
	defer master.Close()
	var n, unlock int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCGPTN: &n, syscall.TIOCSPTLCK: &unlock} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Skip("no pseudo-terminal here: ", errno)
		}
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.count=1", "-test.timeout=20s")
	cmd.Env = append(os.Environ(), "LIBSSL_TEST_TERMINAL=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, cmd.Start())
	slave.Close()
	fmt.Fprint(master, strings.Repeat("password\n", 20)) // so that a prompt does not hang
	out, _ := io.ReadAll(master)                         // ends with EIO when the child does
	if err := cmd.Wait(); err != nil {
		t.Errorf("on a terminal: %v", err)
	}
	return out
}
