package handle

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Tracker hears of each handle that begins and ends while it is set. Ids are never used again.
type Tracker interface {
	Born(kind string, id uint64)
	Died(kind string, id uint64)
}

// Track sets the tracker of handles that begin from now on. There is one, once set it stays; Track reports whether it is this one.
func Track(t Tracker) bool { return tracking.tracker.CompareAndSwap(nil, &t) }

// tracking finds the id of a handle by its address: a field would make every handle larger.
var tracking struct {
	tracker atomic.Pointer[Tracker]
	mu      sync.Mutex
	last    uint64
	ids     map[uintptr]uint64
}

// tracked is what the cleanup of a handle knows of it.
type tracked[P comparable] struct {
	p       P
	address uintptr
	id      uint64
}

func address[P comparable](r *Ref[P]) uintptr { return uintptr(unsafe.Pointer(r)) }

func begin(kind string, at uintptr) uint64 {
	tracking.mu.Lock()
	defer tracking.mu.Unlock()
	if tracking.ids == nil {
		tracking.ids = make(map[uintptr]uint64)
	}
	tracking.last++
	tracking.ids[at] = tracking.last
	(*tracking.tracker.Load()).Born(kind, tracking.last)
	return tracking.last
}

// end forgets the handle at an address, or, with an id, only if that is still there: the cleanup may come after another took the address.
func end(kind string, at uintptr, id uint64) {
	tracking.mu.Lock()
	defer tracking.mu.Unlock()
	present, ok := tracking.ids[at]
	if id == 0 {
		id = present
	}
	if ok && id == present {
		delete(tracking.ids, at)
	}
	if id != 0 {
		(*tracking.tracker.Load()).Died(kind, id)
	}
}
