package libssl_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// newSession returns an empty session that is freed with the test.
func newSession(t testing.TB) *libssl.Session {
	t.Helper()
	sess, err := libssl.NewSession()
	must(t, err)
	t.Cleanup(sess.Free)
	return sess
}

// fields are all that the getters say. Two sessions of equal content have equal fields.
func fields(s *libssl.Session) string {
	return fmt.Sprintf("id %x\ncontext %x\ntime %d\ntimeout %v\nticket %x %v %v\ncipher %q\nversion %x\nhost %q\nALPN %q\nearly %d\nkey %x\nresumable %v\n",
		s.ID(), s.IDContext(), s.Time().Unix(), s.Timeout(), s.Ticket(), s.HasTicket(), s.TicketLifetimeHint(), s.Cipher(), s.ProtocolVersion(),
		s.Hostname(), s.ALPNSelected(), s.MaxEarlyData(), s.MasterKey(), s.IsResumable())
}

func TestSessionNew(t *testing.T) {
	now := time.Now().Unix()
	s := newSession(t)
	if made := s.Time().Unix(); made < now-1 || made > now+10 { // time(3) may be a tick behind
		t.Errorf("Time: %d, now it is %d", made, now)
	}
	must(t, s.SetTime(time.Unix(7, 0)))
	wantEqual(t, "fields", fields(s), "id \ncontext \ntime 7\ntimeout 5m4s\nticket  false 0s\ncipher \"\"\nversion 0\nhost \"\"\nALPN \"\"\n"+
		"early 0\nkey \nresumable false\n")
}

func TestSessionSetters(t *testing.T) {
	s := newSession(t)
	for n := range 33 {
		b := bytes.Repeat([]byte{byte(n)}, n)
		must(t, s.SetID(b))
		must(t, s.SetIDContext(b))
		wantEqual(t, "ID", string(s.ID()), string(b))
		wantEqual(t, "IDContext", string(s.IDContext()), string(b))
		wantEqual(t, "IsResumable", s.IsResumable(), n > 0)
	}
	wantText(t, "SetID", s.SetID(make([]byte, 33)), "SSL_SESSION_set1_id:ssl session id too long")
	wantText(t, "SetIDContext", s.SetIDContext(make([]byte, 33)), "SSL_SESSION_set1_id_context:ssl session id context too long")
	wantEqual(t, "ID after a failure", len(s.ID()), 32)
	must(t, s.SetID(nil))
	wantEqual(t, "ID after nil", len(s.ID()), 0)

	for _, at := range []time.Time{time.Unix(1, 999), time.Unix(0, 0), time.Unix(-5, 0), time.Unix(1<<40, 0)} {
		must(t, s.SetTime(at))
		wantEqual(t, "Time", s.Time(), time.Unix(at.Unix(), 0))
	}
	for _, d := range []time.Duration{time.Hour, 1500 * time.Millisecond, 0, -time.Minute, 1<<63 - 1} {
		must(t, s.SetTimeout(d))
		wantEqual(t, "Timeout", s.Timeout(), d.Truncate(time.Second))
	}
	for _, text := range []string{"localhost", strings.Repeat("x", 255), ""} {
		must(t, s.SetHostname(text))
		wantEqual(t, "Hostname", s.Hostname(), text)
	}
	for _, text := range []string{"h2", "with\x00zero", strings.Repeat("x", 255), ""} {
		must(t, s.SetALPNSelected(text))
		wantEqual(t, "ALPNSelected", s.ALPNSelected(), text)
	}
	must(t, s.SetHostname("kept"))
	wantIs(t, "SetHostname", s.SetHostname("a\x00b"), libssl.ErrNUL)
	wantEqual(t, "Hostname after a refusal", s.Hostname(), "kept")
	for _, n := range []uint32{1, 1<<32 - 1, 0} {
		must(t, s.SetMaxEarlyData(n))
		wantEqual(t, "MaxEarlyData", s.MaxEarlyData(), n)
	}
	for _, v := range []int{libssl.VersionTLS12, libssl.VersionDTLS12, 0, -1} {
		must(t, s.SetProtocolVersion(v))
		wantEqual(t, "ProtocolVersion", s.ProtocolVersion(), v)
	}
}

