package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// together runs f n times at once and waits.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	done.Add(n)
	for i := range n {
		go func() {
			defer done.Done()
			ready.Done()
			ready.Wait()
			f(i)
		}()
	}
	done.Wait()
}

// waiting returns how many goroutines wait for an SSL.
func waiting() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "(*SSL).await(")
}

// Every Free may come before, beside or after every SetSession; the counts must come out right.
func TestFreeBesideSetSession(t *testing.T) {
	ctx := clientCtx(t, 0)
	const rounds = 1000
	var set, late atomic.Int64
	for range rounds {
		ssl, err := libssl.NewSSL(ctx)
		must(t, err)
		keep := ssl.UpRef()
		a, b := withID(t, 1), withID(t, 2)
		keepA, keepB := a.UpRef(), b.UpRef()
		together(8, func(i int) {
			for j := range 4 {
				switch sess := []*libssl.Session{a, b, nil}[(i+j)%3]; {
				case i == 6 && j == 2:
					a.Free()
				case i == 7 && j == 2:
					ssl.Free()
				case i == 7 && j == 3:
					ssl.Free()
					b.Free()
				case ssl.SetSession(sess) == 1:
					set.Add(1)
				case errors.Is(ssl.LastErrors(), libssl.ErrFreed):
					late.Add(1)
				default:
					t.Error(ssl.LastErrors())
				}
			}
		})
		wantRefs(t, keep, 1)
		if keep.SetSession(nil) != 1 {
			t.Error(keep.LastErrors())
		}
		wantRefs(t, keepA, 1)
		wantRefs(t, keepB, 1)
		keep.Free()
		keepA.Free()
		keepB.Free()
		if t.Failed() {
			return
		}
	}
	if n := set.Load() + late.Load(); n != rounds*(8*4-3) || set.Load() == 0 || late.Load() == 0 {
		t.Errorf("%d set, %d too late", set.Load(), late.Load())
	}
	wantRefs(t, ctx, 1)
}

// Handles that nobody holds but the call itself.
func TestCollectorBesideSetSession(t *testing.T) {
	ctx := clientCtx(t, 0)
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	keep := withID(t, 1)
	ssl := newSSL(t, ctx)
	for i := range 2000 {
		temporary, err := libssl.NewSSL(ctx)
		must(t, err)
		if temporary.SetSession(keep.UpRef()) != 1 || ssl.SetSession(forgettableSession(t, byte(i))) != 1 {
			t.Fatal(temporary.LastErrors(), ssl.LastErrors())
		}
	}
	close(stop)
	<-stopped
	eventually(t, "all are collected", func() bool { return refs(t, keep) == 1 })
	last := ssl.Session()
	defer last.Free()
	if id := last.ID(); !bytes.Equal(id, []byte{1999 & 0xff, 1, 2, 3}) {
		t.Errorf("the last session is %x", id)
	}
}

// One goroutine at a time is in C, and no call is lost.
func TestOneSSLForManyGoroutines(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	c, s := connected(t, client, server)
	handles := []*libssl.SSL{c, c.UpRef()}
	defer handles[1].Free()
	const goroutines, messages = 8, 200
	var inside, most, held atomic.Int32
	mustEnd(t, "the goroutines", func() {
		together(goroutines, func(i int) {
			for j := range messages {
				h := handles[(i+j)%2]
				if m := fmt.Appendf(nil, "%d:%03d;", i, j); h.Write(m) != len(m) {
					t.Error(h.LastErrors())
				}
				h.With(func(unsafe.Pointer) {
					most.Store(max(most.Load(), inside.Add(1)))
					runtime.Gosched()
					held.Add(1)
					inside.Add(-1)
				})
			}
		})
	})
	if most.Load() != 1 || held.Load() != goroutines*messages {
		t.Errorf("%d inside With at once, %d in all", most.Load(), held.Load())
	}
	move(c, s)
	var got []byte
	buf := make([]byte, 1<<14)
	for n := s.Read(buf); n > 0; n = s.Read(buf) {
		got = append(got, buf[:n]...)
	}
	for i := range goroutines {
		at := 0
		for j := range messages { // in the order of the goroutine that sent them
			k := bytes.Index(got[at:], fmt.Appendf(nil, "%d:%03d;", i, j))
			if k < 0 {
				t.Fatalf("message %d of goroutine %d is lost or early", j, i)
			}
			at += k
		}
	}
	if len(got) != goroutines*messages*6 {
		t.Errorf("%d bytes", len(got))
	}
}

