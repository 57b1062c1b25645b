package libssl

// #include "cgo.h"
import "C"

import (
	"bytes"
	"crypto/x509"
	"unsafe"
)

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

// SetVerifyDepth limits how many certificates may stand between the peer's and a trusted one. SetVerifyDepth corresponds to SSL_CTX_set_verify_depth(3).
func (c *Ctx) SetVerifyDepth(depth int) {
	c.setProperty("SSL_CTX_set_verify_depth", C.GOSSL_CTX_VERIFY_DEPTH, depth)
}

// VerifyDepth returns that limit, -1 if none was set. VerifyDepth corresponds to SSL_CTX_get_verify_depth(3).
func (c *Ctx) VerifyDepth() int {
	return c.property("SSL_CTX_get_verify_depth", C.GOSSL_CTX_VERIFY_DEPTH)
}

// SetPurpose sets what the peer's certificate must be for, as a Purpose constant; without it a client asks for [PurposeSSLServer] and a server
// for [PurposeSSLClient].
//
// SetPurpose corresponds to SSL_CTX_set_purpose(3).
func (c *Ctx) SetPurpose(purpose int) error {
	return c.setProperty("SSL_CTX_set_purpose", C.GOSSL_CTX_PURPOSE, purpose)
}

// SetTrust sets what a trusted certificate must be trusted for, as a Trust constant. SetTrust corresponds to SSL_CTX_set_trust(3).
func (c *Ctx) SetTrust(trust int) error {
	return c.setProperty("SSL_CTX_set_trust", C.GOSSL_CTX_TRUST, trust)
}

// Param returns the settings of verification of SSLs to come. Param corresponds to SSL_CTX_get0_param(3).
func (c *Ctx) Param() VerifyParam {
	if _, ok := c.acquire(); !ok {
		return VerifyParam{}
	}
	defer c.ref.Release()
	return VerifyParam{ctx: c}
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
	d, err := cStringOrNULL(fn, dir)
	if err != nil {
		return err
	}
	_, err = c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_load_verify_locations(p, f, d) })
	return err
}

// SetDefaultVerifyPaths trusts the certificates that OpenSSL was installed with. SetDefaultVerifyPaths corresponds to SSL_CTX_set_default_verify_paths(3).
func (c *Ctx) SetDefaultVerifyPaths() error {
	_, err := c.do("SSL_CTX_set_default_verify_paths", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_default_verify_paths(p) })
	return err
}

// AddCAPEM trusts the certificates in pem, of which there must be one at least. AddCAPEM corresponds to X509_STORE_add_cert(3).
func (c *Ctx) AddCAPEM(pem []byte) error {
	return c.material("X509_STORE_add_cert", C.GOSSL_CA_PEM, pem, nil)
}

// AddCADER trusts a certificate, which may be one that crypto/x509 refuses. AddCADER corresponds to X509_STORE_add_cert(3).
func (c *Ctx) AddCADER(der []byte) error {
	return c.material("X509_STORE_add_cert", C.GOSSL_CA_DER, der, nil)
}

// AddCA trusts a certificate. nil is an error. AddCA corresponds to X509_STORE_add_cert(3).
func (c *Ctx) AddCA(cert *x509.Certificate) error {
	var der []byte // no certificate
	if cert != nil {
		der = cert.Raw
	}
	return c.AddCADER(der)
}

// AddCRLDER adds a list of revoked certificates, which is looked at with [VFlagCRLCheck]. AddCRLDER corresponds to X509_STORE_add_crl(3).
func (c *Ctx) AddCRLDER(der []byte) error {
	return c.material("X509_STORE_add_crl", C.GOSSL_CRL_DER, der, nil)
}

// AddCRLPEM adds the lists of revoked certificates in pem, of which there must be one at least. AddCRLPEM corresponds to X509_STORE_add_crl(3).
func (c *Ctx) AddCRLPEM(pem []byte) error {
	return c.material("X509_STORE_add_crl", C.GOSSL_CRL_PEM, pem, nil)
}

