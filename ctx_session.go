package libssl

// #include "cgo.h"
import "C"

import (
	"time"
	"unsafe"
)

// SetSessionCacheMode sets what the cache does, with SessCache constants, and returns the previous mode. The default is [SessCacheServer].
//
// With [SessCacheClient] a TLS 1.3 session can be used once: libssl removes and flags it when the handshake that resumed it is done.
//
// SetSessionCacheMode corresponds to SSL_CTX_set_session_cache_mode(3).
func (c *Ctx) SetSessionCacheMode(mode int) int { return c.ctrl(C.SSL_CTRL_SET_SESS_CACHE_MODE, mode) }

// SessionCacheMode returns the mode. SessionCacheMode corresponds to SSL_CTX_get_session_cache_mode(3).
func (c *Ctx) SessionCacheMode() int { return c.ctrl(C.SSL_CTRL_GET_SESS_CACHE_MODE, 0) }

// SessSetCacheSize sets how many sessions the cache holds, 0 for no limit, and returns the previous size. A negative size changes nothing.
// A smaller cache shrinks with the next session that is added. The default is 20480.
//
// SessSetCacheSize corresponds to SSL_CTX_sess_set_cache_size(3).
func (c *Ctx) SessSetCacheSize(n int) int { return c.ctrl(C.SSL_CTRL_SET_SESS_CACHE_SIZE, n) }

// SessGetCacheSize returns the size. SessGetCacheSize corresponds to SSL_CTX_sess_get_cache_size(3).
func (c *Ctx) SessGetCacheSize() int { return c.ctrl(C.SSL_CTRL_GET_SESS_CACHE_SIZE, 0) }

// SetTimeout sets for how long sessions to come may be resumed, in whole seconds, and returns the previous value. The default is two hours.
//
// SetTimeout corresponds to SSL_CTX_set_timeout(3).
func (c *Ctx) SetTimeout(d time.Duration) (old time.Duration) {
	c.With(func(p unsafe.Pointer) {
		old = time.Duration(C.SSL_CTX_set_timeout((*C.SSL_CTX)(p), C.long(d/time.Second))) * time.Second
	})
	return old
}

// Timeout returns for how long sessions may be resumed. Timeout corresponds to SSL_CTX_get_timeout(3).
func (c *Ctx) Timeout() (d time.Duration) {
	c.With(func(p unsafe.Pointer) { d = time.Duration(C.SSL_CTX_get_timeout((*C.SSL_CTX)(p))) * time.Second })
	return d
}

// SetNumTickets sets how many tickets a TLS 1.3 server sends after a full handshake. The default is 2.
//
// SetNumTickets corresponds to SSL_CTX_set_num_tickets(3).
func (c *Ctx) SetNumTickets(n int) {
	c.With(func(p unsafe.Pointer) { C.SSL_CTX_set_num_tickets((*C.SSL_CTX)(p), C.size_t(max(n, 0))) })
}

// NumTickets returns that number. NumTickets corresponds to SSL_CTX_get_num_tickets(3).
func (c *Ctx) NumTickets() (n int) {
	c.With(func(p unsafe.Pointer) { n = int(C.SSL_CTX_get_num_tickets((*C.SSL_CTX)(p))) })
	return n
}

// SetSessionIDContext says whose sessions these are, in 32 bytes at the most. A server that verifies its clients must have one: sessions of
// another context are not resumed.
//
// SetSessionIDContext corresponds to SSL_CTX_set_session_id_context(3).
func (c *Ctx) SetSessionIDContext(id []byte) error {
	return c.bytes("SSL_CTX_set_session_id_context", id, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_set_session_id_context(p, b, C.uint(n))
	})
}

// AddSession puts a session into the cache, which takes a reference. It returns 1 if the session was added, 0 if that object was there
// already, or if memory was short; another object with the same id gives way. The error is not nil only if libssl was not called: a session
// that may be in the cache of another Ctx is refused with [ErrOtherCtx], since C would overwrite that Ctx. Eviction fires the remove
// callback; the new-session callback does not fire.
//
// AddSession corresponds to SSL_CTX_add_session(3).
func (c *Ctx) AddSession(session *Session) (int, error) {
	const fn = "SSL_CTX_add_session"
	return c.cache(fn, session, func(p *C.SSL_CTX, sp *C.SSL_SESSION) C.gossl_result {
		before := session.added.Load()
		session.use(c.state) // now: callbacks of the call may meet it
		r := C.gossl_ctx_add_session(p, sp, 0)
		if r.more != nil && r.more.status == C.GOSSL_OTHER_CTX {
			if _, alive := ctxStates.Get(uintptr(r.more.other_ctx)); !alive {
				r = C.gossl_ctx_add_session(p, sp, take(r.more).other_ctx)
			}
		}
		if r.more != nil && r.more.status != C.GOSSL_CALLED { // it still keeps the Ctx that has it
			session.added.CompareAndSwap(c.state.keeper(), before)
		}
		return r
	})
}

