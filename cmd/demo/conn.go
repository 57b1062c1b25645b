package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/seed-c1436005/libssl"
)

// conn is an SSL over a TCP socket of its own.
type conn struct {
	ssl  *libssl.SSL
	file *os.File // owns the socket, which must outlive the SSL
}

// newConn takes over c. C reads and writes the socket itself, blocking, with the time limit set on the socket.
func newConn(ctx *libssl.Ctx, c net.Conn) (*conn, error) {
	file, err := blocking(c)
	if err != nil {
		return nil, err
	}
	ssl, err := libssl.NewSSL(ctx)
	if err != nil {
		file.Close()
		return nil, err
	}
	if ssl.SetFD(int(file.Fd())) != 1 {
		err = ssl.LastErrors()
		ssl.Free()
		file.Close()
		return nil, err
	}
	return &conn{ssl, file}, nil
}

// blocking takes the socket away from Go's poller.
func blocking(c net.Conn) (*os.File, error) {
	defer c.Close()
	file, err := c.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	fd, limit := int(file.Fd()), syscall.NsecToTimeval(int64(stepLimit))
	err = errors.Join(syscall.SetNonblock(fd, false),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit))
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// dial connects by TCP.
func dial(addr string) (net.Conn, error) { return net.DialTimeout("tcp", addr, stepLimit) }

// listen lets the kernel choose the port. The end of d.ctx closes the listener.
func (d *demo) listen() (*net.TCPListener, error) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err == nil {
		context.AfterFunc(d.ctx, func() { ln.Close() })
	}
	return ln, err
}

// accept waits for one TCP connection.
func accept(ln *net.TCPListener) (net.Conn, error) {
	if err := ln.SetDeadline(time.Now().Add(stepLimit)); err != nil {
		return nil, err
	}
	return ln.Accept()
}

func (c *conn) free() {
	c.ssl.Free()
	c.file.Close()
}

// do makes an I/O call, again if a signal of Go's scheduler interrupted it: Linux does not restart calls on a socket with a time limit.
func (c *conn) do(call func() int) (int, error) {
	for deadline := time.Now().Add(stepLimit); ; {
		ret := call()
		switch c.ssl.GetError(ret) {
		case libssl.ErrorWantRead, libssl.ErrorWantWrite:
			if time.Now().Before(deadline) {
				continue
			}
		}
		return ret, c.failure(ret)
	}
}

// shutdown says goodbye: without it Free flags the session as not resumable. The second one waits for the peer's.
func (c *conn) shutdown() { c.do(c.ssl.Shutdown) }

// handshake runs Connect or Accept.
func (c *conn) handshake(f func() int) error {
	_, err := c.do(f)
	return err
}

// verifyTexts are the usual results of X509_verify_cert_error_string(3), which the module does not offer.
var verifyTexts = map[int]string{
	10: "certificate has expired",
	18: "self signed certificate",
	19: "self signed certificate in certificate chain",
	20: "unable to get local issuer certificate",
}

// failure turns what an I/O call returned into the error that a user is told.
func (c *conn) failure(ret int) error {
	stack := c.ssl.LastErrors()
	switch c.ssl.GetError(ret) {
	case libssl.ErrorNone:
		return nil
	case libssl.ErrorZeroReturn:
		return errors.New("the peer closed the TLS connection")
	case libssl.ErrorWantRead, libssl.ErrorWantWrite:
		return fmt.Errorf("%s: the peer did not answer within %s", stack.Func, stepLimit)
	case libssl.ErrorSyscall:
		if len(stack.Entries) == 0 {
			return fmt.Errorf("%s: SSL_ERROR_SYSCALL, empty error stack: the peer closed the TCP connection", stack.Func)
		}
	}
	if v := c.ssl.VerifyResult(); v != libssl.VerifyOK {
		return fmt.Errorf("verify result %d (%s); %w", v, verifyTexts[v], stack)
	}
	return stack
}

const (
	request   = "GET / HTTP/1.0\r\n\r\n"
	endOfPage = "</HTML>"
)

// readUntil reads up to a text. TLS 1.3 tickets come with it.
func (c *conn) readUntil(end string) (string, error) {
	var text strings.Builder
	buf := make([]byte, 16<<10)
	for !strings.Contains(text.String(), end) {
		n, err := c.do(func() int { return c.ssl.Read(buf) })
		if err != nil {
			return text.String(), err
		}
		text.Write(buf[:n])
	}
	return text.String(), nil
}

func (c *conn) write(text string) error {
	_, err := c.do(func() int { return c.ssl.Write([]byte(text)) })
	return err
}
