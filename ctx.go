package libssl

// #include "cgo.h"
import "C"

import (
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// Ctx is one counted reference to an SSL_CTX.
//
// Goroutines may share it once it is configured. What was set on it (callbacks too) belongs to the SSL_CTX and is shared by its handles.
// Callbacks get the Ctx, SSL and Session that they need as arguments: one that captures its own Ctx keeps it for ever.
type Ctx struct {
	ref   handle.Ref[*C.SSL_CTX]
	state *ctxState
	lent  bool // for the length of a remove callback: the count may be 0 there, and the cache locked
}

var ctxKind *handle.Kind[*C.SSL_CTX]

func init() { // collectCtx makes handles of this kind
	ctxKind = handle.NewKind("Ctx", func(p *C.SSL_CTX) { finish(C.gossl_ctx_free(p).more) }, collectCtx)
}

// collectCtx drops the reference of a handle that was forgotten, unless SSLs or sessions need it.
func collectCtx(p *C.SSL_CTX) {
	if state, ok := ctxStates.Get(uintptr(C.gossl_ctx_id(p))); ok && state.inherit(p) {
		return
	}
	finishAlone(C.gossl_ctx_free(p).more)
}

// ownCtx takes over a reference.
func ownCtx(p *C.SSL_CTX, state *ctxState) *Ctx {
	c := &Ctx{state: state}
	handle.Own(c, &c.ref, ctxKind, p, nil)
	return c
}

// stateOf returns the state of an SSL_CTX that somebody else may have made.
func stateOf(p *C.SSL_CTX) *ctxState {
	if state, ok := ctxStates.Get(uintptr(C.gossl_ctx_id(p))); ok {
		return state
	}
	state := &ctxState{}
	state.id = ctxStates.Add(state)
	if id := uintptr(C.gossl_ctx_attach(p, C.uintptr_t(state.id))); id != state.id {
		ctxStates.Remove(state.id)
		state, _ = ctxStates.Get(id)
	}
	return state
}

// sessionState returns the state of the SSL_CTX that an SSL was made with, by its id: 0 if Go never saw that.
func sessionState(p *C.gossl_ssl, id C.uintptr_t) *ctxState {
	if state, ok := ctxStates.Get(uintptr(id)); ok {
		return state
	}
	return stateOf(C.gossl_ssl_session_ctx(p))
}

// NewCtx makes an SSL_CTX. OPENSSL_CONF or the distribution's openssl.cnf may change its defaults. Where C would ask the terminal for the password of
// a key, loading it fails.
//
// NewCtx corresponds to SSL_CTX_new(3).
func NewCtx(method Method) (*Ctx, error) {
	if initErr != nil {
		return nil, initErr
	}
	if method.p == nil {
		return nil, ErrorStack{Func: "SSL_CTX_new", Refused: ErrNilMethod}
	}
	state := &ctxState{}
	state.id = ctxStates.Add(state)
	r := C.gossl_ctx_new(method.p, C.uintptr_t(state.id))
	if err := outcome("SSL_CTX_new", r.more); err != nil {
		ctxStates.Remove(state.id)
		return nil, err
	}
	return ownCtx((*C.SSL_CTX)(r.ptr), state), nil
}

// AdoptCtx takes over one reference that the caller owns. Callbacks that C has set stay. nil gives nil.
func AdoptCtx(ctx unsafe.Pointer) *Ctx {
	if ctx == nil {
		return nil
	}
	p := (*C.SSL_CTX)(ctx)
	return ownCtx(p, stateOf(p))
}

// BorrowCtx takes a reference of its own; the caller keeps his. nil gives nil.
func BorrowCtx(ctx unsafe.Pointer) *Ctx {
	if ctx == nil {
		return nil
	}
	C.SSL_CTX_up_ref((*C.SSL_CTX)(ctx))
	return AdoptCtx(ctx)
}

func (c *Ctx) acquire() (*C.SSL_CTX, bool) {
	if c == nil {
		return nil, false
	}
	return c.ref.Acquire()
}

// UpRef returns another handle of the same SSL_CTX, with a reference of its own; nil if c is nil, freed, or the argument of a remove callback,
// where the SSL_CTX may be dying.
//
// UpRef corresponds to SSL_CTX_up_ref(3).
func (c *Ctx) UpRef() *Ctx {
	if c == nil || c.lent {
		return nil
	}
	p, ok := c.acquire()
	if !ok {
		return nil
	}
	defer c.ref.Release()
	C.SSL_CTX_up_ref(p)
	return ownCtx(p, c.state)
}

// Free gives the reference back. With the last one, those of SSLs included, libssl empties the cache: each session in it is flagged as not
// resumable, and the remove callback fires. Freeing nil, or twice, does nothing.
//
// Free corresponds to SSL_CTX_free(3).
func (c *Ctx) Free() {
	if c != nil {
		c.ref.Close()
	}
}

// With lends the SSL_CTX * to f for the length of the call. It reports false, and f is not called, if c is nil or freed.
func (c *Ctx) With(f func(ctx unsafe.Pointer)) bool {
	p, ok := c.acquire()
	if !ok {
		return false
	}
	defer c.ref.Release()
	f(unsafe.Pointer(p))
	return true
}

// HandOut returns the SSL_CTX * with a reference that the caller has to free in C; nil where UpRef gives nil.
func (c *Ctx) HandOut() unsafe.Pointer {
	if c == nil || c.lent {
		return nil
	}
	p, ok := c.acquire()
	if !ok {
		return nil
	}
	defer c.ref.Release()
	C.SSL_CTX_up_ref(p)
	return unsafe.Pointer(p)
}

// Same reports whether c and d are handles of one SSL_CTX. A nil or freed handle is the same as none.
func (c *Ctx) Same(d *Ctx) bool {
	p, ok := c.acquire()
	if !ok {
		return false
	}
	defer c.ref.Release()
	q, ok := d.acquire()
	if !ok {
		return false
	}
	defer d.ref.Release()
	return p == q
}

// do calls f with the SSL_CTX and returns what the call failed with.
func (c *Ctx) do(fn string, f func(*C.SSL_CTX) C.gossl_result) (C.gossl_result, error) {
	p, ok := c.acquire()
	if !ok {
		return C.gossl_result{}, ErrorStack{Func: fn, Refused: ErrFreed}
	}
	defer c.ref.Release() // also if a callback panicked
	r := f(p)
	return r, outcome(fn, r.more)
}

// ctrl is for the macros around SSL_CTX_ctrl that return a value.
func (c *Ctx) ctrl(cmd C.int, arg int) int {
	r, _ := c.do("SSL_CTX_ctrl", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_ctrl(p, cmd, C.long(arg), nil, 0) })
	return int(r.ret)
}

