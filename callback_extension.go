package libssl

// #include "cgo.h"
import "C"

import (
	"errors"
	"unsafe"
)

// ErrProtocols: a list of application protocols that cannot be encoded, or is none.
var ErrProtocols = errors.New("libssl: protocols have 1 to 255 bytes each, and 65535 in all")

// EncodeALPN returns protocols in the form in which they are offered, each after its length; nothing for none.
func EncodeALPN(protos ...string) ([]byte, error) {
	var wire []byte
	for _, p := range protos {
		if len(p) == 0 || len(p) > 255 {
			return nil, ErrProtocols
		}
		wire = append(append(wire, byte(len(p))), p...)
	}
	if len(wire) > 65535 {
		return nil, ErrProtocols
	}
	return wire, nil
}

// DecodeALPN is the reverse of EncodeALPN.
func DecodeALPN(wire []byte) (protos []string, err error) {
	for len(wire) > 0 {
		n := int(wire[0])
		if n == 0 || n >= len(wire) {
			return nil, ErrProtocols
		}
		protos = append(protos, string(wire[1:1+n]))
		wire = wire[1+n:]
	}
	return protos, nil
}

// SelectNextProto returns the first protocol of the server's list that is in the client's too, and [NPNNegotiated]; or the first of the client's, and
// [NPNNoOverlap]. A list that is no list, or a client's that is empty, gives nothing and 0: C would read beyond it.
//
// SelectNextProto corresponds to SSL_select_next_proto(3).
func SelectNextProto(server, client []byte) (proto string, result int) {
	_, err := DecodeALPN(server)
	offered, err2 := DecodeALPN(client)
	if err != nil || err2 != nil || len(offered) == 0 {
		return "", 0
	}
	s, serverLen := cBytes(server)
	c, clientLen := cBytes(client)
	var at, n C.uint
	result = int(C.gossl_select_next_proto(&at, &n, s, C.uint(serverLen), c, C.uint(clientLen)))
	if result == NPNNegotiated {
		return string(server[at : at+n]), result
	}
	return string(client[at : at+n]), result
}

// SetTLSExtServernameCallback sets what decides on the server name, [SSL.Servername], before a session is resumed on a server; it may call
// SetSSLCtx. It returns a TLSExtErr constant, and for an alert its number, 0 for unrecognized_name. It fires also if the client sent no name.
// libssl asks the present Ctx, and if that has none, the one that the SSL was made with. nil removes it.
//
// SetTLSExtServernameCallback corresponds to SSL_CTX_set_tlsext_servername_callback(3).
func (c *Ctx) SetTLSExtServernameCallback(f func(ssl *SSL) (result, alert int)) {
	c.setCallback(C.GOSSL_FN_SERVERNAME, alertCallback("tlsext_servername_callback", f))
}

// alertCallback is for callbacks that return C's number and an alert, 0 for the one that libssl has chosen.
func alertCallback(name string, f func(ssl *SSL) (result, alert int)) *callback {
	return newCallback(name, f != nil, func(ssl *SSL, args *C.gossl_args) {
		result, alert := f(ssl)
		switch {
		case alert == 0:
			args.alert = C.int(args.num[0])
		case alert > 0 && alert < 256:
			args.alert = C.int(alert)
		}
		args.ret = C.int(result)
	})
}

// SetALPNSelectCB sets what chooses, on a server whose present Ctx this is, one of the protocols that the client offers. With [TLSExtErrOK],
// selected is sent; with [TLSExtErrNoAck] none is; with [TLSExtErrAlertFatal] the handshake fails. nil removes it.
//
// SetALPNSelectCB corresponds to SSL_CTX_set_alpn_select_cb(3).
func (c *Ctx) SetALPNSelectCB(f func(ssl *SSL, offered []string) (selected string, result int)) {
	c.setCallback(C.GOSSL_FN_ALPN_SELECT, selectCallback("alpn_select_cb", f))
}

// SetNextProtoSelectCB sets what chooses, on a client whose present Ctx this is, the protocol to use beside those that the server advertises; this
// makes the client ask. The handshake fails unless it returns a protocol and [TLSExtErrOK]. Up to TLS 1.2. nil removes it.
//
// SetNextProtoSelectCB corresponds to SSL_CTX_set_next_proto_select_cb(3).
func (c *Ctx) SetNextProtoSelectCB(f func(ssl *SSL, advertised []string) (selected string, result int)) {
	c.setCallback(C.GOSSL_FN_NPN_SELECT, selectCallback("next_proto_select_cb", f))
}

func selectCallback(name string, f func(ssl *SSL, protos []string) (selected string, result int)) *callback {
	return newCallback(name, f != nil, func(ssl *SSL, args *C.gossl_args) {
		protos, err := DecodeALPN(told(args))
		if err != nil {
			return
		}
		selected, result := f(ssl, protos)
		if result == TLSExtErrOK && (selected == "" || !answer(args, 0, []byte(selected))) {
			return
		}
		args.ret = C.int(result)
	})
}

