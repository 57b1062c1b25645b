package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Pair is a certificate and its key, in PEM and as files for the tool.
type Pair struct {
	Cert, Key         []byte
	CertFile, KeyFile string
}

// PKI is made anew for each run, so that no key lies about and no certificate runs out.
type PKI struct {
	CA, Stranger  []byte // authorities; nobody was certified by the stranger
	CAFile        string
	Leaf, Expired Pair
}

// authority signs leaves.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewPKI makes the certificates, with files in dir.
func NewPKI(dir string) (*PKI, error) {
	ca, err := newAuthority("libssl peer CA")
	if err != nil {
		return nil, err
	}
	stranger, err := newAuthority("some other CA")
	if err != nil {
		return nil, err
	}
	p := &PKI{CA: certPEM(ca.cert.Raw), Stranger: certPEM(stranger.cert.Raw), CAFile: filepath.Join(dir, "ca.pem")}
	now := time.Now()
	leaf, err := ca.issue(filepath.Join(dir, "leaf"), now.Add(24*time.Hour))
	if err != nil {
		return nil, err
	}
	expired, err := ca.issue(filepath.Join(dir, "expired"), now.Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	p.Leaf, p.Expired = leaf, expired
	return p, os.WriteFile(p.CAFile, p.CA, 0o600)
}

func template(name string, notAfter time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-48 * time.Hour),
		NotAfter:     notAfter,
	}
}

func newAuthority(name string) (*authority, error) {
	t := template(name, time.Now().Add(24*time.Hour))
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	key, der, err := sign(t, nil)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

// issue certifies localhost and writes the pair to files that begin with path.
func (a *authority) issue(path string, notAfter time.Time) (Pair, error) {
	t := template("localhost", notAfter)
	t.DNSNames, t.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	key, der, err := sign(t, a)
	if err != nil {
		return Pair{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	p := Pair{certPEM(der), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), path + ".pem", path + ".key"}
	return p, errors.Join(os.WriteFile(p.CertFile, p.Cert, 0o600), os.WriteFile(p.KeyFile, p.Key, 0o600))
}

// sign makes a key and its certificate, signed by itself if there is no authority.
func sign(t *x509.Certificate, by *authority) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if by == nil {
		by = &authority{t, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, by.cert, key.Public(), by.key)
	return key, der, err
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
