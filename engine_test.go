package libssl_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// wire is what is on its way to an engine.
type wire struct {
	buf  [1 << 17]byte
	from int
	to   int
}

func (w *wire) in() []byte  { return w.buf[w.from:w.to] }
func (w *wire) out() []byte { return w.buf[w.to:] }

func (w *wire) take(n int) {
	if w.from += n; w.from == w.to {
		w.from, w.to = 0, 0
	}
}

// joint is a client and a server joined in memory by engines.
type joint struct {
	client, server *libssl.Engine
	toClient       wire
	toServer       wire
}

func newJoint(t testing.TB, client, server *libssl.Ctx) *joint {
	t.Helper()
	c, err := libssl.NewEngine(newSSL(t, client))
	must(t, err)
	s, err := libssl.NewEngine(newSSL(t, server))
	must(t, err)
	return &joint{client: c, server: s}
}

// forClient does a step of the client and moves the bytes.
func (j *joint) forClient(op func(in, out []byte) libssl.Step) libssl.Step {
	step := op(j.toClient.in(), j.toServer.out())
	j.toClient.take(step.In)
	j.toServer.to += step.Out
	return step
}

func (j *joint) forServer(op func(in, out []byte) libssl.Step) libssl.Step {
	step := op(j.toServer.in(), j.toClient.out())
	j.toServer.take(step.In)
	j.toClient.to += step.Out
	return step
}

// shake does the handshake, and counts the steps of each side.
func (j *joint) shake(t testing.TB) (client, server int) {
	t.Helper()
	var c, s libssl.Step
	for c.Error, s.Error = libssl.ErrorWantRead, libssl.ErrorWantRead; c.Error != libssl.ErrorNone || s.Error != libssl.ErrorNone; {
		if c.Error != libssl.ErrorNone {
			c = j.forClient(j.client.Connect)
			client++
		}
		if s.Error != libssl.ErrorNone {
			s = j.forServer(j.server.Accept)
			server++
		}
		if client > 9 {
			t.Fatalf("handshake: %+v %v, %+v %v", c, j.client.SSL().LastErrors(), s, j.server.SSL().LastErrors())
		}
	}
	return client, server
}

func (j *joint) clientReads(b []byte) libssl.Step {
	return j.forClient(func(in, out []byte) libssl.Step { return j.client.Read(b, in, out) })
}

func (j *joint) serverWrites(b []byte) libssl.Step {
	return j.forServer(func(in, out []byte) libssl.Step { return j.server.Write(b, in, out) })
}

// crossings returns how many cgo calls f makes. The collector, which frees what other tests have forgotten, must not count.
func crossings(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := runtime.NumCgoCall()
	for last := before - 1; last != before; before = runtime.NumCgoCall() {
		last = before
		time.Sleep(time.Millisecond)
	}
	f()
	return runtime.NumCgoCall() - before
}

func TestEngineCrossings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version int
		resume  bool
		steps   [2]int
	}{
		{"TLS 1.2", libssl.VersionTLS12, false, [2]int{3, 2}},
		{"TLS 1.2 resumed", libssl.VersionTLS12, true, [2]int{2, 2}},
		{"TLS 1.3", libssl.VersionTLS13, false, [2]int{2, 2}},
		{"TLS 1.3 resumed", libssl.VersionTLS13, true, [2]int{2, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := clientCtx(t, tt.version), serverCtx(t, tt.version)
			var sess *libssl.Session
			if tt.resume {
				sess = session(t, client, server)
			}
			j := newJoint(t, client, server)
			if j.client.SSL().SetSession(sess) != 1 {
				t.Fatal(j.client.SSL().LastErrors())
			}
			var steps [2]int
			calls := crossings(func() { steps[0], steps[1] = j.shake(t) })
			if diff := cmp.Diff(tt.steps, steps); diff != "" {
				t.Errorf("steps of client and server (-want +got):\n%s", diff)
			}
			if want := int64(steps[0] + steps[1]); calls != want {
				t.Errorf("%d cgo calls for %d steps", calls, want)
			}
			if got := j.client.SSL().SessionReused(); got != tt.resume {
				t.Errorf("SessionReused() = %v", got)
			}
			b := make([]byte, 100)
			for _, op := range []struct {
				name string
				do   func() libssl.Step
			}{
				{"write", func() libssl.Step { return j.serverWrites([]byte("hello")) }},
				{"read", func() libssl.Step { return j.clientReads(b) }},
				{"read of nothing", func() libssl.Step { return j.clientReads(b) }},
				{"shutdown", func() libssl.Step { return j.forServer(j.server.Shutdown) }},
			} {
				if n := crossings(func() { op.do() }); n != 1 {
					t.Errorf("%s: %d cgo calls", op.name, n)
				}
			}
			j.forClient(j.client.Shutdown)
			if n := crossings(j.client.SSL().Free); n != 1 {
				t.Errorf("Free: %d cgo calls", n)
			}
		})
	}
}

