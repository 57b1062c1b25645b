package tlsnet_test

import (
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
	"github.com/seed-c1436005/libssl/tlsnet"
)

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
			time.Sleep(time.Millisecond) // SSL_free_buffers comes after that
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
}
