package work

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// link is where connections come from.
type link interface {
	Dial() (net.Conn, error)
	Accept() (net.Conn, error)
}

// loopback is TCP inside of this machine, with the options of a plain C program: without keep-alive, which is four system calls for each end.
type loopback struct{ net.Listener }

func newLoopback() (link, error) {
	config := net.ListenConfig{KeepAlive: -1}
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	return loopback{l}, err
}

func (l loopback) Dial() (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	return dialer.Dial("tcp", l.Addr().String())
}

// memory is connections inside of this process.
type memory chan net.Conn

func newMemory() link { return make(memory, 1) }

func (m memory) Dial() (net.Conn, error) {
	near, far := newQueue(), newQueue()
	m <- &memoryConn{near, far}
	return &memoryConn{far, near}, nil
}

func (m memory) Accept() (net.Conn, error) { return <-m, nil }

// queue is the bytes of one direction. net.Pipe has none, and a handshake may write before it reads.
type queue struct {
	mu     sync.Mutex
	change sync.Cond
	bytes  []byte
	closed bool
}

func newQueue() *queue {
	q := &queue{}
	q.change.L = &q.mu
	return q
}

func (q *queue) read(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.bytes) == 0 {
		if q.closed {
			return 0, io.EOF
		}
		q.change.Wait()
	}
	n := copy(b, q.bytes)
	q.bytes = q.bytes[n:]
	return n, nil
}

func (q *queue) write(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, io.ErrClosedPipe
	}
	q.bytes = append(q.bytes, b...)
	q.change.Signal()
	return len(b), nil
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.change.Signal()
}

type memoryConn struct{ in, out *queue }

func (c *memoryConn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *memoryConn) Write(b []byte) (int, error) { return c.out.write(b) }

func (c *memoryConn) Close() error {
	c.in.close()
	c.out.close()
	return nil
}

func (c *memoryConn) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (c *memoryConn) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (c *memoryConn) SetDeadline(time.Time) error      { return nil }
func (c *memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memoryConn) SetWriteDeadline(time.Time) error { return nil }
