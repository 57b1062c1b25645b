package tlsnet

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// A record fits a small buffer, also one in fragments of 512 bytes; four fit a large one. What is read leaves the spare end of a buffer alone.
const (
	smallBuffer = 20 << 10
	largeBuffer = 80 << 10
	spareEnd    = 128
	writeChunk  = 64 << 10
)

type buffer struct{ b []byte }

var pools = [2]sync.Pool{
	{New: func() any { return &buffer{make([]byte, 0, smallBuffer)} }},
	{New: func() any { return &buffer{make([]byte, 0, largeBuffer)} }},
}

func getBuffer(large bool) *buffer {
	if large {
		return pools[1].Get().(*buffer)
	}
	return pools[0].Get().(*buffer)
}

func (b *buffer) put() {
	b.b = b.b[:0]
	switch cap(b.b) {
	case smallBuffer:
		pools[0].Put(b)
	case largeBuffer:
		pools[1].Put(b)
	}
}

// source has what came from the transport and libssl has not taken yet. It has a buffer only while there is something in it, and so nothing while a
// socket is waited for. One goroutine at a time uses it.
type source struct {
	conn  net.Conn
	raw   syscall.RawConn // nil if conn is not a socket
	ready func(fd uintptr) bool
	buf   *buffer
	data  []byte // the end of buf.b
	large bool   // the last read filled its buffer
	err   error
}

func (s *source) init(conn net.Conn) {
	s.conn = conn
	// A type that embeds a socket may have a Read of its own.
	switch c := conn.(type) {
	case *net.TCPConn:
		s.raw, _ = c.SyscallConn()
	case *net.UnixConn:
		s.raw, _ = c.SyscallConn()
	}
	s.ready = s.recv
}

// fill waits for bytes. What was there must have been used.
func (s *source) fill() error {
	if s.raw == nil {
		s.buf = getBuffer(s.large)
		n, err := s.conn.Read(s.buf.b[:cap(s.buf.b)-spareEnd])
		s.got(n, err)
	} else if err := s.raw.Read(s.ready); err != nil {
		s.err = err
	}
	err := s.err
	s.err = nil
	return transportError("read", s.conn, err)
}

// poll takes what the socket has, without waiting, and reports whether there is something. What is left in a socket that is closed makes the kernel reset
// the connection, and the peer lose what it has not read: it may be a ticket, or close_notify.
func (s *source) poll() bool {
	if s.raw != nil && len(s.data) == 0 {
		s.raw.Read(func(fd uintptr) bool { s.recv(fd); return true })
		s.err = nil
	}
	return len(s.data) > 0
}

// recv is called when the socket may have something, and reports whether that was so.
func (s *source) recv(fd uintptr) bool {
	s.buf = getBuffer(s.large)
	for {
		n, errno := readSocket(fd, s.buf.b[:cap(s.buf.b)-spareEnd])
		switch {
		case errno == syscall.EINTR:
		case errno == syscall.EAGAIN:
			s.drop()
			return false
		case errno != 0:
			s.got(0, os.NewSyscallError("read", errno))
			return true
		case n == 0:
			s.got(0, io.EOF)
			return true
		default:
			s.got(n, nil)
			return true
		}
	}
}

func (s *source) got(n int, err error) {
	s.large = n == cap(s.buf.b)-spareEnd || s.large && n > smallBuffer
	s.data = s.buf.b[:n]
	if n == 0 {
		s.err = err
		s.drop()
	}
}

// used says that libssl took n bytes.
func (s *source) used(n int) {
	if s.data = s.data[n:]; len(s.data) == 0 && s.buf != nil {
		s.drop()
	}
}

// spare returns the end of the buffer that there is, if there is one.
func (s *source) spare() []byte {
	if s.buf == nil {
		return nil
	}
	return s.buf.b[cap(s.buf.b)-spareEnd : cap(s.buf.b)]
}

func (s *source) drop() {
	s.buf.put()
	s.buf, s.data = nil, nil
}

