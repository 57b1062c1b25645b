package libssl

// #include "cgo.h"
import "C"

// io makes one I/O call. The error queue is empty when it begins, but for KeepQueue.
func (s *SSL) io(fn string, op C.int, b []byte, failure int) int {
	ret, _ := s.earlyIO(fn, op, b, failure)
	return ret
}

// earlyIO is io for the calls that count bytes beside their value.
func (s *SSL) earlyIO(fn string, op C.int, b []byte, failure int) (ret, moved int) {
	buf, n := cBytes(b)
	ret = s.value(fn, failure, func(p *C.gossl_ssl) C.gossl_result {
		r := C.gossl_ssl_io(p, op, buf, n)
		if r.more != nil {
			moved = int(r.more.moved)
		}
		return r
	})
	return ret, moved
}

// Connect does the handshake as client. It returns 1, 0 if the peer ended it, or -1; [SSL.GetError] tells what to do.
//
// Connect corresponds to SSL_connect(3).
func (s *SSL) Connect() int { return s.io("SSL_connect", C.GOSSL_CONNECT, nil, -1) }

// Accept does the handshake as server. It returns 1, 0 if the peer ended it, or -1; [SSL.GetError] tells what to do.
//
// Accept corresponds to SSL_accept(3).
func (s *SSL) Accept() int { return s.io("SSL_accept", C.GOSSL_ACCEPT, nil, -1) }

// DoHandshake does the handshake, after SetConnectState or SetAcceptState. It returns 1, 0 if the peer ended it, or -1.
//
// DoHandshake corresponds to SSL_do_handshake(3).
func (s *SSL) DoHandshake() int {
	return s.io("SSL_do_handshake", C.GOSSL_DO_HANDSHAKE, nil, -1)
}

// Read reads application data into b, and whatever else the peer sent: TLS 1.3 tickets make new sessions here. It returns the number
// of bytes, or 0 or less: [SSL.GetError] tells why. It begins the handshake if need be.
//
// Read corresponds to SSL_read(3).
func (s *SSL) Read(b []byte) int { return s.io("SSL_read", C.GOSSL_READ, b, -1) }

// Peek is Read that leaves the data. Peek corresponds to SSL_peek(3).
func (s *SSL) Peek(b []byte) int { return s.io("SSL_peek", C.GOSSL_PEEK, b, -1) }

// Write sends b. It returns the number of bytes, or 0 or less: [SSL.GetError] tells why. A call that has to be repeated must be repeated
// with the same bytes. b must not be empty: C has no defined answer to that.
//
// Write corresponds to SSL_write(3).
func (s *SSL) Write(b []byte) int { return s.io("SSL_write", C.GOSSL_WRITE, b, -1) }

// Shutdown sends close_notify. It returns 0 when it was sent, 1 when the peer's was received too, or -1. From the first call on the session
// is not open any more and stays resumable.
//
// Shutdown corresponds to SSL_shutdown(3).
func (s *SSL) Shutdown() int { return s.io("SSL_shutdown", C.GOSSL_SHUTDOWN, nil, -1) }

// ReadEarlyData reads 0-RTT data, which an attacker may have replayed, on a server before its handshake. It returns a ReadEarlyData constant
// and the number of bytes.
//
// ReadEarlyData corresponds to SSL_read_early_data(3).
func (s *SSL) ReadEarlyData(b []byte) (result, n int) {
	return s.earlyIO("SSL_read_early_data", C.GOSSL_READ_EARLY, b, ReadEarlyDataError)
}

// WriteEarlyData sends 0-RTT data, which an attacker may replay, before the handshake of a client with a session that allows it. It returns 1
// and the number of bytes, or 0.
//
// WriteEarlyData corresponds to SSL_write_early_data(3).
func (s *SSL) WriteEarlyData(b []byte) (result, n int) {
	return s.earlyIO("SSL_write_early_data", C.GOSSL_WRITE_EARLY, b, 0)
}

// GetError says why the last I/O call on this handle returned ret, as an Error constant. It was computed within that call, so that no other
// goroutine's errors mislead it. After a call that was refused it is [ErrorSSL].
//
// GetError corresponds to SSL_get_error(3).
func (s *SSL) GetError(ret int) int {
	switch {
	case ret > 0:
		return ErrorNone
	case s == nil:
		return ErrorSSL
	}
	return int(s.code.Load() &^ otherFailed)
}

// SetFD makes a socket the transport. It stays the caller's: keep it open until the SSL is freed, and non-blocking unless C may block in it: then
// nothing else can be done with the SSL meanwhile.
// A blocking one with SO_RCVTIMEO may return [ErrorWantRead] early: the signals of Go's runtime interrupt it. It is for streams: DTLS needs
// [SSL.SetDatagramFD]. It returns 1, or 0.
//
// SetFD corresponds to SSL_set_fd(3).
func (s *SSL) SetFD(fd int) int {
	return s.value("SSL_set_fd", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_fd(p, C.int(fd)) })
}

// SetMemBIO makes two buffers in memory the transport: [SSL.BIOWrite] is what comes in, [SSL.BIORead] takes what goes out. An empty one
// makes calls return [ErrorWantRead]. It returns 1, or 0.
//
// SetMemBIO corresponds to SSL_set_bio(3), with BIO_s_mem(3).
func (s *SSL) SetMemBIO() int {
	return s.value("SSL_set_bio", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_mem_bio(p) })
}

// BIOWrite adds bytes to what comes in. It returns their number, or -1 without memory BIOs. BIOWrite corresponds to BIO_write(3).
func (s *SSL) BIOWrite(b []byte) int {
	buf, n := cBytes(b)
	return s.value("BIO_write", -1, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_bio_feed(p, buf, n) })
}

// BIORead takes bytes that go out. It returns their number, or -1 if there are none. BIORead corresponds to BIO_read(3).
func (s *SSL) BIORead(b []byte) int {
	buf, n := cBytes(b)
	return s.value("BIO_read", -1, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_bio_drain(p, buf, n) })
}

// BIOPending returns how many bytes are waiting to go out. BIOPending corresponds to BIO_pending(3).
func (s *SSL) BIOPending() int {
	return s.value("BIO_pending", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_bio_pending(p) })
}

// BIOSetEOF makes what came in the last of it, as when a peer closes its socket. BIOSetEOF corresponds to BIO_set_mem_eof_return(3).
func (s *SSL) BIOSetEOF() {
	s.do("BIO_set_mem_eof_return", func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_bio_eof(p) })
}
