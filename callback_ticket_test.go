package libssl_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-c1436005/libssl"
)

func TestGenerateSessionID(t *testing.T) {
	client, server := idOnlyCtxs(t)
	for i, test := range []struct {
		id     []byte
		reason string
	}{
		{bytes.Repeat([]byte{7}, 32), ""},
		{bytes.Repeat([]byte{7}, 32), "ssl session id conflict"}, // it is in the cache
		{[]byte("short"), ""},
		{nil, "ssl session id has bad length"},
		{make([]byte, 33), "ssl session id callback failed"},
	} {
		server.SetGenerateSessionID(func(ssl *libssl.SSL, room int) []byte {
			wantEqual(t, "room", room, 32)
			if len(test.id) == 32 {
				wantEqual(t, "is there", ssl.HasMatchingSessionID(test.id), i == 1)
			}
			return test.id
		})
		c, s := pair(t, client, server)
		if test.reason != "" {
			_, refused := refusal(t, c, s)
			wantText(t, fmt.Sprint(i), refused, test.reason)
			continue
		}
		finish(t, c, s)
		sess := c.Session()
		if want := append(slices.Clone(test.id), make([]byte, 32-len(test.id))...); !bytes.Equal(sess.ID(), test.id) && !bytes.Equal(sess.ID(), want) {
			t.Errorf("%d: id %x", i, sess.ID())
		}
		sess.Free()
		c.Shutdown()
		s.Shutdown()
	}
}

// libssl asks the SSL, with what that inherited, and then the Ctx that the SSL was made with, as it is now.
func TestGenerateSessionIDIsInherited(t *testing.T) {
	client, server := idOnlyCtxs(t)
	other := serverCtx(t, 0)
	n := byte(0)
	var called string
	callback := func(name string) func(*libssl.SSL, int) []byte {
		return func(_ *libssl.SSL, room int) []byte {
			called = name
			n++
			return bytes.Repeat([]byte{n}, room)
		}
	}
	run := func(want string, c, s *libssl.SSL) {
		t.Helper()
		called = ""
		finish(t, c, s)
		wantEqual(t, "called", called, want)
	}
	other.SetGenerateSessionID(callback("other"))
	c, s := pair(t, client, server)
	server.SetGenerateSessionID(callback("late"))
	s.SetSSLCtx(other)
	run("late", c, s)
	c, s = pair(t, client, server)
	server.SetGenerateSessionID(callback("later"))
	run("late", c, s)
	c, s = pair(t, client, server)
	wantEqual(t, "set", s.SetGenerateSessionID(callback("own")), 1)
	run("own", c, s)
	c, s = pair(t, client, server)
	s.SetGenerateSessionID(nil)
	run("later", c, s)
}

func TestNotResumable(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	var forward []bool
	callback := func(answer bool) func(*libssl.SSL, bool) bool {
		return func(_ *libssl.SSL, forwardSecure bool) bool { forward = append(forward, forwardSecure); return answer }
	}
	tickets := func(prepare func(s *libssl.SSL)) bool {
		c, s := pair(t, client, server)
		prepare(s)
		finish(t, c, s)
		sess := c.Session()
		defer sess.Free()
		return sess.HasTicket()
	}
	server.SetNotResumableSessionCallback(callback(true))
	wantEqual(t, "tickets", tickets(func(*libssl.SSL) {}), false)
	wantEqual(t, "own", tickets(func(s *libssl.SSL) { s.SetNotResumableSessionCallback(callback(false)) }), true)
	wantEqual(t, "own nil", tickets(func(s *libssl.SSL) { s.SetNotResumableSessionCallback(nil) }), true)
	if !slices.Equal(forward, []bool{false, false}) {
		t.Errorf("forward secure: %v", forward)
	}
}

