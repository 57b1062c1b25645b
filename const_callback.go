package libssl

// #include "cgo.h"
import "C"

// Bits of an info callback's where.
const (
	CbLoop           = C.SSL_CB_LOOP
	CbExit           = C.SSL_CB_EXIT
	CbRead           = C.SSL_CB_READ
	CbWrite          = C.SSL_CB_WRITE
	CbAlert          = C.SSL_CB_ALERT
	CbHandshakeStart = C.SSL_CB_HANDSHAKE_START
	CbHandshakeDone  = C.SSL_CB_HANDSHAKE_DONE
	CbConnectLoop    = C.SSL_CB_CONNECT_LOOP
	CbConnectExit    = C.SSL_CB_CONNECT_EXIT
	CbAcceptLoop     = C.SSL_CB_ACCEPT_LOOP
	CbAcceptExit     = C.SSL_CB_ACCEPT_EXIT
	CbReadAlert      = C.SSL_CB_READ_ALERT
	CbWriteAlert     = C.SSL_CB_WRITE_ALERT
)

// Values of [Message.ContentType].
const (
	RTChangeCipherSpec = C.SSL3_RT_CHANGE_CIPHER_SPEC
	RTAlert            = C.SSL3_RT_ALERT
	RTHandshake        = C.SSL3_RT_HANDSHAKE
	RTApplicationData  = C.SSL3_RT_APPLICATION_DATA
	RTHeader           = C.SSL3_RT_HEADER
	RTInnerContentType = C.SSL3_RT_INNER_CONTENT_TYPE
)

// Results of callbacks of extensions.
const (
	TLSExtErrOK           = C.SSL_TLSEXT_ERR_OK
	TLSExtErrAlertWarning = C.SSL_TLSEXT_ERR_ALERT_WARNING
	TLSExtErrAlertFatal   = C.SSL_TLSEXT_ERR_ALERT_FATAL
	TLSExtErrNoAck        = C.SSL_TLSEXT_ERR_NOACK
)

// Alerts, for callbacks that return one; any other SSL_AD_ value can be given as its number.
const (
	ADHandshakeFailure = C.SSL_AD_HANDSHAKE_FAILURE
	ADBadCertificate   = C.SSL_AD_BAD_CERTIFICATE
	ADIllegalParameter = C.SSL_AD_ILLEGAL_PARAMETER
	ADAccessDenied     = C.SSL_AD_ACCESS_DENIED
	ADProtocolVersion  = C.SSL_AD_PROTOCOL_VERSION
	ADInternalError    = C.SSL_AD_INTERNAL_ERROR
	ADUnrecognizedName = C.SSL_AD_UNRECOGNIZED_NAME
)

// ALFatal is what [Ctx.SetSRPUsernameCallback] ends a handshake with.
const ALFatal = C.SSL3_AL_FATAL

// Results of [SelectNextProto].
const (
	NPNNegotiated = C.OPENSSL_NPN_NEGOTIATED
	NPNNoOverlap  = C.OPENSSL_NPN_NO_OVERLAP
)

// StatusTypeOCSP is the one type of [Ctx.SetTLSExtStatusType].
const StatusTypeOCSP = C.TLSEXT_STATUSTYPE_ocsp

// Results of a client hello callback.
const (
	ClientHelloSuccess = C.SSL_CLIENT_HELLO_SUCCESS
	ClientHelloError   = C.SSL_CLIENT_HELLO_ERROR
	ClientHelloRetry   = C.SSL_CLIENT_HELLO_RETRY
)

// OpCookieExchange makes a DTLS server ask for a cookie.
const OpCookieExchange = C.SSL_OP_COOKIE_EXCHANGE

// What became of a ticket, for the callbacks of [Ctx.SetSessionTicketCB].
const (
	TicketEmpty        = C.SSL_TICKET_EMPTY
	TicketNoDecrypt    = C.SSL_TICKET_NO_DECRYPT
	TicketSuccess      = C.SSL_TICKET_SUCCESS
	TicketSuccessRenew = C.SSL_TICKET_SUCCESS_RENEW
)

// What those callbacks want done.
const (
	TicketReturnAbort       = C.SSL_TICKET_RETURN_ABORT
	TicketReturnIgnore      = C.SSL_TICKET_RETURN_IGNORE
	TicketReturnIgnoreRenew = C.SSL_TICKET_RETURN_IGNORE_RENEW
	TicketReturnUse         = C.SSL_TICKET_RETURN_USE
	TicketReturnUseRenew    = C.SSL_TICKET_RETURN_USE_RENEW
)
