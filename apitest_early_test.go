package libssl_test

// Early data as OpenSSL's own sslapitest has it, restated (docs/SSLAPITEST.md). What is expected is what the C library does there.

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
)

// externalPSK returns a session of TLS 1.3 that both sides know by other means, with 48 bytes of key. It is freed with the test.
func externalPSK(t *testing.T, cipher uint16, maxEarlyData uint32) *libssl.Session {
	t.Helper()
	psk, err := libssl.NewSession()
	must(t, err)
	t.Cleanup(psk.Free)
	key := make([]byte, 48)
	for i := range key {
		key[i] = byte(i)
	}
	must(t, psk.SetMasterKey(key))
	must(t, psk.SetCipher(cipher))
	must(t, psk.SetProtocolVersion(libssl.VersionTLS13))
	must(t, psk.SetMaxEarlyData(maxEarlyData))
	return psk
}

const (
	aes128SHA256 = 0x1301
	aes256SHA384 = 0x1302
)

// earlyCase is a connection that may begin with early data. What the session allows comes from a ticket, or from a key that both know.
type earlyCase struct {
	*testing.T
	client, server *libssl.Ctx
	session        *libssl.Session // of the client
	serverPSK      *libssl.Session // what the server finds for the key's name
	known          string          // the name of the key at the server
	c, s           *libssl.SSL
}

// earlyKinds runs f for each kind, as sslapitest does: with a ticket, with a ticket and read-ahead, and with a key.
func earlyKinds(t *testing.T, f func(t *testing.T, kind string)) {
	t.Helper()
	for _, kind := range []string{"ticket", "read-ahead", "psk"} {
		t.Run(kind, func(t *testing.T) { f(t, kind) })
	}
}

// newEarlyCase returns a pair before its handshake, whose client has a session that allows early data.
func newEarlyCase(t *testing.T, kind string) *earlyCase {
	t.Helper()
	e := &earlyCase{T: t, known: "identity"}
	e.client, e.server = tlsCtxs(t, 0)
	e.client.SetSessionCacheMode(libssl.SessCacheOff) // the session may be used more than once
	e.server.SetMaxEarlyData(1 << 14)
	e.begin(kind)
	return e
}

// begin makes the session and the pair.
func (e *earlyCase) begin(kind string) {
	e.Helper()
	switch kind {
	case "psk":
		e.session = externalPSK(e.T, aes256SHA384, 0x100)
		e.serverPSK = e.session
		e.client.SetPSKUseSessionCallback(func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) {
			return []byte("identity"), e.session, true
		})
		e.server.SetPSKFindSessionCallback(func(_ *libssl.SSL, identity []byte) (*libssl.Session, bool) {
			if string(identity) != e.known {
				return nil, true
			}
			return e.serverPSK, true
		})
		e.c, e.s = pair(e.T, e.client, e.server)
		return
	case "read-ahead":
		e.client.SetReadAhead(true)
		e.server.SetReadAhead(true)
	}
	e.session = session(e.T, e.client, e.server)
	e.again(e.session)
	if kind == "read-ahead" {
		e.c.SetTLSExtHostName("localhost") // the server has no callback for it
	}
}

// again makes another pair, which offers sess.
func (e *earlyCase) again(sess *libssl.Session) {
	e.Helper()
	e.c, e.s = pair(e.T, e.client, e.server)
	if e.c.SetSession(sess) != 1 {
		e.Fatal(e.c.LastErrors())
	}
}

func (e *earlyCase) peer(ssl *libssl.SSL) *libssl.SSL {
	if ssl == e.c {
		return e.s
	}
	return e.c
}

// writeEarly writes early data, which arrives.
func (e *earlyCase) writeEarly(from *libssl.SSL, text string) {
	e.Helper()
	if result, n := from.WriteEarlyData([]byte(text)); result != 1 || n != len(text) {
		e.Fatalf("early data %q: %d, %d: %v", text, result, n, from.LastErrors())
	}
	move(from, e.peer(from))
}

