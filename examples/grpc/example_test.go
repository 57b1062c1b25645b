package grpccreds_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"

	grpccreds "github.com/seed-c1436005/libssl/examples/grpc"
	"github.com/seed-c1436005/libssl/tlsnet"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

const testdata = "../../conformance/testdata/"

// A health check by gRPC over OpenSSL; the second connection resumes the session of the first.
func Example() {
	cert, err := tls.LoadX509KeyPair(testdata+"server.pem", testdata+"server.key")
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := grpc.NewServer(grpc.Creds(grpccreds.New(&tlsnet.Config{Certificates: []tls.Certificate{cert}})))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	defer server.Stop()

	roots := tlsnet.NewCertPool()
	pem, err := os.ReadFile(testdata + "ca.pem")
	check(err)
	roots.AppendCertsFromPEM(pem)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	check(err)
	creds := grpccreds.New(&tlsnet.Config{RootCAs: roots, ServerName: leaf.DNSNames[0]})
	for range 2 {
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(creds))
		check(err)
		var p peer.Peer
		answer, err := grpc_health_v1.NewHealthClient(conn).Check(context.Background(), new(grpc_health_v1.HealthCheckRequest), grpc.Peer(&p))
		check(err)
		state := p.AuthInfo.(credentials.TLSInfo).State
		fmt.Println(answer.Status, tls.VersionName(state.Version), state.NegotiatedProtocol, "resumed:", state.DidResume)
		check(conn.Close())
	}
	// Output:
	// SERVING TLS 1.3 h2 resumed: false
	// SERVING TLS 1.3 h2 resumed: true
}
