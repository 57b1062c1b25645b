package libssl

// #include "cgo.h"
import "C"

// ConfCmd runs a command of OpenSSL's configuration language, such as "MinProtocol" with "TLSv1.2", or "-min_protocol" with [ConfFlagCmdline]. flags
// are ConfFlag constants: certificates need [ConfFlagCertificate], and a side's commands [ConfFlagClient] or [ConfFlagServer]. It returns 2 if the value
// was used, 1 if the command has none. An unknown command is an error that names it.
//
// ConfCmd corresponds to SSL_CONF_cmd(3).
func (c *Ctx) ConfCmd(flags uint, cmd, value string) (int, error) {
	const fn = "SSL_CONF_cmd"
	v, err := cString(fn, value)
	if err != nil {
		return 0, err
	}
	var r C.gossl_result
	err = c.list(fn, cmd, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		r = C.gossl_ctx_conf_cmd(p, C.uint(flags), s, v)
		return r
	})
	return int(r.ret), err
}

// ConfCmd is [Ctx.ConfCmd] for one SSL. It returns C's value: 2 or 1; 0 if the value was bad, -2 if the command is unknown.
//
// ConfCmd corresponds to SSL_CONF_cmd(3).
func (s *SSL) ConfCmd(flags uint, cmd, value string) int {
	const fn = "SSL_CONF_cmd"
	v, err := cString(fn, value)
	if err != nil {
		return s.refusal(fn, ErrNUL)
	}
	return s.text(fn, cmd, func(p *C.gossl_ssl, t *C.char) C.gossl_result { return C.gossl_ssl_conf_cmd(p, C.uint(flags), t, v) })
}
