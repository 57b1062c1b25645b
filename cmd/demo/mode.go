package main

import (
	"errors"

	"github.com/seed-c1436005/libssl"
)

// mode is a way to resume.
type mode struct {
	name    string
	version int
	options uint
	ticket  bool     // a client's session holds a ticket
	flags   []string // the same for the openssl tool
}

var (
	byID      = mode{"TLS 1.2 session id", libssl.VersionTLS12, libssl.OpNoTicket, false, []string{"-tls1_2", "-no_ticket"}}
	byTicket  = mode{"TLS 1.2 ticket", libssl.VersionTLS12, 0, true, []string{"-tls1_2"}}
	byTLS13   = mode{"TLS 1.3", libssl.VersionTLS13, 0, true, []string{"-tls1_3"}}
	allModes  = []mode{byID, byTicket, byTLS13}
	idContext = []byte("libssl demo")
)

// newCtx fixes all that openssl.cnf may change.
func newCtx(method libssl.Method, m mode, configure func(*libssl.Ctx) error) (*libssl.Ctx, error) {
	ctx, err := libssl.NewCtx(method)
	if err != nil {
		return nil, err
	}
	ctx.SetOptions(m.options)
	if err := errors.Join(ctx.SetMinProtoVersion(m.version), ctx.SetMaxProtoVersion(m.version), configure(ctx)); err != nil {
		ctx.Free()
		return nil, err
	}
	return ctx, nil
}

// clientCtx verifies servers by the authority ca.
func clientCtx(m mode, ca []byte) (*libssl.Ctx, error) {
	return newCtx(libssl.TLSClientMethod(), m, func(c *libssl.Ctx) error {
		c.SetVerify(libssl.VerifyPeer)
		return c.AddCAPEM(ca)
	})
}

func serverCtx(m mode, p pair) (*libssl.Ctx, error) {
	return newCtx(libssl.TLSServerMethod(), m, func(c *libssl.Ctx) error {
		return errors.Join(c.SetSessionIDContext(idContext), c.UseCertificatePEM(p.cert), c.UsePrivateKeyPEM(p.key))
	})
}
