package libssl

// #include "cgo.h"
// #include <stdlib.h>
// #include <string.h>
import "C"

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// Errors of this package itself: libssl was not called. A method that returns C's values returns C's failure value then, and
// [SSL.LastErrors] holds one of these; nothing is on the native queue.
var (
	// ErrFreed: the handle is nil or was freed.
	ErrFreed = errors.New("libssl: handle is nil or was freed")
	// ErrDead: SSL_set_session, or another switch of the method, ran out of memory half way. C would crash on the next use.
	ErrDead = errors.New("libssl: a failed switch of the method left this SSL unusable: Free it")
	// ErrNoSession: SetSession(nil) took the session from a connection. C would crash, or send cleartext and report success.
	ErrNoSession = errors.New("libssl: the session was taken from this connection: Clear, SetConnectState or SetSession first")
	// ErrInRemoveCallback: the cache of a Ctx may be locked while its remove callback runs. C would break the lock for good.
	ErrInRemoveCallback = errors.New("libssl: the cache of this Ctx cannot be used inside its remove callback: use SessSetRemoveNotify")
	// ErrInCallback: the running handshake needs what the call would free. C would crash when the callback returns.
	ErrInCallback = errors.New("libssl: not possible inside a callback of this SSL")
	// ErrOtherCtx: the session may be in the cache of another Ctx. C would overwrite that Ctx.
	ErrOtherCtx = errors.New("libssl: the session may be in the cache of another Ctx: add a Dup of it")
	// ErrShared: an SSL, a Ctx or C code may hold the session. C would leave a dangling entry in its cache.
	ErrShared = errors.New("libssl: the session is or may be known to C or in use: change a Dup of it")
	// ErrStuck: another goroutine has been inside one callback of this SSL for a minute. Most likely it waits for this one.
	ErrStuck = errors.New("libssl: the SSL is in use by a callback that does not end; a callback must not wait for goroutines that use its SSL")
	// ErrNUL: a string argument has a zero byte, where C would end it.
	ErrNUL = errors.New("libssl: string argument contains a NUL byte")
	// ErrNilMethod: the zero Method, for which C would crash or fail.
	ErrNilMethod = errors.New("libssl: the method is nil")
	// ErrTooLong: an argument is longer than C can take.
	ErrTooLong = errors.New("libssl: argument too long")
	// ErrVersion: the program was started with another OpenSSL than it was built for.
	ErrVersion = errors.New("libssl: this program needs OpenSSL 1.1.1")
)

// refusals are the errors of enum gossl_status.
var refusals = [C.GOSSL_NOT_CALLED_LAST]error{
	C.GOSSL_DEAD:        ErrDead,
	C.GOSSL_NO_SESSION:  ErrNoSession,
	C.GOSSL_IN_REMOVE:   ErrInRemoveCallback,
	C.GOSSL_IN_CALLBACK: ErrInCallback,
	C.GOSSL_OTHER_CTX:   ErrOtherCtx,
}

// Error is one entry of OpenSSL's error queue.
type Error struct {
	Code              uint32 // packed, as ERR_get_error returns it
	Lib, Func, Reason string // "" if OpenSSL knows no name
	File              string
	Line              int
	Data              string // what libssl added to explain, often ""

	file *C.char // static in the library; what Push needs
}

// LibCode returns the number of the library that pushed the entry. LibCode corresponds to ERR_GET_LIB(3).
func (e Error) LibCode() int { return int(e.Code >> 24 & 0xff) }

// FuncCode returns the number of the function that pushed the entry. FuncCode corresponds to ERR_GET_FUNC(3).
func (e Error) FuncCode() int { return int(e.Code >> 12 & 0xfff) }

// ReasonCode returns the reason's number. ReasonCode corresponds to ERR_GET_REASON(3).
func (e Error) ReasonCode() int { return int(e.Code & 0xfff) }

// Error returns the text that ERR_error_string(3) gives, and the data.
func (e Error) Error() string {
	name := func(s, kind string, n int) string {
		if s != "" {
			return s
		}
		return fmt.Sprintf("%s(%d)", kind, n)
	}
	s := fmt.Sprintf("error:%08X:%s:%s:%s", e.Code, name(e.Lib, "lib", e.LibCode()), name(e.Func, "func", e.FuncCode()),
		name(e.Reason, "reason", e.ReasonCode()))
	if e.Data != "" {
		s += " (" + e.Data + ")"
	}
	return s
}

// Is reports whether target is an Error with the same library and reason. Where and with which data it was pushed does not count.
func (e Error) Is(target error) bool {
	t, ok := target.(Error)
	return ok && t.LibCode() == e.LibCode() && t.ReasonCode() == e.ReasonCode()
}

// ErrorStack is what one failing call pushed on the error queue, oldest entry first. It is empty if OpenSSL pushed nothing, which for
// SSL_set_session is the rule: libssl 1.1.1 fails there without saying why.
type ErrorStack struct {
	Func    string        // the C function
	Entries []Error       // empty if OpenSSL pushed nothing
	Errno   syscall.Errno // of I/O that failed with ErrorSyscall, or 0
	Refused error         // why libssl was not called, or nil

	eof bool // the transport ended
}

