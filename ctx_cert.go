package libssl

// #include "cgo.h"
import "C"

// material gives C certificates, keys or names. The password is nil but for keys.
func (c *Ctx) material(fn string, what C.int, b, password []byte) error {
	if len(b) > maxEncoded || len(password) > maxEncoded {
		return ErrorStack{Func: fn, Refused: ErrTooLong}
	}
	bytes, n := cBytes(b)
	pw, pwLen := cBytes(password)
	_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_use(p, what, bytes, n, pw, pwLen) })
	return err
}

// file names a file to C.
func (c *Ctx) file(fn string, what C.int, file string, filetype int) error {
	return c.list(fn, file, func(p *C.SSL_CTX, s *C.char) C.gossl_result { return C.gossl_ctx_use_file(p, what, s, C.int(filetype)) })
}

// UseCertificateFile loads the certificate from a file of type [FiletypePEM] (the first in it) or [FiletypeASN1].
//
// UseCertificateFile corresponds to SSL_CTX_use_certificate_file(3).
func (c *Ctx) UseCertificateFile(file string, filetype int) error {
	return c.file("SSL_CTX_use_certificate_file", C.GOSSL_CERT_FILE, file, filetype)
}

// UseCertificateChainFile loads the certificate and those of its issuers from a PEM file, the server's own first.
//
// UseCertificateChainFile corresponds to SSL_CTX_use_certificate_chain_file(3).
func (c *Ctx) UseCertificateChainFile(file string) error {
	return c.file("SSL_CTX_use_certificate_chain_file", C.GOSSL_CHAIN_FILE, file, FiletypePEM)
}

// UsePrivateKeyFile loads the key from a file of type [FiletypePEM] or [FiletypeASN1]; for an encrypted one there is [Ctx.UsePrivateKeyPEMPassword]. It
// fails if the key does not fit the certificate that is set, which is lost then.
//
// UsePrivateKeyFile corresponds to SSL_CTX_use_PrivateKey_file(3).
func (c *Ctx) UsePrivateKeyFile(file string, filetype int) error {
	return c.file("SSL_CTX_use_PrivateKey_file", C.GOSSL_KEY_FILE, file, filetype)
}

// UseCertificateDER loads the certificate from DER. One of each kind of key may be set, the others stay: RSA beside ECDSA, for example. Where the
// Ctx has a key of that kind which does not fit, the key is dropped. Bytes that follow the certificate are ignored, as in C; where C has no function of
// DER, as for [Ctx.AddChainCert], they are an error.
//
// UseCertificateDER corresponds to SSL_CTX_use_certificate_ASN1(3).
func (c *Ctx) UseCertificateDER(der []byte) error {
	return c.material("SSL_CTX_use_certificate_ASN1", C.GOSSL_CERT_DER, der, nil)
}

// UsePrivateKeyDER loads a key in PKCS #8 or the traditional form of its type. Bytes that follow are ignored, as in SSL_CTX_use_PrivateKey_ASN1.
//
// UsePrivateKeyDER corresponds to SSL_CTX_use_PrivateKey(3).
func (c *Ctx) UsePrivateKeyDER(der []byte) error {
	return c.material("SSL_CTX_use_PrivateKey", C.GOSSL_KEY_DER, der, nil)
}

// UseCertificatePEM loads the first certificate in pem, and those that follow as its chain. UseCertificatePEM corresponds to SSL_CTX_use_certificate(3).
func (c *Ctx) UseCertificatePEM(pem []byte) error {
	return c.material("SSL_CTX_use_certificate", C.GOSSL_CERT_PEM, pem, nil)
}

// UsePrivateKeyPEM loads the first key in pem; an encrypted one is an error. UsePrivateKeyPEM corresponds to SSL_CTX_use_PrivateKey(3).
func (c *Ctx) UsePrivateKeyPEM(pem []byte) error {
	return c.material("SSL_CTX_use_PrivateKey", C.GOSSL_KEY_PEM, pem, nil)
}

// UsePrivateKeyPEMPassword is [Ctx.UsePrivateKeyPEM] for a key that may be encrypted. C keeps no copy of the password. nil is no password: nobody is
// asked for one, and an encrypted key is an error.
//
// UsePrivateKeyPEMPassword corresponds to SSL_CTX_use_PrivateKey(3).
func (c *Ctx) UsePrivateKeyPEMPassword(pem, password []byte) error {
	return c.material("SSL_CTX_use_PrivateKey", C.GOSSL_KEY_PEM, pem, password)
}

