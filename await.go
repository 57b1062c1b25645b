package libssl

// #include "cgo.h"
import "C"

import (
	"context"
	"errors"

	"github.com/seed-c1436005/libssl/internal/handle"
)

// arrivals is where goroutines wait for new sessions of an SSL.
var arrivals handle.Parking

var (
	errMode      = errors.New("libssl: the cache mode keeps new sessions quiet: SetSessionCacheMode with SessCacheClient")
	errOther     = errors.New("libssl: C has a new-session callback of its own on this Ctx")
	errHandshake = errors.New("libssl: this is no client after its handshake")
)

// AwaitSession returns a session that can be resumed, for the caller to free, of a client whose handshake is done. In TLS 1.2 the session is there by
// then. In TLS 1.3 it comes with a ticket: AwaitSession waits while another goroutine reads from s, since tickets come in between data. It ends with
// ctx's error if none has come by then: not every server sends tickets.
//
// The Ctx's cache mode must have [SessCacheClient].
func (s *SSL) AwaitSession(ctx context.Context) (*Session, error) {
	const fn = "SSL_get1_session"
	refused := func(why error) (*Session, error) { return nil, ErrorStack{Func: fn, Refused: why} }
	p, ok := s.acquire()
	if !ok {
		return refused(ErrFreed)
	}
	defer s.ref.Release()
	if !s.IsInitFinished() || s.IsServer() {
		return refused(errHandshake)
	}
	cp := C.gossl_ssl_session_ctx(p)
	switch C.gossl_ctx_hear_new(cp) {
	case C.GOSSL_HEAR_MODE:
		return refused(errMode)
	case C.GOSSL_HEAR_OTHER:
		return refused(errOther)
	}
	stateOf(cp).awaited.Store(true)
	for {
		arrival := arrivals.Park(key(p), func() bool { return true })
		sess := s.Session()
		if sess.IsResumable() {
			arrivals.Leave(key(p), arrival)
			return sess, nil
		}
		sess.Free()
		select {
		case <-arrival:
		case <-ctx.Done():
			arrivals.Leave(key(p), arrival)
			return refused(context.Cause(ctx))
		}
	}
}
