package libssl

// #include "cgo.h"
import "C"

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"unsafe"

	"github.com/seed-c1436005/libssl/internal/handle"
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
	mu  sync.Mutex // held while keys are changed
	old int
	ref handle.Ref[*C.gossl_ring] // zero until there are keys; a Ctx has a reference of its own
}

var ringKind = handle.NewKind("TicketRing", freeRing, freeRing)

func freeRing(p *C.gossl_ring) { C.gossl_ring_free(p) }

// ringKeys are a copy of a ring's keys: the next one, the current one, and the old ones, the latest first. Go has them only while they are changed or
// encoded.
type ringKeys struct {
	n   int
	key [C.GOSSL_RING_MAX]C.gossl_ticket_key
}

// ErrTicketKeys: the bytes are none that a TicketRing has made, or the ring is nil.
var ErrTicketKeys = errors.New("libssl: no ticket keys")

// An encoded ring is the header, how many old keys it keeps, how many keys follow, these, and a sum of all that.
const (
	ringHeader = "tktkeys"
	ringFormat = 1
	ringStart  = len(ringHeader) + 3
	ringKeyLen = C.sizeof_gossl_ticket_key
	maxOldKeys = C.GOSSL_RING_MAX - 2
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

// load returns a copy of the keys, which the caller wipes. r.mu is held.
func (r *TicketRing) load() *ringKeys {
	k := new(ringKeys)
	if p, ok := r.ref.Acquire(); ok {
		defer r.ref.Release()
		k.n = int(C.gossl_ring_get(p, &k.key[0]))
	}
	return k
}

// filled is load, of keys that are made if there are none.
func (r *TicketRing) filled() *ringKeys {
	k := r.load()
	if k.n == 0 {
		k.add()
		k.add()
		r.store(k)
	}
	return k
}

// add puts a new random key in front.
func (k *ringKeys) add() {
	copy(k.key[1:], k.key[:])
	rand.Read(keyBytes(k.key[:1])) // which never fails
	k.n++
}

// store replaces the keys. Those that the ring has no place for are wiped. r.mu is held.
func (r *TicketRing) store(k *ringKeys) {
	p, ok := r.ref.Acquire()
	if !ok {
		handle.Own(r, &r.ref, ringKind, C.gossl_ring_new(), nil)
		p, _ = r.ref.Acquire()
	}
	defer r.ref.Release()
	C.gossl_ring_set(p, &k.key[0], C.int(min(k.n, 2+r.old)))
}

func (k *ringKeys) wipe() { *k = ringKeys{} }

// keyBytes returns the memory of keys, in which they are as they are encoded.
func keyBytes(keys []C.gossl_ticket_key) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(keys))), len(keys)*ringKeyLen)
}

// Rotate makes the next key the current one, which becomes an old one, and makes another for the next time. The oldest key is wiped if that is one too
// many: its tickets lead to full handshakes. Of nil it does nothing.
func (r *TicketRing) Rotate() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.filled()
	defer k.wipe()
	k.n = min(k.n, len(k.key)-1)
	k.add()
	r.store(k)
}

// MarshalBinary returns the bytes of the ring. They are as secret as the private key, and not encrypted: who has them can be the server for clients
// with a ticket, and decrypts connections: up to TLS 1.2 each in which a ticket of these keys was sent, from then on the early data.
func (r *TicketRing) MarshalBinary() ([]byte, error) {
	if r == nil {
		return nil, fmt.Errorf("%w: the ring is nil", ErrTicketKeys)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.filled()
	defer k.wipe()
	b := make([]byte, 0, ringStart+k.n*ringKeyLen+crc32.Size) // not to grow: that leaves copies behind
	b = append(append(b, ringHeader...), ringFormat, byte(r.old), byte(k.n))
	b = append(b, keyBytes(k.key[:k.n])...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// UnmarshalBinary gives the ring the keys and the number of old ones that are in b, bytes of MarshalBinary. Those that it has encrypted with so far, or
// has kept, stay as the oldest if there is room, so that tickets of both are good. To be rid of them, for instance when they became known, read b into
// a new ring and give the Ctx that one. b itself is not wiped. If it fails, with [ErrTicketKeys], the ring is as it was.
func (r *TicketRing) UnmarshalBinary(b []byte) error {
	if r == nil {
		return fmt.Errorf("%w: the ring is nil", ErrTicketKeys)
	}
	k, old, err := parseRing(b)
	if err != nil {
		return err
	}
	defer k.wipe()
	r.mu.Lock()
	defer r.mu.Unlock()
	mine := r.load()
	defer mine.wipe()
	for i := 1; i < mine.n && k.n < 2+old; i++ { // not the next one, which was never used
		if k.find(mine.key[i].name) < 0 {
			k.key[k.n] = mine.key[i]
			k.n++
		}
	}
	r.old = old
	r.store(k)
	return nil
}

func parseRing(b []byte) (k *ringKeys, old int, err error) {
	bad := func(format string, args ...any) (*ringKeys, int, error) {
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
	k = new(ringKeys)
	copy(keyBytes(k.key[:]), b[ringStart:sum])
	for ; k.n < n; k.n++ {
		if k.find(k.key[k.n].name) >= 0 {
			return bad("two keys have the same name")
		}
	}
	return k, old, nil
}

// find returns the index of a key, -1 if it is not there.
func (k *ringKeys) find(name [C.GOSSL_KEY_NAME]C.uchar) int {
	return slices.IndexFunc(k.key[:k.n], func(key C.gossl_ticket_key) bool { return key.name == name })
}

// String tells the number of keys, and nothing of them. It makes none.
func (r *TicketRing) String() string {
	if r == nil {
		return "TicketRing(nil)"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.load()
	defer k.wipe()
	return fmt.Sprintf("TicketRing(%d keys)", k.n)
}

// SetTicketRing makes the tickets of servers made with this Ctx with the keys of the ring, in place of a callback or keys that were set. nil goes back
// to libssl's own keys. The Ctx keeps the ring's keys, also those to come. Nothing fires. Servers that resume each other's sessions need the same
// session id context, too: [Ctx.SetSessionIDContext].
//
// SetTicketRing corresponds to SSL_CTX_set_tlsext_ticket_key_cb(3).
func (c *Ctx) SetTicketRing(r *TicketRing) {
	if r == nil {
		c.setRing(nil)
	} else {
		r.setFor(c)
	}
	c.setCallback(C.GOSSL_FN_TICKET_KEY, nil)
}

func (r *TicketRing) setFor(c *Ctx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filled().wipe()
	p, _ := r.ref.Acquire()
	defer r.ref.Release()
	c.setRing(p)
}

func (c *Ctx) setRing(p *C.gossl_ring) {
	c.do("", func(ctx *C.SSL_CTX) C.gossl_result { return C.gossl_ctx_set_ring(ctx, p) })
}
