package tlsnet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-c1436005/libssl"
)

// Conn is a TLS connection over another connection. It is a [net.Conn]: several goroutines may use it at once.
type Conn struct {
	conn   net.Conn
	ssl    *libssl.SSL
	engine *libssl.Engine
	config *Config // nil for one of NewConn
	host   string  // whose certificate is expected
	side   *side   // nil for one that has no use for it

	handshakeMu  sync.Mutex
	handshakeErr error
	shaken       atomic.Bool // the handshake is done
	isClient     bool
	reused       bool
	paused       bool // by a callback

	closed     atomic.Bool
	operations atomic.Uint32 // see operated

	readMu  sync.Mutex // also guards in
	readErr error
	in      source
	pending int // bytes that libssl has decrypted

	writeMu       sync.Mutex
	writeErr      error
	writeDeadline atomic.Int64
	out           sink

	stateMu sync.Mutex
	state   *tls.ConnectionState // once it was asked for
}

var _ net.Conn = (*Conn)(nil)

// NewConn makes a connection of an SSL that was set up with package libssl alone, before its handshake: nothing of a [Config] is added, neither
// verification nor a host name. It takes ssl over: Close frees it. If it fails, ssl stays the caller's.
func NewConn(conn net.Conn, ssl *libssl.SSL, isClient bool) (*Conn, error) {
	engine, err := libssl.NewEngine(ssl)
	if err != nil {
		return nil, err
	}
	c := newConn(conn, isClient)
	c.ssl, c.engine = ssl, engine
	return c, nil
}

func newConn(conn net.Conn, isClient bool) *Conn {
	c := &Conn{conn: conn, isClient: isClient}
	c.in.init(conn)
	c.out.conn = conn
	return c
}

// SSL returns the connection as package libssl has it, for all but its I/O. It ends with Close. It is nil if the Config was unusable, which Handshake
// tells.
func (c *Conn) SSL() *libssl.SSL { return c.ssl }

// SetServerName says whom a client expects, in place of the Config, so that connections to several hosts can share one. Call it before the handshake.
func (c *Conn) SetServerName(host string) {
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	c.host = host
}

// NetConn returns the transport. What is read from or written to it directly breaks the connection.
func (c *Conn) NetConn() net.Conn { return c.conn }

// LocalAddr returns the address of the transport's near end.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr returns the address of the transport's far end.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	c.noteWriteDeadline(t)
	return c.conn.SetDeadline(t)
}

// SetReadDeadline is that of the transport. After a timeout the connection is as it was.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// SetWriteDeadline is that of the transport. A Write that times out returns how many bytes are on their way: they are encrypted, and what the transport
// did not take of them goes out before anything else. Go on with those after them.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.noteWriteDeadline(t)
	return c.conn.SetWriteDeadline(t)
}

func (c *Conn) noteWriteDeadline(t time.Time) {
	if t.IsZero() {
		c.writeDeadline.Store(0)
	} else {
		c.writeDeadline.Store(t.UnixNano())
	}
}

// Handshake runs the handshake unless that is done. Read and Write call it.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// HandshakeContext runs the handshake unless that is done. The end of ctx, if it comes first, closes the transport. Callbacks of the Config are waited
// for: they see ctx, and should obey it. A failure is final, but for an [libssl.ErrWantX509Lookup] or [libssl.ErrWantClientHello] of an SSL whose
// callback pauses.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	if c.shaken.Load() {
		return nil
	}
	c.handshakeMu.Lock()
	defer c.unlockHandshake()
	switch {
	case c.shaken.Load():
		return nil
	case c.handshakeErr != nil:
		return c.handshakeErr
	case c.closed.Load():
		return net.ErrClosed
	}
	limited, end := c.limit(ctx)
	defer end()
	c.handshakeErr = errPanic
	err := c.handshake(limited)
	c.handshakeErr = nil
	if late := end(); late != nil {
		c.conn.Close()
		err = late // also if the handshake was faster
	}
	switch {
	case err == nil:
		c.shaken.Store(true)
	case errors.Is(err, libssl.ErrWantX509Lookup), errors.Is(err, libssl.ErrWantClientHello):
		c.paused = true
	default:
		c.handshakeErr = err
	}
	return err
}