// Those that had to wait are woken, however they wait.
func TestWaitersAreWoken(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl, other := newSSL(t, ctx), newSSL(t, ctx)
	sess := withID(t, 1)
	handle := ssl.UpRef()
	defer handle.Free()
	calls := []func() bool{
		func() bool { return ssl.SetSession(sess) == 1 },
		func() bool { return handle.SetSession(sess) == 1 },
		func() bool { return ssl.With(func(unsafe.Pointer) {}) },
		func() bool { return other.CopySessionID(handle) == 1 },
		func() bool { return ssl.CopySessionID(other) == 1 },
		func() bool { return ssl.Write([]byte("x")) == -1 },
		func() bool { return handle.SetSSLCtx(ctx) == 1 },
		func() bool { return ssl.Version() != 0 },
		func() bool { // Free does not wait, and those that wait notice
			freed := ssl.UpRef()
			freed.Free()
			return freed.SetSession(sess) == 0 && errors.Is(freed.LastErrors(), libssl.ErrFreed)
		},
	}
	for range 20 {
		var done sync.WaitGroup
		before := other.LastErrors()
		ssl.With(func(unsafe.Pointer) {
			for i, call := range calls {
				done.Add(1)
				go func() {
					defer done.Done()
					if !call() {
						t.Errorf("call %d: %v", i, ssl.LastErrors())
					}
				}()
			}
			eventually(t, "all but the last wait", func() bool { return waiting() == len(calls)-1 })
		})
		mustEnd(t, "a call", done.Wait)
		if after := other.LastErrors(); after.Func != before.Func {
			t.Fatalf("CopySessionID, which waited and succeeded, leaves %v", after)
		}
	}
}

// Two that copy from one another do not wait for one another.
func TestCrossedCopies(t *testing.T) {
	ctx := clientCtx(t, 0)
	a, b := newSSL(t, ctx), newSSL(t, ctx)
	a.SetSession(withID(t, 1))
	mustEnd(t, "a copy", func() {
		together(4, func(i int) {
			to, from := a, b
			if i%2 == 1 {
				to, from = b, a
			}
			for range 500 {
				if to.CopySessionID(from) != 1 {
					t.Error(to.LastErrors())
				}
			}
		})
	})
}

// A callback that waits for a goroutine that wants its SSL would wait for ever.
func TestStuck(t *testing.T) {
	defer libssl.SetStuckAfter(50 * time.Millisecond)()
	for name, call := range map[string]func(ssl *libssl.SSL) (failed bool, why error){
		"Read": func(ssl *libssl.SSL) (bool, error) { return ssl.Read(make([]byte, 1)) == -1, ssl.LastErrors() },
		"With": func(ssl *libssl.SSL) (bool, error) {
			return !ssl.With(func(unsafe.Pointer) {}), ssl.LastErrors()
		},
		"CopySessionID": func(ssl *libssl.SSL) (bool, error) {
			to := newSSL(t, clientCtx(t, 0))
			return to.CopySessionID(ssl) == 0, to.LastErrors()
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
			c, s := pair(t, client, server)
			var failed bool
			var why error
			client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					failed, why = call(c)
				}()
				<-done
			})
			mustEnd(t, "the callback", func() { finish(t, c, s) })
			if !failed || !errors.Is(why, libssl.ErrStuck) {
				t.Errorf("%v, %v", failed, why)
			}
			if c.Write([]byte("x")) != 1 { // C noticed nothing
				t.Error(c.LastErrors())
			}
		})
	}
}

// Whoever is inside libssl, or With, for long is in no callback that waits for them: others go on waiting.
func TestLongUseIsNotStuck(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	ssl := newSSL(t, client)
	defer libssl.SetStuckAfter(time.Millisecond)()
	set := make(chan int)
	ssl.With(func(unsafe.Pointer) {
		go func() { set <- ssl.SetSession(nil) }()
		eventually(t, "the goroutine waits", func() bool { return waiting() == 1 })
		for range 3 { // one that is stuck is the clock: it gives up as soon as the other could
			c, s := pair(t, client, server)
			var last error
			client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					c.Read(make([]byte, 1))
					last = c.LastErrors()
				}()
				<-done
			})
			finish(t, c, s)
			client.SessSetNewCB(nil)
			if !errors.Is(last, libssl.ErrStuck) {
				t.Error(last)
			}
		}
	})
	if n := <-set; n != 1 {
		t.Error(n, ssl.LastErrors())
	}
}

// A goroutine that uses a callback's argument when the callback ends neither holds it up nor gets in.
func TestArgumentInUseWhenCallbackEnds(t *testing.T) {
	other := newSSL(t, clientCtx(t, 0))
	for name, call := range map[string]func(ssl *libssl.SSL, ctx *libssl.Ctx) error{
		"SetSession": func(ssl *libssl.SSL, _ *libssl.Ctx) error { ssl.SetSession(nil); return ssl.LastErrors() },
		"With":       func(ssl *libssl.SSL, _ *libssl.Ctx) error { ssl.With(func(unsafe.Pointer) {}); return ssl.LastErrors() },
		"CopySessionID": func(ssl *libssl.SSL, _ *libssl.Ctx) error {
			to := other.UpRef()
			defer to.Free()
			to.CopySessionID(ssl)
			return to.LastErrors()
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
			c, s := pair(t, client, server)
			result := make(chan error, 1)
			client.SessSetNewCB(func(ssl *libssl.SSL, _ *libssl.Session) {
				go func() { result <- call(ssl, client) }()
				if !reached(func() bool { return waiting() == 1 }) {
					t.Error("the goroutine does not wait")
				}
			})
			mustEnd(t, "the handshake", func() { finish(t, c, s) })
			if err := <-result; !errors.Is(err, libssl.ErrFreed) {
				t.Error(err)
			}
		})
	}
}

