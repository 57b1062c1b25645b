package libssl

// #include "cgo.h"
import "C"

import "time"

// CurrentCipher returns the cipher suite of the connection, zero if there is none yet. CurrentCipher corresponds to SSL_get_current_cipher(3).
func (s *SSL) CurrentCipher() Cipher { return s.cipher("SSL_get_current_cipher", 0) }

// PendingCipher returns the suite that the running handshake has agreed on. PendingCipher corresponds to SSL_get_pending_cipher(3).
func (s *SSL) PendingCipher() Cipher { return s.cipher("SSL_get_pending_cipher", 1) }

func (s *SSL) cipher(fn string, pending C.int) Cipher {
	p, _ := s.object(fn, func(p *C.gossl_ssl) C.gossl_object { return C.gossl_ssl_cipher(p, pending) })
	return Cipher{(*C.SSL_CIPHER)(p)}
}

// CipherFind returns the suite with this number on the wire, zero if the SSL's method has none. CipherFind corresponds to SSL_CIPHER_find(3).
func (s *SSL) CipherFind(protocolID uint16) Cipher {
	id := [...]byte{byte(protocolID >> 8), byte(protocolID)}
	p, _ := s.object("SSL_CIPHER_find", func(p *C.gossl_ssl) C.gossl_object { return C.gossl_ssl_cipher_find(p, (*C.uchar)(&id[0])) })
	return Cipher{(*C.SSL_CIPHER)(p)}
}

// Ciphers returns the suites that are configured, in order of preference. Ciphers corresponds to SSL_get_ciphers(3).
func (s *SSL) Ciphers() []Cipher { return ciphersOf(s.blob("SSL_get_ciphers", C.GOSSL_BYTES_CIPHERS)) }

// CipherList returns the name of the suite of this preference, counted from 0, "" behind the last. CipherList corresponds to SSL_get_cipher_list(3).
func (s *SSL) CipherList(priority int) string {
	if list := s.Ciphers(); priority >= 0 && priority < len(list) {
		return list[priority].Name()
	}
	return ""
}

// SupportedCiphers returns the suites that a client would offer now: versions, security level and keys count. SupportedCiphers corresponds to
// SSL_get1_supported_ciphers(3).
func (s *SSL) SupportedCiphers() []Cipher {
	return ciphersOf(s.blob("SSL_get1_supported_ciphers", C.GOSSL_BYTES_SUPPORTED_CIPHERS))
}

// ClientCiphers returns, on a server, the suites that the client offered, but for those that libssl does not know.
//
// ClientCiphers corresponds to SSL_get_client_ciphers(3).
func (s *SSL) ClientCiphers() []Cipher {
	return ciphersOf(s.blob("SSL_get_client_ciphers", C.GOSSL_BYTES_CLIENT_CIPHERS))
}

// SharedCiphers returns, on a server, the names of the suites that both sides have, separated by colons; at most 8 KiB of them.
//
// SharedCiphers corresponds to SSL_get_shared_ciphers(3).
func (s *SSL) SharedCiphers() string {
	return string(s.blob("SSL_get_shared_ciphers", C.GOSSL_BYTES_SHARED_CIPHERS))
}

// ALPNSelected returns the protocol that the sides agreed on, nil if they did not. ALPNSelected corresponds to SSL_get0_alpn_selected(3).
func (s *SSL) ALPNSelected() []byte { return s.blob("SSL_get0_alpn_selected", C.GOSSL_BYTES_ALPN) }

// NextProtoNegotiated returns the protocol that the client chose by NPN, nil if it chose none.
//
// NextProtoNegotiated corresponds to SSL_get0_next_proto_negotiated(3).
func (s *SSL) NextProtoNegotiated() []byte {
	return s.blob("SSL_get0_next_proto_negotiated", C.GOSSL_BYTES_NPN)
}

// ServernameType returns [TLSExtNameTypeHostName] if there is a server name, -1 if not. ServernameType corresponds to SSL_get_servername_type(3).
func (s *SSL) ServernameType() int {
	return s.info("SSL_get_servername_type", C.GOSSL_INFO_SERVERNAME_TYPE, -1)
}

// PeerTmpKey returns the type of the peer's ephemeral key, as a NID, and its bits; zero if there is none, as after resumption in TLS 1.2.
//
// PeerTmpKey corresponds to SSL_get_peer_tmp_key(3).
func (s *SSL) PeerTmpKey() (nid, bits int) {
	return s.keyKind("SSL_get_peer_tmp_key", C.GOSSL_INFO_PEER_TMP_KEY)
}

// TmpKey is PeerTmpKey for this side's key. TmpKey corresponds to SSL_get_tmp_key(3).
func (s *SSL) TmpKey() (nid, bits int) { return s.keyKind("SSL_get_tmp_key", C.GOSSL_INFO_TMP_KEY) }

// PeerTmpKeyDER returns the peer's ephemeral key in the form that certificates have (SubjectPublicKeyInfo), which names its curve too; nil if there
// is none.
//
// PeerTmpKeyDER corresponds to SSL_get_peer_tmp_key(3).
func (s *SSL) PeerTmpKeyDER() []byte {
	return s.blob("SSL_get_peer_tmp_key", C.GOSSL_BYTES_PEER_TMP_KEY)
}

