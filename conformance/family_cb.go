package conformance

import (
	"fmt"

	"github.com/seed-c1436005/libssl"
)

// Callbacks of the session family other than the cache's, as ../cdriver/family_cb.c has them.

// fired records that a callback was called.
func (c *call) fired(cb string, ssl *libssl.SSL, data string) {
	d := c.d
	d.addDeaths()
	d.events = append(d.events, map[string]any{"cb": cb, "ssl": orUnknown(d.nameOf(sslKind, pointer(ssl), true)), "data": data})
}

func (c *call) generateID() func(*libssl.SSL, int) []byte {
	return func(ssl *libssl.SSL, _ int) []byte {
		c.fired("generate_session_id", ssl, "")
		return c.bytes(1)
	}
}

func (c *call) notResumable() func(*libssl.SSL, bool) bool {
	return func(ssl *libssl.SSL, forwardSecure bool) bool {
		c.fired("not_resumable_session_callback", ssl, fmt.Sprint(number(forwardSecure)))
		return c.number(1) != 0
	}
}

func (c *call) allowEarlyData() func(*libssl.SSL) bool {
	return func(ssl *libssl.SSL) bool {
		c.fired("allow_early_data_cb", ssl, "")
		return c.number(1) != 0
	}
}

func (c *call) ticketCB() (func(*libssl.SSL) bool, func(*libssl.SSL, *libssl.Session, []byte, int) int) {
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

func (c *call) pskClient() func(*libssl.SSL, string) (string, []byte) {
	return func(ssl *libssl.SSL, hint string) (string, []byte) {
		c.fired("psk_client_callback", ssl, hint)
		return c.text(1), c.hex(2)
	}
}

func (c *call) pskServer() func(*libssl.SSL, string) []byte {
	return func(ssl *libssl.SSL, identity string) []byte {
		c.fired("psk_server_callback", ssl, identity)
		return c.hex(1)
	}
}

func (c *call) pskUse() func(*libssl.SSL, string) ([]byte, *libssl.Session, bool) {
	return func(ssl *libssl.SSL, digest string) ([]byte, *libssl.Session, bool) {
		c.fired("psk_use_session_callback", ssl, digest)
		return c.bytes(2), c.session(1), true
	}
}

func (c *call) pskFind() func(*libssl.SSL, []byte) (*libssl.Session, bool) {
	return func(ssl *libssl.SSL, identity []byte) (*libssl.Session, bool) {
		c.fired("psk_find_session_callback", ssl, string(identity))
		return c.session(1), true
	}
}
