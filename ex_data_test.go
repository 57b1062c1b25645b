package libssl_test

import (
	"sync"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// indices are made once: libssl has no way to give one back.
var indices struct {
	once                         sync.Once
	ssl, ctx, session, unrelated libssl.ExIndex
}

func makeIndices(t *testing.T) {
	t.Helper()
	indices.once.Do(func() {
		var err error
		indices.ssl, err = libssl.SSLGetExNewIndex()
		must(t, err)
		indices.ctx, err = libssl.CtxGetExNewIndex()
		must(t, err)
		indices.session, err = libssl.SessionGetExNewIndex()
		must(t, err)
		indices.unrelated, err = libssl.SessionGetExNewIndex()
		must(t, err)
	})
}

// exData is what the three types have, as functions.
type exData struct {
	set  func(libssl.ExIndex, any) error
	get  func(libssl.ExIndex) any
	up   func() exData
	free func()
}

func exDataOfSSL(ssl *libssl.SSL) exData {
	return exData{func(i libssl.ExIndex, v any) error {
		if ssl.SetExData(i, v) != 1 {
			return ssl.LastErrors()
		}
		return nil
	}, ssl.ExData, func() exData { return exDataOfSSL(ssl.UpRef()) }, ssl.Free}
}

func exDataOfCtx(ctx *libssl.Ctx) exData {
	return exData{ctx.SetExData, ctx.ExData, func() exData { return exDataOfCtx(ctx.UpRef()) }, ctx.Free}
}

func exDataOfSession(sess *libssl.Session) exData {
	return exData{sess.SetExData, sess.ExData, func() exData { return exDataOfSession(sess.UpRef()) }, sess.Free}
}

func TestExData(t *testing.T) {
	makeIndices(t)
	for name, test := range map[string]struct {
		index, other libssl.ExIndex
		make         func() exData
	}{
		"SSL":     {indices.ssl, indices.ctx, func() exData { return exDataOfSSL(newSSL(t, clientCtx(t, 0))) }},
		"Ctx":     {indices.ctx, indices.session, func() exData { return exDataOfCtx(clientCtx(t, 0)) }},
		"Session": {indices.session, indices.ssl, func() exData { return exDataOfSession(withID(t, 1)) }},
	} {
		t.Run(name, func(t *testing.T) {
			o := test.make()
			before := libssl.Leftovers()
			wantEqual(t, "at first", o.get(test.index), any(nil))
			value := new(int)
			must(t, o.set(test.index, value))
			wantEqual(t, "value", o.get(test.index), any(value))
			must(t, o.set(test.index, "other")) // replaces
			wantEqual(t, "value", o.get(test.index), any("other"))
			wantEqual(t, "entries", libssl.Leftovers(), before+1)
			for _, wrong := range []libssl.ExIndex{{}, test.other} {
				wantIs(t, "wrong index", o.set(wrong, 1), libssl.ErrExIndex)
				wantEqual(t, "wrong index", o.get(wrong), any(nil))
			}
			wantEqual(t, "entries", libssl.Leftovers(), before+1)

			second := o.up() // the value is the object's
			o.free()
			wantEqual(t, "freed handle", o.get(test.index), any(nil))
			wantIs(t, "freed handle", o.set(test.index, 1), libssl.ErrFreed)
			wantEqual(t, "value of the other handle", second.get(test.index), any("other"))
			must(t, second.set(test.index, nil))
			wantEqual(t, "after nil", second.get(test.index), any(nil))
			wantEqual(t, "entries", libssl.Leftovers(), before)
			must(t, second.set(test.index, 1))
			second.free()
			if n := libssl.Leftovers(); n > before {
				t.Errorf("%d entries are left", n-before)
			}
		})
	}
}

// libssl copies sessions: each has the value, under an id of its own.
func TestExDataOfCopies(t *testing.T) {
	makeIndices(t)
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	entries := libssl.Leftovers()
	c, s := pair(t, client, server)
	var kept []*libssl.Session
	server.SessSetNewCB(func(ssl *libssl.SSL, sess *libssl.Session) {
		if len(kept) == 0 {
			must(t, sess.SetExData(indices.session, "of the first ticket"))
		}
		kept = append(kept, sess.UpRef())
	})
	finish(t, c, s)
	wantEqual(t, "tickets", len(kept), 2)
	if kept[0].Same(kept[1]) {
		t.Fatal("the second ticket is of the same object")
	}
	for _, sess := range kept {
		wantEqual(t, "value", sess.ExData(indices.session), any("of the first ticket"))
		wantEqual(t, "other index", sess.ExData(indices.unrelated), any(nil))
	}
	must(t, kept[1].SetExData(indices.session, "of the second"))
	wantEqual(t, "value", kept[0].ExData(indices.session), any("of the first ticket"))
	for _, sess := range kept {
		sess.Free()
	}
	server.SessSetNewCB(nil)

	must(t, exDataOfSSL(c).set(indices.ssl, 1))
	fresh := newSSL(t, client)
	must(t, exDataOfSSL(fresh).set(indices.ssl, "of the original"))
	dup, err := fresh.Dup()
	must(t, err)
	fresh.Free()
	wantEqual(t, "value", dup.ExData(indices.ssl), any("of the original"))
	dup.Free()
	c.Free()
	s.Free()
	must(t, client.FlushSessions(time.Time{}))
	must(t, server.FlushSessions(time.Time{}))
	wantEqual(t, "entries", libssl.Leftovers(), entries)
}

// The value is there in the last callback of a dying Ctx, and dropped below the lock of its cache.
func TestExDataOfDyingCtx(t *testing.T) {
	makeIndices(t)
	entries := libssl.Leftovers()
	ctx := clientCtx(t, 0)
	must(t, ctx.SetExData(indices.ctx, "Ctx"))
	sess := withID(t, 1)
	must(t, sess.SetExData(indices.session, "Session"))
	ctx.AddSession(sess)
	sess.Free()
	var seen []any
	ctx.SessSetRemoveCB(func(arg *libssl.Ctx, sess *libssl.Session) {
		seen = append(seen, arg.ExData(indices.ctx), sess.ExData(indices.session))
	})
	ctx.Free()
	if len(seen) != 2 || seen[0] != "Ctx" || seen[1] != "Session" {
		t.Errorf("seen: %v", seen)
	}
	wantEqual(t, "entries", libssl.Leftovers(), entries)
}

func TestExDataOfDup(t *testing.T) {
	makeIndices(t)
	sess := withID(t, 1)
	must(t, sess.SetExData(indices.session, 1))
	dup, err := sess.Dup()
	must(t, err)
	defer dup.Free()
	wantEqual(t, "value", dup.ExData(indices.session), any(1))
}