// SetNextProtosAdvertisedCB sets what a server whose present Ctx this is tells a client that asks: protocols and [TLSExtErrOK], or [TLSExtErrNoAck].
// Up to TLS 1.2. nil removes it.
//
// SetNextProtosAdvertisedCB corresponds to SSL_CTX_set_next_protos_advertised_cb(3).
func (c *Ctx) SetNextProtosAdvertisedCB(f func(ssl *SSL) (protos []string, result int)) {
	c.setCallback(C.GOSSL_FN_NPN_ADVERTISED, newCallback("next_protos_advertised_cb", f != nil, func(ssl *SSL, args *C.gossl_args) {
		protos, result := f(ssl)
		wire, err := EncodeALPN(protos...)
		if result == TLSExtErrOK && (err != nil || !answer(args, 0, wire)) {
			return
		}
		args.ret = C.int(result)
	}))
}

// SetTLSExtStatusType makes clients to come ask for the status of the server's certificate: [StatusTypeOCSP], or -1 for not.
//
// SetTLSExtStatusType corresponds to SSL_CTX_set_tlsext_status_type(3).
func (c *Ctx) SetTLSExtStatusType(kind int) error {
	return c.try("SSL_CTX_set_tlsext_status_type", C.SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, kind, nil)
}

// TLSExtStatusType returns what was set, -1 at first. TLSExtStatusType corresponds to SSL_CTX_get_tlsext_status_type(3).
func (c *Ctx) TLSExtStatusType() int { return c.ctrl(C.SSL_CTRL_GET_TLSEXT_STATUS_REQ_TYPE, 0) }

// SetTLSExtStatusType makes this client ask. It returns 1, or 0. SetTLSExtStatusType corresponds to SSL_set_tlsext_status_type(3).
func (s *SSL) SetTLSExtStatusType(kind int) int {
	return s.try("SSL_set_tlsext_status_type", C.SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, kind)
}

// TLSExtStatusType returns what this client asks for, or what this server was asked for; -1 for nothing.
//
// TLSExtStatusType corresponds to SSL_get_tlsext_status_type(3).
func (s *SSL) TLSExtStatusType() int {
	return s.value("SSL_get_tlsext_status_type", 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_ctrl(p, C.SSL_CTRL_GET_TLSEXT_STATUS_REQ_TYPE, 0, nil, 0)
	})
}

// SetTLSExtStatusCB sets what fires when a status was asked for, in SSLs whose present Ctx this is. On a server it sets the response, with
// SetTLSExtStatusOCSPResp, and returns a TLSExtErr constant. On a client it looks at the response, which may be nil, and returns 1, or 0 to
// reject it, or a negative number for an error. nil removes it.
//
// SetTLSExtStatusCB corresponds to SSL_CTX_set_tlsext_status_cb(3).
func (c *Ctx) SetTLSExtStatusCB(f func(ssl *SSL) int) {
	c.setCallback(C.GOSSL_FN_STATUS, resultCallback("tlsext_status_cb", f))
}

// SetTLSExtStatusOCSPResp sets the response, in DER, that a server sends; it is copied. It returns 1, or 0.
//
// SetTLSExtStatusOCSPResp corresponds to SSL_set_tlsext_status_ocsp_resp(3).
func (s *SSL) SetTLSExtStatusOCSPResp(resp []byte) int {
	const fn = "SSL_set_tlsext_status_ocsp_resp"
	if len(resp) > maxEncoded {
		return s.refusal(fn, ErrTooLong)
	}
	b, n := cBytes(resp)
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_ocsp_resp(p, b, n) })
}

// TLSExtStatusOCSPResp returns the response that was set or received, nil for none.
//
// TLSExtStatusOCSPResp corresponds to SSL_get_tlsext_status_ocsp_resp(3).
func (s *SSL) TLSExtStatusOCSPResp() []byte {
	return s.copied("SSL_get_tlsext_status_ocsp_resp", func(p *C.gossl_ssl, buf **C.uchar) C.gossl_result {
		return C.gossl_ssl_get_ocsp_resp(p, buf)
	})
}

// copied is for functions that copy bytes into memory that gossl_clear_free frees. Without any it returns nil.
func (s *SSL) copied(fn string, f func(p *C.gossl_ssl, buf **C.uchar) C.gossl_result) []byte {
	var buf *C.uchar
	n, ok := s.do(fn, func(p *C.gossl_ssl) C.gossl_result { return f(p, &buf) })
	if !ok || n < 0 {
		return nil
	}
	defer C.gossl_clear_free(unsafe.Pointer(buf), C.size_t(n))
	return append([]byte{}, unsafe.Slice((*byte)(buf), n)...)
}