// TestSessionOfConnection compares what both sides of a connection say of its session.
func TestSessionOfConnection(t *testing.T) {
	for _, c := range []struct {
		name    string
		version int
		ticket  bool
		cipher  string
		id      int // length on the client
	}{
		{"TLS 1.2 id", libssl.VersionTLS12, false, "ECDHE-ECDSA-AES256-GCM-SHA384", 32},
		{"TLS 1.2 ticket", libssl.VersionTLS12, true, "ECDHE-ECDSA-AES256-GCM-SHA384", 32},
		{"TLS 1.3", libssl.VersionTLS13, true, "TLS_AES_256_GCM_SHA384", 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := clientCtx(t, c.version), serverCtx(t, c.version)
			if !c.ticket {
				server.SetOptions(libssl.OpNoTicket)
			}
			server.SetTimeout(100 * time.Second)
			a, b := pair(t, client, server)
			a.SetTLSExtHostName("name.example")
			finish(t, a, b)
			atClient, atServer := a.Session(), b.Session()
			defer atClient.Free()
			defer atServer.Free()
			for _, s := range []*libssl.Session{atClient, atServer} {
				wantEqual(t, "Cipher", s.Cipher(), c.cipher)
				wantEqual(t, "ProtocolVersion", s.ProtocolVersion(), c.version)
				wantEqual(t, "Hostname", s.Hostname(), "") // the server would have to accept the name in a callback
				wantEqual(t, "age is small", time.Since(s.Time()) < 10*time.Second, true)
			}
			wantEqual(t, "length of the client's ID", len(atClient.ID()), c.id)
			wantEqual(t, "HasTicket", atClient.HasTicket(), c.ticket)
			wantEqual(t, "length of Ticket is not 0", len(atClient.Ticket()) > 0, c.ticket)
			wantEqual(t, "IsResumable", atClient.IsResumable(), true)
			wantEqual(t, "server's Timeout", atServer.Timeout(), 100*time.Second)
			if c.ticket {
				wantEqual(t, "TicketLifetimeHint", atClient.TicketLifetimeHint(), 100*time.Second)
			}
			wantEqual(t, "server's IDContext", string(atServer.IDContext()), "test")
			if c.version == libssl.VersionTLS12 {
				wantEqual(t, "length of MasterKey", len(atClient.MasterKey()), 48)
				wantEqual(t, "MasterKey of both", bytes.Equal(atClient.MasterKey(), atServer.MasterKey()), true)
				wantEqual(t, "ID of both", bytes.Equal(atClient.ID(), atServer.ID()), !c.ticket)
			}
			// What is offered in the next hello is what the getters say.
			a.Shutdown()
			next, _ := pair(t, client, server)
			next.SetSession(atClient)
			next.DoHandshake()
			hello := make([]byte, 1<<12)
			hello = hello[:next.BIORead(hello)]
			what, offered := "ID", atClient.ID()
			if c.ticket {
				what, offered = "Ticket", atClient.Ticket()
			}
			wantEqual(t, what+" is offered", bytes.Contains(hello, offered), true)
		})
	}
}

func TestSessionHandles(t *testing.T) {
	s, other := newSession(t), newSession(t)
	up := s.UpRef()
	p := s.HandOut()
	wantRefs(t, s, 3)
	borrowed := libssl.BorrowSession(p)
	wantRefs(t, s, 4)
	adopted := libssl.AdoptSession(p)
	wantRefs(t, s, 4)
	wantEqual(t, "With", s.With(func(q unsafe.Pointer) { wantEqual(t, "pointer", q, p) }), true)
	for _, h := range []*libssl.Session{up, borrowed, adopted} {
		wantEqual(t, "Same", s.Same(h), true)
		wantEqual(t, "Same as another", other.Same(h), false)
		must(t, h.SetHostname("seen by all"))
		wantEqual(t, "Hostname", s.Hostname(), "seen by all")
		must(t, s.SetHostname(""))
		h.Free()
		wantEqual(t, "Same as a freed one", s.Same(h), false)
	}
	wantRefs(t, s, 1)
	wantEqual(t, "Same as nil", s.Same(nil), false)
	wantEqual(t, "AdoptSession(nil)", libssl.AdoptSession(nil), nil)
	wantEqual(t, "BorrowSession(nil)", libssl.BorrowSession(nil), nil)
}

func TestSessionFreed(t *testing.T) {
	adopted := libssl.AdoptSession(newSession(t).HandOut())
	adopted.Free()
	for name, s := range map[string]*libssl.Session{"nil": nil, "zero": {}, "freed": freedSession(t), "freed, from C": adopted} {
		t.Run(name, func(t *testing.T) {
			zero := "id \ncontext \ntime -62135596800\ntimeout 0s\nticket  false 0s\ncipher \"\"\nversion 0\nhost \"\"\nALPN \"\"\nearly 0\nkey \nresumable false\n"
			wantEqual(t, "fields", fields(s), zero)
			id, n := s.AppendID([]byte("a"))
			wantEqual(t, "AppendID", string(id), "a")
			wantEqual(t, "AppendID", n, 0)
			der, err := s.AppendDER([]byte("a"))
			wantEqual(t, "AppendDER", string(der), "a")
			wantIs(t, "AppendDER", err, libssl.ErrFreed)
			_, err = s.PEM()
			wantIs(t, "PEM", err, libssl.ErrFreed)
			dup, err := s.Dup()
			wantIs(t, "Dup", err, libssl.ErrFreed)
			for what, is := range map[string]bool{
				"Dup": dup != nil, "UpRef": s.UpRef() != nil, "HandOut": s.HandOut() != nil, "Same": s.Same(s), "Equal": s.Equal(s),
				"With": s.With(func(unsafe.Pointer) { t.Error("With called") }),
			} {
				wantEqual(t, what, is, false)
			}
			for what, err := range map[string]error{
				"SetID": s.SetID(nil), "SetIDContext": s.SetIDContext(nil), "SetTime": s.SetTime(time.Now()), "SetTimeout": s.SetTimeout(0),
				"SetHostname": s.SetHostname("a"), "SetALPNSelected": s.SetALPNSelected("a"), "SetMaxEarlyData": s.SetMaxEarlyData(1),
				"SetProtocolVersion": s.SetProtocolVersion(1),
			} {
				wantIs(t, what, err, libssl.ErrFreed)
			}
			s.Free()
		})
	}
}

