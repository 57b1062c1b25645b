package handle

import (
	"sync"
	"sync/atomic"
)

var kinds kindList

// kindList is filled while packages initialise and read by Live.
type kindList struct {
	mu   sync.Mutex
	live map[string]*atomic.Int64
}

func (l *kindList) add(name string, n *atomic.Int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live == nil {
		l.live = make(map[string]*atomic.Int64)
	}
	l.live[name] = n
}

// Live returns the number of counted handles that are alive, by kind. Handles that are unreachable but not yet collected count.
func Live() map[string]int64 {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	m := make(map[string]int64, len(kinds.live))
	for name, n := range kinds.live {
		m[name] = n.Load()
	}
	return m
}
