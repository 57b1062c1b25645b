// Package peer has what it takes to talk TLS with other programs: connections over sockets, ways to resume, certificates and children.
package peer

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

// StepLimit is for one handshake, read, write or run of a peer. A test shortens it.
var StepLimit = 5 * time.Second

// Conn is an SSL over a TCP socket of its own.
type Conn struct {
	SSL  *libssl.SSL
	file *os.File // owns the socket, which must outlive the SSL
}

// NewConn takes over c. C reads and writes the socket itself, blocking, with the time limit set on the socket.
func NewConn(ctx *libssl.Ctx, c net.Conn) (*Conn, error) {
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
	return &Conn{ssl, file}, nil
}

// blocking takes the socket away from Go's poller.
func blocking(c net.Conn) (*os.File, error) {
	defer c.Close()
	file, err := c.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	fd, limit := int(file.Fd()), syscall.NsecToTimeval(int64(StepLimit))
	err = errors.Join(syscall.SetNonblock(fd, false),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit))
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Dial connects by TCP.
func Dial(addr string) (net.Conn, error) { return net.DialTimeout("tcp", addr, StepLimit) }

// Listen lets the kernel choose the port. The end of ctx closes the listener.
func Listen(ctx context.Context) (*net.TCPListener, error) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err == nil {
		context.AfterFunc(ctx, func() { ln.Close() })
	}
	return ln, err
}

// Accept waits for one TCP connection.
func Accept(ln *net.TCPListener) (net.Conn, error) {
	if err := ln.SetDeadline(time.Now().Add(StepLimit)); err != nil {
		return nil, err
	}
	return ln.Accept()
}

// Free gives back the SSL and the socket.
func (c *Conn) Free() {
	c.SSL.Free()
	c.file.Close()
}

// Do makes an I/O call, again if a signal of Go's scheduler interrupted it: Linux does not restart calls on a socket with a time limit.
func (c *Conn) Do(call func() int) (int, error) {
	for deadline := time.Now().Add(StepLimit); ; {
		ret := call()
		switch c.SSL.GetError(ret) {
		case libssl.ErrorWantRead, libssl.ErrorWantWrite:
			if time.Now().Before(deadline) {
				continue
			}
		}
		return ret, c.failure(ret)
	}
}

// Shutdown says goodbye: without it Free flags the session as not resumable. The second one waits for the peer's.
func (c *Conn) Shutdown() { c.Do(c.SSL.Shutdown) }

// Handshake runs Connect or Accept.
func (c *Conn) Handshake(f func() int) error {
	_, err := c.Do(f)
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
func (c *Conn) failure(ret int) error {
	stack := c.SSL.LastErrors()
	switch c.SSL.GetError(ret) {
	case libssl.ErrorNone:
		return nil
	case libssl.ErrorZeroReturn:
		return errors.New("the peer closed the TLS connection")
	case libssl.ErrorWantRead, libssl.ErrorWantWrite:
		return fmt.Errorf("%s: the peer did not answer within %s", stack.Func, StepLimit)
	}
	if v := c.SSL.VerifyResult(); v != libssl.VerifyOK {
		return fmt.Errorf("verify result %d (%s); %w", v, verifyTexts[v], stack)
	}
	return stack
}

// What our clients ask for, and how the pages of our servers and of s_server end.
const (
	Request   = "GET / HTTP/1.0\r\n\r\n"
	EndOfPage = "</HTML>"
)

// ReadUntil reads up to a text. TLS 1.3 tickets come with it.
func (c *Conn) ReadUntil(end string) (string, error) {
	var text strings.Builder
	buf := make([]byte, 16<<10)
	for !strings.Contains(text.String(), end) {
		n, err := c.Do(func() int { return c.SSL.Read(buf) })
		if err != nil {
			return text.String(), err
		}
		text.Write(buf[:n])
	}
	return text.String(), nil
}

// Write sends a text.
func (c *Conn) Write(text string) error {
	_, err := c.Do(func() int { return c.SSL.Write([]byte(text)) })
	return err
}
