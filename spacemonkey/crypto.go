package openssl

import (
	"runtime"

	"github.com/spacemonkeygo/openssl"
)

// drained calls a function of the original which, when it fails, leaves the reasons in the thread's error queue, where they would break the next connection of
// whoever looks there. The original has no function to empty it, but one that does.
func drained[T any](f func() (T, error)) (T, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	v, err := f()
	if err != nil {
		openssl.LoadCertificateFromPEM([]byte("none"))
	}
	return v, err
}

// LoadCertificateFromPEM loads the first certificate of pem_block.
func LoadCertificateFromPEM(pem_block []byte) (*Certificate, error) {
	return openssl.LoadCertificateFromPEM(pem_block)
}

// NewCertificate makes a certificate, to be signed with Sign.
func NewCertificate(info *CertificateInfo, key PublicKey) (*Certificate, error) {
	return drained(func() (*Certificate, error) { return openssl.NewCertificate(info, key) })
}

// NewName makes an empty name.
func NewName() (*Name, error) {
	return drained(func() (*Name, error) { return openssl.NewName() })
}

// LoadPrivateKeyFromDER loads a key in the traditional form of its kind, or PKCS #8.
func LoadPrivateKeyFromDER(der_block []byte) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.LoadPrivateKeyFromDER(der_block) })
}

// LoadPrivateKeyFromPEM loads the first key of pem_block.
func LoadPrivateKeyFromPEM(pem_block []byte) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.LoadPrivateKeyFromPEM(pem_block) })
}

// LoadPrivateKeyFromPEMWithPassword loads a key that may be encrypted.
func LoadPrivateKeyFromPEMWithPassword(pem_block []byte, password string) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.LoadPrivateKeyFromPEMWithPassword(pem_block, password) })
}

// LoadPrivateKeyFromPEMWidthPassword is LoadPrivateKeyFromPEMWithPassword, under the name that it first had.
func LoadPrivateKeyFromPEMWidthPassword(pem_block []byte, password string) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.LoadPrivateKeyFromPEMWidthPassword(pem_block, password) })
}

// LoadPublicKeyFromDER loads a SubjectPublicKeyInfo.
func LoadPublicKeyFromDER(der_block []byte) (PublicKey, error) {
	return drained(func() (PublicKey, error) { return openssl.LoadPublicKeyFromDER(der_block) })
}

// LoadPublicKeyFromPEM loads a SubjectPublicKeyInfo.
func LoadPublicKeyFromPEM(pem_block []byte) (PublicKey, error) {
	return drained(func() (PublicKey, error) { return openssl.LoadPublicKeyFromPEM(pem_block) })
}

// GenerateECKey makes a key on a curve.
func GenerateECKey(curve EllipticCurve) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.GenerateECKey(curve) })
}

// GenerateED25519Key makes an Ed25519 key.
func GenerateED25519Key() (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.GenerateED25519Key() })
}

// GenerateRSAKey makes an RSA key with the exponent 3.
func GenerateRSAKey(bits int) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.GenerateRSAKey(bits) })
}

// GenerateRSAKeyWithExponent makes an RSA key.
func GenerateRSAKeyWithExponent(bits, exponent int) (PrivateKey, error) {
	return drained(func() (PrivateKey, error) { return openssl.GenerateRSAKeyWithExponent(bits, exponent) })
}

// DeriveSharedSecret derives the secret that the holders of two keys share.
func DeriveSharedSecret(private PrivateKey, public PublicKey) ([]byte, error) {
	return drained(func() ([]byte, error) { return openssl.DeriveSharedSecret(private, public) })
}

// EngineById returns an ENGINE of OpenSSL.
func EngineById(name string) (*Engine, error) {
	return drained(func() (*Engine, error) { return openssl.EngineById(name) })
}

// GetCipherByName returns the cipher of this name.
func GetCipherByName(name string) (*Cipher, error) {
	return openssl.GetCipherByName(name)
}

// GetCipherByNid returns the cipher of this number.
func GetCipherByNid(nid NID) (*Cipher, error) {
	return openssl.GetCipherByNid(nid)
}

// GetDigestByName returns the digest of this name.
func GetDigestByName(name string) (*Digest, error) {
	return openssl.GetDigestByName(name)
}

// GetDigestByNid returns the digest of this number.
func GetDigestByNid(nid NID) (*Digest, error) {
	return openssl.GetDigestByNid(nid)
}

// NewDecryptionCipherCtx begins to decrypt. e may be nil.
func NewDecryptionCipherCtx(c *Cipher, e *Engine, key, iv []byte) (DecryptionCipherCtx, error) {
	return drained(func() (DecryptionCipherCtx, error) { return openssl.NewDecryptionCipherCtx(c, e, key, iv) })
}

