package bad

/*
want+1 5
#cgo noescape SSL_SESSION_free
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Session is a session.
type Session struct{ ref ref }

// Time returns the time. Time corresponds to SSL_SESSION_get_time(3).
func (s *Session) Time() int {
	return int(C.SSL_SESSION_get_time(s.ref.ptr)) // want 2
}

func (s *Session) notReleased() {
	p, _ := s.acquire()
	C.SSL_SESSION_free(p) // want 2
}

func (s *Session) releasedBefore() {
	p, _ := s.acquire()
	s.ref.Release()
	C.SSL_SESSION_free((*C.SSL_SESSION)(unsafe.Pointer(p))) // want 2
	for _, q := range []*C.SSL_SESSION{nil, s.ref.ptr} {
		C.SSL_SESSION_free(q) // want 2
	}
}

func (s *Session) otherReleased(t *Session) {
	p, _ := s.acquire()
	q := t.ref.ptr
	defer t.ref.Release()
	C.SSL_SESSION_free(p) // want 2
	func() {
		C.SSL_CTX_add_session(ctx, q) // want 2,2
	}()
}

func (s *Session) Uncommented() {} // want 6

// Silent says nothing about C.
func Silent() {} // want 6

// Wrong corresponds to SSL_in_comment(3).
func Wrong() {} // want 6

// Copied does something. Time corresponds to SSL_SESSION_get_time(3).
func Copied() {} // want 6

func (s *Session) traps(id uintptr, p *C.char) {
	runtime.SetFinalizer(s, nil)       // want 4
	_ = unsafe.Pointer(uintptr(id))    // want 4
	_ = unsafe.Pointer(uintptr(8) + 1) // want 4
	_ = C.GoString(p)                  // want 4
	_ = C.ERR_get_error()              // want 3
	C.gossl_session_new()
}

//export gosslNewSession
func gosslNewSession(p *C.SSL_SESSION, pending C.uint64_t) C.uint64_t { // want 8
	C.SSL_SESSION_free(p)
	return pending
}
