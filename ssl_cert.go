package libssl

// #include "cgo.h"
import "C"

import "bytes"

// material gives C certificates, keys or names. The password is nil but for keys.
func (s *SSL) material(fn string, what C.int, b, password []byte) int {
	if len(b) > maxEncoded || len(password) > maxEncoded {
		return s.refusal(fn, ErrTooLong)
	}
	bytes, n := cBytes(b)
	pw, pwLen := cBytes(password)
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_use(p, what, bytes, n, pw, pwLen) })
}

// file names a file to C.
func (s *SSL) file(fn string, what C.int, file string, filetype int) int {
	return s.text(fn, file, func(p *C.gossl_ssl, t *C.char) C.gossl_result {
		return C.gossl_ssl_use_file(p, what, t, C.int(filetype))
	})
}

// UseCertificateFile loads the SSL's own certificate. It returns 1, or 0. UseCertificateFile corresponds to SSL_use_certificate_file(3).
func (s *SSL) UseCertificateFile(file string, filetype int) int {
	return s.file("SSL_use_certificate_file", C.GOSSL_CERT_FILE, file, filetype)
}

// UseCertificateChainFile is [Ctx.UseCertificateChainFile] for one SSL. It returns 1, or 0.
//
// UseCertificateChainFile corresponds to SSL_use_certificate_chain_file(3).
func (s *SSL) UseCertificateChainFile(file string) int {
	return s.file("SSL_use_certificate_chain_file", C.GOSSL_CHAIN_FILE, file, FiletypePEM)
}

// UsePrivateKeyFile is [Ctx.UsePrivateKeyFile] for one SSL. It returns 1, or 0. UsePrivateKeyFile corresponds to SSL_use_PrivateKey_file(3).
func (s *SSL) UsePrivateKeyFile(file string, filetype int) int {
	return s.file("SSL_use_PrivateKey_file", C.GOSSL_KEY_FILE, file, filetype)
}

// UseCertificateDER is [Ctx.UseCertificateDER] for one SSL. It returns 1, or 0. UseCertificateDER corresponds to SSL_use_certificate_ASN1(3).
func (s *SSL) UseCertificateDER(der []byte) int {
	return s.material("SSL_use_certificate_ASN1", C.GOSSL_CERT_DER, der, nil)
}

// UsePrivateKeyDER is [Ctx.UsePrivateKeyDER] for one SSL. It returns 1, or 0. UsePrivateKeyDER corresponds to SSL_use_PrivateKey(3).
func (s *SSL) UsePrivateKeyDER(der []byte) int {
	return s.material("SSL_use_PrivateKey", C.GOSSL_KEY_DER, der, nil)
}

// UseCertificatePEM is [Ctx.UseCertificatePEM] for one SSL. It returns 1, or 0. UseCertificatePEM corresponds to SSL_use_certificate(3).
func (s *SSL) UseCertificatePEM(pem []byte) int {
	return s.material("SSL_use_certificate", C.GOSSL_CERT_PEM, pem, nil)
}

// UsePrivateKeyPEM is [Ctx.UsePrivateKeyPEM] for one SSL. It returns 1, or 0. UsePrivateKeyPEM corresponds to SSL_use_PrivateKey(3).
func (s *SSL) UsePrivateKeyPEM(pem []byte) int {
	return s.material("SSL_use_PrivateKey", C.GOSSL_KEY_PEM, pem, nil)
}

// UsePrivateKeyPEMPassword is [Ctx.UsePrivateKeyPEMPassword] for one SSL. It returns 1, or 0.
//
// UsePrivateKeyPEMPassword corresponds to SSL_use_PrivateKey(3).
func (s *SSL) UsePrivateKeyPEMPassword(pem, password []byte) int {
	return s.material("SSL_use_PrivateKey", C.GOSSL_KEY_PEM, pem, password)
}

// CheckPrivateKey reports whether key and certificate fit. It returns 1, or 0. CheckPrivateKey corresponds to SSL_check_private_key(3).
func (s *SSL) CheckPrivateKey() int {
	return s.tune("SSL_check_private_key", C.GOSSL_TUNE_CHECK_PRIVATE_KEY, 0)
}

// CertsClear removes all certificates, keys and chains of the SSL; its Ctx keeps its own. CertsClear corresponds to SSL_certs_clear(3).
func (s *SSL) CertsClear() { s.tune("SSL_certs_clear", C.GOSSL_TUNE_CERTS_CLEAR, 0) }

// CertificateDER returns the SSL's own certificate, nil if there is none. CertificateDER corresponds to SSL_get_certificate(3).
func (s *SSL) CertificateDER() []byte {
	return s.blob("SSL_get_certificate", C.GOSSL_BYTES_CERTIFICATE)
}

// AddChainCert is [Ctx.AddChainCert] for one SSL. It returns 1, or 0. AddChainCert corresponds to SSL_add1_chain_cert(3).
func (s *SSL) AddChainCert(der []byte) int {
	return s.material("SSL_add1_chain_cert", C.GOSSL_CHAIN_CERT_DER, der, nil)
}

// ClearChainCerts is [Ctx.ClearChainCerts] for one SSL. It returns 1, or 0. ClearChainCerts corresponds to SSL_clear_chain_certs(3).
func (s *SSL) ClearChainCerts() int { return s.try("SSL_clear_chain_certs", C.SSL_CTRL_CHAIN, 0) }

