package openssl

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/seed-c1436005/libssl"
)

// Ctx is an SSL_CTX: what connections have in common. Configure it before it is used.
type Ctx struct {
	ctx *libssl.Ctx

	verify     atomic.Pointer[VerifyCallback]
	servername atomic.Pointer[TLSExtServernameCallback]
	tickets    atomic.Pointer[TicketStore]
	ticketsMu  sync.Mutex // held while a TicketKeyManager is asked

	chainMu sync.Mutex
	chain   [][]byte // as DER, for all certificates
}

// ctxIndex is where an SSL_CTX has a weak pointer to its Ctx: callbacks find that by C alone, and those that lead back to the Ctx do not keep it alive.
var ctxIndex = sync.OnceValues(libssl.CtxGetExNewIndex)

func newCtx(method libssl.Method) (*Ctx, error) {
	index, err := ctxIndex()
	if err != nil {
		return nil, explain(err)
	}
	ctx, err := libssl.NewCtx(method)
	if err != nil {
		return nil, explain(err)
	}
	c := &Ctx{ctx: ctx}
	if err := ctx.SetExData(index, weak.Make(c)); err != nil {
		return nil, explain(err)
	}
	return c, nil
}

// presentCtx returns the Ctx that ssl has now; nil if it is of another package.
func presentCtx(ssl *libssl.SSL) *Ctx {
	ctx := ssl.Ctx()
	defer ctx.Free()
	index, _ := ctxIndex()
	w, _ := ctx.ExData(index).(weak.Pointer[Ctx])
	return w.Value()
}

var methods = map[SSLVersion]libssl.Method{
	TLSv1: libssl.TLSv1Method(), TLSv1_1: libssl.TLSv11Method(), TLSv1_2: libssl.TLSv12Method(), AnyVersion: libssl.TLSMethod(),
}

// NewCtxWithVersion makes a Ctx of one version, or of all with AnyVersion.
func NewCtxWithVersion(version SSLVersion) (*Ctx, error) {
	method, ok := methods[version]
	if !ok {
		return nil, errors.New("unknown ssl/tls version")
	}
	return newCtx(method)
}

// NewCtx makes a Ctx of TLS 1.0 and newer, as far as OpenSSL's configuration allows them. It trusts nobody: see LoadVerifyLocations and SetVerify.
func NewCtx() (*Ctx, error) {
	c, err := NewCtxWithVersion(AnyVersion)
	if err == nil {
		c.SetOptions(NoSSLv2 | NoSSLv3)
	}
	return c, err
}

// NewCtxFromFiles makes a Ctx with a certificate, those of its issuers after it in the same PEM file, and its key.
func NewCtxFromFiles(cert_file, key_file string) (*Ctx, error) {
	ctx, err := NewCtx()
	if err != nil {
		return nil, err
	}
	certs, err := os.ReadFile(cert_file)
	if err != nil {
		return nil, err
	}
	blocks := SplitPEM(certs)
	if len(blocks) == 0 {
		return nil, fmt.Errorf("openssl: no PEM certificate found in %q", cert_file)
	}
	for i, block := range blocks {
		cert, err := LoadCertificateFromPEM(block)
		if err != nil {
			return nil, err
		}
		use := ctx.AddChainCertificate
		if i == 0 {
			use = ctx.UseCertificate
		}
		if err := use(cert); err != nil {
			return nil, err
		}
	}
	keyPEM, err := os.ReadFile(key_file)
	if err != nil {
		return nil, err
	}
	key, err := LoadPrivateKeyFromPEM(keyPEM)
	if err != nil {
		return nil, err
	}
	if err := ctx.UsePrivateKey(key); err != nil {
		return nil, err
	}
	return ctx, nil
}

// certificateDER returns the bytes of a certificate of the original, which gives it as PEM only.
func certificateDER(cert *Certificate) ([]byte, error) {
	if cert == nil {
		return nil, errors.New("the certificate is nil")
	}
	text, err := cert.MarshalPEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("failed dumping certificate")
	}
	return block.Bytes, nil
}

