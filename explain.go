package libssl

// #include "cgo.h"
import "C"

import (
	"fmt"
	"strings"
)

// Reason is why a session is not offered, or not resumed, or good for no early data.
type Reason int

// Reasons. Up to ReasonTicketTooOld libssl does not offer the session. It begins a new one and says nothing, but for ReasonNoCipher, with which the
// handshake fails.
const (
	ReasonNoSession    Reason = C.GOSSL_WHY_NO_SESSION
	ReasonServer       Reason = C.GOSSL_WHY_SERVER
	ReasonVersion      Reason = C.GOSSL_WHY_VERSION
	ReasonNoID         Reason = C.GOSSL_WHY_NO_ID
	ReasonFlagged      Reason = C.GOSSL_WHY_FLAGGED
	ReasonNoTicket     Reason = C.GOSSL_WHY_NO_TICKET
	ReasonNoCipher     Reason = C.GOSSL_WHY_NO_CIPHER
	ReasonTicketTooOld Reason = C.GOSSL_WHY_TICKET_TOO_OLD

	ReasonExpired     Reason = C.GOSSL_WHY_EXPIRED
	ReasonCipherOff   Reason = C.GOSSL_WHY_CIPHER_OFF
	ReasonTicketsOff  Reason = C.GOSSL_WHY_TICKETS_OFF
	ReasonNoEarlyData Reason = C.GOSSL_WHY_NO_EARLY_DATA
	ReasonServername  Reason = C.GOSSL_WHY_SERVERNAME
	ReasonOtherCtx    Reason = C.GOSSL_WHY_OTHER_CTX
	ReasonDeclined    Reason = C.GOSSL_WHY_DECLINED
)

var reasons = [...]string{
	ReasonNoSession:    "no session is set",
	ReasonServer:       "a server offers no session",
	ReasonVersion:      "the session is empty (version 0), or its protocol version is not enabled on this SSL",
	ReasonNoID:         "the session has neither id nor ticket",
	ReasonFlagged:      "the session is flagged as not resumable: a fatal error, a removal from a cache, or a connection freed without Shutdown",
	ReasonNoTicket:     "the TLS 1.3 session was taken before its ticket came",
	ReasonNoCipher:     "the session has no cipher that libssl knows",
	ReasonTicketTooOld: "the ticket is older than the server takes tickets",
	ReasonExpired:      "the session's timeout has passed",
	ReasonCipherOff:    "the session's cipher is not enabled: the handshake may fail",
	ReasonTicketsOff:   "tickets are switched off: the session's is not sent",
	ReasonNoEarlyData:  "the server takes no early data with this session",
	ReasonServername:   "the session is of another server name: early data would fail the handshake",
	ReasonOtherCtx:     "the session comes from another Ctx: its callbacks and cache do not hear of it",
	ReasonDeclined:     "the server did not resume it",
}

// String returns the reason in words.
func (r Reason) String() string {
	if r > 0 && int(r) < len(reasons) {
		return reasons[r]
	}
	return fmt.Sprintf("Reason(%d)", int(r))
}

// Explanation says what becomes of a session on a connection.
type Explanation struct {
	Offered bool     // libssl offers the session to the server
	Resumed bool     // the handshake is done, and resumed a session
	Refused error    // why libssl was not asked: ErrFreed, or ErrStuck
	Reasons []Reason // why it is not offered; if it is, why it may not be resumed, or was not, or has no early data
}

// String returns a sentence. It leaves out ReasonNoEarlyData, which matters only to who is to send early data.
func (e Explanation) String() string {
	s := "not offered"
	switch {
	case e.Refused != nil:
		return e.Refused.Error()
	case e.Resumed:
		s = "resumed"
	case e.Offered:
		s = "offered"
	}
	var texts []string
	for _, r := range e.Reasons {
		if r != ReasonNoEarlyData {
			texts = append(texts, r.String())
		}
	}
	if len(texts) == 0 {
		return s
	}
	return s + ": " + strings.Join(texts, "; ")
}

// ExplainSession says whether libssl offers session to the server when it is set on s, and if not why; nil asks for the one that is set. SetSession
// accepts any session and C never tells. Before the handshake it says what the ClientHello will have; after it, with the session that was set, also
// what the client can know of the server's decision. Two things stay hidden: an id context of the SSL, for which libssl has no getter, and what the server
// thinks of the session. Callbacks for external PSKs are not asked.
func (s *SSL) ExplainSession(session *Session) Explanation {
	const fn = "ExplainSession" // libssl has no such function
	var sp *C.SSL_SESSION
	if session != nil {
		var ok bool
		if sp, ok = session.acquire(); !ok {
			s.refuse(fn, ErrFreed)
			return Explanation{Refused: ErrFreed}
		}
		defer session.ref.Release()
	}
	bits, ok := s.do(fn, func(p *C.gossl_ssl) C.gossl_result {
		r := C.gossl_ssl_explain(p, sp)
		if session != nil && session.ref.Keeper() != nil && session.ref.Keeper() != s.ref.Keeper() {
			r.ret |= 1 << ReasonOtherCtx
		}
		return r
	})
	if !ok {
		return Explanation{Refused: s.LastErrors().Refused}
	}
	e := Explanation{Offered: bits&(1<<ReasonExpired-1) == 0, Resumed: bits&(1<<C.GOSSL_WHY_RESUMED) != 0}
	for r := range Reason(len(reasons)) {
		if bits&(1<<r) != 0 {
			e.Reasons = append(e.Reasons, r)
		}
	}
	return e
}