// ChainCerts is [Ctx.ChainCerts] for one SSL. ChainCerts corresponds to SSL_get0_chain_certs(3).
func (s *SSL) ChainCerts() [][]byte {
	return splitDER(s.blob("SSL_get0_chain_certs", C.GOSSL_BYTES_CHAIN))
}

// SelectCurrentCert is [Ctx.SelectCurrentCert] for one SSL. It returns 1, or 0. SelectCurrentCert corresponds to SSL_select_current_cert(3).
func (s *SSL) SelectCurrentCert(der []byte) int {
	return s.material("SSL_select_current_cert", C.GOSSL_SELECT_CERT_DER, der, nil)
}

// SetCurrentCert is [Ctx.SetCurrentCert] for one SSL; on a server whose handshake has chosen a certificate, [CertSetServer] makes it that one. It
// returns 1, 2 if the cipher suite has no certificate, or 0.
//
// SetCurrentCert corresponds to SSL_set_current_cert(3).
func (s *SSL) SetCurrentCert(op int) int {
	return s.try("SSL_set_current_cert", C.SSL_CTRL_SET_CURRENT_CERT, op)
}

// BuildCertChain is [Ctx.BuildCertChain] for one SSL. It returns 1 or 2, or 0. BuildCertChain corresponds to SSL_build_cert_chain(3).
func (s *SSL) BuildCertChain(flags int) int {
	return s.try("SSL_build_cert_chain", C.SSL_CTRL_BUILD_CERT_CHAIN, flags)
}

// SetVerifyCertStorePEM is [Ctx.SetVerifyCertStorePEM] for one SSL. It returns 1, or 0.
//
// SetVerifyCertStorePEM corresponds to SSL_set1_verify_cert_store(3).
func (s *SSL) SetVerifyCertStorePEM(pem []byte) int {
	return s.material("SSL_set1_verify_cert_store", C.GOSSL_VERIFY_STORE_PEM, pem, nil)
}

// SetChainCertStorePEM is [Ctx.SetChainCertStorePEM] for one SSL. It returns 1, or 0.
//
// SetChainCertStorePEM corresponds to SSL_set1_chain_cert_store(3).
func (s *SSL) SetChainCertStorePEM(pem []byte) int {
	return s.material("SSL_set1_chain_cert_store", C.GOSSL_CHAIN_STORE_PEM, pem, nil)
}

// SetTmpDHPEM is [Ctx.SetTmpDHPEM] for one SSL. It returns 1, or 0. SetTmpDHPEM corresponds to SSL_set_tmp_dh(3).
func (s *SSL) SetTmpDHPEM(pem []byte) int {
	return s.material("SSL_set_tmp_dh", C.GOSSL_TMP_DH_PEM, pem, nil)
}

// SetDHAuto is [Ctx.SetDHAuto] for one SSL. It returns 1, or 0. SetDHAuto corresponds to SSL_set_dh_auto(3).
func (s *SSL) SetDHAuto(mode int) int { return s.try("SSL_set_dh_auto", C.SSL_CTRL_SET_DH_AUTO, mode) }

// SetClientCAList is [Ctx.SetClientCAList] for one SSL. It returns 1, or 0. SetClientCAList corresponds to SSL_set_client_CA_list(3).
func (s *SSL) SetClientCAList(names [][]byte) int {
	return s.material("SSL_set_client_CA_list", C.GOSSL_CLIENT_CA_NAMES, bytes.Join(names, nil), nil)
}

// AddClientCA is [Ctx.AddClientCA] for one SSL. It returns 1, or 0. AddClientCA corresponds to SSL_add_client_CA(3).
func (s *SSL) AddClientCA(der []byte) int {
	return s.material("SSL_add_client_CA", C.GOSSL_CLIENT_CA_DER, der, nil)
}

// ClientCAList returns, on a server, the names that are sent to clients; on a client those that the server has sent. Each is DER.
//
// ClientCAList corresponds to SSL_get_client_CA_list(3).
func (s *SSL) ClientCAList() [][]byte {
	return splitDER(s.blob("SSL_get_client_CA_list", C.GOSSL_BYTES_CLIENT_CA_LIST))
}

// SetCAList is [Ctx.SetCAList] for one SSL. It returns 1, or 0. SetCAList corresponds to SSL_set0_CA_list(3).
func (s *SSL) SetCAList(names [][]byte) int {
	return s.material("SSL_set0_CA_list", C.GOSSL_CA_NAMES, bytes.Join(names, nil), nil)
}

// AddToCAList is [Ctx.AddToCAList] for one SSL. It returns 1, or 0. AddToCAList corresponds to SSL_add1_to_CA_list(3).
func (s *SSL) AddToCAList(der []byte) int {
	return s.material("SSL_add1_to_CA_list", C.GOSSL_CA_NAME_DER, der, nil)
}

// CAList returns the names that this side sends, each as DER. CAList corresponds to SSL_get0_CA_list(3).
func (s *SSL) CAList() [][]byte { return splitDER(s.blob("SSL_get0_CA_list", C.GOSSL_BYTES_CA_LIST)) }

// PeerCAList returns the names that the peer has sent, each as DER. PeerCAList corresponds to SSL_get0_peer_CA_list(3).
func (s *SSL) PeerCAList() [][]byte {
	return splitDER(s.blob("SSL_get0_peer_CA_list", C.GOSSL_BYTES_PEER_CA_LIST))
}
