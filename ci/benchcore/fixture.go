package main

import (
	"errors"
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

const testdata = "conformance/testdata/"

// newFixture makes a TLS 1.2 session in memory, and an idle client that it can be set on.
func newFixture() (*fixture, error) {
	client, err := newCtx(libssl.TLSv12ClientMethod())
	if err != nil {
		return nil, err
	}
	server, err := newCtx(libssl.TLSv12ServerMethod())
	if err != nil {
		return nil, err
	}
	defer server.Free()
	if err := errors.Join(server.UseCertificateChainFile(testdata+"server.pem"), server.UsePrivateKeyFile(testdata+"server.key", libssl.FiletypePEM)); err != nil {
		return nil, err
	}
	session, err := handshake(client, server)
	if err != nil {
		return nil, err
	}
	f := &fixture{ctx: client, session: session}
	if f.ssl, err = libssl.NewSSL(client); err != nil {
		return nil, err
	}
	f.ssl.With(func(p unsafe.Pointer) { f.raw.ssl = p })
	f.session.With(func(p unsafe.Pointer) { f.raw.session = p })
	return f, nil
}

func newCtx(m libssl.Method) (*libssl.Ctx, error) {
	ctx, err := libssl.NewCtx(m)
	if err == nil {
		ctx.SetSessionCacheMode(libssl.SessCacheOff)
	}
	return ctx, err
}

func handshake(client, server *libssl.Ctx) (*libssl.Session, error) {
	c, err := libssl.NewSSL(client)
	if err != nil {
		return nil, err
	}
	defer c.Free()
	s, err := libssl.NewSSL(server)
	if err != nil {
		return nil, err
	}
	defer s.Free()
	c.SetMemBIO()
	s.SetMemBIO()
	c.SetConnectState()
	s.SetAcceptState()
	for range 4 {
		if c.DoHandshake() == 1 && s.DoHandshake() == 1 {
			c.Shutdown()
			return c.Session(), nil
		}
		move(c, s)
		s.DoHandshake()
		move(s, c)
	}
	return nil, errors.Join(errors.New("the handshake did not end"), c.LastErrors(), s.LastErrors())
}

func move(from, to *libssl.SSL) {
	buf := make([]byte, 1<<14)
	for {
		n := from.BIORead(buf)
		if n <= 0 {
			return
		}
		to.BIOWrite(buf[:n])
	}
}
