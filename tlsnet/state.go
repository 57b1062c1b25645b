package tlsnet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/seed-c1436005/libssl"
)

// Resumption says what became of a client's session.
type Resumption struct {
	Offered bool   // the client offered one
	Reused  bool   // and the server took it
	Why     string // if not, what is known of the reason
}

// ConnectionState returns what the handshake has agreed on, in the words of crypto/tls: net/http, HTTP/2 and gRPC ask for it. It runs the handshake if
// need be, since net/http asks before it reads anything; one that fails leaves HandshakeComplete false. The method ExportKeyingMaterial of the result
// does not work: use that of Conn. Once the connection is closed, it is what it was when it was last asked for.
func (c *Conn) ConnectionState() tls.ConnectionState {
	c.Handshake()
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	if c.state == nil && c.shaken.Load() && !c.closed.Load() {
		if state := c.newState(); !c.closed.Load() { // else it may be half of one
			c.state = &state
		}
	}
	if c.state == nil {
		return tls.ConnectionState{}
	}
	return *c.state
}

func (c *Conn) newState() tls.ConnectionState {
	cipher := c.ssl.CurrentCipher()
	state := tls.ConnectionState{
		Version: uint16(c.ssl.Version()), HandshakeComplete: true, DidResume: c.ssl.SessionReused(), CipherSuite: cipher.ProtocolID(),
		NegotiatedProtocol: string(c.ssl.ALPNSelected()), OCSPResponse: c.ssl.TLSExtStatusOCSPResp(),
	}
	if c.isClient {
		state.ServerName = c.host
	} else {
		state.ServerName = c.ssl.Servername()
	}
	state.PeerCertificates = c.peerCertificates()
	// libssl has a chain also of a peer that it would refuse if it was asked to.
	if chain, err := c.ssl.VerifiedChain(); err == nil && len(chain) > 0 && c.verifies() && c.ssl.VerifyResult() == libssl.VerifyOK {
		state.VerifiedChains = [][]*x509.Certificate{chain}
	}
	if state.Version < tls.VersionTLS13 {
		// RFC 5929: the first Finished message.
		if c.isClient != state.DidResume {
			state.TLSUnique = c.ssl.Finished()
		} else {
			state.TLSUnique = c.ssl.PeerFinished()
		}
	}
	return state
}

// peerCertificates returns those that crypto/x509 can read. SSL has all as DER.
func (c *Conn) peerCertificates() []*x509.Certificate {
	ders := c.ssl.PeerCertChainDER()
	if leaf := c.ssl.PeerCertificateDER(); leaf != nil && (len(ders) == 0 || !c.isClient) {
		ders = append([][]byte{leaf}, ders...)
	}
	var certs []*x509.Certificate
	for _, der := range ders {
		if cert, err := x509.ParseCertificate(der); err == nil {
			certs = append(certs, cert)
		}
	}
	return certs
}

// Resumption says whether a client's connection resumed a session, and if not, why.
func (c *Conn) Resumption() Resumption {
	if !c.isClient || !c.shaken.Load() || c.config == nil {
		return Resumption{}
	}
	r := Resumption{Offered: c.side != nil && c.side.offered != nil, Reused: c.reused}
	switch {
	case r.Reused:
	case !r.Offered:
		r.Why = "there was no session for this peer and this Config"
	default:
		r.Why = c.ssl.ExplainSession(c.side.offered.session).String()
	}
	return r
}

// Session returns the newest session that can resume this client's connection, nil if none has come. With TLS 1.3 it comes with what the server sends
// after the handshake: Read first.
func (c *Conn) Session() *Session {
	if !c.shaken.Load() || c.side == nil {
		return nil
	}
	c.side.mu.Lock()
	defer c.side.mu.Unlock()
	return c.side.latest
}

// ExportKeyingMaterial returns length bytes that both ends can derive from the connection, by label and context (RFC 5705).
func (c *Conn) ExportKeyingMaterial(label string, context []byte, length int) ([]byte, error) {
	if !c.shaken.Load() {
		return nil, errors.New("tlsnet: ExportKeyingMaterial before the handshake")
	}
	out := make([]byte, length)
	if c.ssl.ExportKeyingMaterial(out, label, context) != 1 {
		return nil, c.failure("export")
	}
	return out, nil
}

// VerifyHostname says whether the peer's certificate is for a host, also on a connection that did not verify it.
func (c *Conn) VerifyHostname(host string) error {
	state := c.ConnectionState()
	if len(state.PeerCertificates) == 0 {
		return errors.New("tlsnet: VerifyHostname: the peer has no certificate, or the handshake is not done")
	}
	return state.PeerCertificates[0].VerifyHostname(host)
}
