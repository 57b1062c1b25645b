package peer

import (
	"errors"

	"github.com/seed-c1436005/libssl"
)

// Mode is a way to resume.
type Mode struct {
	Name    string
	Version int
	Options uint
	Ticket  bool     // a client's session holds a ticket
	Flags   []string // the same for the openssl tool
}

// The ways that there are.
var (
	ByID      = Mode{"TLS 1.2 session id", libssl.VersionTLS12, libssl.OpNoTicket, false, []string{"-tls1_2", "-no_ticket"}}
	ByTicket  = Mode{"TLS 1.2 ticket", libssl.VersionTLS12, 0, true, []string{"-tls1_2"}}
	ByTLS13   = Mode{"TLS 1.3", libssl.VersionTLS13, 0, true, []string{"-tls1_3"}}
	AllModes  = []Mode{ByID, ByTicket, ByTLS13}
	idContext = []byte("libssl peer")
)

// NewCtx fixes all that openssl.cnf may change.
func NewCtx(method libssl.Method, m Mode, configure func(*libssl.Ctx) error) (*libssl.Ctx, error) {
	ctx, err := libssl.NewCtx(method)
	if err != nil {
		return nil, err
	}
	ctx.SetOptions(m.Options)
	if err := errors.Join(ctx.SetMinProtoVersion(m.Version), ctx.SetMaxProtoVersion(m.Version), configure(ctx)); err != nil {
		ctx.Free()
		return nil, err
	}
	return ctx, nil
}

// ClientCtx verifies servers by the authority ca.
func ClientCtx(m Mode, ca []byte) (*libssl.Ctx, error) {
	return NewCtx(libssl.TLSClientMethod(), m, func(c *libssl.Ctx) error {
		c.SetVerify(libssl.VerifyPeer)
		return c.AddCAPEM(ca)
	})
}

// ServerCtx shows the certificate p.
func ServerCtx(m Mode, p Pair) (*libssl.Ctx, error) {
	return NewCtx(libssl.TLSServerMethod(), m, func(c *libssl.Ctx) error {
		return errors.Join(c.SetSessionIDContext(idContext), c.UseCertificatePEM(p.Cert), c.UsePrivateKeyPEM(p.Key))
	})
}