// certificateOf makes a certificate of the original.
func certificateOf(der []byte) (*Certificate, error) {
	return LoadCertificateFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// SetEllipticCurve makes a curve the only one that keys are exchanged with.
func (c *Ctx) SetEllipticCurve(curve EllipticCurve) error {
	name := libssl.NIDName(int(curve))
	if name == "" || int(curve) == libssl.NIDUndef {
		return errors.New("openssl: unknown curve")
	}
	return explain(c.ctx.SetGroupsList(name))
}

// UseCertificate sets the certificate, one for each kind of key.
func (c *Ctx) UseCertificate(cert *Certificate) error {
	der, err := certificateDER(cert)
	if err != nil {
		return err
	}
	if err := c.ctx.UseCertificateDER(der); err != nil {
		return explain(err)
	}
	return c.spreadChain()
}

// AddChainCertificate adds an issuer to what is sent after the certificate, whichever that is. cert stays the caller's.
func (c *Ctx) AddChainCertificate(cert *Certificate) error {
	der, err := certificateDER(cert)
	if err != nil {
		return err
	}
	if err := c.ctx.AddChainCert(der); err != nil {
		return explain(err)
	}
	c.chainMu.Lock()
	c.chain = append(c.chain, der)
	c.chainMu.Unlock()
	return c.spreadChain()
}

// UsePrivateKey sets the key of the certificate of its kind.
func (c *Ctx) UsePrivateKey(key PrivateKey) error {
	if key == nil {
		return errors.New("the private key is nil")
	}
	der, err := key.MarshalPKCS1PrivateKeyDER()
	if err != nil {
		return err
	}
	defer clear(der)
	if err := c.ctx.UsePrivateKeyDER(der); err != nil {
		return explain(err)
	}
	return c.spreadChain()
}

// spreadChain gives each certificate that has its key the whole chain: here libssl has one for each, and the original one for all.
func (c *Ctx) spreadChain() error {
	c.chainMu.Lock()
	chain := slices.Clone(c.chain)
	c.chainMu.Unlock()
	if len(chain) == 0 {
		return nil
	}
	for err := c.ctx.SetCurrentCert(libssl.CertSetFirst); err == nil; err = c.ctx.SetCurrentCert(libssl.CertSetNext) {
		if err := c.ctx.ClearChainCerts(); err != nil {
			return explain(err)
		}
		for _, der := range chain {
			if err := c.ctx.AddChainCert(der); err != nil {
				return explain(err)
			}
		}
	}
	return nil
}

// LoadVerifyLocations trusts the certificates in a PEM file and a hashed directory; "" for none.
func (c *Ctx) LoadVerifyLocations(ca_file, ca_path string) error {
	return explain(c.ctx.LoadVerifyLocations(ca_file, ca_path))
}

// SetOptions adds options and returns all.
func (c *Ctx) SetOptions(options Options) Options { return Options(c.ctx.SetOptions(uint(options))) }

// ClearOptions takes options away and returns those that are left.
func (c *Ctx) ClearOptions(options Options) Options {
	return Options(c.ctx.ClearOptions(uint(options)))
}

// GetOptions returns the options.
func (c *Ctx) GetOptions() Options { return Options(c.ctx.Options()) }

// SetMode adds modes and returns all.
func (c *Ctx) SetMode(modes Modes) Modes { return Modes(c.ctx.SetMode(int(modes))) }

// GetMode returns the modes.
func (c *Ctx) GetMode() Modes { return Modes(c.ctx.Mode()) }

// SetSessionId says whose sessions these are, in 32 bytes at the most. A server that verifies clients needs it.
func (c *Ctx) SetSessionId(session_id []byte) error {
	return explain(c.ctx.SetSessionIDContext(session_id))
}

// SetCipherList sets the ciphers of TLS 1.2 and older, in the format of ciphers(1). Those of TLS 1.3 stay.
func (c *Ctx) SetCipherList(list string) error { return explain(c.ctx.SetCipherList(list)) }

// SetSessionCacheMode sets which sessions libssl keeps, and returns what was set before.
func (c *Ctx) SetSessionCacheMode(modes SessionCacheModes) SessionCacheModes {
	return SessionCacheModes(c.ctx.SetSessionCacheMode(int(modes)))
}

// SetTimeout sets how long sessions live, in whole seconds, and returns what was set before.
func (c *Ctx) SetTimeout(t time.Duration) time.Duration { return c.ctx.SetTimeout(t) }

// GetTimeout returns how long sessions live.
func (c *Ctx) GetTimeout() time.Duration { return c.ctx.Timeout() }

// SessSetCacheSize sets how many sessions libssl keeps, 0 for any number, and returns what was set before.
func (c *Ctx) SessSetCacheSize(t int) int { return c.ctx.SessSetCacheSize(t) }

// SessGetCacheSize returns how many sessions libssl keeps.
func (c *Ctx) SessGetCacheSize() int { return c.ctx.SessGetCacheSize() }
