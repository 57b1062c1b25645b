package libssl

// #include "cgo.h"
import "C"

import "crypto/x509"

// PeerCertificateDER returns the peer's certificate, nil if it sent none. It may be one that crypto/x509 refuses. Whether it was verified,
// [SSL.VerifyResult] tells.
//
// PeerCertificateDER corresponds to SSL_get_peer_certificate(3).
func (s *SSL) PeerCertificateDER() []byte {
	return s.blob("SSL_get_peer_certificate", C.GOSSL_BYTES_PEER_CERTIFICATE)
}

// PeerCertificate returns the peer's certificate, nil if it sent none. The error is crypto/x509's, which refuses some that OpenSSL accepts.
//
// PeerCertificate corresponds to SSL_get_peer_certificate(3).
func (s *SSL) PeerCertificate() (*x509.Certificate, error) {
	certs, err := s.certs("SSL_get_peer_certificate", C.GOSSL_BYTES_PEER_CERTIFICATE)
	if err != nil || len(certs) == 0 {
		return nil, err
	}
	return certs[0], nil
}

// PeerCertChainDER returns what the peer sent, which is not verified: the server's chain begins with its certificate, the client's with the next.
// A resumed session brings its chain along only if it never left this process.
//
// PeerCertChainDER corresponds to SSL_get_peer_cert_chain(3).
func (s *SSL) PeerCertChainDER() [][]byte {
	return splitDER(s.blob("SSL_get_peer_cert_chain", C.GOSSL_BYTES_PEER_CHAIN))
}

// PeerCertChain is [SSL.PeerCertChainDER] for crypto/x509, whose error it returns.
//
// PeerCertChain corresponds to SSL_get_peer_cert_chain(3).
func (s *SSL) PeerCertChain() ([]*x509.Certificate, error) {
	return s.certs("SSL_get_peer_cert_chain", C.GOSSL_BYTES_PEER_CHAIN)
}

// VerifiedChainDER returns the chain from the peer's certificate to the trusted one; if verification failed and was not asked for, as far as it came.
// nil if there is none: the peer sent no certificate, or the session was resumed.
//
// VerifiedChainDER corresponds to SSL_get0_verified_chain(3).
func (s *SSL) VerifiedChainDER() [][]byte {
	return splitDER(s.blob("SSL_get0_verified_chain", C.GOSSL_BYTES_VERIFIED_CHAIN))
}

// VerifiedChain is [SSL.VerifiedChainDER] for crypto/x509, whose error it returns.
//
// VerifiedChain corresponds to SSL_get0_verified_chain(3).
func (s *SSL) VerifiedChain() ([]*x509.Certificate, error) {
	return s.certs("SSL_get0_verified_chain", C.GOSSL_BYTES_VERIFIED_CHAIN)
}

// certs parses what C made of certificates.
func (s *SSL) certs(fn string, what C.int) (certs []*x509.Certificate, err error) {
	b, ok := s.tryBlob(fn, what)
	if !ok {
		return nil, s.LastErrors()
	}
	for _, der := range splitDER(b) {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// VerifyErrorString returns the text for what [SSL.VerifyResult] returns. VerifyErrorString corresponds to X509_verify_cert_error_string(3).
func VerifyErrorString(result int) string {
	return goString(C.X509_verify_cert_error_string(C.long(result)))
}

// Param returns the settings of verification of this SSL. Param corresponds to SSL_get0_param(3).
func (s *SSL) Param() VerifyParam {
	if _, ok := s.acquire(); !ok {
		s.refuse("SSL_get0_param", ErrFreed)
		return VerifyParam{}
	}
	defer s.ref.Release()
	return VerifyParam{ssl: s}
}

// SetHost sets the name that the peer's certificate must be for, "" for none. It returns 1, or 0. A resumed session is not checked again.
//
// SetHost corresponds to SSL_set1_host(3).
func (s *SSL) SetHost(name string) int { return s.host("SSL_set1_host", C.GOSSL_PARAM_HOST, name) }

// AddHost adds a name, one of which the peer's certificate must be for. It returns 1, or 0. AddHost corresponds to SSL_add1_host(3).
func (s *SSL) AddHost(name string) int { return s.host("SSL_add1_host", C.GOSSL_PARAM_ADD_HOST, name) }

func (s *SSL) host(fn string, what C.int, name string) int {
	return s.text(fn, name, func(p *C.gossl_ssl, t *C.char) C.gossl_result {
		return C.gossl_ssl_param(p, what, 0, t, C.size_t(len(name)))
	})
}

// SetHostFlags sets how names are compared, with CheckFlag constants. SetHostFlags corresponds to SSL_set_hostflags(3).
func (s *SSL) SetHostFlags(flags uint) {
	s.do("SSL_set_hostflags", func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_param(p, C.GOSSL_PARAM_SET_HOSTFLAGS, C.long(flags), nil, 0)
	})
}

// Peername returns the name that was found in the verified certificate, "" if none was looked for. Peername corresponds to SSL_get0_peername(3).
func (s *SSL) Peername() string { return string(s.blob("SSL_get0_peername", C.GOSSL_BYTES_PEERNAME)) }

// VerifyMode returns the verify mode. VerifyMode corresponds to SSL_get_verify_mode(3).
func (s *SSL) VerifyMode() int { return s.info("SSL_get_verify_mode", C.GOSSL_INFO_VERIFY_MODE, 0) }

// SetVerifyDepth is [Ctx.SetVerifyDepth] for one SSL. SetVerifyDepth corresponds to SSL_set_verify_depth(3).
func (s *SSL) SetVerifyDepth(depth int) {
	s.tune("SSL_set_verify_depth", C.GOSSL_TUNE_VERIFY_DEPTH, depth)
}

// VerifyDepth returns the limit, -1 if none was set. VerifyDepth corresponds to SSL_get_verify_depth(3).
func (s *SSL) VerifyDepth() int { return s.info("SSL_get_verify_depth", C.GOSSL_INFO_VERIFY_DEPTH, 0) }

// SetPurpose is [Ctx.SetPurpose] for one SSL. It returns 1, or 0. SetPurpose corresponds to SSL_set_purpose(3).
func (s *SSL) SetPurpose(purpose int) int {
	return s.tune("SSL_set_purpose", C.GOSSL_TUNE_PURPOSE, purpose)
}

// SetTrust is [Ctx.SetTrust] for one SSL. It returns 1, or 0. SetTrust corresponds to SSL_set_trust(3).
func (s *SSL) SetTrust(trust int) int { return s.tune("SSL_set_trust", C.GOSSL_TUNE_TRUST, trust) }