func TestEngineAllocatesNothing(t *testing.T) {
	j := newJoint(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
	j.shake(t)
	text, b := []byte("hello"), make([]byte, 100)
	if n := testing.AllocsPerRun(100, func() {
		if step := j.serverWrites(text); step.N != len(text) {
			t.Fatalf("Write: %+v", step)
		}
		if step := j.clientReads(b); step.N != len(text) {
			t.Fatalf("Read: %+v", step)
		}
		if step := j.clientReads(b); step.Error != libssl.ErrorWantRead {
			t.Fatalf("Read of nothing: %+v", step)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a write and two reads", n)
	}
}

// Data goes through whatever windows there are, byte by byte too.
func TestEngineWindows(t *testing.T) {
	data := make([]byte, 50_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	for _, size := range []int{1, 7, 100, 17_000, 1 << 17} {
		j := newJoint(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
		j.shake(t)
		var got []byte
		b := make([]byte, 1+size/2)
		for rest := data; len(got) < len(data); {
			if len(rest) > 0 {
				step := j.forServer(func(in, out []byte) libssl.Step { return j.server.Write(rest, in, out[:min(size, len(out))]) })
				if step.Out > size || (step.Error != libssl.ErrorNone && step.Error != libssl.ErrorWantWrite) {
					t.Fatalf("size %d: Write: %+v %v", size, step, j.server.SSL().LastErrors())
				}
				rest = rest[step.N:]
			}
			for {
				step := j.forClient(func(in, out []byte) libssl.Step { return j.client.Read(b, in[:min(size, len(in))], out) })
				got = append(got, b[:step.N]...)
				if step.Error == libssl.ErrorWantRead && len(j.toClient.in()) == 0 {
					break
				}
				if step.Error != libssl.ErrorNone && step.Error != libssl.ErrorWantRead {
					t.Fatalf("size %d: Read: %+v %v", size, step, j.client.SSL().LastErrors())
				}
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("size %d: other data arrived", size)
		}
	}
}

// One Read takes all the records that fit, and leaves the rest of the input.
func TestEngineReadsManyRecords(t *testing.T) {
	j := newJoint(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
	j.shake(t)
	for range 3 {
		j.serverWrites([]byte("0123456789"))
	}
	b := make([]byte, 25)
	step := j.clientReads(b)
	if diff := cmp.Diff("0123456789012345678901234", string(b[:step.N])); diff != "" {
		t.Error(diff)
	}
	if step.Error != libssl.ErrorNone || step.Pending != 5 || len(j.toClient.in()) != 0 {
		t.Errorf("%+v, %d bytes left", step, len(j.toClient.in()))
	}
	if step = j.clientReads(b); step.N != 5 || step.Error != libssl.ErrorNone {
		t.Errorf("%+v", step)
	}
}

// Data that came before an error is not lost, nor is the error.
func TestEngineErrorAfterData(t *testing.T) {
	for _, tt := range []struct {
		name  string
		end   func(*joint)
		error int
	}{
		{"close_notify", func(j *joint) { j.forServer(j.server.Shutdown) }, libssl.ErrorZeroReturn},
		{"the transport ends", func(j *joint) { j.client.SetEOF() }, libssl.ErrorSyscall},
		{"garbage", func(j *joint) { j.toClient.to += copy(j.toClient.out(), "GET / HTTP/1.0\r\n") }, libssl.ErrorSSL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newJoint(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
			j.shake(t)
			j.serverWrites([]byte("hello"))
			tt.end(j)
			b := make([]byte, 100)
			step := j.clientReads(b)
			if step.Error == libssl.ErrorNone && step.N == 5 { // libssl was not asked again
				step = j.clientReads(b[5:])
				step.N += 5
			}
			if step.N != 5 || string(b[:5]) != "hello" || step.Error != tt.error {
				t.Errorf("%+v %q", step, b[:max(step.N, 0)])
			}
			if e := j.client.SSL().LastErrors(); tt.error == libssl.ErrorSSL && len(e.Entries) == 0 {
				t.Error("no entry tells why")
			}
			if got := j.client.SSL().GetError(step.Ret); got != tt.error {
				t.Errorf("GetError() = %d", got)
			}
		})
	}
}

func TestEngineRefuses(t *testing.T) {
	if _, err := libssl.NewEngine(nil); !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("NewEngine(nil): %v", err)
	}
	j := newJoint(t, clientCtx(t, 0), serverCtx(t, 0))
	j.client.SSL().Free()
	if _, err := libssl.NewEngine(j.client.SSL()); !errors.Is(err, libssl.ErrFreed) {
		t.Errorf("NewEngine of a freed SSL: %v", err)
	}
	if step := j.forClient(j.client.Connect); step.Error != libssl.ErrorSSL || !errors.Is(j.client.SSL().LastErrors(), libssl.ErrFreed) {
		t.Errorf("Connect of a freed SSL: %+v %v", step, j.client.SSL().LastErrors())
	}
	j.forServer(j.server.Accept)
	s := j.server.SSL()
	if ret := s.DoHandshake(); s.GetError(ret) != libssl.ErrorWantRead { // no window outside of the engine's operations
		t.Errorf("DoHandshake without windows returned %d: %v", ret, s.LastErrors())
	}
}

// A callback that runs inside an operation may use the engine: its windows are its own.
func TestEngineNests(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	j := newJoint(t, client, server)
	inner := libssl.Step{Error: libssl.ErrorNone}
	client.SessSetNewCB(func(*libssl.SSL, *libssl.Session) { inner = j.client.Shutdown(nil, nil) })
	j.shake(t)
	j.serverWrites([]byte("hello"))
	b := make([]byte, 10)
	if step := j.clientReads(b); string(b[:step.N]) != "hello" || len(j.toClient.in()) != 0 {
		t.Errorf("the outer read: %+v %v", step, j.client.SSL().LastErrors())
	}
	if inner.Error == libssl.ErrorNone {
		t.Error("the callback did not run")
	}
}

// 0-RTT data goes with the ClientHello; the handshake follows.
func TestEngineEarlyData(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13)
	server.SetMaxEarlyData(1000)
	j := newJoint(t, client, server)
	j.client.SSL().SetSession(session(t, client, server))
	j.client.SSL().SetConnectState()
	j.server.SSL().SetAcceptState()
	early := []byte("early")
	if step := j.forClient(func(in, out []byte) libssl.Step { return j.client.WriteEarlyData(early, in, out) }); step.Ret != 1 || step.N != len(early) {
		t.Fatalf("WriteEarlyData: %+v %v", step, j.client.SSL().LastErrors())
	}
	b := make([]byte, 100)
	step := j.forServer(func(in, out []byte) libssl.Step { return j.server.ReadEarlyData(b, in, out) })
	if step.Ret != libssl.ReadEarlyDataSuccess || string(b[:step.N]) != "early" {
		t.Fatalf("ReadEarlyData: %+v %v", step, j.server.SSL().LastErrors())
	}
	if step = j.forClient(j.client.DoHandshake); step.Error != libssl.ErrorNone {
		t.Fatalf("client: %+v %v", step, j.client.SSL().LastErrors())
	}
	step = j.forServer(func(in, out []byte) libssl.Step { return j.server.ReadEarlyData(b, in, out) })
	if step.Ret != libssl.ReadEarlyDataFinish || step.N != 0 {
		t.Fatalf("ReadEarlyData at the end: %+v %v", step, j.server.SSL().LastErrors())
	}
	if step = j.forServer(j.server.DoHandshake); step.Error != libssl.ErrorNone {
		t.Fatalf("server: %+v %v", step, j.server.SSL().LastErrors())
	}
	if got := j.client.SSL().EarlyDataStatus(); got != libssl.EarlyDataAccepted {
		t.Errorf("EarlyDataStatus() = %d", got)
	}
}

// A write ends where the room does, with what is done, and goes on from wherever the rest of the data is by then.
func TestEngineWritesInParts(t *testing.T) {
	j := newJoint(t, clientCtx(t, libssl.VersionTLS13), serverCtx(t, libssl.VersionTLS13))
	j.shake(t)
	data := bytes.Repeat([]byte("0123456789"), 4000)
	const record, room = 1 << 14, 17_000 // one record and a part of the next
	var got []byte
	b := make([]byte, len(data))
	for rest := data; len(rest) > 0; {
		step := j.forServer(func(in, out []byte) libssl.Step { return j.server.Write(bytes.Clone(rest), in, out[:room]) })
		if step.N == 0 && step.Error != libssl.ErrorWantWrite || step.N > 2*record {
			t.Fatalf("%+v %v", step, j.server.SSL().LastErrors())
		}
		rest = rest[step.N:]
		read := j.clientReads(b)
		got = append(got, b[:read.N]...)
		if len(got) == 0 && len(rest) == 0 {
			t.Error("all was taken before anything was sent")
		}
	}
	if !bytes.Equal(got, data) {
		t.Errorf("%d of %d bytes arrived", len(got), len(data))
	}
}

func TestEngineDTLS(t *testing.T) {
	client, server := clientCtx(t, 0), serverCtx(t, 0)
	must(t, client.SetSSLVersion(libssl.DTLSClientMethod()))
	must(t, server.SetSSLVersion(libssl.DTLSServerMethod()))
	j := newJoint(t, client, server)
	j.shake(t)
	j.serverWrites([]byte("hello"))
	b := make([]byte, 10)
	if step := j.clientReads(b); string(b[:step.N]) != "hello" {
		t.Errorf("%+v", step)
	}
}

// The end of the transport may come while another goroutine is in an operation, with -race to see it.
func TestEngineSetEOFMeanwhile(t *testing.T) {
	c := newSSL(t, clientCtx(t, 0))
	e, err := libssl.NewEngine(c)
	must(t, err)
	set := make(chan struct{})
	go func() { defer close(set); e.SetEOF() }()
	e.Connect(nil, make([]byte, 1<<14))
	<-set
	step := e.Connect(nil, make([]byte, 1<<14))
	wantEqual(t, "Error", step.Error, libssl.ErrorSyscall)
	wantEqual(t, "EOF", errors.Is(c.Err(step.Ret), io.ErrUnexpectedEOF), true)
}

// With ModeReleaseBuffers an SSL that waits has none, also after its handshake and a ticket, which libssl's own RELEASE_BUFFERS forgets.
func TestEngineReleasesBuffers(t *testing.T) {
	if before := ctest.Heap(); before == 0 {
		return // the address sanitizer does not count
	}
	both(t, func(t *testing.T, version int) {
		client, server := clientCtx(t, version), serverCtx(t, version)
		idle := func(mode int) (each int) {
			client.SetMode(mode)
			server.SetMode(mode)
			const pairs = 10
			var joints [pairs + 1]*joint
			for i := range joints {
				if i == 1 { // the first one makes what all share
					each = ctest.Heap()
				}
				joints[i] = newJoint(t, client, server)
				joints[i].shake(t)
				joints[i].clientReads(make([]byte, 1))
			}
			return (ctest.Heap() - each) / pairs
		}
		with := idle(0)
		// Each side has a buffer for reading and one for writing, of 16 KiB and more; the margin is for what else differs.
		if released := idle(libssl.ModeReleaseBuffers); with-released < 60_000 {
			t.Errorf("an idle pair has %d bytes, %d with ModeReleaseBuffers", with, released)
		}
	})
}

// KeepBuffers changes one SSL, at any time, frees what is empty at once, and leaves no error behind.
func TestEngineKeepsBuffers(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := clientCtx(t, version), serverCtx(t, version)
		j := newJoint(t, client, server)
		j.shake(t)
		j.clientReads(make([]byte, 1)) // tickets
		ssl := j.client.SSL()
		kept, before := ctest.Heap(), ssl.LastErrors().Func
		j.client.KeepBuffers(false)
		if freed := kept - ctest.Heap(); kept > 0 && freed < 30_000 {
			t.Errorf("%d bytes are freed", freed)
		}
		wantEqual(t, "the mode", ssl.Mode()&libssl.ModeReleaseBuffers, libssl.ModeReleaseBuffers)
		j.client.KeepBuffers(true)
		wantEqual(t, "the mode", ssl.Mode()&libssl.ModeReleaseBuffers, 0)
		wantEqual(t, "the error", ssl.LastErrors().Func, before)
		ssl.Free()
		j.client.KeepBuffers(false)
		wantEqual(t, "a freed one", errors.Is(ssl.LastErrors(), libssl.ErrFreed), true)
	})
}

// The engine has an info callback of its own in a resumed handshake. One that is set, before or meanwhile, is what counts, and none is left.
func TestEngineInfoCallback(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		for _, when := range []string{"before", "meanwhile", "of the Ctx", "not"} {
			client, server := tlsCtxs(t, version)
			sess := session(t, client, server)
			heard := map[bool]int{} // by whether the handshake was done
			hear := func(ssl *libssl.SSL, _, _ int) { heard[ssl.IsInitFinished()]++ }
			if when == "of the Ctx" {
				server.SetInfoCallback(hear)
			}
			j := newJoint(t, client, server)
			switch when {
			case "before":
				j.server.SSL().SetInfoCallback(hear)
			case "meanwhile":
				server.SetClientHelloCB(func(ssl *libssl.SSL) (result, alert int) {
					ssl.SetInfoCallback(hear)
					return libssl.ClientHelloSuccess, 0
				})
			}
			wantEqual(t, "SetSession", j.client.SSL().SetSession(sess), 1)
			j.shake(t)
			wantEqual(t, "resumed", j.server.SSL().SessionReused(), true)
			wantEqual(t, when+": heard of the handshake", heard[false] > 0, when != "not")
			heard = map[bool]int{}
			j.forServer(j.server.Shutdown)
			wantEqual(t, when+": heard of the shutdown", heard[true] > 0, when != "not")
		}
	})
}
