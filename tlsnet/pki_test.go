package tlsnet_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/tlsnet"
)

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(name string) *authority {
	a := &authority{key: newKey()}
	a.cert = a.sign(authorityTemplate(name, time.Now().Add(48*time.Hour)), a.key.Public())
	return a
}

// intermediate makes an authority below a.
func (a *authority) intermediate(notAfter time.Time) *authority {
	key := newKey()
	return &authority{a.sign(authorityTemplate("intermediate", notAfter), key.Public()), key}
}

func authorityTemplate(name string, notAfter time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: notAfter,
	}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func (a *authority) sign(t *x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	check(err)
	t.SerialNumber, t.NotBefore = serial, time.Now().Add(-time.Hour)
	parent := a.cert
	if parent == nil {
		parent = t
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key, a.key)
	check(err)
	cert, err := x509.ParseCertificate(der)
	check(err)
	return cert
}

// issue makes a certificate for names and addresses.
func (a *authority) issue(key crypto.Signer, notAfter time.Time, hosts ...string) tls.Certificate {
	t := &x509.Certificate{Subject: pkix.Name{CommonName: "leaf"}, NotAfter: notAfter, KeyUsage: x509.KeyUsageDigitalSignature}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	return tls.Certificate{Certificate: [][]byte{a.sign(t, key.Public()).Raw}, PrivateKey: key}
}

func (a *authority) pool() *tlsnet.CertPool {
	p := tlsnet.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// What most tests use. Nothing was certified by the stranger.
var (
	ca       = sync.OnceValue(func() *authority { return newAuthority("CA") })
	stranger = sync.OnceValue(func() *authority { return newAuthority("stranger") })
	leaf     = sync.OnceValue(func() tls.Certificate {
		return ca().issue(newKey(), time.Now().Add(24*time.Hour), "example.test", "127.0.0.1", "::1")
	})
	rsaLeaf = sync.OnceValue(func() tls.Certificate {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		check(err)
		return ca().issue(key, time.Now().Add(24*time.Hour), "example.test", "127.0.0.1", "::1")
	})
)

// configs are those of a client and a server that get along. change is for one of them, or nil.
func configs(change func(client, server *tlsnet.Config)) (client, server *tlsnet.Config) {
	client = &tlsnet.Config{RootCAs: ca().pool(), ServerName: "example.test"}
	server = &tlsnet.Config{Certificates: []tls.Certificate{leaf()}}
	if change != nil {
		change(client, server)
	}
	return client, server
}

// transport is a pair of sockets that are connected.
func transport(t testing.TB, network, addr string) (net.Conn, net.Conn) {
	l, err := net.Listen(network, addr)
	check(err)
	defer l.Close()
	near, err := net.Dial(network, l.Addr().String())
	check(err)
	far, err := l.Accept()
	check(err)
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// connect makes a connection and runs both handshakes. What they return is the test's.
func connect(t testing.TB, client, server *tlsnet.Config) (c, s *tlsnet.Conn, cerr, serr error) {
	near, far := transport(t, "tcp", "127.0.0.1:0")
	c, s = tlsnet.Client(near, client), tlsnet.Server(far, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if serr = s.Handshake(); serr != nil {
			far.Close()
		}
	}()
	if cerr = c.Handshake(); cerr != nil {
		near.Close()
	}
	<-done
	t.Cleanup(func() { c.Close(); s.Close() })
	return c, s, cerr, serr
}

// mustConnect is connect for handshakes that succeed.
func mustConnect(t testing.TB, client, server *tlsnet.Config) (c, s *tlsnet.Conn) {
	t.Helper()
	c, s, cerr, serr := connect(t, client, server)
	if cerr != nil || serr != nil {
		t.Fatalf("client: %v; server: %v", cerr, serr)
	}
	return c, s
}
