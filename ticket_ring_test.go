package libssl_test

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl"
)

var (
	_ encoding.BinaryMarshaler   = (*libssl.TicketRing)(nil)
	_ encoding.BinaryUnmarshaler = (*libssl.TicketRing)(nil)
)

// newRing returns a ring with old old keys.
func newRing(t testing.TB, old int) *libssl.TicketRing {
	t.Helper()
	ring, err := libssl.NewTicketRing(old)
	must(t, err)
	return ring
}

// ticketServer returns a server's Ctx that uses the ring.
func ticketServer(t testing.TB, version int, ring *libssl.TicketRing) *libssl.Ctx {
	t.Helper()
	server := serverCtx(t, version)
	server.SetTicketRing(ring)
	return server
}

// ringBytes returns the bytes of a ring.
func ringBytes(t testing.TB, ring *libssl.TicketRing) []byte {
	t.Helper()
	b, err := ring.MarshalBinary()
	must(t, err)
	return b
}

// share gives the keys of one ring to another, as processes do.
func share(t testing.TB, from, to *libssl.TicketRing) {
	t.Helper()
	must(t, to.UnmarshalBinary(ringBytes(t, from)))
}

// offer makes a connection with a copy of sess, nil for none. It returns whether it was resumed, the session that the client has then, and the name
// of the key of its ticket.
func offer(t testing.TB, client, server *libssl.Ctx, sess *libssl.Session) (resumed bool, now *libssl.Session, key string) {
	t.Helper()
	c, s := pair(t, client, server)
	if sess != nil && c.SetSession(unflagged(t, sess)) != 1 {
		t.Fatal(c.LastErrors())
	}
	finish(t, c, s)
	now = c.Session()
	t.Cleanup(now.Free)
	c.Shutdown()
	s.Shutdown()
	wantEqual(t, "both sides", c.SessionReused(), s.SessionReused())
	return c.SessionReused(), now, string(now.Ticket()[:16])
}

// currentKey returns the name of the key for new tickets.
func currentKey(ring *libssl.TicketRing) string { return keyNames(ring)[1] }

// keyNames returns the names of the keys: of the next one, the current one, and the old ones.
func keyNames(ring *libssl.TicketRing) (names []string) {
	b, _ := ring.MarshalBinary()
	for key := range slices.Chunk(b[10:len(b)-4], 80) {
		names = append(names, string(key[:16]))
	}
	return names
}

// A ticket is good, on each Ctx of the ring, until its key has left; an old one is replaced by one of the current key.
func TestTicketRingRotation(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, ring := clientCtx(t, version), newRing(t, 2)
		servers := []*libssl.Ctx{ticketServer(t, version, ring), ticketServer(t, version, ring)}
		_, sess, first := offer(t, client, servers[0], nil)
		wantEqual(t, "first key", first, currentKey(ring))
		for rotations := range 4 {
			current := currentKey(ring)
			wantEqual(t, "other key", current == first, rotations == 0)
			for i, server := range servers {
				resumed, _, key := offer(t, client, server, sess)
				what := fmt.Sprintf("Ctx %d after %d rotations: ", i, rotations)
				wantEqual(t, what+"resumed", resumed, rotations <= 2)
				wantEqual(t, what+"current key", key == current, true)
			}
			ring.Rotate()
		}
		if resumed, _, _ := offer(t, client, serverCtx(t, version), sess); resumed {
			t.Error("resumed without the ring")
		}
	})
}

// With TLS 1.3 a ticket is for one connection, and the server sends another.
func TestTicketRingRenewsAlways(t *testing.T) {
	client, server := clientCtx(t, libssl.VersionTLS13), ticketServer(t, libssl.VersionTLS13, newRing(t, 1))
	_, sess, _ := offer(t, client, server, nil)
	resumed, now, _ := offer(t, client, server, sess)
	wantEqual(t, "resumed", resumed, true)
	wantEqual(t, "same ticket", bytes.Equal(now.Ticket(), sess.Ticket()), false)
}