var errPanic = errors.New("tlsnet: handshake: a callback panicked")

// unlockHandshake frees the SSL if Close came meanwhile, which does not wait.
func (c *Conn) unlockHandshake() {
	c.handshakeMu.Unlock()
	if c.closed.Load() {
		c.free()
	}
}

// free frees the SSL, or leaves that to the handshake that is running.
func (c *Conn) free() {
	if c.shaken.Load() {
		c.ssl.Free()
	} else if c.handshakeMu.TryLock() {
		c.ssl.Free()
		c.handshakeMu.Unlock()
	}
}

func (c *Conn) handshake(ctx context.Context) error {
	if c.config == nil {
		return c.shake()
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	return c.end(c.shake())
}

// shake runs the handshake. A server has something to do when the client has sent something.
func (c *Conn) shake() error {
	op, step := c.engine.Accept, libssl.Step{Error: libssl.ErrorWantRead}
	if c.isClient {
		op = c.engine.Connect
	}
	if c.isClient || c.paused {
		step.Error = libssl.ErrorNone
	}
	for {
		if step.Error == libssl.ErrorWantRead {
			switch err := c.in.fill(); {
			case err == io.EOF:
				return errPeerClosed
			case err != nil:
				return err
			}
		}
		step = c.step(op, c.in.data)
		c.in.used(step.In)
		err := c.out.flush(true)
		switch step.Error {
		case libssl.ErrorNone:
			return err
		case libssl.ErrorWantRead, libssl.ErrorWantWrite:
			if err != nil {
				return err
			}
		case libssl.ErrorWantX509Lookup, libssl.ErrorWantClientHello:
			return c.ssl.Err(step.Ret)
		case libssl.ErrorZeroReturn:
			return errPeerClosed
		default:
			return c.failure("handshake")
		}
	}
}

// step runs an operation with what comes in, and room for what goes out. As all that run libssl it gives out.mu back also if a callback panics.
func (c *Conn) step(op func(in, out []byte) libssl.Step, in []byte) libssl.Step {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	step := op(in, c.out.room(false))
	c.out.wrote(step.Out)
	return step
}

// failure is what an operation of libssl failed with.
func (c *Conn) failure(op string) error {
	if c.closed.Load() {
		return net.ErrClosed
	}
	return c.newError(op)
}

// Read reads what the peer sent. io.EOF means that it ended the connection by close_notify, io.ErrUnexpectedEOF that the transport ended without
// that: an attacker may have cut it off. It makes one call of C.
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	if len(b) == 0 {
		return 0, nil
	}
	c.readMu.Lock()
	defer c.readMu.Unlock()
	for c.readErr == nil {
		if len(c.in.data) == 0 && c.pending == 0 {
			switch err := c.in.fill(); {
			case err == io.EOF:
				c.readErr = io.ErrUnexpectedEOF
				return 0, c.readErr
			case err != nil:
				return 0, err // the transport knows whether that is for ever
			}
		}
		n, err := c.read(b)
		if n > 0 {
			return n, nil // an error comes again
		}
		c.readErr = err
	}
	return 0, c.readErr
}

func (c *Conn) read(b []byte) (int, error) {
	c.operated()
	step := c.readStep(b, c.in.spare())
	for {
		c.in.used(step.In)
		c.pending = step.Pending
		c.keep()
		if step.Out > 0 {
			c.out.flush(false) // what fails is for Write, which tries again
		}
		if step.Error != libssl.ErrorWantWrite || step.N > 0 {
			break
		}
		step = c.readStep(b, nil)
	}
	switch step.Error {
	case libssl.ErrorNone, libssl.ErrorWantRead, libssl.ErrorWantWrite:
		return step.N, nil
	case libssl.ErrorZeroReturn:
		c.readErr = io.EOF
	default:
		c.readErr = c.failure("read")
	}
	return step.N, c.readErr
}

// readStep reads. aside is room for what libssl seldom writes meanwhile, an alert; without it libssl gets all the room that it may need.
func (c *Conn) readStep(b, aside []byte) libssl.Step {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if aside == nil {
		step := c.engine.Read(b, c.in.data, c.out.room(false))
		c.out.wrote(step.Out)
		return step
	}
	step := c.engine.Read(b, c.in.data, aside)
	if step.Out > 0 {
		c.out.pend(aside[:step.Out])
	}
	return step
}

