package libssl

// #include "cgo.h"
import "C"

// EnableCT makes clients to come ask for proofs that the server's certificate was logged (Certificate Transparency): SCTs. With
// [CTValidationPermissive] they are looked at and nothing is refused; with [CTValidationStrict] the handshake fails without one that a known log
// has signed, if the certificate was verified. The logs have to be set. OCSP stapling is asked for too, since SCTs may come with it.
//
// EnableCT corresponds to SSL_CTX_enable_ct(3).
func (c *Ctx) EnableCT(mode int) error {
	return c.setProperty("SSL_CTX_enable_ct", C.GOSSL_CTX_CT, mode)
}

// CTIsEnabled reports whether EnableCT was called. CTIsEnabled corresponds to SSL_CTX_ct_is_enabled(3).
func (c *Ctx) CTIsEnabled() bool { return c.property("SSL_CTX_ct_is_enabled", C.GOSSL_CTX_CT) == 1 }

// EnableCT is [Ctx.EnableCT] for one SSL. It returns 1, or 0. EnableCT corresponds to SSL_enable_ct(3).
func (s *SSL) EnableCT(mode int) int { return s.tune("SSL_enable_ct", C.GOSSL_TUNE_CT, mode) }

// CTIsEnabled reports whether SCTs are validated. CTIsEnabled corresponds to SSL_ct_is_enabled(3).
func (s *SSL) CTIsEnabled() bool { return s.info("SSL_ct_is_enabled", C.GOSSL_INFO_CT, 0) == 1 }

// SetCTLogListFile adds the logs in a file, in the form of openssl.cnf: enabled_logs names sections, each with a description and a key in Base64.
//
// SetCTLogListFile corresponds to SSL_CTX_set_ctlog_list_file(3).
func (c *Ctx) SetCTLogListFile(file string) error {
	return c.list("SSL_CTX_set_ctlog_list_file", file, func(p *C.SSL_CTX, s *C.char) C.gossl_result { return C.gossl_ctx_set_ctlog_list(p, s) })
}

// SetDefaultCTLogListFile adds the logs in the file that the environment variable CTLOG_FILE names, or else in OpenSSL's own.
//
// SetDefaultCTLogListFile corresponds to SSL_CTX_set_default_ctlog_list_file(3).
func (c *Ctx) SetDefaultCTLogListFile() error {
	return c.setProperty("SSL_CTX_set_default_ctlog_list_file", C.GOSSL_CTX_DEFAULT_CTLOG_LIST, 0)
}
