package libssl_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// tlsCtxs returns a client's and a server's Ctx of a version.
func tlsCtxs(t testing.TB, version int) (client, server *libssl.Ctx) {
	t.Helper()
	return clientCtx(t, version), serverCtx(t, version)
}

func TestKeylog(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	lines := map[string][]string{}
	for side, ctx := range map[string]*libssl.Ctx{"client": client, "server": server} {
		ctx.SetKeylogCallback(func(_ *libssl.SSL, line string) { lines[side] = append(lines[side], line) })
	}
	connected(t, client, server)
	if len(lines["client"]) == 0 || !slices.Equal(sorted(lines["client"]), sorted(lines["server"])) {
		t.Errorf("client: %q\nserver: %q", lines["client"], lines["server"])
	}
	labels := map[string]bool{}
	for _, line := range lines["client"] {
		labels[strings.Fields(line)[0]] = true
	}
	for _, label := range []string{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"} {
		if !labels[label] {
			t.Errorf("no line %s in %q", label, lines["client"])
		}
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// libssl asks the present Ctx, also after SetSSLCtx.
func TestKeylogOfPresentCtx(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	other := clientCtx(t, 0)
	var got []string
	client.SetKeylogCallback(func(*libssl.SSL, string) { got = append(got, "first") })
	other.SetKeylogCallback(func(*libssl.SSL, string) { got = append(got, "other") })
	c, s := pair(t, client, server)
	c.SetSSLCtx(other)
	finish(t, c, s)
	if len(got) == 0 || slices.Contains(got, "first") {
		t.Errorf("called: %q", got)
	}
}

func TestInfoCallback(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS12)
	c, s := pair(t, client, server)
	var ofCtx, ofSSL []int
	note := func(to *[]int, want *libssl.SSL) func(*libssl.SSL, int, int) {
		return func(ssl *libssl.SSL, where, ret int) {
			if !ssl.Same(want) {
				t.Error("called for another SSL")
			}
			if where == libssl.CbHandshakeStart || where == libssl.CbHandshakeDone || where&libssl.CbAlert != 0 {
				*to = append(*to, where, ret)
			}
		}
	}
	client.SetInfoCallback(note(&ofCtx, c)) // an SSL that exists is asked too
	finish(t, c, s)
	if want := []int{libssl.CbHandshakeStart, 1, libssl.CbHandshakeDone, 1}; !slices.Equal(ofCtx, want) {
		t.Errorf("%#x, want %#x", ofCtx, want)
	}
	c.SetInfoCallback(note(&ofSSL, c))
	ofCtx = nil
	c.Shutdown()
	if want := []int{libssl.CbWriteAlert, 0x100}; !slices.Equal(ofSSL, want) || ofCtx != nil { // warning, close_notify
		t.Errorf("%#x, want %#x; the Ctx's got %#x", ofSSL, want, ofCtx)
	}
	c.SetInfoCallback(nil)
	move(s, c)
	s.Shutdown()
	move(s, c)
	c.Shutdown()
	if want := []int{libssl.CbReadAlert, 0x100}; !slices.Equal(ofCtx, want) {
		t.Errorf("%#x, want %#x", ofCtx, want)
	}
}

func TestMsgCallback(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS12)
	var sent, received []libssl.Message
	client.SetMsgCallback(func(_ *libssl.SSL, m libssl.Message) {
		if m.Sent && m.ContentType == libssl.RTHandshake {
			sent = append(sent, m)
		}
	})
	c, s := pair(t, client, server)
	client.SetMsgCallback(func(*libssl.SSL, libssl.Message) { t.Error("an SSL that exists uses a new callback") })
	s.SetMsgCallback(func(ssl *libssl.SSL, m libssl.Message) {
		if !ssl.Same(s) {
			t.Error("called for another SSL")
		}
		if !m.Sent && m.ContentType == libssl.RTHandshake {
			received = append(received, m)
		}
	})
	finish(t, c, s)
	if len(sent) != 3 || len(received) != 3 { // ClientHello, ClientKeyExchange, Finished
		t.Fatalf("%d sent, %d received", len(sent), len(received))
	}
	for i := range sent {
		if !bytes.Equal(sent[i].Data, received[i].Data) || len(sent[i].Data) < 4 {
			t.Errorf("message %d: %x, %x", i, sent[i].Data, received[i].Data)
		}
		if i > 0 && received[i].Version != libssl.VersionTLS12 { // at the ClientHello none is chosen yet
			t.Errorf("message %d: version %x", i, received[i].Version)
		}
	}
	received = nil
	s.SetMsgCallback(nil)
	c.Shutdown()
	move(c, s)
	s.Read(make([]byte, 1))
	if received != nil {
		t.Error("called after nil")
	}
}

// What C copies to a duplicate goes with it, and outlives the original.
func TestDupCopiesCallbacks(t *testing.T) {
	client, server := tlsCtxs(t, 0)
	var events []string
	note := func(name string) { events = append(events, name) }
	orig := newSSL(t, client)
	orig.SetMsgCallback(func(*libssl.SSL, libssl.Message) { note("msg") })
	orig.SetInfoCallback(func(*libssl.SSL, int, int) { note("info") })
	dup, err := orig.Dup()
	must(t, err)
	t.Cleanup(dup.Free)
	orig.Free()
	dup.SetMemBIO()
	dup.SetConnectState()
	s := newSSL(t, server)
	s.SetMemBIO()
	s.SetAcceptState()
	finish(t, dup, s)
	if !slices.Contains(events, "msg") || !slices.Contains(events, "info") {
		t.Errorf("called: %q", slices.Compact(sorted(events)))
	}
}

// Callbacks of C's own stay when Go sets others, and a callback of Go runs on a thread that C made, where a panic has only the Ctx's handler.
func TestInfoCallbackOfCallByC(t *testing.T) {
	raw, ctx := legacyCtx(t, 0)
	events := make(chan string, 1000)
	ctx.SetPanicHandler(func(p *libssl.CallbackPanic) { events <- fmt.Sprint("handler ", p.Callback) })
	ctx.SetMsgCallback(func(*libssl.SSL, libssl.Message) { events <- "msg" })
	ctx.SetInfoCallback(func(_ *libssl.SSL, where, _ int) {
		if where == libssl.CbHandshakeStart {
			panic("no caller in Go")
		}
	})
	c, s := legacyPair(t, raw)
	ctest.CallOnThread(ctest.Handshake, c, s)
	seen := map[string]bool{}
	if !reached(func() bool {
		for len(events) > 0 {
			seen[<-events] = true
		}
		return seen["msg"] && seen["handler info_callback"]
	}) {
		t.Errorf("seen: %v", seen)
	}
	ctx.SetInfoCallback(nil)
	ctx.SetMsgCallback(nil)
}
