package libssl_test

// What other bindings test about encoded sessions, restated (docs/PEERS.md).
//
//	19  TestSessionPEM, TestSessionPrint
//	20  TestPeersOldEncoding
//	21  TestSessionDER, TestSessionDup
//	22  TestSessionSetters; what is no number is an error of the compiler
//	23  TestPeersGarbageFromStore
//	24  TestPeersStoreOfBytes
//	25  TestPeersLargeSession, TestSessionTool; an id of more than 32 bytes: TestSessionSetters
//	26  TestPeersBytesOverTime

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

// What OpenSSL wrote before 1.0 had no flags, no ticket age, no limit of early data; before 0.9.8f it had no extensions at all.
func TestPeersOldEncoding(t *testing.T) {
	now := session(t, clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12))
	must(t, now.SetTime(time.Date(2011, 4, 1, 0, 0, 0, 0, time.UTC)))
	must(t, now.SetHostname("old.example"))
	for name, test := range map[string]struct {
		lastTag       int
		host          string
		ticket        bool
		lifetimeHints bool
	}{
		"2011, extensions":    {10, "old.example", true, true},
		"2011, no extensions": {5, "", false, false},
	} {
		var values []asn1.RawValue
		if _, err := asn1.Unmarshal(der(t, now), &values); err != nil {
			t.Fatal(err)
		}
		kept := values[:0]
		for _, v := range values {
			if v.Class != asn1.ClassContextSpecific || v.Tag <= test.lastTag {
				kept = append(kept, v)
			}
		}
		wantEqual(t, name+": is shorter", len(kept) < len(values), true)
		old, err := asn1.Marshal(kept)
		must(t, err)
		sess, err := libssl.ParseSession(old)
		must(t, err)
		defer sess.Free()
		wantEqual(t, name+": id", bytes.Equal(sess.ID(), now.ID()), true)
		wantEqual(t, name+": key", bytes.Equal(sess.MasterKey(), now.MasterKey()), true)
		got := fmt.Sprint(sess.Cipher(), sess.Time().Equal(now.Time()), sess.Timeout(), sess.Hostname(), sess.HasTicket(), sess.TicketLifetimeHint() > 0)
		want := fmt.Sprint(now.Cipher(), true, now.Timeout(), test.host, test.ticket, test.lifetimeHints)
		wantEqual(t, name, got, want)
		again, err := libssl.ParseSession(der(t, sess)) // what is written now is read back
		must(t, err)
		defer again.Free()
		wantEqual(t, name+": again", fields(again), fields(sess))
	}
}

// A store that answers with rubbish costs a full handshake, and no entry of the decoder's gets between libssl and its own.
func TestPeersGarbageFromStore(t *testing.T) {
	client, server := idOnlyCtxs(t)
	offered, served := offering(t, client, server)
	good := der(t, served)
	for name, stored := range map[string][]byte{
		"nothing": nil, "rubbish": []byte("INVALID SESSION"), "half": good[:len(good)/2], "more": append(bytes.Clone(good), 0), "good": good,
	} {
		must(t, server.FlushSessions(time.Time{}))
		asked := 0
		server.SessSetGetCB(func(_ *libssl.SSL, id []byte) *libssl.Session {
			asked++
			wantEqual(t, name+": id", bytes.Equal(id, offered.ID()), true)
			sess, err := libssl.ParseSession(stored)
			wantEqual(t, name+": parsed", err == nil, name == "good")
			if sess != nil {
				t.Cleanup(sess.Free)
			}
			return sess
		})
		c, s := pair(t, client, server)
		c.SetSession(unflagged(t, offered))
		c.DoHandshake()
		move(c, s)
		if n := s.DoHandshake(); s.Err(n) != libssl.ErrWantRead { // an entry that is left makes it a fatal error
			t.Errorf("%s: %v", name, s.Err(n))
		}
		wantEqual(t, name+": entries", len(s.LastErrors().Entries), 0)
		move(s, c)
		finish(t, c, s)
		wantEqual(t, name+": asked", asked, 1)
		wantEqual(t, name+": reused", c.SessionReused() && s.SessionReused(), name == "good")
		wantEqual(t, name+": data", s.Write([]byte("x")), 1)
	}
	server.SessSetGetCB(nil)
}