// NewEncryptionCipherCtx begins to encrypt. e may be nil.
func NewEncryptionCipherCtx(c *Cipher, e *Engine, key, iv []byte) (EncryptionCipherCtx, error) {
	return drained(func() (EncryptionCipherCtx, error) { return openssl.NewEncryptionCipherCtx(c, e, key, iv) })
}

// NewGCMDecryptionCipherCtx begins to decrypt with AES-GCM; blocksize is that of the key, in bits. e may be nil.
func NewGCMDecryptionCipherCtx(blocksize int, e *Engine, key, iv []byte) (AuthenticatedDecryptionCipherCtx, error) {
	return drained(func() (AuthenticatedDecryptionCipherCtx, error) {
		return openssl.NewGCMDecryptionCipherCtx(blocksize, e, key, iv)
	})
}

// NewGCMEncryptionCipherCtx begins to encrypt with AES-GCM; blocksize is that of the key, in bits. e may be nil.
func NewGCMEncryptionCipherCtx(blocksize int, e *Engine, key, iv []byte) (AuthenticatedEncryptionCipherCtx, error) {
	return drained(func() (AuthenticatedEncryptionCipherCtx, error) {
		return openssl.NewGCMEncryptionCipherCtx(blocksize, e, key, iv)
	})
}

// NewHMAC begins an HMAC.
func NewHMAC(key []byte, digestAlgorithm EVP_MD) (*HMAC, error) {
	return drained(func() (*HMAC, error) { return openssl.NewHMAC(key, digestAlgorithm) })
}

// NewHMACWithEngine begins an HMAC in an engine, which may be nil.
func NewHMACWithEngine(key []byte, digestAlgorithm EVP_MD, e *Engine) (*HMAC, error) {
	return drained(func() (*HMAC, error) { return openssl.NewHMACWithEngine(key, digestAlgorithm, e) })
}

// Nid2ShortName returns the short name of a number.
func Nid2ShortName(nid NID) (string, error) {
	return openssl.Nid2ShortName(nid)
}

// MD4 returns the MD4 sum of data.
func MD4(data []byte) (result [16]byte, err error) {
	return openssl.MD4(data)
}

// MD5 returns the MD5 sum of data.
func MD5(data []byte) (result [16]byte, err error) {
	return openssl.MD5(data)
}

// SHA1 returns the SHA-1 sum of data.
func SHA1(data []byte) (result [20]byte, err error) {
	return openssl.SHA1(data)
}

// SHA256 returns the SHA-256 sum of data.
func SHA256(data []byte) (result [32]byte, err error) {
	return openssl.SHA256(data)
}

// NewMD4Hash begins an MD4 sum.
func NewMD4Hash() (*MD4Hash, error) {
	return drained(func() (*MD4Hash, error) { return openssl.NewMD4Hash() })
}

// NewMD4HashWithEngine begins an MD4 sum in an engine, which may be nil.
func NewMD4HashWithEngine(e *Engine) (*MD4Hash, error) {
	return drained(func() (*MD4Hash, error) { return openssl.NewMD4HashWithEngine(e) })
}

// NewMD5Hash begins an MD5 sum.
func NewMD5Hash() (*MD5Hash, error) {
	return drained(func() (*MD5Hash, error) { return openssl.NewMD5Hash() })
}

// NewMD5HashWithEngine begins an MD5 sum in an engine, which may be nil.
func NewMD5HashWithEngine(e *Engine) (*MD5Hash, error) {
	return drained(func() (*MD5Hash, error) { return openssl.NewMD5HashWithEngine(e) })
}

// NewSHA1Hash begins an SHA-1 sum.
func NewSHA1Hash() (*SHA1Hash, error) {
	return drained(func() (*SHA1Hash, error) { return openssl.NewSHA1Hash() })
}

// NewSHA1HashWithEngine begins an SHA-1 sum in an engine, which may be nil.
func NewSHA1HashWithEngine(e *Engine) (*SHA1Hash, error) {
	return drained(func() (*SHA1Hash, error) { return openssl.NewSHA1HashWithEngine(e) })
}

// NewSHA256Hash begins an SHA-256 sum.
func NewSHA256Hash() (*SHA256Hash, error) {
	return drained(func() (*SHA256Hash, error) { return openssl.NewSHA256Hash() })
}

// NewSHA256HashWithEngine begins an SHA-256 sum in an engine, which may be nil.
func NewSHA256HashWithEngine(e *Engine) (*SHA256Hash, error) {
	return drained(func() (*SHA256Hash, error) { return openssl.NewSHA256HashWithEngine(e) })
}

// SplitPEM returns the blocks of PEM in data, with their first and last lines.
func SplitPEM(data []byte) [][]byte { return openssl.SplitPEM(data) }

// FIPSModeSet turns OpenSSL's FIPS mode on or off, which an OpenSSL without it refuses.
func FIPSModeSet(mode bool) error { return openssl.FIPSModeSet(mode) }
