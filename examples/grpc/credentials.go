// Package grpccreds makes gRPC speak TLS by tlsnet.
package grpccreds

import (
	"context"
	"net"

	"github.com/seed-c1436005/libssl/tlsnet"
	"google.golang.org/grpc/credentials"
)

// tlsCreds are credentials of both sides.
type tlsCreds struct{ config *tlsnet.Config }

// New returns credentials for a server or for clients. gRPC needs HTTP/2: "h2" is added to the protocols. Use them for all connections: they keep the
// sessions.
func New(config *tlsnet.Config) credentials.TransportCredentials {
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	return &tlsCreds{config}
}

func (t *tlsCreds) ClientHandshake(ctx context.Context, authority string, transport net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn := tlsnet.Client(transport, t.config)
	if t.config.ServerName == "" {
		host, _, err := net.SplitHostPort(authority)
		if err != nil {
			host = authority
		}
		conn.SetServerName(host)
	}
	return handshake(ctx, conn)
}

func (t *tlsCreds) ServerHandshake(transport net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return handshake(context.Background(), tlsnet.Server(transport, t.config))
}

func handshake(ctx context.Context, conn *tlsnet.Conn) (net.Conn, credentials.AuthInfo, error) {
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, credentials.TLSInfo{
		State:          conn.ConnectionState(),
		CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity},
	}, nil
}

func (t *tlsCreds) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls", ServerName: t.config.ServerName}
}

func (t *tlsCreds) Clone() credentials.TransportCredentials { return New(t.config) }

func (t *tlsCreds) OverrideServerName(name string) error {
	t.config = t.config.Clone()
	t.config.ServerName = name
	return nil
}
