package libssl

// #include "cgo.h"
import "C"

// SetKeylogCallback sets what gets the secrets of each connection, in the lines of the NSS key log format, without a newline. libssl asks the
// SSL's present Ctx: see [SSL.SetSSLCtx]. nil removes it.
//
// SetKeylogCallback corresponds to SSL_CTX_set_keylog_callback(3).
func (c *Ctx) SetKeylogCallback(f func(ssl *SSL, line string)) {
	c.setCallback(C.GOSSL_FN_KEYLOG, newCallback("keylog_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		f(ssl, string(told(args)))
	}))
}

// SetInfoCallback sets what hears of state changes, alerts and handshakes: where is a sum of Cb constants, ret depends on it. It is used by SSLs
// that have none of their own, and whose present Ctx this is. nil removes it.
//
// SetInfoCallback corresponds to SSL_CTX_set_info_callback(3).
func (c *Ctx) SetInfoCallback(f func(ssl *SSL, where, ret int)) {
	c.setCallback(C.GOSSL_FN_INFO, infoCallback(f))
}

// SetInfoCallback is [Ctx.SetInfoCallback] for one SSL; after nil, the one of the Ctx is used.
//
// SetInfoCallback corresponds to SSL_set_info_callback(3).
func (s *SSL) SetInfoCallback(f func(ssl *SSL, where, ret int)) {
	s.setCallback("SSL_set_info_callback", C.GOSSL_FN_INFO, infoCallback(f))
}

func infoCallback(f func(ssl *SSL, where, ret int)) *callback {
	return newCallback("info_callback", f != nil, func(ssl *SSL, args *C.gossl_args) { f(ssl, int(args.num[0]), int(args.num[1])) })
}

// Message is a protocol message, or a part of one, that was sent or received.
type Message struct {
	Sent        bool
	Version     int // 0 for a record's header
	ContentType int // a record type, or a pseudo type such as RTHeader; see SSL_CTX_set_msg_callback(3)
	Data        []byte
}

// SetMsgCallback sets what sees each message of SSLs that are made from now on; they may replace it. Data is a copy. nil removes it.
//
// SetMsgCallback corresponds to SSL_CTX_set_msg_callback(3).
func (c *Ctx) SetMsgCallback(f func(ssl *SSL, m Message)) {
	c.setCallback(C.GOSSL_FN_MSG, msgCallback(f))
}

// SetMsgCallback sets what sees each message of this SSL. nil removes it.
//
// SetMsgCallback corresponds to SSL_set_msg_callback(3).
func (s *SSL) SetMsgCallback(f func(ssl *SSL, m Message)) {
	s.setCallback("SSL_set_msg_callback", C.GOSSL_FN_MSG, msgCallback(f))
}

func msgCallback(f func(ssl *SSL, m Message)) *callback {
	return newCallback("msg_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		f(ssl, Message{Sent: args.num[0] != 0, Version: int(args.num[1]), ContentType: int(args.num[2]), Data: told(args)})
	})
}
