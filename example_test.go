package libssl_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"

	"github.com/seed-c1436005/libssl"
)

// check ends an example that goes wrong.
func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}

// contexts are what the examples need besides their subject: a server with a certificate, and a client that trusts it.
func contexts() (client, server *libssl.Ctx) {
	server, err := libssl.NewCtx(libssl.TLSServerMethod())
	check(err)
	check(server.UseCertificateChainFile("conformance/testdata/server.pem"))
	check(server.UsePrivateKeyFile("conformance/testdata/server.key", libssl.FiletypePEM))
	client, err = libssl.NewCtx(libssl.TLSClientMethod())
	check(err)
	check(client.LoadVerifyLocations("conformance/testdata/ca.pem", ""))
	client.SetVerify(libssl.VerifyPeer)
	return client, server
}

// ends are both ends of a connection in memory, before the handshake.
func ends(client, server *libssl.Ctx) (c, s *libssl.SSL) {
	c, err := libssl.NewSSL(client)
	check(err)
	c.SetMemBIO()
	c.SetConnectState()
	s, err = libssl.NewSSL(server)
	check(err)
	s.SetMemBIO()
	s.SetAcceptState()
	return c, s
}

// greet does the handshake and sends "hello" to the client, who reads the tickets of TLS 1.3 on the way.
func greet(c, s *libssl.SSL) {
	var b [1 << 14]byte
	carry := func(from, to *libssl.SSL) {
		for n := from.BIORead(b[:]); n > 0; n = from.BIORead(b[:]) {
			to.BIOWrite(b[:n])
		}
	}
	for !c.IsInitFinished() || !s.IsInitFinished() {
		if ret := c.DoHandshake(); ret != 1 && c.GetError(ret) != libssl.ErrorWantRead {
			check(c.LastErrors())
		}
		carry(c, s)
		if ret := s.DoHandshake(); ret != 1 && s.GetError(ret) != libssl.ErrorWantRead {
			check(s.LastErrors())
		}
		carry(s, c)
	}
	if s.Write([]byte("hello")) != 5 {
		check(s.LastErrors())
	}
	carry(s, c)
	if n := c.Read(b[:]); n <= 0 || !bytes.Equal(b[:n], []byte("hello")) {
		check(c.LastErrors())
	}
}

// A client and a server in one program. What one has written is carried to the other by hand; for a socket there is [libssl.SSL.SetFD].
func Example() {
	server, err := libssl.NewCtx(libssl.TLSServerMethod())
	check(err)
	defer server.Free()
	check(server.UseCertificateChainFile("conformance/testdata/server.pem"))
	check(server.UsePrivateKeyFile("conformance/testdata/server.key", libssl.FiletypePEM))

	client, err := libssl.NewCtx(libssl.TLSClientMethod())
	check(err)
	defer client.Free()
	check(client.LoadVerifyLocations("conformance/testdata/ca.pem", ""))
	client.SetVerify(libssl.VerifyPeer)

	s, err := libssl.NewSSL(server)
	check(err)
	defer s.Free()
	s.SetMemBIO()
	s.SetAcceptState()

	c, err := libssl.NewSSL(client)
	check(err)
	defer c.Free()
	c.SetMemBIO()
	c.SetConnectState()

	buf := make([]byte, 1<<14)
	for done := false; !done; {
		for _, x := range []struct{ from, to *libssl.SSL }{{c, s}, {s, c}} {
			ret := x.from.DoHandshake()
			if ret != 1 && x.from.GetError(ret) != libssl.ErrorWantRead {
				log.Panic(x.from.LastErrors())
			}
			if n := x.from.BIORead(buf); n > 0 {
				x.to.BIOWrite(buf[:n])
			}
		}
		done = c.IsInitFinished() && s.IsInitFinished()
	}

	s.Write([]byte("hello"))
	c.BIOWrite(buf[:s.BIORead(buf)])
	n := c.Read(buf)
	fmt.Printf("%s, %s\n", c.VersionString(), buf[:n])
	c.Shutdown()
	s.Shutdown()
	// Output: TLSv1.3, hello
}

