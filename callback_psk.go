package libssl

// #include "cgo.h"
import "C"

import "strings"

// SetPSKClientCallback sets what gives the identity, 128 bytes at the most and without NUL, and the key, 256 at the most, of a client with a
// pre-shared key, in SSLs that are made from now on. Without a key there is none: TLS 1.2 fails then. hint is the server's, "" for none and in TLS
// 1.3. nil removes it.
//
// SetPSKClientCallback corresponds to SSL_CTX_set_psk_client_callback(3).
func (c *Ctx) SetPSKClientCallback(f func(ssl *SSL, hint string) (identity string, key []byte)) {
	c.setCallback(C.GOSSL_FN_PSK_CLIENT, pskClient(f))
}

// SetPSKClientCallback is [Ctx.SetPSKClientCallback] for one SSL. nil removes it, also the one from the Ctx.
//
// SetPSKClientCallback corresponds to SSL_set_psk_client_callback(3).
func (s *SSL) SetPSKClientCallback(f func(ssl *SSL, hint string) (identity string, key []byte)) {
	s.setCallback("SSL_set_psk_client_callback", C.GOSSL_FN_PSK_CLIENT, pskClient(f))
}

func pskClient(f func(ssl *SSL, hint string) (identity string, key []byte)) *callback {
	return newCallback("psk_client_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		identity, key := f(ssl, string(told(args)))
		args.ret = cBool(strings.IndexByte(identity, 0) < 0 && answer(args, 0, []byte(identity)) && answer(args, 1, key))
	})
}

// SetPSKServerCallback sets what gives the key, 256 bytes at the most, of a client's identity, in SSLs that are made from now on; none if it is not
// known. A client of TLS 1.3 may send any bytes as identity; they are cut at a NUL. nil removes it.
//
// SetPSKServerCallback corresponds to SSL_CTX_set_psk_server_callback(3).
func (c *Ctx) SetPSKServerCallback(f func(ssl *SSL, identity string) []byte) {
	c.setCallback(C.GOSSL_FN_PSK_SERVER, pskServer(f))
}

// SetPSKServerCallback is [Ctx.SetPSKServerCallback] for one SSL. nil removes it, also the one from the Ctx.
//
// SetPSKServerCallback corresponds to SSL_set_psk_server_callback(3).
func (s *SSL) SetPSKServerCallback(f func(ssl *SSL, identity string) []byte) {
	s.setCallback("SSL_set_psk_server_callback", C.GOSSL_FN_PSK_SERVER, pskServer(f))
}

func pskServer(f func(ssl *SSL, identity string) []byte) *callback {
	return newCallback("psk_server_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		args.ret = cBool(answer(args, 0, f(ssl, string(told(args)))))
	})
}

// UsePSKIdentityHint sets the hint, 128 bytes at the most, that servers to come send to clients before TLS 1.3; "" for none.
//
// UsePSKIdentityHint corresponds to SSL_CTX_use_psk_identity_hint(3).
func (c *Ctx) UsePSKIdentityHint(hint string) error {
	return c.list("SSL_CTX_use_psk_identity_hint", hint, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_use_psk_identity_hint(p, s)
	})
}

// UsePSKIdentityHint sets the hint of this server. It returns 1, or 0. UsePSKIdentityHint corresponds to SSL_use_psk_identity_hint(3).
func (s *SSL) UsePSKIdentityHint(hint string) int {
	return s.text("SSL_use_psk_identity_hint", hint, func(p *C.gossl_ssl, t *C.char) C.gossl_result {
		return C.gossl_ssl_use_psk_identity_hint(p, t)
	})
}

// SetPSKUseSessionCallback sets what gives a client of TLS 1.3 the session that holds a pre-shared key, and its identity, in SSLs that are made
// from now on. digest is "", or after a HelloRetryRequest the name of the hash that the cipher's must be, such as "SHA256". A nil session means
// none; with ok false the handshake fails. libssl takes a reference of its own. nil removes it.
//
// SetPSKUseSessionCallback corresponds to SSL_CTX_set_psk_use_session_callback(3).
func (c *Ctx) SetPSKUseSessionCallback(f func(ssl *SSL, digest string) (identity []byte, session *Session, ok bool)) {
	c.setCallback(C.GOSSL_FN_PSK_USE, pskUse(f))
}

// SetPSKUseSessionCallback is [Ctx.SetPSKUseSessionCallback] for one SSL. nil removes it, also the one from the Ctx.
//
// SetPSKUseSessionCallback corresponds to SSL_set_psk_use_session_callback(3).
func (s *SSL) SetPSKUseSessionCallback(f func(ssl *SSL, digest string) (identity []byte, session *Session, ok bool)) {
	s.setCallback("SSL_set_psk_use_session_callback", C.GOSSL_FN_PSK_USE, pskUse(f))
}

func pskUse(f func(ssl *SSL, digest string) (identity []byte, session *Session, ok bool)) *callback {
	return newCallback("psk_use_session_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		identity, session, ok := f(ssl, string(told(args)))
		if ok && session != nil {
			if ok = answer(args, 0, identity); ok {
				handOver(args, session)
			}
		}
		args.ret = cBool(ok)
	})
}

// SetPSKFindSessionCallback sets what gives a server of TLS 1.3 the session that holds the pre-shared key of an identity, in SSLs that are made
// from now on. A nil session means that it is not known, and that a ticket is looked for; with ok false the handshake fails. libssl takes a
// reference of its own, and copies the session. nil removes it.
//
// SetPSKFindSessionCallback corresponds to SSL_CTX_set_psk_find_session_callback(3).
func (c *Ctx) SetPSKFindSessionCallback(f func(ssl *SSL, identity []byte) (session *Session, ok bool)) {
	c.setCallback(C.GOSSL_FN_PSK_FIND, pskFind(f))
}

// SetPSKFindSessionCallback is [Ctx.SetPSKFindSessionCallback] for one SSL. nil removes it, also the one from the Ctx.
//
// SetPSKFindSessionCallback corresponds to SSL_set_psk_find_session_callback(3).
func (s *SSL) SetPSKFindSessionCallback(f func(ssl *SSL, identity []byte) (session *Session, ok bool)) {
	s.setCallback("SSL_set_psk_find_session_callback", C.GOSSL_FN_PSK_FIND, pskFind(f))
}

func pskFind(f func(ssl *SSL, identity []byte) (session *Session, ok bool)) *callback {
	return newCallback("psk_find_session_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		session, ok := f(ssl, told(args))
		if ok {
			handOver(args, session)
		}
		args.ret = cBool(ok)
	})
}

// handOver answers with a reference to the session; a nil or freed one is none.
func handOver(args *C.gossl_args, session *Session) {
	if p, ok := session.acquire(); ok {
		defer session.ref.Release()
		session.share()
		C.SSL_SESSION_up_ref(p)
		args.session = p
	}
}
