package main

import (
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// callbackGoals compares callbacks, fired by C, with a bare call of Go that makes the handles that they are given.
func callbackGoals(f *fixture) ([]goal, error) {
	ctx, err := libssl.NewCtx(libssl.TLSClientMethod())
	if err != nil {
		return nil, err
	}
	ssl, err := libssl.NewSSL(ctx)
	if err != nil {
		return nil, err
	}
	var fired int
	ssl.SetInfoCallback(func(*libssl.SSL, int, int) { fired++ })
	ctx.SessSetRemoveCB(func(*libssl.Ctx, *libssl.Session) { fired++ })
	var handles struct {
		ctx     *libssl.Ctx
		ssl     *libssl.SSL
		session *libssl.Session
	}
	fires := func(l loop) loop {
		return func(n int) {
			fired = 0
			l(n)
			if fired != n {
				panic("bench-core: a callback did not fire")
			}
		}
	}
	return []goal{
		{"info callback / C to Go + SSL", fires(func(n int) {
			ssl.With(func(p unsafe.Pointer) { ctest.LoopInfoCallback(p, n) })
		}), []loop{func(n int) {
			ctest.LoopCallback(func() { handles.ssl = new(libssl.SSL) }, n)
		}}, 2.0, -1},
		{"remove callback / C to Go + Ctx + Session", fires(func(n int) {
			ctx.With(func(p unsafe.Pointer) { ctest.LoopRemoveCallback(p, f.raw.session, n) })
		}), []loop{func(n int) {
			ctest.LoopCallback(func() {
				handles.ctx, handles.session = new(libssl.Ctx), new(libssl.Session)
				ctest.UpRef(f.raw.session)
				ctest.Free(f.raw.session)
			}, n)
		}}, 2.0, -1},
	}, nil
}
