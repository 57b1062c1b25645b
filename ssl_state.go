package libssl

// #include "cgo.h"
import "C"

// SetConnectState makes the SSL a client at the beginning of a handshake. SetConnectState corresponds to SSL_set_connect_state(3).
func (s *SSL) SetConnectState() { s.setProperty("SSL_set_connect_state", C.GOSSL_CONNECT_STATE, 0) }

// SetAcceptState makes the SSL a server at the beginning of a handshake. SetAcceptState corresponds to SSL_set_accept_state(3).
func (s *SSL) SetAcceptState() { s.setProperty("SSL_set_accept_state", C.GOSSL_ACCEPT_STATE, 0) }

// SetShutdown sets the shutdown flags without sending anything: [SentShutdown], [ReceivedShutdown].
//
// SetShutdown corresponds to SSL_set_shutdown(3).
func (s *SSL) SetShutdown(flags int) {
	s.setProperty("SSL_set_shutdown", C.GOSSL_SHUTDOWN_STATE, flags)
}

// GetShutdown returns the shutdown flags. GetShutdown corresponds to SSL_get_shutdown(3).
func (s *SSL) GetShutdown() int { return s.property("SSL_get_shutdown", C.GOSSL_SHUTDOWN_STATE, 0) }

// SetQuietShutdown makes Shutdown set both flags and send nothing. SetQuietShutdown corresponds to SSL_set_quiet_shutdown(3).
func (s *SSL) SetQuietShutdown(on bool) {
	s.setProperty("SSL_set_quiet_shutdown", C.GOSSL_QUIET_SHUTDOWN, int(cBool(on)))
}

// QuietShutdown returns that setting. QuietShutdown corresponds to SSL_get_quiet_shutdown(3).
func (s *SSL) QuietShutdown() bool {
	return s.property("SSL_get_quiet_shutdown", C.GOSSL_QUIET_SHUTDOWN, 0) == 1
}

// Version returns the protocol version, as a Version constant. Version corresponds to SSL_version(3).
func (s *SSL) Version() int { return s.property("SSL_version", C.GOSSL_VERSION, 0) }

// VersionString returns its name, such as "TLSv1.3". VersionString corresponds to SSL_get_version(3).
func (s *SSL) VersionString() string { return s.name("SSL_get_version", C.GOSSL_NAME_VERSION) }

// InInit reports whether a handshake is running or has not begun. InInit corresponds to SSL_in_init(3).
func (s *SSL) InInit() bool { return s.property("SSL_in_init", C.GOSSL_IN_INIT, 0) == 1 }

// InBefore reports whether no handshake has begun. InBefore corresponds to SSL_in_before(3).
func (s *SSL) InBefore() bool { return s.property("SSL_in_before", C.GOSSL_IN_BEFORE, 0) == 1 }

// IsInitFinished reports whether the handshake is done. IsInitFinished corresponds to SSL_is_init_finished(3).
func (s *SSL) IsInitFinished() bool {
	return s.property("SSL_is_init_finished", C.GOSSL_IS_INIT_FINISHED, 0) == 1
}

// IsServer reports whether the SSL is a server. IsServer corresponds to SSL_is_server(3).
func (s *SSL) IsServer() bool { return s.property("SSL_is_server", C.GOSSL_IS_SERVER, 0) == 1 }

// Pending returns how many bytes Read can return without the transport. Pending corresponds to SSL_pending(3).
func (s *SSL) Pending() int { return s.property("SSL_pending", C.GOSSL_PENDING, 0) }

// Renegotiate schedules a full handshake on a connection of TLS 1.2 or below. It returns 1, or 0. Renegotiate corresponds to SSL_renegotiate(3).
func (s *SSL) Renegotiate() int { return s.setProperty("SSL_renegotiate", C.GOSSL_RENEGOTIATE, 0) }

// RenegotiateAbbreviated schedules a handshake that resumes the session. It returns 1, or 0.
//
// RenegotiateAbbreviated corresponds to SSL_renegotiate_abbreviated(3).
func (s *SSL) RenegotiateAbbreviated() int {
	return s.setProperty("SSL_renegotiate_abbreviated", C.GOSSL_RENEGOTIATE, 1)
}

// RenegotiatePending reports whether a renegotiation was scheduled and is not done. RenegotiatePending corresponds to SSL_renegotiate_pending(3).
func (s *SSL) RenegotiatePending() bool {
	return s.property("SSL_renegotiate_pending", C.GOSSL_RENEGOTIATE_PENDING, 0) == 1
}

// SetVerify sets how the peer's certificate is verified. SetVerify corresponds to SSL_set_verify(3).
func (s *SSL) SetVerify(mode int) { s.setProperty("SSL_set_verify", C.GOSSL_VERIFY_MODE, mode) }

