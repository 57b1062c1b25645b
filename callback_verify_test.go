package libssl_test

import (
	"encoding/pem"
	"os"
	"slices"
	"testing"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// errAppVerification is X509_V_ERR_APPLICATION_VERIFICATION, errUntrusted X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY.
const (
	errAppVerification = 50
	errUntrusted       = 20
)

// sameDER fails unless the certificates are those of the files.
func sameDER(t *testing.T, what string, ders [][]byte, files ...string) {
	t.Helper()
	var want [][]byte
	for _, file := range files {
		want = append(want, ctest.Certificate(testdata+file))
	}
	if !slices.EqualFunc(ders, want, slices.Equal[[]byte]) {
		t.Errorf("%s: %d certificates, want those of %q", what, len(ders), files)
	}
}

func TestVerifyCallback(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	trustsTestCA(t, client)
	type call struct {
		ok           bool
		code, depth  int
		cert, issuer string
	}
	var calls []call
	var lent *libssl.Verification
	client.SetVerifyCallback(func(v *libssl.Verification) bool {
		lent = v
		cert, err := v.Certificate()
		must(t, err)
		chain, err := v.Chain()
		must(t, err)
		peer, err := v.PeerCertificates()
		must(t, err)
		if len(chain) != 2 || len(peer) != 1 || !slices.Equal(v.CertificateDER(), cert.Raw) {
			t.Errorf("%d certificates in the chain, %d sent", len(chain), len(peer))
		}
		sameDER(t, "chain", v.ChainDER(), "server.pem", "ca.pem")
		sameDER(t, "sent", v.PeerCertificatesDER(), "server.pem")
		calls = append(calls, call{v.OK, v.ErrorCode(), v.Depth(), cert.Subject.CommonName, cert.Issuer.CommonName})
		return v.OK
	})
	c, s := connected(t, client, server)
	leaf, ca := calls[len(calls)-1], calls[0]
	if len(calls) != 2 || ca != (call{true, 0, 1, ca.issuer, ca.issuer}) || leaf != (call{true, 0, 0, leaf.cert, ca.cert}) || leaf.cert == ca.cert {
		t.Errorf("calls: %+v", calls)
	}
	if lent.ErrorCode() != 0 || lent.CertificateDER() != nil || lent.ChainDER() != nil || lent.Verify() {
		t.Error("the argument can be used after the callback")
	}
	wantEqual(t, "VerifyResult", c.VerifyResult(), libssl.VerifyOK)
	wantRefs(t, c, 1)
	wantRefs(t, s, 1)
}

// The answer decides, and the error stays unless it is changed.
func TestVerifyCallbackDecides(t *testing.T) {
	for _, test := range []struct {
		name     string
		trusted  bool
		callback func(v *libssl.Verification) bool
		connects bool
		result   int
	}{
		{"agrees", true, func(v *libssl.Verification) bool { return v.OK }, true, 0},
		{"agrees with a failure", false, func(v *libssl.Verification) bool { return v.OK }, false, errUntrusted},
		{"accepts", false, func(*libssl.Verification) bool { return true }, true, errUntrusted + 1}, // the last of two errors: the leaf's signature
		{"accepts and forgets", false, func(v *libssl.Verification) bool { v.SetErrorCode(libssl.VerifyOK); return true }, true, 0},
		{"refuses", true, func(v *libssl.Verification) bool { v.SetErrorCode(errAppVerification); return false }, false, errAppVerification},
		{"refuses without reason", true, func(*libssl.Verification) bool { return false }, false, 1}, // X509_V_ERR_UNSPECIFIED
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, 0)
			client.SetVerify(libssl.VerifyPeer)
			if test.trusted {
				trustsTestCA(t, client)
			}
			client.SetVerifyCallback(test.callback)
			wantEqual(t, "mode", client.VerifyMode(), libssl.VerifyPeer)
			c, s := pair(t, client, server)
			wantEqual(t, "connects", shake(c, s), test.connects)
			wantEqual(t, "VerifyResult", c.VerifyResult(), test.result)
		})
	}
}

