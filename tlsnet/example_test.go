package tlsnet_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/seed-c1436005/libssl/tlsnet"
	"golang.org/x/net/http2"
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

// connKey is where a request's context has its connection.
type connKey struct{}

// net/http over OpenSSL, on both sides. Go 1.26 has what the connection agreed on in Request.TLS; with any Go it can be found through ConnContext.
func Example_http() {
	listener, err := tlsnet.Listen("tcp", "127.0.0.1:0", &tlsnet.Config{Certificates: []tls.Certificate{leaf()}})
	check(err)
	server := &http.Server{
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := r.Context().Value(connKey{}).(*tlsnet.Conn).ConnectionState()
			fmt.Fprintf(w, "%s, resumed: %v", tls.VersionName(state.Version), state.DidResume)
		}),
	}
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

// HTTP/2, agreed on by ALPN.
func Example_http2() {
	listener, err := tlsnet.Listen("tcp", "127.0.0.1:0", &tlsnet.Config{
		Certificates: []tls.Certificate{leaf()}, NextProtos: []string{http2.NextProtoTLS},
	})
	check(err)
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		check(err)
		new(http2.Server).ServeConn(conn, &http2.ServeConnOpts{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto, " by ", r.TLS.NegotiatedProtocol) }),
		})
	}()

	config := &tlsnet.Config{RootCAs: ca().pool(), NextProtos: []string{http2.NextProtoTLS}}
	transport := &http2.Transport{DialTLSContext: func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
		return tlsnet.DialContext(ctx, network, addr, config)
	}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + listener.Addr().String())
	check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(err)
	fmt.Println(string(body))
	// Output:
	// HTTP/2.0 by h2
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
