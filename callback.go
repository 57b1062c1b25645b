package libssl

// #include "cgo.h"
import "C"

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// ctxState is what belongs to an SSL_CTX and not to one of its handles. C names it by its id; it dies with the SSL_CTX.
type ctxState struct {
	id   uintptr
	keep atomic.Pointer[weak.Pointer[handle.Keeper]]

	newSession    atomic.Pointer[func(*SSL, *Session)]
	awaited       atomic.Bool // AwaitSession has to hear of new sessions too
	removeSession atomic.Pointer[func(*Ctx, *Session)]
	removeNotify  atomic.Pointer[func(*Session)]
	getSession    atomic.Pointer[func(*SSL, []byte) *Session]
	panicHandler  atomic.Pointer[func(*CallbackPanic)]
}

var ctxStates handle.Registry[*ctxState]

// keeper returns what the handles of this SSL_CTX's SSLs and sessions have in common. The end of the SSL_CTX flags its sessions, which the
// collector must not cause: it leaves the last reference there.
func (c *ctxState) keeper() *handle.Keeper {
	for {
		old := c.keep.Load()
		if old != nil {
			if k := old.Value(); k != nil {
				return k
			}
		}
		k := new(handle.Keeper)
		w := weak.Make(k)
		if c.keep.CompareAndSwap(old, &w) {
			return k
		}
	}
}

// inherit leaves a reference of a collected handle to the keeper, if somebody needs that and it has none.
func (c *ctxState) inherit(p *C.SSL_CTX) bool {
	w := c.keep.Load()
	if w == nil {
		return false
	}
	k := w.Value()
	return k != nil && k.Hold(func() any { return ownCtx(p, c) })
}

// CallbackPanic is the value of a panic that began in a callback. The panic cannot cross C: it goes on, with this value, when the call of this
// package that ran the callback returns. Callbacks that follow within that call are not run.
type CallbackPanic struct {
	Callback string // the C name of the callback
	Value    any    // what the callback panicked with
	Stack    []byte // where

	ctx *ctxState // whose callback it was
}

// Error returns the value and the stack.
func (p *CallbackPanic) Error() string {
	return fmt.Sprintf("panic in %s: %v\n\n%s", p.Callback, p.Value, p.Stack)
}

