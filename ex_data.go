package libssl

// #include "cgo.h"
import "C"

import (
	"errors"
	"unsafe"
)

// ErrExIndex: the index belongs to objects of another type, or to none.
var ErrExIndex = errors.New("libssl: this ex_data index is not one of the object's type")

// ExIndex is a place for a value of the program's own, in each object of one type. The value belongs to the C object, whose handles all see it,
// and is dropped with it. Copies of the object that libssl makes have it too: duplicates, and the sessions of further TLS 1.3 tickets. A value
// that refers to a handle of the object keeps it for ever.
type ExIndex struct {
	of  C.int // a CRYPTO_EX_INDEX_ number + 1, so that the zero ExIndex is of none
	idx C.int
}

// SSLGetExNewIndex makes an index for SSLs. A program needs each once. SSLGetExNewIndex corresponds to SSL_get_ex_new_index(3).
func SSLGetExNewIndex() (ExIndex, error) {
	return newExIndex("SSL_get_ex_new_index", C.CRYPTO_EX_INDEX_SSL)
}

// CtxGetExNewIndex makes an index for SSL_CTXs. CtxGetExNewIndex corresponds to SSL_CTX_get_ex_new_index(3).
func CtxGetExNewIndex() (ExIndex, error) {
	return newExIndex("SSL_CTX_get_ex_new_index", C.CRYPTO_EX_INDEX_SSL_CTX)
}

// SessionGetExNewIndex makes an index for sessions. SessionGetExNewIndex corresponds to SSL_SESSION_get_ex_new_index(3).
func SessionGetExNewIndex() (ExIndex, error) {
	return newExIndex("SSL_SESSION_get_ex_new_index", C.CRYPTO_EX_INDEX_SSL_SESSION)
}

func newExIndex(fn string, of C.int) (ExIndex, error) {
	if initErr != nil {
		return ExIndex{}, initErr
	}
	r := C.gossl_ex_new_index(of)
	if err := outcome(fn, r.more); err != nil {
		return ExIndex{}, err
	}
	return ExIndex{of: of + 1, idx: C.int(r.ret)}, nil
}

// setValue is for the three types: set gives the id of the value to C.
func setValue(fn string, index ExIndex, of C.int, value any, set func(id C.uintptr_t) error) error {
	if index.of != of+1 {
		return ErrorStack{Func: fn, Refused: ErrExIndex}
	}
	var id C.uintptr_t
	if value != nil {
		id = C.uintptr_t(kept.Add(value))
	}
	err := set(id)
	if err != nil {
		kept.Remove(uintptr(id))
	}
	return err
}

// value returns what an id at the index stands for, nil for 0. get is called for an index of the type alone.
func (i ExIndex) value(of C.int, get func() C.uintptr_t) any {
	if i.of != of+1 {
		return nil
	}
	v, _ := kept.Get(uintptr(get()))
	return v
}

// SetExData sets the value, nil for none. It returns 1, or 0. SetExData corresponds to SSL_set_ex_data(3).
func (s *SSL) SetExData(index ExIndex, value any) int {
	const fn = "SSL_set_ex_data"
	err := setValue(fn, index, C.CRYPTO_EX_INDEX_SSL, value, func(id C.uintptr_t) error {
		if s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_ex_data(p, index.idx, id) }) != 1 {
			return s.LastErrors()
		}
		return nil
	})
	if errors.Is(err, ErrExIndex) {
		return s.refusal(fn, ErrExIndex)
	}
	return int(cBool(err == nil))
}

// ExData returns the value, nil for none or an index of another type. ExData corresponds to SSL_get_ex_data(3).
func (s *SSL) ExData(index ExIndex) any {
	const fn = "SSL_get_ex_data"
	return index.value(C.CRYPTO_EX_INDEX_SSL, func() C.uintptr_t {
		return C.uintptr_t(s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_get_ex_data(p, index.idx) }))
	})
}

// SetExData sets the value, nil for none. It must not run beside other uses of the Ctx's values.
//
// SetExData corresponds to SSL_CTX_set_ex_data(3).
func (c *Ctx) SetExData(index ExIndex, value any) error {
	const fn = "SSL_CTX_set_ex_data"
	return setValue(fn, index, C.CRYPTO_EX_INDEX_SSL_CTX, value, func(id C.uintptr_t) error {
		_, err := c.do(fn, func(p *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_ex_data(p, index.idx, id) })
		return err
	})
}

// ExData returns the value, nil for none or an index of another type. It works in a remove callback too.
//
// ExData corresponds to SSL_CTX_get_ex_data(3).
func (c *Ctx) ExData(index ExIndex) any {
	return index.value(C.CRYPTO_EX_INDEX_SSL_CTX, func() (id C.uintptr_t) {
		c.With(func(p unsafe.Pointer) { id = C.gossl_ctx_get_ex_data((*C.SSL_CTX)(p), index.idx) })
		return id
	})
}

// SetExData sets the value, nil for none. It must not run beside other uses of the object. Encodings leave it out.
//
// SetExData corresponds to SSL_SESSION_set_ex_data(3).
func (s *Session) SetExData(index ExIndex, value any) error {
	const fn = "SSL_SESSION_set_ex_data"
	return setValue(fn, index, C.CRYPTO_EX_INDEX_SSL_SESSION, value, func(id C.uintptr_t) error {
		_, err := s.do(fn, func(p *C.SSL_SESSION) C.gossl_result { return C.gossl_session_set_ex_data(p, index.idx, id) })
		return err
	})
}

// ExData returns the value, nil for none or an index of another type. ExData corresponds to SSL_SESSION_get_ex_data(3).
func (s *Session) ExData(index ExIndex) any {
	return index.value(C.CRYPTO_EX_INDEX_SSL_SESSION, func() (id C.uintptr_t) {
		s.get(func(p *C.SSL_SESSION) { id = C.gossl_session_get_ex_data(p, index.idx) })
		return id
	})
}
