package libssl

// #include "cgo.h"
import "C"

import (
	"bytes"
	"fmt"
	"unsafe"
)

// maxEncoded bounds what the parsers accept. A session holds at most a certificate and a ticket of 64 KiB.
const maxEncoded = 1 << 20

// DER returns the session's ASN.1 encoding. It holds the master secret: store it like a private key. What is lost: the certificate chain
// beyond the peer's own certificate, ex_data, and the flag that the session must not be resumed. A session without cipher has no encoding.
//
// DER corresponds to i2d_SSL_SESSION(3).
func (s *Session) DER() ([]byte, error) { return s.AppendDER(nil) }

// AppendDER appends the encoding to buf and returns the extended slice. It does not allocate if there is room.
//
// AppendDER corresponds to i2d_SSL_SESSION(3).
func (s *Session) AppendDER(buf []byte) ([]byte, error) {
	const fn = "i2d_SSL_SESSION"
	for {
		p, ok := s.acquire()
		if !ok {
			return buf, ErrorStack{Func: fn, Refused: ErrFreed}
		}
		spare := buf[len(buf):cap(buf)]
		c, room := cBytes(spare)
		r := C.gossl_session_i2d(p, c, room)
		s.ref.Release()
		if err := outcome(fn, r.more); err != nil {
			return buf, err
		}
		n := int(r.ret)
		if n <= len(spare) {
			return buf[:len(buf)+n], nil
		}
		buf = append(make([]byte, 0, len(buf)+n), buf...)
	}
}

// ParseSession decodes one session. Trailing bytes, and more than a megabyte, are errors; any other bytes give a session or C's error.
//
// ParseSession corresponds to d2i_SSL_SESSION(3).
func ParseSession(der []byte) (*Session, error) {
	const fn = "d2i_SSL_SESSION"
	if err := parsable(fn, der); err != nil {
		return nil, err
	}
	p, n := cBytes(der)
	var used C.int
	s, err := newSession(fn, C.gossl_session_d2i(p, n, &used), nil)
	if err == nil && int(used) != len(der) {
		s.Free()
		return nil, fmt.Errorf("libssl: %s: %d bytes follow the session", fn, len(der)-int(used))
	}
	return s, err
}

func parsable(fn string, b []byte) error {
	if initErr != nil {
		return initErr
	}
	if len(b) > maxEncoded {
		return ErrorStack{Func: fn, Refused: ErrTooLong}
	}
	return nil
}

// PEM returns the session as `openssl sess_id` and `s_client -sess_in` read it. It holds the master secret in the clear.
//
// PEM corresponds to PEM_write_bio_SSL_SESSION(3).
func (s *Session) PEM() ([]byte, error) {
	const fn = "PEM_write_bio_SSL_SESSION"
	var p *C.uchar
	r, err := s.do(fn, func(sp *C.SSL_SESSION) C.gossl_result { return C.gossl_session_to_pem(sp, &p) })
	if err != nil {
		return nil, err
	}
	defer C.gossl_clear_free(unsafe.Pointer(p), C.size_t(r.ret))
	return C.GoBytes(unsafe.Pointer(p), C.int(r.ret)), nil
}

// ParseSessionPEM decodes the first session in pem, of a megabyte at the most. An encrypted one is an error.
//
// ParseSessionPEM corresponds to PEM_read_bio_SSL_SESSION(3).
func ParseSessionPEM(pem []byte) (*Session, error) {
	const fn = "PEM_read_bio_SSL_SESSION"
	if err := parsable(fn, pem); err != nil {
		return nil, err
	}
	p, n := cBytes(pem)
	return newSession(fn, C.gossl_session_from_pem(p, n), nil)
}

// Equal reports whether s and t have the same encoding: id, ticket, secret, times and all. [Session.Same] compares the objects.
func (s *Session) Equal(t *Session) bool {
	a, errA := s.DER()
	b, errB := t.DER()
	defer clear(a)
	defer clear(b)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
