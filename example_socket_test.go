package libssl_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/seed-c1436005/libssl"
)

// do makes an I/O call of an SSL over a socket that Go's poller watches. The call is made inside Read and Write: they try, and wait only if it has to
// be made again. The deadlines of the net.Conn end the waiting.
func do(conn syscall.RawConn, ssl *libssl.SSL, call func() int) (int, error) {
	for {
		var ret int
		unless := func(want int) func(uintptr) bool {
			return func(uintptr) bool {
				ret = call()
				return ssl.GetError(ret) != want
			}
		}
		if err := conn.Read(unless(libssl.ErrorWantRead)); err != nil {
			return ret, err
		}
		if ssl.GetError(ret) == libssl.ErrorWantWrite {
			if err := conn.Write(unless(libssl.ErrorWantWrite)); err != nil {
				return ret, err
			}
		}
		if ssl.GetError(ret) != libssl.ErrorWantRead {
			return ret, ssl.Err(ret)
		}
	}
}

// greeting connects to a server that says hello. It offers the session in the file, if there is one, and leaves the new one there. The file is as
// secret as a password, and for this server only: the connection that is resumed with it verifies nothing.
func greeting(ctx *libssl.Ctx, addr, file string) (text string, resumed bool, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", false, err
	}
	defer conn.Close() // after ssl.Free: the socket is conn's
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return "", false, err
	}
	ssl, err := libssl.NewSSL(ctx)
	if err != nil {
		return "", false, err
	}
	defer ssl.Free()
	if err := raw.Control(func(fd uintptr) { ssl.SetFD(int(fd)) }); err != nil {
		return "", false, err
	}
	if pem, err := os.ReadFile(file); err == nil {
		session, err := libssl.ParseSessionPEM(pem)
		if err != nil {
			return "", false, err
		}
		ssl.SetSession(session)
		session.Free()
	}
	if _, err := do(raw, ssl, ssl.Connect); err != nil {
		return "", false, err
	}
	b := make([]byte, 100)
	n, err := do(raw, ssl, func() int { return ssl.Read(b) }) // and the tickets of TLS 1.3, which come before the text
	if err != nil {
		return "", false, err
	}
	session := ssl.Session()
	defer session.Free()
	pem, err := session.PEM()
	if err != nil {
		return "", false, err
	}
	ssl.Shutdown() // without it Free flags the session as not resumable
	return string(b[:n]), ssl.SessionReused(), os.WriteFile(file, pem, 0o600)
}

// A client over a TCP socket of package net, which keeps its session in a file. [SSL.AwaitSession] waits for a ticket where nothing else is to be read.
func ExampleSSL_SetFD() {
	client, server := contexts()
	defer client.Free()
	defer server.Free()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer listener.Close()
	go func() {
		for range 2 {
			conn, err := listener.Accept()
			check(err)
			raw, err := conn.(*net.TCPConn).SyscallConn()
			check(err)
			ssl, err := libssl.NewSSL(server)
			check(err)
			check(raw.Control(func(fd uintptr) { ssl.SetFD(int(fd)) }))
			_, err = do(raw, ssl, ssl.Accept)
			check(err)
			_, err = do(raw, ssl, func() int { return ssl.Write([]byte("hello")) })
			check(err)
			_, err = do(raw, ssl, func() int { return ssl.Read(make([]byte, 1)) })
			if err != libssl.ErrZeroReturn { // the client's Shutdown
				check(err)
			}
			ssl.Free()
			conn.Close()
		}
	}()
	dir, err := os.MkdirTemp("", "libssl")
	check(err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "session.pem")
	for range 2 {
		text, resumed, err := greeting(client, listener.Addr().String(), file)
		check(err)
		fmt.Printf("%s, resumed: %v\n", text, resumed)
	}
	pem, err := os.ReadFile(file)
	check(err)
	fmt.Printf("%s\n", pem[:bytes.IndexByte(pem, '\n')])
	// Output:
	// hello, resumed: false
	// hello, resumed: true
	// -----BEGIN SSL SESSION PARAMETERS-----
}
