package tlsnet

import (
	"sync"
	"time"
)

// libssl's buffers of a connection are 33 KiB. With SSL_MODE_RELEASE_BUFFERS it has them only while a record is in them, which costs 3 % of an exchange of
// short messages. So one that has been used often keeps them, until it is silent for a tick.
const (
	busyAfter = 256 // reads and writes
	busyTick  = 10 * time.Millisecond
)

// busyConns are those that may have buffers.
type busyConns struct {
	mu    sync.Mutex
	conns []busyConn
	armed bool // the timer will call tick
}

type busyConn struct {
	*Conn
	keeps bool // its buffers
}

var busy busyConns

// operated counts a read or a write.
func (c *Conn) operated() {
	if c.operations.Add(1) == busyAfter && c.config != nil {
		busy.add(busyConn{Conn: c})
	}
}

func (b *busyConns) add(conns ...busyConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, conns...)
	if !b.armed && len(b.conns) > 0 {
		b.armed = true
		time.AfterFunc(busyTick, b.tick)
	}
}

// tick lets the buffers go of those that have not been used since the last one.
func (b *busyConns) tick() {
	b.mu.Lock()
	conns := b.conns
	b.conns, b.armed = nil, false
	b.mu.Unlock()
	still := conns[:0]
	for _, c := range conns {
		keep := c.operations.Swap(busyAfter) > busyAfter
		if keep != c.keeps {
			c.engine.KeepBuffers(keep)
			c.keeps = keep
		}
		if keep {
			still = append(still, c)
		} else {
			c.operations.Store(0)
		}
	}
	clear(conns[len(still):])
	b.add(still...)
}