// RemoveSession takes a session out of the cache and drops the cache's reference. It returns 1 if the session was there, else 0. In both
// cases the session is flagged as not resumable, for all who hold it, and the remove callback fires. A session without id is left alone; nil
// is no error and gives 0.
//
// RemoveSession corresponds to SSL_CTX_remove_session(3).
func (c *Ctx) RemoveSession(session *Session) (int, error) {
	const fn = "SSL_CTX_remove_session"
	if session == nil {
		return 0, c.usable(fn)
	}
	return c.cache(fn, session, func(p *C.SSL_CTX, sp *C.SSL_SESSION) C.gossl_result {
		return C.gossl_ctx_remove_session(p, sp)
	})
}

// cache is for functions that take the lock of the SSL_CTX.
func (c *Ctx) cache(fn string, session *Session, f func(*C.SSL_CTX, *C.SSL_SESSION) C.gossl_result) (int, error) {
	if err := c.usable(fn); err != nil {
		return 0, err
	}
	sp, ok := session.acquire()
	if !ok {
		return 0, ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer session.ref.Release()
	r, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return f(p, sp) })
	if err != nil {
		return 0, err
	}
	return int(r.ret), nil
}

// usable refuses a handle that is freed, or the argument of a remove callback, whichever goroutine uses it.
func (c *Ctx) usable(fn string) error {
	if _, ok := c.acquire(); !ok {
		return ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer c.ref.Release()
	if c.lent {
		return ErrorStack{Func: fn, Refused: ErrInRemoveCallback}
	}
	return nil
}

// FlushSessions removes the sessions whose time and timeout lie before t, or all for the zero Time. Each is flagged, and the remove
// callback fires.
//
// FlushSessions corresponds to SSL_CTX_flush_sessions(3).
func (c *Ctx) FlushSessions(t time.Time) error {
	const fn = "SSL_CTX_flush_sessions"
	if err := c.usable(fn); err != nil {
		return err
	}
	var seconds C.long
	if !t.IsZero() {
		seconds = C.long(t.Unix())
		if seconds == 0 {
			seconds = -1 // for C, 0 is no time but all
		}
	}
	_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_flush_sessions(p, seconds) })
	return err
}

// SessNumber returns how many sessions the cache holds. SessNumber corresponds to SSL_CTX_sess_number(3).
func (c *Ctx) SessNumber() int { return c.ctrl(C.SSL_CTRL_SESS_NUMBER, 0) }

// SessConnect counts handshakes begun as client. SessConnect corresponds to SSL_CTX_sess_connect(3).
func (c *Ctx) SessConnect() int { return c.ctrl(C.SSL_CTRL_SESS_CONNECT, 0) }

// SessConnectGood counts handshakes finished as client. SessConnectGood corresponds to SSL_CTX_sess_connect_good(3).
func (c *Ctx) SessConnectGood() int { return c.ctrl(C.SSL_CTRL_SESS_CONNECT_GOOD, 0) }

// SessConnectRenegotiate counts renegotiations begun as client. SessConnectRenegotiate corresponds to SSL_CTX_sess_connect_renegotiate(3).
func (c *Ctx) SessConnectRenegotiate() int { return c.ctrl(C.SSL_CTRL_SESS_CONNECT_RENEGOTIATE, 0) }

// SessAccept counts handshakes begun as server. SessAccept corresponds to SSL_CTX_sess_accept(3).
func (c *Ctx) SessAccept() int { return c.ctrl(C.SSL_CTRL_SESS_ACCEPT, 0) }

// SessAcceptGood counts handshakes finished as server. SessAcceptGood corresponds to SSL_CTX_sess_accept_good(3).
func (c *Ctx) SessAcceptGood() int { return c.ctrl(C.SSL_CTRL_SESS_ACCEPT_GOOD, 0) }

// SessAcceptRenegotiate counts renegotiations begun as server. SessAcceptRenegotiate corresponds to SSL_CTX_sess_accept_renegotiate(3).
func (c *Ctx) SessAcceptRenegotiate() int { return c.ctrl(C.SSL_CTRL_SESS_ACCEPT_RENEGOTIATE, 0) }

