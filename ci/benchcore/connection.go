package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

const testdata = "conformance/testdata/"

// kind is a way of connecting.
type kind struct {
	name    string
	version int
	options uint
	resumes bool
	limit   float64
}

var kinds = []kind{
	{"TLS 1.2 full", libssl.VersionTLS12, 0, false, 1.10},
	{"TLS 1.2 session id", libssl.VersionTLS12, libssl.OpNoTicket, true, 1.25},
	{"TLS 1.2 ticket", libssl.VersionTLS12, 0, true, 1.25},
	{"TLS 1.3 full", libssl.VersionTLS13, 0, false, 1.10},
	{"TLS 1.3 PSK", libssl.VersionTLS13, 0, true, 1.15},
}

// ends are the two Ctx of a kind, and the session that it resumes.
type ends struct {
	client, server *libssl.Ctx
	session        *libssl.Session
	wires          [2][]byte
}

func newEnds(k kind) (*ends, error) {
	e := &ends{wires: [2][]byte{make([]byte, 1<<14), make([]byte, 1<<14)}}
	for _, side := range []struct {
		ctx    **libssl.Ctx
		method libssl.Method
	}{{&e.client, libssl.TLSClientMethod()}, {&e.server, libssl.TLSServerMethod()}} {
		ctx, err := libssl.NewCtx(side.method)
		if err != nil {
			return nil, err
		}
		ctx.SetOptions(k.options)
		ctx.SetNumTickets(1)
		if err := errors.Join(ctx.SetMinProtoVersion(k.version), ctx.SetMaxProtoVersion(k.version), ctx.SetGroupsList("X25519:P-256"),
			ctx.SetCipherList("ECDHE-ECDSA-AES128-GCM-SHA256"), ctx.SetCiphersuites("TLS_AES_128_GCM_SHA256")); err != nil {
			return nil, err
		}
		*side.ctx = ctx
	}
	e.client.SetSessionCacheMode(libssl.SessCacheOff)
	e.client.SetVerify(libssl.VerifyPeer)
	if err := errors.Join(e.client.LoadVerifyLocations(testdata+"ca.pem", ""), e.server.UseCertificateChainFile(testdata+"server.pem"),
		e.server.UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM), e.server.SetSessionIDContext([]byte("bench"))); err != nil {
		return nil, err
	}
	if k.resumes {
		return e, e.connect(&e.session)
	}
	return e, nil
}

// connect makes a connection with the engine, as LoopConnection does in C: the handshake, a byte, close_notify both ways. It stores the
// session in *keep, unless that is nil.
func (e *ends) connect(keep **libssl.Session) error {
	c, cerr := libssl.NewSSL(e.client)
	defer c.Free()
	s, serr := libssl.NewSSL(e.server)
	defer s.Free()
	if err := errors.Join(cerr, serr); err != nil {
		return err
	}
	client, cerr := libssl.NewEngine(c)
	server, serr := libssl.NewEngine(s)
	if err := errors.Join(cerr, serr); err != nil {
		return err
	}
	if e.session != nil {
		c.SetSession(e.session)
	}
	var a, b libssl.Step
	toServer, toClient := e.wires[0], e.wires[1]
	for a.Error, b.Error = libssl.ErrorWantRead, libssl.ErrorWantRead; a.Error|b.Error != libssl.ErrorNone; {
		in := toClient[:b.Out]
		b.Out = 0
		if a.Error != libssl.ErrorNone {
			a = client.Connect(in, toServer)
		}
		in = toServer[:a.Out]
		a.Out = 0
		if b.Error != libssl.ErrorNone {
			b = server.Accept(in, toClient)
		}
		if a.Error == libssl.ErrorSSL || b.Error == libssl.ErrorSSL {
			return errors.Join(c.LastErrors(), s.LastErrors())
		}
	}
	var buf [1]byte
	n := b.Out // tickets
	n += server.Write(buf[:], nil, toClient[n:]).Out
	if step := client.Read(buf[:], toClient[:n], toServer); step.N != 1 {
		return fmt.Errorf("read: %+v: %w", step, c.LastErrors())
	}
	if reused := c.SessionReused(); reused != (e.session != nil) {
		return fmt.Errorf("resumed: %v", reused)
	}
	if keep != nil {
		*keep = c.Session()
	}
	client.Shutdown(nil, toServer)
	server.Shutdown(nil, toClient)
	return nil
}

// connectionGoals compares the engine with C. The session is C's own too: both resume the same one.
func connectionGoals() ([]goal, error) {
	var goals []goal
	for _, k := range kinds {
		e, err := newEnds(k)
		if err != nil {
			return nil, err
		}
		var raw struct{ client, server, session unsafe.Pointer }
		e.client.With(func(p unsafe.Pointer) { raw.client = p })
		e.server.With(func(p unsafe.Pointer) { raw.server = p })
		e.session.With(func(p unsafe.Pointer) { raw.session = p })
		goals = append(goals, goal{
			k.name + " / C", func(n int) {
				var last time.Time
				for range n {
					if err := e.connect(nil); err != nil {
						panic(err)
					}
					// As a goroutine does that waits for a network. From one that has not for 10 ms Go's monitor takes the processor in every C
					// call that it sees. Not each time: Gosched wakes an idle processor, which cpu time counts.
					if time.Since(last) > 4*time.Millisecond {
						runtime.Gosched()
						last = time.Now()
					}
				}
			},
			[]loop{func(n int) { ctest.LoopConnection(raw.client, raw.server, raw.session, n) }},
			k.limit, -1,
		})
	}
	return goals, nil
}
