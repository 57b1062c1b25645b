package libssl

// #include "cgo.h"
import "C"

import (
	"context"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// SSL is one counted reference to an SSL, a connection.
//
// Calls on one SSL are serialised, also those of its other handles: a goroutine waits for the one that is inside libssl, and a callback may
// use the SSL that it was called for. Methods return C's own values. When one is a failure, [SSL.LastErrors] tells what libssl said.
type SSL struct {
	ref  handle.Ref[*C.gossl_ssl] // keeps the Ctx it was made with
	last atomic.Pointer[ErrorStack]
	code atomic.Int32 // SSL_get_error of the last I/O call, and otherFailed

	awaited atomic.Bool // AwaitSession is or was called: Free has to end it
}

var sslKind = handle.NewKind("SSL", func(p *C.gossl_ssl) { finish(C.gossl_ssl_free(p, 0).more) }, collectSSL)

// collectSSL drops the reference of a handle that was forgotten. It may be the last to hold its two SSL_CTXs, which sessions may need.
func collectSSL(p *C.gossl_ssl) {
	var ctxs [2]*C.SSL_CTX
	if m := C.gossl_ssl_get1_ctxs(p, &ctxs[0]).more; m != nil {
		more := take(m)
		if more.status == C.GOSSL_BUSY { // another handle is in use, maybe for long: the collector has other things to do
			go func() {
				if wait := park(p); wait != nil {
					<-wait
				}
				collectSSL(p)
			}()
			return
		}
		if more.wake != 0 {
			parking.Wake(key(p))
		}
	}
	finishAlone(C.gossl_ssl_free(p, 1).more)
	for _, ctx := range ctxs {
		collectCtx(ctx)
	}
}

// parking is where goroutines wait for an SSL.
var parking handle.Parking

// stuckAfter is how long a call waits for an SSL whose owner is inside a callback.
var stuckAfter = time.Minute

// ownSSL takes over a reference.
func ownSSL(p *C.gossl_ssl) *SSL {
	return ownSSLOf(p, stateOf(C.gossl_ssl_session_ctx(p)))
}

// ownSSLOf is ownSSL where the SSL_CTX that p was made with is known.
func ownSSLOf(p *C.gossl_ssl, ctx *ctxState) *SSL {
	s := &SSL{}
	handle.Own(s, &s.ref, sslKind, p, ctx.keeper())
	return s
}

// lendSSL makes the handle that a callback gets.
func lendSSL(p *C.gossl_ssl, keep *handle.Keeper) *SSL {
	s := &SSL{}
	s.ref.Lend(p, keep)
	return s
}

// NewSSL makes a connection, which is neither client nor server yet.
//
// NewSSL corresponds to SSL_new(3).
func NewSSL(ctx *Ctx) (*SSL, error) {
	const fn = "SSL_new"
	if ctx != nil && ctx.lent { // the SSL_CTX may be dying
		return nil, ErrorStack{Func: fn, Refused: ErrInRemoveCallback}
	}
	cp, ok := ctx.acquire()
	if !ok {
		return nil, ErrorStack{Func: fn, Refused: ErrFreed}
	}
	r := C.gossl_ssl_new(cp)
	ctx.ref.Release()
	if err := outcome(fn, r.more); err != nil {
		return nil, err
	}
	return ownSSLOf((*C.gossl_ssl)(r.ptr), ctx.state), nil
}

// AdoptSSL takes over one reference that the caller owns. nil gives nil.
func AdoptSSL(ssl unsafe.Pointer) *SSL { return attachSSL(ssl, 0) }

// BorrowSSL takes a reference of its own; the caller keeps his. nil gives nil.
func BorrowSSL(ssl unsafe.Pointer) *SSL { return attachSSL(ssl, 1) }

func attachSSL(ssl unsafe.Pointer, upRef C.int) *SSL {
	if ssl == nil {
		return nil
	}
	r := C.gossl_ssl_attach((*C.SSL)(ssl), upRef)
	if r.ptr == nil {
		panic("libssl: out of memory")
	}
	return ownSSL((*C.gossl_ssl)(r.ptr))
}

func (s *SSL) acquire() (*C.gossl_ssl, bool) {
	if s == nil {
		return nil, false
	}
	return s.ref.Acquire()
}

// do calls f with the SSL when no other thread uses it. It returns C's value and reports whether libssl was called.
func (s *SSL) do(fn string, f func(*C.gossl_ssl) C.gossl_result) (int, bool) {
	for {
		p, ok := s.acquire()
		if !ok {
			return s.refuse(fn, ErrFreed)
		}
		r := f(p)
		if r.more == nil {
			s.ref.Release()
			return int(r.ret), true
		}
		if ret, called, again := s.conclude(fn, p, r); !again {
			return ret, called
		}
	}
}

// conclude ends a call that has more to say than its value. It releases p, and waits if another thread uses the SSL: the call has to be
// made again then.
func (s *SSL) conclude(fn string, p *C.gossl_ssl, r C.gossl_result) (ret int, called, again bool) {
	more := take(r.more)
	if more.status == C.GOSSL_BUSY {
		wait := park(p)
		s.ref.Release()
		if !s.await(wait, nil) {
			s.refuse(fn, ErrStuck)
			return 0, false, false
		}
		return 0, false, true
	}
	defer s.ref.Release() // also if a callback panicked
	if more.wake&1 != 0 {
		parking.Wake(key(p))
	}
	if more.status == C.GOSSL_BUSY_ARG {
		return 0, false, false // the caller waits, and tries again
	}
	ret, called = s.outcome(fn, int(r.ret), &more)
	return ret, called, false
}

// object is do for functions that return an object.
func (s *SSL) object(fn string, f func(*C.gossl_ssl) C.gossl_object) (ptr unsafe.Pointer, ok bool) {
	_, ok = s.do(fn, func(p *C.gossl_ssl) C.gossl_result {
		o := f(p)
		ptr = o.ptr
		return C.gossl_result{more: o.more}
	})
	return ptr, ok
}

// outcome keeps for LastErrors and GetError why a call failed, and does what callbacks left.
func (s *SSL) outcome(fn string, ret int, more *C.gossl_more) (int, bool) {
	called := more.status == C.GOSSL_CALLED
	if !called {
		ret, _ = s.refuse(fn, refusals[more.status])
	}
	if more.error != 0 {
		s.code.Store(int32(more.error))
	}
	if more.failed != 0 {
		var errno syscall.Errno
		if more.error == ErrorSyscall {
			errno = syscall.Errno(more.sys_errno)
		}
		s.failed(fn, more.errors, errno, more.ended != 0)
		if more.error == 0 {
			s.code.Or(otherFailed)
		}
	}
	settle(more.pending)
	return ret, called
}

// failed stores the stack of a call. Many calls fail with nothing on it, such as a read that has to be repeated: they share one.
func (s *SSL) failed(fn string, e *C.gossl_errors, errno syscall.Errno, eof bool) {
	if last := s.last.Load(); e == nil && last != nil && last.Func == fn && last.Errno == errno && last.eof == eof && last.Refused == nil &&
		len(last.Entries) == 0 {
		return
	}
	stack := newErrorStack(fn, e)
	stack.Errno, stack.eof = errno, eof && e == nil // an entry says more
	s.last.Store(&stack)
}

// refuse stores why libssl was not called.
func (s *SSL) refuse(fn string, why error) (int, bool) {
	if s != nil {
		s.last.Store(&ErrorStack{Func: fn, Refused: why})
		s.code.Store(ErrorSSL)
	}
	return 0, false
}

// refusal is refuse for methods that return C's 0.
func (s *SSL) refusal(fn string, why error) int {
	ret, _ := s.refuse(fn, why)
	return ret
}

func key(p *C.gossl_ssl) uintptr { return uintptr(unsafe.Pointer(p)) }

// park returns a channel that is closed when somebody stops using the SSL, nil if nobody uses it.
func park(p *C.gossl_ssl) <-chan struct{} {
	return parking.Park(key(p), func() bool { return C.gossl_ssl_wait(p) != 0 })
}

// await waits for a parked SSL, or until done. It reports false if that may never end: the user has been inside a callback for too long.
func (s *SSL) await(wait, done <-chan struct{}) bool {
	if wait == nil {
		return true
	}
	for {
		select {
		case <-wait:
			return true
		case <-done:
			return true // the caller looks
		case <-time.After(stuckAfter):
		}
		p, ok := s.acquire()
		if !ok {
			return true // the next attempt says so
		}
		stuck := C.gossl_ssl_in_callback(p) != 0
		s.ref.Release()
		if stuck {
			return false
		}
	}
}

// LastErrors returns what the last failing call on this handle pushed on the error queue, or why libssl was not called. A later success does not
// change it, so that it says nothing of whether the last call failed: to return an error, use [SSL.Err] with the call's value. The entries may be
// empty: libssl often gives no reason.
func (s *SSL) LastErrors() ErrorStack {
	if s == nil {
		return ErrorStack{Func: "SSL", Refused: ErrFreed}
	}
	if last := s.last.Load(); last != nil {
		return *last
	}
	return ErrorStack{}
}

// value returns the result of a call, or failure if libssl was not called.
func (s *SSL) value(fn string, failure int, f func(*C.gossl_ssl) C.gossl_result) int {
	ret, ok := s.do(fn, f)
	if !ok {
		return failure
	}
	return ret
}

func (s *SSL) property(fn string, what C.int, failure int) int {
	return s.value(fn, failure, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_get(p, what) })
}

