package libssl_test

import (
	"fmt"
	"net"

	"github.com/seed-c1436005/libssl"
)

// link is an engine with a transport, and what came from it that the engine has not used.
type link struct {
	*libssl.Engine
	conn    net.Conn
	in, out []byte
}

func newLink(ssl *libssl.SSL, conn net.Conn) *link {
	engine, err := libssl.NewEngine(ssl)
	check(err)
	return &link{engine, conn, make([]byte, 0, 17<<10), make([]byte, 17<<10)}
}

// do repeats an operation until it needs nothing more.
func (l *link) do(op func(in, out []byte) libssl.Step) libssl.Step {
	for {
		step := op(l.in, l.out)
		l.in = append(l.in[:0], l.in[step.In:]...)
		if step.Out > 0 {
			_, err := l.conn.Write(l.out[:step.Out])
			check(err)
		}
		switch {
		case step.Error == libssl.ErrorNone || step.N > 0:
			return step
		case step.Error == libssl.ErrorWantRead:
			n, err := l.conn.Read(l.in[len(l.in):cap(l.in)])
			check(err)
			l.in = l.in[:len(l.in)+n]
		case step.Error != libssl.ErrorWantWrite:
			check(l.SSL().LastErrors())
		}
	}
}

// An engine over any net.Conn: the caller moves the bytes.
func ExampleEngine() {
	client, server := contexts()
	defer client.Free()
	defer server.Free()
	near, far := net.Pipe()

	s, err := libssl.NewSSL(server)
	check(err)
	defer s.Free()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l := newLink(s, far)
		l.do(l.Accept)
		l.do(func(in, out []byte) libssl.Step { return l.Write([]byte("hello"), in, out) })
		l.do(l.Shutdown)
	}()

	c, err := libssl.NewSSL(client)
	check(err)
	defer c.Free()
	l := newLink(c, near)
	l.do(l.Connect)
	b := make([]byte, 100)
	step := l.do(func(in, out []byte) libssl.Step { return l.Read(b, in, out) })
	fmt.Printf("%s: %s\n", c.VersionString(), b[:step.N])
	step = l.Read(b, l.in, nil)
	for step.Error == libssl.ErrorWantRead { // close_notify is a record of its own
		n, err := near.Read(b)
		check(err)
		step = l.Read(nil, b[:n], nil)
	}
	fmt.Println("closed by the server:", step.Error == libssl.ErrorZeroReturn)
	c.SetShutdown(libssl.SentShutdown)
	<-done
	// Output:
	// TLSv1.3: hello
	// closed by the server: true
}
