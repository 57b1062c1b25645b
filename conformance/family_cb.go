package conformance

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/seed-c1436005/libssl"
)

// Callbacks of the session family other than the cache's, as ../cdriver/family_cb.c has them.

// fired records that a callback was called, and executes the operation that belongs to it.
func (c *call) fired(cb string, ssl *libssl.SSL, data string) {
	c.d.addDeaths()
	c.event(map[string]any{"cb": cb, "ssl": orUnknown(c.d.nameOf(sslKind, pointer(ssl), true)), "data": data})
}

func (c *call) generateID() func(*libssl.SSL, int) []byte {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, _ int) []byte {
		c.fired("generate_session_id", ssl, "")
		return c.bytes(1)
	}
}

func (c *call) notResumable() func(*libssl.SSL, bool) bool {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, forwardSecure bool) bool {
		c.fired("not_resumable_session_callback", ssl, fmt.Sprint(number(forwardSecure)))
		return c.number(1) != 0
	}
}

func (c *call) allowEarlyData() func(*libssl.SSL) bool {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL) bool {
		c.fired("allow_early_data_cb", ssl, "")
		return c.number(1) != 0
	}
}

func (c *call) ticketCB() (func(*libssl.SSL) bool, func(*libssl.SSL, *libssl.Session, []byte, int) int) {
	if c.op.off {
		return nil, nil
	}
	generate := func(ssl *libssl.SSL) bool {
		c.fired("generate_ticket_cb", ssl, "")
		session := ssl.Session()
		defer session.Free()
		session.SetTicketAppData(c.bytes(1))
		return c.number(2) != 0
	}
	decrypt := func(ssl *libssl.SSL, session *libssl.Session, keyName []byte, status int) int {
		c.fired("decrypt_ticket_cb", ssl, fmt.Sprintf("%d %d %s", status, len(keyName), session.TicketAppData()))
		if session == nil {
			return libssl.TicketReturnIgnoreRenew
		}
		return c.number(3)
	}
	return generate, decrypt
}

// ticketKeyOf has a name of 16 bytes, and of its first byte 32 for AES and 32 for HMAC.
func ticketKeyOf(name []byte) *libssl.TicketKey {
	key := &libssl.TicketKey{AES: bytes.Repeat(name[:1], 32), HMAC: bytes.Repeat(name[:1], 32)}
	copy(key.Name[:], name)
	return key
}

// ticketKey is for the words K NAME N KNOWN N: NAME is the key of new tickets; those of KNOWN get the second answer, others of NAME are good, and the
// rest is not known.
func (c *call) ticketKey() func(*libssl.SSL, []byte) (*libssl.TicketKey, int) {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, name []byte) (*libssl.TicketKey, int) {
		told := string(bytes.TrimRight(name, "\x00"))
		c.fired("tlsext_ticket_key_cb", ssl, fmt.Sprintf("%d %s", number(name == nil), told))
		switch {
		case name == nil:
			return ticketKeyOf(c.bytes(1)), c.number(2)
		case told == c.text(3):
			return ticketKeyOf(name), c.number(4)
		default:
			return ticketKeyOf(name), number(told == c.text(1))
		}
	}
}

func (c *call) pskClient() func(*libssl.SSL, string) (string, []byte) {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, hint string) (string, []byte) {
		c.fired("psk_client_callback", ssl, hint)
		return c.text(1), c.hex(2)
	}
}

func (c *call) pskServer() func(*libssl.SSL, string) []byte {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, identity string) []byte {
		c.fired("psk_server_callback", ssl, identity)
		return c.hex(1)
	}
}

func (c *call) pskUse() func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, digest string) ([]byte, *libssl.Session, bool) {
		c.fired("psk_use_session_callback", ssl, digest)
		return c.bytes(2), c.session(1), true
	}
}

func (c *call) pskFind() func(*libssl.SSL, []byte) (*libssl.Session, bool) {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, identity []byte) (*libssl.Session, bool) {
		c.fired("psk_find_session_callback", ssl, string(identity))
		return c.session(1), true
	}
}

// info tells of what a mask asks for.
func (c *call) info() func(*libssl.SSL, int, int) {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, where, ret int) {
		if where&c.number(1) != 0 {
			c.fired("info_callback", ssl, fmt.Sprintf("%#x %d", where, ret))
		}
	}
}

// clientCert answers 1 with a certificate.
func (c *call) clientCert() func(*libssl.SSL) (cert, key []byte, result int) {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL) (cert, key []byte, result int) {
		c.fired("client_cert_cb", ssl, "")
		if c.number(1) == 1 {
			cert, key = pemBytes("client.pem"), pemBytes("client.key")
		}
		return cert, key, c.number(1)
	}
}

// pemBytes returns what a file of testdata encodes.
func pemBytes(file string) []byte {
	text, err := os.ReadFile(testdata(file))
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(text)
	return block.Bytes
}

func (c *call) cookie(name string) func(*libssl.SSL) []byte {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL) []byte {
		c.fired(name, ssl, "")
		return c.bytes(1)
	}
}

func (c *call) cookieSeen(name string) func(*libssl.SSL, []byte) bool {
	if c.op.off {
		return nil
	}
	return func(ssl *libssl.SSL, cookie []byte) bool {
		c.fired(name, ssl, string(cookie))
		return c.number(1) != 0
	}
}
