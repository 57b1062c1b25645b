package libssl

// #include "cgo.h"
import "C"

// What [SSL.GetError] returns.
const (
	ErrorNone            = C.SSL_ERROR_NONE
	ErrorSSL             = C.SSL_ERROR_SSL
	ErrorWantRead        = C.SSL_ERROR_WANT_READ
	ErrorWantWrite       = C.SSL_ERROR_WANT_WRITE
	ErrorWantX509Lookup  = C.SSL_ERROR_WANT_X509_LOOKUP
	ErrorSyscall         = C.SSL_ERROR_SYSCALL
	ErrorZeroReturn      = C.SSL_ERROR_ZERO_RETURN
	ErrorWantConnect     = C.SSL_ERROR_WANT_CONNECT
	ErrorWantAccept      = C.SSL_ERROR_WANT_ACCEPT
	ErrorWantAsync       = C.SSL_ERROR_WANT_ASYNC
	ErrorWantAsyncJob    = C.SSL_ERROR_WANT_ASYNC_JOB
	ErrorWantClientHello = C.SSL_ERROR_WANT_CLIENT_HELLO_CB
)

// Protocol versions. 0 stands for the lowest or highest that is enabled.
const (
	VersionTLS10  = C.TLS1_VERSION
	VersionTLS11  = C.TLS1_1_VERSION
	VersionTLS12  = C.TLS1_2_VERSION
	VersionTLS13  = C.TLS1_3_VERSION
	VersionDTLS10 = C.DTLS1_VERSION
	VersionDTLS12 = C.DTLS1_2_VERSION
)

// Session cache modes of [Ctx.SetSessionCacheMode].
const (
	SessCacheOff              = C.SSL_SESS_CACHE_OFF
	SessCacheClient           = C.SSL_SESS_CACHE_CLIENT
	SessCacheServer           = C.SSL_SESS_CACHE_SERVER
	SessCacheBoth             = C.SSL_SESS_CACHE_BOTH
	SessCacheNoAutoClear      = C.SSL_SESS_CACHE_NO_AUTO_CLEAR
	SessCacheNoInternalLookup = C.SSL_SESS_CACHE_NO_INTERNAL_LOOKUP
	SessCacheNoInternalStore  = C.SSL_SESS_CACHE_NO_INTERNAL_STORE
	SessCacheNoInternal       = C.SSL_SESS_CACHE_NO_INTERNAL
)

// Verify modes of [Ctx.SetVerify].
const (
	VerifyNone             = C.SSL_VERIFY_NONE
	VerifyPeer             = C.SSL_VERIFY_PEER
	VerifyFailIfNoPeerCert = C.SSL_VERIFY_FAIL_IF_NO_PEER_CERT
	VerifyClientOnce       = C.SSL_VERIFY_CLIENT_ONCE
	VerifyPostHandshake    = C.SSL_VERIFY_POST_HANDSHAKE
)

// Flags of [SSL.SetShutdown].
const (
	SentShutdown     = C.SSL_SENT_SHUTDOWN
	ReceivedShutdown = C.SSL_RECEIVED_SHUTDOWN
)

// Options of [Ctx.SetOptions] and [SSL.SetOptions]; any other SSL_OP_ value can be given as its number.
const (
	OpNoTicket         = C.SSL_OP_NO_TICKET
	OpNoRenegotiation  = C.SSL_OP_NO_RENEGOTIATION
	OpNoAntiReplay     = C.SSL_OP_NO_ANTI_REPLAY
	OpNoTLSv13         = C.SSL_OP_NO_TLSv1_3
	OpNoTLSv12         = C.SSL_OP_NO_TLSv1_2
	OpNoTLSv11         = C.SSL_OP_NO_TLSv1_1
	OpNoTLSv10         = C.SSL_OP_NO_TLSv1
	OpAll              = C.SSL_OP_ALL
	OpCipherServerPref = C.SSL_OP_CIPHER_SERVER_PREFERENCE
	OpNoQueryMTU       = C.SSL_OP_NO_QUERY_MTU
)

// Modes of [Ctx.SetMode].
const (
	ModeEnablePartialWrite      = C.SSL_MODE_ENABLE_PARTIAL_WRITE
	ModeAcceptMovingWriteBuffer = C.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
	ModeAutoRetry               = C.SSL_MODE_AUTO_RETRY
	ModeReleaseBuffers          = C.SSL_MODE_RELEASE_BUFFERS
	ModeNoAutoChain             = C.SSL_MODE_NO_AUTO_CHAIN
)

