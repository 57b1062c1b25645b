package openssl

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"github.com/seed-c1436005/libssl"
	"github.com/spacemonkeygo/openssl"
)

// Tickets are the original's types.
type (
	// TicketCipherCtx says what encrypts tickets.
	TicketCipherCtx = openssl.TicketCipherCtx
	// TicketDigestCtx says what authenticates tickets.
	TicketDigestCtx = openssl.TicketDigestCtx
	// TicketName is sent in a ticket, and says which key it was made with.
	TicketName = openssl.TicketName
	// TicketKey is the secrets of tickets. Who has them can decrypt the connections.
	TicketKey = openssl.TicketKey
	// TicketKeyManager has the keys. A Ctx asks it one question at a time.
	TicketKeyManager = openssl.TicketKeyManager
	// TicketStore is all that tickets need.
	TicketStore = openssl.TicketStore
)

// KeyNameSize is the length of a TicketName.
const KeyNameSize = openssl.KeyNameSize

// What a ticket callback returns to libssl.
const (
	ticketFailed   = -1
	ticketUnknown  = 0
	ticketGood     = 1
	ticketReplaced = 2
)

// SetTicketStore sets what gives the servers that are made with c the keys of their tickets, also if an SNI callback chooses another Ctx. nil goes back to libssl's own.
//
// Tickets are encrypted with AES-CBC, and authenticated with HMAC-SHA256. A TicketStore with AES-128-CBC or AES-256-CBC gets just that; for another cipher a key of AES is made of its
// key, and the digest and the engines are not looked at. Servers that share TicketKeys understand one another if all use this package. TicketKey.IV is not used: each ticket has a random one. Tickets of TLS 1.3, which are for one connection, are
// always renewed, as with libssl's own keys.
func (c *Ctx) SetTicketStore(store *TicketStore) {
	c.tickets.Store(store)
	if store == nil {
		c.ctx.SetTLSExtTicketKeyCB(nil)
	} else {
		c.ctx.SetTLSExtTicketKeyCB(ticketKey)
	}
}

// ticketKey answers libssl. name is nil for a new ticket.
func ticketKey(ssl *libssl.SSL, name []byte) (key *libssl.TicketKey, result int) {
	// libssl reads a ticket before the SNI callback chooses a Ctx, and makes one after that: only the first Ctx is the same for both.
	s := sslOf(ssl)
	if s == nil {
		return nil, ticketFailed
	}
	c := s.ctx
	store := c.tickets.Load()
	if store == nil {
		return none(ssl, name)
	}
	c.ticketsMu.Lock()
	defer c.ticketsMu.Unlock()
	if name == nil {
		k := store.Keys.Current()
		if k == nil {
			k = store.Keys.New()
		}
		if k == nil {
			return none(ssl, name)
		}
		return convert(store, k, ticketGood)
	}
	k := store.Keys.Lookup(TicketName(name))
	switch {
	case k == nil || store.Keys.Expired(TicketName(name)):
		return nil, ticketUnknown
	case store.Keys.ShouldRenew(TicketName(name)), ssl.Version() >= libssl.VersionTLS13:
		return convert(store, k, ticketReplaced)
	}
	return convert(store, k, ticketGood)
}

// none is the answer without a key. TLS 1.3 has to send a ticket, and libssl would send one that ends the connection: it gets one that nobody can read.
func none(ssl *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
	if name != nil || ssl.Version() < libssl.VersionTLS13 {
		return nil, ticketUnknown
	}
	key := &libssl.TicketKey{AES: make([]byte, 32), HMAC: make([]byte, 32)}
	rand.Read(key.Name[:])
	rand.Read(key.AES)
	rand.Read(key.HMAC)
	return key, ticketGood
}

var errTicketKey = errors.New("the TicketStore has no cipher or digest, or the TicketKey is too short for them")

// convert makes libssl's key of the original's. A callback cannot return an error: a key that is of no use panics, as a program's mistake.
func convert(store *TicketStore, key *TicketKey, result int) (*libssl.TicketKey, int) {
	cipher, digest := store.CipherCtx.Cipher, store.DigestCtx.Digest
	if cipher == nil || digest == nil || len(key.CipherKey) < cipher.KeySize() || len(key.HMACKey) == 0 {
		panic(errTicketKey)
	}
	cipherKey, hmacKey := key.CipherKey[:cipher.KeySize()], key.HMACKey
	name, err := cipher.ShortName()
	if err != nil {
		panic(err)
	}
	if name != "AES-128-CBC" && name != "AES-256-CBC" {
		cipherKey = derived(name, cipherKey)
	}
	if len(hmacKey) > sha256.BlockSize {
		sum := sha256.Sum256(hmacKey) // as HMAC does itself
		hmacKey = sum[:]
	}
	return &libssl.TicketKey{Name: key.Name, AES: cipherKey, HMAC: hmacKey}, result
}

// derived makes a key of 32 bytes for AES of one for another cipher.
func derived(cipher string, key []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("libssl/spacemonkey ticket " + cipher))
	return h.Sum(nil)
}
