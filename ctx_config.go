package libssl

// #include "cgo.h"
import "C"

import "unsafe"

// SetMinProtoVersion sets the lowest version, 0 for the lowest enabled. SetMinProtoVersion corresponds to SSL_CTX_set_min_proto_version(3).
func (c *Ctx) SetMinProtoVersion(version int) error {
	return c.try("SSL_CTX_set_min_proto_version", C.SSL_CTRL_SET_MIN_PROTO_VERSION, version, nil)
}

// SetMaxProtoVersion sets the highest version, 0 for the highest enabled. SetMaxProtoVersion corresponds to SSL_CTX_set_max_proto_version(3).
func (c *Ctx) SetMaxProtoVersion(version int) error {
	return c.try("SSL_CTX_set_max_proto_version", C.SSL_CTRL_SET_MAX_PROTO_VERSION, version, nil)
}

// MinProtoVersion returns what was set. MinProtoVersion corresponds to SSL_CTX_get_min_proto_version(3).
func (c *Ctx) MinProtoVersion() int { return c.ctrl(C.SSL_CTRL_GET_MIN_PROTO_VERSION, 0) }

// MaxProtoVersion returns what was set. MaxProtoVersion corresponds to SSL_CTX_get_max_proto_version(3).
func (c *Ctx) MaxProtoVersion() int { return c.ctrl(C.SSL_CTRL_GET_MAX_PROTO_VERSION, 0) }

// SetCipherList sets the ciphers of TLS 1.2 and below, in OpenSSL's cipher string format.
//
// SetCipherList corresponds to SSL_CTX_set_cipher_list(3).
func (c *Ctx) SetCipherList(list string) error {
	return c.list("SSL_CTX_set_cipher_list", list, func(p *C.SSL_CTX, s *C.char) C.gossl_result { return C.gossl_ctx_set_cipher_list(p, s) })
}

// SetCiphersuites sets the suites of TLS 1.3, separated by colons. SetCiphersuites corresponds to SSL_CTX_set_ciphersuites(3).
func (c *Ctx) SetCiphersuites(list string) error {
	return c.list("SSL_CTX_set_ciphersuites", list, func(p *C.SSL_CTX, s *C.char) C.gossl_result { return C.gossl_ctx_set_ciphersuites(p, s) })
}

// SetGroupsList sets the groups of the key exchange, such as "X25519:P-256". SetGroupsList corresponds to SSL_CTX_set1_groups_list(3).
func (c *Ctx) SetGroupsList(list string) error {
	return c.list("SSL_CTX_set1_groups_list", list, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_ctrl(p, C.SSL_CTRL_SET_GROUPS_LIST, 0, s, 1)
	})
}

// SetCurvesList is SetGroupsList, by the name that it had before TLS 1.3. SetCurvesList corresponds to SSL_CTX_set1_curves_list(3).
func (c *Ctx) SetCurvesList(list string) error { return c.SetGroupsList(list) }

// SetSigalgsList sets the signature algorithms that this side supports, in order of preference, such as "ECDSA+SHA256:RSA-PSS+SHA256".
//
// SetSigalgsList corresponds to SSL_CTX_set1_sigalgs_list(3).
func (c *Ctx) SetSigalgsList(list string) error {
	return c.list("SSL_CTX_set1_sigalgs_list", list, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_ctrl(p, C.SSL_CTRL_SET_SIGALGS_LIST, 0, s, 1)
	})
}

// SetClientSigalgsList sets the signature algorithms of client authentication: those that a server asks for. Without it they are those of
// SetSigalgsList.
//
// SetClientSigalgsList corresponds to SSL_CTX_set1_client_sigalgs_list(3).
func (c *Ctx) SetClientSigalgsList(list string) error {
	return c.list("SSL_CTX_set1_client_sigalgs_list", list, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_ctrl(p, C.SSL_CTRL_SET_CLIENT_SIGALGS_LIST, 0, s, 1)
	})
}