// SetVerifyCertStorePEM makes the certificates in pem the ones, and the only ones, that peers are verified with; those of AddCA stay for building
// the chain that is sent.
//
// SetVerifyCertStorePEM corresponds to SSL_CTX_set1_verify_cert_store(3).
func (c *Ctx) SetVerifyCertStorePEM(pem []byte) error {
	return c.material("SSL_CTX_set1_verify_cert_store", C.GOSSL_VERIFY_STORE_PEM, pem, nil)
}

// SetChainCertStorePEM makes the certificates in pem the ones that the chain that is sent is built from, instead of those of AddCA.
//
// SetChainCertStorePEM corresponds to SSL_CTX_set1_chain_cert_store(3).
func (c *Ctx) SetChainCertStorePEM(pem []byte) error {
	return c.material("SSL_CTX_set1_chain_cert_store", C.GOSSL_CHAIN_STORE_PEM, pem, nil)
}

// SetDefaultVerifyDir trusts the directory that OpenSSL was installed with. SetDefaultVerifyDir corresponds to SSL_CTX_set_default_verify_dir(3).
func (c *Ctx) SetDefaultVerifyDir() error {
	return c.setProperty("SSL_CTX_set_default_verify_dir", C.GOSSL_CTX_DEFAULT_VERIFY_DIR, 0)
}

// SetDefaultVerifyFile trusts the file that OpenSSL was installed with. SetDefaultVerifyFile corresponds to SSL_CTX_set_default_verify_file(3).
func (c *Ctx) SetDefaultVerifyFile() error {
	return c.setProperty("SSL_CTX_set_default_verify_file", C.GOSSL_CTX_DEFAULT_VERIFY_FILE, 0)
}

// SetClientCAList sets the names that a server sends as those of authorities whose certificates it takes from clients. Each is the DER of a name, such
// as RawSubject of an [x509.Certificate].
//
// SetClientCAList corresponds to SSL_CTX_set_client_CA_list(3).
func (c *Ctx) SetClientCAList(names [][]byte) error {
	return c.material("SSL_CTX_set_client_CA_list", C.GOSSL_CLIENT_CA_NAMES, bytes.Join(names, nil), nil)
}

// AddClientCA adds the subject of a certificate, given as DER, to those names. AddClientCA corresponds to SSL_CTX_add_client_CA(3).
func (c *Ctx) AddClientCA(der []byte) error {
	return c.material("SSL_CTX_add_client_CA", C.GOSSL_CLIENT_CA_DER, der, nil)
}

// AddClientCAPEM adds the subjects of the certificates in pem. (SSL_load_client_CA_file, which reads such a file, may ask the terminal for a
// password.)
//
// AddClientCAPEM corresponds to SSL_CTX_add_client_CA(3).
func (c *Ctx) AddClientCAPEM(pem []byte) error {
	return c.material("SSL_CTX_add_client_CA", C.GOSSL_CLIENT_CA_PEM, pem, nil)
}

// ClientCAList returns the names, each as DER. ClientCAList corresponds to SSL_CTX_get_client_CA_list(3).
func (c *Ctx) ClientCAList() [][]byte {
	return splitDER(c.blob("SSL_CTX_get_client_CA_list", C.GOSSL_BYTES_CLIENT_CA_LIST))
}

// SetCAList sets the names of authorities that either side sends; a server sends those of SetClientCAList instead, if there are any. Each is the DER
// of a name.
//
// SetCAList corresponds to SSL_CTX_set0_CA_list(3).
func (c *Ctx) SetCAList(names [][]byte) error {
	return c.material("SSL_CTX_set0_CA_list", C.GOSSL_CA_NAMES, bytes.Join(names, nil), nil)
}

// AddToCAList adds the subject of a certificate, given as DER, to those names. AddToCAList corresponds to SSL_CTX_add1_to_CA_list(3).
func (c *Ctx) AddToCAList(der []byte) error {
	return c.material("SSL_CTX_add1_to_CA_list", C.GOSSL_CA_NAME_DER, der, nil)
}

// CAList returns the names, each as DER. CAList corresponds to SSL_CTX_get0_CA_list(3).
func (c *Ctx) CAList() [][]byte {
	return splitDER(c.blob("SSL_CTX_get0_CA_list", C.GOSSL_BYTES_CA_LIST))
}