// Write sends b. What it returns is the number of bytes that were encrypted: also with an error they count as sent. It makes one call of C for each
// 64 KiB.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	n := 0
	for n < len(b) {
		if c.closed.Load() {
			return n, net.ErrClosed
		}
		if c.writeErr != nil {
			return n, c.writeErr
		}
		if c.late() {
			return n, &net.OpError{Op: "write", Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.ErrDeadlineExceeded}
		}
		done, err := c.write(b[n:min(len(b), n+writeChunk)])
		if n += done; err != nil {
			return n, err
		}
	}
	return n, nil
}

// late reports whether the time for writing is over. A transport that would say so must not get anything any more, nor libssl.
func (c *Conn) late() bool {
	t := c.writeDeadline.Load()
	return t != 0 && time.Now().UnixNano() >= t
}

func (c *Conn) write(b []byte) (int, error) {
	// What a transport did not take before goes first. Without its room libssl might stop inside a record, which only the same bytes could end.
	if c.out.behind() {
		if err := c.out.flush(true); err != nil {
			return 0, err
		}
	}
	step := c.writeStep(b)
	err := c.out.flush(true)
	switch step.Error {
	case libssl.ErrorNone:
	case libssl.ErrorWantWrite:
		if err != nil {
			// libssl is inside a record that the caller would have to go on with: he may not.
			c.writeErr = err
		}
	case libssl.ErrorWantRead:
		c.writeErr = fmt.Errorf("tlsnet: write: the peer renegotiates, which is for Read")
	default:
		c.writeErr = c.failure("write")
	}
	if c.writeErr != nil {
		err = c.writeErr
	}
	return step.N, err
}

func (c *Conn) writeStep(b []byte) libssl.Step {
	c.operated()
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	step := c.engine.Write(b, nil, c.out.room(len(b) > 16<<10))
	c.out.wrote(step.Out)
	return step
}

// closeTimeout is how long Close may wait for a peer that does not read.
const closeTimeout = 5 * time.Second

// Close sends close_notify and closes the transport. It does not wait for the peer's close_notify. If a Write is running, close_notify is left out.
// Sessions stay resumable. A second Close returns [net.ErrClosed].
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	var err error
	if c.shaken.Load() {
		err = c.sayGoodbye()
	}
	if e := c.conn.Close(); e != nil {
		err = e
	}
	c.free()
	return err
}

// sayGoodbye ends TLS on a connection that is to be closed. It is no error that a peer who has closed the connection does not take close_notify.
func (c *Conn) sayGoodbye() error {
	if !c.writeMu.TryLock() {
		c.ssl.SetShutdown(libssl.SentShutdown) // without it SSL_free flags the session
		return nil
	}
	defer c.writeMu.Unlock()
	err := c.notify(func() error {
		if c.out.flushNow(c.in.raw) {
			return nil
		}
		c.conn.SetWriteDeadline(time.Now().Add(closeTimeout))
		return c.out.flush(true)
	})
	c.out.discard()
	if c.readMu.TryLock() {
		defer c.readMu.Unlock()
		if c.in.poll() {
			var nobody [512]byte
			c.read(nobody[:])
		}
		if c.readErr == io.EOF || c.readErr == io.ErrUnexpectedEOF {
			return nil
		}
	}
	return err
}

var errShutdown = errors.New("tlsnet: write: CloseWrite was called")

// CloseWrite sends close_notify: the peer reads io.EOF. Reading goes on.
func (c *Conn) CloseWrite() error {
	if !c.shaken.Load() {
		return errors.New("tlsnet: CloseWrite before the handshake")
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	return c.notify(func() error { return c.out.flush(true) })
}

// notify writes close_notify and lets flush send it, once.
func (c *Conn) notify(flush func() error) error {
	if c.writeErr != nil {
		if c.writeErr == errShutdown {
			return nil
		}
		return c.writeErr
	}
	c.writeErr = errShutdown
	step := c.step(c.engine.Shutdown, nil)
	switch {
	case step.Error != libssl.ErrorSSL:
		return flush()
	case c.closed.Load():
		return nil // it broke before, which Read or Write has told
	}
	return c.failure("close")
}