// AddChainCert adds a certificate, as DER, to the chain that is sent with the certificate that was set last.
//
// AddChainCert corresponds to SSL_CTX_add1_chain_cert(3).
func (c *Ctx) AddChainCert(der []byte) error {
	return c.material("SSL_CTX_add1_chain_cert", C.GOSSL_CHAIN_CERT_DER, der, nil)
}

// ClearChainCerts empties the chain of the current certificate. ClearChainCerts corresponds to SSL_CTX_clear_chain_certs(3).
func (c *Ctx) ClearChainCerts() error {
	return c.try("SSL_CTX_clear_chain_certs", C.SSL_CTRL_CHAIN, 0, nil)
}

// ChainCerts returns the chain of the current certificate as DER, without the certificate itself. ChainCerts corresponds to SSL_CTX_get0_chain_certs(3).
func (c *Ctx) ChainCerts() [][]byte {
	return splitDER(c.blob("SSL_CTX_get0_chain_certs", C.GOSSL_BYTES_CHAIN))
}

// CertificateDER returns the current certificate, the one that was set or selected last; nil if there is none.
//
// CertificateDER corresponds to SSL_CTX_get0_certificate(3).
func (c *Ctx) CertificateDER() []byte {
	return c.blob("SSL_CTX_get0_certificate", C.GOSSL_BYTES_CERTIFICATE)
}

// SelectCurrentCert makes a certificate that is set together with its key, given as DER, the current one, whose chain the chain methods work on.
//
// SelectCurrentCert corresponds to SSL_CTX_select_current_cert(3).
func (c *Ctx) SelectCurrentCert(der []byte) error {
	return c.material("SSL_CTX_select_current_cert", C.GOSSL_SELECT_CERT_DER, der, nil)
}

// SetCurrentCert makes the first or the next certificate the current one: [CertSetFirst], [CertSetNext]. It fails behind the last.
//
// SetCurrentCert corresponds to SSL_CTX_set_current_cert(3).
func (c *Ctx) SetCurrentCert(op int) error {
	return c.try("SSL_CTX_set_current_cert", C.SSL_CTRL_SET_CURRENT_CERT, op, nil)
}

// BuildCertChain builds the chain of the current certificate, from the certificates of its chain or of the store, with BuildChain flags. It returns 1,
// or 2 if an error was ignored because of [BuildChainFlagIgnoreError].
//
// BuildCertChain corresponds to SSL_CTX_build_cert_chain(3).
func (c *Ctx) BuildCertChain(flags int) (int, error) {
	r, err := c.do("SSL_CTX_build_cert_chain", func(p *C.SSL_CTX) C.gossl_result {
		return C.gossl_ctx_ctrl(p, C.SSL_CTRL_BUILD_CERT_CHAIN, C.long(flags), nil, 1)
	})
	return int(r.ret), err
}

// CheckPrivateKey reports whether key and certificate fit. CheckPrivateKey corresponds to SSL_CTX_check_private_key(3).
func (c *Ctx) CheckPrivateKey() error {
	_, err := c.do("SSL_CTX_check_private_key", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_check_private_key(p) })
	return err
}

// UseServerinfo makes a server answer extensions of the ClientHello, beside the current certificate, with the bytes in info: for version 1 a sequence of
// type, length and data as on the wire; for version 2 each with four bytes of context before it (SSL_EXT_ values).
//
// UseServerinfo corresponds to SSL_CTX_use_serverinfo_ex(3).
func (c *Ctx) UseServerinfo(version uint, info []byte) error {
	return c.bytes("SSL_CTX_use_serverinfo_ex", info, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_use_serverinfo(p, C.uint(version), b, C.size_t(n))
	})
}

// UseServerinfoFile is UseServerinfo for a PEM file. UseServerinfoFile corresponds to SSL_CTX_use_serverinfo_file(3).
func (c *Ctx) UseServerinfoFile(file string) error {
	return c.file("SSL_CTX_use_serverinfo_file", C.GOSSL_SERVERINFO_FILE, file, FiletypePEM)
}
