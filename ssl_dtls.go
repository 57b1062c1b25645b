package libssl

// #include "cgo.h"
import "C"

import (
	"net/netip"
	"strconv"
	"time"
	"unsafe"
)

// SetDatagramFD makes a UDP socket the transport of an SSL with DTLS: each record is read and sent whole. As with [SSL.SetFD] the socket stays the
// caller's: keep it open until the SSL is freed or has another one. It returns 1, or 0.
//
// One that is connected sends to its peer alone. One that is not, sends to whoever has sent last: it is for [SSL.DTLSv1Listen], after which
// [SSL.DatagramPeer] tells the client, and SetDatagramFD is given a socket connected to that one. Connect it before: later libssl does not know.
//
// Make it non-blocking, and wait for it no longer than [SSL.DTLSTimeout] says; then [SSL.DTLSHandleTimeout] sends again what was lost. In a blocking
// one, libssl uses SO_RCVTIMEO to wait for so long only, and it returns [ErrorWantRead] then, or when a signal of Go's runtime interrupts it. The size
// of datagrams is what the system knows about the way to the peer, if that is connected; [SSL.SetMTU] sets it.
//
// SetDatagramFD corresponds to BIO_new_dgram(3), with BIO_NOCLOSE and BIO_ctrl_set_connected, and SSL_set_bio.
func (s *SSL) SetDatagramFD(fd int) int {
	return s.value("BIO_new_dgram", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_datagram_fd(p, C.int(fd)) })
}

// DatagramPeer returns whom a socket of [SSL.SetDatagramFD] is connected to or, if it is not, who has sent last: for DTLSv1Listen and its cookie
// callbacks the client. It is not valid (IsValid) before anything came, and for other transports.
//
// DatagramPeer corresponds to BIO_dgram_get_peer(3).
func (s *SSL) DatagramPeer() netip.AddrPort {
	var peer C.gossl_peer
	n := s.value("BIO_dgram_get_peer", 0, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_datagram_peer(p, &peer) })
	addr, ok := netip.AddrFromSlice(C.GoBytes(unsafe.Pointer(&peer.addr), C.int(n)))
	if !ok {
		return netip.AddrPort{}
	}
	if peer.scope != 0 {
		addr = addr.WithZone(strconv.FormatUint(uint64(peer.scope), 10))
	}
	return netip.AddrPortFrom(addr, uint16(peer.port))
}

// DTLSTimeout returns how long to wait for the peer before [SSL.DTLSHandleTimeout] is to be called; 0 if that is now. ok is false if no timer runs.
//
// DTLSTimeout corresponds to DTLSv1_get_timeout(3).
func (s *SSL) DTLSTimeout() (d time.Duration, ok bool) {
	us := s.info("DTLSv1_get_timeout", C.GOSSL_INFO_DTLS_TIMEOUT, -1)
	return time.Duration(max(us, 0)) * time.Microsecond, us >= 0
}

// DTLSHandleTimeout sends again what the peer seems not to have got, if the timer has expired. It returns 1 if it did, 0 if the timer has not
// expired, or -1, finally when the peer does not answer.
//
// DTLSHandleTimeout corresponds to DTLSv1_handle_timeout(3).
func (s *SSL) DTLSHandleTimeout() int {
	return s.io("DTLSv1_handle_timeout", C.GOSSL_HANDLE_TIMEOUT, nil, -1)
}

// SetDTLSTimer sets after which time a flight is sent again, and the time that it does not grow beyond when it doubles; libssl's are 1 s and 60 s. Set it
// before the handshake. It returns 1, or 0 without DTLS, or if a time is not between 1 µs and an hour.
//
// SetDTLSTimer corresponds to DTLS_set_timer_cb(3).
func (s *SSL) SetDTLSTimer(first, last time.Duration) int {
	const fn = "DTLS_set_timer_cb"
	if min(first, last) < 0 || max(first, last) > time.Hour {
		return s.refusal(fn, ErrTooLong)
	}
	return s.value(fn, 0, func(p *C.gossl_ssl) C.gossl_result {
		return C.gossl_ssl_set_timer(p, C.uint(first.Microseconds()), C.uint(last.Microseconds()))
	})
}

// SetMTU sets the size of the largest datagram, without the headers of UDP and IP; [OpNoQueryMTU] keeps libssl from asking the transport. It returns
// the size, or 0 if it is too small.
//
// SetMTU corresponds to SSL_set_mtu(3).
func (s *SSL) SetMTU(mtu int) int { return s.try("SSL_set_mtu", C.SSL_CTRL_SET_MTU, mtu) }

// SetLinkMTU sets the size of the largest datagram with those headers. It returns 1, or 0. SetLinkMTU corresponds to DTLS_set_link_mtu(3).
func (s *SSL) SetLinkMTU(mtu int) int {
	return s.try("DTLS_set_link_mtu", C.DTLS_CTRL_SET_LINK_MTU, mtu)
}

// LinkMinMTU returns the smallest that SetLinkMTU accepts. LinkMinMTU corresponds to DTLS_get_link_min_mtu(3).
func (s *SSL) LinkMinMTU() int {
	return s.ctrl("DTLS_get_link_min_mtu", C.DTLS_CTRL_GET_LINK_MIN_MTU, 0)
}

// DataMTU returns how many bytes of application data fit into a datagram, 0 before the handshake and without DTLS.
//
// DataMTU corresponds to DTLS_get_data_mtu(3).
func (s *SSL) DataMTU() int { return s.info("DTLS_get_data_mtu", C.GOSSL_INFO_DTLS_DATA_MTU, 0) }

// SetTLSExtUseSRTP is [Ctx.SetTLSExtUseSRTP] for one SSL. It returns 0 for success. SetTLSExtUseSRTP corresponds to SSL_set_tlsext_use_srtp(3).
func (s *SSL) SetTLSExtUseSRTP(profiles string) int {
	const fn = "SSL_set_tlsext_use_srtp"
	text, err := cString(fn, profiles)
	if err != nil {
		s.refuse(fn, ErrNUL)
		return 1
	}
	return s.value(fn, 1, func(p *C.gossl_ssl) C.gossl_result { return C.gossl_ssl_set_srtp(p, text) })
}

// SelectedSRTPProfile returns the name of the profile that the sides agreed on, "" if they did not.
//
// SelectedSRTPProfile corresponds to SSL_get_selected_srtp_profile(3).
func (s *SSL) SelectedSRTPProfile() string {
	return string(s.blob("SSL_get_selected_srtp_profile", C.GOSSL_BYTES_SRTP_PROFILE))
}
