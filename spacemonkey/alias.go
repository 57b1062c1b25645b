package openssl

import "github.com/spacemonkeygo/openssl"

// Keys, certificates, digests and ciphers are the original's: a value of one package is one of the other.
type (
	AuthenticatedDecryptionCipherCtx = openssl.AuthenticatedDecryptionCipherCtx
	AuthenticatedEncryptionCipherCtx = openssl.AuthenticatedEncryptionCipherCtx
	Certificate                      = openssl.Certificate
	CertificateInfo                  = openssl.CertificateInfo
	Cipher                           = openssl.Cipher
	CipherCtx                        = openssl.CipherCtx
	DecryptionCipherCtx              = openssl.DecryptionCipherCtx
	Digest                           = openssl.Digest
	EVP_MD                           = openssl.EVP_MD
	EncryptionCipherCtx              = openssl.EncryptionCipherCtx
	Engine                           = openssl.Engine
	HMAC                             = openssl.HMAC
	MD4Hash                          = openssl.MD4Hash
	MD5Hash                          = openssl.MD5Hash
	Method                           = openssl.Method
	NID                              = openssl.NID
	Name                             = openssl.Name
	PrivateKey                       = openssl.PrivateKey
	PublicKey                        = openssl.PublicKey
	SHA1Hash                         = openssl.SHA1Hash
	SHA256Hash                       = openssl.SHA256Hash
	X509_Version                     = openssl.X509_Version
)

// The digests that keys sign with.
var (
	SHA1_Method   = openssl.SHA1_Method
	SHA256_Method = openssl.SHA256_Method
	SHA512_Method = openssl.SHA512_Method
)

// ValidationError is what a certificate is refused with that is not for the host.
var ValidationError = openssl.ValidationError

// GCM_TAG_MAXLEN is the length of the tag of GCM.
const GCM_TAG_MAXLEN = openssl.GCM_TAG_MAXLEN

// The digests of NewHMAC and Certificate.Sign.
const (
	EVP_NULL      = openssl.EVP_NULL
	EVP_MD5       = openssl.EVP_MD5
	EVP_MD4       = openssl.EVP_MD4
	EVP_SHA       = openssl.EVP_SHA
	EVP_SHA1      = openssl.EVP_SHA1
	EVP_DSS       = openssl.EVP_DSS
	EVP_DSS1      = openssl.EVP_DSS1
	EVP_MDC2      = openssl.EVP_MDC2
	EVP_RIPEMD160 = openssl.EVP_RIPEMD160
	EVP_SHA224    = openssl.EVP_SHA224
	EVP_SHA256    = openssl.EVP_SHA256
	EVP_SHA384    = openssl.EVP_SHA384
	EVP_SHA512    = openssl.EVP_SHA512
)

// The versions of certificates.
const (
	X509_V1 = openssl.X509_V1
	X509_V3 = openssl.X509_V3
)