// SetOptions adds options and returns the new ones. SetOptions corresponds to SSL_set_options(3).
func (s *SSL) SetOptions(options uint) uint { return s.options("SSL_set_options", options, 0) }

// ClearOptions removes options and returns the new ones. ClearOptions corresponds to SSL_clear_options(3).
func (s *SSL) ClearOptions(options uint) uint { return s.options("SSL_clear_options", 0, options) }

func (s *SSL) options(fn string, set, clear uint) uint {
	return uint(uint32(s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_options(p, C.ulong(set), C.ulong(clear))
	})))
}

// text is for functions of one string.
func (s *SSL) text(fn, text string, f func(*C.gossl_ssl, *C.char) C.gossl_result) int {
	c, err := cString(fn, text)
	if err != nil {
		s.refuse(fn, ErrNUL)
		return 0
	}
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return f(p, c) })
}

func (s *SSL) try(fn string, cmd C.int, arg int) int {
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_ctrl(p, cmd, C.long(arg), nil, 1) })
}

// SetMinProtoVersion sets the lowest version. It returns 1, or 0. SetMinProtoVersion corresponds to SSL_set_min_proto_version(3).
func (s *SSL) SetMinProtoVersion(version int) int {
	return s.try("SSL_set_min_proto_version", C.SSL_CTRL_SET_MIN_PROTO_VERSION, version)
}

// SetMaxProtoVersion sets the highest version. It returns 1, or 0. SetMaxProtoVersion corresponds to SSL_set_max_proto_version(3).
func (s *SSL) SetMaxProtoVersion(version int) int {
	return s.try("SSL_set_max_proto_version", C.SSL_CTRL_SET_MAX_PROTO_VERSION, version)
}

// SetCipherList sets the ciphers of TLS 1.2 and below. It returns 1, or 0. SetCipherList corresponds to SSL_set_cipher_list(3).
func (s *SSL) SetCipherList(list string) int {
	return s.text("SSL_set_cipher_list", list, func(p *C.gossl_ssl, t *C.char) C.gossl_result { return C.gossl_ssl_set_cipher_list(p, t) })
}

// SetCiphersuites sets the suites of TLS 1.3. It returns 1, or 0. SetCiphersuites corresponds to SSL_set_ciphersuites(3).
func (s *SSL) SetCiphersuites(list string) int {
	return s.text("SSL_set_ciphersuites", list, func(p *C.gossl_ssl, t *C.char) C.gossl_result { return C.gossl_ssl_set_ciphersuites(p, t) })
}

// SetTLSExtHostName sets the server name that a client asks for. It returns 1, or 0. The name is not what certificates are checked against.
//
// SetTLSExtHostName corresponds to SSL_set_tlsext_host_name(3).
func (s *SSL) SetTLSExtHostName(name string) int {
	return s.text("SSL_set_tlsext_host_name", name, func(p *C.gossl_ssl, t *C.char) C.gossl_result {
		return C.gossl_ssl_ctrl(p, C.SSL_CTRL_SET_TLSEXT_HOSTNAME, C.TLSEXT_NAMETYPE_host_name, t, 1)
	})
}

// Servername returns the server name of the connection, "" if there is none. On a resumed TLS 1.2 connection it is the session's, even before
// the handshake.
//
// Servername corresponds to SSL_get_servername(3).
func (s *SSL) Servername() string {
	name, _ := s.object("SSL_get_servername", func(p *C.gossl_ssl) C.gossl_object { return C.gossl_ssl_get_servername(p) })
	defer C.free(name)
	return goString((*C.char)(name))
}

// SetALPNProtos sets the protocols that a client offers, each preceded by its length, in C's form. It returns 0 for success.
//
// SetALPNProtos corresponds to SSL_set_alpn_protos(3).
func (s *SSL) SetALPNProtos(protos []byte) int {
	b, n := cBytes(protos)
	return s.value("SSL_set_alpn_protos", 1, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_alpn_protos(p, b, C.uint(n)) })
}

// EarlyDataStatus says what became of early data, as an EarlyData constant. EarlyDataStatus corresponds to SSL_get_early_data_status(3).
func (s *SSL) EarlyDataStatus() int {
	return s.property("SSL_get_early_data_status", C.GOSSL_EARLY_DATA_STATUS, 0)
}

// SetMaxEarlyData sets how many bytes of early data this server accepts. It returns 1, or 0. SetMaxEarlyData corresponds to SSL_set_max_early_data(3).
func (s *SSL) SetMaxEarlyData(n uint32) int {
	return s.setProperty("SSL_set_max_early_data", C.GOSSL_MAX_EARLY_DATA, int(n))
}
