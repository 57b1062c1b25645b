package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// Mode says how the Go driver looks at the error queue.
type Mode string

// Default is how programs use the binding: what a failing call pushed comes with its result, and nothing stays on the native queue. Keep runs the
// scenario inside KeepQueue, where the native queue has to be C's.
const (
	Default Mode = "default"
	Keep    Mode = "keep"
)

// Trace is what a driver saw: its lines of JSON, decoded.
type Trace []map[string]any

// handle is a *libssl.Ctx, *libssl.SSL or *libssl.Session.
type handle interface {
	diag.Handle
	Free()
}

// name stands for one reference.
type name struct {
	declared
	handle handle
	ptr    unsafe.Pointer // which object it is; also after the reference was given back
	owned  bool
	dead   bool // the object is gone, so its address says nothing any more
	shown  string

	predicted *prediction // of an SSL
}

// driver runs one scenario, on one thread.
type driver struct {
	mode      Mode
	emit      func(map[string]any) bool // false: enough was seen
	names     []*name
	tags      int // what ctest knows the first name's session by
	events    []map[string]any
	failNext  int           // from "oom N"
	indices   [sameKind]int // how many the scenario has made
	transport transport
}

// nextTag keeps sessions of different scenarios apart.
var nextTag atomic.Int64

// RunGo runs a scenario through the Go binding.
func RunGo(s *Scenario, mode Mode) Trace {
	var t Trace
	runWhile(s, mode, func(line map[string]any) bool {
		t = append(t, line)
		return true
	})
	return t
}

// runWhile runs a scenario for as long as want accepts its lines.
func runWhile(s *Scenario, mode Mode, want func(map[string]any) bool) {
	run(s, mode, func(line map[string]any) bool { return want(decoded(line)) })
}

// WriteGo is RunGo for a process that may die: each line is written when it is complete.
func WriteGo(w io.Writer, s *Scenario, mode Mode) {
	enc := json.NewEncoder(w)
	run(s, mode, func(line map[string]any) bool { return enc.Encode(line) == nil })
}

// decoded is the line as it comes back from JSON, so that it can be compared with one of C's.
func decoded(line map[string]any) (m map[string]any) {
	b, err := json.Marshal(line)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		panic(err)
	}
	return m
}

func run(s *Scenario, mode Mode, emit func(map[string]any) bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d := &driver{mode: mode, emit: emit, tags: int(nextTag.Add(1<<10)) + 1}
	for _, n := range s.names {
		d.names = append(d.names, &name{declared: n})
	}
	if mode == Keep {
		libssl.KeepQueue(func() { d.run(s) })
		return
	}
	d.run(s)
}

func (d *driver) run(s *Scenario) {
	prime()
	before := diag.Live()
	d.emit(map[string]any{"scenario": s.Name})
	defer func() {
		if r := recover(); r != nil {
			d.emit(map[string]any{"end": fmt.Sprintf("panic: %v\n%s", r, debug.Stack())})
		}
	}()
	for _, op := range s.Ops {
		if !d.emit(d.runOp(op)) {
			d.abandon()
			return
		}
	}
	d.emit(d.runEnd())
	for kind, n := range diag.Live() {
		if n > before[kind] {
			d.emit(map[string]any{"end": fmt.Sprintf("%d handles of %s are left", n-before[kind], kind)})
			return
		}
	}
	d.emit(map[string]any{"end": "ok"})
}

// abandoned keeps what is not freed any more. Where the binding differs from C, an object may have lost a reference: to free it is to die, and then
// nobody learns of the difference.
var abandoned struct {
	sync.Mutex
	drivers []*driver
}

func (d *driver) abandon() {
	d.transport.close()
	abandoned.Lock()
	defer abandoned.Unlock()
	abandoned.drivers = append(abandoned.drivers, d)
}

// prime makes all that libcrypto and this package make when they are first used, so that it does not count as an allocation of an operation.
func prime() {
	session, err := libssl.NewSession()
	if err != nil {
		panic(err)
	}
	if _, err := diag.Refs(session); err != nil {
		panic(err)
	}
	session.Free()
	if _, err := libssl.ParseSession([]byte{0x30}); err == nil {
		panic("conformance: half a session was parsed")
	}
	ctest.Drain()
	ctest.Deaths()
}

func (d *driver) runOp(op *Op) map[string]any {
	if !d.live(op) {
		panic(fmt.Sprintf("line %d: a callback has freed a name that is used here", op.Line))
	}
	d.predict()
	fail := d.failNext
	d.failNext = 0
	line := d.execute(op, func(c *call) {
		if fail > 0 {
			ctest.FailAllocation(fail)
			defer ctest.Allocations()
		}
		op.def.run(c)
	})
	d.closeLine(line)
	if now := d.now(); len(now) > 0 {
		line["now"] = now
	}
	return line
}

