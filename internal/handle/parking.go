package handle

import (
	"slices"
	"sync"
)

// Parking is where goroutines wait for a C object that another thread uses. The object's state lives in C; here are only the waiters,
// by the object's key. The zero Parking is ready for use.
type Parking struct {
	mu      sync.Mutex
	waiters map[uintptr][]chan struct{}
}

// Park returns a channel that the next Wake of key closes. busy is called with the Parking locked: it marks the object as waited for and
// reports whether it is still in use; if it is not, Park returns nil. A Wake that follows such a mark finds the waiter.
func (p *Parking) Park(key uintptr, busy func() bool) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !busy() {
		return nil
	}
	if p.waiters == nil {
		p.waiters = make(map[uintptr][]chan struct{})
	}
	c := make(chan struct{})
	p.waiters[key] = append(p.waiters[key], c)
	return c
}

// Leave ends a wait that nobody woke.
func (p *Parking) Leave(key uintptr, c <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := slices.DeleteFunc(p.waiters[key], func(w chan struct{}) bool { return w == c })
	if p.waiters[key] = left; len(left) == 0 {
		delete(p.waiters, key)
	}
}

// Wake lets all who wait for key try again.
func (p *Parking) Wake(key uintptr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.waiters[key] {
		close(c)
	}
	delete(p.waiters, key)
}

// Waiters returns how many are waiting.
func (p *Parking) Waiters() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.waiters {
		n += len(w)
	}
	return n
}
