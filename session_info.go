package libssl

// #include "cgo.h"
import "C"

import (
	"io"
	"unsafe"
)

// PeerCertificateDER returns the certificate that the peer had when the session was made, nil if none. It was verified then, if at all: a resumed
// connection does not look at it again.
//
// PeerCertificateDER corresponds to SSL_SESSION_get0_peer(3).
func (s *Session) PeerCertificateDER() []byte {
	var der *C.uchar
	r, err := s.do("SSL_SESSION_get0_peer", func(p *C.SSL_SESSION) C.gossl_result { return C.gossl_session_peer(p, &der) })
	if err != nil || der == nil {
		return nil
	}
	defer C.gossl_clear_free(unsafe.Pointer(der), C.size_t(r.ret))
	return C.GoBytes(unsafe.Pointer(der), C.int(r.ret))
}

// TicketAppData returns a copy of what a server put into its tickets of this session, nil if nothing.
//
// TicketAppData corresponds to SSL_SESSION_get0_ticket_appdata(3).
func (s *Session) TicketAppData() (data []byte) {
	s.get(func(p *C.SSL_SESSION) {
		var d unsafe.Pointer
		var n C.size_t
		if C.SSL_SESSION_get0_ticket_appdata(p, &d, &n); n > 0 {
			data = C.GoBytes(d, C.int(n))
		}
	})
	return data
}

// SetTicketAppData puts a copy of data into the tickets that a server makes of this session from now on; empty data removes it.
//
// SetTicketAppData corresponds to SSL_SESSION_set1_ticket_appdata(3).
func (s *Session) SetTicketAppData(data []byte) error {
	b, n := cBytes(data)
	_, err := s.do("SSL_SESSION_set1_ticket_appdata", func(p *C.SSL_SESSION) C.gossl_result {
		return C.gossl_session_set1_ticket_appdata(p, b, C.size_t(n))
	})
	return err
}

// CompressID returns the compression method of the session, 0 for none. CompressID corresponds to SSL_SESSION_get_compress_id(3).
func (s *Session) CompressID() (id int) {
	s.get(func(p *C.SSL_SESSION) { id = int(C.SSL_SESSION_get_compress_id(p)) })
	return id
}

// MaxFragmentLength returns the code of the maximum fragment length that was agreed on: 0 for none, 1 to 4 for 512 to 4096 bytes.
//
// MaxFragmentLength corresponds to SSL_SESSION_get_max_fragment_length(3).
func (s *Session) MaxFragmentLength() (code int) {
	s.get(func(p *C.SSL_SESSION) { code = int(C.SSL_SESSION_get_max_fragment_length(p)) })
	return code
}

// SetMasterKey sets the master secret to a copy of key, 256 bytes at the most. It is meant for sessions that stand for an external PSK: whoever
// knows the key can be either side.
//
// SetMasterKey corresponds to SSL_SESSION_set1_master_key(3).
func (s *Session) SetMasterKey(key []byte) error {
	b, n := cBytes(key)
	_, err := s.do("SSL_SESSION_set1_master_key", func(p *C.SSL_SESSION) C.gossl_result {
		return C.gossl_session_set1_master_key(p, b, C.size_t(n))
	})
	return err
}

// SetCipher sets the cipher by its number in the protocol, such as tls.TLS_AES_128_GCM_SHA256 of crypto/tls. It fails, without a reason, if libssl
// does not know it.
//
// SetCipher corresponds to SSL_SESSION_set_cipher(3).
func (s *Session) SetCipher(id uint16) error {
	_, err := s.do("SSL_SESSION_set_cipher", func(p *C.SSL_SESSION) C.gossl_result { return C.gossl_session_set_cipher(p, C.int(id)) })
	return err
}

// Print writes the session for people to read, the master secret included: keep it out of logs.
//
// Print corresponds to SSL_SESSION_print(3).
func (s *Session) Print(w io.Writer) error {
	return s.print(w, "SSL_SESSION_print", 0)
}

// PrintKeylog writes the session id and the master secret in the key log format, which lets programs decrypt recorded connections. It fails,
// without a reason, if the session has no id or no secret.
//
// PrintKeylog corresponds to SSL_SESSION_print_keylog(3).
func (s *Session) PrintKeylog(w io.Writer) error {
	return s.print(w, "SSL_SESSION_print_keylog", 1)
}

func (s *Session) print(w io.Writer, fn string, keylog C.int) error {
	var out *C.uchar
	r, err := s.do(fn, func(p *C.SSL_SESSION) C.gossl_result { return C.gossl_session_print(p, keylog, &out) })
	if err != nil {
		return err
	}
	defer C.gossl_clear_free(unsafe.Pointer(out), C.size_t(r.ret))
	_, err = w.Write(unsafe.Slice((*byte)(unsafe.Pointer(out)), int(r.ret)))
	return err
}
