// Package work is what the workers of the benchmark have in common: one process per implementation, which does what its parent asks for.
package work

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// ServerName is what certificates are for, and what every client asks for and verifies.
const ServerName = "localhost"

// PKIVariable is the environment variable with the directory of the certificates.
const PKIVariable = "BENCH_PKI"

// Way is a way to connect. All use X25519, give one ticket and verify the server's certificate and name.
type Way struct {
	TLS13  bool
	Resume string // "full" for not at all, "id", "ticket", "psk"; "" for no TLS
	Key    string // of the server: "ecdsa" or "rsa"
	Cipher string // "aes128", "aes256" or "chacha20"
}

// ParseWay reads "1.2-ticket" and the like, and "plain".
func ParseWay(kind, key, cipher string) (Way, error) {
	if kind == "plain" {
		return Way{}, nil
	}
	version, resume, _ := strings.Cut(kind, "-")
	if version != "1.2" && version != "1.3" || resume == "" {
		return Way{}, fmt.Errorf("no such kind: %s", kind)
	}
	return Way{version == "1.3", resume, key, cipher}, nil
}

// Resumes reports whether connections resume the session of the first one.
func (w Way) Resumes() bool { return w.Resume != "full" && !w.Plain() }

// Plain reports whether connections are without TLS.
func (w Way) Plain() bool { return w.Resume == "" }

// CipherSuite is that of TLS 1.2 by its number.
func (w Way) CipherSuite() uint16 {
	switch {
	case w.Key == "rsa":
		return tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	case w.Cipher == "aes256":
		return tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	case w.Cipher == "chacha20":
		return tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
	}
	return tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
}

// OpenSSLCiphers is the same as OpenSSL calls it.
func (w Way) OpenSSLCiphers() string {
	switch {
	case w.Key == "rsa":
		return "ECDHE-RSA-AES128-GCM-SHA256"
	case w.Cipher == "aes256":
		return "ECDHE-ECDSA-AES256-GCM-SHA384"
	case w.Cipher == "chacha20":
		return "ECDHE-ECDSA-CHACHA20-POLY1305"
	}
	return "ECDHE-ECDSA-AES128-GCM-SHA256"
}

// File is the path of "ca.pem", "leaf.pem" or "leaf.key".
func (w Way) File(what string) string { return filepath.Join(os.Getenv(PKIVariable), w.Key+"-"+what) }

// Files are the contents of ca.pem, leaf.pem and leaf.key.
func (w Way) Files() (ca, cert, key []byte, err error) {
	ca, err1 := os.ReadFile(w.File("ca.pem"))
	cert, err2 := os.ReadFile(w.File("leaf.pem"))
	key, err3 := os.ReadFile(w.File("leaf.key"))
	return ca, cert, key, errors.Join(err1, err2, err3)
}

// Stack is a TLS implementation over net.Conn. What it does not have is an errors.ErrUnsupported.
type Stack func(Way) (Ends, error)

// Ends makes both ends of connections of one way.
type Ends interface {
	Client(net.Conn) (Conn, error)
	Server(net.Conn) (Conn, error)
	// Keep makes the session of a client's connection the one that the next ones resume. It has read a byte.
	Keep(Conn) error
}

// Conn is a connection of a Stack.
type Conn interface {
	net.Conn
	Handshake() error
	Resumed() bool
}

// plain is the Stack without TLS: what a connection costs whoever encrypts it.
func plain(Way) (Ends, error) { return plainEnds{}, nil }

type plainEnds struct{}

func (plainEnds) Client(inner net.Conn) (Conn, error) { return plainConn{inner}, nil }
func (plainEnds) Server(inner net.Conn) (Conn, error) { return plainConn{inner}, nil }
func (plainEnds) Keep(Conn) error                     { return nil }

type plainConn struct{ net.Conn }

func (plainConn) Handshake() error { return nil }
func (plainConn) Resumed() bool    { return false }
