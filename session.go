package libssl

// #include "cgo.h"
import "C"

import (
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// Session is one counted reference to an SSL_SESSION.
//
// Free gives the reference back; a forgotten Session is freed some time after it became unreachable. UpRef and Free may be called by several
// goroutines at once. Like SSL_SESSION, a Session has no lock for the rest: setters must not run while others use the object. A nil or
// freed Session has no properties: getters return zero values.
type Session struct {
	ref   handle.Ref[*C.SSL_SESSION] // keeps the Ctx that it came from
	own   *ownership
	added atomic.Pointer[handle.Keeper] // keeps a Ctx that it was added to
}

// ownership is set on sessions that this package made. While private is true, no SSL, Ctx or C code has seen the object.
type ownership struct{ private atomic.Bool }

var sessionKind = handle.NewKind("Session", freeSession, freeSession)

func freeSession(p *C.SSL_SESSION) { C.SSL_SESSION_free(p) }

// ownSession takes over a reference.
func ownSession(p *C.SSL_SESSION, keep *handle.Keeper) *Session {
	s := &Session{}
	handle.Own(s, &s.ref, sessionKind, p, keep)
	return s
}

// newSession takes over the result of a function that makes an object.
func newSession(fn string, r C.gossl_object, keep *handle.Keeper) (*Session, error) {
	if err := outcome(fn, r.more); err != nil {
		return nil, err
	}
	s := ownSession((*C.SSL_SESSION)(r.ptr), keep)
	s.own = new(ownership)
	s.own.private.Store(true)
	return s, nil
}

func (s *Session) acquire() (*C.SSL_SESSION, bool) {
	if s == nil {
		return nil, false
	}
	return s.ref.Acquire()
}

// share notes that somebody else may hold the object from now on.
func (s *Session) share() {
	if s.own != nil && s.own.private.Load() {
		s.own.private.Store(false)
	}
}

// use notes that the object goes into the cache of an SSL_CTX.
func (s *Session) use(ctx *ctxState) {
	s.share()
	s.added.Store(ctx.keeper())
}

// get calls f with the object, if there is one.
func (s *Session) get(f func(*C.SSL_SESSION)) {
	if p, ok := s.acquire(); ok {
		f(p)
		s.ref.Release()
	}
}

// do calls f with the object and returns what the call failed with.
func (s *Session) do(fn string, f func(*C.SSL_SESSION) C.gossl_result) (C.gossl_result, error) {
	p, ok := s.acquire()
	if !ok {
		return C.gossl_result{}, ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer s.ref.Release()
	r := f(p)
	return r, outcome(fn, r.more)
}

// NewSession returns an empty session: no id, version 0, not resumable, a timeout of 304 seconds.
//
// NewSession corresponds to SSL_SESSION_new(3).
func NewSession() (*Session, error) {
	if initErr != nil {
		return nil, initErr
	}
	return newSession("SSL_SESSION_new", C.gossl_session_new(), nil)
}

// Dup returns a new session with the same content, ticket and resumability. It is in no cache. Values of [Session.SetExData] are copied.
//
// Dup corresponds to SSL_SESSION_dup(3).
func (s *Session) Dup() (*Session, error) {
	const fn = "SSL_SESSION_dup"
	p, ok := s.acquire()
	if !ok {
		return nil, ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer s.ref.Release()
	return newSession(fn, C.gossl_session_dup(p), s.ref.Keeper())
}

// UpRef returns another handle of the same object, with a reference of its own; nil if s is nil or freed.
//
// UpRef corresponds to SSL_SESSION_up_ref(3).
func (s *Session) UpRef() *Session {
	p, ok := s.acquire()
	if !ok {
		return nil
	}
	C.SSL_SESSION_up_ref(p)
	t := ownSession(p, s.ref.Keeper())
	t.own = s.own
	if k := s.added.Load(); k != nil {
		t.added.Store(k)
	}
	s.ref.Release()
	return t
}

// Free gives the reference back. The object dies with its last reference. Freeing nil, or twice, does nothing; Free while calls that use s
// are running lets them end first, without waiting for them.
//
// Free corresponds to SSL_SESSION_free(3).
func (s *Session) Free() {
	if s == nil {
		return
	}
	s.ref.Close()
	if s.added.Load() != nil {
		s.added.Store(nil) // a callback of that Ctx may have captured s
	}
}

// AdoptSession takes over one reference that the caller owns. nil gives nil.
func AdoptSession(session unsafe.Pointer) *Session {
	if session == nil {
		return nil
	}
	return ownSession((*C.SSL_SESSION)(session), nil)
}

// BorrowSession takes a reference of its own; the caller keeps his. nil gives nil.
func BorrowSession(session unsafe.Pointer) *Session {
	if session == nil {
		return nil
	}
	C.SSL_SESSION_up_ref((*C.SSL_SESSION)(session))
	return AdoptSession(session)
}

// With lends the SSL_SESSION * to f for the length of the call: f may look at it and change it; what keeps the session, such as a cache, needs
// [Session.HandOut]. It reports false, and f is not called, if s is nil or freed.
func (s *Session) With(f func(session unsafe.Pointer)) bool {
	p, ok := s.acquire()
	if !ok {
		return false
	}
	defer s.ref.Release()
	f(unsafe.Pointer(p))
	return true
}

// HandOut returns the SSL_SESSION * with a reference that the caller has to free in C; nil if s is nil or freed.
func (s *Session) HandOut() unsafe.Pointer {
	p, ok := s.acquire()
	if !ok {
		return nil
	}
	defer s.ref.Release()
	s.share()
	C.SSL_SESSION_up_ref(p)
	return unsafe.Pointer(p)
}

// Same reports whether s and t are handles of one SSL_SESSION. A nil or freed handle is the same as none. [Session.Equal] compares contents.
func (s *Session) Same(t *Session) (same bool) {
	s.get(func(p *C.SSL_SESSION) { t.get(func(q *C.SSL_SESSION) { same = p == q }) })
	return same
}

// ID returns a copy of the session id, 32 bytes at the most. It is empty for a new session and for a TLS 1.2 ticket session on the server.
//
// ID corresponds to SSL_SESSION_get_id(3).
func (s *Session) ID() []byte {
	id, _ := s.AppendID(nil)
	return id
}

// AppendID appends the session id to buf and returns the extended slice and the number of bytes. With 32 bytes to spare it does not allocate.
//
// AppendID corresponds to SSL_SESSION_get_id(3).
func (s *Session) AppendID(buf []byte) ([]byte, int) {
	p, ok := s.acquire()
	if !ok {
		return buf, 0
	}
	const room = C.SSL_MAX_SSL_SESSION_ID_LENGTH
	n := len(buf)
	if cap(buf)-n < room {
		buf = append(make([]byte, 0, n+room), buf...)
	}
	got := int(C.gossl_session_id(p, (*C.uchar)(unsafe.SliceData(buf[n:n+room]))))
	s.ref.Release()
	return buf[:n+got], got
}

// SetID sets the session id to a copy of id, 32 bytes at the most. The session must not be in use: [ErrShared].
//
// SetID corresponds to SSL_SESSION_set1_id(3).
func (s *Session) SetID(id []byte) error {
	const fn = "SSL_SESSION_set1_id"
	if err := s.unshared(fn); err != nil {
		return err
	}
	p, n := cBytes(id)
	_, err := s.do(fn, func(sp *C.SSL_SESSION) C.gossl_result { return C.gossl_session_set1_id(sp, p, C.uint(n)) })
	return err
}

// unshared returns an error unless the object is private to this package's callers.
func (s *Session) unshared(fn string) error {
	if _, ok := s.acquire(); !ok {
		return ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer s.ref.Release()
	if s.own == nil || !s.own.private.Load() {
		return ErrorStack{Func: fn, Refused: ErrShared}
	}
	return nil
}

// IDContext returns a copy of the session id context: what keeps one application's sessions from being resumed in another.
//
// IDContext corresponds to SSL_SESSION_get0_id_context(3).
func (s *Session) IDContext() (id []byte) {
	s.get(func(p *C.SSL_SESSION) {
		var n C.uint
		id = C.GoBytes(unsafe.Pointer(C.SSL_SESSION_get0_id_context(p, &n)), C.int(n))
	})
	return id
}

// SetIDContext sets the session id context to a copy of id, 32 bytes at the most.
//
// SetIDContext corresponds to SSL_SESSION_set1_id_context(3).
func (s *Session) SetIDContext(id []byte) error {
	p, n := cBytes(id)
	_, err := s.do("SSL_SESSION_set1_id_context", func(sp *C.SSL_SESSION) C.gossl_result {
		return C.gossl_session_set1_id_context(sp, p, C.uint(n))
	})
	return err
}

// Time returns when the session was established, in seconds since 1970 as C keeps it.
//
// Time corresponds to SSL_SESSION_get_time(3).
func (s *Session) Time() (t time.Time) {
	s.get(func(p *C.SSL_SESSION) { t = time.Unix(int64(C.SSL_SESSION_get_time(p)), 0) })
	return t
}

// SetTime sets when the session was established; fractions of a second are dropped. libssl returns its argument, not a status, so that
// only a freed handle is an error.
//
// SetTime corresponds to SSL_SESSION_set_time(3).
func (s *Session) SetTime(t time.Time) error {
	return s.set("SSL_SESSION_set_time", func(p *C.SSL_SESSION) { C.SSL_SESSION_set_time(p, C.long(t.Unix())) })
}

// Timeout returns how long after Time the session may be resumed.
//
// Timeout corresponds to SSL_SESSION_get_timeout(3).
func (s *Session) Timeout() (d time.Duration) {
	s.get(func(p *C.SSL_SESSION) { d = seconds(int64(C.SSL_SESSION_get_timeout(p))) })
	return d
}

// seconds is n seconds, or the longest Duration of that sign: an encoding from elsewhere can hold any number.
func seconds(n int64) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(max(-most, min(n, most))) * time.Second
}

// SetTimeout sets how long after Time the session may be resumed, in whole seconds. A negative d is accepted, as in C, and expires it.
//
// SetTimeout corresponds to SSL_SESSION_set_timeout(3).
func (s *Session) SetTimeout(d time.Duration) error {
	return s.set("SSL_SESSION_set_timeout", func(p *C.SSL_SESSION) { C.SSL_SESSION_set_timeout(p, C.long(d/time.Second)) })
}

// set calls a setter that cannot fail.
func (s *Session) set(fn string, f func(*C.SSL_SESSION)) error {
	_, err := s.do(fn, func(p *C.SSL_SESSION) (r C.gossl_result) {
		f(p)
		return r
	})
	return err
}

// IsResumable reports whether libssl would try to resume the session: it has an id or a ticket, and was not flagged by a fatal error or a
// connection that died without shutdown. Whether it expired is not looked at.
//
// IsResumable corresponds to SSL_SESSION_is_resumable(3).
func (s *Session) IsResumable() (ok bool) {
	s.get(func(p *C.SSL_SESSION) { ok = C.SSL_SESSION_is_resumable(p) != 0 })
	return ok
}

// HasTicket reports whether the session has a ticket. HasTicket corresponds to SSL_SESSION_has_ticket(3).
func (s *Session) HasTicket() (ok bool) {
	s.get(func(p *C.SSL_SESSION) { ok = C.SSL_SESSION_has_ticket(p) != 0 })
	return ok
}

// Ticket returns a copy of the session ticket, nil if there is none. Ticket corresponds to SSL_SESSION_get0_ticket(3).
func (s *Session) Ticket() (ticket []byte) {
	s.get(func(p *C.SSL_SESSION) {
		var t *C.uchar
		var n C.size_t
		C.SSL_SESSION_get0_ticket(p, &t, &n)
		if n > 0 {
			ticket = C.GoBytes(unsafe.Pointer(t), C.int(n))
		}
	})
	return ticket
}

// TicketLifetimeHint returns how long the server means to accept the ticket.
//
// TicketLifetimeHint corresponds to SSL_SESSION_get_ticket_lifetime_hint(3).
func (s *Session) TicketLifetimeHint() (d time.Duration) {
	s.get(func(p *C.SSL_SESSION) {
		d = seconds(int64(min(C.SSL_SESSION_get_ticket_lifetime_hint(p), math.MaxInt64)))
	})
	return d
}

// Cipher returns the OpenSSL name of the session's cipher, "" if there is none. Cipher corresponds to SSL_SESSION_get0_cipher(3).
func (s *Session) Cipher() (name string) {
	s.get(func(p *C.SSL_SESSION) {
		if c := C.SSL_SESSION_get0_cipher(p); c != nil {
			name = goString(C.SSL_CIPHER_get_name(c))
		}
	})
	return name
}

// ProtocolVersion returns the session's version, 0 for a new one. ProtocolVersion corresponds to SSL_SESSION_get_protocol_version(3).
func (s *Session) ProtocolVersion() (version int) {
	s.get(func(p *C.SSL_SESSION) { version = int(C.SSL_SESSION_get_protocol_version(p)) })
	return version
}

// SetProtocolVersion sets the version; libssl accepts any number. The session must not be in use: [ErrShared].
//
// SetProtocolVersion corresponds to SSL_SESSION_set_protocol_version(3).
func (s *Session) SetProtocolVersion(version int) error {
	const fn = "SSL_SESSION_set_protocol_version"
	if err := s.unshared(fn); err != nil {
		return err
	}
	return s.set(fn, func(p *C.SSL_SESSION) { C.SSL_SESSION_set_protocol_version(p, C.int(version)) })
}

// Hostname returns the server name of the connection that made the session, "" if there was none.
//
// Hostname corresponds to SSL_SESSION_get0_hostname(3).
func (s *Session) Hostname() (name string) {
	s.get(func(p *C.SSL_SESSION) { name = goString(C.SSL_SESSION_get0_hostname(p)) })
	return name
}

// SetHostname sets the server name; "" removes it. SetHostname corresponds to SSL_SESSION_set1_hostname(3).
func (s *Session) SetHostname(name string) error {
	const fn = "SSL_SESSION_set1_hostname"
	c, err := cStringOrNULL(fn, name)
	if err != nil {
		return err
	}
	_, err = s.do(fn, func(p *C.SSL_SESSION) C.gossl_result { return C.gossl_session_set1_hostname(p, c) })
	return err
}

// ALPNSelected returns the application protocol of the session, "" if none. ALPNSelected corresponds to SSL_SESSION_get0_alpn_selected(3).
func (s *Session) ALPNSelected() (proto string) {
	s.get(func(p *C.SSL_SESSION) {
		var a *C.uchar
		var n C.size_t
		C.SSL_SESSION_get0_alpn_selected(p, &a, &n)
		proto = string(C.GoBytes(unsafe.Pointer(a), C.int(n)))
	})
	return proto
}

// SetALPNSelected sets the application protocol; "" removes it. SetALPNSelected corresponds to SSL_SESSION_set1_alpn_selected(3).
func (s *Session) SetALPNSelected(proto string) error {
	a := []byte(proto)
	p, n := cBytes(a)
	_, err := s.do("SSL_SESSION_set1_alpn_selected", func(sp *C.SSL_SESSION) C.gossl_result {
		return C.gossl_session_set1_alpn_selected(sp, p, C.size_t(n))
	})
	return err
}

// MaxEarlyData returns how many bytes of early data the server accepts with this session.
//
// MaxEarlyData corresponds to SSL_SESSION_get_max_early_data(3).
func (s *Session) MaxEarlyData() (n uint32) {
	s.get(func(p *C.SSL_SESSION) { n = uint32(C.SSL_SESSION_get_max_early_data(p)) })
	return n
}

// SetMaxEarlyData sets how many bytes of early data may be sent with this session; a server that never offered it rejects them.
//
// SetMaxEarlyData corresponds to SSL_SESSION_set_max_early_data(3).
func (s *Session) SetMaxEarlyData(n uint32) error {
	return s.set("SSL_SESSION_set_max_early_data", func(p *C.SSL_SESSION) { C.SSL_SESSION_set_max_early_data(p, C.uint32_t(n)) })
}

// MasterKey returns a copy of the master secret. Whoever has it can read the connection: keep it out of logs.
//
// MasterKey corresponds to SSL_SESSION_get_master_key(3).
func (s *Session) MasterKey() (key []byte) {
	s.get(func(p *C.SSL_SESSION) {
		key = make([]byte, C.SSL_SESSION_get_master_key(p, nil, 0))
		C.SSL_SESSION_get_master_key(p, (*C.uchar)(unsafe.SliceData(key)), C.size_t(len(key)))
	})
	return key
}