// Free returns while another goroutine is in a read that blocks; the SSL lives until that ends, and the read works.
func TestFreeDuringBlockingRead(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(t, err)
	defer syscall.Close(fds[0])
	defer syscall.Close(fds[1])
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	inRead := make(chan struct{}, 2)
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { inRead <- struct{}{} })
	c, s := newSSL(t, client), newSSL(t, server)
	c.SetFD(fds[0])
	s.SetFD(fds[1])
	mustEnd(t, "the handshake", func() {
		together(2, func(i int) {
			if i == 0 && c.Connect() != 1 || i == 1 && s.Accept() != 1 {
				t.Error(c.LastErrors(), s.LastErrors())
			}
		})
	})
	buf := make([]byte, 10)
	read := make(chan int)
	go func() { read <- c.Read(buf) }()
	<-inRead // the first ticket; the second comes in the same call
	<-inRead
	mustEnd(t, "Free", c.Free)
	c.Free()
	if n := c.Read(buf); n != -1 || !errors.Is(c.LastErrors(), libssl.ErrFreed) {
		t.Errorf("a second read after Free: %d, %v", n, c.LastErrors())
	}
	wantRefs(t, client, 3) // the SSL lives
	select {
	case n := <-read:
		t.Fatalf("Free ended the read: %d", n)
	default:
	}
	if s.Write([]byte("hello")) != 5 {
		t.Error(s.LastErrors())
	}
	if n := <-read; n != 5 || string(buf[:n]) != "hello" {
		t.Errorf("the read that was under way: %d, %q", n, buf)
	}
	wantRefs(t, client, 1)
	if client.SessNumber() != 1 { // of the two tickets SSL_free removes the one that is current
		t.Errorf("%d sessions are cached", client.SessNumber())
	}
}

// Whoever comes second is refused: in two caches C would overwrite memory.
func TestAddToTwoCachesAtOnce(t *testing.T) {
	survives(t, func(t *testing.T) {
		ctxs := []*libssl.Ctx{clientCtx(t, 0), clientCtx(t, 0)}
		sessions := make([]*libssl.Session, 10000)
		for i := range sessions {
			sessions[i] = forgettableSession(t, 1)
			must(t, sessions[i].SetID([]byte{byte(i), byte(i >> 8)}))
		}
		var added, refused [2]int
		var arrived atomic.Int64
		together(2, func(g int) {
			for i, sess := range sessions {
				for arrived.Add(1); arrived.Load() < 2*int64(i+1); { // spinning, as waking takes longer than the call
					runtime.Gosched()
				}
				switch n, err := ctxs[g].AddSession(sess); {
				case n == 1:
					added[g]++
				case errors.Is(err, libssl.ErrOtherCtx):
					refused[g]++
				}
			}
		})
		if n := len(sessions); added[0]+added[1] != n || refused[0]+refused[1] != n {
			t.Errorf("%d of %d added, %d refused", added, n, refused)
		}
		for _, sess := range sessions {
			sess.Free()
		}
	})
}

// Two contexts on many goroutines, callbacks of both forms, and C's own threads: nothing is lost, nothing hangs.
func TestCacheOfManyGoroutines(t *testing.T) {
	ctx := clientCtx(t, 0)
	ctx.SessSetCacheSize(4)
	var exact, notified atomic.Int64
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { exact.Add(1) })
	ctx.SessSetRemoveNotify(func(*libssl.Session) { notified.Add(1) })
	const goroutines, rounds = 8, 200
	mustEnd(t, "the goroutines", func() {
		together(goroutines, func(i int) {
			for j := range rounds {
				sess := forgettableSession(t, byte(i))
				must(t, sess.SetID([]byte{byte(i), byte(j), 7}))
				if n, err := ctx.AddSession(sess); n != 1 || err != nil {
					t.Error(n, err)
				}
				if i == 0 && j%20 == 0 {
					ctx.With(func(p unsafe.Pointer) { ctest.CallOnThread(ctest.Flush, p, nil) })
				}
				sess.Free()
			}
		})
	})
	must(t, ctx.FlushSessions(time.Time{}))
	eventually(t, "every session is reported", func() bool {
		return exact.Load() == goroutines*rounds && notified.Load() == goroutines*rounds
	})
}
