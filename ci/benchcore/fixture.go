package main

import (
	"unsafe"

	"github.com/seed-c1436005/libssl"
)

// fixture is an idle client with a session that a real handshake made.
type fixture struct {
	ssl     *libssl.SSL
	session *libssl.Session
	raw     struct{ ssl, session unsafe.Pointer }
}

func newFixture() (*fixture, error) {
	e, err := newEnds(kind{version: libssl.VersionTLS12, resumes: true})
	if err != nil {
		return nil, err
	}
	f := &fixture{session: e.session}
	if f.ssl, err = libssl.NewSSL(e.client); err != nil {
		return nil, err
	}
	f.ssl.With(func(p unsafe.Pointer) { f.raw.ssl = p })
	f.session.With(func(p unsafe.Pointer) { f.raw.session = p })
	f.ssl.SetSession(f.session)
	return f, nil
}
