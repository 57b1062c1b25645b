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
)

// Modes of [Ctx.SetMode].
const (
	ModeEnablePartialWrite      = C.SSL_MODE_ENABLE_PARTIAL_WRITE
	ModeAcceptMovingWriteBuffer = C.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
	ModeAutoRetry               = C.SSL_MODE_AUTO_RETRY
	ModeReleaseBuffers          = C.SSL_MODE_RELEASE_BUFFERS
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
