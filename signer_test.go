package libssl_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// recorder is a Signer that tells what it was asked, and may answer otherwise than its key.
type recorder struct {
	crypto.Signer
	asked  []crypto.SignerOpts
	answer func(sig []byte) ([]byte, error)
}

func (r *recorder) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	r.asked = append(r.asked, opts)
	if len(digest) != opts.HashFunc().Size() {
		return nil, errors.New("this is no digest")
	}
	sig, err := r.Signer.Sign(random, digest, opts)
	if r.answer != nil && err == nil {
		return r.answer(sig)
	}
	return sig, err
}

// signed returns a pair whose server has a Signer, set on the Ctx or on the SSL.
func signed(t *testing.T, onCtx bool, version int, key crypto.Signer, sigalgs string) (c, s *libssl.SSL) {
	t.Helper()
	ca := authority(t)
	client, server := clientCtx(t, version), ctxOf(t, libssl.TLSServerMethod())
	client.SetVerify(libssl.VerifyPeer)
	client.SetSecurityLevel(0) // for the digests of old versions
	server.SetSecurityLevel(0)
	must(t, client.AddCA(ca.cert))
	if sigalgs != "" {
		must(t, client.SetSigalgsList(sigalgs))
	}
	must(t, server.UseCertificateDER(issueFor(t, ca, "leaf", key.Public()).Raw))
	if onCtx {
		must(t, server.UseSigner(key))
		must(t, server.CheckPrivateKey())
	}
	c, s = pair(t, client, server)
	if !onCtx {
		must(t, s.Err(s.UseSigner(key)))
		must(t, s.Err(s.CheckPrivateKey()))
	}
	return c, s
}

// The key is in Go; the client verifies what it signs.
func TestSigner(t *testing.T) {
	rsaSigner, err := rsaKey()
	must(t, err)
	for _, test := range []struct {
		name    string
		version int
		sigalgs string
		key     crypto.Signer
		hash    crypto.Hash
		pss     bool
		nid     int
	}{
		{"ECDSA", libssl.VersionTLS13, "ECDSA+SHA256", ecKey(t, elliptic.P256()), crypto.SHA256, false, libssl.NIDEC},
		{"ECDSA", libssl.VersionTLS12, "ECDSA+SHA512", ecKey(t, elliptic.P256()), crypto.SHA512, false, libssl.NIDEC},
		{"P-384", libssl.VersionTLS13, "", ecKey(t, elliptic.P384()), crypto.SHA384, false, libssl.NIDEC},
		{"ECDSA", libssl.VersionTLS11, "", ecKey(t, elliptic.P256()), crypto.SHA1, false, 0},
		{"PSS", libssl.VersionTLS13, "RSA-PSS+SHA384", rsaSigner, crypto.SHA384, true, libssl.NIDRSAPSS},
		{"PSS", libssl.VersionTLS12, "RSA-PSS+SHA256", rsaSigner, crypto.SHA256, true, libssl.NIDRSAPSS},
		{"PKCS1", libssl.VersionTLS12, "RSA+SHA512", rsaSigner, crypto.SHA512, false, libssl.NIDRSA},
		{"PKCS1", libssl.VersionTLS12, "RSA+SHA224", rsaSigner, crypto.SHA224, false, libssl.NIDRSA},
		{"MD5 and SHA-1", libssl.VersionTLS11, "", rsaSigner, crypto.MD5SHA1, false, 0},
	} {
		for _, onCtx := range []bool{true, false} {
			t.Run(test.name, func(t *testing.T) {
				key := &recorder{Signer: test.key}
				c, s := signed(t, onCtx, test.version, key, test.sigalgs)
				finish(t, c, s)
				if c.VerifyResult() != libssl.VerifyOK || test.nid != 0 && c.PeerSignatureTypeNID() != test.nid {
					t.Errorf("result %d, signature %d", c.VerifyResult(), c.PeerSignatureTypeNID())
				}
				if len(key.asked) != 1 || key.asked[0].HashFunc() != test.hash {
					t.Fatalf("asked for %v", key.asked)
				}
				opts, pss := key.asked[0].(*rsa.PSSOptions)
				if pss != test.pss || pss && opts.SaltLength != rsa.PSSSaltLengthEqualsHash {
					t.Errorf("PSS: %t, %+v", pss, opts)
				}
			})
		}
	}
}

