package main

import (
	"encoding/binary"
	"errors"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

const cached = 100_000

// cache is an SSL_CTX and as many sessions as it shall hold.
type cache struct {
	ctx      *libssl.Ctx
	ssl      *libssl.SSL // looks them up
	sessions []*libssl.Session
	ids      [][32]byte
	raw      struct {
		ctx, ssl unsafe.Pointer
		sessions []unsafe.Pointer
	}
}

func newCache() (*cache, error) {
	c := &cache{}
	var err error
	if c.ctx, err = libssl.NewCtx(libssl.TLSServerMethod()); err != nil {
		return nil, err
	}
	c.ctx.SessSetCacheSize(0)
	if c.ssl, err = libssl.NewSSL(c.ctx); err != nil {
		return nil, err
	}
	c.ctx.With(func(p unsafe.Pointer) { c.raw.ctx = p })
	c.ssl.With(func(p unsafe.Pointer) { c.raw.ssl = p })
	for i := range uint32(cached) {
		s, err := libssl.NewSession()
		if err != nil {
			return nil, err
		}
		var id [32]byte
		binary.LittleEndian.PutUint32(id[:], i*2654435761) // libssl's hash is the first four bytes, which are random in life
		if err := errors.Join(s.SetProtocolVersion(c.ssl.Version()), s.SetID(id[:])); err != nil {
			return nil, err
		}
		s.With(func(p unsafe.Pointer) { c.raw.sessions = append(c.raw.sessions, p) })
		c.sessions, c.ids = append(c.sessions, s), append(c.ids, id)
	}
	return c, nil
}

// cacheGoals compares a cache of many sessions with one that bare cgo calls fill. Each loop leaves it full.
func cacheGoals() ([]goal, error) {
	ours, err := newCache()
	if err != nil {
		return nil, err
	}
	base, err := newCache()
	if err != nil {
		return nil, err
	}
	refill := func(n int) {
		for range n {
			check(ours.ctx.FlushSessions(time.Time{}))
			for _, s := range ours.sessions {
				if _, err := ours.ctx.AddSession(s); err != nil {
					panic(err)
				}
			}
		}
	}
	baseRefill := func(n int) {
		for range n {
			ctest.FlushSessions(base.raw.ctx)
			for _, s := range base.raw.sessions {
				ctest.AddSession(base.raw.ctx, s)
			}
		}
	}
	find := func(has func(id []byte) bool, ids [][32]byte) loop {
		return func(n int) {
			for range n {
				for i := range ids {
					if !has(ids[i][:]) {
						panic("bench-core: a session is not in the cache")
					}
				}
			}
		}
	}
	refill(1)
	baseRefill(1)
	return []goal{
		{"flush and add 100,000 / C by cgo calls", refill, []loop{baseRefill}, 1.2, -1},
		{
			"look 100,000 up / C by cgo calls", find(ours.ssl.HasMatchingSessionID, ours.ids),
			[]loop{find(func(id []byte) bool { return ctest.HasSession(base.raw.ssl, id) }, base.ids)},
			1.2, -1,
		},
	}, nil
}
