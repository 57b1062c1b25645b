package libssl

// #include "cgo.h"
import "C"

import "unsafe"

// UseCertificateFile loads the certificate from a file of type [FiletypePEM] (the first in it) or [FiletypeASN1].
//
// UseCertificateFile corresponds to SSL_CTX_use_certificate_file(3).
func (c *Ctx) UseCertificateFile(file string, filetype int) error {
	return c.list("SSL_CTX_use_certificate_file", file, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_use_certificate_file(p, s, C.int(filetype))
	})
}

// UseCertificateChainFile loads the certificate and those of its issuers from a PEM file, the server's own first.
//
// UseCertificateChainFile corresponds to SSL_CTX_use_certificate_chain_file(3).
func (c *Ctx) UseCertificateChainFile(file string) error {
	return c.list("SSL_CTX_use_certificate_chain_file", file, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_use_certificate_chain_file(p, s)
	})
}

// UsePrivateKeyFile loads the key from a file of type [FiletypePEM] or [FiletypeASN1]. It fails if the key does not fit the certificate that is set.
//
// UsePrivateKeyFile corresponds to SSL_CTX_use_PrivateKey_file(3).
func (c *Ctx) UsePrivateKeyFile(file string, filetype int) error {
	return c.list("SSL_CTX_use_PrivateKey_file", file, func(p *C.SSL_CTX, s *C.char) C.gossl_result {
		return C.gossl_ctx_use_private_key_file(p, s, C.int(filetype))
	})
}

// bytes is for functions of bytes.
func (c *Ctx) bytes(fn string, b []byte, f func(*C.SSL_CTX, *C.uchar, C.int) C.gossl_result) error {
	if len(b) > maxEncoded {
		return ErrorStack{Func: fn, Refused: ErrTooLong}
	}
	bytes, n := cBytes(b)
	_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return f(p, bytes, n) })
	return err
}

// UseCertificateDER loads the certificate from DER. UseCertificateDER corresponds to SSL_CTX_use_certificate_ASN1(3).
func (c *Ctx) UseCertificateDER(der []byte) error {
	return c.bytes("SSL_CTX_use_certificate_ASN1", der, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_use_certificate_der(p, b, n)
	})
}

// UsePrivateKeyDER loads a key in PKCS #8 or the traditional form of its type. UsePrivateKeyDER corresponds to SSL_CTX_use_PrivateKey(3).
func (c *Ctx) UsePrivateKeyDER(der []byte) error {
	return c.bytes("SSL_CTX_use_PrivateKey", der, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_use_private_key_der(p, b, n)
	})
}

// UseCertificatePEM loads the first certificate in pem, and those that follow as its chain. UseCertificatePEM corresponds to SSL_CTX_use_certificate(3).
func (c *Ctx) UseCertificatePEM(pem []byte) error {
	return c.bytes("SSL_CTX_use_certificate", pem, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_use_certificate_pem(p, b, n)
	})
}

// UsePrivateKeyPEM loads the first key in pem; an encrypted one is an error. UsePrivateKeyPEM corresponds to SSL_CTX_use_PrivateKey(3).
func (c *Ctx) UsePrivateKeyPEM(pem []byte) error {
	return c.bytes("SSL_CTX_use_PrivateKey", pem, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_use_private_key_pem(p, b, n)
	})
}

// CheckPrivateKey reports whether key and certificate fit. CheckPrivateKey corresponds to SSL_CTX_check_private_key(3).
func (c *Ctx) CheckPrivateKey() error {
	_, err := c.do("SSL_CTX_check_private_key", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_check_private_key(p) })
	return err
}

// SetVerify sets how the peer's certificate is verified, with Verify constants. A resumed session is not verified again: see [SSL.SetSession].
//
// SetVerify corresponds to SSL_CTX_set_verify(3).
func (c *Ctx) SetVerify(mode int) {
	c.do("SSL_CTX_set_verify", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_verify(p, C.int(mode)) })
}

// VerifyMode returns the verify mode. VerifyMode corresponds to SSL_CTX_get_verify_mode(3).
func (c *Ctx) VerifyMode() (mode int) {
	c.With(func(p unsafe.Pointer) { mode = int(C.SSL_CTX_get_verify_mode((*C.SSL_CTX)(p))) })
	return mode
}

// LoadVerifyLocations adds trusted certificates, from a PEM file, a hashed directory, or both; "" for none.
//
// LoadVerifyLocations corresponds to SSL_CTX_load_verify_locations(3).
func (c *Ctx) LoadVerifyLocations(file, dir string) error {
	const fn = "SSL_CTX_load_verify_locations"
	f, err := cStringOrNULL(fn, file)
	if err != nil {
		return err
	}
	defer f.free()
	d, err := cStringOrNULL(fn, dir)
	if err != nil {
		return err
	}
	defer d.free()
	_, err = c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_load_verify_locations(p, f.p, d.p) })
	return err
}

// SetDefaultVerifyPaths trusts the certificates that OpenSSL was installed with. SetDefaultVerifyPaths corresponds to SSL_CTX_set_default_verify_paths(3).
func (c *Ctx) SetDefaultVerifyPaths() error {
	_, err := c.do("SSL_CTX_set_default_verify_paths", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_default_verify_paths(p) })
	return err
}

// AddCAPEM trusts the certificates in pem, of which there must be one at least. AddCAPEM corresponds to X509_STORE_add_cert(3).
func (c *Ctx) AddCAPEM(pem []byte) error {
	return c.bytes("X509_STORE_add_cert", pem, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_add_ca_pem(p, b, n)
	})
}
