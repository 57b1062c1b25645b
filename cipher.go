package libssl

// #include "cgo.h"
// #include <stdlib.h>
import "C"

import (
	"strings"
	"unsafe"
)

// Cipher is a cipher suite. It is a constant of libssl, compared with ==. The zero Cipher is none: its methods return what C does for NULL, or zero.
type Cipher struct{ p *C.SSL_CIPHER }

// ciphersOf takes apart what C made of a list.
func ciphersOf(b []byte) []Cipher {
	if len(b) == 0 {
		return nil
	}
	list := make([]Cipher, len(b)/int(unsafe.Sizeof(Cipher{})))
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&list[0])), len(b)), b)
	return list
}

// CipherName returns OpenSSL's name for a cipher suite's name in the standards, "(NONE)" if it knows none.
//
// CipherName corresponds to OPENSSL_cipher_name(3).
func CipherName(standard string) string {
	p, err := cString("OPENSSL_cipher_name", standard)
	if err != nil {
		return "(NONE)"
	}
	return goString(C.OPENSSL_cipher_name(p))
}

// Name returns OpenSSL's name. Name corresponds to SSL_CIPHER_get_name(3).
func (c Cipher) Name() string { return goString(C.SSL_CIPHER_get_name(c.p)) }

// StandardName returns the name in the standards, such as "TLS_AES_128_GCM_SHA256". StandardName corresponds to SSL_CIPHER_standard_name(3).
func (c Cipher) StandardName() string { return goString(C.SSL_CIPHER_standard_name(c.p)) }

// ID returns OpenSSL's number. ID corresponds to SSL_CIPHER_get_id(3).
func (c Cipher) ID() uint32 {
	if c.p == nil {
		return 0
	}
	return uint32(C.SSL_CIPHER_get_id(c.p))
}

// ProtocolID returns the number on the wire. ProtocolID corresponds to SSL_CIPHER_get_protocol_id(3).
func (c Cipher) ProtocolID() uint16 {
	if c.p == nil {
		return 0
	}
	return uint16(C.SSL_CIPHER_get_protocol_id(c.p))
}

// Bits returns the secret bits that are used, and how many the algorithm has. Bits corresponds to SSL_CIPHER_get_bits(3).
func (c Cipher) Bits() (secret, algorithm int) {
	var alg C.int
	secret = int(C.SSL_CIPHER_get_bits(c.p, &alg))
	return secret, int(alg)
}

// Version returns the version that first had the suite. Version corresponds to SSL_CIPHER_get_version(3).
func (c Cipher) Version() string { return goString(C.SSL_CIPHER_get_version(c.p)) }

// Description returns a line of text, which ends with a newline. Description corresponds to SSL_CIPHER_description(3).
func (c Cipher) Description() string {
	if c.p == nil {
		return ""
	}
	buf := make([]byte, 256)
	C.SSL_CIPHER_description(c.p, (*C.char)(unsafe.Pointer(&buf[0])), C.int(len(buf)))
	text, _, _ := strings.Cut(string(buf), "\x00")
	return text
}

// CipherNID returns the number of the encryption, NID_undef (0) for none. CipherNID corresponds to SSL_CIPHER_get_cipher_nid(3).
func (c Cipher) CipherNID() int {
	return c.nid(func(p *C.SSL_CIPHER) C.int { return C.SSL_CIPHER_get_cipher_nid(p) })
}

// DigestNID returns the number of the digest, NID_undef (0) for none, as in AEAD suites. DigestNID corresponds to SSL_CIPHER_get_digest_nid(3).
func (c Cipher) DigestNID() int {
	return c.nid(func(p *C.SSL_CIPHER) C.int { return C.SSL_CIPHER_get_digest_nid(p) })
}

// KxNID returns the number of the key exchange. KxNID corresponds to SSL_CIPHER_get_kx_nid(3).
func (c Cipher) KxNID() int {
	return c.nid(func(p *C.SSL_CIPHER) C.int { return C.SSL_CIPHER_get_kx_nid(p) })
}

// AuthNID returns the number of the authentication. AuthNID corresponds to SSL_CIPHER_get_auth_nid(3).
func (c Cipher) AuthNID() int {
	return c.nid(func(p *C.SSL_CIPHER) C.int { return C.SSL_CIPHER_get_auth_nid(p) })
}

// IsAEAD reports whether encryption and authentication are one. IsAEAD corresponds to SSL_CIPHER_is_aead(3).
func (c Cipher) IsAEAD() bool {
	return c.nid(func(p *C.SSL_CIPHER) C.int { return C.SSL_CIPHER_is_aead(p) }) == 1
}

func (c Cipher) nid(f func(*C.SSL_CIPHER) C.int) int {
	if c.p == nil {
		return 0
	}
	return int(f(c.p))
}