// SetOptions adds options and returns the new ones. SetOptions corresponds to SSL_CTX_set_options(3).
func (c *Ctx) SetOptions(options uint) uint { return c.options(options, 0) }

// ClearOptions removes options and returns the new ones. ClearOptions corresponds to SSL_CTX_clear_options(3).
func (c *Ctx) ClearOptions(options uint) uint { return c.options(0, options) }

// Options returns the options. Options corresponds to SSL_CTX_get_options(3).
func (c *Ctx) Options() uint { return c.options(0, 0) }

func (c *Ctx) options(set, clear uint) uint {
	r, _ := c.do("SSL_CTX_set_options", func(p *C.SSL_CTX) C.gossl_result {
		return C.gossl_ctx_options(p, C.ulong(set), C.ulong(clear))
	})
	return uint(uint32(r.ret))
}

// SetMode adds modes and returns the new ones. SetMode corresponds to SSL_CTX_set_mode(3).
func (c *Ctx) SetMode(mode int) int { return c.ctrl(C.SSL_CTRL_MODE, mode) }

// ClearMode removes modes and returns those that are left. ClearMode corresponds to SSL_CTX_clear_mode(3).
func (c *Ctx) ClearMode(mode int) int { return c.ctrl(C.SSL_CTRL_CLEAR_MODE, mode) }

// Mode returns the modes. Mode corresponds to SSL_CTX_get_mode(3).
func (c *Ctx) Mode() int { return c.ctrl(C.SSL_CTRL_MODE, 0) }

// SetSecurityLevel sets the level, 0 to 5, below which ciphers, keys, groups and versions are refused. 1 is the usual one, 0 allows all.
//
// SetSecurityLevel corresponds to SSL_CTX_set_security_level(3).
func (c *Ctx) SetSecurityLevel(level int) {
	c.setProperty("SSL_CTX_set_security_level", C.GOSSL_CTX_SECURITY_LEVEL, level)
}

// SecurityLevel returns the level. SecurityLevel corresponds to SSL_CTX_get_security_level(3).
func (c *Ctx) SecurityLevel() int {
	return c.property("SSL_CTX_get_security_level", C.GOSSL_CTX_SECURITY_LEVEL)
}

// Ciphers returns the ciphers that are configured, in order of preference. Ciphers corresponds to SSL_CTX_get_ciphers(3).
func (c *Ctx) Ciphers() []Cipher {
	return ciphersOf(c.blob("SSL_CTX_get_ciphers", C.GOSSL_BYTES_CIPHERS))
}

// QuietShutdown returns the setting of SetQuietShutdown. QuietShutdown corresponds to SSL_CTX_get_quiet_shutdown(3).
func (c *Ctx) QuietShutdown() bool {
	return c.property("SSL_CTX_get_quiet_shutdown", C.GOSSL_CTX_QUIET_SHUTDOWN) == 1
}

// SetALPNProtos sets the protocols that clients offer, each preceded by its length, in C's form. SetALPNProtos corresponds to SSL_CTX_set_alpn_protos(3).
func (c *Ctx) SetALPNProtos(protos []byte) error {
	return c.bytes("SSL_CTX_set_alpn_protos", protos, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_set_alpn_protos(p, b, C.uint(n))
	})
}

// SetReadAhead makes SSLs to come read as much as the transport has, not record by record. Pending does not count what was read ahead;
// [SSL.HasPending] does.
//
// SetReadAhead corresponds to SSL_CTX_set_read_ahead(3).
func (c *Ctx) SetReadAhead(on bool) { c.ctrl(C.SSL_CTRL_SET_READ_AHEAD, int(cBool(on))) }

// ReadAhead returns that setting. ReadAhead corresponds to SSL_CTX_get_read_ahead(3).
func (c *Ctx) ReadAhead() bool { return c.ctrl(C.SSL_CTRL_GET_READ_AHEAD, 0) == 1 }

