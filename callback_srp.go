package libssl

// #include "cgo.h"
import "C"

import "strings"

// SetSRPUsernameCallback sets what a server calls, in SSLs that are made from now on, when it has chosen a cipher suite of SRP and the client has sent
// a user name: [SSL.SRPUsername]. It looks the user up, gives libssl what it knows with [SSL.SetSRPServerParamPW], and returns [ErrorNone]; or
// [ALFatal] and an alert, 0 for unknown_psk_identity, which ends the handshake; or a negative number to pause: the handshake returns
// [ErrorWantX509Lookup], and calls it again when it is called again. Setting it is what makes a server accept SRP. nil removes it.
//
// SetSRPUsernameCallback corresponds to SSL_CTX_set_srp_username_callback(3).
func (c *Ctx) SetSRPUsernameCallback(f func(ssl *SSL) (result, alert int)) {
	c.setCallback(C.GOSSL_FN_SRP_USERNAME, alertCallback("srp_username_callback", f))
}

// SetSRPClientPwdCallback sets what gives a client the password of its user name, 1024 bytes at the most and without NUL, in SSLs that are made from
// now on, in place of [Ctx.SetSRPPassword]; with ok false the handshake fails. nil removes it.
//
// SetSRPClientPwdCallback corresponds to SSL_CTX_set_srp_client_pwd_callback(3).
func (c *Ctx) SetSRPClientPwdCallback(f func(ssl *SSL) (password string, ok bool)) {
	c.setCallback(C.GOSSL_FN_SRP_PASSWORD, newCallback("srp_client_pwd_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		password, ok := f(ssl)
		args.ret = cBool(ok && strings.IndexByte(password, 0) < 0 && answer(args, 0, []byte(password)))
	}))
}

// SRPUsername returns the user name of the connection, or the one that this client's Ctx has; "" for none.
//
// SRPUsername corresponds to SSL_get_srp_username(3).
func (s *SSL) SRPUsername() string {
	return string(s.blob("SSL_get_srp_username", C.GOSSL_BYTES_SRP_USERNAME))
}

// SetSRPServerParamPW makes on a server, of a user's password, what SRP needs to check that the client knows it. group is one of RFC 5054's, named by
// its bits: "1024" to "8192". It returns 1, or -1. Call it once for a connection: libssl loses the memory of what was set before.
//
// SetSRPServerParamPW corresponds to SSL_set_srp_server_param_pw(3).
func (s *SSL) SetSRPServerParamPW(user, password, group string) int {
	const fn = "SSL_set_srp_server_param_pw"
	var c [3]*C.char
	for i, text := range []string{user, password, group} {
		var err error
		if c[i], err = cString(fn, text); err != nil {
			s.refuse(fn, ErrNUL)
			return -1
		}
	}
	return s.value(fn, -1, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_set_srp_server_param_pw(p, c[0], c[1], c[2])
	})
}
