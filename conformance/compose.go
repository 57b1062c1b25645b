package conformance

import (
	"bytes"
	"strings"
	"syscall"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

func tag(session unsafe.Pointer, n int) { ctest.Tag(session, n) }

func runUpRef(c *call) {
	switch h := c.name(0).handle.(type) {
	case *libssl.Ctx:
		c.bind(h.UpRef(), false, nil)
	case *libssl.SSL:
		c.bind(h.UpRef(), false, nil)
	case *libssl.Session:
		c.bind(h.UpRef(), false, nil)
	}
}

func runNew(c *call) {
	ssl, err := libssl.NewSSL(c.ctx(0))
	c.bindSSL(ssl, true, err)
}

// runDup may get the same SSL again.
func runDup(c *call) {
	ssl, err := c.ssl(0).Dup()
	c.bindSSL(ssl, !ssl.Same(c.ssl(0)), err)
}

func useCertificate(ctx *libssl.Ctx) error {
	if err := ctx.UseCertificateFile(testdata("server.pem"), libssl.FiletypePEM); err != nil {
		return err
	}
	return ctx.UsePrivateKeyFile(testdata("server.key"), libssl.FiletypePEM)
}

func (c *call) newCtx(tls, dtls libssl.Method) (*libssl.Ctx, error) {
	method := tls
	if strings.HasPrefix(c.text(0), "dtls") {
		method = dtls
	}
	ctx, err := libssl.NewCtx(method)
	if err == nil {
		ctx.SetMinProtoVersion(c.number(0))
		ctx.SetMaxProtoVersion(c.number(len(c.op.args) - 1))
	}
	return ctx, err
}

func runServer(c *call) {
	ctx, err := c.newCtx(libssl.TLSServerMethod(), libssl.DTLSServerMethod())
	if err == nil {
		err = useCertificate(ctx)
	}
	if err == nil {
		err = ctx.SetSessionIDContext([]byte("ops"))
	}
	if err != nil {
		ctx.Free()
	}
	c.bindCtx(ctx, err)
}

func runClient(c *call) {
	ctx, err := c.newCtx(libssl.TLSClientMethod(), libssl.DTLSClientMethod())
	if err == nil {
		ctx.SetSessionCacheMode(libssl.SessCacheBoth)
	}
	c.bindCtx(ctx, err)
}

func runCertIs(c *call) {
	want := ctest.Certificate(c.file(1))
	if c.d.mode == Default {
		ctest.Drain() // not the binding's
	}
	c.answer(len(want) > 0 && bytes.Equal(want, c.ssl(0).CertificateDER()))
}

// transport is what joins the scenario's SSLs.
type transport struct {
	socket map[unsafe.Pointer]socket // of SSLs that are not joined by memory BIOs
	open   []int
}

type socket struct{ fd, peer int }

func (t *transport) close() {
	for _, fd := range t.open {
		syscall.Close(fd)
	}
}

func runLink(c *call) {
	c.ssl(0).SetConnectState()
	c.ssl(1).SetAcceptState()
	for i := range 2 {
		c.ssl(i).SetMemBIO()
		delete(c.d.transport.socket, c.name(i).ptr)
	}
}

func runLinkFD(c *call) {
	fd, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	t := &c.d.transport
	if t.socket == nil {
		t.socket = map[unsafe.Pointer]socket{}
	}
	t.open = append(t.open, fd[0], fd[1])
	c.ssl(0).SetConnectState()
	c.ssl(1).SetAcceptState()
	for i := range 2 {
		c.ssl(i).SetFD(fd[i])
		t.socket[c.name(i).ptr] = socket{fd[i], fd[1-i]}
	}
}

func isDTLS(ssl *libssl.SSL) bool {
	const anyVersion = 0x1ffff // DTLS_ANY_VERSION
	v := ssl.Version()
	return v>>8 == 0xfe || v == anyVersion
}

// move takes what a has written to b. Over a socketpair the kernel has moved the bytes; then it says whether any wait at b.
func (c *call) move(a, b int) bool {
	if s, ok := c.d.transport.socket[c.name(b).ptr]; ok {
		n, _, err := syscall.Recvfrom(s.fd, make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return err == nil && n > 0
	}
	from, to := c.ssl(a), c.ssl(b)
	n := from.BIOPending()
	if n <= 0 {
		return false
	}
	bytes := make([]byte, n)
	from.BIORead(bytes)
	to.BIOWrite(bytes)
	for _, h := range findHellos(bytes, isDTLS(from)) {
		wire, _ := c.line["wire"].([]map[string]any)
		c.line["wire"] = append(wire, c.d.describe(h))
		c.d.check(c.line, c.name(a), h)
	}
	return true
}

func runMove(c *call) { c.answer(c.move(0, 1)) }

func runEOF(c *call) {
	n := c.name(0)
	if s, ok := c.d.transport.socket[n.ptr]; ok {
		syscall.Shutdown(s.peer, syscall.SHUT_WR)
		return
	}
	ctest.DropInput(n.ptr)
	c.ssl(0).BIOSetEOF()
}

func runInject(c *call) {
	b := c.op.args[1].bytes
	if s, ok := c.d.transport.socket[c.name(0).ptr]; ok {
		syscall.Write(s.peer, b) // nobody reads it where this fails
		return
	}
	c.ssl(0).BIOWrite(b)
}

// runFill writes to the last byte.
func runFill(c *call) {
	s := c.d.transport.socket[c.name(0).ptr]
	for size := 4096; size > 0; size /= 2 {
		for {
			if n, err := syscall.Write(s.fd, make([]byte, size)); err != nil || n <= 0 {
				break
			}
		}
	}
}

// side is one end of a handshake.
type side struct {
	c            *call
	arg          int // which argument it is
	called, done bool
	ret, err     int
	line         map[string]any
}

// step calls SSL_do_handshake and says whether the result is another than that of the call before.
func (s *side) step() bool {
	if s.done {
		return false
	}
	before := *s
	ssl := s.c.ssl(s.arg)
	if s.c.d.mode == Keep {
		ctest.Drain()
	}
	s.ret = ssl.DoHandshake()
	s.err = ssl.GetError(s.ret)
	s.line = map[string]any{"ret": s.ret, "error": errorNames[s.err]}
	native := ctest.Drain()
	failed := s.err != libssl.ErrorNone
	var stack libssl.ErrorStack
	if failed {
		stack = ssl.LastErrors()
	}
	s.c.d.addQueue(s.line, native, failed, stack)
	s.called = true
	s.done = s.ret == 1 || s.err != libssl.ErrorWantRead && s.err != libssl.ErrorWantWrite
	return !before.called || s.ret != before.ret || s.err != before.err
}

// runHandshake is the loop that ../cdriver/compose.c describes.
func runHandshake(c *call) {
	client, server := &side{c: c, arg: 0}, &side{c: c, arg: 1}
	progress := true
	for round := 0; round < 20 && progress && !(client.done && server.done); round++ {
		progress = client.step()
		progress = c.move(0, 1) || progress
		progress = server.step() || progress
		progress = c.move(1, 0) || progress
	}
	c.answer(client.ret == 1 && server.ret == 1)
	c.sides = true
	c.line["c"], c.line["s"] = client.line, server.line
}

func runReparse(c *call) {
	der, err := c.session(0).DER()
	if err != nil {
		c.bindSession(nil, err)
		return
	}
	c.bindSession(libssl.ParseSession(der))
}

func runWithoutEMS(c *call) {
	der, err := c.session(0).DER()
	if err != nil {
		c.bindSession(nil, err)
		return
	}
	flags := []byte{0xad, 0x03, 0x02, 0x01, 0x01} // [13] INTEGER 1: SSL_SESS_FLAG_EXTMS
	if i := bytes.Index(der, flags); i >= 0 {
		der[i+4] = 0
	}
	c.bindSession(libssl.ParseSession(der))
}

func runRepem(c *call) {
	text, err := c.session(0).PEM()
	if err != nil {
		c.bindSession(nil, err)
		return
	}
	c.bindSession(libssl.ParseSessionPEM(text))
}
