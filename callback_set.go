package libssl

// #include "cgo.h"
// #include <stdlib.h>
import "C"

import (
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// kept are the Go values that C names by ids: callbacks, and users' ex_data. C forgets an id when the object dies that it was set on.
var kept handle.Registry[any]

// callback is a function of the user's, in the one form in which C calls all of them.
type callback struct {
	name string // what C calls it
	run  func(ssl *SSL, args *C.gossl_args)
}

// newCallback returns nil if there is nothing to be called.
func newCallback(name string, ok bool, run func(ssl *SSL, args *C.gossl_args)) *callback {
	if !ok {
		return nil
	}
	return &callback{name, run}
}

// keep returns an id for C, 0 for nil.
func (cb *callback) keep() C.uintptr_t {
	if cb == nil {
		return 0
	}
	return C.uintptr_t(kept.Add(cb))
}

// setCallback sets or, with nil, removes a callback. SSLs that exist keep the ones that they inherited.
func (c *Ctx) setCallback(kind C.int, cb *callback) {
	id := cb.keep()
	if _, err := c.do("", func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_callback(p, kind, id) }); err != nil {
		kept.Remove(uintptr(id))
	}
}

// setCallback sets or, with nil, removes a callback of this SSL. It returns 1, or 0 if libssl was not called.
func (s *SSL) setCallback(fn string, kind C.int, cb *callback) int {
	id := cb.keep()
	ret, ok := s.do(fn, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_callback(p, kind, id) })
	if !ok {
		kept.Remove(uintptr(id))
	}
	return ret
}

// gosslCall runs a callback. Its answer is in args, where there is a failure before.
//
//export gosslCall
func gosslCall(id, sessionCtx, fn C.uintptr_t, p *C.gossl_ssl, args *C.gossl_args, pending C.uint64_t) (now C.uint64_t) {
	v, _ := kept.Get(uintptr(fn))
	cb, ok := v.(*callback)
	if !ok {
		return pending
	}
	in, ok := enter(cb.name, id, pending)
	if !ok {
		return pending
	}
	defer in.leave(&now)
	state := in.ctx
	if sessionCtx != id {
		state = sessionState(p, sessionCtx)
	}
	ssl := lendSSL(p, state.keeper())
	defer ssl.ref.Expire()
	cb.run(ssl, args)
	in.done = true
	return pending
}

//export gosslForget
func gosslForget(id C.uintptr_t) { kept.Remove(uintptr(id)) }

//export gosslShare
func gosslShare(id C.uintptr_t) C.uintptr_t {
	v, ok := kept.Get(uintptr(id))
	if !ok {
		return 0
	}
	return C.uintptr_t(kept.Add(v))
}

// maxTold bounds what is copied for a callback. No message of TLS is longer.
const maxTold = 1 << 24

// told returns a copy of the bytes that a callback gets.
func told(args *C.gossl_args) []byte {
	if args.in == nil {
		return nil
	}
	return C.GoBytes(args.in, C.int(min(args.in_len, maxTold)))
}

// answer gives the bytes to C, as the callback's ith. It reports whether there was room.
func answer(args *C.gossl_args, i int, b []byte) bool {
	if C.size_t(len(b)) > args.max[i] {
		return false
	}
	if args.out[i] == nil {
		args.out[i] = (*C.uchar)(C.CBytes(b))
	} else {
		copy(unsafe.Slice((*byte)(args.out[i]), len(b)), b)
	}
	args.len[i] = C.size_t(len(b))
	return true
}
