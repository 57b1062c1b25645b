package tlsnet

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"

	"github.com/seed-c1436005/libssl"
)

// Error is a failure of TLS. It wraps the [libssl.ErrorStack] of the call, a [VerifyError] if the peer's certificate was refused, and a
// [tls.AlertError] if the peer sent an alert. The connection cannot be used any more.
type Error struct {
	Op    string            // "handshake", "read", "write" or "close"
	Stack libssl.ErrorStack // what libssl said
	cause error             // a VerifyError or tls.AlertError, or nil
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("tlsnet: %s: %v", e.Op, e.cause)
	}
	return fmt.Sprintf("tlsnet: %s: %v", e.Op, e.Stack)
}

// Unwrap returns the cause, if it is known, and the error stack.
func (e *Error) Unwrap() []error {
	if e.cause != nil {
		return []error{e.cause, e.Stack}
	}
	return []error{e.Stack}
}

// VerifyError says why the certificate of the peer was refused.
type VerifyError struct {
	Result int    // X509_V_ERR_…, a VerifyErr constant of package libssl
	Host   string // whom it was verified for, "" on a server
}

func (e *VerifyError) Error() string {
	text := "the peer's certificate is refused: " + libssl.VerifyErrorString(e.Result)
	if e.Host != "" {
		text += fmt.Sprintf(" (for %s)", e.Host)
	}
	return text
}

// ErrSessionPeer: [Config.Session] was verified for another peer, or with other settings, than this connection's. Connect without it.
var ErrSessionPeer = errors.New("tlsnet: the session was not verified for this peer and this Config")

// errPeerClosed is what a handshake ends with if the peer closes the transport.
var errPeerClosed = fmt.Errorf("tlsnet: handshake: the peer closed the connection: %w", io.ErrUnexpectedEOF)

// alertReason is where libssl's reasons for alerts of the peer begin.
const alertReason = 1000

// newError tells what an operation failed with.
func (c *Conn) newError(op string) error {
	e := &Error{Op: op, Stack: c.ssl.LastErrors()}
	for _, entry := range e.Stack.Entries {
		if r := entry.ReasonCode(); r >= alertReason && r < alertReason+256 && entry.Lib == "SSL routines" {
			e.cause = tls.AlertError(r - alertReason)
		}
	}
	if result := c.ssl.VerifyResult(); op == "handshake" && e.cause == nil && result != libssl.VerifyOK && c.verifies() {
		e.cause = &VerifyError{result, c.host}
	}
	return e
}
