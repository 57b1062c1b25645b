package libssl

// #include "cgo.h"
import "C"

// SetClientHelloCB sets what a server whose present Ctx this is calls with each ClientHello, before anything is done about it. The ClientHello
// methods of the SSL tell what is in it; SetSSLCtx may be called. It returns [ClientHelloSuccess], or [ClientHelloError] and an alert, 0 for the
// one that libssl has chosen, or [ClientHelloRetry] to pause: the handshake returns [ErrorWantClientHello], and calls it again when it is called
// again. nil removes it.
//
// SetClientHelloCB corresponds to SSL_CTX_set_client_hello_cb(3).
func (c *Ctx) SetClientHelloCB(f func(ssl *SSL) (result, alert int)) {
	c.setCallback(C.GOSSL_FN_CLIENT_HELLO, alertCallback("client_hello_cb", f))
}

// ClientHelloIsV2 reports whether the ClientHello has the form of SSL 2. Like all of these methods it works inside the client hello callback
// only; elsewhere there is none.
//
// ClientHelloIsV2 corresponds to SSL_client_hello_isv2(3).
func (s *SSL) ClientHelloIsV2() bool {
	return s.property("SSL_client_hello_isv2", C.GOSSL_HELLO_IS_V2, 0) == 1
}

// ClientHelloLegacyVersion returns the version that the ClientHello begins with; that of TLS 1.3 is in an extension. 0 if there is none.
//
// ClientHelloLegacyVersion corresponds to SSL_client_hello_get0_legacy_version(3).
func (s *SSL) ClientHelloLegacyVersion() int {
	return s.property("SSL_client_hello_get0_legacy_version", C.GOSSL_HELLO_LEGACY_VERSION, 0)
}

// ClientHelloRandom returns the client's 32 random bytes. ClientHelloRandom corresponds to SSL_client_hello_get0_random(3).
func (s *SSL) ClientHelloRandom() []byte {
	return s.hello("SSL_client_hello_get0_random", C.GOSSL_HELLO_RANDOM, 0)
}

// ClientHelloSessionID returns the session id that the client sent. ClientHelloSessionID corresponds to SSL_client_hello_get0_session_id(3).
func (s *SSL) ClientHelloSessionID() []byte {
	return s.hello("SSL_client_hello_get0_session_id", C.GOSSL_HELLO_SESSION_ID, 0)
}

// ClientHelloCiphers returns the ciphers that are offered, two bytes each. ClientHelloCiphers corresponds to SSL_client_hello_get0_ciphers(3).
func (s *SSL) ClientHelloCiphers() []byte {
	return s.hello("SSL_client_hello_get0_ciphers", C.GOSSL_HELLO_CIPHERS, 0)
}

// ClientHelloCompressionMethods returns the compression methods that are offered, one byte each.
//
// ClientHelloCompressionMethods corresponds to SSL_client_hello_get0_compression_methods(3).
func (s *SSL) ClientHelloCompressionMethods() []byte {
	return s.hello("SSL_client_hello_get0_compression_methods", C.GOSSL_HELLO_COMPRESSION, 0)
}

// ClientHelloExt returns the content of an extension, nil if it was not sent and not nil if it is empty.
//
// ClientHelloExt corresponds to SSL_client_hello_get0_ext(3).
func (s *SSL) ClientHelloExt(extension uint16) []byte {
	return s.hello("SSL_client_hello_get0_ext", C.GOSSL_HELLO_EXTENSION, extension)
}

func (s *SSL) hello(fn string, what C.int, extension uint16) []byte {
	return s.copied(fn, func(p *C.gossl_ssl, buf **C.uchar) C.gossl_result {
		return C.gossl_ssl_client_hello(p, what, C.uint(extension), buf)
	})
}

// maxExtensions is what fits into a ClientHello.
const maxExtensions = 65535 / 4

