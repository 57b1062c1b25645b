package conformance

import (
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// hook is a callback that "on" installed.
type hook struct {
	d    *driver
	op   *Op
	ctx  unsafe.Pointer
	busy bool
}

// onDef is no member of operations: its words follow no pattern, the parser knows them.
var onDef = opdef{run: runOn}

func runOn(c *call) {
	ctx := c.ctx(0)
	h := &hook{d: c.d, op: c.op, ctx: pointer(ctx)}
	switch c.op.hook {
	case "new":
		if c.op.off {
			ctx.SessSetNewCB(nil)
			return
		}
		ctx.SessSetNewCB(func(ssl *libssl.SSL, session *libssl.Session) {
			// The reference that C hands over is the handle's own.
			h.call(h.ctx, ssl, session, refs(session))
		})
	case "remove":
		if c.op.off {
			ctx.SessSetRemoveCB(nil)
			return
		}
		ctx.SessSetRemoveCB(func(ctx *libssl.Ctx, session *libssl.Session) {
			// C's callback gets no reference, the handle has taken one.
			h.call(pointer(ctx), nil, session, refs(session)-1)
		})
	case "get":
		if c.op.off {
			ctx.SessSetGetCB(nil)
			return
		}
		ctx.SessSetGetCB(func(ssl *libssl.SSL, _ []byte) *libssl.Session {
			h.call(h.ctx, ssl, nil, 0)
			if h.op.serve < 0 || !h.d.names[h.op.serve].owned {
				return nil
			}
			return h.d.names[h.op.serve].handle.(*libssl.Session)
		})
	}
}

// call records the event and executes the operation that belongs to it. ssl is nil for remove, session for get.
func (h *hook) call(ctx unsafe.Pointer, ssl *libssl.SSL, session *libssl.Session, sessionRefs int) {
	d := h.d
	d.addDeaths()
	e := map[string]any{"cb": h.op.hook, "ctx": orUnknown(d.nameOf(ctxKind, ctx, true))}
	if ssl != nil {
		e["ssl"] = orUnknown(d.nameOf(sslKind, pointer(ssl), true))
	}
	if session != nil {
		p := pointer(session)
		e["sess"] = orUnknown(d.nameOf(sessionKind, p, true))
		e["refs"] = sessionRefs
		e["resumable"] = number(session.IsResumable())
		e["current"] = d.current(p)
	}
	d.events = append(d.events, e)
	if h.op.run == nil || h.busy || !d.live(h.op.run) {
		return
	}
	h.busy = true
	e["in"] = d.runNested(h.op.run)
	h.busy = false
}
