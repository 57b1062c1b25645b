package tlsnet

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/seed-c1436005/libssl"
)

// CertPool is a set of certificates that are trusted. It is what x509.CertPool is, which does not give its certificates to anybody.
type CertPool struct{ certs []*x509.Certificate }

// NewCertPool returns an empty pool, which trusts nobody.
func NewCertPool() *CertPool { return new(CertPool) }

// AddCert adds a certificate.
func (p *CertPool) AddCert(cert *x509.Certificate) { p.certs = append(p.certs, cert) }

// AppendCertsFromPEM adds the certificates that are in data, and reports whether there were any. What is no certificate is left out.
func (p *CertPool) AppendCertsFromPEM(data []byte) (ok bool) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			p.AddCert(cert)
			ok = true
		}
	}
	return ok
}

// trustedBy makes ctx trust the pool, or the system's roots for a nil pool.
func (p *CertPool) trustedBy(ctx *libssl.Ctx) error {
	if p == nil {
		return ctx.SetDefaultVerifyPaths()
	}
	err := ctx.Param().SetFlags(libssl.VFlagPartialChain) // each is trusted, also one that another has issued
	for _, cert := range p.certs {
		err = errors.Join(err, ctx.AddCA(cert))
	}
	return err
}

func (p *CertPool) der() [][]byte {
	if p == nil {
		return nil
	}
	der := make([][]byte, len(p.certs))
	for i, cert := range p.certs {
		der[i] = cert.Raw
	}
	slices.SortFunc(der, bytes.Compare)
	return der
}

func (p *CertPool) subjects() [][]byte {
	if p == nil {
		return nil
	}
	names := make([][]byte, len(p.certs))
	for i, cert := range p.certs {
		names[i] = cert.RawSubject
	}
	return names
}

// keyDER returns the bytes of a key that libssl can have itself, nil for one that has to be asked to sign.
func keyDER(key crypto.PrivateKey) ([]byte, error) {
	switch key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return x509.MarshalPKCS8PrivateKey(key)
	case crypto.Signer:
		return nil, nil
	}
	return nil, fmt.Errorf("a private key of type %T is not supported", key)
}

// loadCertificate adds a certificate to those of ctx.
func loadCertificate(ctx *libssl.Ctx, cert *tls.Certificate) error {
	if len(cert.Certificate) == 0 {
		return errors.New("a tls.Certificate is empty")
	}
	der, err := keyDER(cert.PrivateKey)
	if err != nil {
		return err
	}
	if err := ctx.UseCertificateDER(cert.Certificate[0]); err != nil {
		return err
	}
	for _, c := range cert.Certificate[1:] {
		if err := ctx.AddChainCert(c); err != nil {
			return err
		}
	}
	if der == nil {
		return ctx.UseSigner(cert.PrivateKey.(crypto.Signer))
	}
	return ctx.UsePrivateKeyDER(der)
}

// useCertificate makes a certificate the only one of a connection.
func useCertificate(ssl *libssl.SSL, cert *tls.Certificate) error {
	if len(cert.Certificate) == 0 {
		return errors.New("a tls.Certificate is empty")
	}
	der, err := keyDER(cert.PrivateKey)
	if err != nil {
		return err
	}
	ssl.CertsClear()
	ok := ssl.UseCertificateDER(cert.Certificate[0])
	for _, c := range cert.Certificate[1:] {
		ok &= ssl.AddChainCert(c)
	}
	if der == nil {
		ok &= ssl.UseSigner(cert.PrivateKey.(crypto.Signer))
	} else {
		ok &= ssl.UsePrivateKeyDER(der)
	}
	if ok != 1 {
		return ssl.LastErrors()
	}
	return nil
}

// choice is certificates that can be in one SSL_CTX: they are for the same names, and have keys of different types.
type choice struct {
	leaf         *x509.Certificate
	certificates []*tls.Certificate
	keys         []x509.PublicKeyAlgorithm
	ctx          *libssl.Ctx
}

