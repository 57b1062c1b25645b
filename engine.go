package libssl

// #include "cgo.h"
import "C"

import "sync/atomic"

// Engine moves the bytes of one connection between buffers of the caller: it has no transport of its own, and nothing in it blocks. An operation is
// one call of C and allocates nothing.
//
// Each operation gets the bytes that have come from the peer, in, and room for those that go to it, out. It uses what it can of both and
// says how much: take the first [Step.In] bytes from in, send the first [Step.Out] bytes of out, whatever Step.Error is. Then Step.Error says what it
// needs to go on: [ErrorWantRead] more bytes in, [ErrorWantWrite] room in out. 17 KiB hold every record that libssl writes.
//
// With [ModeReleaseBuffers] an SSL whose handshake is done has no buffers of its own after an operation: 33 KiB less while it waits.
//
// One goroutine may read while another writes and a third shuts down: they take turns inside C. The same operation is for one goroutine at a time.
type Engine struct {
	ssl   *SSL
	eof   atomic.Bool
	moved [engineSlots]C.gossl_moved
}

// Operations that may be called at the same time have a slot each.
const (
	slotHandshake = iota
	slotRead
	slotWrite
	slotShutdown
	engineSlots
)

// Step is what one operation of an [Engine] did.
type Step struct {
	Ret     int // C's value
	N       int // bytes of application data, also when an error follows them
	In, Out int // bytes of in that were used, and bytes of out that have to be sent
	Error   int // an Error constant, ErrorNone if it succeeded
	Pending int // bytes that Read has at hand without more input
}

// NewEngine makes an engine the transport of ssl, in place of what it had, before its handshake. The SSL stays the caller's, for all but its I/O. It writes in parts
// ([ModeEnablePartialWrite]) from buffers that may move.
//
// NewEngine corresponds to SSL_set_bio(3).
func NewEngine(ssl *SSL) (*Engine, error) {
	if ssl.value("SSL_set_bio", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_engine_new(p) }) != 1 {
		return nil, ssl.LastErrors()
	}
	return &Engine{ssl: ssl}, nil
}

// SSL returns the connection.
func (e *Engine) SSL() *SSL { return e.ssl }

// SetEOF says that no more bytes come in than those of the next operations' windows. What needs more fails with [ErrorSyscall].
// It may be called at any time.
func (e *Engine) SetEOF() { e.eof.Store(true) }

// KeepBuffers makes the SSL keep its buffers, 33 KiB, when they are empty, or, if keep is false, free them then and now: see [ModeReleaseBuffers]. It may be
// called during operations. After Free it does nothing.
//
// KeepBuffers corresponds to SSL_clear_mode(3), or SSL_set_mode(3) and SSL_free_buffers(3).
func (e *Engine) KeepBuffers(keep bool) {
	e.ssl.value("SSL_set_mode", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_engine_keep_buffers(p, cBool(keep)) })
}

// Connect goes on with the handshake as client. Connect corresponds to SSL_connect(3).
func (e *Engine) Connect(in, out []byte) Step {
	return e.operate("SSL_connect", C.GOSSL_CONNECT, slotHandshake, nil, in, out)
}

// Accept goes on with the handshake as server. Accept corresponds to SSL_accept(3).
func (e *Engine) Accept(in, out []byte) Step {
	return e.operate("SSL_accept", C.GOSSL_ACCEPT, slotHandshake, nil, in, out)
}

// DoHandshake goes on with the handshake in the role that was set. DoHandshake corresponds to SSL_do_handshake(3).
func (e *Engine) DoHandshake(in, out []byte) Step {
	return e.operate("SSL_do_handshake", C.GOSSL_DO_HANDSHAKE, slotHandshake, nil, in, out)
}

// Read reads into b what whole records hold, as many as fit, and handles whatever else the peer sent, such as tickets. An error may follow data.
//
// Read corresponds to SSL_read(3).
func (e *Engine) Read(b, in, out []byte) Step {
	return e.operate("SSL_read", C.GOSSL_READ, slotRead, b, in, out)
}

// Write encrypts b into out, as much as has room. N bytes are done; one record more may have begun: go on with the bytes after N, no fewer than now.
// b must not be empty.
//
// Write corresponds to SSL_write(3).
func (e *Engine) Write(b, in, out []byte) Step {
	return e.operate("SSL_write", C.GOSSL_WRITE, slotWrite, b, in, out)
}

// Shutdown writes close_notify. Ret is 0 then, and 1 when the peer's was received too.
//
// Shutdown corresponds to SSL_shutdown(3).
func (e *Engine) Shutdown(in, out []byte) Step {
	return e.operate("SSL_shutdown", C.GOSSL_SHUTDOWN, slotShutdown, nil, in, out)
}

// ReadEarlyData reads 0-RTT data, which an attacker may have replayed, on a server before its handshake. Ret is a ReadEarlyData constant.
//
// ReadEarlyData corresponds to SSL_read_early_data(3).
func (e *Engine) ReadEarlyData(b, in, out []byte) Step {
	return e.operate("SSL_read_early_data", C.GOSSL_READ_EARLY, slotRead, b, in, out)
}

// WriteEarlyData sends 0-RTT data, which an attacker may replay, before the handshake of a client with a session that allows it.
//
// WriteEarlyData corresponds to SSL_write_early_data(3).
func (e *Engine) WriteEarlyData(b, in, out []byte) Step {
	return e.operate("SSL_write_early_data", C.GOSSL_WRITE_EARLY, slotWrite, b, in, out)
}

func (e *Engine) operate(fn string, op C.int, slot int, b, in, out []byte) Step {
	s, m := e.ssl, &e.moved[slot]
	buf, n := cBytes(b)
	from, fromLen := cBytes(in)
	to, toLen := cBytes(out)
	for {
		p, ok := s.acquire()
		if !ok {
			s.refuse(fn, ErrFreed)
			return Step{Ret: -1, Error: ErrorSSL}
		}
		more := C.gossl_engine(p, op, buf, n, from, fromLen, to, toLen, cBool(e.eof.Load()), m)
		step := Step{Ret: int(m.ret), N: int(m.n), In: int(m.in), Out: int(m.out), Error: int(m.error), Pending: int(m.pending)}
		if more == nil {
			s.ref.Release()
		} else {
			_, called, again := s.conclude(fn, p, C.gossl_result{more: more})
			if again {
				continue
			}
			if !called {
				return Step{Ret: -1, Error: ErrorSSL}
			}
		}
		if s.code.Load() != int32(step.Error) {
			s.code.Store(int32(step.Error))
		}
		return step
	}
}

// gosslTick shows Go's monitor that the thread comes back from C.
//
//export gosslTick
func gosslTick() {}