func TestSessionTicketCB(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := tlsCtxs(t, version)
		var events []string
		var lent *libssl.Session
		answer := libssl.TicketReturnUse
		server.SetSessionTicketCB(func(ssl *libssl.SSL) bool {
			sess := ssl.Session()
			defer sess.Free()
			must(t, sess.SetTicketAppData([]byte("data\x00of the program")))
			return true
		}, func(ssl *libssl.SSL, sess *libssl.Session, keyName []byte, status int) int {
			if status == libssl.TicketEmpty {
				if sess != nil || len(keyName) != 0 {
					t.Errorf("without a ticket: %v, %x", sess, keyName)
				}
				return libssl.TicketReturnIgnoreRenew
			}
			if lent = sess; sess != nil {
				wantRefs(t, sess, 2) // libssl's and the argument's
			}
			wantEqual(t, "key name", len(keyName), 16)
			events = append(events, fmt.Sprintf("%d %q", status, sess.TicketAppData()))
			return answer
		})
		sess := session(t, client, server)
		status := map[int]int{libssl.VersionTLS12: libssl.TicketSuccess, libssl.VersionTLS13: libssl.TicketSuccessRenew}[version]
		wantEqual(t, "resumes", resumes(t, client, server, unflagged(t, sess)), true)
		if got := strings.Join(events, ", "); got != fmt.Sprintf("%d %q", status, "data\x00of the program") {
			t.Errorf("events: %s", got)
		}
		wantInvalid(t, nil, nil, lent)

		answer = libssl.TicketReturnIgnore
		wantEqual(t, "resumes when ignored", resumes(t, client, server, unflagged(t, sess)), false)
		if version == libssl.VersionTLS12 { // with TLS 1.3 libssl loses the session
			answer = libssl.TicketReturnAbort
			c, s := pair(t, client, server)
			c.SetSession(unflagged(t, sess))
			if shake(c, s) {
				t.Error("abort has no effect")
			}
		}
		server.SetSessionTicketCB(nil, func(*libssl.SSL, *libssl.Session, []byte, int) int { boom(); return libssl.TicketReturnUse })
		c, s := pair(t, client, server)
		c.SetSession(unflagged(t, sess))
		wantPanic(t, panicOf(func() { shake(c, s) }), "decrypt_ticket_cb")
		if shake(c, s); s.SessionReused() {
			t.Error("the ticket is used in spite of a panic")
		}

		keys, err := server.TLSExtTicketKeys()
		must(t, err)
		keys[0]++
		must(t, server.SetTLSExtTicketKeys(keys)) // no ticket of before can be read
		events, lent = nil, nil
		server.SetSessionTicketCB(nil, func(_ *libssl.SSL, sess *libssl.Session, _ []byte, status int) int {
			lent = sess
			events = append(events, fmt.Sprint(status))
			return libssl.TicketReturnIgnoreRenew
		})
		wantEqual(t, "resumes with other keys", resumes(t, client, server, unflagged(t, sess)), false)
		if got := strings.Join(events, ", "); got != fmt.Sprint(libssl.TicketNoDecrypt) || lent != nil {
			t.Errorf("events: %s; session %v", got, lent)
		}
		server.SetSessionTicketCB(nil, nil)
		events = nil
		session(t, client, server)
		if events != nil {
			t.Error("called after nil")
		}
		server.SetSessionTicketCB(func(*libssl.SSL) bool { return false }, nil)
		c, s = pair(t, client, server)
		if shake(c, s) {
			t.Error("false has no effect")
		}
	}
}

func TestTicketKeyCB(t *testing.T) {
	key := func(n byte, aes, hmac int) *libssl.TicketKey {
		return &libssl.TicketKey{Name: [16]byte{n}, AES: bytes.Repeat([]byte{n}, aes), HMAC: bytes.Repeat([]byte{n}, hmac)}
	}
	for _, test := range []struct {
		name      string
		made      *libssl.TicketKey
		madeRet   int
		used      *libssl.TicketKey
		usedRet   int
		connects  bool // the first time
		resumes   bool
		newTicket bool
	}{
		{"AES-256", key(1, 32, 32), 1, key(1, 32, 32), 1, true, true, false},
		{"AES-128", key(1, 16, 16), 1, key(1, 16, 16), 1, true, true, false},
		{"long HMAC", key(1, 32, 64), 1, key(1, 32, 64), 1, true, true, false},
		{"renewed", key(1, 32, 32), 1, key(1, 32, 32), 2, true, true, true},
		{"unknown", key(1, 32, 32), 1, nil, 0, true, false, true},
		{"other key", key(1, 32, 32), 1, key(2, 32, 32), 1, true, false, true},
		{"no ticket", nil, 0, nil, 0, true, false, false},
		{"error", nil, -1, nil, 0, false, false, false},
		{"no key", nil, 1, nil, 0, false, false, false},
		{"bad AES", key(1, 24, 32), 1, nil, 0, false, false, false},
		{"long AES", key(1, 33, 32), 1, nil, 0, false, false, false},
		{"no HMAC", key(1, 32, 0), 1, nil, 0, false, false, false},
		{"too long HMAC", key(1, 32, 65), 1, nil, 0, false, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := tlsCtxs(t, libssl.VersionTLS12)
			server.SetSessionCacheMode(libssl.SessCacheOff)
			server.SetTLSExtTicketKeyCB(func(_ *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
				if name == nil {
					return test.made, test.madeRet
				}
				if !bytes.Equal(name, test.made.Name[:]) {
					t.Errorf("name: %x", name)
				}
				return test.used, test.usedRet
			})
			c, s := pair(t, client, server)
			if !test.connects {
				wantEqual(t, "connects", shake(c, s), false)
				return
			}
			finish(t, c, s)
			sess := c.Session()
			defer sess.Free()
			c.Shutdown()
			wantEqual(t, "ticket", sess.HasTicket(), test.made != nil)
			if test.made != nil && !bytes.HasPrefix(sess.Ticket(), test.made.Name[:]) {
				t.Errorf("ticket: %x", sess.Ticket()[:16])
			}
			c, s = pair(t, client, server)
			c.SetSession(sess)
			finish(t, c, s)
			wantEqual(t, "resumes", c.SessionReused(), test.resumes)
			now := c.Session()
			defer now.Free()
			if test.made != nil {
				wantEqual(t, "new ticket", !bytes.Equal(now.Ticket(), sess.Ticket()), test.newTicket)
			}
		})
	}
}