// sink sends what libssl wrote, in the order in which it did, whoever made it write.
type sink struct {
	conn    net.Conn
	mu      sync.Mutex  // held while libssl writes
	pending *buffer     // what libssl wrote, and nobody has taken to send
	waits   atomic.Bool // there is some
	stuck   atomic.Bool // the transport did not take all that was being sent
	sending sync.Mutex
	taken   *buffer // what is being sent
	sent    int     // of taken
}

// room returns the window for an operation of libssl. mu is held, until wrote.
func (s *sink) room(large bool) []byte {
	if s.pending == nil {
		s.pending = getBuffer(large)
	}
	return s.pending.b[len(s.pending.b):cap(s.pending.b)]
}

// pend adds bytes that libssl wrote elsewhere.
func (s *sink) pend(b []byte) {
	if s.pending == nil {
		s.pending = getBuffer(false)
	}
	s.pending.b = append(s.pending.b, b...)
	s.waits.Store(true)
}

// wrote says that libssl wrote n bytes into the room that it had.
func (s *sink) wrote(n int) {
	s.pending.b = s.pending.b[:len(s.pending.b)+n]
	if len(s.pending.b) > 0 {
		s.waits.Store(true)
		return
	}
	s.pending.put()
	s.pending = nil
}

// behind reports whether there may be something that nobody is sending.
func (s *sink) behind() bool { return s.stuck.Load() || s.waits.Load() }

// flush sends all that was written, and goes on with what others write meanwhile. If wait is false and somebody else is sending, it is left to him.
func (s *sink) flush(wait bool) error {
	for {
		if wait {
			s.sending.Lock()
		} else if !s.sending.TryLock() {
			return nil
		}
		err := s.send()
		s.sending.Unlock()
		if err != nil || !s.waits.Load() {
			return err
		}
		wait = false
	}
}

// flushNow sends what a socket takes without waiting, and reports whether that is all there is.
func (s *sink) flushNow(raw syscall.RawConn) bool {
	if raw == nil || !s.sending.TryLock() {
		return false
	}
	defer s.sending.Unlock()
	for s.take() {
		n := 0
		raw.Write(func(fd uintptr) bool {
			n, _ = syscall.Write(int(fd), s.taken.b[s.sent:])
			return true
		})
		s.sent += max(n, 0)
		if s.sent < len(s.taken.b) {
			return false
		}
		s.done()
	}
	return true
}

// discard forgets what nobody is sending, before the transport is closed. No Write may be running: it would take its bytes for sent.
func (s *sink) discard() {
	if !s.sending.TryLock() {
		return
	}
	defer s.sending.Unlock()
	for s.take() {
		s.done()
	}
}

// done gives the buffer back that was being sent.
func (s *sink) done() {
	s.taken.put()
	s.taken = nil
}

// take makes what was written what is being sent, if there is anything.
func (s *sink) take() bool {
	if s.taken == nil && s.waits.Load() {
		s.mu.Lock()
		s.taken, s.pending, s.sent = s.pending, nil, 0
		s.waits.Store(false)
		s.mu.Unlock()
	}
	return s.taken != nil
}

func (s *sink) send() error {
	for s.take() {
		n, err := s.conn.Write(s.taken.b[s.sent:])
		s.sent += n
		if s.sent < len(s.taken.b) {
			s.stuck.Store(true)
			if err == nil {
				err = io.ErrShortWrite
			}
			return transportError("write", s.conn, err)
		}
		s.done()
		if s.stuck.Load() {
			s.stuck.Store(false)
		}
	}
	return nil
}

// transportError puts what a transport failed with into a net.OpError, unless it is in one, or is no failure.
func transportError(op string, conn net.Conn, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if e, ok := err.(*net.OpError); ok {
		if e.Op == "raw-read" {
			e.Op = op
		}
		return err
	}
	addr := conn.RemoteAddr()
	return &net.OpError{Op: op, Net: addr.Network(), Source: conn.LocalAddr(), Addr: addr, Err: err}
}
