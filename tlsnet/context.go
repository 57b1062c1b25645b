package tlsnet

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/seed-c1436005/libssl"
)

// clientContext is the SSL_CTX that the clients of a Config share.
type clientContext struct {
	ctx     *libssl.Ctx
	cache   SessionCache
	binding binding // of all but the host
}

// serverContext is the SSL_CTX that the servers of a Config share.
type serverContext struct {
	ctx *libssl.Ctx

	mu      sync.Mutex
	ring    *libssl.TicketRing // to be rotated here, or nil
	rotated time.Time
	flushed time.Time
}

const (
	ticketLife    = 24 * time.Hour
	flushInterval = 5 * time.Minute
)

// clientContext returns the Config's, made when it is first asked for.
func (c *Config) clientContext() (*clientContext, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		client, err := c.newClient()
		if err != nil {
			return nil, err
		}
		c.client = client
	}
	return c.client, nil
}

// serverContext returns the Config's, made when it is first asked for.
func (c *Config) serverContext() (*serverContext, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		server, err := c.newServer()
		if err != nil {
			return nil, err
		}
		c.server = server
	}
	return c.server, nil
}

func (c *Config) newClient() (*clientContext, error) {
	ctx, err := c.newCtx(libssl.TLSClientMethod())
	if err != nil {
		return nil, err
	}
	client := &clientContext{ctx: ctx, cache: c.SessionCache, binding: c.binding()}
	if client.cache == nil {
		client.cache = NewLRUCache(0)
	}
	if len(c.Certificates) > 0 {
		err = loadCertificate(ctx, &c.Certificates[0])
	}
	if !c.InsecureSkipVerify {
		ctx.SetVerify(libssl.VerifyPeer)
		err = errors.Join(err, c.RootCAs.trustedBy(ctx))
	}
	if len(c.NextProtos) > 0 {
		protos, e := libssl.EncodeALPN(c.NextProtos...)
		if e == nil {
			e = ctx.SetALPNProtos(protos)
		}
		err = errors.Join(err, e)
	}
	if err != nil {
		return nil, fmt.Errorf("tlsnet: the Config: %w", err)
	}
	ctx.SetSessionCacheMode(libssl.SessCacheOff)
	if client.cache != NoSessions {
		// libssl need not keep them too, nor look for them at each handshake.
		ctx.SetSessionCacheMode(libssl.SessCacheClient | libssl.SessCacheNoInternal | libssl.SessCacheNoAutoClear)
		ctx.SessSetNewCB(keepSession)
	}
	return client, nil
}

func (c *Config) newServer() (*serverContext, error) {
	if len(c.Certificates) == 0 && c.GetCertificate == nil {
		return nil, errors.New("tlsnet: the Config of a server needs Certificates or GetCertificate")
	}
	choices, err := choicesOf(c.Certificates)
	if err != nil {
		return nil, fmt.Errorf("tlsnet: the Config: %w", err)
	}
	s := &serverContext{ring: c.TicketKeys, rotated: c.now(), flushed: c.now()}
	if s.ring == nil {
		if s.ring, err = libssl.NewTicketRing(1); err != nil {
			return nil, err
		}
	}
	for i := range choices {
		if choices[i].ctx, err = c.newServerCtx(s.ring, choices[i].certificates); err != nil {
			return nil, fmt.Errorf("tlsnet: the Config: %w", err)
		}
	}
	if len(choices) == 1 && c.GetCertificate == nil {
		s.ctx = choices[0].ctx
	} else {
		if s.ctx, err = c.newServerCtx(s.ring, nil); err != nil {
			return nil, fmt.Errorf("tlsnet: the Config: %w", err)
		}
		s.ctx.SetClientHelloCB(chooser(choices))
	}
	if c.TicketKeys != nil {
		s.ring = nil
	}
	return s, nil
}

func (c *Config) newServerCtx(ring *libssl.TicketRing, certificates []*tls.Certificate) (*libssl.Ctx, error) {
	ctx, err := c.newCtx(libssl.TLSServerMethod())
	if err != nil {
		return nil, err
	}
	for _, cert := range certificates {
		err = errors.Join(err, loadCertificate(ctx, cert))
	}
	if c.ClientAuth >= tls.VerifyClientCertIfGiven {
		err = errors.Join(err, c.ClientCAs.trustedBy(ctx))
		ctx.SetClientCAList(c.ClientCAs.subjects())
		ctx.SetCertVerifyCallback(noteExpiry)
	}
	switch c.ClientAuth {
	case tls.NoClientCert:
	case tls.RequestClientCert, tls.RequireAnyClientCert:
		ctx.SetVerifyCallback(func(v *libssl.Verification) bool {
			v.SetErrorCode(libssl.VerifyOK)
			return true
		})
		fallthrough
	default:
		mode := libssl.VerifyPeer
		if c.ClientAuth == tls.RequireAnyClientCert || c.ClientAuth == tls.RequireAndVerifyClientCert {
			mode |= libssl.VerifyFailIfNoPeerCert
		}
		ctx.SetVerify(mode)
	}
	if len(c.NextProtos) > 0 {
		ctx.SetALPNSelectCB(alpnSelector(c.NextProtos))
	}
	binding := c.binding()
	err = errors.Join(err, ctx.SetSessionIDContext(binding[:]))
	ctx.SetSessionCacheMode(libssl.SessCacheServer | libssl.SessCacheNoAutoClear)
	ctx.SetTimeout(ticketLife)
	ctx.SetTicketRing(ring)
	ctx.SetNumTickets(1)
	if c.SessionTicketsDisabled {
		ctx.SetOptions(libssl.OpNoTicket)
	}
	return ctx, err
}

