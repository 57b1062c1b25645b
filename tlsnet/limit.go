package tlsnet

import (
	"container/list"
	"context"
	"net"
	"sync"
	"time"
)

// limit closes the transport when ctx ends, or the Config's time for a handshake, until the function that it returns is called, which says which of them it
// was and may be called twice. The context that limit returns is what callbacks see.
func (c *Conn) limit(ctx context.Context) (context.Context, func() error) {
	if c.config == nil || c.config.HandshakeTimeout < 0 {
		return ctx, c.closeAfter(ctx)
	}
	l, d := c.config.handshakes()
	if c.config.GetCertificate != nil {
		limited, cancel := context.WithTimeout(ctx, d)
		end := c.closeAfter(limited)
		return limited, func() error { defer cancel(); return end() }
	}
	e, end := l.add(c.conn, d), c.closeAfter(ctx)
	return ctx, func() error {
		err := end()
		if l.remove(e) {
			return context.DeadlineExceeded
		}
		return err
	}
}

// closeAfter closes the transport when ctx ends, until the function that it returns is called.
func (c *Conn) closeAfter(ctx context.Context) func() error {
	if ctx.Done() == nil {
		return ctx.Err
	}
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	return func() error { stop(); return ctx.Err() }
}

// limiter ends handshakes that take too long. All of a limiter may take equally long, so that they end in the order in which they began, and one timer
// does for all: one for each would wake Go's poller each time.
type limiter struct {
	mu      sync.Mutex
	running list.List // of *limited, the oldest first
	armed   bool      // the timer will call expire
}

// limited is a handshake that runs.
type limited struct {
	conn net.Conn
	end  time.Time
	late bool // conn was closed
}

// add begins the time d of a handshake over conn.
func (l *limiter) add(conn net.Conn, d time.Duration) *list.Element {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.armed {
		l.armed = true
		time.AfterFunc(d, l.expire)
	}
	return l.running.PushBack(&limited{conn: conn, end: time.Now().Add(d)})
}

// remove says that a handshake has ended, and reports whether that was too late. It may be called twice.
func (l *limiter) remove(e *list.Element) (late bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running.Remove(e)
	return e.Value.(*limited).late
}

func (l *limiter) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := l.running.Front(); e != nil; e = l.running.Front() {
		h := e.Value.(*limited)
		if left := time.Until(h.end); left > 0 {
			time.AfterFunc(left, l.expire)
			return
		}
		h.late = true
		l.running.Remove(e)
		go h.conn.Close() // which may wait for something
	}
	l.armed = false
}
