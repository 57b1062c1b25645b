package openssl

import "sync"

// Reading reports whether a goroutine is in Read.
func (c *Conn) Reading() bool { return locked(&c.reading) }

// Awaiting reports whether a goroutine is in GetSession.
func (c *Conn) Awaiting() bool { return locked(&c.awaiting) }

func locked(mu *sync.Mutex) bool {
	if mu.TryLock() {
		mu.Unlock()
		return false
	}
	return true
}