// try is for the macros around SSL_CTX_ctrl that return a status.
func (c *Ctx) try(fn string, cmd C.int, arg int, s *C.char) error {
	_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_ctrl(p, cmd, C.long(arg), s, 1) })
	return err
}

// property and setProperty are for settings that are functions of their own.
func (c *Ctx) property(fn string, what C.int) int {
	r, _ := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_get(p, what) })
	return int(r.ret)
}

func (c *Ctx) setProperty(fn string, what C.int, value int) error {
	_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set(p, what, C.long(value)) })
	return err
}

// blob returns bytes that C made, nil if there are none.
func (c *Ctx) blob(fn string, what C.int) []byte {
	var out *C.uchar
	r, _ := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_bytes(p, what, &out) })
	return takeBytes(out, int(r.ret))
}

// bytes is for functions of bytes.
func (c *Ctx) bytes(fn string, b []byte, f func(*C.SSL_CTX, *C.uchar, C.int) C.gossl_result) error {
	if len(b) > maxEncoded {
		return ErrorStack{Func: fn, Refused: ErrTooLong}
	}
	bytes, n := cBytes(b)
	_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return f(p, bytes, n) })
	return err
}

// list is for functions of one string.
func (c *Ctx) list(fn, s string, f func(*C.SSL_CTX, *C.char) C.gossl_result) error {
	text, err := cString(fn, s)
	if err != nil {
		return err
	}
	_, err = c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return f(p, text) })
	return err
}

// SetSSLVersion changes the method for SSLs to come. An SSL that exists keeps its own until the next Clear or SetSession: the one
// reason for which [SSL.SetSession] can fail.
//
// SetSSLVersion corresponds to SSL_CTX_set_ssl_version(3).
func (c *Ctx) SetSSLVersion(method Method) error {
	if method.p == nil {
		return ErrorStack{Func: "SSL_CTX_set_ssl_version", Refused: ErrNilMethod}
	}
	_, err := c.do("SSL_CTX_set_ssl_version", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_ssl_version(p, method.p) })
	return err
}

// SetQuietShutdown makes Shutdown of SSLs to come set both flags and send nothing. SetQuietShutdown corresponds to SSL_CTX_set_quiet_shutdown(3).
func (c *Ctx) SetQuietShutdown(on bool) {
	c.With(func(p unsafe.Pointer) { C.SSL_CTX_set_quiet_shutdown((*C.SSL_CTX)(p), cBool(on)) })
}

// SetPanicHandler sets what happens to a panic of a callback, or of a remove notification, for which no caller in Go is waiting: C called libssl
// itself, or a collected handle was freed. Without a handler, or after nil, the program crashes with the stack.
func (c *Ctx) SetPanicHandler(f func(*CallbackPanic)) {
	if c != nil && c.state != nil {
		c.state.panicHandler.Store(orNil(f, f == nil))
	}
}

// orNil returns the address of v, or nil.
func orNil[T any](v T, isNil bool) *T {
	if isNil {
		return nil
	}
	return &v
}

func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
