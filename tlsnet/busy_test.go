package tlsnet_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
	"github.com/seed-c1436005/libssl/tlsnet"
)

// silence is longer than the time after which a connection is not busy any more.
const silence = 50 * time.Millisecond

func releases(c *tlsnet.Conn) bool { return c.SSL().Mode()&libssl.ModeReleaseBuffers != 0 }

// bounce sends a byte to and fro until f.
func bounce(t *testing.T, c, s *tlsnet.Conn, f func() bool) {
	b := make([]byte, 1)
	for end := time.Now().Add(10 * time.Second); !f(); {
		for _, way := range [][2]*tlsnet.Conn{{c, s}, {s, c}} {
			if _, err := way[0].Write(b); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(way[1], b); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(end) {
			t.Fatal("nothing happened")
		}
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// A busy connection keeps libssl's buffers, and one that falls silent does not, as often as that happens.
func TestBusy(t *testing.T) {
	const buffers = 4 * 16 << 10
	times := func(n int) func() bool { return func() bool { n--; return n < 0 } }
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		c, s := mustConnect(t, client, server)
		bounce(t, c, s, times(20))
		if !releases(c) || !releases(s) {
			t.Error("a few messages make it busy")
		}
		// The collector may free what other tests have left while this one measures: each time is another attempt.
		eventually(t, "no buffers come and go", func() bool {
			silent := ctest.Heap()
			bounce(t, c, s, func() bool { return !releases(c) && !releases(s) })
			bounce(t, c, s, times(3))
			busy := ctest.Heap()
			eventually(t, "it stays busy", func() bool { return releases(c) && releases(s) })
			if silent == 0 { // mallinfo2 of an address sanitizer
				return true
			}
			return busy-silent > buffers/2 && ctest.Heap()-silent < buffers/4
		})
	})
}

// What closes while it is busy is no more touched than any SSL that is freed.
func TestBusyEnds(t *testing.T) {
	client, server := configs(nil)
	c, s := mustConnect(t, client, server)
	bounce(t, c, s, func() bool { return !releases(c) })
	c.Close()
	s.Close()
	time.Sleep(silence)
}

// valve lets so many bytes through, and more when it is opened.
type valve struct {
	net.Conn
	left int
	open chan struct{}
}

func (v *valve) Write(b []byte) (int, error) {
	n, err := v.Conn.Write(b[:min(len(b), v.left)])
	v.left -= n
	if err != nil || n == len(b) {
		return n, err
	}
	<-v.open
	m, err := v.Conn.Write(b[n:])
	return n + m, err
}

// Buffers with a part of a record in them, or with bytes that were not read, stay when the connection falls silent.
func TestBusyWithinRecord(t *testing.T) {
	for _, part := range []int{3, 5, 100, 2000} { // the header is 5 bytes
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
				v := &valve{left: 1 << 30, open: make(chan struct{})}
				c, s := over(t, client, server, func(conn net.Conn) net.Conn { v.Conn = conn; return v })
				bounce(t, c, s, func() bool { return !releases(c) && !releases(s) })
				message, got := bytes.Repeat([]byte("0123456789"), 400), make([]byte, 4000)
				v.left = part
				sent := make(chan error)
				go func() { sent <- second(c.Write(message)) }()
				time.AfterFunc(silence, func() { close(v.open) })
				if _, err := io.ReadFull(s, got[:10]); err != nil {
					t.Fatal(err)
				}
				time.Sleep(silence)
				if _, err := io.ReadFull(s, got[10:]); err != nil || !bytes.Equal(got, message) {
					t.Errorf("%v, equal %v", err, bytes.Equal(got, message))
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