// runNested executes the operation of a callback, which nobody could predict. The binding has put the queue of the call under way aside.
func (d *driver) runNested(op *Op) map[string]any {
	for _, n := range d.names {
		n.predicted = nil
	}
	return d.execute(op, op.def.run)
}

func (d *driver) runEnd() map[string]any {
	line := map[string]any{"op": "end", "queue": []any{}}
	for i := len(d.names) - 1; i >= 0; i-- {
		if d.names[i].owned {
			d.release(d.names[i])
		}
	}
	d.transport.close()
	if native := ctest.Drain(); d.mode == Keep {
		line["queue"] = fromC(native)
	} else if len(native) > 0 {
		line["left on the native queue"] = fromC(native)
	}
	d.closeLine(line)
	return line
}

func (d *driver) closeLine(line map[string]any) {
	d.addDeaths()
	if len(d.events) > 0 {
		line["cb"] = d.events
		d.events = nil
	}
}

// live reports whether none of the operation's objects was freed, by a nested operation or at the end.
func (d *driver) live(op *Op) bool {
	for _, v := range op.args {
		if v.name >= 0 && d.names[v.name].handle != nil && !d.names[v.name].owned {
			return false
		}
	}
	return true
}

// release gives a name up before the call: a callback that the call fires sees it as no longer live.
func (d *driver) release(n *name) {
	n.owned = false
	if n.handle != nil {
		n.handle.Free()
	}
}

// execute runs an operation and returns all of its line but now and cb.
func (d *driver) execute(op *Op, f func(*call)) map[string]any {
	c := &call{d: d, op: op, line: map[string]any{"op": op.Text}}
	f(c)
	native := ctest.Drain()
	if c.sides {
		return c.line
	}
	if c.failed && strings.HasPrefix(op.name, "SSL_") && c.stack.Func != op.name {
		c.line["blamed on"] = c.stack.Func
	}
	d.addQueue(c.line, native, c.failed, c.stack)
	for i, v := range op.args {
		if v.name < 0 && i == 0 && op.def.words != "" && op.def.words[0] == 's' || v.name >= 0 && d.names[v.name].kind == sslKind {
			addRefusal(c.line, c.ssl(i).LastErrors().Refused)
		}
	}
	return c.line
}

// addQueue adds the queue after a call, as the mode has it, and what does not agree with it under names that C's traces do not know.
func (d *driver) addQueue(line map[string]any, native []ctest.Entry, failed bool, stack libssl.ErrorStack) {
	addRefusal(line, stack.Refused)
	told := fromGo(stack.Entries)
	if d.mode == Keep {
		line["queue"] = fromC(native)
		if failed && text(told) != text(fromC(native)) {
			line["told by the binding"] = told
		}
		return
	}
	line["queue"] = []map[string]any{}
	if failed {
		line["queue"] = told
	}
	if len(native) > 0 {
		line["left on the native queue"] = fromC(native)
	}
}

func addRefusal(line map[string]any, refused error) {
	if refused != nil {
		line["refused"] = sentinelName(refused)
	}
}

func entry(code uint32, text, data string) map[string]any {
	return map[string]any{"code": code, "text": text, "data": data}
}

func fromC(entries []ctest.Entry) []map[string]any {
	list := []map[string]any{}
	for _, e := range entries {
		list = append(list, entry(e.Code, e.Text, e.Data))
	}
	return list
}

func fromGo(entries []libssl.Error) []map[string]any {
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	list := []map[string]any{}
	for _, e := range entries {
		list = append(list, entry(e.Code, dash(e.Lib)+":"+dash(e.Func)+":"+dash(e.Reason), e.Data))
	}
	return list
}

// sentinels are the errors with which the binding refuses what C would not survive, or what cannot be meant.
var sentinels = map[string]error{
	"ErrFreed":            libssl.ErrFreed,
	"ErrDead":             libssl.ErrDead,
	"ErrNoSession":        libssl.ErrNoSession,
	"ErrInRemoveCallback": libssl.ErrInRemoveCallback,
	"ErrInCallback":       libssl.ErrInCallback,
	"ErrOtherCtx":         libssl.ErrOtherCtx,
	"ErrShared":           libssl.ErrShared,
	"ErrStuck":            libssl.ErrStuck,
	"ErrNUL":              libssl.ErrNUL,
	"ErrNilMethod":        libssl.ErrNilMethod,
	"ErrTooLong":          libssl.ErrTooLong,
	"ErrExIndex":          libssl.ErrExIndex,
}

func sentinelName(err error) string {
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return name
		}
	}
	return err.Error()
}
