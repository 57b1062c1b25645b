package libssl

// #include "cgo.h"
import "C"

import "unsafe"

// SigAlgs returns the signature algorithms that the peer takes, by their numbers in the protocol (tls.SignatureScheme of crypto/tls), best first, 64
// at the most. A server knows them after the ClientHello.
//
// SigAlgs corresponds to SSL_get_sigalgs(3).
func (s *SSL) SigAlgs() []uint16 { return s.sigAlgs("SSL_get_sigalgs", 0) }

// SharedSigAlgs returns those of them that s takes too, in the order of preference.
//
// SharedSigAlgs corresponds to SSL_get_shared_sigalgs(3).
func (s *SSL) SharedSigAlgs() []uint16 { return s.sigAlgs("SSL_get_shared_sigalgs", 1) }

func (s *SSL) sigAlgs(fn string, shared C.int) []uint16 {
	var algs [C.GOSSL_MAX_SIGALGS]C.ushort
	n := s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_sigalgs(p, shared, (*C.ushort)(unsafe.SliceData(algs[:])))
	})
	var list []uint16
	for _, a := range algs[:n] {
		list = append(list, uint16(a))
	}
	return list
}