// SetMaxSendFragment sets the size of the largest record that is sent, 512 to 16384 bytes before encryption.
//
// SetMaxSendFragment corresponds to SSL_CTX_set_max_send_fragment(3).
func (c *Ctx) SetMaxSendFragment(n int) error {
	return c.try("SSL_CTX_set_max_send_fragment", C.SSL_CTRL_SET_MAX_SEND_FRAGMENT, n, nil)
}

// SetSplitSendFragment sets how many bytes go into each of several pipelines before the next is used, up to the size of SetMaxSendFragment.
//
// SetSplitSendFragment corresponds to SSL_CTX_set_split_send_fragment(3).
func (c *Ctx) SetSplitSendFragment(n int) error {
	return c.try("SSL_CTX_set_split_send_fragment", C.SSL_CTRL_SET_SPLIT_SEND_FRAGMENT, n, nil)
}

// SetMaxPipelines sets how many records, 1 to 32, a cipher that can do so works on at once. More than one turns on read ahead.
//
// SetMaxPipelines corresponds to SSL_CTX_set_max_pipelines(3).
func (c *Ctx) SetMaxPipelines(n int) error {
	return c.try("SSL_CTX_set_max_pipelines", C.SSL_CTRL_SET_MAX_PIPELINES, n, nil)
}

// SetDefaultReadBufferLen makes the buffer of SetReadAhead larger than one record, which it is without. A negative n is an error.
//
// SetDefaultReadBufferLen corresponds to SSL_CTX_set_default_read_buffer_len(3).
func (c *Ctx) SetDefaultReadBufferLen(n int) error {
	return c.size("SSL_CTX_set_default_read_buffer_len", C.GOSSL_CTX_READ_BUFFER_LEN, n)
}

// size is for settings of bytes, that C takes as unsigned and may allocate.
func (c *Ctx) size(fn string, what C.int, n int) error {
	if n < 0 || n > maxBuffer {
		return ErrorStack{Func: fn, Refused: ErrTooLong}
	}
	return c.setProperty(fn, what, n)
}

// maxBuffer bounds buffers whose size a caller chooses: each SSL allocates one.
const maxBuffer = 1 << 24

// SetTLSExtMaxFragmentLength makes clients ask for records of a length that both sides keep to, as a MaxFragmentLength constant.
//
// SetTLSExtMaxFragmentLength corresponds to SSL_CTX_set_tlsext_max_fragment_length(3).
func (c *Ctx) SetTLSExtMaxFragmentLength(mode int) error {
	return c.setProperty("SSL_CTX_set_tlsext_max_fragment_length", C.GOSSL_CTX_MAX_FRAGMENT_LENGTH, mode)
}

// SetMaxCertList limits the size in bytes of the chain that a peer may send, and returns the old limit.
//
// SetMaxCertList corresponds to SSL_CTX_set_max_cert_list(3).
func (c *Ctx) SetMaxCertList(n int) int { return c.ctrl(C.SSL_CTRL_SET_MAX_CERT_LIST, n) }

// MaxCertList returns the limit. MaxCertList corresponds to SSL_CTX_get_max_cert_list(3).
func (c *Ctx) MaxCertList() int { return c.ctrl(C.SSL_CTRL_GET_MAX_CERT_LIST, 0) }

// SetBlockPadding pads records of TLS 1.3 to a multiple of n bytes, at most 16384, to hide their length; 0 or 1 does not.
//
// SetBlockPadding corresponds to SSL_CTX_set_block_padding(3).
func (c *Ctx) SetBlockPadding(n int) error {
	return c.size("SSL_CTX_set_block_padding", C.GOSSL_CTX_BLOCK_PADDING, n)
}

// SetPostHandshakeAuth makes TLS 1.3 clients say that a server may ask for their certificate after the handshake.
//
// SetPostHandshakeAuth corresponds to SSL_CTX_set_post_handshake_auth(3).
func (c *Ctx) SetPostHandshakeAuth(on bool) {
	c.setProperty("SSL_CTX_set_post_handshake_auth", C.GOSSL_CTX_POST_HANDSHAKE_AUTH, int(cBool(on)))
}

