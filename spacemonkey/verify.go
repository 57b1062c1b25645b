package openssl

import (
	"errors"

	"github.com/seed-c1436005/libssl"
)

// VerifyCallback is asked for each certificate of the peer's chain, with what libcrypto found. The certificate is good if it returns true.
type VerifyCallback func(ok bool, store *CertificateStoreCtx) bool

// CertificateStoreCtx is a verification that is going on. It ends with the callback.
type CertificateStoreCtx struct{ v *libssl.Verification }

// VerifyResult returns what libcrypto found.
func (s *CertificateStoreCtx) VerifyResult() VerifyResult { return VerifyResult(s.v.ErrorCode()) }

// Err returns what libcrypto found as an error, nil for Ok.
func (s *CertificateStoreCtx) Err() error {
	code := s.v.ErrorCode()
	if code == libssl.VerifyOK {
		return nil
	}
	return errors.New("openssl: " + libssl.VerifyErrorString(code))
}

// Depth returns how far the certificate is from the peer's own, which has 0.
func (s *CertificateStoreCtx) Depth() int { return s.v.Depth() }

// GetCurrentCert returns the certificate, nil if there is none. It is a copy, which may be kept.
func (s *CertificateStoreCtx) GetCurrentCert() *Certificate {
	cert, err := certificateOf(s.v.CertificateDER())
	if err != nil {
		return nil
	}
	return cert
}

// ask calls the callback, which may be nil.
func (f *VerifyCallback) ask(v *libssl.Verification) bool {
	if f == nil {
		return v.OK
	}
	return (*f)(v.OK, &CertificateStoreCtx{v})
}

// verifyByCtx asks the callback that the present Ctx of the SSL has now, as the original does.
func verifyByCtx(v *libssl.Verification) bool {
	c := presentCtx(v.SSL)
	return c != nil && c.verify.Load().ask(v)
}

// verifyBySSL asks the callback of the SSL.
func verifyBySSL(v *libssl.Verification) bool {
	s := sslOf(v.SSL)
	return s != nil && s.verify.Load().ask(v)
}

// orNil returns the address of f, or nil.
func orNil[F any](f F, isNil bool) *F {
	if isNil {
		return nil
	}
	return &f
}

// SetVerify sets how the peer is verified, and what is asked about it, which may be nil.
func (c *Ctx) SetVerify(options VerifyOptions, verify_cb VerifyCallback) {
	c.verify.Store(orNil(verify_cb, verify_cb == nil))
	c.ctx.SetVerify(int(options))
	if verify_cb == nil {
		c.ctx.SetVerifyCallback(nil)
	} else {
		c.ctx.SetVerifyCallback(verifyByCtx)
	}
}

// SetVerifyMode sets how the peer is verified.
func (c *Ctx) SetVerifyMode(options VerifyOptions) { c.ctx.SetVerify(int(options)) }

// SetVerifyCallback sets what is asked about the peer.
func (c *Ctx) SetVerifyCallback(verify_cb VerifyCallback) { c.SetVerify(c.VerifyMode(), verify_cb) }

// GetVerifyCallback returns what SetVerify or SetVerifyCallback has set.
func (c *Ctx) GetVerifyCallback() VerifyCallback { return valueOf(c.verify.Load()) }

// valueOf returns what p points to, if it does.
func valueOf[F any](p *F) (f F) {
	if p != nil {
		f = *p
	}
	return f
}

// VerifyMode returns how the peer is verified.
func (c *Ctx) VerifyMode() VerifyOptions { return VerifyOptions(c.ctx.VerifyMode()) }

// SetVerifyDepth limits how many certificates may stand between the peer's and a trusted one.
func (c *Ctx) SetVerifyDepth(depth int) { c.ctx.SetVerifyDepth(depth) }

// GetVerifyDepth returns that limit, -1 if none was set.
func (c *Ctx) GetVerifyDepth() int { return c.ctx.VerifyDepth() }

// TLSExtServernameCallback decides about the name that a client asks for: ssl.GetServername. It may give ssl another Ctx, with SetSSLCtx.
type TLSExtServernameCallback func(ssl *SSL) SSLTLSExtErr

// SetTLSExtServernameCallback sets what a server calls for each ClientHello, whether or not it has a name. nil removes it.
func (c *Ctx) SetTLSExtServernameCallback(sni_cb TLSExtServernameCallback) {
	c.servername.Store(orNil(sni_cb, sni_cb == nil))
	if sni_cb == nil {
		c.ctx.SetTLSExtServernameCallback(nil)
	} else {
		c.ctx.SetTLSExtServernameCallback(askServername)
	}
}

func askServername(ssl *libssl.SSL) (result, alert int) {
	c := presentCtx(ssl)
	if c == nil {
		return libssl.TLSExtErrAlertFatal, libssl.ADInternalError
	}
	f := c.servername.Load()
	if f == nil {
		return libssl.TLSExtErrNoAck, 0
	}
	s := sslOf(ssl)
	if s == nil {
		return libssl.TLSExtErrAlertFatal, libssl.ADInternalError
	}
	return int((*f)(s)), 0
}