// SessHits counts resumed sessions. SessHits corresponds to SSL_CTX_sess_hits(3).
func (c *Ctx) SessHits() int { return c.ctrl(C.SSL_CTRL_SESS_HIT, 0) }

// SessCbHits counts sessions that the get callback found. SessCbHits corresponds to SSL_CTX_sess_cb_hits(3).
func (c *Ctx) SessCbHits() int { return c.ctrl(C.SSL_CTRL_SESS_CB_HIT, 0) }

// SessMisses counts sessions that were offered and not resumed; clients count too. SessMisses corresponds to SSL_CTX_sess_misses(3).
func (c *Ctx) SessMisses() int { return c.ctrl(C.SSL_CTRL_SESS_MISSES, 0) }

// SessTimeouts counts sessions that were offered too late. SessTimeouts corresponds to SSL_CTX_sess_timeouts(3).
func (c *Ctx) SessTimeouts() int { return c.ctrl(C.SSL_CTRL_SESS_TIMEOUTS, 0) }

// SessCacheFull counts sessions that were evicted. SessCacheFull corresponds to SSL_CTX_sess_cache_full(3).
func (c *Ctx) SessCacheFull() int { return c.ctrl(C.SSL_CTRL_SESS_CACHE_FULL, 0) }

// SessSetNewCB sets what is called with each new session: at the end of a handshake, and for each TLS 1.3 ticket that is read or sent, that is
// inside Read, Shutdown or the handshake. The cache mode must have the bit of the SSL's side. Both arguments end with the call: UpRef
// the session to keep it. f may use the cache; it fires for SSLs made with this Ctx, whatever SetSSLCtx did later. nil removes it.
//
// SessSetNewCB corresponds to SSL_CTX_sess_set_new_cb(3).
func (c *Ctx) SessSetNewCB(f func(ssl *SSL, session *Session)) {
	c.With(func(p unsafe.Pointer) {
		c.state.newSession.Store(orNil(f, f == nil))
		C.gossl_ctx_set_callbacks((*C.SSL_CTX)(p), C.GOSSL_CB_NEW, cBool(f != nil || c.state.awaited.Load()))
	})
}

// SessSetRemoveCB sets what is called, inside the C call that does it, with each session that libssl removes or flags: also with ones that were
// in no cache. In eviction, FlushSessions and the last Free the cache is locked: use of this Ctx's cache, directly or by an SSL's I/O, is refused
// with [ErrInRemoveCallback], and f must not wait for goroutines that use it. Both arguments end with the call; UpRef the session to
// keep it. [Ctx.SessSetRemoveNotify] is the form without these rules. nil removes it.
//
// SessSetRemoveCB corresponds to SSL_CTX_sess_set_remove_cb(3).
func (c *Ctx) SessSetRemoveCB(f func(ctx *Ctx, session *Session)) {
	c.With(func(unsafe.Pointer) {
		c.state.removeSession.Store(orNil(f, f == nil))
		c.setRemove()
	})
}

// SessSetRemoveNotify sets what is called for each such session after the C call has returned, in order and before the method of this package
// returns; if C itself made the call, in a goroutine of this package. f may do anything. The session ends with the call. nil removes it.
//
// SessSetRemoveNotify corresponds to SSL_CTX_sess_set_remove_cb(3).
func (c *Ctx) SessSetRemoveNotify(f func(session *Session)) {
	c.With(func(unsafe.Pointer) {
		c.state.removeNotify.Store(orNil(f, f == nil))
		c.setRemove()
	})
}

// setRemove is called with a reference acquired.
func (c *Ctx) setRemove() {
	on := c.state.removeSession.Load() != nil || c.state.removeNotify.Load() != nil
	c.With(func(p unsafe.Pointer) { C.gossl_ctx_set_callbacks((*C.SSL_CTX)(p), C.GOSSL_CB_REMOVE, cBool(on)) })
}

// SessSetGetCB sets what a server asks for a session that its cache does not have: by id, up to TLS 1.2 and for stateful TLS 1.3 tickets.
// libssl takes a reference of its own to what f returns; nil means that there is none. A session that may be in the cache of another Ctx is
// served as a Dup. The SSL ends with the call. nil removes it.
//
// SessSetGetCB corresponds to SSL_CTX_sess_set_get_cb(3).
func (c *Ctx) SessSetGetCB(f func(ssl *SSL, id []byte) *Session) {
	c.With(func(p unsafe.Pointer) {
		c.state.getSession.Store(orNil(f, f == nil))
		C.gossl_ctx_set_callbacks((*C.SSL_CTX)(p), C.GOSSL_CB_GET, cBool(f != nil))
	})
}