func choicesOf(certificates []tls.Certificate) ([]choice, error) {
	var choices []choice
next:
	for i := range certificates {
		cert := &certificates[i]
		leaf := cert.Leaf
		if leaf == nil {
			if len(cert.Certificate) == 0 {
				return nil, errors.New("a tls.Certificate is empty")
			}
			var err error
			if leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
				return nil, err
			}
		}
		for j := range choices {
			c := &choices[j]
			if slices.Equal(c.leaf.DNSNames, leaf.DNSNames) && slices.EqualFunc(c.leaf.IPAddresses, leaf.IPAddresses, net.IP.Equal) && !slices.Contains(c.keys, leaf.PublicKeyAlgorithm) {
				c.certificates = append(c.certificates, cert)
				c.keys = append(c.keys, leaf.PublicKeyAlgorithm)
				continue next
			}
		}
		choices = append(choices, choice{leaf, []*tls.Certificate{cert}, []x509.PublicKeyAlgorithm{leaf.PublicKeyAlgorithm}, nil})
	}
	return choices, nil
}

// chooser returns the callback that gives a connection its certificate.
func chooser(choices []choice) func(*libssl.SSL) (result, alert int) {
	return func(ssl *libssl.SSL) (result, alert int) {
		name := helloName(ssl)
		if side, ok := ssl.ExData(sideIndex()).(*side); ok { // there is a GetCertificate
			cert, err := side.get(hello(ssl, name, side))
			if err == nil && cert != nil {
				err = useCertificate(ssl, cert)
			}
			switch {
			case err != nil:
				side.err = fmt.Errorf("tlsnet: handshake: GetCertificate: %w", err)
				return libssl.ClientHelloError, libssl.ADInternalError
			case cert != nil:
				return libssl.ClientHelloSuccess, 0
			}
		}
		if len(choices) == 0 {
			return libssl.ClientHelloError, libssl.ADUnrecognizedName
		}
		i := slices.IndexFunc(choices, func(c choice) bool { return name != "" && c.leaf.VerifyHostname(name) == nil })
		if ssl.SetSSLCtx(choices[max(i, 0)].ctx) != 1 {
			return libssl.ClientHelloError, libssl.ADInternalError
		}
		return libssl.ClientHelloSuccess, 0
	}
}

// Extensions of a ClientHello.
const (
	extServerName       = 0
	extSupportedGroups  = 10
	extSignatures       = 13
	extALPN             = 16
	extSupportedVersion = 43
)

// helloName returns the name that a client asks for: a list with one entry, of type 0.
func helloName(ssl *libssl.SSL) string {
	ext := ssl.ClientHelloExt(extServerName)
	if len(ext) < 5 || ext[2] != 0 || int(binary.BigEndian.Uint16(ext[3:])) != len(ext)-5 {
		return ""
	}
	return string(ext[5:])
}

func hello(ssl *libssl.SSL, name string, side *side) *ClientHelloInfo {
	info := &ClientHelloInfo{
		ServerName:        name,
		CipherSuites:      numbers[uint16](ssl.ClientHelloCiphers()),
		SupportedCurves:   numbers[tls.CurveID](after(ssl.ClientHelloExt(extSupportedGroups), 2)),
		SignatureSchemes:  numbers[tls.SignatureScheme](after(ssl.ClientHelloExt(extSignatures), 2)),
		SupportedVersions: numbers[uint16](after(ssl.ClientHelloExt(extSupportedVersion), 1)),
		Conn:              side.conn,
		ctx:               side.ctx,
	}
	info.SupportedProtos, _ = libssl.DecodeALPN(after(ssl.ClientHelloExt(extALPN), 2))
	return info
}

// after leaves out the length of a list.
func after(b []byte, n int) []byte { return b[min(n, len(b)):] }

func numbers[T ~uint16](b []byte) []T {
	var list []T
	for ; len(b) >= 2; b = b[2:] {
		list = append(list, T(binary.BigEndian.Uint16(b)))
	}
	return list
}
