// Deploy is the program that ci/deploy_test.sh ships: a client and a server in memory, the second connection with the session of the first.
//
//	deploy CERTIFICATE KEY
//
// The client trusts what OpenSSL trusts by default.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/seed-c1436005/libssl"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: deploy CERTIFICATE KEY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

func run(certificate, key string) error {
	server, err := libssl.NewCtx(libssl.TLSServerMethod())
	if err != nil {
		return err
	}
	defer server.Free()
	if err := errors.Join(server.UseCertificateChainFile(certificate), server.UsePrivateKeyFile(key, libssl.FiletypePEM)); err != nil {
		return err
	}
	client, err := libssl.NewCtx(libssl.TLSClientMethod())
	if err != nil {
		return err
	}
	defer client.Free()
	if err := client.SetDefaultVerifyPaths(); err != nil {
		return err
	}
	client.SetVerify(libssl.VerifyPeer)

	session, _, err := connect(client, server, nil)
	if err != nil {
		return err
	}
	defer session.Free()
	again, resumed, err := connect(client, server, session)
	if err != nil {
		return err
	}
	again.Free()
	fmt.Printf("%s, resumed: %t\n", libssl.Version(), resumed)
	return nil
}

// connect makes a connection with a session, and returns the one that it ends with.
func connect(client, server *libssl.Ctx, session *libssl.Session) (next *libssl.Session, resumed bool, err error) {
	c, err := end(client)
	if err != nil {
		return nil, false, err
	}
	defer c.Free()
	s, err := end(server)
	if err != nil {
		return nil, false, err
	}
	defer s.Free()
	c.SetConnectState()
	s.SetAcceptState()
	if c.SetSession(session) != 1 {
		return nil, false, c.LastErrors()
	}
	for !c.IsInitFinished() || !s.IsInitFinished() {
		if err := errors.Join(step(c, s), step(s, c)); err != nil {
			return nil, false, err
		}
	}
	c.Read(make([]byte, 1)) // the tickets of TLS 1.3
	defer c.Shutdown()
	return c.Session(), c.SessionReused(), nil
}

func end(ctx *libssl.Ctx) (*libssl.SSL, error) {
	ssl, err := libssl.NewSSL(ctx)
	if err == nil && ssl.SetMemBIO() != 1 {
		err = ssl.LastErrors()
	}
	return ssl, err
}

// step goes on with the handshake of one end and carries what it has to say to the other.
func step(from, to *libssl.SSL) error {
	if ret := from.DoHandshake(); ret != 1 && from.GetError(ret) != libssl.ErrorWantRead {
		return from.LastErrors()
	}
	buf := make([]byte, 1<<14)
	for n := from.BIORead(buf); n > 0; n = from.BIORead(buf) {
		to.BIOWrite(buf[:n])
	}
	return nil
}
