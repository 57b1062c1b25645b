// Package handle gives Go owners to counted C objects.
//
// It is pure Go: what a reference is and how it is dropped comes from the Kind.
package handle

import (
	"runtime"
	"sync/atomic"
)

// The two top bits of Ref.word; the bits below count the calls in flight.
const (
	closed  = 1 << 63
	dropped = 1 << 62
)

// Kind says how the references of one C type are dropped, and counts those that are alive.
type Kind[P comparable] struct {
	name    string
	free    func(P)
	collect func(P)
	live    atomic.Int64
}

// NewKind describes a C type. free drops a reference on an explicit Close, collect drops one whose owner was collected.
func NewKind[P comparable](name string, free, collect func(P)) *Kind[P] {
	k := &Kind[P]{name: name, free: free}
	k.collect = func(p P) {
		k.live.Add(-1)
		collect(p)
	}
	kinds.add(name, &k.live)
	return k
}

// Ref is one counted reference to a C object, or a loan of one. It stands by value in its owner, which may not be copied.
//
// The C reference is dropped by the last of Close and the Releases of calls in flight, or after the owner became unreachable.
// Acquire and Release touch the owner, so that a call in flight keeps it reachable.
type Ref[P comparable] struct {
	word    atomic.Uint64
	ptr     P
	kind    *Kind[P] // nil for a loan
	keep    *Keeper
	cleanup runtime.Cleanup
}

// Own makes r, a field of owner, the owner of one reference to p. keep may be nil.
func Own[O any, P comparable](owner *O, r *Ref[P], kind *Kind[P], p P, keep *Keeper) {
	r.OwnUntilClose(kind, p, keep)
	if tracking.tracker.Load() != nil {
		at := address(r)
		r.cleanup = runtime.AddCleanup(owner, kind.collectTracked, tracked[P]{p, at, begin(kind.name, at)})
		return
	}
	r.cleanup = runtime.AddCleanup(owner, kind.collect, p)
}

func (k *Kind[P]) collectTracked(t tracked[P]) {
	end(k.name, t.address, t.id)
	k.collect(t.p)
}

// OwnUntilClose is Own without the backstop, for an owner whose Close is certain.
func (r *Ref[P]) OwnUntilClose(kind *Kind[P], p P, keep *Keeper) {
	r.ptr, r.kind, r.keep = p, kind, keep
	kind.live.Add(1)
}

// Lend makes r a loan of p: Close invalidates it and drops nothing.
func (r *Ref[P]) Lend(p P, keep *Keeper) { r.ptr, r.keep = p, keep }

// Keeper returns what r keeps reachable. It is called between Acquire and Release.
func (r *Ref[P]) Keeper() *Keeper { return r.keep }

// Acquire returns the pointer for the length of a call, which Release ends. It reports false after Close, and for the zero Ref.
func (r *Ref[P]) Acquire() (P, bool) {
	var none P
	if r.ptr == none || r.word.Add(1)&closed != 0 {
		return none, r.late()
	}
	return r.ptr, true
}

// late undoes an Acquire that failed. It is apart so that Acquire can be inlined, as drop is for Release.
//
//go:noinline
func (r *Ref[P]) late() bool {
	var none P
	if r.ptr != none {
		r.Release()
	}
	return false
}

// Release ends a call.
func (r *Ref[P]) Release() {
	if r.word.Add(^uint64(0)) == closed {
		r.drop()
	}
}

// Close invalidates r. The reference is dropped now, or by the last call in flight. Further Closes do nothing.
func (r *Ref[P]) Close() {
	for {
		w := r.word.Load()
		if w&closed != 0 {
			return
		}
		if w == 0 { // one atomic instead of two
			if r.word.CompareAndSwap(0, closed|dropped) {
				r.free()
				return
			}
		} else if r.word.CompareAndSwap(w, w|closed) {
			return
		}
	}
}

// Expire closes a loan and waits until no call uses it any more. Only for loans whose calls by others end at once.
func (r *Ref[P]) Expire() {
	r.Close()
	for r.word.Load() != closed|dropped {
		runtime.Gosched()
	}
}

// drop is called whenever the word becomes closed. A refused Acquire can make that happen again: the bit lets one through.
//
//go:noinline
func (r *Ref[P]) drop() {
	if r.word.CompareAndSwap(closed, closed|dropped) {
		r.free()
	}
}

// free is called once, by the one who set dropped.
func (r *Ref[P]) free() {
	r.keep = nil
	if r.kind == nil {
		return
	}
	r.cleanup.Stop()
	if tracking.tracker.Load() != nil {
		end(r.kind.name, address(r), 0)
	}
	r.kind.live.Add(-1)
	r.kind.free(r.ptr)
}
