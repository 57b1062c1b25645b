package good

/*
#cgo nocallback SSL_SESSION_get_time
#include "shim.h"
*/
import "C"

import "unsafe"

// Session is a session.
type Session struct{ ref ref }

// Time returns the time.
//
// Time corresponds to SSL_SESSION_get_time(3).
func (s *Session) Time() int {
	p, ok := s.acquire()
	if !ok {
		return 0
	}
	defer s.ref.Release()
	return int(C.SSL_SESSION_get_time(p))
}

// Parse reads a session. The function that Parse
// corresponds to, PEM_read_bio_SSL_SESSION(3), comes out of a macro. Parse corresponds to
// PEM_read_bio_SSL_SESSION(3).
func Parse() *Session {
	r := C.gossl_session_new()
	C.SSL_SESSION_free((*C.SSL_SESSION)(r.ptr))
	return nil
}

// Same has no counterpart.
func (s *Session) Same() (same bool) {
	s.get(func(p *C.SSL_SESSION) { same = C.SSL_SESSION_get_time(p) != 0 })
	return same
}

// Get0 corresponds to SSL_get0_session(3).
func (s *Session) Get0(to *Session) {
	var sp *C.SSL_SESSION
	if to != nil {
		var ok bool
		if sp, ok = to.ref.Acquire(); !ok {
			return
		}
	}
	s.get(func(p *C.SSL_SESSION) { C.gossl_session_dup(sp) })
	C.SSL_SESSION_free(nil)
	to.ref.Release()
}

func (s *Session) held() {
	p, _ := s.hold()
	defer func() {
		C.SSL_SESSION_free(p)
		s.ref.Release()
	}()
}

func adopt(session unsafe.Pointer) {
	p := (*C.SSL_SESSION)(session)
	C.SSL_SESSION_free(p)
	_ = unsafe.Pointer(unsafe.Add(session, 8))
	ps := [2]*C.SSL_SESSION{p, nil}
	for _, q := range ps {
		C.SSL_SESSION_free(q)
	}
}

//export gosslNewSession
func gosslNewSession(p *C.SSL_SESSION, pending C.uint64_t) C.uint64_t {
	in := enter(pending)
	defer in.leave()
	C.SSL_SESSION_free(p)
}

//export gosslWake
func gosslWake(key C.uintptr_t) {}
