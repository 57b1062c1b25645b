package libssl

// #include "cgo.h"
import "C"

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"unsafe"
)

// TicketRing holds the keys of session tickets. New tickets are made with the current key; a key that [TicketRing.Rotate] has replaced still reads the
// tickets of its time, and the client gets a new one, as it does for each with TLS 1.3. Keys are AES-256-CBC and HMAC-SHA256, as libssl's own. Several Ctx may use one ring
// ([Ctx.SetTicketRing]), and any goroutine may use it at any time.
//
// Servers that share the keys, in one process or in several, accept each other's tickets. One of them rotates, and the others get its bytes:
//
//	b, err := ring.MarshalBinary()    // after Rotate, in one process
//	err = ring.UnmarshalBinary(b)     // in the others
//
// The bytes have the key that will be current after the next Rotate, too. So a key is known wherever the bytes have arrived once before anything is
// encrypted with it: it does not matter in which order the processes get the bytes, if all have them before the Rotate that follows.
//
// The zero value is a ring that keeps no old keys. A ring makes keys when it is first used and has none. A TicketRing must not be copied.
type TicketRing struct {
	mu   sync.RWMutex
	old  int
	keys []*ringKey // next, current, and the old ones, the latest first
}

// ringKey is a key. fmt follows one pointer if it is given a bad verb, so that there are two to what is secret.
type ringKey struct {
	name   [16]byte
	secret *ringSecret
}

type ringSecret struct{ hmac, aes [32]byte }

// ErrTicketKeys: the bytes are none that a TicketRing has made, or the ring is nil.
var ErrTicketKeys = errors.New("libssl: no ticket keys")

// An encoded ring is the header, how many old keys it keeps, how many keys follow, these, and a sum of all that.
const (
	ringHeader = "tktkeys"
	ringFormat = 1
	ringStart  = len(ringHeader) + 3
	ringKeyLen = 16 + 32 + 32
	maxOldKeys = 200
)

// NewTicketRing makes a ring with new random keys, which keeps so many old ones, 0 to 200, after a Rotate. A ticket can be used for as long as it is
// valid (SetTimeout) if old times the interval between two Rotates is no less. A ring for several processes needs 1 at least, for the tickets of those
// that have not got the new bytes yet.
func NewTicketRing(old int) (*TicketRing, error) {
	if old < 0 || old > maxOldKeys {
		return nil, fmt.Errorf("libssl: a ring cannot keep %d old keys, only 0 to %d", old, maxOldKeys)
	}
	return &TicketRing{old: old}, nil
}

func newRingKey() *ringKey {
	k := &ringKey{secret: new(ringSecret)}
	for _, part := range [][]byte{k.name[:], k.secret.hmac[:], k.secret.aes[:]} {
		rand.Read(part) // which never fails
	}
	return k
}

// setKeys replaces the keys and wipes those that the ring has no place for.
func (r *TicketRing) setKeys(keys ...*ringKey) {
	n := min(len(keys), 2+r.old)
	for _, k := range keys[n:] {
		*k.secret = ringSecret{}
	}
	r.keys = keys[:n:n]
}

// rlock locks a ring for reading, with keys in it.
func (r *TicketRing) rlock() {
	for r.mu.RLock(); r.keys == nil; r.mu.RLock() {
		r.mu.RUnlock()
		r.mu.Lock()
		r.fill()
		r.mu.Unlock()
	}
}

// fill makes the first keys.
func (r *TicketRing) fill() {
	if r.keys == nil {
		r.setKeys(newRingKey(), newRingKey())
	}
}

// Rotate makes the next key the current one, which becomes an old one, and makes another for the next time. The oldest key is wiped if that is one too
// many: its tickets lead to full handshakes. Of nil it does nothing.
func (r *TicketRing) Rotate() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fill()
	r.setKeys(append([]*ringKey{newRingKey()}, r.keys...)...)
}