// ClientHelloExtensionsPresent returns the types of the extensions in the order in which they were sent; of those that OpenSSL or a program with
// custom extensions knows.
//
// ClientHelloExtensionsPresent corresponds to SSL_client_hello_get1_extensions_present(3).
func (s *SSL) ClientHelloExtensionsPresent() []int {
	buf := make([]C.int, maxExtensions)
	n := s.value("SSL_client_hello_get1_extensions_present", -1, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_client_hello_extensions(p, &buf[0], maxExtensions)
	})
	if n < 0 {
		return nil
	}
	types := make([]int, min(n, maxExtensions))
	for i := range types {
		types[i] = int(buf[i])
	}
	return types
}

// SetCookieGenerateCB sets what makes the cookie of a DTLS server with the option [OpCookieExchange], or in DTLSv1Listen: 255 bytes at the most.
// The handshake fails without one. It should depend on the client's address and a secret. nil removes it.
//
// SetCookieGenerateCB corresponds to SSL_CTX_set_cookie_generate_cb(3).
func (c *Ctx) SetCookieGenerateCB(f func(ssl *SSL) []byte) {
	c.setCallback(C.GOSSL_FN_COOKIE_GENERATE, cookieGenerate("cookie_generate_cb", f))
}

// SetCookieVerifyCB sets what decides whether a DTLS client has sent the right cookie. nil removes it.
//
// SetCookieVerifyCB corresponds to SSL_CTX_set_cookie_verify_cb(3).
func (c *Ctx) SetCookieVerifyCB(f func(ssl *SSL, cookie []byte) bool) {
	c.setCallback(C.GOSSL_FN_COOKIE_VERIFY, cookieVerify("cookie_verify_cb", f))
}

// SetStatelessCookieGenerateCB sets what makes the cookie of a TLS 1.3 server in [SSL.Stateless]: 255 bytes at the most. nil removes it.
//
// SetStatelessCookieGenerateCB corresponds to SSL_CTX_set_stateless_cookie_generate_cb(3).
func (c *Ctx) SetStatelessCookieGenerateCB(f func(ssl *SSL) []byte) {
	c.setCallback(C.GOSSL_FN_STATELESS_GENERATE, cookieGenerate("stateless_cookie_generate_cb", f))
}

// SetStatelessCookieVerifyCB sets what decides whether a TLS 1.3 client has sent the right cookie; libssl itself protects it against changes. nil
// removes it.
//
// SetStatelessCookieVerifyCB corresponds to SSL_CTX_set_stateless_cookie_verify_cb(3).
func (c *Ctx) SetStatelessCookieVerifyCB(f func(ssl *SSL, cookie []byte) bool) {
	c.setCallback(C.GOSSL_FN_STATELESS_VERIFY, cookieVerify("stateless_cookie_verify_cb", f))
}

func cookieGenerate(name string, f func(ssl *SSL) []byte) *callback {
	return newCallback(name, f != nil, func(ssl *SSL, args *C.gossl_args) {
		cookie := f(ssl)
		args.ret = cBool(len(cookie) > 0 && answer(args, 0, cookie))
	})
}

func cookieVerify(name string, f func(ssl *SSL, cookie []byte) bool) *callback {
	return newCallback(name, f != nil, func(ssl *SSL, args *C.gossl_args) { args.ret = cBool(f(ssl, told(args))) })
}

// Stateless waits for a ClientHello of TLS 1.3 with the right cookie, and asks for one without keeping anything about the client. It returns 1 if
// it has come, and Accept goes on; 0 if the client was asked, and the next ClientHello may come from anyone; -1 if the handshake failed, or without
// an entry in LastErrors if a client sent the ChangeCipherSpec that TLS 1.3 allows before its second ClientHello: Stateless is called again then.
// It begins with what Clear does.
//
// Stateless corresponds to SSL_stateless(3).
func (s *SSL) Stateless() int { return s.io("SSL_stateless", C.GOSSL_STATELESS, nil, -1) }

// DTLSv1Listen is Stateless for DTLS. It returns 1; or 0 if more has to come, each time one whole datagram; or -1. [SSL.DatagramPeer] tells the address
// of the client; over memory BIOs it is the caller who knows it.
//
// DTLSv1Listen corresponds to DTLSv1_listen(3).
func (s *SSL) DTLSv1Listen() int { return s.io("DTLSv1_listen", C.GOSSL_LISTEN, nil, -1) }
