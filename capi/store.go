package main

import (
	"container/list"
	"sync"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/handle"
)

// A store keeps sessions by key, and drops the one that was not used for longest when there are too many.
type store struct {
	max int

	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of *entry, the last used first
}

type entry struct {
	key     string
	session *libssl.Session
}

// stores gives C the numbers of stores.
var stores handle.Registry[*store]

func newStore(most int) *store { return &store{max: most, byKey: map[string]*list.Element{}} }

// put takes over session, which may be nil. Sessions are freed outside of the lock: C may have a function that is called then.
func (s *store) put(key string, session *libssl.Session) {
	s.mu.Lock()
	old := s.unlink(s.byKey[key])
	var evicted *libssl.Session
	if session != nil {
		s.byKey[key] = s.order.PushFront(&entry{key, session})
		if s.order.Len() > s.max {
			evicted = s.unlink(s.order.Back())
		}
	}
	s.mu.Unlock()
	old.Free()
	evicted.Free()
}

// unlink removes an entry, which may be nil, and returns its session. The lock is held.
func (s *store) unlink(e *list.Element) *libssl.Session {
	if e == nil {
		return nil
	}
	x := s.order.Remove(e).(*entry)
	delete(s.byKey, x.key)
	return x.session
}

// lookup returns the store's own handle of a session that can be resumed, or nil. It may be freed at any time.
func (s *store) lookup(key string) *libssl.Session {
	s.mu.Lock()
	e := s.byKey[key]
	if e == nil {
		s.mu.Unlock()
		return nil
	}
	session := e.Value.(*entry).session
	if session.IsResumable() {
		s.order.MoveToFront(e)
		s.mu.Unlock()
		return session
	}
	s.unlink(e)
	s.mu.Unlock()
	session.Free()
	return nil
}

// offer returns the session that a client is to use, which the caller frees. A TLS 1.3 session is not in the store any more.
func (s *store) offer(key string) *libssl.Session {
	session := s.lookup(key)
	if session.ProtocolVersion() != libssl.VersionTLS13 {
		return session.UpRef()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[key]; e != nil && e.Value.(*entry).session == session { // another thread may have taken it
		return s.unlink(e)
	}
	return nil
}

// entries returns what is there now, with the store's own handles.
func (s *store) entries() (all []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.order.Front(); e != nil; e = e.Next() {
		all = append(all, *e.Value.(*entry))
	}
	return all
}

// free empties the store. What is put into it from now on is freed.
func (s *store) free() {
	s.mu.Lock()
	s.max = 0
	s.mu.Unlock()
	for _, e := range s.entries() {
		s.put(e.key, nil)
	}
}