func (s *SSL) setProperty(fn string, what C.int, value int) int {
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set(p, what, C.long(value)) })
}

// info and tune are for what libssl has a function for each.
func (s *SSL) info(fn string, what C.int, failure int) int {
	return s.value(fn, failure, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_info(p, what) })
}

func (s *SSL) tune(fn string, what C.int, value int) int {
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_tune(p, what, C.long(value)) })
}

// name returns a static string of C's.
func (s *SSL) name(fn string, what C.int) string {
	name, _ := s.object(fn, func(p *C.gossl_ssl) C.gossl_object { return C.gossl_ssl_name(p, what) })
	return goString((*C.char)(name))
}

// blob returns bytes that C made, nil if there are none.
func (s *SSL) blob(fn string, what C.int) []byte {
	b, _ := s.tryBlob(fn, what)
	return b
}

// tryBlob is blob, and reports whether libssl was called and did not fail.
func (s *SSL) tryBlob(fn string, what C.int) ([]byte, bool) {
	var out *C.uchar
	n, called := s.do(fn, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_bytes(p, what, &out) })
	return takeBytes(out, n), called && n >= 0
}

// UpRef returns another handle of the same SSL, with a reference of its own; nil if s is nil or freed.
//
// UpRef corresponds to SSL_up_ref(3).
func (s *SSL) UpRef() *SSL {
	p, ok := s.acquire()
	if !ok {
		return nil
	}
	defer s.ref.Release()
	C.SSL_up_ref(C.gossl_ssl_pointer(p))
	return ownSSL(p)
}