// A client whose cache holds nothing but bytes resumes in each connection but the first, and a server's likewise.
func TestPeersStoreOfBytes(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		client.SetSessionCacheMode(libssl.SessCacheClient | libssl.SessCacheNoInternal)
		server.SetSessionCacheMode(libssl.SessCacheServer | libssl.SessCacheNoInternal)
		server.SetOptions(libssl.OpNoTicket)
		var mine []byte
		client.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) { mine = der(t, sess) })
		stored := map[string][]byte{}
		server.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) { stored[string(sess.ID())] = der(t, sess) })
		server.SessSetGetCB(func(_ *libssl.SSL, id []byte) *libssl.Session {
			sess, err := libssl.ParseSession(stored[string(id)])
			must(t, err)
			t.Cleanup(sess.Free)
			return sess
		})
		for round := range 4 {
			c, s := pair(t, client, server)
			if mine != nil {
				sess, err := libssl.ParseSession(mine)
				must(t, err)
				c.SetSession(sess)
				sess.Free()
			}
			finish(t, c, s)
			wantEqual(t, fmt.Sprint("reused in round ", round), c.SessionReused() && s.SessionReused(), round > 0)
			hangUp(c, s)
		}
		wantEqual(t, "sessions inside", client.SessNumber()+server.SessNumber(), 0)
		client.SessSetNewCB(nil)
		server.SessSetNewCB(nil)
		server.SessSetGetCB(nil)
	})
}

// Others bound what they cache; a session with a ticket of some kilobytes goes through all forms and resumes.
func TestPeersLargeSession(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		data := bytes.Repeat([]byte("application data "), 600)
		var got []byte
		server.SetSessionTicketCB(func(ssl *libssl.SSL) bool {
			sess := ssl.Session()
			defer sess.Free()
			must(t, sess.SetTicketAppData(data))
			return true
		}, func(_ *libssl.SSL, sess *libssl.Session, _ []byte, status int) int {
			if status == libssl.TicketEmpty {
				return libssl.TicketReturnIgnoreRenew
			}
			got = sess.TicketAppData()
			return libssl.TicketReturnUse
		})
		sess := session(t, client, server)
		if n := len(der(t, sess)); n < len(data) {
			t.Fatalf("the session has only %d bytes", n)
		}
		pem, err := unflagged(t, sess).PEM()
		must(t, err)
		back, err := libssl.ParseSessionPEM(pem)
		must(t, err)
		defer back.Free()
		wantEqual(t, "fields", fields(back), fields(sess))
		wantEqual(t, "resumes", resumes(t, client, server, back), true)
		wantEqual(t, "data", string(got), string(data))
		server.SetSessionTicketCB(nil, nil)
	})
}

// The bytes that the callback saw are those that the SSL has in the end; what the SSL had after the handshake is not, in TLS 1.3.
func TestPeersBytesOverTime(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := tlsCtxs(t, version)
		var seen [][]byte
		client.SessSetNewCB(func(_ *libssl.SSL, sess *libssl.Session) { seen = append(seen, der(t, sess)) })
		c, s := pair(t, client, server)
		if !shake(c, s) {
			t.Fatal(c.LastErrors())
		}
		early := der(t, current(t, c))
		finish(t, c, s)
		late := der(t, current(t, c))
		if version == libssl.VersionTLS12 {
			if diff := cmp.Diff([][]byte{early, early}, append(seen, late)); diff != "" {
				t.Errorf("(-after the handshake +in the callback, in the end)\n%s", diff)
			}
		} else if len(seen) != 2 || bytes.Equal(seen[0], seen[1]) || bytes.Equal(early, late) || !bytes.Equal(seen[1], late) {
			t.Errorf("%d sessions: %x\nafter the handshake %x\nin the end %x", len(seen), seen, early, late)
		}
		client.SessSetNewCB(nil)
	})
}
