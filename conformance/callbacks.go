package conformance

import (
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// hook is a callback that "on" installed.
type hook struct {
	*call
	on unsafe.Pointer // the SSL_CTX
}

// onDef is no member of operations: its words follow no pattern, the parser knows them.
var onDef = opdef{run: runOn}

func runOn(c *call) {
	ctx := c.ctx(0)
	h := &hook{c, pointer(ctx)}
	switch c.op.hook {
	case "new":
		if c.op.off {
			ctx.SessSetNewCB(nil)
			return
		}
		ctx.SessSetNewCB(func(ssl *libssl.SSL, session *libssl.Session) {
			// The reference that C hands over is the handle's own.
			h.fire(h.on, ssl, session, refs(session))
		})
	case "remove":
		if c.op.off {
			ctx.SessSetRemoveCB(nil)
			return
		}
		ctx.SessSetRemoveCB(func(ctx *libssl.Ctx, session *libssl.Session) {
			// C's callback gets no reference, the handle has taken one.
			h.fire(pointer(ctx), nil, session, refs(session)-1)
		})
	case "get":
		if c.op.off {
			ctx.SessSetGetCB(nil)
			return
		}
		ctx.SessSetGetCB(func(ssl *libssl.SSL, _ []byte) *libssl.Session {
			h.fire(h.on, ssl, nil, 0)
			if h.op.serve < 0 || !h.d.names[h.op.serve].owned {
				return nil
			}
			return h.d.names[h.op.serve].handle.(*libssl.Session)
		})
	}
}

// fire records the event and executes the operation that belongs to it. ssl is nil for remove, session for get.
func (h *hook) fire(ctx unsafe.Pointer, ssl *libssl.SSL, session *libssl.Session, sessionRefs int) {
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
	h.event(e)
}

// event records a callback, and executes its operation, but not inside itself.
func (c *call) event(e map[string]any) {
	d := c.d
	d.events = append(d.events, e)
	if c.op.run == nil || c.busy || !d.live(c.op.run) {
		return
	}
	c.busy = true
	e["in"] = d.runNested(c.op.run)
	c.busy = false
}