// Up to TLS 1.2 a ticket of the current key, or of the next, stays.
func TestTicketRingRenews(t *testing.T) {
	client, ring, ahead := clientCtx(t, libssl.VersionTLS12), newRing(t, 1), newRing(t, 1)
	server := ticketServer(t, libssl.VersionTLS12, ring)
	_, sess, _ := offer(t, client, server, nil)
	share(t, ring, ahead)
	ahead.Rotate()
	_, early, _ := offer(t, client, ticketServer(t, libssl.VersionTLS12, ahead), nil)
	for _, s := range []*libssl.Session{sess, early} {
		resumed, now, _ := offer(t, client, server, s)
		wantEqual(t, "resumed", resumed, true)
		wantEqual(t, "same ticket", bytes.Equal(now.Ticket(), s.Ticket()), true)
	}
	ring.Rotate()
	resumed, renewed, key := offer(t, client, server, sess)
	wantEqual(t, "resumed", resumed, true)
	wantEqual(t, "current key", key == currentKey(ring), true)
	ring.Rotate()
	wantEqual(t, "the old ticket resumes", resumes(t, client, server, unflagged(t, sess)), false)
	wantEqual(t, "the new ticket resumes", resumes(t, client, server, unflagged(t, renewed)), true)
}

// However late the bytes arrive, as long as they do between two rotations: each accepts the tickets of the other at every moment.
func TestTicketRingRollout(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, a, b := clientCtx(t, version), newRing(t, 1), &libssl.TicketRing{}
		share(t, a, b)
		first, second := ticketServer(t, version, a), ticketServer(t, version, b)
		check := func(what string) {
			t.Helper()
			_, ofFirst, _ := offer(t, client, first, nil)
			_, ofSecond, _ := offer(t, client, second, nil)
			wantEqual(t, what+": first to second", resumes(t, client, second, unflagged(t, ofFirst)), true)
			wantEqual(t, what+": second to first", resumes(t, client, first, unflagged(t, ofSecond)), true)
		}
		for range 3 {
			check("shared")
			a.Rotate()
			wantEqual(t, "same key", currentKey(a) == currentKey(b), false)
			check("rotated")
			share(t, a, b)
			wantEqual(t, "same key", currentKey(a) == currentKey(b), true)
		}
		if diff := cmp.Diff(ringBytes(t, a), ringBytes(t, b)); diff != "" {
			t.Error(diff)
		}
	})
}

// What a server has encrypted with before it got keys from elsewhere stays good while there is room.
func TestTicketRingMerge(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, mine, theirs := clientCtx(t, version), newRing(t, 0), newRing(t, 2)
		server := ticketServer(t, version, mine)
		_, ofMine, _ := offer(t, client, server, nil)
		_, ofTheirs, _ := offer(t, client, ticketServer(t, version, theirs), nil)
		for _, test := range []struct{ mine, theirs bool }{{true, true}, {true, true}, {false, true}} {
			share(t, theirs, mine)
			wantEqual(t, "key", currentKey(mine) == currentKey(theirs), true)
			wantEqual(t, "mine", resumes(t, client, server, unflagged(t, ofMine)), test.mine)
			wantEqual(t, "theirs", resumes(t, client, server, unflagged(t, ofTheirs)), test.theirs)
			theirs.Rotate()
		}
	})
	ring, other := newRing(t, 3), newRing(t, 3)
	ring.Rotate()
	ring.Rotate()
	before := keyNames(ring)
	share(t, other, ring)
	wantEqual(t, "the former keys are the last, in their order", slices.Equal(keyNames(ring)[2:], before[1:]), true)
}