// MarshalBinary returns the bytes of the ring. They are as secret as the private key, and not encrypted: who has them can be the server for clients
// with a ticket, and decrypts connections: up to TLS 1.2 each in which a ticket of these keys was sent, from then on the early data.
func (r *TicketRing) MarshalBinary() ([]byte, error) {
	if r == nil {
		return nil, fmt.Errorf("%w: the ring is nil", ErrTicketKeys)
	}
	r.rlock()
	defer r.mu.RUnlock()
	b := make([]byte, 0, ringStart+len(r.keys)*ringKeyLen+crc32.Size) // not to grow: that leaves copies behind
	b = append(append(b, ringHeader...), ringFormat, byte(r.old), byte(len(r.keys)))
	for _, k := range r.keys {
		b = append(append(append(b, k.name[:]...), k.secret.hmac[:]...), k.secret.aes[:]...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// UnmarshalBinary gives the ring the keys and the number of old ones that are in b, bytes of MarshalBinary. Those that it has encrypted with so far, or
// has kept, stay as the oldest if there is room, so that tickets of both are good. To be rid of them, for instance when they became known, read b into
// a new ring and give the Ctx that one. b itself is not wiped. If it fails, with [ErrTicketKeys], the ring is as it was.
func (r *TicketRing) UnmarshalBinary(b []byte) error {
	if r == nil {
		return fmt.Errorf("%w: the ring is nil", ErrTicketKeys)
	}
	keys, old, err := parseRing(b)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, k := range r.keys {
		if i == 0 || findKey(keys, k.name[:]) >= 0 { // never used, or a second copy
			*k.secret = ringSecret{}
			continue
		}
		keys = append(keys, k)
	}
	r.old = old
	r.setKeys(keys...)
	return nil
}

func parseRing(b []byte) (keys []*ringKey, old int, err error) {
	bad := func(format string, args ...any) ([]*ringKey, int, error) {
		return nil, 0, fmt.Errorf("%w: "+format, append([]any{ErrTicketKeys}, args...)...)
	}
	if len(b) < ringStart+crc32.Size || string(b[:len(ringHeader)]) != ringHeader {
		return bad("not the bytes of a TicketRing")
	}
	old, n := int(b[ringStart-2]), int(b[ringStart-1])
	sum := len(b) - crc32.Size
	switch format := b[len(ringHeader)]; {
	case format != ringFormat:
		return bad("format %d, only %d is known", format, ringFormat)
	case sum != ringStart+n*ringKeyLen:
		return bad("%d bytes, which are not those of %d keys", len(b), n)
	case binary.BigEndian.Uint32(b[sum:]) != crc32.ChecksumIEEE(b[:sum]):
		return bad("the checksum is wrong")
	case old > maxOldKeys || n < 2 || n > 2+old:
		return bad("%d keys, where 2 and at most %d old ones belong", n, old)
	}
	for part := range slices.Chunk(b[ringStart:sum], ringKeyLen) {
		if findKey(keys, part[:16]) >= 0 {
			return bad("two keys have the same name")
		}
		keys = append(keys, &ringKey{[16]byte(part[:16]), &ringSecret{[32]byte(part[16:48]), [32]byte(part[48:])}})
	}
	return keys, old, nil
}

// findKey returns the index of a key, -1 if it is not there.
func findKey(keys []*ringKey, name []byte) int {
	return slices.IndexFunc(keys, func(k *ringKey) bool { return bytes.Equal(k.name[:], name) })
}

// use calls f with the key for a new ticket, or the one of this name, and returns what SSL_CTX_set_tlsext_ticket_key_cb wants to hear about it: 0
// without a key, 2 for a ticket to be renewed. As with libssl's own keys that is each of TLS 1.3, whose tickets are for one connection. The key may be
// wiped after f.
func (r *TicketRing) use(name []byte, version int, f func(*ringKey) bool) int {
	r.rlock()
	defer r.mu.RUnlock()
	i, result := 1, 1
	if name != nil {
		i = findKey(r.keys, name)
	}
	if i > 1 || version >= VersionTLS13 {
		result = 2
	}
	if i < 0 || !f(r.keys[i]) {
		return 0
	}
	return result
}

// String tells the number of keys, and nothing of them. It makes none.
func (r *TicketRing) String() string {
	if r == nil {
		return "TicketRing(nil)"
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return fmt.Sprintf("TicketRing(%d keys)", len(r.keys))
}

// SetTicketRing makes the tickets of servers made with this Ctx with the keys of the ring, in place of a callback or keys that were set. nil goes back
// to libssl's own keys. The Ctx keeps the ring. Servers that resume each other's sessions need the same session id context, too:
// [Ctx.SetSessionIDContext].
//
// SetTicketRing corresponds to SSL_CTX_set_tlsext_ticket_key_cb(3).
func (c *Ctx) SetTicketRing(r *TicketRing) {
	c.setCallback(C.GOSSL_FN_TICKET_KEY, newCallback("tlsext_ticket_key_cb", r != nil, func(_ *SSL, args *C.gossl_args) {
		var name []byte
		if args.in != nil {
			name = unsafe.Slice((*byte)(args.in), args.in_len)
		}
		args.ret = C.int(r.use(name, int(args.num[1]), func(k *ringKey) bool {
			return answerSecret(args, 0, k.name[:], k.secret.aes[:]) && answerSecret(args, 1, k.secret.hmac[:])
		}))
	}))
}