// Free gives the reference back. The last one ends the connection, without sending anything: if it was not shut down before, libssl
// removes its session from the cache and flags it as not resumable, also for those who hold it. (An SSL that is merely forgotten does
// no such harm.) Freeing nil, or twice, does nothing; Free during a call on s takes effect when that ends. The remove callback may fire.
//
// Free corresponds to SSL_free(3).
func (s *SSL) Free() {
	if s == nil {
		return
	}
	if s.awaited.Load() {
		if p, ok := s.acquire(); ok {
			defer arrivals.Wake(key(p))
			s.ref.Release()
		}
	}
	s.ref.Close()
}

// With lends the SSL * to f for the length of the call, with the goroutine locked to its thread and the SSL in its use: f may use libssl on
// it, and methods of s. It reports false, and f is not called, if s is nil or freed.
func (s *SSL) With(f func(ssl unsafe.Pointer)) bool {
	err := s.holding(context.Background(), func(p *C.gossl_ssl) { f(unsafe.Pointer(C.gossl_ssl_pointer(p))) })
	if err != nil {
		s.refuse("SSL", err)
	}
	return err == nil
}

// holding takes the SSL for this thread while f runs. It waits for it until ctx is done.
func (s *SSL) holding(ctx context.Context, f func(p *C.gossl_ssl)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := s.hold(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if C.gossl_ssl_unhold(p) != 0 {
			parking.Wake(key(p))
		}
		s.ref.Release()
	}()
	f(p)
	return nil
}

