package openssl

import (
	"errors"
	"fmt"

	"github.com/seed-c1436005/libssl"
)

// CertificateStore is the certificates that are trusted.
type CertificateStore struct {
	ctx *libssl.Ctx // whose store it is
	of  *Ctx        // if that is somebody's
}

// NewCertificateStore makes an empty store, which no Ctx uses: nothing in this API gives it to one.
func NewCertificateStore() (*CertificateStore, error) {
	ctx, err := libssl.NewCtx(libssl.TLSMethod())
	if err != nil {
		return nil, explain(err)
	}
	return &CertificateStore{ctx: ctx}, nil
}

// GetCertificateStore returns the store that peers are verified with.
func (c *Ctx) GetCertificateStore() *CertificateStore { return &CertificateStore{c.ctx, c} }

// LoadCertificatesFromPEM trusts all certificates in data.
func (s *CertificateStore) LoadCertificatesFromPEM(data []byte) error {
	for _, block := range SplitPEM(data) {
		cert, err := LoadCertificateFromPEM(block)
		if err != nil {
			return err
		}
		if err := s.AddCertificate(cert); err != nil {
			return err
		}
	}
	return nil
}

// AddCertificate trusts a certificate.
func (s *CertificateStore) AddCertificate(cert *Certificate) error {
	der, err := certificateDER(cert)
	if err != nil {
		return err
	}
	return explain(s.ctx.AddCADER(der))
}

// DH is parameters of Diffie-Hellman.
type DH struct{ pem []byte }

// LoadDHParametersFromPEM loads the first parameters in pem_block.
func LoadDHParametersFromPEM(pem_block []byte) (*DH, error) {
	if len(pem_block) == 0 {
		return nil, errors.New("empty pem block")
	}
	// libssl reads them when a Ctx gets them. Which it refuses as weak is for the Ctx that SetDHParameters is for; less than 1024 bits are refused by all.
	ctx, err := libssl.NewCtx(libssl.TLSMethod())
	if err != nil {
		return nil, explain(err)
	}
	defer ctx.Free()
	ctx.SetSecurityLevel(0)
	if err := ctx.SetTmpDHPEM(pem_block); err != nil {
		return nil, fmt.Errorf("failed reading dh parameters: %w", explain(err))
	}
	return &DH{append([]byte(nil), pem_block...)}, nil
}

// SetDHParameters sets the parameters that a server exchanges keys with, in TLS 1.2 and older.
func (c *Ctx) SetDHParameters(dh *DH) error {
	if dh == nil {
		return errors.New("the parameters are nil")
	}
	return explain(c.ctx.SetTmpDHPEM(dh.pem))
}
