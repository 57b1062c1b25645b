package openssl

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/tlsnet"
)

// Conn is a TLS connection over another connection. It is a net.Conn: several goroutines may use it at once.
type Conn struct {
	*SSL

	tls      *tlsnet.Conn
	ctx      *Ctx
	isClient bool

	awaiting sync.Mutex // GetSession waits
	stirred  chan struct{}

	closed  atomic.Bool
	aborted atomic.Bool     // a callback panicked inside of libssl, and inside of tlsnet
	reading sync.Mutex      // held by Read, and by GetSession while it reads
	early   []byte          // what GetSession has read; guarded by reading
	offered *libssl.Session // the session that the client came with: another connection needs a new one

	deadlineMu  sync.Mutex
	deadline    time.Time // for reading, as the user wants it
	ahead       bool      // GetSession reads
	interrupted bool      // and has to end that
}

var _ net.Conn = (*Conn)(nil)

var errClosed = errors.New("connection closed")

// Client makes a client's connection. Nothing is verified but what ctx says, the host's name is not compared with anything, and not sent: Dial does that.
func Client(conn net.Conn, ctx *Ctx) (*Conn, error) { return newConn(conn, ctx, true) }

// Server makes a server's connection.
func Server(conn net.Conn, ctx *Ctx) (*Conn, error) { return newConn(conn, ctx, false) }

func newConn(conn net.Conn, ctx *Ctx, isClient bool) (*Conn, error) {
	if ctx == nil {
		return nil, errors.New("no ssl context provided")
	}
	s, err := newSSL(ctx)
	if err != nil {
		return nil, err
	}
	// tlsnet frees its handle when it closes. This one stays: sessions and results are asked for after Close, too.
	theirs := s.ssl.UpRef()
	tls, err := tlsnet.NewConn(conn, theirs, isClient)
	if err != nil {
		theirs.Free()
		s.ssl.Free()
		return nil, explain(err)
	}
	return &Conn{SSL: s, tls: tls, ctx: ctx, isClient: isClient, stirred: make(chan struct{}, 1)}, nil
}

// GetCtx returns the Ctx that the connection was made with.
func (c *Conn) GetCtx() *Ctx { return c.ctx }

// CurrentCipher returns the name of the cipher, "(NONE)" before the handshake.
func (c *Conn) CurrentCipher() (string, error) {
	if name := c.ssl.CurrentCipher().Name(); name != "" {
		return name, nil
	}
	return "", errors.New("openssl: session not established")
}

// guard runs an operation, which may run callbacks. They find c by weak pointers only, so that it has to be kept for them.
func (c *Conn) guard(operation func() error) error {
	if c.aborted.Load() {
		return errors.New("a callback of the connection panicked")
	}
	done := false
	defer func() {
		if !done {
			c.aborted.Store(true)
		}
		runtime.KeepAlive(c)
	}()
	err := operation()
	done = true
	return err
}

// Handshake runs the handshake unless that is done. Read and Write call it. A failure is final, also a timeout.
func (c *Conn) Handshake() error {
	if c.closed.Load() {
		return io.ErrUnexpectedEOF
	}
	err := c.guard(c.tls.Handshake)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		c.Close()
		return io.ErrUnexpectedEOF
	}
	return explain(err)
}

// Read reads what the peer sent. io.EOF means that it will send no more, whether it said so or its transport just ended; the connection is closed then.
func (c *Conn) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	c.reading.Lock()
	defer c.stir()
	defer c.reading.Unlock()
	if len(c.early) > 0 {
		n = copy(b, c.early)
		if c.early = c.early[n:]; len(c.early) == 0 {
			c.early = nil
		}
		return n, nil
	}
	return c.read(b)
}

// read reads what GetSession has not read. The caller holds reading.
func (c *Conn) read(b []byte) (n int, err error) {
	if c.closed.Load() {
		return 0, io.EOF
	}
	err = c.guard(func() (err error) {
		n, err = c.tls.Read(b)
		return err
	})
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		c.Close()
		return n, io.EOF
	}
	return n, explain(err)
}

// Write encrypts and sends b. With an error, the n bytes are on their way or lost.
func (c *Conn) Write(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	if c.closed.Load() {
		return 0, errClosed
	}
	err = c.guard(func() (err error) {
		n, err = c.tls.Write(b)
		return err
	})
	return n, explain(err)
}

// Close says goodbye to the peer, without waiting for its answer, and closes the transport. A second Close does nothing.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.aborted.Load() {
		// Locks of tlsnet are held for ever.
		defer c.tls.SSL().Free()
		return c.tls.NetConn().Close()
	}
	err := c.guard(c.tls.Close)
	c.ssl.FreeBuffers()
	return explain(err)
}

// LocalAddr returns the address of the transport's near end.
func (c *Conn) LocalAddr() net.Addr { return c.tls.LocalAddr() }

// RemoteAddr returns the address of the transport's far end.
func (c *Conn) RemoteAddr() net.Addr { return c.tls.RemoteAddr() }

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline is that of the transport.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.deadlineMu.Lock()
	defer c.deadlineMu.Unlock()
	c.deadline = t
	return c.applyDeadline()
}

// SetWriteDeadline is that of the transport.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.tls.SetWriteDeadline(t) }

// applyDeadline sets the deadline for reading. The caller holds deadlineMu.
func (c *Conn) applyDeadline() error {
	if c.interrupted {
		return c.tls.SetReadDeadline(time.Unix(1, 0))
	}
	return c.tls.SetReadDeadline(c.deadline)
}

// UnderlyingConn returns the transport.
func (c *Conn) UnderlyingConn() net.Conn { return c.tls.NetConn() }

// SetTlsExtHostName sets the name that a client asks for.
func (c *Conn) SetTlsExtHostName(name string) error {
	return succeeded(c.ssl, c.ssl.SetTLSExtHostName(name))
}
