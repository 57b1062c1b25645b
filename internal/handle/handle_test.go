package handle

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// object stands for a C object: it knows how often it was freed, and who uses it.
type object struct {
	users, freed, collected atomic.Int32
}

var testKind = NewKind("test",
	func(o *object) { o.freed.Add(1) },
	func(o *object) { o.freed.Add(1); o.collected.Add(1) })

type owner struct {
	ref Ref[*object]
	_   [64]byte // large enough not to share the tiny allocator's block, which would keep it from being collected
}

func newOwner(o *object) *owner {
	w := new(owner)
	Own(w, &w.ref, testKind, o, nil)
	return w
}

func wantLive(t *testing.T, n int64) {
	t.Helper()
	if live := Live()["test"]; live != n {
		t.Errorf("%d handles alive, want %d", live, n)
	}
}

func TestCloseFreesOnce(t *testing.T) {
	o := new(object)
	w := newOwner(o)
	wantLive(t, 1)
	w.ref.Close()
	w.ref.Close()
	if _, ok := w.ref.Acquire(); ok {
		t.Error("Acquire after Close succeeded")
	}
	w.ref.Close()
	if n := o.freed.Load(); n != 1 {
		t.Errorf("freed %d times", n)
	}
	wantLive(t, 0)
}

func TestCloseLetsCallsEnd(t *testing.T) {
	o := new(object)
	w := newOwner(o)
	p, ok := w.ref.Acquire()
	if !ok || p != o {
		t.Fatal("Acquire failed")
	}
	w.ref.Close()
	if o.freed.Load() != 0 {
		t.Fatal("freed during a call")
	}
	if _, ok := w.ref.Acquire(); ok {
		t.Error("Acquire after Close succeeded")
	}
	w.ref.Release()
	if o.freed.Load() != 1 {
		t.Error("not freed by the last call")
	}
}

func TestZeroRef(t *testing.T) {
	var r Ref[*object]
	if _, ok := r.Acquire(); ok {
		t.Error("Acquire of a zero Ref succeeded")
	}
	r.Close()
}

func TestCollected(t *testing.T) {
	o := new(object)
	newOwner(o)
	for range 100 {
		runtime.GC()
		if o.freed.Load() == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if o.freed.Load() != 1 || o.collected.Load() != 1 {
		t.Fatalf("freed %d, collected %d", o.freed.Load(), o.collected.Load())
	}
	wantLive(t, 0)
}

func TestClosedIsNotCollected(t *testing.T) {
	o := new(object)
	newOwner(o).ref.Close()
	for range 5 {
		runtime.GC()
	}
	if o.freed.Load() != 1 || o.collected.Load() != 0 {
		t.Errorf("freed %d, collected %d", o.freed.Load(), o.collected.Load())
	}
}

// A call in flight keeps its owner: Release touches it.
func TestCallKeepsOwner(t *testing.T) {
	o := new(object)
	w := newOwner(o)
	w.ref.Acquire()
	for range 5 {
		runtime.GC()
	}
	if o.freed.Load() != 0 {
		t.Error("collected during a call")
	}
	w.ref.Release()
	w.ref.Close()
}

func TestExpireWaitsForCalls(t *testing.T) {
	var w owner
	w.ref.Lend(new(object), nil)
	w.ref.Acquire()
	var left atomic.Bool
	go func() {
		time.Sleep(10 * time.Millisecond)
		left.Store(true)
		w.ref.Release()
	}()
	w.ref.Expire()
	if !left.Load() {
		t.Error("Expire returned during a call")
	}
	if _, ok := w.ref.Acquire(); ok {
		t.Error("Acquire after Expire succeeded")
	}
}

// TestInterleavings lets goroutines use, close and forget handles at random: a use never meets a freed object, and each is freed once.
func TestInterleavings(t *testing.T) {
	rounds := 20000
	if testing.Short() {
		rounds = 2000
	}
	for round := range rounds {
		o := new(object)
		w := newOwner(o)
		var wg sync.WaitGroup
		for g := range 4 {
			rng := rand.New(rand.NewPCG(uint64(round), uint64(g)))
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 1 + rng.IntN(4) {
					if rng.IntN(4) == 0 {
						w.ref.Close()
						continue
					}
					p, ok := w.ref.Acquire()
					if !ok {
						continue
					}
					p.users.Add(1)
					if p.freed.Load() != 0 {
						t.Error("use after free")
					}
					if rng.IntN(2) == 0 {
						runtime.Gosched()
					}
					p.users.Add(-1)
					w.ref.Release()
				}
			}()
		}
		wg.Wait()
		w.ref.Close()
		if o.freed.Load() != 1 || o.users.Load() != 0 {
			t.Fatalf("round %d: freed %d times, %d users", round, o.freed.Load(), o.users.Load())
		}
	}
	wantLive(t, 0)
}

// What a Keeper holds lives as long as the last Ref that keeps it, and no longer than until that is closed.
func TestKeeper(t *testing.T) {
	a, b := new(owner), new(owner)
	held := newOwner(new(object))
	o, _ := held.ref.Acquire()
	held.ref.Release()
	keep := new(Keeper)
	Own(a, &a.ref, testKind, new(object), keep)
	Own(b, &b.ref, testKind, new(object), keep)
	if !keep.Hold(func() any { return held }) || keep.Hold(func() any { t.Error("called"); return nil }) {
		t.Fatal("Hold")
	}
	held, keep = nil, nil
	a.ref.Close()
	for range 5 {
		runtime.GC()
	}
	if o.freed.Load() != 0 {
		t.Fatal("collected while a Ref keeps it")
	}
	b.ref.Close()
	for range 100 {
		runtime.GC()
		if o.freed.Load() == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if o.collected.Load() != 1 {
		t.Error("not collected")
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
}

func TestRegistry(t *testing.T) {
	var r Registry[string]
	a, b := r.Add("a"), r.Add("b")
	if a == 0 || a == b {
		t.Fatalf("ids %d, %d", a, b)
	}
	if v, ok := r.Get(a); !ok || v != "a" {
		t.Errorf("Get = %q, %v", v, ok)
	}
	if v, ok := r.Remove(a); !ok || v != "a" {
		t.Errorf("Remove = %q, %v", v, ok)
	}
	if _, ok := r.Get(a); ok {
		t.Error("Get after Remove")
	}
	if _, ok := r.Remove(a); ok {
		t.Error("removed twice")
	}
	if c := r.Add("c"); c == a || c == b {
		t.Errorf("id %d was used again", c)
	}
	if r.Len() != 2 {
		t.Errorf("Len = %d", r.Len())
	}
}

// TestParking is a lock made of a word and a Parking, as an SSL's owner is: no wake-up may be lost.
func TestParking(t *testing.T) {
	const waited = 2
	var p Parking
	var word, inside atomic.Int32
	lock := func() {
		for !word.CompareAndSwap(0, 1) {
			wait := p.Park(7, func() bool {
				for {
					w := word.Load()
					if w == 0 {
						return false
					}
					if word.CompareAndSwap(w, w|waited) {
						return true
					}
				}
			})
			if wait != nil {
				<-wait
			}
		}
	}
	unlock := func() {
		if word.Swap(0)&waited != 0 {
			p.Wake(7)
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 2000 {
				lock()
				if inside.Add(1) != 1 {
					t.Error("two inside")
				}
				runtime.Gosched()
				inside.Add(-1)
				unlock()
			}
		}()
	}
	wg.Wait()
	if len(p.waiters) != 0 {
		t.Errorf("%d keys left", len(p.waiters))
	}
}
