package libssl

// #include "cgo.h"
import "C"

import (
	"errors"
	"unsafe"
)

// What [SSL.Err] returns for a call that has to be repeated, and for the end of the peer's data.
var (
	ErrWantRead        = errors.New("libssl: more bytes of the peer are needed")
	ErrWantWrite       = errors.New("libssl: the transport takes no more bytes now")
	ErrWantX509Lookup  = errors.New("libssl: a certificate callback wants to be called again")
	ErrWantClientHello = errors.New("libssl: the client-hello callback wants to be called again")
	ErrWantConnect     = errors.New("libssl: the transport is not connected yet")
	ErrWantAccept      = errors.New("libssl: the transport has not accepted yet")
	ErrWantAsync       = errors.New("libssl: an asynchronous engine is working")
	ErrZeroReturn      = errors.New("libssl: the peer has closed the connection")
)

var wants = map[int32]error{
	ErrorWantRead:        ErrWantRead,
	ErrorWantWrite:       ErrWantWrite,
	ErrorWantX509Lookup:  ErrWantX509Lookup,
	ErrorWantClientHello: ErrWantClientHello,
	ErrorWantConnect:     ErrWantConnect,
	ErrorWantAccept:      ErrWantAccept,
	ErrorWantAsync:       ErrWantAsync,
	ErrorWantAsyncJob:    ErrWantAsync,
	ErrorZeroReturn:      ErrZeroReturn,
}

// otherFailed is added to an SSL's code when a call fails that is not I/O: what is to be told then is in LastErrors.
const otherFailed = 1 << 16

// Err turns the value of the last call on this handle into an error: nil if ret is positive, one of the above if the call has to be repeated or the peer
// has closed, else what LastErrors returns. It is for I/O, also that of an [Engine] with [Step.Ret], and for calls that return 1 or a failure of 0 and
// less with something in LastErrors. It is not for those of which 0 is a success or an answer, such as [SSL.SetALPNProtos] and the getters, nor for
// [SSL.BIORead] and [SSL.BIOWrite], whose -1 leaves nothing there.
//
// [SSL.Shutdown] may return 0 without a failure: close_notify was sent, and the peer's is missing. The 0 of [SSL.DTLSv1Listen] and [SSL.Stateless], for
// which no ClientHello with a cookie has come, is ErrWantRead.
//
// Err corresponds to SSL_get_error(3).
func (s *SSL) Err(ret int) error {
	if ret > 0 {
		return nil
	}
	if s != nil {
		if err := wants[s.code.Load()]; err != nil {
			return err
		}
	}
	return s.LastErrors()
}

// Want says why the last I/O call has to be repeated, as a Want constant. Want corresponds to SSL_want(3).
func (s *SSL) Want() int { return s.info("SSL_want", C.GOSSL_INFO_WANT, WantNothing) }

// HasPending reports whether there are bytes that were read and not yet processed, or not yet taken by Read.
//
// HasPending corresponds to SSL_has_pending(3).
func (s *SSL) HasPending() bool { return s.info("SSL_has_pending", C.GOSSL_INFO_HAS_PENDING, 0) == 1 }

// State returns the state of the handshake, a number of OpenSSL's. State corresponds to SSL_get_state(3).
func (s *SSL) State() int { return s.info("SSL_get_state", C.GOSSL_INFO_STATE, 0) }

// StateString returns the state in at most 6 letters. StateString corresponds to SSL_state_string(3).
func (s *SSL) StateString() string { return s.name("SSL_state_string", C.GOSSL_NAME_STATE) }

// StateStringLong returns the state, such as "SSL negotiation finished successfully". StateStringLong corresponds to SSL_state_string_long(3).
func (s *SSL) StateStringLong() string {
	return s.name("SSL_state_string_long", C.GOSSL_NAME_STATE_LONG)
}

// RstateString returns the state of reading in 2 letters: "RH" for a header, "RB" for a body, "RD" when done.
//
// RstateString corresponds to SSL_rstate_string(3).
func (s *SSL) RstateString() string { return s.name("SSL_rstate_string", C.GOSSL_NAME_RSTATE) }

// RstateStringLong returns the state of reading, such as "read header". RstateStringLong corresponds to SSL_rstate_string_long(3).
func (s *SSL) RstateStringLong() string {
	return s.name("SSL_rstate_string_long", C.GOSSL_NAME_RSTATE_LONG)
}

// NumRenegotiations counts the renegotiations since the last ClearNumRenegotiations. NumRenegotiations corresponds to SSL_num_renegotiations(3).
func (s *SSL) NumRenegotiations() int {
	return s.ctrl("SSL_num_renegotiations", C.SSL_CTRL_GET_NUM_RENEGOTIATIONS, 0)
}

// ClearNumRenegotiations returns that count and sets it to 0. ClearNumRenegotiations corresponds to SSL_clear_num_renegotiations(3).
func (s *SSL) ClearNumRenegotiations() int {
	return s.ctrl("SSL_clear_num_renegotiations", C.SSL_CTRL_CLEAR_NUM_RENEGOTIATIONS, 0)
}

// TotalRenegotiations counts all renegotiations. TotalRenegotiations corresponds to SSL_total_renegotiations(3).
func (s *SSL) TotalRenegotiations() int {
	return s.ctrl("SSL_total_renegotiations", C.SSL_CTRL_GET_TOTAL_RENEGOTIATIONS, 0)
}

