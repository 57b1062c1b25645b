package tlsnet_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/seed-c1436005/libssl/tlsnet"
)

// A server that echoes, and a client that connects twice: the second time it resumes its session.
func Example() {
	listener, err := tlsnet.Listen("tcp", "127.0.0.1:0", &tlsnet.Config{Certificates: []tls.Certificate{leaf()}})
	check(err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()

	config := &tlsnet.Config{RootCAs: ca().pool()} // one for all connections: it keeps the sessions
	for range 2 {
		conn, err := tlsnet.Dial("tcp", listener.Addr().String(), config)
		check(err)
		_, err = conn.Write([]byte("hello"))
		check(err)
		b := make([]byte, 5)
		_, err = io.ReadFull(conn, b)
		check(err)
		fmt.Printf("%s, resumed: %v\n", b, conn.ConnectionState().DidResume)
		check(conn.Close())
	}
	// Output:
	// hello, resumed: false
	// hello, resumed: true
}

// net/http over OpenSSL, on both sides.
func Example_http() {
	listener, err := tlsnet.Listen("tcp", "127.0.0.1:0", &tlsnet.Config{Certificates: []tls.Certificate{leaf()}})
	check(err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s, resumed: %v", tls.VersionName(r.TLS.Version), r.TLS.DidResume)
	})}
	go server.Serve(listener)
	defer server.Close()

	dialer := &tlsnet.Dialer{Config: &tlsnet.Config{RootCAs: ca().pool()}}
	client := &http.Client{Transport: &http.Transport{DialTLSContext: dialer.DialContext, DisableKeepAlives: true}}
	for range 2 {
		response, err := client.Get("https://" + listener.Addr().String())
		check(err)
		body, err := io.ReadAll(response.Body)
		check(err)
		response.Body.Close()
		fmt.Println(string(body))
	}
	// Output:
	// TLS 1.3, resumed: false
	// TLS 1.3, resumed: true
}

// An explicit session, which may come from a file or another process.
func ExampleSession() {
	listener, err := tlsnet.Listen("tcp", "127.0.0.1:0", &tlsnet.Config{Certificates: []tls.Certificate{leaf()}})
	check(err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Write([]byte("x"))
			}()
		}
	}()
	config := &tlsnet.Config{RootCAs: ca().pool()}
	conn, err := tlsnet.Dial("tcp", listener.Addr().String(), config)
	check(err)
	io.Copy(io.Discard, conn) // TLS 1.3 sessions come with the data
	b, err := conn.Session().MarshalBinary()
	check(err)
	conn.Close()

	session := new(tlsnet.Session)
	check(session.UnmarshalBinary(b))
	config = config.Clone()
	config.Session = session
	conn, err = tlsnet.Dial("tcp", listener.Addr().String(), config)
	check(err)
	defer conn.Close()
	fmt.Println(conn.Resumption().Reused)

	config = config.Clone()
	config.ServerName = "example.test" // the same server, but not who it was verified for
	_, err = tlsnet.Dial("tcp", listener.Addr().String(), config)
	fmt.Println(err)
	// Output:
	// true
	// tlsnet: the session was not verified for this peer and this Config
}

// A handshake ends with its context.
func ExampleConn_HandshakeContext() {
	near, _ := net.Pipe() // nobody answers
	conn := tlsnet.Client(near, &tlsnet.Config{ServerName: "example.test"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fmt.Println(conn.HandshakeContext(ctx))
	// Output:
	// context canceled
}