// SetTmpDHPEM sets the parameters of ephemeral Diffie-Hellman, for TLS 1.2 and below, from PEM.
//
// SetTmpDHPEM corresponds to SSL_CTX_set_tmp_dh(3).
func (c *Ctx) SetTmpDHPEM(pem []byte) error {
	return c.material("SSL_CTX_set_tmp_dh", C.GOSSL_TMP_DH_PEM, pem, nil)
}

// SetDHAuto makes libssl choose the parameters of ephemeral Diffie-Hellman, by the strength of the certificate's key (1), or always weak ones,
// of as many bits as the security level asks for (2); 0 turns it off.
//
// SetDHAuto corresponds to SSL_CTX_set_dh_auto(3).
func (c *Ctx) SetDHAuto(mode int) error {
	return c.try("SSL_CTX_set_dh_auto", C.SSL_CTRL_SET_DH_AUTO, mode, nil)
}

// SetRecvMaxEarlyData sets how many bytes of early data a server takes on a connection before it gives up, including those that it skips.
//
// SetRecvMaxEarlyData corresponds to SSL_CTX_set_recv_max_early_data(3).
func (c *Ctx) SetRecvMaxEarlyData(n uint32) {
	c.setProperty("SSL_CTX_set_recv_max_early_data", C.GOSSL_CTX_RECV_MAX_EARLY_DATA, int(n))
}

// RecvMaxEarlyData returns what was set. RecvMaxEarlyData corresponds to SSL_CTX_get_recv_max_early_data(3).
func (c *Ctx) RecvMaxEarlyData() uint32 {
	return uint32(c.property("SSL_CTX_get_recv_max_early_data", C.GOSSL_CTX_RECV_MAX_EARLY_DATA))
}

// SetSRPUsername sets the user name for SRP, which OpenSSL 3 deprecates. SetSRPUsername corresponds to SSL_CTX_set_srp_username(3).
func (c *Ctx) SetSRPUsername(name string) error {
	return c.list("SSL_CTX_set_srp_username", name, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_ctrl(p, C.SSL_CTRL_SET_TLS_EXT_SRP_USERNAME, 0, s, 1)
	})
}

// SetSRPPassword sets the password for SRP. SetSRPPassword corresponds to SSL_CTX_set_srp_password(3).
func (c *Ctx) SetSRPPassword(password string) error {
	return c.list("SSL_CTX_set_srp_password", password, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_ctrl(p, C.SSL_CTRL_SET_TLS_EXT_SRP_PASSWORD, 0, s, 1)
	})
}

// SetMaxEarlyData sets how many bytes of early data a server accepts with a session. SetMaxEarlyData corresponds to SSL_CTX_set_max_early_data(3).
func (c *Ctx) SetMaxEarlyData(n uint32) {
	c.With(func(p unsafe.Pointer) { C.SSL_CTX_set_max_early_data((*C.SSL_CTX)(p), C.uint32_t(n)) })
}

// MaxEarlyData returns what was set. MaxEarlyData corresponds to SSL_CTX_get_max_early_data(3).
func (c *Ctx) MaxEarlyData() (n uint32) {
	c.With(func(p unsafe.Pointer) { n = uint32(C.SSL_CTX_get_max_early_data((*C.SSL_CTX)(p))) })
	return n
}

// SetTLSExtUseSRTP sets the profiles of SRTP that are offered or accepted in DTLS, by name, separated by colons.
//
// SetTLSExtUseSRTP corresponds to SSL_CTX_set_tlsext_use_srtp(3).
func (c *Ctx) SetTLSExtUseSRTP(profiles string) error {
	return c.list("SSL_CTX_set_tlsext_use_srtp", profiles, func(p *C.SSL_CTX, s *C.char) C.gossl_result { return C.gossl_ctx_set_srtp(p, s) })
}
