package libssl

// #include "cgo.h"
import "C"

import (
	"cmp"
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
// ctx's error if none has come by then: not every server sends tickets. Free ends it too. A Read that blocks inside C, with a blocking socket, keeps s
// to itself: nobody hears of the ticket before that Read has returned.
//
// The Ctx's cache mode must have [SessCacheClient].
func (s *SSL) AwaitSession(ctx context.Context) (*Session, error) {
	refused := func(why error) (*Session, error) { return nil, ErrorStack{Func: "AwaitSession", Refused: why} }
	if s == nil {
		return refused(ErrFreed)
	}
	s.awaited.Store(true)
	var k uintptr
	var why error
	if err := s.holding(ctx, func(p *C.gossl_ssl) { k, why = key(p), s.hearNew(p) }); err != nil || why != nil {
		return refused(cmp.Or(err, why))
	}
	for {
		arrival := arrivals.Park(k, func() bool { return true })
		var sess *Session
		if err := s.holding(ctx, func(*C.gossl_ssl) { sess = s.Session() }); err != nil || sess.IsResumable() {
			arrivals.Leave(k, arrival)
			if err != nil {
				return refused(err)
			}
			return sess, nil
		}
		sess.Free()
		select {
		case <-arrival:
		case <-ctx.Done():
			arrivals.Leave(k, arrival)
			return refused(context.Cause(ctx))
		}
	}
}

// hearNew makes sure that new sessions wake who awaits them, and returns why they cannot.
func (s *SSL) hearNew(p *C.gossl_ssl) error {
	if !s.IsInitFinished() || s.IsServer() {
		return errHandshake
	}
	ctx := C.gossl_ssl_session_ctx(p)
	stateOf(ctx).awaited.Store(true) // first: from now on a SessSetNewCB(nil) leaves C's callback in place
	switch C.gossl_ctx_hear_new(ctx) {
	case C.GOSSL_HEAR_MODE:
		return errMode
	case C.GOSSL_HEAR_OTHER:
		return errOther
	}
	return nil
}