// readsEarly fails the test unless the server gets that result, and that early data.
func (e *earlyCase) readsEarly(want int, text string) {
	e.Helper()
	buf := make([]byte, 20)
	result, n := e.s.ReadEarlyData(buf)
	if result != want || string(buf[:n]) != text {
		e.Fatalf("early data: %d, %q, want %d, %q: %v", result, buf[:n], want, text, e.s.LastErrors())
	}
	move(e.s, e.c)
}

// write reports whether the text was written, and moves what there is.
func (e *earlyCase) write(from *libssl.SSL, text string) bool {
	n := from.Write([]byte(text))
	move(from, e.peer(from))
	return n == len(text)
}

// mustWrite writes data, which arrives.
func (e *earlyCase) mustWrite(from *libssl.SSL, text string) {
	e.Helper()
	if !e.write(from, text) {
		e.Fatalf("%q: %v", text, from.LastErrors())
	}
}

// read returns what there is to read, "" for nothing.
func (e *earlyCase) read(ssl *libssl.SSL) string {
	buf := make([]byte, 20)
	n := ssl.Read(buf)
	move(ssl, e.peer(ssl))
	return string(buf[:max(n, 0)])
}

func (e *earlyCase) statuses(client, server int) {
	e.Helper()
	wantEqual(e.T, "client's and server's EarlyDataStatus", [2]int{e.c.EarlyDataStatus(), e.s.EarlyDataStatus()}, [2]int{client, server})
}

// isOver fails the test unless neither side can use early data any more.
func (e *earlyCase) isOver() {
	e.Helper()
	result, n := e.c.WriteEarlyData([]byte("late"))
	wantEqual(e.T, "WriteEarlyData after the handshake", [2]int{result, n}, [2]int{0, 0})
	e.readsEarly(libssl.ReadEarlyDataError, "")
}

// Both ways in turn; EndOfEarlyData ends it while the handshake goes on; then both have data of the usual kind, and the new ticket allows early data, too.
func TestAPIEarlyReadWrite(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := newEarlyCase(t, kind)
		e.writeEarly(e.c, "one")
		e.readsEarly(libssl.ReadEarlyDataSuccess, "one")
		wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), libssl.EarlyDataAccepted)
		e.writeEarly(e.s, "two")
		wantEqual(t, "client reads", e.read(e.c), "two")
		e.writeEarly(e.c, "three")
		e.readsEarly(libssl.ReadEarlyDataSuccess, "three")
		e.writeEarly(e.s, "four")
		wantEqual(t, "client reads", e.read(e.c), "four")

		wantEqual(t, "Write", e.c.Write([]byte("five")), 4) // EndOfEarlyData, Finished, the data
		wantEqual(t, "client's EarlyDataStatus", e.c.EarlyDataStatus(), libssl.EarlyDataAccepted)
		records := rawRecords(e.c)
		e.s.BIOWrite(records[0])
		e.readsEarly(libssl.ReadEarlyDataFinish, "")
		wantEqual(t, "the server's handshake is done", e.s.IsInitFinished(), false)
		e.writeEarly(e.s, "six")
		e.s.BIOWrite(bytes.Join(records[1:], nil))
		wantEqual(t, "server reads", e.read(e.s), "five")
		e.isOver()
		wantEqual(t, "client reads", e.read(e.c), "six")
		wantEqual(t, "client reads tickets", e.read(e.c)+e.read(e.c), "")
		e.mustWrite(e.s, "seven")
		wantEqual(t, "client reads", e.read(e.c), "seven")

		next := current(t, e.c)
		hangUp(e.c, e.s)
		e.again(next)
		e.writeEarly(e.c, "one")
		e.readsEarly(libssl.ReadEarlyDataSuccess, "one")
		if e.c.Connect() != 1 || !move(e.c, e.s) || e.s.Accept() != 1 {
			t.Fatal(e.c.LastErrors(), e.s.LastErrors())
		}
		wantEqual(t, "reused", e.c.SessionReused() && e.s.SessionReused(), true)
		e.isOver()
		e.mustWrite(e.c, "five")
		wantEqual(t, "server reads", e.read(e.s), "five")
	})
}

