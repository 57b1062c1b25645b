package openssl

import "github.com/spacemonkeygo/openssl"

// The settings of TLS are the original's types: a value of one is one of the other.
type (
	// SSLVersion says which versions of TLS a Ctx speaks.
	SSLVersion = openssl.SSLVersion
	// Options are bits of SSL_CTX_set_options(3).
	Options = openssl.Options
	// Modes are bits of SSL_CTX_set_mode(3).
	Modes = openssl.Modes
	// VerifyOptions say whether a certificate is asked for, and what is done without one.
	VerifyOptions = openssl.VerifyOptions
	// VerifyResult is what the verification of the peer came to.
	VerifyResult = openssl.VerifyResult
	// SessionCacheModes say which sessions libssl keeps.
	SessionCacheModes = openssl.SessionCacheModes
	// DialFlags change what Dial does.
	DialFlags = openssl.DialFlags
	// SSLTLSExtErr is what a TLSExtServernameCallback decides.
	SSLTLSExtErr = openssl.SSLTLSExtErr
	// ConnectionState is what Conn.ConnectionState returns.
	ConnectionState = openssl.ConnectionState
	// EllipticCurve is the NID of a curve.
	EllipticCurve = openssl.EllipticCurve
	// CheckFlags change how a certificate is compared with a name.
	CheckFlags = openssl.CheckFlags
)

// SSLRecordSize is how much data one record holds. Writes of a multiple of it are the fastest.
const SSLRecordSize = openssl.SSLRecordSize

// The versions. SSLv3 is not in today's OpenSSL, and refused; AnyVersion includes TLS 1.3.
const (
	SSLv3      = openssl.SSLv3
	TLSv1      = openssl.TLSv1
	TLSv1_1    = openssl.TLSv1_1
	TLSv1_2    = openssl.TLSv1_2
	AnyVersion = openssl.AnyVersion
)

// The options.
const (
	NoSSLv2                            = openssl.NoSSLv2
	NoTicket                           = openssl.NoTicket
	NoSessionResumptionOrRenegotiation = openssl.NoSessionResumptionOrRenegotiation
	NoCompression                      = openssl.NoCompression
	CipherServerPreference             = openssl.CipherServerPreference
	NoSSLv3                            = openssl.NoSSLv3
	NoTLSv1                            = openssl.NoTLSv1
)

// The modes.
const (
	ReleaseBuffers = openssl.ReleaseBuffers
)

// The verify options.
const (
	VerifyNone             = openssl.VerifyNone
	VerifyPeer             = openssl.VerifyPeer
	VerifyFailIfNoPeerCert = openssl.VerifyFailIfNoPeerCert
	VerifyClientOnce       = openssl.VerifyClientOnce
)

// The cache modes.
const (
	SessionCacheOff    = openssl.SessionCacheOff
	SessionCacheClient = openssl.SessionCacheClient
	SessionCacheServer = openssl.SessionCacheServer
	SessionCacheBoth   = openssl.SessionCacheBoth
	NoAutoClear        = openssl.NoAutoClear
	NoInternalLookup   = openssl.NoInternalLookup
	NoInternalStore    = openssl.NoInternalStore
	NoInternal         = openssl.NoInternal
)

// The flags of Dial.
const (
	InsecureSkipHostVerification = openssl.InsecureSkipHostVerification
	DisableSNI                   = openssl.DisableSNI
)

// The results of a TLSExtServernameCallback.
const (
	SSLTLSExtErrOK           = openssl.SSLTLSExtErrOK
	SSLTLSExtErrAlertWarning = openssl.SSLTLSExtErrAlertWarning
	SSLTLSEXTErrAlertFatal   = openssl.SSLTLSEXTErrAlertFatal
	SSLTLSEXTErrNoAck        = openssl.SSLTLSEXTErrNoAck
)

// The curves.
const (
	Prime256v1 = openssl.Prime256v1
	Secp384r1  = openssl.Secp384r1
	Secp521r1  = openssl.Secp521r1
)

// The flags of the Check methods of Certificate.
const (
	AlwaysCheckSubject = openssl.AlwaysCheckSubject
	NoWildcards        = openssl.NoWildcards
)

// The results of verification.
const (
	Ok                            = openssl.Ok
	UnableToGetIssuerCert         = openssl.UnableToGetIssuerCert
	UnableToGetCrl                = openssl.UnableToGetCrl
	UnableToDecryptCertSignature  = openssl.UnableToDecryptCertSignature
	UnableToDecryptCrlSignature   = openssl.UnableToDecryptCrlSignature
	UnableToDecodeIssuerPublicKey = openssl.UnableToDecodeIssuerPublicKey
	CertSignatureFailure          = openssl.CertSignatureFailure
	CrlSignatureFailure           = openssl.CrlSignatureFailure
	CertNotYetValid               = openssl.CertNotYetValid
	CertHasExpired                = openssl.CertHasExpired
	CrlNotYetValid                = openssl.CrlNotYetValid
	CrlHasExpired                 = openssl.CrlHasExpired
	ErrorInCertNotBeforeField     = openssl.ErrorInCertNotBeforeField
	ErrorInCertNotAfterField      = openssl.ErrorInCertNotAfterField
	ErrorInCrlLastUpdateField     = openssl.ErrorInCrlLastUpdateField
	ErrorInCrlNextUpdateField     = openssl.ErrorInCrlNextUpdateField
	OutOfMem                      = openssl.OutOfMem
	DepthZeroSelfSignedCert       = openssl.DepthZeroSelfSignedCert
	SelfSignedCertInChain         = openssl.SelfSignedCertInChain
	UnableToGetIssuerCertLocally  = openssl.UnableToGetIssuerCertLocally
	UnableToVerifyLeafSignature   = openssl.UnableToVerifyLeafSignature
	CertChainTooLong              = openssl.CertChainTooLong
	CertRevoked                   = openssl.CertRevoked
	InvalidCa                     = openssl.InvalidCa
	PathLengthExceeded            = openssl.PathLengthExceeded
	InvalidPurpose                = openssl.InvalidPurpose
	CertUntrusted                 = openssl.CertUntrusted
	CertRejected                  = openssl.CertRejected
	SubjectIssuerMismatch         = openssl.SubjectIssuerMismatch
	AkidSkidMismatch              = openssl.AkidSkidMismatch
	AkidIssuerSerialMismatch      = openssl.AkidIssuerSerialMismatch
	KeyusageNoCertsign            = openssl.KeyusageNoCertsign
	UnableToGetCrlIssuer          = openssl.UnableToGetCrlIssuer
	UnhandledCriticalExtension    = openssl.UnhandledCriticalExtension
	KeyusageNoCrlSign             = openssl.KeyusageNoCrlSign
	UnhandledCriticalCrlExtension = openssl.UnhandledCriticalCrlExtension
	InvalidNonCa                  = openssl.InvalidNonCa
	ProxyPathLengthExceeded       = openssl.ProxyPathLengthExceeded
	KeyusageNoDigitalSignature    = openssl.KeyusageNoDigitalSignature
	ProxyCertificatesNotAllowed   = openssl.ProxyCertificatesNotAllowed
	InvalidExtension              = openssl.InvalidExtension
	InvalidPolicyExtension        = openssl.InvalidPolicyExtension
	NoExplicitPolicy              = openssl.NoExplicitPolicy
	UnnestedResource              = openssl.UnnestedResource
	ApplicationVerification       = openssl.ApplicationVerification
)
