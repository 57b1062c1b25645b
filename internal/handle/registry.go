package handle

import "sync"

// Registry gives out integer ids for Go values that C must be able to name. C keeps the id, never a Go pointer.
// Ids start at 1 and are never used again. The zero Registry is ready for use.
type Registry[T any] struct {
	mu   sync.RWMutex
	last uintptr
	m    map[uintptr]T
}

// Add stores v and returns its id.
func (r *Registry[T]) Add(v T) uintptr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = make(map[uintptr]T)
	}
	r.last++
	r.m[r.last] = v
	return r.last
}

// Get returns the value of an id, if it is alive.
func (r *Registry[T]) Get(id uintptr) (T, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	v, ok := r.m[id]
	return v, ok
}

// Remove forgets an id and returns its value.
func (r *Registry[T]) Remove(id uintptr) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.m[id]
	delete(r.m, id)
	return v, ok
}

// Len returns the number of ids that are alive.
func (r *Registry[T]) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.m)
}
