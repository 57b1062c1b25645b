package tlsnet

import (
	"container/list"
	"sync"
)

// SessionCache keeps the sessions of clients. Any goroutine may use it. A key says which peer a session was verified for, and is printable.
type SessionCache interface {
	// Get returns the session of a key. One that is for a single use is taken out of the cache.
	Get(key string) (session *Session, ok bool)

	// Put adds a session. nil removes all that the key has.
	Put(key string, session *Session)
}

// NoSessions is a cache that keeps nothing.
var NoSessions SessionCache = noSessions{}

type noSessions struct{}

func (noSessions) Get(string) (*Session, bool) { return nil, false }
func (noSessions) Put(string, *Session)        {}

// What a cache holds unless told otherwise, and how many sessions for a single use it keeps of a key.
const (
	defaultCapacity = 64
	ticketsOfKey    = 4
)

// lruCache forgets the key that was not used for longest.
type lruCache struct {
	mu       sync.Mutex
	capacity int
	keys     map[string]*list.Element // of entries
	order    *list.List               // used last first
}

type lruEntry struct {
	key      string
	sessions []*Session // the newest last
}

// NewLRUCache returns a cache for so many keys, 64 if capacity is less than 1, which forgets the key that was not used for longest. It keeps the newest
// session of a key, and of TLS 1.3, where each is for one connection, the newest four.
func NewLRUCache(capacity int) SessionCache {
	if capacity < 1 {
		capacity = defaultCapacity
	}
	return &lruCache{capacity: capacity, keys: make(map[string]*list.Element), order: list.New()}
}

func (c *lruCache) Get(key string) (*Session, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.keys[key]
	if e == nil {
		return nil, false
	}
	c.order.MoveToFront(e)
	entry := e.Value.(*lruEntry)
	last := len(entry.sessions) - 1
	session := entry.sessions[last]
	if session.SingleUse() {
		entry.sessions[last] = nil
		if entry.sessions = entry.sessions[:last]; last == 0 {
			c.remove(e)
		}
	}
	return session, true
}

func (c *lruCache) Put(key string, session *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.keys[key]
	switch {
	case session == nil:
		if e != nil {
			c.remove(e)
		}
		return
	case e == nil:
		if c.order.Len() >= c.capacity {
			c.remove(c.order.Back())
		}
		e = c.order.PushFront(&lruEntry{key: key})
		c.keys[key] = e
	default:
		c.order.MoveToFront(e)
	}
	entry := e.Value.(*lruEntry)
	if !session.SingleUse() || len(entry.sessions) > 0 && !entry.sessions[0].SingleUse() {
		entry.sessions = nil
	}
	if entry.sessions = append(entry.sessions, session); len(entry.sessions) > ticketsOfKey {
		entry.sessions = entry.sessions[1:]
	}
}

func (c *lruCache) remove(e *list.Element) {
	c.order.Remove(e)
	delete(c.keys, e.Value.(*lruEntry).key)
}