// The parent's and the child's servers never share more than bytes.
func TestTicketRingProcesses(t *testing.T) {
	const dirName = "LIBSSL_TEST_RING"
	file := func(name string) string { return filepath.Join(os.Getenv(dirName), name) }
	save := func(name string, b []byte) { must(t, os.WriteFile(file(name), b, 0o600)) }
	load := func(name string) *libssl.Session {
		sess, err := libssl.ParseSession(readFile(t, file(name)))
		must(t, err)
		t.Cleanup(sess.Free)
		return sess
	}
	if inChild(t) {
		ring := &libssl.TicketRing{}
		must(t, ring.UnmarshalBinary(readFile(t, file("keys"))))
		ring.Rotate()
		for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
			client, server := clientCtx(t, version), ticketServer(t, version, ring)
			wantEqual(t, "resumes in the child", resumes(t, client, server, load(fmt.Sprint("parent", version))), true)
			save(fmt.Sprint("child", version), der(t, session(t, client, server)))
		}
		save("keys", ringBytes(t, ring))
		return
	}
	t.Setenv(dirName, t.TempDir())
	ring := newRing(t, 1)
	for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
		save(fmt.Sprint("parent", version), der(t, session(t, clientCtx(t, version), ticketServer(t, version, ring))))
	}
	save("keys", ringBytes(t, ring))
	if out, err := runInChild(t, t.Name()); err != nil {
		t.Fatalf("%v\n%s", err, head(out))
	}
	for _, when := range []string{"before", "after"} {
		for _, version := range []int{libssl.VersionTLS12, libssl.VersionTLS13} {
			client, server := clientCtx(t, version), ticketServer(t, version, ring)
			for _, whose := range []string{"parent", "child"} {
				wantEqual(t, fmt.Sprint(whose, " ", when), resumes(t, client, server, load(fmt.Sprint(whose, version))), true)
			}
		}
		must(t, ring.UnmarshalBinary(readFile(t, file("keys"))))
	}
}

// Zero is a ring without old keys that makes its own; nil removes a ring.
func TestTicketRingZero(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		ring := &libssl.TicketRing{}
		client, server := clientCtx(t, version), ticketServer(t, version, ring)
		_, sess, _ := offer(t, client, server, nil)
		wantEqual(t, "resumes", resumes(t, client, server, unflagged(t, sess)), true)
		server.SetTicketRing(nil)
		wantEqual(t, "resumes without it", resumes(t, client, server, unflagged(t, sess)), false)
		resumed, _, _ := offer(t, client, server, session(t, client, server))
		wantEqual(t, "resumes with libssl's keys", resumed, true)
		server.SetTicketRing(ring)
		ring.Rotate()
		wantEqual(t, "resumes after a rotation", resumes(t, client, server, unflagged(t, sess)), false)
	})
	ring := &libssl.TicketRing{}
	ring.Rotate()
	wantEqual(t, "keys", len(keyNames(ring)), 2)
	var none *libssl.TicketRing
	none.Rotate()
	_, err := none.MarshalBinary()
	wantText(t, "MarshalBinary of nil", err, "no ticket keys: the ring is nil")
	wantText(t, "UnmarshalBinary of nil", none.UnmarshalBinary(ringBytes(t, ring)), "no ticket keys: the ring is nil")
	wantEqual(t, "text of nil", none.String(), "TicketRing(nil)")
	for old, ok := range map[int]bool{-1: false, 0: true, 200: true, 201: false} {
		ring, err := libssl.NewTicketRing(old)
		if (ring != nil) != ok || (err == nil) != ok || err != nil && errors.Is(err, libssl.ErrTicketKeys) {
			t.Errorf("%d old keys: %v, %v", old, ring, err)
		}
	}
}