// An SSL goes on with what the Ctx had when it was made, as in C, until it gets its own.
func TestVerifyCallbackIsInherited(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	trustsTestCA(t, client)
	var called string
	callback := func(name string) func(*libssl.Verification) bool {
		return func(*libssl.Verification) bool { called = name; return true }
	}
	client.SetVerifyCallback(callback("first"))
	c1, s1 := pair(t, client, server)
	c2, s2 := pair(t, client, server)
	c3, s3 := pair(t, client, server)
	other := clientCtx(t, 0)
	other.SetVerifyCallback(callback("other"))
	client.SetVerifyCallback(callback("second"))
	c4, s4 := pair(t, client, server)
	c2.SetVerifyCallback(callback("own"))
	c3.SetVerifyCallback(nil)
	c4.SetSSLCtx(other)
	for i, test := range []struct {
		c, s *libssl.SSL
		want string
	}{{c1, s1, "first"}, {c2, s2, "own"}, {c3, s3, ""}, {c4, s4, "second"}} {
		called = ""
		finish(t, test.c, test.s)
		if called != test.want {
			t.Errorf("%d: %q was called, want %q", i, called, test.want)
		}
	}
	dup, err := c2.Dup() // c2 is connected: the same SSL
	must(t, err)
	dup.Free()
	fresh := newSSL(t, client)
	fresh.SetVerifyCallback(callback("copied"))
	dup, err = fresh.Dup()
	must(t, err)
	defer dup.Free()
	fresh.Free()
	s := newSSL(t, server)
	dup.SetMemBIO()
	s.SetMemBIO()
	dup.SetConnectState()
	s.SetAcceptState()
	finish(t, dup, s)
	if called != "copied" {
		t.Errorf("the duplicate called %q", called)
	}
}

func TestCertVerifyCallback(t *testing.T) {
	for _, test := range []struct {
		name     string
		trusted  bool
		callback func(v *libssl.Verification) int
		result   int
	}{
		{"accepts", false, func(*libssl.Verification) int { return libssl.VerifyOK }, libssl.VerifyOK},
		{"refuses", true, func(*libssl.Verification) int { return errAppVerification }, errAppVerification},
		{"leaves it to OpenSSL", true, func(v *libssl.Verification) int {
			if !v.Verify() || len(v.ChainDER()) != 2 {
				t.Error("OpenSSL does not accept it")
			}
			return v.ErrorCode()
		}, libssl.VerifyOK},
		{"leaves it to OpenSSL in vain", false, func(v *libssl.Verification) int {
			if v.Verify() {
				t.Error("OpenSSL accepts it")
			}
			return v.ErrorCode()
		}, errUntrusted},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, 0)
			client.SetVerify(libssl.VerifyPeer)
			if test.trusted {
				trustsTestCA(t, client)
			}
			client.SetCertVerifyCallback(func(v *libssl.Verification) int {
				sameDER(t, "sent", v.PeerCertificatesDER(), "server.pem")
				sameDER(t, "own", [][]byte{v.CertificateDER()}, "server.pem")
				return test.callback(v)
			})
			c, s := pair(t, client, server)
			wantEqual(t, "connects", shake(c, s), test.result == libssl.VerifyOK)
			wantEqual(t, "VerifyResult", c.VerifyResult(), test.result)
		})
	}
}

// Even where nobody looks at the result, a panic must not look like a good certificate; and one from below comes out of Verify.
func TestPanicInVerify(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	must(t, client.LoadVerifyLocations(testdata+"ca.pem", ""))
	client.SetVerify(libssl.VerifyNone)
	client.SetVerifyCallback(func(*libssl.Verification) bool { boom(); return true })
	c, s := pair(t, client, server)
	wantPanic(t, panicOf(func() { shake(c, s) }), "verify_callback")
	if c.VerifyResult() == libssl.VerifyOK {
		t.Error("the certificate counts as good")
	}
	var inner any
	client.SetCertVerifyCallback(func(v *libssl.Verification) int {
		inner = panicOf(func() { v.Verify() })
		return errAppVerification
	})
	c, s = pair(t, client, server)
	shake(c, s)
	wantPanic(t, inner, "verify_callback")
}

