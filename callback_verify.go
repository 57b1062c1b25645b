package libssl

// #include "cgo.h"
import "C"

import (
	"crypto/x509"
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// Verification is what a verify callback decides on. It ends with the callback, and its SSL too.
type Verification struct {
	SSL *SSL
	// OK is what libcrypto found for this certificate; false means that ErrorCode has the reason.
	OK bool

	ref handle.Ref[*C.X509_STORE_CTX]
}

// verification lends store to f.
func verification(ssl *SSL, args *C.gossl_args, f func(v *Verification)) {
	v := &Verification{SSL: ssl, OK: args.num[0] != 0}
	v.ref.Lend((*C.X509_STORE_CTX)(args.object), nil)
	defer v.ref.Expire()
	f(v)
}

// ErrorCode returns an X509_V_ERR_ number, or [VerifyOK]. ErrorCode corresponds to X509_STORE_CTX_get_error(3).
func (v *Verification) ErrorCode() (code int) {
	v.with(func(p *C.X509_STORE_CTX) { code = int(C.X509_STORE_CTX_get_error(p)) })
	return code
}

// SetErrorCode changes the number, which [SSL.VerifyResult] returns when the callback accepts the certificate: [VerifyOK] makes it forgotten.
//
// SetErrorCode corresponds to X509_STORE_CTX_set_error(3).
func (v *Verification) SetErrorCode(code int) {
	v.with(func(p *C.X509_STORE_CTX) { C.X509_STORE_CTX_set_error(p, C.int(code)) })
}

// Depth returns how far the current certificate is from the peer's own, which has depth 0. Depth corresponds to X509_STORE_CTX_get_error_depth(3).
func (v *Verification) Depth() (depth int) {
	v.with(func(p *C.X509_STORE_CTX) { depth = int(C.X509_STORE_CTX_get_error_depth(p)) })
	return depth
}

// CertificateDER returns the current certificate, or the peer's own if there is no current one.
//
// CertificateDER corresponds to X509_STORE_CTX_get_current_cert(3).
func (v *Verification) CertificateDER() []byte { return v.der(C.GOSSL_CERT_CURRENT, 0) }

// ChainDER returns the chain as far as it is built, the peer's own certificate first; nil before that.
//
// ChainDER corresponds to X509_STORE_CTX_get0_chain(3).
func (v *Verification) ChainDER() [][]byte { return v.list(C.GOSSL_CERT_CHAIN) }

// PeerCertificatesDER returns what the peer sent, its own certificate first. PeerCertificatesDER corresponds to X509_STORE_CTX_get0_untrusted(3).
func (v *Verification) PeerCertificatesDER() [][]byte { return v.list(C.GOSSL_CERT_PEER) }

// Certificate is CertificateDER for crypto/x509, which refuses some certificates that OpenSSL accepts.
//
// Certificate corresponds to X509_STORE_CTX_get_current_cert(3).
func (v *Verification) Certificate() (*x509.Certificate, error) {
	return x509.ParseCertificate(v.CertificateDER())
}

// Chain is ChainDER for crypto/x509. Chain corresponds to X509_STORE_CTX_get0_chain(3).
func (v *Verification) Chain() ([]*x509.Certificate, error) { return parseCertificates(v.ChainDER()) }

// PeerCertificates is PeerCertificatesDER for crypto/x509. PeerCertificates corresponds to X509_STORE_CTX_get0_untrusted(3).
func (v *Verification) PeerCertificates() ([]*x509.Certificate, error) {
	return parseCertificates(v.PeerCertificatesDER())
}

// Verify does what OpenSSL does without a cert verify callback, inside of which alone it makes sense. The verify callback fires. It reports whether
// the chain is good; ErrorCode has the reason.
//
// Verify corresponds to X509_verify_cert(3).
func (v *Verification) Verify() (good bool) {
	v.with(func(p *C.X509_STORE_CTX) {
		r := C.gossl_store_verify(p)
		good = outcome("X509_verify_cert", r.more) == nil
	})
	return good
}

func (v *Verification) with(f func(p *C.X509_STORE_CTX)) {
	if p, ok := v.ref.Acquire(); ok {
		defer v.ref.Release() // also if a callback panicked
		f(p)
	}
}

func (v *Verification) der(which C.int, n int) (der []byte) {
	v.with(func(p *C.X509_STORE_CTX) {
		var buf *C.uchar
		if size := C.gossl_store_certificate(p, which, C.int(n), &buf); size > 0 {
			der = C.GoBytes(unsafe.Pointer(buf), size)
			C.gossl_clear_free(unsafe.Pointer(buf), C.size_t(size))
		}
	})
	return der
}

func (v *Verification) list(which C.int) (ders [][]byte) {
	for {
		der := v.der(which, len(ders))
		if der == nil {
			return ders
		}
		ders = append(ders, der)
	}
}

func parseCertificates(ders [][]byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for _, der := range ders {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// SetVerifyCallback sets what is asked for each certificate of the peer's chain, with what libcrypto found, in SSLs that are made from now on. The
// certificate is good if it returns true, whatever libcrypto found; [SSL.VerifyResult] keeps the error unless SetErrorCode changes it. The mode, see
// SetVerify, stays. A resumed session is not verified again. nil removes it.
//
// SetVerifyCallback corresponds to SSL_CTX_set_verify(3).
func (c *Ctx) SetVerifyCallback(f func(v *Verification) bool) {
	c.setCallback(C.GOSSL_FN_VERIFY, verifyCallback(f))
}

// SetVerifyCallback is [Ctx.SetVerifyCallback] for one SSL. nil removes it, also the one from the Ctx, but not one that C has set.
//
// SetVerifyCallback corresponds to SSL_set_verify(3).
func (s *SSL) SetVerifyCallback(f func(v *Verification) bool) {
	s.setCallback("SSL_set_verify", C.GOSSL_FN_VERIFY, verifyCallback(f))
}

func verifyCallback(f func(v *Verification) bool) *callback {
	return newCallback("verify_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		verification(ssl, args, func(v *Verification) { args.ret = cBool(f(v)) })
	})
}

// SetCertVerifyCallback sets what does the whole verification of the peer in libcrypto's place, for SSLs whose present Ctx this is: it returns
// [VerifyOK], or the X509_V_ERR_ number that says why not. No chain is built then unless it calls Verify. nil removes it.
//
// SetCertVerifyCallback corresponds to SSL_CTX_set_cert_verify_callback(3).
func (c *Ctx) SetCertVerifyCallback(f func(v *Verification) int) {
	c.setCallback(C.GOSSL_FN_CERT_VERIFY, newCallback("cert_verify_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		verification(ssl, args, func(v *Verification) { args.ret = C.int(f(v)) })
	}))
}

// SetCertCB sets what may choose the certificate of SSLs that are made from now on or get this Ctx by SetSSLCtx, when one is needed: a server's after
// the ClientHello, a client's when it is asked for. 1 goes on, 0 fails, and a negative number pauses: the handshake returns
// [ErrorWantX509Lookup], and calls it again when it is called again. nil removes it.
//
// SetCertCB corresponds to SSL_CTX_set_cert_cb(3).
func (c *Ctx) SetCertCB(f func(ssl *SSL) int) {
	c.setCallback(C.GOSSL_FN_CERT, resultCallback("cert_cb", f))
}

// SetCertCB is [Ctx.SetCertCB] for one SSL. SetSSLCtx replaces it by that of the other Ctx. nil removes it.
//
// SetCertCB corresponds to SSL_set_cert_cb(3).
func (s *SSL) SetCertCB(f func(ssl *SSL) int) {
	s.setCallback("SSL_set_cert_cb", C.GOSSL_FN_CERT, resultCallback("cert_cb", f))
}

// resultCallback is for callbacks that get the SSL and return C's number.
func resultCallback(name string, f func(ssl *SSL) int) *callback {
	return newCallback(name, f != nil, func(ssl *SSL, args *C.gossl_args) { args.ret = C.int(f(ssl)) })
}

// SetClientCertCB sets what a client without a certificate asks for one when the server wants it. It returns the certificate and the key, which are
// copied, in DER, and 1; or 0 for none; or a negative number to pause, as in SetCertCB. nil removes it.
//
// SetClientCertCB corresponds to SSL_CTX_set_client_cert_cb(3).
func (c *Ctx) SetClientCertCB(f func(ssl *SSL) (cert, key []byte, result int)) {
	c.setCallback(C.GOSSL_FN_CLIENT_CERT, newCallback("client_cert_cb", f != nil, func(ssl *SSL, args *C.gossl_args) {
		cert, key, result := f(ssl)
		if result == 1 && (!answer(args, 0, cert) || !answer(args, 1, key)) {
			return
		}
		args.ret = C.int(result)
	}))
}