// TestSessionShared: an id or version that changes under a cache leaves a dangling entry there. Who may have seen the object decides.
func TestSessionShared(t *testing.T) {
	client, server := idCtxs(t)
	for _, c := range []struct {
		name   string
		share  func(*libssl.Session) *libssl.Session // returns the session to be changed
		shared bool
	}{
		{"new", func(s *libssl.Session) *libssl.Session { return s }, false},
		{"another handle", (*libssl.Session).UpRef, false},
		{"looked at", func(s *libssl.Session) *libssl.Session { s.With(func(unsafe.Pointer) {}); s.ID(); return s }, false},
		{"set", func(s *libssl.Session) *libssl.Session { newSSL(t, client).SetSession(s); return s }, true},
		{"another handle set", func(s *libssl.Session) *libssl.Session {
			up := s.UpRef()
			newSSL(t, client).SetSession(up)
			up.Free()
			return s
		}, true},
		{"cached", func(s *libssl.Session) *libssl.Session {
			_, err := client.AddSession(s)
			must(t, err)
			return s
		}, true},
		{"handed out", func(s *libssl.Session) *libssl.Session { libssl.AdoptSession(s.HandOut()).Free(); return s }, true},
		{"from C", func(s *libssl.Session) *libssl.Session { return libssl.AdoptSession(s.HandOut()) }, true},
		{"a copy of a used one", func(s *libssl.Session) *libssl.Session {
			used := session(t, client, server)
			dup, err := used.Dup()
			must(t, err)
			return dup
		}, false},
	} {
		made := newSession(t)
		must(t, made.SetID([]byte(c.name)))
		s := c.share(made)
		for what, err := range map[string]error{"SetID": s.SetID([]byte("id")), "SetProtocolVersion": s.SetProtocolVersion(libssl.VersionTLS12)} {
			if c.shared {
				wantIs(t, c.name+": "+what, err, libssl.ErrShared)
			} else if err != nil {
				t.Errorf("%s: %s: %v", c.name, what, err)
			}
		}
		must(t, s.SetHostname("always")) // the other setters do no such harm
		s.Free()
	}
}

func TestSessionDup(t *testing.T) {
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		client, server := clientCtx(t, version), serverCtx(t, version)
		s := session(t, client, server)
		dup, err := s.Dup()
		must(t, err)
		defer dup.Free()
		wantEqual(t, "Same", dup.Same(s), false)
		wantEqual(t, "Equal", dup.Equal(s), true)
		wantEqual(t, "fields", fields(dup), fields(s))
		wantRefs(t, dup, 1)
		must(t, dup.SetHostname("mine"))
		wantEqual(t, "Hostname of the original", s.Hostname(), "")
		wantEqual(t, "Equal after a change", dup.Equal(s), false)
		wantEqual(t, "resumes", resumes(t, client, server, dup), true)
		_, err = client.RemoveSession(s) // flags it
		must(t, err)
		again, err := s.Dup()
		must(t, err)
		wantEqual(t, "IsResumable of the copy of a flagged one", again.IsResumable(), false)
		again.Free()
	}
}

func TestSessionAppendID(t *testing.T) {
	s := newSession(t)
	id := []byte("0123456789abcdef0123456789abcdef")
	must(t, s.SetID(id))
	for _, room := range []int{0, 1, 31, 32, 33} {
		buf := append(make([]byte, 0, 3+room), "abc"...)
		got, n := s.AppendID(buf)
		wantEqual(t, "AppendID", string(got), "abc"+string(id))
		wantEqual(t, "AppendID", n, 32)
		wantEqual(t, fmt.Sprint("in place with room for ", room), &got[0] == &buf[0], room >= 32)
		wantEqual(t, "buf", string(buf), "abc")
	}
	must(t, s.SetID([]byte("xy"))) // what lies behind a short id is not written to
	buf := []byte("abc..................................................................")
	got, n := s.AppendID(buf[:3])
	wantEqual(t, "AppendID", string(got), "abcxy")
	wantEqual(t, "AppendID", n, 2)
	wantEqual(t, "behind", string(buf[5:8]), "...")
}

// TestSessionAllocations: what is called for each connection does not allocate.
func TestSessionAllocations(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	s := session(t, client, server)
	c := newSSL(t, client)
	id, der := make([]byte, 0, 32), make([]byte, 0, 1<<12)
	for what, f := range map[string]func(){
		"SetSession":     func() { c.SetSession(s) },
		"AppendID":       func() { s.AppendID(id) },
		"AppendDER":      func() { s.AppendDER(der) },
		"IsResumable":    func() { s.IsResumable() },
		"SessionReused":  func() { c.SessionReused() },
		"SetSession nil": func() { c.SetSession(nil) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}