// A ticket that was used before. The guard against replay takes neither it nor the data; without the guard the callback decides on the data.
func TestAPIEarlyReplay(t *testing.T) {
	for _, kind := range []string{"ticket", "read-ahead"} {
		for name, test := range map[string]struct {
			callback, allows, taken bool
		}{"guarded": {}, "callback refuses": {callback: true}, "callback allows": {callback: true, allows: true, taken: true}} {
			for _, byConf := range []bool{false, true} {
				t.Run(fmt.Sprint(kind, ", ", name, ", ", byConf), func(t *testing.T) {
					e := &earlyCase{T: t}
					e.client, e.server = tlsCtxs(t, 0)
					e.client.SetSessionCacheMode(libssl.SessCacheOff)
					e.server.SetMaxEarlyData(1 << 14)
					calls := 0
					if test.callback {
						if byConf {
							n, err := e.server.ConfCmd(libssl.ConfFlagFile|libssl.ConfFlagServer, "Options", "-AntiReplay")
							must(t, err)
							wantEqual(t, "ConfCmd", n, 2)
						} else {
							e.server.SetOptions(libssl.OpNoAntiReplay)
						}
						e.server.SetAllowEarlyDataCB(func(*libssl.SSL) bool { calls++; return test.allows })
						t.Cleanup(func() { e.server.SetAllowEarlyDataCB(nil) })
					}
					e.begin(kind)
					finish(t, e.c, e.s)
					wantEqual(t, "the first use resumes", e.c.SessionReused(), true)
					hangUp(e.c, e.s)

					e.again(e.session)
					calls = 0
					e.writeEarly(e.c, "one")
					if test.taken {
						e.readsEarly(libssl.ReadEarlyDataSuccess, "one")
						wantEqual(t, "Connect", e.c.Connect(), 1)
						move(e.c, e.s)
					}
					e.readsEarly(libssl.ReadEarlyDataFinish, "")
					status := libssl.EarlyDataRejected
					if test.taken {
						status = libssl.EarlyDataAccepted
					}
					wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), status)
					finish(t, e.c, e.s)
					wantEqual(t, "the second use resumes", e.c.SessionReused(), test.callback)
					wantEqual(t, "calls", calls, map[bool]int{true: 1}[test.callback])
				})
			}
		}
	}
}

// refusedEarly sends early data that the server skips, as the ticket is too old or the key unknown to it, or as it asks for another group.
func refusedEarly(t *testing.T, kind string, retry bool, recvMax int) *earlyCase {
	t.Helper()
	e := newEarlyCase(t, kind)
	switch {
	case retry:
		wantEqual(t, "SetGroupsList", e.s.SetGroupsList("P-256"), 1)
	case kind == "psk":
		e.known = "another"
	default:
		must(t, e.session.SetTime(time.Now().Add(-20*time.Second))) // beyond what the server tolerates
	}
	if recvMax >= 0 {
		wantEqual(t, "SetRecvMaxEarlyData", e.s.SetRecvMaxEarlyData(uint32(recvMax)), 1)
	}
	e.writeEarly(e.c, "one")
	e.readsEarly(libssl.ReadEarlyDataFinish, "")
	wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), libssl.EarlyDataRejected)
	return e
}

// skipped fails the test unless only what is sent now arrives.
func (e *earlyCase) skipped() {
	e.Helper()
	e.mustWrite(e.c, "two")
	e.statuses(libssl.EarlyDataRejected, libssl.EarlyDataRejected)
	wantEqual(e.T, "server reads", e.read(e.s), "two")
}

func TestAPIEarlySkip(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) { refusedEarly(t, kind, false, -1).skipped() })
}

func TestAPIEarlySkipRetry(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := refusedEarly(t, kind, true, -1)
		wantEqual(t, "written before the handshake is done", e.write(e.c, "two"), false)
		wantEqual(t, "read before the handshake is done", e.read(e.s), "")
		e.skipped()
	})
}