// File types of certificates and keys.
const (
	FiletypePEM  = C.SSL_FILETYPE_PEM
	FiletypeASN1 = C.SSL_FILETYPE_ASN1
)

// Values of [SSL.EarlyDataStatus].
const (
	EarlyDataNotSent  = C.SSL_EARLY_DATA_NOT_SENT
	EarlyDataRejected = C.SSL_EARLY_DATA_REJECTED
	EarlyDataAccepted = C.SSL_EARLY_DATA_ACCEPTED
)

// Results of [SSL.ReadEarlyData].
const (
	ReadEarlyDataError   = C.SSL_READ_EARLY_DATA_ERROR
	ReadEarlyDataSuccess = C.SSL_READ_EARLY_DATA_SUCCESS
	ReadEarlyDataFinish  = C.SSL_READ_EARLY_DATA_FINISH
)

// Values of [SSL.VerifyResult] that sessions start with; the others are X509_V_ERR_ numbers.
const (
	VerifyOK             = C.X509_V_OK
	VerifyErrUnspecified = C.X509_V_ERR_UNSPECIFIED
)

// Values of [SSL.Want].
const (
	WantNothing     = C.SSL_NOTHING
	WantWriting     = C.SSL_WRITING
	WantReading     = C.SSL_READING
	WantX509Lookup  = C.SSL_X509_LOOKUP
	WantAsyncPaused = C.SSL_ASYNC_PAUSED
	WantAsyncNoJobs = C.SSL_ASYNC_NO_JOBS
	WantClientHello = C.SSL_CLIENT_HELLO_CB
)

// Values of [SSL.KeyUpdate].
const (
	KeyUpdateNone         = C.SSL_KEY_UPDATE_NONE
	KeyUpdateNotRequested = C.SSL_KEY_UPDATE_NOT_REQUESTED
	KeyUpdateRequested    = C.SSL_KEY_UPDATE_REQUESTED
)

// Certificates for [Ctx.SetCurrentCert] and [SSL.SetCurrentCert].
const (
	CertSetFirst  = C.SSL_CERT_SET_FIRST
	CertSetNext   = C.SSL_CERT_SET_NEXT
	CertSetServer = C.SSL_CERT_SET_SERVER
)

// Flags of [Ctx.BuildCertChain].
const (
	BuildChainFlagUntrusted   = C.SSL_BUILD_CHAIN_FLAG_UNTRUSTED
	BuildChainFlagNoRoot      = C.SSL_BUILD_CHAIN_FLAG_NO_ROOT
	BuildChainFlagCheck       = C.SSL_BUILD_CHAIN_FLAG_CHECK
	BuildChainFlagIgnoreError = C.SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR
	BuildChainFlagClearError  = C.SSL_BUILD_CHAIN_FLAG_CLEAR_ERROR
)

// Lengths of [Ctx.SetTLSExtMaxFragmentLength].
const (
	MaxFragmentLengthDisabled = C.TLSEXT_max_fragment_length_DISABLED
	MaxFragmentLength512      = C.TLSEXT_max_fragment_length_512
	MaxFragmentLength1024     = C.TLSEXT_max_fragment_length_1024
	MaxFragmentLength2048     = C.TLSEXT_max_fragment_length_2048
	MaxFragmentLength4096     = C.TLSEXT_max_fragment_length_4096
)

// Flags of [VerifyParam.SetFlags].
const (
	VFlagCRLCheck     = C.X509_V_FLAG_CRL_CHECK
	VFlagCRLCheckAll  = C.X509_V_FLAG_CRL_CHECK_ALL
	VFlagX509Strict   = C.X509_V_FLAG_X509_STRICT
	VFlagPartialChain = C.X509_V_FLAG_PARTIAL_CHAIN
	VFlagTrustedFirst = C.X509_V_FLAG_TRUSTED_FIRST
	VFlagNoCheckTime  = C.X509_V_FLAG_NO_CHECK_TIME
	VFlagUseCheckTime = C.X509_V_FLAG_USE_CHECK_TIME
)

// Flags of [VerifyParam.SetHostFlags].
const (
	CheckFlagAlwaysCheckSubject  = C.X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT
	CheckFlagNoWildcards         = C.X509_CHECK_FLAG_NO_WILDCARDS
	CheckFlagNoPartialWildcards  = C.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
	CheckFlagMultiLabelWildcards = C.X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS
	CheckFlagSingleLabelDomains  = C.X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS
	CheckFlagNeverCheckSubject   = C.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
)