func TestCertCB(t *testing.T) {
	bare, err := libssl.NewCtx(libssl.TLSServerMethod())
	must(t, err)
	defer bare.Free()
	client, server := tlsCtxs(t, 0)
	result := 0
	bare.SetCertCB(func(ssl *libssl.SSL) int {
		if result == 1 && ssl.SetSSLCtx(server) != 1 {
			t.Error(ssl.LastErrors())
		}
		return result
	})
	c, s := pair(t, client, bare)
	_, refused := refusal(t, c, s)
	wantText(t, "0", refused, "cert cb error")
	result = -1
	c, s = pair(t, client, bare)
	if shake(c, s) || s.GetError(-1) != libssl.ErrorWantX509Lookup {
		t.Errorf("-1 does not pause: %v", s.LastErrors())
	}
	result = 1
	finish(t, c, s)
	sameDER(t, "server", [][]byte{s.CertificateDER()}, "server.pem")
}

// The callback is where the certificates are: SetSSLCtx and CopySessionID change it.
func TestCertCBIsWithCertificates(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	other := serverCtx(t, 0)
	var called string
	callback := func(name string) func(*libssl.SSL) int { return func(*libssl.SSL) int { called = name; return 1 } }
	run := func(what, want string, prepare func(s *libssl.SSL)) {
		t.Helper()
		c, s := pair(t, client, server)
		prepare(s)
		called = ""
		finish(t, c, s)
		if called != want {
			t.Errorf("%s: %q was called, want %q", what, called, want)
		}
	}
	server.SetCertCB(callback("Ctx"))
	other.SetCertCB(callback("other"))
	run("inherited", "Ctx", func(*libssl.SSL) {})
	run("replaced in the Ctx", "Ctx", func(*libssl.SSL) { server.SetCertCB(callback("new")) })
	run("SSL", "own", func(s *libssl.SSL) { s.SetCertCB(callback("own")) })
	run("SSL, nil", "", func(s *libssl.SSL) { s.SetCertCB(nil) })
	run("SetSSLCtx", "other", func(s *libssl.SSL) { s.SetCertCB(callback("own")); s.SetSSLCtx(other) })
	run("CopySessionID", "copied", func(s *libssl.SSL) {
		from := newSSL(t, server)
		from.SetCertCB(callback("copied"))
		s.CopySessionID(from)
		from.Free()
	})
}

// derOf returns the first block of a PEM file.
func derOf(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(testdata + file)
	must(t, err)
	block, _ := pem.Decode(text)
	return block.Bytes
}

func TestClientCertCB(t *testing.T) {
	cert, key := derOf(t, "client.pem"), derOf(t, "client.key")
	for _, test := range []struct {
		name      string
		cert, key []byte
		result    int
		connects  bool
	}{
		{"certificate", cert, key, 1, true},
		{"none", nil, nil, 0, false},
		{"bad certificate", cert[1:], key, 1, false},
		{"no key", cert, nil, 1, false},
		{"too long", make([]byte, 1<<20+1), key, 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, libssl.VersionTLS12)
			must(t, server.LoadVerifyLocations(testdata+"ca.pem", ""))
			server.SetVerify(libssl.VerifyPeer | libssl.VerifyFailIfNoPeerCert)
			client.SetClientCertCB(func(*libssl.SSL) ([]byte, []byte, int) { return test.cert, test.key, test.result })
			server.SetVerifyCallback(func(v *libssl.Verification) bool {
				if !slices.Equal(v.CertificateDER(), cert) && v.Depth() == 0 {
					t.Error("another certificate arrived")
				}
				return v.OK
			})
			c, s := pair(t, client, server)
			wantEqual(t, "connects", shake(c, s), test.connects)
		})
	}
	client, server := tlsCtxs(t, 0)
	server.SetVerify(libssl.VerifyPeer)
	result := -1
	client.SetClientCertCB(func(*libssl.SSL) ([]byte, []byte, int) { return nil, nil, result })
	c, s := pair(t, client, server)
	if shake(c, s) || c.GetError(-1) != libssl.ErrorWantX509Lookup {
		t.Error("-1 does not pause")
	}
	result = 0
	finish(t, c, s)
}