// newCtx makes a Ctx with what clients and servers have in common.
func (c *Config) newCtx(method libssl.Method) (*libssl.Ctx, error) {
	ctx, err := libssl.NewCtx(method)
	if err != nil {
		return nil, err
	}
	ctx.SetOptions(libssl.OpNoRenegotiation | libssl.OpCipherServerPref)
	ctx.SetMode(libssl.ModeReleaseBuffers | libssl.ModeNoAutoChain) // whom one trusts is no part of one's own chain
	minVersion := c.MinVersion
	if minVersion == 0 {
		minVersion = tls.VersionTLS12
	}
	err = errors.Join(ctx.SetMinProtoVersion(int(minVersion)), ctx.SetMaxProtoVersion(int(c.MaxVersion)), c.setCiphers(ctx), c.setGroups(ctx))
	if c.KeyLogWriter != nil {
		w := c.KeyLogWriter
		ctx.SetKeylogCallback(func(_ *libssl.SSL, line string) {
			keyLogMu.Lock()
			defer keyLogMu.Unlock()
			io.WriteString(w, line+"\n")
		})
	}
	if err != nil {
		return nil, fmt.Errorf("tlsnet: the Config: %w", err)
	}
	return ctx, nil
}

// keyLogMu is for all KeyLogWriters: several Configs may have the same.
var keyLogMu sync.Mutex

// defaultCiphers have forward secrecy and authenticated encryption. TLS 1.3 has no others.
const defaultCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

func (c *Config) setCiphers(ctx *libssl.Ctx) error {
	if c.CipherSuites == nil {
		return ctx.SetCipherList(defaultCiphers)
	}
	if len(c.CipherSuites) == 0 {
		return errors.New("CipherSuites is empty")
	}
	var list, suites []string
	for _, id := range c.CipherSuites {
		name := tls.CipherSuiteName(id)
		known := libssl.CipherName(name)
		switch {
		case known == "(NONE)":
			return fmt.Errorf("OpenSSL does not know the cipher suite %s", name)
		case known == name: // only those of TLS 1.3 have the same name everywhere
			suites = append(suites, name)
		default:
			list = append(list, known)
		}
	}
	// A version without ciphers is none: libssl would take its own, or fail.
	if len(list) == 0 {
		return errors.Join(ctx.SetMinProtoVersion(tls.VersionTLS13), ctx.SetCiphersuites(strings.Join(suites, ":")))
	}
	err := errors.Join(ctx.SetCiphersuites(strings.Join(suites, ":")), ctx.SetCipherList(strings.Join(list, ":")))
	if len(suites) == 0 && (c.MaxVersion == 0 || c.MaxVersion > tls.VersionTLS12) {
		err = errors.Join(err, ctx.SetMaxProtoVersion(tls.VersionTLS12))
	}
	return err
}

var groupNames = map[tls.CurveID]string{tls.X25519: "X25519", tls.CurveP256: "P-256", tls.CurveP384: "P-384", tls.CurveP521: "P-521"}

func (c *Config) setGroups(ctx *libssl.Ctx) error {
	if c.CurvePreferences == nil {
		return nil
	}
	names := make([]string, len(c.CurvePreferences))
	for i, id := range c.CurvePreferences {
		if names[i] = groupNames[id]; names[i] == "" {
			return fmt.Errorf("OpenSSL 1.1.1 does not know the group %v", id)
		}
	}
	return ctx.SetGroupsList(strings.Join(names, ":"))
}

// binding is a sum of all that a full handshake would check. A session that was made with another one is not used.
type binding [sha256.Size]byte

func (c *Config) binding() binding {
	h := sha256.New()
	part := func(b ...[]byte) {
		binary.Write(h, binary.BigEndian, uint32(len(b)))
		for _, p := range b {
			binary.Write(h, binary.BigEndian, uint32(len(p)))
			h.Write(p)
		}
	}
	part([]byte("tlsnet 1"))
	part(c.RootCAs.der()...)
	part(c.ClientCAs.der()...)
	for _, cert := range c.Certificates {
		part(cert.Certificate...)
	}
	protos := make([][]byte, len(c.NextProtos))
	for i, p := range c.NextProtos {
		protos[i] = []byte(p)
	}
	part(protos...)
	for _, v := range []any{c.RootCAs == nil, c.ClientCAs == nil, c.InsecureSkipVerify, c.VerifyConnection != nil, uint8(c.ClientAuth), c.MinVersion, c.MaxVersion, uint32(len(c.CipherSuites)), c.CipherSuites, c.CurvePreferences} {
		binary.Write(h, binary.BigEndian, v)
	}
	return binding(h.Sum(nil))
}

// of returns the binding for one host.
func (b binding) of(host string) binding {
	return sha256.Sum256(append(b[:], host...))
}

// maintain renews the keys of tickets and forgets old sessions, when it is time.
func (s *serverContext) maintain(now time.Time) {
	s.mu.Lock()
	rotate := s.ring != nil && now.Sub(s.rotated) > ticketLife
	if rotate {
		s.rotated = now
	}
	flush := now.Sub(s.flushed) > flushInterval
	if flush {
		s.flushed = now
	}
	s.mu.Unlock()
	if rotate {
		s.ring.Rotate()
	}
	if flush {
		s.ctx.FlushSessions(now)
	}
}

// alpnSelector chooses the server's first protocol that the client offers.
func alpnSelector(protos []string) func(*libssl.SSL, []string) (string, int) {
	return func(_ *libssl.SSL, offered []string) (string, int) {
		for _, p := range protos {
			for _, o := range offered {
				if p == o {
					return p, libssl.TLSExtErrOK
				}
			}
		}
		return "", libssl.TLSExtErrAlertFatal
	}
}