// Purposes of [Ctx.SetPurpose].
const (
	PurposeSSLClient  = C.X509_PURPOSE_SSL_CLIENT
	PurposeSSLServer  = C.X509_PURPOSE_SSL_SERVER
	PurposeSMIMESign  = C.X509_PURPOSE_SMIME_SIGN
	PurposeCRLSign    = C.X509_PURPOSE_CRL_SIGN
	PurposeAny        = C.X509_PURPOSE_ANY
	PurposeOCSPHelper = C.X509_PURPOSE_OCSP_HELPER
	PurposeTimestamp  = C.X509_PURPOSE_TIMESTAMP_SIGN
)

// What [Ctx.SetTrust] asks for.
const (
	TrustDefault   = C.X509_TRUST_DEFAULT
	TrustCompat    = C.X509_TRUST_COMPAT
	TrustSSLClient = C.X509_TRUST_SSL_CLIENT
	TrustSSLServer = C.X509_TRUST_SSL_SERVER
	TrustEmail     = C.X509_TRUST_EMAIL
)

// Results of verification, as [SSL.VerifyResult] returns them; [VerifyErrorString] has a text for each.
const (
	VerifyErrCertHasExpired          = C.X509_V_ERR_CERT_HAS_EXPIRED
	VerifyErrCertNotYetValid         = C.X509_V_ERR_CERT_NOT_YET_VALID
	VerifyErrCertRevoked             = C.X509_V_ERR_CERT_REVOKED
	VerifyErrCertChainTooLong        = C.X509_V_ERR_CERT_CHAIN_TOO_LONG
	VerifyErrDepthZeroSelfSigned     = C.X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
	VerifyErrSelfSignedInChain       = C.X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
	VerifyErrUnableToGetIssuerLocal  = C.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
	VerifyErrUnableToGetCRL          = C.X509_V_ERR_UNABLE_TO_GET_CRL
	VerifyErrUnableToVerifyLeaf      = C.X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
	VerifyErrInvalidPurpose          = C.X509_V_ERR_INVALID_PURPOSE
	VerifyErrHostnameMismatch        = C.X509_V_ERR_HOSTNAME_MISMATCH
	VerifyErrEmailMismatch           = C.X509_V_ERR_EMAIL_MISMATCH
	VerifyErrIPAddressMismatch       = C.X509_V_ERR_IP_ADDRESS_MISMATCH
	VerifyErrEEKeyTooSmall           = C.X509_V_ERR_EE_KEY_TOO_SMALL
	VerifyErrApplicationVerification = C.X509_V_ERR_APPLICATION_VERIFICATION
	VerifyErrNoValidSCTs             = C.X509_V_ERR_NO_VALID_SCTS
)

// Flags of [Ctx.ConfCmd].
const (
	ConfFlagCmdline        = C.SSL_CONF_FLAG_CMDLINE
	ConfFlagFile           = C.SSL_CONF_FLAG_FILE
	ConfFlagClient         = C.SSL_CONF_FLAG_CLIENT
	ConfFlagServer         = C.SSL_CONF_FLAG_SERVER
	ConfFlagCertificate    = C.SSL_CONF_FLAG_CERTIFICATE
	ConfFlagRequirePrivate = C.SSL_CONF_FLAG_REQUIRE_PRIVATE
)

// Numbers of OpenSSL's objects (NIDs), as the getters of keys, signatures and groups return them; [NIDOf] and [NIDName] know the others.
const (
	NIDUndef  = C.NID_undef
	NIDRSA    = C.NID_rsaEncryption
	NIDRSAPSS = C.NID_rsassaPss
	NIDEC     = C.NID_X9_62_id_ecPublicKey
	NIDX25519 = C.NID_X25519
	NIDDH     = C.NID_dhKeyAgreement
	NIDP256   = C.NID_X9_62_prime256v1
	NIDP384   = C.NID_secp384r1
	NIDSHA256 = C.NID_sha256
	NIDSHA384 = C.NID_sha384
	NIDSHA512 = C.NID_sha512
)

// Modes of [Ctx.EnableCT].
const (
	CTValidationPermissive = C.SSL_CT_VALIDATION_PERMISSIVE
	CTValidationStrict     = C.SSL_CT_VALIDATION_STRICT
)

// TLSExtNameTypeHostName is what [SSL.ServernameType] returns for a host name.
const TLSExtNameTypeHostName = C.TLSEXT_NAMETYPE_host_name