// Unwrap returns the value if it is an error.
func (p *CallbackPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// afterCall is what callbacks leave to be done when the C call that ran them has returned. One call may end several SSL_CTXs.
type afterCall struct {
	removed []removal
	panic   *CallbackPanic
	ctx     *ctxState // whose notification is running
}

// removal is a session for removeNotify.
type removal struct {
	ctx     *ctxState
	session *Session
}

var afterCalls handle.Registry[*afterCall]

// settle does what the callbacks of a call left to do. It panics if one of them did.
func settle(pending C.uint64_t) {
	if pending == 0 {
		return
	}
	after, _ := afterCalls.Remove(uintptr(pending))
	defer func() {
		for _, r := range after.removed { // of notifications that a panic of another kept away
			r.session.Free()
		}
	}()
	for _, r := range after.removed {
		if notify := r.ctx.removeNotify.Load(); notify != nil {
			after.ctx = r.ctx
			(*notify)(r.session)
		}
		r.session.Free()
	}
	if after.panic != nil {
		panic(after.panic)
	}
}

// finish ends a call that cannot fail.
func finish(m *C.gossl_more) {
	if m != nil {
		settle(take(m).pending)
	}
}

// finishAlone is finish where no caller could recover a panic.
func finishAlone(m *C.gossl_more) {
	if m != nil {
		settleAlone(take(m).pending)
	}
}

// invocation is a callback while it runs. It leaves what it has to be done after the outer call.
type invocation struct {
	name    string
	ctx     *ctxState
	pending C.uint64_t // the call's pending work, 0 while there is none
	done    bool
}

// enter begins a callback of the SSL_CTX with this id, which leave ends. It reports false if it may not run: an earlier one of the call panicked.
func enter(name string, id C.uintptr_t, pending C.uint64_t) (invocation, bool) {
	state, ok := ctxStates.Get(uintptr(id))
	if !ok {
		return invocation{}, false
	}
	return state.enter(name, pending)
}

// enter is for a callback that may outlive the SSL_CTX.
func (c *ctxState) enter(name string, pending C.uint64_t) (invocation, bool) {
	in := invocation{name: name, ctx: c, pending: pending}
	return in, pending == 0 || in.after().panic == nil
}

// after returns the call's pending work, to add to it.
func (in *invocation) after() *afterCall {
	if in.pending == 0 {
		in.pending = C.uint64_t(afterCalls.Add(&afterCall{}))
	}
	a, _ := afterCalls.Get(uintptr(in.pending))
	return a
}

// leave is deferred. A callback that returned has set done, any other panicked: that waits for the outer call to return. A Goexit, such as
// t.FailNow's, cannot: it would unwind C frames that hold libssl's locks.
func (in *invocation) leave(pending *C.uint64_t) {
	if !in.done {
		v := recover()
		if v == nil {
			fatal("runtime.Goexit (or t.FailNow) in " + in.name + ": C's locks would be held for ever. Return from the callback instead")
		}
		in.after().panic = &CallbackPanic{Callback: in.name, Value: v, Stack: debug.Stack(), ctx: in.ctx}
	}
	*pending = in.pending
}

func fatal(text string) {
	p := C.CString(text)
	C.gossl_fatal(p)
}

//export gosslNewSession
func gosslNewSession(id C.uintptr_t, p *C.gossl_ssl, sp *C.SSL_SESSION, pending C.uint64_t) (now C.uint64_t) {
	session := &Session{}
	keep := sessionState(p, id).keeper()
	session.ref.OwnUntilClose(sessionKind, sp, keep)
	defer session.Free()
	defer arrivals.Wake(key(p))
	in, ok := enter("new_session_cb", id, pending)
	if !ok {
		return pending
	}
	defer in.leave(&now)
	if f := in.ctx.newSession.Load(); f != nil {
		ssl := lendSSL(p, keep)
		defer ssl.ref.Expire()
		(*f)(ssl, session)
	}
	in.done = true
	return pending
}

//export gosslRemoveSession
func gosslRemoveSession(id C.uintptr_t, cp *C.SSL_CTX, sp *C.SSL_SESSION, pending C.uint64_t) (now C.uint64_t) {
	in, ok := enter("remove_session_cb", id, pending)
	if !ok {
		return pending
	}
	defer in.leave(&now)
	if f := in.ctx.removeSession.Load(); f != nil {
		C.SSL_SESSION_up_ref(sp)
		session := &Session{}
		session.ref.OwnUntilClose(sessionKind, sp, in.ctx.keeper())
		defer session.Free()
		c := &Ctx{state: in.ctx, lent: true}
		c.ref.Lend(cp, nil)
		defer c.ref.Expire()
		(*f)(c, session)
	}
	if in.ctx.removeNotify.Load() != nil {
		C.SSL_SESSION_up_ref(sp)
		a := in.after()
		a.removed = append(a.removed, removal{in.ctx, ownSession(sp, in.ctx.keeper())})
	}
	in.done = true
	return pending
}

//export gosslGetSession
func gosslGetSession(id C.uintptr_t, p *C.gossl_ssl, sid *C.uchar, n C.int, out **C.SSL_SESSION, pending C.uint64_t) (now C.uint64_t) {
	in, ok := enter("get_session_cb", id, pending)
	if !ok {
		return pending
	}
	defer in.leave(&now)
	if f := in.ctx.getSession.Load(); f != nil {
		ssl := lendSSL(p, in.ctx.keeper())
		defer ssl.ref.Expire()
		*out = in.ctx.serve((*f)(ssl, C.GoBytes(unsafe.Pointer(sid), n)))
	}
	in.done = true
	return pending
}

// serve returns a reference for libssl, which will put the session into this Ctx's cache: one that may be in another's is served as a copy.
func (c *ctxState) serve(session *Session) *C.SSL_SESSION {
	sp, ok := session.acquire()
	if !ok {
		return nil
	}
	defer session.ref.Release()
	mark := uintptr(C.gossl_session_claim(sp, C.uintptr_t(c.id), 0))
	if _, alive := ctxStates.Get(mark); mark != 0 && !alive {
		mark = uintptr(C.gossl_session_claim(sp, C.uintptr_t(c.id), C.uintptr_t(mark)))
	}
	if mark != 0 {
		dup, err := session.Dup()
		if err != nil {
			return nil
		}
		defer dup.Free()
		return (*C.SSL_SESSION)(dup.HandOut())
	}
	session.use(c)
	C.SSL_SESSION_up_ref(sp)
	return sp
}

//export gosslCtxDies
func gosslCtxDies(id C.uintptr_t) { ctxStates.Remove(uintptr(id)) }

//export gosslWake
func gosslWake(key C.uintptr_t) { parking.Wake(uintptr(key)) }

// gosslDispatch gets what callbacks of a call that C itself made left to do, or an SSL to be freed.
//
//export gosslDispatch
func gosslDispatch(_ C.uintptr_t, pending C.uint64_t, p *C.gossl_ssl) {
	dispatch(func() {
		if p != nil {
			finishAlone(C.gossl_ssl_free(p, 0).more)
		}
		settleAlone(pending)
	})
}

// settleAlone is settle where no caller could recover a panic: it goes to the Ctx's handler.
func settleAlone(pending C.uint64_t) {
	if pending == 0 {
		return
	}
	after, _ := afterCalls.Get(uintptr(pending))
	returned := false
	defer func() {
		v := recover()
		if v == nil {
			if !returned {
				fatal("runtime.Goexit (or t.FailNow) in a remove notification that no caller waits for: return from it instead")
			}
			return
		}
		p, ok := v.(*CallbackPanic)
		if !ok || p.ctx == nil {
			p = &CallbackPanic{Callback: "remove notification", Value: v, Stack: debug.Stack(), ctx: after.ctx}
		}
		if h := p.ctx.panicHandler.Load(); h != nil {
			(*h)(p)
			return
		}
		panic(p)
	}()
	settle(pending)
	returned = true
}

// dispatcher runs functions one after the other, in a goroutine that lives while there are some.
var dispatcher struct {
	mu      sync.Mutex
	queue   []func()
	running bool
}

func dispatch(f func()) {
	d := &dispatcher
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, f)
	if d.running {
		return
	}
	d.running = true
	go func() {
		for {
			d.mu.Lock()
			if len(d.queue) == 0 {
				d.running = false
				d.mu.Unlock()
				return
			}
			f := d.queue[0]
			d.queue = d.queue[1:]
			d.mu.Unlock()
			f()
		}
	}()
}