// A Ctx keeps the keys of a ring that was forgotten, until it gets something else.
func TestTicketRingForgotten(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		client, server := clientCtx(t, version), ticketServer(t, version, newRing(t, 1))
		runtime.GC()
		_, sess, _ := offer(t, client, server, nil)
		resumed, _, _ := offer(t, client, server, sess)
		wantEqual(t, "resumed", resumed, true)
		asked := 0
		server.SetTLSExtTicketKeyCB(func(*libssl.SSL, []byte) (*libssl.TicketKey, int) {
			asked++
			return &libssl.TicketKey{AES: make([]byte, 32), HMAC: make([]byte, 32)}, 1
		})
		_, _, key := offer(t, client, server, nil)
		wantEqual(t, "key of the callback", key, string(make([]byte, 16)))
		server.SetTicketRing(newRing(t, 0))
		before := asked
		_, _, key = offer(t, client, server, nil)
		wantEqual(t, "key of the callback", key == string(make([]byte, 16)), false)
		wantEqual(t, "the callback was asked", before > 0 && asked == before, true)
		server.SetTLSExtTicketKeyCB(nil)
		_, sess, _ = offer(t, client, server, nil)
		resumed, _, _ = offer(t, client, server, sess)
		wantEqual(t, "resumed with libssl's keys", resumed, true)
		keys, err := server.TLSExtTicketKeys()
		must(t, err)
		wantEqual(t, "libssl's key", string(sess.Ticket()[:16]), string(keys[:16]))
	})
}

// Nothing that is printed has a key: not as text, and not as the numbers that %v makes of bytes. What has left the ring is wiped.
func TestTicketRingSecrets(t *testing.T) {
	type holder struct {
		Ring, inner *libssl.TicketRing
		value       libssl.TicketRing
	}
	ring, h := newRing(t, 1), &holder{}
	ring.Rotate()
	h.Ring, h.inner = ring, ring
	share(t, ring, &h.value)
	var forms []string
	for part := range slices.Chunk(ringBytes(t, ring)[10:250], 80) {
		for i := 16; i <= 76; i += 4 {
			for _, verb := range []string{"%s", "%q", "%x", "%X", "%d", "%o", "%#v", "%c"} {
				forms = append(forms, strings.TrimPrefix(strings.Trim(fmt.Sprintf(verb, part[i:i+4]), "[]{}\""), "[]byte{"))
			}
		}
	}
	for _, v := range []any{ring, h, []*libssl.TicketRing{ring}, map[int]*libssl.TicketRing{0: ring}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%t", "%c", "%U", "%e", "%p", "%T"} {
			text := fmt.Sprintf(verb, v)
			if i := slices.IndexFunc(forms, func(form string) bool { return strings.Contains(text, form) }); i >= 0 {
				t.Errorf("%s of %T has a key", verb, v)
			}
		}
	}
	wantEqual(t, "text", fmt.Sprint(ring), "TicketRing(3 keys)")

	fewer := newRing(t, 0)
	wantEqual(t, "nothing but three keys", ring.Wiped(3), true)
	share(t, fewer, ring)
	wantEqual(t, "nothing but two keys", ring.Wiped(2), true)
	ring.Rotate()
	wantEqual(t, "nothing but two keys", ring.Wiped(2), true)
}

// garbage are bytes that are no ring, and what the error says.
func garbage(t testing.TB) map[string][]byte {
	good := ringBytes(t, newRing(t, 1))
	changed := func(f func(b []byte) []byte) []byte { return withSum(f(bytes.Clone(good))) }
	at := func(i int, v byte) []byte { return changed(func(b []byte) []byte { b[i] = v; return b }) }
	return map[string][]byte{
		"not the bytes of a TicketRing":                   nil,
		"not the bytes of a TicketRing ":                  good[:13],
		"not the bytes of a TicketRing  ":                 at(0, 'T'),
		"format 2, only 1 is known":                       at(7, 2),
		"173 bytes, which are not those of 2 keys":        good[:173],
		"175 bytes, which are not those of 2 keys":        append(bytes.Clone(good), 0),
		"174 bytes, which are not those of 255 keys":      at(9, 255),
		"the checksum is wrong":                           append(bytes.Clone(good[:173]), good[173]+1),
		"3 keys, where 2 and at most 0 old ones belong":   changed(func(b []byte) []byte { b[8], b[9] = 0, 3; return slices.Insert(b, 10, make([]byte, 80)...) }),
		"1 keys, where 2 and at most 1 old ones belong":   changed(func(b []byte) []byte { b[9] = 1; return slices.Delete(b, 10, 90) }),
		"0 keys, where 2 and at most 1 old ones belong":   changed(func(b []byte) []byte { b[9] = 0; return slices.Delete(b, 10, 170) }),
		"2 keys, where 2 and at most 201 old ones belong": at(8, 201),
		"two keys have the same name":                     changed(func(b []byte) []byte { copy(b[90:106], b[10:26]); return b }),
	}
}