// KeyUpdate schedules new keys for a connection of TLS 1.3, which the next write or handshake sends: [KeyUpdateNotRequested] for what this side
// sends, [KeyUpdateRequested] for both. It returns 1, or 0.
//
// KeyUpdate corresponds to SSL_key_update(3).
func (s *SSL) KeyUpdate(updatetype int) int {
	return s.tune("SSL_key_update", C.GOSSL_TUNE_KEY_UPDATE, updatetype)
}

// KeyUpdateType returns what is scheduled, [KeyUpdateNone] if nothing is. KeyUpdateType corresponds to SSL_get_key_update_type(3).
func (s *SSL) KeyUpdateType() int {
	return s.info("SSL_get_key_update_type", C.GOSSL_INFO_KEY_UPDATE_TYPE, KeyUpdateNone)
}

// SetPostHandshakeAuth is [Ctx.SetPostHandshakeAuth] for one SSL, before its handshake. SetPostHandshakeAuth corresponds to SSL_set_post_handshake_auth(3).
func (s *SSL) SetPostHandshakeAuth(on bool) {
	s.tune("SSL_set_post_handshake_auth", C.GOSSL_TUNE_POST_HANDSHAKE_AUTH, int(cBool(on)))
}

// VerifyClientPostHandshake schedules, on a server of TLS 1.3 whose verify mode asks for certificates, the request for the client's, which
// DoHandshake or Write sends. It returns 1, or 0, also if the client has not said that it supports this.
//
// VerifyClientPostHandshake corresponds to SSL_verify_client_post_handshake(3).
func (s *SSL) VerifyClientPostHandshake() int {
	return s.tune("SSL_verify_client_post_handshake", C.GOSSL_TUNE_VERIFY_CLIENT_POST_HANDSHAKE, 0)
}

// ExportKeyingMaterial fills out with bytes that both sides can derive from the connection, by label and context. A nil context is no context, which in
// TLS 1.2 is not the same as an empty one. It returns 1, or 0 or -1.
//
// ExportKeyingMaterial corresponds to SSL_export_keying_material(3).
func (s *SSL) ExportKeyingMaterial(out []byte, label string, context []byte) int {
	const fn = "SSL_export_keying_material"
	if len(out) > maxEncoded || len(label) > maxEncoded || len(context) > maxEncoded {
		return s.refusal(fn, ErrTooLong)
	}
	o, n := cBytes(out)
	ctx, ctxLen := cBytes(context)
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_export(p, o, C.size_t(n), (*C.char)(unsafe.Pointer(unsafe.StringData(label))), C.size_t(len(label)),
			ctx, C.size_t(ctxLen), cBool(context != nil))
	})
}

// ExportKeyingMaterialEarly is ExportKeyingMaterial for early data: the bytes come from the session that is resumed. It returns 1, or 0.
//
// ExportKeyingMaterialEarly corresponds to SSL_export_keying_material_early(3).
func (s *SSL) ExportKeyingMaterialEarly(out []byte, label string, context []byte) int {
	const fn = "SSL_export_keying_material_early"
	if len(out) > maxEncoded || len(label) > maxEncoded || len(context) > maxEncoded {
		return s.refusal(fn, ErrTooLong)
	}
	o, n := cBytes(out)
	ctx, ctxLen := cBytes(context)
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_export_early(p, o, C.size_t(n), (*C.char)(unsafe.Pointer(unsafe.StringData(label))), C.size_t(len(label)),
			ctx, C.size_t(ctxLen))
	})
}

// Finished returns the message that ended this side's part of the handshake, nil before. Finished corresponds to SSL_get_finished(3).
func (s *SSL) Finished() []byte { return s.blob("SSL_get_finished", C.GOSSL_BYTES_FINISHED) }

// PeerFinished returns the message that ended the peer's part of the handshake. PeerFinished corresponds to SSL_get_peer_finished(3).
func (s *SSL) PeerFinished() []byte {
	return s.blob("SSL_get_peer_finished", C.GOSSL_BYTES_PEER_FINISHED)
}

// ClientRandom returns the 32 random bytes of the client, zero before the handshake. ClientRandom corresponds to SSL_get_client_random(3).
func (s *SSL) ClientRandom() []byte {
	return s.blob("SSL_get_client_random", C.GOSSL_BYTES_CLIENT_RANDOM)
}

// ServerRandom returns the 32 random bytes of the server, zero before the handshake. ServerRandom corresponds to SSL_get_server_random(3).
func (s *SSL) ServerRandom() []byte {
	return s.blob("SSL_get_server_random", C.GOSSL_BYTES_SERVER_RANDOM)
}

// AlertTypeString returns "W" or "F" for the value of an alert, whose upper byte is the level. AlertTypeString corresponds to SSL_alert_type_string(3).
func AlertTypeString(value int) string { return goString(C.SSL_alert_type_string(C.int(value))) }

// AlertTypeStringLong returns "warning" or "fatal". AlertTypeStringLong corresponds to SSL_alert_type_string_long(3).
func AlertTypeStringLong(value int) string {
	return goString(C.SSL_alert_type_string_long(C.int(value)))
}

// AlertDescString returns two letters for the alert. AlertDescString corresponds to SSL_alert_desc_string(3).
func AlertDescString(value int) string { return goString(C.SSL_alert_desc_string(C.int(value))) }

// AlertDescStringLong returns what the alert says, such as "close notify". AlertDescStringLong corresponds to SSL_alert_desc_string_long(3).
func AlertDescStringLong(value int) string {
	return goString(C.SSL_alert_desc_string_long(C.int(value)))
}
