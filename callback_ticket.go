package libssl

// #include "cgo.h"
import "C"

import "unsafe"

// SetGenerateSessionID sets what makes the ids of sessions: 1 to room bytes, which is 32. Each must be new; libssl looks into the cache, and an id
// that is there, is too long or missing ends the handshake. It fires for SSLs made with this Ctx, from TLS 1.3 on for each ticket. nil removes it.
//
// SetGenerateSessionID corresponds to SSL_CTX_set_generate_session_id(3).
func (c *Ctx) SetGenerateSessionID(f func(ssl *SSL, room int) []byte) {
	c.setCallback(C.GOSSL_FN_GENERATE_ID, generateID(f))
}

// SetGenerateSessionID is [Ctx.SetGenerateSessionID] for one SSL; after nil, the one of the Ctx is used. It returns 1, or 0.
//
// SetGenerateSessionID corresponds to SSL_set_generate_session_id(3).
func (s *SSL) SetGenerateSessionID(f func(ssl *SSL, room int) []byte) int {
	return s.setCallback("SSL_set_generate_session_id", C.GOSSL_FN_GENERATE_ID, generateID(f))
}

func generateID(f func(ssl *SSL, room int) []byte) *callback {
	return newCallback("generate_session_id", f != nil, func(ssl *SSL, args *C.gossl_args) {
		args.ret = cBool(answer(args, 0, f(ssl, int(args.max[0]))))
	})
}

// SetNotResumableSessionCallback sets what may forbid, with true, that the session of a full handshake is resumed, on servers that are made from
// now on. forwardSecure says whether the cipher demands ephemeral keys, which those of TLS 1.3 do not say. nil removes it.
//
// SetNotResumableSessionCallback corresponds to SSL_CTX_set_not_resumable_session_callback(3).
func (c *Ctx) SetNotResumableSessionCallback(f func(ssl *SSL, forwardSecure bool) bool) {
	c.setCallback(C.GOSSL_FN_NOT_RESUMABLE, notResumable(f))
}

// SetNotResumableSessionCallback is [Ctx.SetNotResumableSessionCallback] for one SSL. nil removes it, also the one from the Ctx.
//
// SetNotResumableSessionCallback corresponds to SSL_set_not_resumable_session_callback(3).
func (s *SSL) SetNotResumableSessionCallback(f func(ssl *SSL, forwardSecure bool) bool) {
	s.setCallback("SSL_set_not_resumable_session_callback", C.GOSSL_FN_NOT_RESUMABLE, notResumable(f))
}

func notResumable(f func(ssl *SSL, forwardSecure bool) bool) *callback {
	return newCallback("not_resumable_session_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		args.ret = cBool(f(ssl, args.num[0] != 0))
	})
}

// SetSessionTicketCB sets what fires on a server made with this Ctx before a ticket is sent, and after one was received. generate may put data into
// the session with SetTicketAppData; false ends the handshake. decrypt gets the session, nil if there is none, the first bytes of the ticket, which
// name its key, and a Ticket constant: [TicketEmpty] if the client only wants one. It returns a TicketReturn constant, not to use it if there is no
// session; with [TicketReturnAbort] libssl loses the session's memory in TLS 1.3. The session ends with the call. Either may be nil; two nils
// remove both.
//
// SetSessionTicketCB corresponds to SSL_CTX_set_session_ticket_cb(3).
func (c *Ctx) SetSessionTicketCB(generate func(ssl *SSL) bool, decrypt func(ssl *SSL, session *Session, keyName []byte, status int) int) {
	c.setCallback(C.GOSSL_FN_TICKET_GENERATE, newCallback("generate_ticket_cb", generate != nil, func(ssl *SSL, args *C.gossl_args) {
		args.ret = cBool(generate(ssl))
	}))
	c.setCallback(C.GOSSL_FN_TICKET_DECRYPT, newCallback("decrypt_ticket_cb", decrypt != nil, func(ssl *SSL, args *C.gossl_args) {
		session := lendSession((*C.SSL_SESSION)(args.object), ssl)
		defer session.Free()
		args.ret = C.int(decrypt(ssl, session, told(args), int(args.num[0])))
	}))
}

// lendSession makes the handle that a callback gets, with a reference that its Free drops; nil for NULL.
func lendSession(p *C.SSL_SESSION, ssl *SSL) *Session {
	if p == nil {
		return nil
	}
	C.SSL_SESSION_up_ref(p)
	session := &Session{}
	session.ref.OwnUntilClose(sessionKind, p, ssl.ref.Keeper())
	return session
}

// TicketKey protects session tickets, with AES-CBC and HMAC-SHA256.
type TicketKey struct {
	Name [16]byte // is sent in the ticket
	AES  []byte   // 16 or 32 bytes
	HMAC []byte   // 1 to 64 bytes; 32 is usual
}

