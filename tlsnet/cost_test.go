package tlsnet_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/seed-c1436005/libssl/tlsnet"
)

// calls returns how many calls of C f makes, at the least of several times: the collector frees handles of other tests meanwhile.
func calls(f func()) int {
	least := math.MaxInt
	for range 5 {
		before := runtime.NumCgoCall()
		f()
		least = min(least, int(runtime.NumCgoCall()-before))
	}
	return least
}

// bare are configs without sessions, whose callback would count.
func bare(client, _ *tlsnet.Config) { client.SessionCache = tlsnet.NoSessions }

func TestReadAndWriteCost(t *testing.T) {
	for _, n := range []int{1, 64, 16 << 10} {
		t.Run(fmt.Sprintf("%d bytes", n), func(t *testing.T) {
			eachVersion(t, bare, func(t *testing.T, client, server *tlsnet.Config) {
				c, s := mustConnect(t, client, server)
				out, in := make([]byte, n), make([]byte, n)
				write := func() {
					if _, err := c.Write(out); err != nil {
						t.Error(err)
					}
				}
				read := func() {
					if _, err := io.ReadFull(s, in); err != nil {
						t.Error(err)
					}
				}
				if got := calls(write); got != 1 {
					t.Errorf("Write makes %d calls of C", got)
				}
				for range 5 {
					read()
				}
				if got := calls(func() { write(); read() }); got != 2 {
					t.Errorf("Write and Read make %d calls of C", got)
				}
				if underRace { // where sync.Pool loses what it is given
					return
				}
				if allocs := testing.AllocsPerRun(100, func() { write(); read() }); allocs != 0 {
					t.Errorf("%v allocations", allocs)
				}
			})
		})
	}
}

// Four records are one call.
func TestLargeWriteCost(t *testing.T) {
	client, server := configs(bare)
	c, s := mustConnect(t, client, server)
	go io.Copy(io.Discard, s.NetConn())
	c.Write(make([]byte, 64<<10))
	if got := calls(func() { c.Write(make([]byte, 256<<10)) }); got != 4 {
		t.Errorf("256 KiB are %d calls of C", got)
	}
}

func TestHandshakeCost(t *testing.T) {
	eachVersion(t, bare, func(t *testing.T, client, server *tlsnet.Config) {
		mustConnect(t, client, server) // makes the SSL_CTXs
		var c, s *tlsnet.Conn
		handshake := func() {
			near, far := transport(t, "tcp", "127.0.0.1:0")
			c, s = tlsnet.Client(near, client), tlsnet.Server(far, server)
			done := make(chan error)
			go func() { done <- s.Handshake() }()
			if err := errors.Join(c.Handshake(), <-done); err != nil {
				t.Error(err)
			}
		}
		total := calls(handshake)
		// Of each side: SSL_new, the engine, reused, and 3 for the handshake; of the client: the host twice; of the server: the callback for the ticket.
		if limit := 2*(1+1+1+3) + 2 + 1; total > limit {
			t.Errorf("%d calls of C, want %d at the most", total, limit)
		}
		// Of each side: SSL_shutdown, SSL_free, and to read what has come.
		if got := calls(func() { handshake(); c.Close(); s.Close() }) - total; got > 6 {
			t.Errorf("Close makes %d calls of C on both sides", got)
		}
	})
}

// A close_notify that the transport does not take leaves no garbage.
func TestFailedCloseCost(t *testing.T) {
	if underRace {
		t.Skip("the race detector makes sync.Pool lose what it is given")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would empty the pools
	client, server := configs(bare)
	garbage := func(limit int) int {
		const n = 50
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			near := &stingy{limit: 1 << 30}
			c, s := over(t, client, server, func(conn net.Conn) net.Conn { near.Conn = conn; return near })
			near.limit = limit
			c.Close()
			s.Close()
		}
		runtime.ReadMemStats(&after)
		return int(after.TotalAlloc-before.TotalAlloc) / n
	}
	garbage(1 << 30)
	if more := garbage(0) - garbage(1<<30); more > 4<<10 {
		t.Errorf("%d bytes more than of one that is taken", more)
	}
}

// A connection that waits for its peer holds no buffers.
func TestIdleMemory(t *testing.T) {
	const pairs = 100
	client, server := configs(nil)
	before := heap()
	var conns []*tlsnet.Conn
	for range pairs {
		c, s := mustConnect(t, client, server)
		conns = append(conns, c, s)
		go s.Read(make([]byte, 1))
	}
	runtime.Gosched()
	if per := (heap() - before) / pairs; per > 12<<10 {
		t.Errorf("%d bytes of Go's heap for each pair", per)
	}
	runtime.KeepAlive(conns)
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