// firstError drives a handshake until a side fails, and returns what it said.
func firstError(t *testing.T, c, s *libssl.SSL) (of *libssl.SSL, err error) {
	t.Helper()
	for range 10 {
		for _, ssl := range []*libssl.SSL{c, s} {
			if err := ssl.Err(ssl.DoHandshake()); err != nil && err != libssl.ErrWantRead {
				return ssl, err
			}
			move(c, s)
			move(s, c)
		}
	}
	t.Error("the handshake does not fail")
	return nil, nil
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	return key
}

// The client's key, which signs too.
func TestSignerOfClient(t *testing.T) {
	ca := authority(t)
	key := ecKey(t, elliptic.P256())
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, 0)
		server.SetVerify(libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert)
		must(t, server.AddCA(ca.cert))
		must(t, client.UseCertificateDER(issueFor(t, ca, "client", key.Public()).Raw))
		must(t, client.UseSigner(key))
		_, s := connected(t, client, server)
		if cert, err := s.PeerCertificate(); err != nil || cert.Subject.CommonName != "client" {
			t.Error(cert, err)
		}
	}
}

// An error of the signer, or a signature that is none, fails the handshake and says so.
func TestSignerFails(t *testing.T) {
	rsaSigner, err := rsaKey()
	must(t, err)
	for name, test := range map[string]struct {
		answer func([]byte) ([]byte, error)
		text   string
	}{
		"error":     {func([]byte) ([]byte, error) { return nil, errors.New("the card is not there") }, "the card is not there"},
		"long text": {func([]byte) ([]byte, error) { return nil, errors.New(strings.Repeat("x", 1000)) }, strings.Repeat("x", 199)},
		"empty":     {func([]byte) ([]byte, error) { return nil, nil }, "length"},
		"too long":  {func(sig []byte) ([]byte, error) { return append(sig, make([]byte, 1000)...), nil }, "length"},
		"short":     {func(sig []byte) ([]byte, error) { return sig[:len(sig)-1], nil }, "length"},
	} {
		for _, onCtx := range []bool{true, false} {
			c, s := signed(t, onCtx, libssl.VersionTLS13, &recorder{Signer: rsaSigner, answer: test.answer}, "")
			var e libssl.Error
			side, err := firstError(t, c, s)
			if side != s || !errors.As(err, &e) || e.Lib != "crypto.Signer" || e.Func != "Sign" || e.Reason != "signer failed" || !strings.Contains(e.Data, test.text) || len(e.Data) > 199 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// A wrong signature of the right length is the peer's to find.
	c, s := signed(t, true, libssl.VersionTLS13, &recorder{Signer: rsaSigner, answer: func(sig []byte) ([]byte, error) { sig[9] ^= 1; return sig, nil }}, "")
	if side, err := firstError(t, c, s); side != c || !strings.Contains(err.Error(), "bad signature") {
		t.Error(err)
	}
}

// A panic goes on when the outer call returns.
func TestSignerPanics(t *testing.T) {
	for _, onCtx := range []bool{true, false} {
		c, s := signed(t, onCtx, 0, &recorder{Signer: ecKey(t, elliptic.P256()), answer: func([]byte) ([]byte, error) { panic("card") }}, "")
		var p *libssl.CallbackPanic
		if err, _ := panicOf(func() { shake(c, s) }).(error); !errors.As(err, &p) || p.Value != "card" || p.Callback != "crypto.Signer" {
			t.Errorf("%v", err)
		}
		if n := s.DoHandshake(); n > 0 {
			t.Error("the handshake goes on")
		}
	}
}

// The SSL may be used inside Sign, but not its handshake.
func TestSignerUsesSSL(t *testing.T) {
	var s *libssl.SSL
	var inner error
	version := 0
	key := &recorder{Signer: ecKey(t, elliptic.P256()), answer: func(sig []byte) ([]byte, error) {
		version = s.Version()
		inner = s.Err(s.DoHandshake())
		return sig, nil
	}}
	c, s := signed(t, true, 0, key, "")
	finish(t, c, s)
	if version != libssl.VersionTLS13 || !errors.Is(inner, libssl.ErrInCallback) {
		t.Errorf("%#x, %v", version, inner)
	}
}

// Plain RSA needs decryption: the handshake fails, and nothing else does.
func TestSignerCannotDecrypt(t *testing.T) {
	key, err := rsaKey()
	must(t, err)
	client, server := clientCtx(t, libssl.VersionTLS12), ctxOf(t, libssl.TLSServerMethod())
	must(t, client.SetCipherList("AES128-GCM-SHA256"))
	must(t, server.UseCertificateDER(issueFor(t, authority(t), "leaf", key.Public()).Raw))
	must(t, server.UseSigner(key))
	c, s := pair(t, client, server)
	if side, err := firstError(t, c, s); side != s || !strings.Contains(err.Error(), "missing private key") {
		t.Error(err)
	}
}

// badSigner has a key that C or Go does not know.
type badSigner struct{ public crypto.PublicKey }

func (b badSigner) Public() crypto.PublicKey { return b.public }

func (badSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("unused")
}

func TestSignerRefused(t *testing.T) {
	server := serverCtx(t, 0)
	ssl := newSSL(t, server)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	for name, key := range map[string]crypto.Signer{"nil": nil, "no key": badSigner{"key"}, "Ed25519": ed, "of another certificate": ecKey(t, elliptic.P256())} {
		if err := server.UseSigner(key); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if n := ssl.UseSigner(key); n != 0 || ssl.Err(n) == nil {
			t.Errorf("%s is accepted", name)
		}
		if strings.HasPrefix(name, "n") && ssl.LastErrors().Refused == nil {
			t.Errorf("%s: %v", name, ssl.LastErrors())
		}
	}
}

// The entry in Go dies with the key in C: when another is set, and with the SSL_CTX and the SSLs that have it.
func TestSignerDies(t *testing.T) {
	before := libssl.Leftovers()
	server := ctxOf(t, libssl.TLSServerMethod())
	for range 3 {
		must(t, server.UseSigner(ecKey(t, elliptic.P256())))
	}
	if n := libssl.Leftovers() - before; n != 2 { // the Ctx and one key
		t.Errorf("%d entries", n)
	}
	ssl := newSSL(t, server)
	server.Free()
	if n := libssl.Leftovers() - before; n != 2 {
		t.Errorf("%d entries while an SSL has the key", n)
	}
	ssl.Free()
	if n := libssl.Leftovers() - before; n != 0 {
		t.Errorf("%d entries are left", n)
	}
}

// C may use the key beside libssl: what it says too little for is an error, and a copy has no signer.
func TestSignerKeyInC(t *testing.T) {
	rsaSigner, err := rsaKey()
	must(t, err)
	for _, key := range []crypto.Signer{rsaSigner, ecKey(t, elliptic.P256())} {
		asked := &recorder{Signer: key}
		c, s := signed(t, false, 0, asked, "")
		s.With(func(ssl unsafe.Pointer) {
			ok := ctest.Sign(ssl)
			queue := ctest.Drain()
			if ok || len(asked.asked) != 0 || len(queue) != 1 || !strings.HasPrefix(queue[0].Text, "crypto.Signer:") || !strings.Contains(queue[0].Data, "no name for") {
				t.Errorf("signed: %t, the Signer was asked for %v, %v", ok, asked.asked, queue)
			}
			if _, isEC := key.(*ecdsa.PrivateKey); isEC && !ctest.CopyKey(ssl) {
				t.Errorf("no copy: %v", ctest.Drain())
			}
		})
		finish(t, c, s)
	}
}

// Keys of libssl's own in the same process keep their methods.
func TestSignerBesideKeys(t *testing.T) {
	key, err := rsaKey()
	must(t, err)
	server := serverCtx(t, 0)
	cert := issueFor(t, authority(t), "leaf", key.Public())
	must(t, server.UseCertificateDER(cert.Raw))
	must(t, server.UseSigner(key))
	client := clientCtx(t, 0)
	must(t, client.SetSigalgsList("ECDSA+SHA256")) // the key of the test data
	connected(t, client, server)
	must(t, server.UsePrivateKeyDER(x509.MarshalPKCS1PrivateKey(key)))
	client = clientCtx(t, 0)
	must(t, client.SetSigalgsList("RSA-PSS+SHA256"))
	if c, _ := connected(t, client, server); !bytes.Equal(c.PeerCertificateDER(), cert.Raw) {
		t.Error("another certificate")
	}
}

// A goroutine that sets a key while a callback runs does not keep the callback, and gets a refusal when its handle ends.
func TestSignerDoesNotHoldCallback(t *testing.T) {
	defer libssl.SetStuckAfter(5 * time.Second)() // which ends the wait if nothing else does
	start := time.Now()
	client, server := tlsCtxs(t, 0)
	key := ecKey(t, elliptic.P256())
	done := make(chan libssl.ErrorStack, 1)
	entered := make(chan struct{})
	asked := false
	server.SetInfoCallback(func(ssl *libssl.SSL, _, _ int) {
		if asked {
			return
		}
		asked = true
		go func() {
			ssl.UseSigner(announcing{key, entered})
			done <- ssl.LastErrors()
		}()
		<-entered
	})
	c, s := pair(t, client, server)
	finish(t, c, s)
	wantIs(t, "UseSigner", <-done, libssl.ErrFreed)
	if d := time.Since(start); d >= 5*time.Second {
		t.Errorf("the callback ended after %v", d)
	}
}

// announcing is a key that UseSigner has begun to look at.
type announcing struct {
	crypto.Signer
	entered chan<- struct{}
}

func (a announcing) Public() crypto.PublicKey {
	close(a.entered)
	return a.Signer.Public()
}

// What hangs on certificates outlives the Ctx that it was set on, as in C: they are copied from SSL to SSL.
func TestCopiedCertificatesOutliveCtx(t *testing.T) {
	for _, onCtx := range []bool{true, false} {
		for name, pass := range map[string]func(t *testing.T, from, to *libssl.SSL){
			"copy": func(t *testing.T, from, to *libssl.SSL) { wantEqual(t, "CopySessionID", to.CopySessionID(from), 1) },
			"copy of a copy": func(t *testing.T, from, to *libssl.SSL) {
				between := newSSL(t, clientCtx(t, 0))
				wantEqual(t, "CopySessionID", between.CopySessionID(from), 1)
				wantEqual(t, "CopySessionID", to.CopySessionID(between), 1)
				between.SetSSLCtx(serverCtx(t, 0))
				between.Free()
			},
		} {
			t.Run(name, func(t *testing.T) {
				client, server := tlsCtxs(t, 0)
				key := &recorder{Signer: ecKey(t, elliptic.P256())}
				a := ctxOf(t, libssl.TLSServerMethod())
				called := 0
				a.SetCertCB(func(*libssl.SSL) int { called++; return 1 })
				must(t, a.UseCertificateDER(issueFor(t, authority(t), "leaf", key.Public()).Raw))
				if onCtx {
					must(t, a.UseSigner(key))
				}
				from := newSSL(t, a)
				if !onCtx {
					must(t, from.Err(from.UseSigner(key)))
				}
				c, s := pair(t, client, server)
				pass(t, from, s)
				if s.SetSSLCtx(server) != 1 { // the one that it has: nothing changes
					t.Error(s.LastErrors())
				}
				from.Free()
				a.Free()
				finish(t, c, s)
				if called != 1 || len(key.asked) != 1 {
					t.Errorf("%d calls of the callback, %d of the signer", called, len(key.asked))
				}
			})
		}
	}
}

// SetSSLCtx(nil) takes the certificates of the first Ctx anew, also if that is the present one: copies are of these then.
func TestCopiedCertificatesAfterSetSSLCtxNil(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	c, s := pair(t, client, server)
	first, second := serverCtx(t, 0), serverCtx(t, 0)
	called := 0
	first.SetCertCB(func(*libssl.SSL) int { called++; return 1 })
	second.SetCertCB(func(*libssl.SSL) int { t.Error("the callback of certificates that were replaced"); return 1 })
	from := newSSL(t, first)
	wantEqual(t, "CopySessionID", from.CopySessionID(newSSL(t, second)), 1)
	wantEqual(t, "SetSSLCtx", from.SetSSLCtx(nil), 1)
	wantEqual(t, "CopySessionID", s.CopySessionID(from), 1)
	from.Free()
	first.Free()
	finish(t, c, s)
	wantEqual(t, "calls", called, 1)
}
