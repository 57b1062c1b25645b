package libssl

// #include "cgo.h"
import "C"

// SetSession sets the session that the next connection of s tries to resume. It resumes without verifying the certificate or the host name
// again: use only sessions of the same peer that were verified.
//
// It returns 1 for whatever session: it may be expired, flagged, of another version or Ctx. The session is then silently not offered, or not
// accepted; only [SSL.SessionReused] after the handshake tells. It returns 0 only if memory runs out while the method is switched, after
// [Ctx.SetSSLVersion] or a handshake; [SSL.LastErrors] is then mostly empty, and the SSL is good for nothing but Free ([ErrDead]).
//
// s takes a reference of its own to session; the caller keeps his. The session that was set before is released. If it is still open
// (connected, and Shutdown was not called) it is removed from the cache and flagged as not resumable, and the remove callback fires.
//
// nil drops the session and returns 1. On a connection that has begun, C would go on in cleartext or crash: further I/O is refused with
// [ErrNoSession]. A freed session, or a nil or freed s, returns 0 with [ErrFreed]. Inside a callback of the running handshake, nil and a switch
// of the method return 0 with [ErrInCallback].
//
// SetSession corresponds to SSL_set_session(3).
func (s *SSL) SetSession(session *Session) int {
	const fn = "SSL_set_session"
	for { // [SSL.do], but for its closure, which would be a tenth of the cost
		p, ok := s.acquire()
		if !ok {
			return s.refusal(fn, ErrFreed)
		}
		var sp *C.SSL_SESSION
		if session != nil {
			if sp, ok = session.ref.Acquire(); !ok {
				s.ref.Release()
				return s.refusal(fn, ErrFreed)
			}
			session.share()
		}
		r := C.gossl_ssl_set_session(p, sp)
		if session != nil {
			session.ref.Release()
		}
		if r.more == nil {
			s.ref.Release()
			return int(r.ret)
		}
		if ret, _, again := s.conclude(fn, p, r); !again {
			return ret
		}
	}
}

// Session returns a handle of the SSL's session, with a reference of its own; nil if there is none. In TLS 1.3 the session that can be
// resumed comes with the first ticket, after the handshake, and each ticket makes a new one: see [Ctx.SessSetNewCB].
//
// Session corresponds to SSL_get1_session(3).
func (s *SSL) Session() *Session {
	const fn = "SSL_get1_session"
	for { // as in SetSession
		p, ok := s.acquire()
		if !ok {
			s.refuse(fn, ErrFreed)
			return nil
		}
		r := C.gossl_ssl_get1_session(p)
		keep := s.ref.Keeper()
		called, again := true, false
		if r.more == nil {
			s.ref.Release()
		} else {
			_, called, again = s.conclude(fn, p, C.gossl_result{more: r.more})
		}
		switch {
		case again:
			continue
		case !called || r.ptr == nil:
			return nil
		}
		return ownSession((*C.SSL_SESSION)(r.ptr), keep)
	}
}

// SessionReused reports whether a session was resumed. It is also true after a handshake that failed while resuming.
//
// SessionReused corresponds to SSL_session_reused(3).
func (s *SSL) SessionReused() bool { return s.property("SSL_session_reused", C.GOSSL_REUSED, 0) == 1 }

// CopySessionID sets the session of from, and takes over its method, certificates (which both share from then on) and session id
// context. It returns 1, or 0 as SetSession.
//
// CopySessionID corresponds to SSL_copy_session_id(3).
func (s *SSL) CopySessionID(from *SSL) int {
	const fn = "SSL_copy_session_id"
	for {
		var freed, busy, wake bool
		var fp *C.gossl_ssl
		var wait <-chan struct{}
		ret, _ := s.do(fn, func(p *C.gossl_ssl) C.gossl_result {
			var ok bool
			if fp, ok = from.acquire(); !ok {
				freed = true
				return C.gossl_result{}
			}
			defer from.ref.Release()
			r := C.gossl_ssl_copy_session_id(p, fp)
			if r.more != nil {
				wake = r.more.wake&2 != 0
				if busy = r.more.status == C.GOSSL_BUSY_ARG; busy {
					wait = park(fp)
				}
			}
			return r
		})
		switch {
		case freed:
			return s.refusal(fn, ErrFreed)
		case wake:
			parking.Wake(key(fp))
		}
		if !busy {
			return ret
		}
		if !from.await(wait, nil) {
			return s.refusal(fn, ErrStuck)
		}
	}
}

// SetSessionIDContext says whose sessions these are, in 32 bytes at the most. It returns 1, or 0.
//
// SetSessionIDContext corresponds to SSL_set_session_id_context(3).
func (s *SSL) SetSessionIDContext(id []byte) int {
	b, n := cBytes(id)
	return s.value("SSL_set_session_id_context", 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_set_session_id_context(p, b, C.uint(n))
	})
}

// HasMatchingSessionID reports whether the cache has a session with this id and the SSL's version.
//
// HasMatchingSessionID corresponds to SSL_has_matching_session_id(3).
func (s *SSL) HasMatchingSessionID(id []byte) bool {
	b, n := cBytes(id)
	return s.value("SSL_has_matching_session_id", 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_has_matching_session_id(p, b, C.uint(n))
	}) == 1
}

// VerifyResult returns the result of verifying the peer's certificate: after a resumption that of the session. X509_V_OK (0) also means that
// there was no certificate.
//
// VerifyResult corresponds to SSL_get_verify_result(3).
func (s *SSL) VerifyResult() int {
	return s.property("SSL_get_verify_result", C.GOSSL_VERIFY_RESULT, VerifyErrUnspecified)
}

// SetVerifyResult overrides the result. SetVerifyResult corresponds to SSL_set_verify_result(3).
func (s *SSL) SetVerifyResult(result int) {
	s.setProperty("SSL_set_verify_result", C.GOSSL_VERIFY_RESULT, result)
}

// SetNumTickets sets how many tickets this TLS 1.3 server sends after a full handshake. It returns 1, or 0.
//
// SetNumTickets corresponds to SSL_set_num_tickets(3).
func (s *SSL) SetNumTickets(n int) int {
	return s.setProperty("SSL_set_num_tickets", C.GOSSL_NUM_TICKETS, max(n, 0))
}

// NumTickets returns that number. NumTickets corresponds to SSL_get_num_tickets(3).
func (s *SSL) NumTickets() int { return s.property("SSL_get_num_tickets", C.GOSSL_NUM_TICKETS, 0) }
