package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

// newSession returns a session that can be resumed.
func newSession(t *testing.T, version int) *libssl.Session {
	t.Helper()
	s, err := libssl.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.SetID([]byte{1}), s.SetProtocolVersion(version)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func keys(s *store) (keys []string) {
	for _, e := range s.entries() {
		keys = append(keys, e.key)
	}
	return keys
}

func wantKeys(t *testing.T, s *store, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, keys(s)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := diag.Live()["Session"]; n != int64(len(want)) {
		t.Errorf("%d handles are alive for %d sessions", n, len(want))
	}
}

func TestStore(t *testing.T) {
	s := newStore(2)
	for _, key := range []string{"a", "b"} {
		s.put(key, newSession(t, libssl.VersionTLS12))
	}
	wantKeys(t, s, "b", "a")
	if s.lookup("a") == nil || s.lookup("c") != nil {
		t.Error("lookup")
	}
	wantKeys(t, s, "a", "b")
	s.put("c", newSession(t, libssl.VersionTLS13)) // b was not used for longest
	wantKeys(t, s, "c", "a")
	s.put("a", newSession(t, libssl.VersionTLS12))
	wantKeys(t, s, "a", "c")

	for range 2 { // of TLS 1.2, so that it stays
		session := s.offer("a")
		if session == nil || !session.Same(s.lookup("a")) {
			t.Error("the session of a is not offered")
		}
		session.Free()
	}
	session := s.offer("c")
	if session == nil || s.offer("c") != nil {
		t.Error("a TLS 1.3 session is to be offered once")
	}
	session.Free()
	wantKeys(t, s, "a")

	flagged, err := libssl.NewSession() // without id it cannot be resumed
	if err != nil {
		t.Fatal(err)
	}
	s.put("d", flagged)
	wantKeys(t, s, "d", "a")
	if s.lookup("d") != nil {
		t.Error("a session that cannot be resumed is found")
	}
	wantKeys(t, s, "a")
	s.put("a", nil)
	s.put("a", nil)
	wantKeys(t, s)
	s.put("e", newSession(t, libssl.VersionTLS12))
	s.free()
	wantKeys(t, s)
	s.put("late", newSession(t, libssl.VersionTLS12))
	wantKeys(t, s)
}
