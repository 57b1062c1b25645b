package handle

import (
	"sync"
	"sync/atomic"
)

// Registry gives out integer ids for Go values that C must be able to name. C keeps the id, never a Go pointer.
// Ids start at 1 and are never used again. The zero Registry is ready for use; callbacks of all threads look into it without a lock.
type Registry[T any] struct {
	last atomic.Uintptr
	m    sync.Map
}

// Add stores v and returns its id.
func (r *Registry[T]) Add(v T) uintptr {
	id := r.last.Add(1)
	r.m.Store(id, v)
	return id
}

// Get returns the value of an id, if it is alive.
func (r *Registry[T]) Get(id uintptr) (T, bool) {
	v, _ := r.m.Load(id)
	t, ok := v.(T)
	return t, ok
}

// Remove forgets an id and returns its value.
func (r *Registry[T]) Remove(id uintptr) (T, bool) {
	v, _ := r.m.LoadAndDelete(id)
	t, ok := v.(T)
	return t, ok
}

// Len returns the number of ids that are alive.
func (r *Registry[T]) Len() (n int) {
	r.m.Range(func(any, any) bool {
		n++
		return true
	})
	return n
}