// Error returns the entries' texts, oldest first.
func (s ErrorStack) Error() string {
	switch {
	case s.Func == "":
		return "libssl: no call has failed"
	case s.Refused != nil:
		return s.Func + ": " + s.Refused.Error()
	case s.Errno != 0:
		return s.Func + ": " + s.Errno.Error()
	case s.eof:
		return s.Func + ": the peer closed the transport without close_notify"
	case len(s.Entries) == 0:
		return s.Func + " failed; OpenSSL gave no reason"
	}
	texts := make([]string, len(s.Entries))
	for i, e := range s.Entries {
		texts[i] = e.Error()
	}
	return s.Func + ": " + strings.Join(texts, "; ")
}

// Unwrap makes errors.Is and errors.As look at each entry, at Errno, and at the reason of a refusal. If the transport ended without close_notify, it is an
// [io.ErrUnexpectedEOF].
func (s ErrorStack) Unwrap() []error {
	errs := make([]error, 0, len(s.Entries)+1)
	if s.Refused != nil {
		errs = append(errs, s.Refused)
	}
	if s.Errno != 0 {
		errs = append(errs, s.Errno)
	}
	if s.eof {
		errs = append(errs, io.ErrUnexpectedEOF)
	}
	for _, e := range s.Entries {
		errs = append(errs, e)
	}
	return errs
}

// Push puts the entries on the error queue of the calling thread, for C code that reads it there. It makes sense inside [KeepQueue] or
// with the goroutine locked to its thread. The queue holds 15 entries; older ones are lost.
//
// Push corresponds to ERR_put_error(3).
func (s ErrorStack) Push() {
	for i := range s.Entries {
		e := &s.Entries[i]
		var data *C.char
		if e.Data != "" {
			data = C.CString(e.Data)
		}
		C.gossl_errors_push(&C.gossl_error{code: C.ulong(e.Code), file: e.file, line: C.int(e.Line), data: data})
		C.free(unsafe.Pointer(data))
	}
}

// KeepQueue calls f with the goroutine locked to its thread. Calls of this package inside f leave OpenSSL's error queue as C does: entries of
// failures stay, stale ones mislead SSL_get_error, and a handshake clears all. Outside of KeepQueue a call takes from the queue what it
// pushed and leaves the entries of others.
func KeepQueue(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.gossl_keep_queue(1)
	defer C.gossl_keep_queue(-1)
	f()
}

// newErrorStack takes over e, which may be nil.
func newErrorStack(fn string, e *C.gossl_errors) ErrorStack {
	s := ErrorStack{Func: fn}
	if e == nil {
		return s
	}
	for _, c := range e.entry[:e.n] {
		s.Entries = append(s.Entries, Error{
			Code: uint32(c.code),
			Lib:  goString(c.lib), Func: goString(c._func), Reason: goString(c.reason),
			File: goString(c.file), Line: int(c.line), Data: goString(c.data),
			file: c.file,
		})
	}
	C.gossl_errors_free(e)
	return s
}

func goString(p *C.char) string {
	if p == nil {
		return ""
	}
	return C.GoStringN(p, C.int(C.strlen(p)))
}

// cString returns a string for a call of C, with its end. C must not keep it.
func cString(fn, s string) (*C.char, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, ErrorStack{Func: fn, Refused: ErrNUL}
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s + "\x00"))), nil
}

// cStringOrNULL is cString with NULL for "".
func cStringOrNULL(fn, s string) (*C.char, error) {
	if s == "" {
		return nil, nil
	}
	return cString(fn, s)
}

// cBytes returns what C functions take for b: a pointer, never nil if b is not, and a length. C counts in int: a longer b is cut, which for what must
// be whole is too long all the same.
func cBytes(b []byte) (*C.uchar, C.int) {
	return (*C.uchar)(unsafe.SliceData(b)), C.int(min(len(b), 1<<31-1))
}

// takeBytes copies what C allocated, and clears and frees it. It returns nil for NULL.
func takeBytes(p *C.uchar, n int) []byte {
	if p == nil {
		return nil
	}
	defer C.gossl_clear_free(unsafe.Pointer(p), C.size_t(n))
	return C.GoBytes(unsafe.Pointer(p), C.int(n))
}

// splitDER takes apart elements of DER that follow one another.
func splitDER(b []byte) (elements [][]byte) {
	for len(b) > 0 {
		var element asn1.RawValue
		rest, err := asn1.Unmarshal(b, &element)
		if err != nil {
			return append(elements, b) // not from libssl
		}
		elements = append(elements, element.FullBytes)
		b = rest
	}
	return elements
}

// outcome is what Go does with a gossl_more: it returns why libssl was not called, or what it said, and settles what callbacks left. It frees m,
// which may be nil.
func outcome(fn string, m *C.gossl_more) (err error) {
	if m == nil {
		return nil
	}
	more := take(m)
	switch {
	case more.status != C.GOSSL_CALLED:
		err = ErrorStack{Func: fn, Refused: refusals[more.status]}
	case more.failed != 0:
		err = newErrorStack(fn, more.errors)
	}
	settle(more.pending)
	return err
}

// take copies m and frees it.
func take(m *C.gossl_more) C.gossl_more {
	more := *m
	C.free(unsafe.Pointer(m))
	return more
}

// queuesLeft is for the tests: with -tags libssl_check, how many calls left an entry of their own in an error queue.
func queuesLeft() int { return int(C.gossl_queues_left()) }