// Two servers that never met share the keys by their bytes.
func TestTicketKeys(t *testing.T) {
	client, first := tlsCtxs(t, libssl.VersionTLS12)
	second := serverCtx(t, libssl.VersionTLS12)
	sess := session(t, client, first)
	wantEqual(t, "resumes elsewhere", resumes(t, client, second, unflagged(t, sess)), false)
	keys, err := first.TLSExtTicketKeys()
	must(t, err)
	must(t, second.SetTLSExtTicketKeys(keys))
	again, err := second.TLSExtTicketKeys()
	must(t, err)
	if len(keys) != 80 || !bytes.Equal(again, keys) || bytes.Equal(keys, make([]byte, 80)) {
		t.Error("other keys")
	}
	wantEqual(t, "resumes elsewhere", resumes(t, client, second, unflagged(t, sess)), true)
	for _, n := range []int{0, 79, 81} {
		wantText(t, fmt.Sprint(n), second.SetTLSExtTicketKeys(make([]byte, n)), "invalid ticket keys length")
	}
	second.Free()
	_, err = second.TLSExtTicketKeys()
	wantIs(t, "freed", err, libssl.ErrFreed)
}

func TestAllowEarlyData(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	server.SetMaxEarlyData(100)
	early := func(prepare func(s *libssl.SSL)) int {
		t.Helper()
		sess := session(t, client, server)
		c, s := pair(t, client, server)
		prepare(s)
		c.SetSession(sess)
		c.WriteEarlyData([]byte("early"))
		move(c, s)
		if v := panicOf(func() { s.ReadEarlyData(make([]byte, 10)) }); v != nil {
			wantPanic(t, v, "allow_early_data_cb")
		}
		return s.EarlyDataStatus()
	}
	calls := 0
	callback := func(answer bool) func(*libssl.SSL) bool {
		return func(*libssl.SSL) bool { calls++; return answer }
	}
	wantEqual(t, "allowed", early(func(*libssl.SSL) {}), libssl.EarlyDataAccepted)
	server.SetAllowEarlyDataCB(callback(false))
	wantEqual(t, "refused", early(func(*libssl.SSL) {}), libssl.EarlyDataRejected)
	wantEqual(t, "allowed by its own", early(func(s *libssl.SSL) { s.SetAllowEarlyDataCB(callback(true)) }), libssl.EarlyDataAccepted)
	wantEqual(t, "calls", calls, 2)
	wantEqual(t, "removed", early(func(s *libssl.SSL) { s.SetAllowEarlyDataCB(nil) }), libssl.EarlyDataAccepted)
	server.SetAllowEarlyDataCB(func(*libssl.SSL) bool { boom(); return true })
	if early(func(*libssl.SSL) {}) == libssl.EarlyDataAccepted {
		t.Error("accepted in spite of a panic")
	}
}

func TestRecordPadding(t *testing.T) {
	client, server := tlsCtxs(t, libssl.VersionTLS13)
	var types []int
	n := 0
	callback := func(extra int) func(*libssl.SSL, int, int) int {
		return func(_ *libssl.SSL, contentType, length int) int {
			if n > 0 && length == n+1 {
				types = append(types, contentType)
			}
			return extra
		}
	}
	server.SetRecordPaddingCallback(callback(100))
	c, s := connected(t, client, server)
	size := func() int {
		n = 10
		s.Write(make([]byte, n))
		n = 0
		buf := make([]byte, 1<<15)
		length := s.BIORead(buf)
		c.BIOWrite(buf[:length])
		if c.Read(buf) != 10 {
			t.Fatal("the record cannot be read")
		}
		return length
	}
	padded := size()
	s.SetRecordPaddingCallback(callback(-5))
	bare := size()
	s.SetRecordPaddingCallback(callback(1 << 30))
	full := size()
	s.SetRecordPaddingCallback(nil)
	wantEqual(t, "without", size(), bare)
	wantEqual(t, "with 100", padded, bare+100)
	wantEqual(t, "with too much", full, bare-11+1<<14)
	if !slices.Equal(types, []int{libssl.RTApplicationData, libssl.RTApplicationData, libssl.RTApplicationData}) {
		t.Errorf("types: %v", types)
	}
}
