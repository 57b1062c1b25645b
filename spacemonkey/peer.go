package openssl

import "errors"

// PeerCertificate returns the certificate of the peer, after the handshake and before Close.
func (c *Conn) PeerCertificate() (*Certificate, error) {
	if c.closed.Load() {
		return nil, errClosed
	}
	der := c.ssl.PeerCertificateDER()
	if der == nil {
		return nil, errors.New("no peer certificate found")
	}
	return certificateOf(der)
}

// PeerCertificateChain returns what the peer sent, before Close. A client's begins with the server's own certificate; a server's has the issuers of the client's only.
func (c *Conn) PeerCertificateChain() (rv []*Certificate, err error) {
	if c.closed.Load() {
		return nil, errClosed
	}
	ders := c.ssl.PeerCertChainDER()
	if ders == nil {
		return nil, errors.New("no peer certificates found")
	}
	for _, der := range ders {
		cert, err := certificateOf(der)
		if err != nil {
			return nil, err
		}
		rv = append(rv, cert)
	}
	return rv, nil
}

// ConnectionState returns what is known of the peer.
func (c *Conn) ConnectionState() (rv ConnectionState) {
	rv.Certificate, rv.CertificateError = c.PeerCertificate()
	rv.CertificateChain, rv.CertificateChainError = c.PeerCertificateChain()
	rv.SessionReused = c.SessionReused()
	return rv
}

// VerifyHostname says whether the peer's certificate is for a host, a name or an address. It is ValidationError if not.
func (c *Conn) VerifyHostname(host string) error {
	cert, err := c.PeerCertificate()
	if err != nil {
		return err
	}
	return cert.VerifyHostname(host)
}

// VerifyResult returns what the verification of the peer came to; Ok also if there was no certificate.
func (c *Conn) VerifyResult() VerifyResult { return VerifyResult(c.ssl.VerifyResult()) }

// SessionReused reports whether a session was resumed.
func (c *Conn) SessionReused() bool { return c.ssl.SessionReused() }