// A session of one connection makes the next one shorter.
func ExampleSSL_SetSession() {
	client, server := contexts()
	defer client.Free()
	defer server.Free()

	c, s := ends(client, server)
	greet(c, s)
	session := c.Session()
	defer session.Free()
	fmt.Println("first connection resumed:", c.SessionReused())
	c.Shutdown() // libssl takes the session of a connection that just ends for broken
	c.Free()
	s.Free()

	c, s = ends(client, server)
	defer c.Free()
	defer s.Free()
	if c.SetSession(session) != 1 {
		log.Panic(c.LastErrors())
	}
	greet(c, s)
	fmt.Println("second connection resumed:", c.SessionReused())
	c.Shutdown()
	// Output:
	// first connection resumed: false
	// second connection resumed: true
}

// A TLS 1.3 server sends its tickets after the handshake. Each is a session, which should be used once.
func ExampleCtx_SessSetNewCB() {
	client, server := contexts()
	defer client.Free()
	defer server.Free()
	server.SetNumTickets(3)

	var tickets []*libssl.Session
	client.SetSessionCacheMode(libssl.SessCacheClient | libssl.SessCacheNoInternalStore)
	client.SessSetNewCB(func(ssl *libssl.SSL, session *libssl.Session) {
		tickets = append(tickets, session.UpRef()) // both arguments end with the call
	})

	c, s := ends(client, server)
	greet(c, s)
	c.Shutdown()
	c.Free()
	s.Free()
	fmt.Println("tickets:", len(tickets))

	client.SessSetNewCB(nil) // enough of them
	for _, ticket := range tickets {
		c, s := ends(client, server)
		c.SetSession(ticket)
		greet(c, s)
		fmt.Println("resumed:", c.SessionReused())
		c.Shutdown()
		c.Free()
		s.Free()
		ticket.Free()
	}
	// Output:
	// tickets: 3
	// resumed: true
	// resumed: true
	// resumed: true
}

// What a failing call has pushed on OpenSSL's error queue comes as one error, oldest entry first.
func ExampleErrorStack() {
	_, err := libssl.ParseSessionPEM([]byte("this is no session"))

	var stack libssl.ErrorStack
	if errors.As(err, &stack) {
		fmt.Println("function:", stack.Func)
		for _, e := range stack.Entries {
			fmt.Printf("%s, %s: %s\n", e.Lib, e.Reason, e.Data)
		}
	}
	noStartLine := libssl.Error{Code: 9<<24 | 108} // ERR_LIB_PEM, PEM_R_NO_START_LINE
	fmt.Println("no PEM at all:", errors.Is(err, noStartLine))

	// Where libssl was not called, the error says why.
	session, err := libssl.NewSession()
	check(err)
	session.Free()
	_, err = session.DER()
	fmt.Println("freed:", errors.Is(err, libssl.ErrFreed))
	// Output:
	// function: PEM_read_bio_SSL_SESSION
	// PEM routines, no start line: Expecting: SSL SESSION PARAMETERS
	// no PEM at all: true
	// freed: true
}

// C code gives a session away with its reference.
func ExampleAdoptSession() {
	made, err := libssl.NewSession()
	check(err)
	check(made.SetHostname("example.org"))
	pointer := made.HandOut() // stands for what C code has: an SSL_SESSION * and a reference to it
	made.Free()

	session := libssl.AdoptSession(pointer) // the reference is the handle's now: C must not free it
	defer session.Free()
	fmt.Println(session.Hostname())
	// Output: example.org
}

// C code goes on using its connection.
func ExampleBorrowSSL() {
	client, server := contexts()
	defer client.Free()
	defer server.Free()
	c, s := ends(client, server)
	defer s.Free()
	pointer := c.HandOut() // stands for what C code has: an SSL * and a reference to it
	c.Free()

	ssl := libssl.BorrowSSL(pointer) // takes a reference of its own
	greet(ssl, s)
	session := ssl.Session()
	fmt.Println(session.Cipher())
	session.Free()
	ssl.Free()

	libssl.AdoptSSL(pointer).Free() // stands for C's SSL_free
	// Output: TLS_AES_256_GCM_SHA384
}
