package libssl

// #include "cgo.h"
import "C"

import (
	"net/netip"
	"time"
	"unsafe"
)

// VerifyParam are the settings of the verification of a peer: those of a Ctx for SSLs to come, or those of one SSL. It is the Ctx or SSL by another
// name, and keeps it alive. The zero VerifyParam has none: its methods fail with [ErrFreed].
//
// Nothing of it matters on a resumed connection: see [SSL.SetSession].
type VerifyParam struct {
	ctx *Ctx
	ssl *SSL
}

// call makes one call. The getters' value is 0 if it fails.
func (v VerifyParam) call(fn string, what C.int, value int, s string) (int, error) {
	if len(s) > maxEncoded {
		return 0, ErrorStack{Func: fn, Refused: ErrTooLong}
	}
	text, err := cStringOrNULL(fn, s)
	if err != nil {
		return 0, err
	}
	return v.raw(fn, what, value, text, len(s))
}

func (v VerifyParam) raw(fn string, what C.int, value int, p *C.char, n int) (int, error) {
	if v.ssl == nil {
		r, err := v.ctx.do(fn, func(ctx *C.SSL_CTX) C.gossl_result {
			return C.gossl_ctx_param(ctx, what, C.long(value), p, C.size_t(n))
		})
		return int(r.ret), err
	}
	var failed bool
	ret, called := v.ssl.do(fn, func(s *C.gossl_ssl) C.gossl_result {
		r := C.gossl_ssl_param(s, what, C.long(value), p, C.size_t(n))
		failed = r.more != nil && r.more.failed != 0
		return r
	})
	if failed || !called {
		return 0, v.ssl.LastErrors()
	}
	return ret, nil
}

func (v VerifyParam) set(fn string, what C.int, value int) error {
	_, err := v.call(fn, what, value, "")
	return err
}

func (v VerifyParam) get(fn string, what C.int) int {
	n, _ := v.call(fn, what, 0, "")
	return n
}

// SetHost sets the name that the certificate must be for, instead of those that were set; "" for none. A name that begins with a dot stands for
// all names below it.
//
// SetHost corresponds to X509_VERIFY_PARAM_set1_host(3).
func (v VerifyParam) SetHost(name string) error {
	_, err := v.call("X509_VERIFY_PARAM_set1_host", C.GOSSL_PARAM_HOST, 0, name)
	return err
}

// AddHost adds a name, one of which the certificate must be for. AddHost corresponds to X509_VERIFY_PARAM_add1_host(3).
func (v VerifyParam) AddHost(name string) error {
	_, err := v.call("X509_VERIFY_PARAM_add1_host", C.GOSSL_PARAM_ADD_HOST, 0, name)
	return err
}

// SetHostFlags sets how names are compared, with CheckFlag constants. SetHostFlags corresponds to X509_VERIFY_PARAM_set_hostflags(3).
func (v VerifyParam) SetHostFlags(flags uint) error {
	return v.set("X509_VERIFY_PARAM_set_hostflags", C.GOSSL_PARAM_SET_HOSTFLAGS, int(flags))
}

// HostFlags returns those flags. HostFlags corresponds to X509_VERIFY_PARAM_get_hostflags(3).
func (v VerifyParam) HostFlags() uint {
	return uint(v.get("X509_VERIFY_PARAM_get_hostflags", C.GOSSL_PARAM_HOSTFLAGS))
}

// SetEmail sets the address that the certificate must be for; "" for none. SetEmail corresponds to X509_VERIFY_PARAM_set1_email(3).
func (v VerifyParam) SetEmail(address string) error {
	_, err := v.call("X509_VERIFY_PARAM_set1_email", C.GOSSL_PARAM_EMAIL, 0, address)
	return err
}