// fails fails the test unless the server ends the connection.
func (e *earlyCase) fails(reason string) {
	e.Helper()
	n := e.s.Read(make([]byte, 20))
	wantEqual(e.T, "GetError", e.s.GetError(n), libssl.ErrorSSL)
	wantText(e.T, "Read", e.s.LastErrors(), reason)
}

// Early data behind the second ClientHello is none that could be skipped.
func TestAPIEarlySkipRetryFail(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := refusedEarly(t, kind, true, -1)
		wantEqual(t, "written before the handshake is done", e.write(e.c, "two"), false)
		e.s.BIOWrite([]byte("\x17\x03\x03\x00\x01\x00"))
		e.fails("block cipher pad is wrong")
	})
}

// More than the server is willing to skip.
func TestAPIEarlySkipAbort(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) { refusedEarly(t, kind, false, 0).fails("too much early data") })
}

func TestAPIEarlyNotSent(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := newEarlyCase(t, kind)
		wantEqual(t, "written before the handshake", e.write(e.c, "one"), false)
		e.readsEarly(libssl.ReadEarlyDataFinish, "")
		e.statuses(libssl.EarlyDataNotSent, libssl.EarlyDataNotSent)
		e.mustWrite(e.c, "one")
		wantEqual(t, "server reads", e.read(e.s), "one")
		e.mustWrite(e.s, "two")
		wantEqual(t, "client reads", e.read(e.c), "two")
	})
}

// A server that never asks for early data skips it.
func TestAPIEarlyNotExpected(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := newEarlyCase(t, kind)
		e.writeEarly(e.c, "one")
		wantEqual(t, "Accept", e.s.Accept(), -1)
		move(e.s, e.c)
		wantEqual(t, "Connect", e.c.Connect(), 1)
		wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), libssl.EarlyDataRejected)
		move(e.c, e.s)
		wantEqual(t, "Accept", e.s.Accept(), 1)
		move(e.s, e.c)
		e.skipped()
	})
}

// A client of TLS 1.2 at a server that asks for early data.
func TestAPIEarlyTLS12(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := newEarlyCase(t, kind)
		e.c, e.s = pair(t, e.client, e.server)
		wantEqual(t, "SetMaxProtoVersion", e.c.SetMaxProtoVersion(libssl.VersionTLS12), 1)
		wantEqual(t, "written before the handshake", e.write(e.c, "one"), false)
		e.readsEarly(libssl.ReadEarlyDataError, "")
		wantEqual(t, "written before the end of the handshake", e.write(e.c, "one"), false)
		e.readsEarly(libssl.ReadEarlyDataFinish, "")
		wantEqual(t, "version", e.s.Version(), libssl.VersionTLS12)
		e.mustWrite(e.c, "one")
		e.statuses(libssl.EarlyDataNotSent, libssl.EarlyDataNotSent)
		wantEqual(t, "server reads", e.read(e.s), "one")
		e.mustWrite(e.s, "two")
		wantEqual(t, "client reads", e.read(e.c), "two")
	})
}

// Both sides export the same, and another context gives something else.
func TestAPIEarlyExport(t *testing.T) {
	earlyKinds(t, func(t *testing.T, kind string) {
		e := newEarlyCase(t, kind)
		e.writeEarly(e.c, "")
		e.readsEarly(libssl.ReadEarlyDataError, "") // nothing yet
		wantEqual(t, "server's EarlyDataStatus", e.s.EarlyDataStatus(), libssl.EarlyDataAccepted)
		exported := func(ssl *libssl.SSL, context []byte) string {
			out := make([]byte, 80)
			if ssl.ExportKeyingMaterialEarly(out, "test label", context) != 1 {
				t.Error(ssl.LastErrors())
			}
			return string(out)
		}
		with, without := exported(e.c, []byte("context")), exported(e.c, nil)
		wantEqual(t, "the same with a context", exported(e.s, []byte("context")) == with, true)
		wantEqual(t, "the same without", exported(e.s, nil) == without, true)
		wantEqual(t, "the context matters", with != without && with != string(make([]byte, 80)), true)
	})
}