// withSum sets the checksum at the end of b.
func withSum(b []byte) []byte {
	n := len(b) - 4
	binary.BigEndian.PutUint32(b[n:], crc32.ChecksumIEEE(b[:n]))
	return b
}

func TestTicketRingGarbage(t *testing.T) {
	ring := newRing(t, 1)
	before := ringBytes(t, ring)
	for text, b := range garbage(t) {
		err := ring.UnmarshalBinary(b)
		if !errors.Is(err, libssl.ErrTicketKeys) {
			t.Errorf("%s: %v", text, err)
		}
		wantText(t, text, err, "libssl: no ticket keys: "+strings.TrimSpace(text))
	}
	wantEqual(t, "unchanged", bytes.Equal(ringBytes(t, ring), before), true)
	many := newRing(t, 200)
	for range 210 {
		many.Rotate()
	}
	share(t, many, ring)
	wantEqual(t, "keys", len(keyNames(ring)), 202)
}

// FuzzTicketRing: whatever the bytes, no crash; what is read gives the same bytes again. The bytes are tried with the right checksum, too.
func FuzzTicketRing(f *testing.F) {
	f.Add(ringBytes(f, newRing(f, 1)))
	for _, b := range garbage(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tries := [][]byte{b}
		if len(b) >= 4 {
			tries = append(tries, withSum(bytes.Clone(b)))
		}
		for _, b := range tries {
			ring := &libssl.TicketRing{}
			if err := ring.UnmarshalBinary(b); err == nil {
				wantEqual(t, "the same again", bytes.Equal(ringBytes(t, ring), b), true)
			} else if !errors.Is(err, libssl.ErrTicketKeys) {
				t.Error(err)
			}
		}
	})
}

// Handshakes, rotations and shared bytes at the same time.
func TestTicketRingConcurrent(t *testing.T) {
	both(t, func(t *testing.T, version int) {
		ring, other := newRing(t, 200), newRing(t, 200)
		var handshakes sync.WaitGroup
		for range 4 {
			client, server := clientCtx(t, version), ticketServer(t, version, ring)
			_, sess, _ := offer(t, client, server, nil)
			handshakes.Add(1)
			go func() {
				defer handshakes.Done()
				for range 5 {
					resumed, _, _ := offer(t, client, server, sess)
					wantEqual(t, "resumed", resumed, true)
				}
			}()
		}
		for range 20 {
			ring.Rotate()
			share(t, ring, other)
			share(t, other, ring)
			_ = ring.String()
		}
		handshakes.Wait()
	})
}

// Two servers share the keys by bytes. One has rotated already; each accepts the tickets of the other.
func ExampleTicketRing() {
	ring, err := libssl.NewTicketRing(24) // rotated every hour, that is a day
	check(err)
	keys, err := ring.MarshalBinary() // a secret: to the other process by a way that nobody reads
	check(err)
	var theirs libssl.TicketRing // in the other process
	check(theirs.UnmarshalBinary(keys))
	ring.Rotate()

	client, server := contexts()
	defer client.Free()
	defer server.Free()
	server.SetTicketRing(ring)
	_, elsewhere := contexts()
	defer elsewhere.Free()
	elsewhere.SetTicketRing(&theirs)

	var session *libssl.Session
	for _, server := range []*libssl.Ctx{server, elsewhere, server} {
		c, s := ends(client, server)
		c.SetSession(session)
		session.Free()
		greet(c, s)
		fmt.Println("resumed:", c.SessionReused())
		session = c.Session()
		c.Shutdown()
		c.Free()
		s.Free()
	}
	session.Free()
	fmt.Println(ring)
	// Output:
	// resumed: false
	// resumed: true
	// resumed: true
	// TicketRing(3 keys)
}
