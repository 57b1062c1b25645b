package openssl_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/spacemonkey"
)

// TestEnd reads to the end, which the server announces or not.
func TestEnd(t *testing.T) {
	for name, end := range map[string]func(net.Conn){
		"close_notify": func(c net.Conn) { c.Close() },
		"TCP alone":    func(c net.Conn) { c.(*openssl.Conn).UnderlyingConn().(*net.TCPConn).CloseWrite(); drain(c) },
	} {
		addr := listen(t, serverCtx(t, openssl.AnyVersion), func(c net.Conn) {
			io.WriteString(c, "all")
			end(c)
		})
		c := dial(t, addr, clientCtx(t, openssl.AnyVersion), nil)
		all, err := io.ReadAll(c)
		must(t, err)
		wantEqual(t, name, string(all), "all")
		_, err = c.Write([]byte("x"))
		wantEqual(t, name+": Write", err.Error(), "connection closed")
		_, err = c.Read(make([]byte, 1))
		wantEqual(t, name+": Read", err, io.EOF)
		wantEqual(t, name+": Handshake", c.Handshake(), io.ErrUnexpectedEOF)
		wantEqual(t, name+": Close", c.Close(), nil)
		state := c.ConnectionState()
		wantEqual(t, name+": the certificate", state.CertificateError.Error(), "connection closed")
		wantEqual(t, name+": the chain", state.CertificateChainError.Error(), "connection closed")
		wantEqual(t, name+": VerifyResult", c.VerifyResult(), openssl.Ok)
		cipher, err := c.CurrentCipher()
		must(t, err)
		wantEqual(t, name+": CurrentCipher", cipher, "TLS_AES_256_GCM_SHA384")
	}
}

// TestNoHandshake closes before there was one.
func TestNoHandshake(t *testing.T) {
	near, far := net.Pipe()
	c, err := openssl.Client(near, clientCtx(t, openssl.AnyVersion))
	must(t, err)
	s, err := openssl.Server(far, serverCtx(t, openssl.AnyVersion))
	must(t, err)
	must(t, c.Close())
	wantEqual(t, "the server's handshake", s.Handshake(), io.ErrUnexpectedEOF)
	must(t, s.Close())
	for _, b := range [][]byte{nil, {}} {
		n, err := s.Read(b)
		wantEqual(t, "Read of nothing", []any{n, err}, []any{0, nil})
		n, err = s.Write(b)
		wantEqual(t, "Write of nothing", []any{n, err}, []any{0, nil})
	}
	_, err = c.PeerCertificate()
	wantEqual(t, "PeerCertificate", err.Error(), "connection closed")
	wantEqual(t, "the name of an SSL that nobody made", new(openssl.SSL).GetServername(), "")
}

// TestDeadlines passes them on.
func TestDeadlines(t *testing.T) {
	addr := listen(t, serverCtx(t, openssl.AnyVersion), echo)
	c := dial(t, addr, clientCtx(t, openssl.AnyVersion), nil)
	wantEqual(t, "RemoteAddr", c.RemoteAddr().String(), addr)
	wantEqual(t, "LocalAddr", c.LocalAddr(), c.UnderlyingConn().LocalAddr())
	must(t, c.SetDeadline(time.Unix(1, 0)))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read: %v", err)
	}
	if _, err := c.Write(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Write: %v", err)
	}
	must(t, c.SetWriteDeadline(time.Time{}))
	_, err := c.Write([]byte("x"))
	must(t, err)
	must(t, c.SetReadDeadline(time.Time{}))
	_, err = io.ReadFull(c, make([]byte, 1))
	must(t, err)
}

// TestHostname compares what Dial was given with the certificate.
func TestHostname(t *testing.T) {
	server, err := openssl.NewCtx()
	must(t, err)
	must(t, server.UseCertificate(issue(root(), leaf().signer, "else.example").certificate(t)))
	must(t, server.UsePrivateKey(leaf().privateKey(t)))
	names := make(chan string, 3)
	addr := listen(t, server, func(c net.Conn) {
		c.(*openssl.Conn).Handshake()
		names <- c.(*openssl.Conn).GetServername()
		drain(c)
	})
	_, port, err := net.SplitHostPort(addr)
	must(t, err)
	client := clientCtx(t, openssl.AnyVersion)
	local := net.JoinHostPort("localhost", port)
	_, err = openssl.Dial("tcp", local, client, 0)
	wantEqual(t, "another host", err, openssl.ValidationError)
	wantEqual(t, "its name", <-names, "localhost")
	for flags, name := range map[openssl.DialFlags]string{openssl.InsecureSkipHostVerification: "localhost", openssl.InsecureSkipHostVerification | openssl.DisableSNI: ""} {
		c, err := openssl.Dial("tcp", local, client, flags)
		must(t, err)
		must(t, c.Close())
		wantEqual(t, "the name", <-names, name)
	}
	c, err := openssl.Dial("tcp", addr, nil, 0) // 127.0.0.1 is in the certificate; a nil Ctx trusts anybody
	must(t, err)
	must(t, c.Close())
	wantEqual(t, "VerifyResult", c.VerifyResult(), openssl.UnableToGetIssuerCertLocally)
}