// SetTLSExtTicketKeyCB sets what gives the keys for the tickets of servers made with this Ctx; [Ctx.SetTicketRing] has one that is ready. For a new
// ticket name is nil: it returns the key and 1, or 0 for no ticket, or a negative number, which ends the handshake. With TLS 1.3 libssl sends after
// the 0 a ticket that no client can read, which ends the connection: SetNumTickets(0) is what makes none. For a ticket that a client offers, name is
// that of its key: it returns the key and 1, or 2 to replace the ticket as well, or 0 if it is not known, for a full handshake. It is called by
// goroutines that handshake at the same time. nil removes it.
//
// SetTLSExtTicketKeyCB corresponds to SSL_CTX_set_tlsext_ticket_key_cb(3).
func (c *Ctx) SetTLSExtTicketKeyCB(f func(ssl *SSL, name []byte) (key *TicketKey, result int)) {
	c.setCallback(C.GOSSL_FN_TICKET_KEY, newCallback("tlsext_ticket_key_cb", f != nil, func(ssl *SSL, args *C.gossl_args) {
		key, result := f(ssl, told(args))
		if result > 0 && (key == nil || !answerSecret(args, 0, key.Name[:], key.AES) || !answerSecret(args, 1, key.HMAC)) {
			return
		}
		args.ret = C.int(result)
	}))
	c.setRing(nil) // last: tickets have keys all the time
}

// answerSecret is answer where C has the room already. No copy of the parts stays in Go's memory.
func answerSecret(args *C.gossl_args, i int, parts ...[]byte) bool {
	room := unsafe.Slice((*byte)(args.out[i]), args.max[i])
	n := 0
	for _, b := range parts {
		if len(b) > len(room)-n {
			return false
		}
		n += copy(room[n:], b)
	}
	args.len[i] = C.size_t(n)
	return true
}

// SetTLSExtTicketKeys sets the 80 bytes of keys for the tickets of this Ctx: 16 of name, 32 of HMAC, 32 of AES. Several servers that share them
// accept each other's tickets. It must not run beside handshakes.
//
// SetTLSExtTicketKeys corresponds to SSL_CTX_set_tlsext_ticket_keys(3).
func (c *Ctx) SetTLSExtTicketKeys(keys []byte) error {
	return c.bytes("SSL_CTX_set_tlsext_ticket_keys", keys, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_ticket_keys(p, b, n, 1)
	})
}

// TLSExtTicketKeys returns the 80 bytes, which are random at first. They are secret. TLSExtTicketKeys corresponds to
// SSL_CTX_get_tlsext_ticket_keys(3).
func (c *Ctx) TLSExtTicketKeys() ([]byte, error) {
	keys := make([]byte, 80)
	err := c.bytes("SSL_CTX_get_tlsext_ticket_keys", keys, func(p *C.SSL_CTX, b *C.uchar, n C.int) C.gossl_result {
		return C.gossl_ctx_ticket_keys(p, b, n, 0)
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// SetAllowEarlyDataCB sets what may refuse, with false, the early data that a client offers, in servers that are made from now on. nil removes it.
//
// SetAllowEarlyDataCB corresponds to SSL_CTX_set_allow_early_data_cb(3).
func (c *Ctx) SetAllowEarlyDataCB(f func(ssl *SSL) bool) {
	c.setCallback(C.GOSSL_FN_EARLY_DATA, allowEarlyData(f))
}

// SetAllowEarlyDataCB is [Ctx.SetAllowEarlyDataCB] for one SSL. nil removes it, also the one from the Ctx.
//
// SetAllowEarlyDataCB corresponds to SSL_set_allow_early_data_cb(3).
func (s *SSL) SetAllowEarlyDataCB(f func(ssl *SSL) bool) {
	s.setCallback("SSL_set_allow_early_data_cb", C.GOSSL_FN_EARLY_DATA, allowEarlyData(f))
}

func allowEarlyData(f func(ssl *SSL) bool) *callback {
	return newCallback("allow_early_data_cb", f != nil, func(ssl *SSL, args *C.gossl_args) { args.ret = cBool(f(ssl)) })
}

// SetRecordPaddingCallback sets what says by how many bytes a record of TLS 1.3 with n bytes, one for the type, is made longer; libssl does not
// exceed the limit of a record. It fires for SSLs that are made from now on. nil removes it.
//
// SetRecordPaddingCallback corresponds to SSL_CTX_set_record_padding_callback(3).
func (c *Ctx) SetRecordPaddingCallback(f func(ssl *SSL, contentType, n int) int) {
	c.setCallback(C.GOSSL_FN_PADDING, recordPadding(f))
}

// SetRecordPaddingCallback is [Ctx.SetRecordPaddingCallback] for one SSL. nil removes it, also the one from the Ctx.
//
// SetRecordPaddingCallback corresponds to SSL_set_record_padding_callback(3).
func (s *SSL) SetRecordPaddingCallback(f func(ssl *SSL, contentType, n int) int) {
	s.setCallback("SSL_set_record_padding_callback", C.GOSSL_FN_PADDING, recordPadding(f))
}

func recordPadding(f func(ssl *SSL, contentType, n int) int) *callback {
	return newCallback("record_padding_callback", f != nil, func(ssl *SSL, args *C.gossl_args) {
		args.ret = C.int(min(max(f(ssl, int(args.num[0]), int(args.num[1])), 0), 1<<14))
	})
}