// SetIP sets the IP address that the certificate must be for; the zero Addr for none. SetIP corresponds to X509_VERIFY_PARAM_set1_ip(3).
func (v VerifyParam) SetIP(ip netip.Addr) error {
	b := ip.Unmap().AsSlice()
	p, n := cBytes(b)
	_, err := v.raw("X509_VERIFY_PARAM_set1_ip", C.GOSSL_PARAM_IP, 0, (*C.char)(unsafe.Pointer(p)), int(n))
	return err
}

// SetFlags adds VFlag constants. SetFlags corresponds to X509_VERIFY_PARAM_set_flags(3).
func (v VerifyParam) SetFlags(flags uint) error {
	return v.set("X509_VERIFY_PARAM_set_flags", C.GOSSL_PARAM_SET_FLAGS, int(flags))
}

// ClearFlags removes VFlag constants. ClearFlags corresponds to X509_VERIFY_PARAM_clear_flags(3).
func (v VerifyParam) ClearFlags(flags uint) error {
	return v.set("X509_VERIFY_PARAM_clear_flags", C.GOSSL_PARAM_CLEAR_FLAGS, int(flags))
}

// Flags returns the flags. Flags corresponds to X509_VERIFY_PARAM_get_flags(3).
func (v VerifyParam) Flags() uint {
	return uint(v.get("X509_VERIFY_PARAM_get_flags", C.GOSSL_PARAM_FLAGS))
}

// SetPurpose sets what the certificate must be for, as a Purpose constant. SetPurpose corresponds to X509_VERIFY_PARAM_set_purpose(3).
func (v VerifyParam) SetPurpose(purpose int) error {
	return v.set("X509_VERIFY_PARAM_set_purpose", C.GOSSL_PARAM_PURPOSE, purpose)
}

// SetTrust sets what the authority must be trusted for, as a Trust constant. SetTrust corresponds to X509_VERIFY_PARAM_set_trust(3).
func (v VerifyParam) SetTrust(trust int) error {
	return v.set("X509_VERIFY_PARAM_set_trust", C.GOSSL_PARAM_TRUST, trust)
}

// SetDepth limits how many certificates may stand between the peer's and a trusted one. SetDepth corresponds to X509_VERIFY_PARAM_set_depth(3).
func (v VerifyParam) SetDepth(depth int) error {
	return v.set("X509_VERIFY_PARAM_set_depth", C.GOSSL_PARAM_SET_DEPTH, depth)
}

// Depth returns the limit, -1 if none was set. Depth corresponds to X509_VERIFY_PARAM_get_depth(3).
func (v VerifyParam) Depth() int { return v.get("X509_VERIFY_PARAM_get_depth", C.GOSSL_PARAM_DEPTH) }

// SetAuthLevel sets the security level, 0 to 5, of the keys and signatures in the chain. Without it, or with -1, it is the one of the Ctx or SSL.
//
// SetAuthLevel corresponds to X509_VERIFY_PARAM_set_auth_level(3).
func (v VerifyParam) SetAuthLevel(level int) error {
	return v.set("X509_VERIFY_PARAM_set_auth_level", C.GOSSL_PARAM_SET_AUTH_LEVEL, level)
}

// AuthLevel returns the level, -1 if none was set. AuthLevel corresponds to X509_VERIFY_PARAM_get_auth_level(3).
func (v VerifyParam) AuthLevel() int {
	return v.get("X509_VERIFY_PARAM_get_auth_level", C.GOSSL_PARAM_AUTH_LEVEL)
}

// SetTime sets the time at which certificates and lists must be valid, in place of now. It counts in seconds.
//
// SetTime corresponds to X509_VERIFY_PARAM_set_time(3).
func (v VerifyParam) SetTime(t time.Time) error {
	return v.set("X509_VERIFY_PARAM_set_time", C.GOSSL_PARAM_SET_TIME, int(t.Unix()))
}

// Time returns that time; it means something only after SetTime. Time corresponds to X509_VERIFY_PARAM_get_time(3).
func (v VerifyParam) Time() time.Time {
	return time.Unix(int64(v.get("X509_VERIFY_PARAM_get_time", C.GOSSL_PARAM_TIME)), 0)
}