// TmpKeyDER is PeerTmpKeyDER for the public part of this side's key. TmpKeyDER corresponds to SSL_get_tmp_key(3).
func (s *SSL) TmpKeyDER() []byte { return s.blob("SSL_get_tmp_key", C.GOSSL_BYTES_TMP_KEY) }

func (s *SSL) keyKind(fn string, what C.int) (nid, bits int) {
	kind := s.info(fn, what, 0)
	return kind >> 16, kind & 0xffff
}

// PeerSignatureNID returns the digest that the peer has signed with, 0 if it has not. PeerSignatureNID corresponds to SSL_get_peer_signature_nid(3).
func (s *SSL) PeerSignatureNID() int {
	return s.info("SSL_get_peer_signature_nid", C.GOSSL_INFO_PEER_SIGNATURE_NID, 0)
}

// SignatureNID returns the digest that this side has signed with, 0 if it has not. SignatureNID corresponds to SSL_get_signature_nid(3).
func (s *SSL) SignatureNID() int {
	return s.info("SSL_get_signature_nid", C.GOSSL_INFO_SIGNATURE_NID, 0)
}

// PeerSignatureTypeNID returns the kind of the peer's signature, such as [NIDRSAPSS], 0 if there is none.
//
// PeerSignatureTypeNID corresponds to SSL_get_peer_signature_type_nid(3).
func (s *SSL) PeerSignatureTypeNID() int {
	return s.info("SSL_get_peer_signature_type_nid", C.GOSSL_INFO_PEER_SIGNATURE_TYPE_NID, 0)
}

// SharedGroup returns the NID of the group of this preference, counted from 0, that both sides have; 0 behind the last. On a client it is 0.
//
// SharedGroup corresponds to SSL_get_shared_group(3).
func (s *SSL) SharedGroup(n int) int {
	return s.ctrl("SSL_get_shared_group", C.SSL_CTRL_GET_SHARED_GROUP, max(n, 0))
}

// ClientVersion returns the version that the client offered. ClientVersion corresponds to SSL_client_version(3).
func (s *SSL) ClientVersion() int {
	return s.info("SSL_client_version", C.GOSSL_INFO_CLIENT_VERSION, 0)
}

// IsDTLS reports whether the SSL speaks DTLS. IsDTLS corresponds to SSL_is_dtls(3).
func (s *SSL) IsDTLS() bool { return s.info("SSL_is_dtls", C.GOSSL_INFO_IS_DTLS, 0) == 1 }

// DefaultTimeout returns the life of new sessions if the Ctx has not set another. DefaultTimeout corresponds to SSL_get_default_timeout(3).
func (s *SSL) DefaultTimeout() time.Duration {
	return time.Duration(s.info("SSL_get_default_timeout", C.GOSSL_INFO_DEFAULT_TIMEOUT, 0)) * time.Second
}

// ExtmsSupport returns 1 if the connection has the extended master secret, 0 if not, -1 before a handshake.
//
// ExtmsSupport corresponds to SSL_get_extms_support(3).
func (s *SSL) ExtmsSupport() int {
	return s.ctrl("SSL_get_extms_support", C.SSL_CTRL_GET_EXTMS_SUPPORT, 0)
}

// SecureRenegotiationSupport reports whether the peer supports secure renegotiation.
//
// SecureRenegotiationSupport corresponds to SSL_get_secure_renegotiation_support(3).
func (s *SSL) SecureRenegotiationSupport() bool {
	return s.ctrl("SSL_get_secure_renegotiation_support", C.SSL_CTRL_GET_RI_SUPPORT, 0) == 1
}

// PSKIdentityHint returns the hint of the server, "" if there was none. PSKIdentityHint corresponds to SSL_get_psk_identity_hint(3).
func (s *SSL) PSKIdentityHint() string {
	return string(s.blob("SSL_get_psk_identity_hint", C.GOSSL_BYTES_PSK_HINT))
}

// PSKIdentity returns the identity that was used, "" if none was. PSKIdentity corresponds to SSL_get_psk_identity(3).
func (s *SSL) PSKIdentity() string {
	return string(s.blob("SSL_get_psk_identity", C.GOSSL_BYTES_PSK_IDENTITY))
}

// FD returns the file descriptor that SetFD set, -1 without one. FD corresponds to SSL_get_fd(3).
func (s *SSL) FD() int { return s.info("SSL_get_fd", C.GOSSL_INFO_FD, -1) }

// RFD returns the file descriptor that is read from. RFD corresponds to SSL_get_rfd(3).
func (s *SSL) RFD() int { return s.info("SSL_get_rfd", C.GOSSL_INFO_RFD, -1) }

// WFD returns the file descriptor that is written to. WFD corresponds to SSL_get_wfd(3).
func (s *SSL) WFD() int { return s.info("SSL_get_wfd", C.GOSSL_INFO_WFD, -1) }

// SetRFD is [SSL.SetFD] for reading only. It returns 1, or 0. SetRFD corresponds to SSL_set_rfd(3).
func (s *SSL) SetRFD(fd int) int { return s.tune("SSL_set_rfd", C.GOSSL_TUNE_RFD, fd) }

// SetWFD is [SSL.SetFD] for writing only. It returns 1, or 0. SetWFD corresponds to SSL_set_wfd(3).
func (s *SSL) SetWFD(fd int) int { return s.tune("SSL_set_wfd", C.GOSSL_TUNE_WFD, fd) }
