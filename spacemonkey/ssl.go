package openssl

import (
	"sync"
	"sync/atomic"
	"weak"

	"github.com/seed-c1436005/libssl"
)

// SSL is the settings of one connection.
type SSL struct {
	ssl      *libssl.SSL
	ctx      *Ctx // that it was made with
	verify   atomic.Pointer[VerifyCallback]
	switched atomic.Pointer[Ctx] // the present one, if it is another: only weak pointers lead there from C
}

// sslIndex is where a C object has a weak pointer to its SSL: see ctxIndex.
var sslIndex = sync.OnceValues(libssl.SSLGetExNewIndex)

func newSSL(ctx *Ctx) (*SSL, error) {
	index, err := sslIndex()
	if err != nil {
		return nil, explain(err)
	}
	ssl, err := libssl.NewSSL(ctx.ctx)
	if err != nil {
		return nil, explain(err)
	}
	s := &SSL{ssl: ssl, ctx: ctx}
	if err := succeeded(ssl, ssl.SetExData(index, weak.Make(s))); err != nil {
		ssl.Free()
		return nil, err
	}
	return s, nil
}

// sslOf returns the SSL of a C object, nil if that is of another package.
func sslOf(ssl *libssl.SSL) *SSL {
	index, _ := sslIndex()
	w, _ := ssl.ExData(index).(weak.Pointer[SSL])
	return w.Value()
}

// GetServername returns the name that the client asks for, "" if there is none.
func (s *SSL) GetServername() string { return s.ssl.Servername() }

// GetOptions returns the options.
func (s *SSL) GetOptions() Options { return Options(s.ssl.Options()) }

// SetOptions adds options and returns all.
func (s *SSL) SetOptions(options Options) Options { return Options(s.ssl.SetOptions(uint(options))) }

// ClearOptions takes options away and returns those that are left.
func (s *SSL) ClearOptions(options Options) Options {
	return Options(s.ssl.ClearOptions(uint(options)))
}

// SetVerify sets how the peer is verified, and what is asked about it in place of the Ctx's callback. After a callback, nil asks nobody; without one before, nil leaves the Ctx's.
func (s *SSL) SetVerify(options VerifyOptions, verify_cb VerifyCallback) {
	s.ssl.SetVerify(int(options))
	s.verify.Store(orNil(verify_cb, verify_cb == nil))
	if verify_cb != nil {
		s.ssl.SetVerifyCallback(verifyBySSL)
	}
}

// SetVerifyMode sets how the peer is verified.
func (s *SSL) SetVerifyMode(options VerifyOptions) { s.ssl.SetVerify(int(options)) }

// SetVerifyCallback sets what is asked about the peer, as SetVerify does.
func (s *SSL) SetVerifyCallback(verify_cb VerifyCallback) { s.SetVerify(s.VerifyMode(), verify_cb) }

// GetVerifyCallback returns what SetVerify or SetVerifyCallback has set here.
func (s *SSL) GetVerifyCallback() VerifyCallback { return valueOf(s.verify.Load()) }

// VerifyMode returns how the peer is verified.
func (s *SSL) VerifyMode() VerifyOptions { return VerifyOptions(s.ssl.VerifyMode()) }

// SetVerifyDepth limits how many certificates may stand between the peer's and a trusted one.
func (s *SSL) SetVerifyDepth(depth int) { s.ssl.SetVerifyDepth(depth) }

// GetVerifyDepth returns that limit, -1 if none was set.
func (s *SSL) GetVerifyDepth() int { return s.ssl.VerifyDepth() }

// SetSSLCtx gives the connection the certificates and callbacks of another Ctx. Verify mode, options and session cache stay.
func (s *SSL) SetSSLCtx(ctx *Ctx) {
	if s.ssl.SetSSLCtx(ctx.ctx) == 1 {
		s.switched.Store(ctx)
	}
}