func (s *SSL) hold(ctx context.Context) (*C.gossl_ssl, error) {
	for {
		p, ok := s.acquire()
		if !ok {
			return nil, ErrFreed
		}
		if C.gossl_ssl_hold(p) != 0 {
			return p, nil
		}
		k, wait := key(p), park(p)
		s.ref.Release() // not while waiting: the end of a callback waits for the calls on its handles
		switch {
		case !s.await(wait, ctx.Done()):
			return nil, ErrStuck
		case ctx.Err() != nil:
			parking.Leave(k, wait)
			return nil, context.Cause(ctx)
		}
	}
}

// HandOut returns the SSL * with a reference that the caller has to free in C; nil if s is nil or freed.
func (s *SSL) HandOut() unsafe.Pointer {
	p, ok := s.acquire()
	if !ok {
		return nil
	}
	defer s.ref.Release()
	C.SSL_up_ref(C.gossl_ssl_pointer(p))
	return unsafe.Pointer(C.gossl_ssl_pointer(p))
}

// Same reports whether s and t are handles of one SSL. A nil or freed handle is the same as none.
func (s *SSL) Same(t *SSL) bool {
	p, ok := s.acquire()
	if !ok {
		return false
	}
	defer s.ref.Release()
	q, ok := t.acquire()
	if !ok {
		return false
	}
	defer t.ref.Release()
	return p == q
}

// Dup copies an SSL that has not begun its handshake: settings are copied, the session is shared. Later it returns another handle of s.
//
// Dup corresponds to SSL_dup(3).
func (s *SSL) Dup() (*SSL, error) {
	ptr, ok := s.object("SSL_dup", func(p *C.gossl_ssl) C.gossl_object { return C.gossl_ssl_dup(p) })
	if !ok || ptr == nil {
		return nil, s.LastErrors()
	}
	return ownSSL((*C.gossl_ssl)(ptr)), nil
}

// Clear makes the SSL ready for another connection with the same settings. A session that is still open is removed and flagged, as in
// SetSession; another one stays, and is resumed by the next connection unasked. It returns 1, or 0; this while a renegotiation is pending, too, and
// then the open session is gone as well.
//
// Clear corresponds to SSL_clear(3).
func (s *SSL) Clear() int {
	return s.value("SSL_clear", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_clear(p) })
}

// Ctx returns a handle of the SSL's present SSL_CTX, nil if s is nil or freed. Ctx corresponds to SSL_get_SSL_CTX(3).
func (s *SSL) Ctx() *Ctx {
	ptr, _ := s.object("SSL_get_SSL_CTX", func(p *C.gossl_ssl) C.gossl_object { return C.gossl_ssl_get_ssl_ctx(p) })
	return AdoptCtx(ptr)
}

// SetSSLCtx gives the SSL the certificates and settings of another Ctx. Cache, session callbacks and counters stay those of the Ctx it was
// made with; nil goes back to that one. It returns 1, or 0.
//
// SetSSLCtx corresponds to SSL_set_SSL_CTX(3).
func (s *SSL) SetSSLCtx(ctx *Ctx) int {
	const fn = "SSL_set_SSL_CTX"
	if ctx != nil && ctx.lent {
		return s.refusal(fn, ErrInRemoveCallback)
	}
	var freed bool
	ret := s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result {
		if ctx == nil {
			return C.gossl_ssl_set_ssl_ctx(p, nil)
		}
		cp, ok := ctx.acquire()
		if freed = !ok; freed {
			return C.gossl_result{}
		}
		defer ctx.ref.Release()
		return C.gossl_ssl_set_ssl_ctx(p, cp)
	})
	if freed {
		s.refuse(fn, ErrFreed)
	}
	return ret
}

// SetSSLMethod changes the method. A connection that has begun is lost. It returns 1, or 0, after which the SSL is good for nothing but Free.
//
// SetSSLMethod corresponds to SSL_set_ssl_method(3).
func (s *SSL) SetSSLMethod(method Method) int {
	const fn = "SSL_set_ssl_method"
	if method.p == nil {
		return s.refusal(fn, ErrNilMethod)
	}
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_ssl_method(p, method.p) })
}
