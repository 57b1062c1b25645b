package tlsnet

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/seed-c1436005/libssl"
)

// forever is when a session expires whose peer was not verified.
var forever = time.Unix(1<<40, 0)

// verify decides about the peer when libssl has accepted it.
func (c *Conn) verify() error {
	c.reused = c.ssl.SessionReused()
	if !c.isClient && c.reused && c.config.ClientAuth >= tls.VerifyClientCertIfGiven {
		if err := c.stillValid(); err != nil {
			return err
		}
	}
	if c.config.VerifyConnection == nil {
		return nil
	}
	if err := c.config.VerifyConnection(c.newState()); err != nil {
		return fmt.Errorf("tlsnet: handshake: VerifyConnection: %w", err)
	}
	return nil
}

// verifies reports whether a peer that libssl refuses does not get through.
func (c *Conn) verifies() bool {
	switch {
	case c.config == nil:
		return c.ssl.VerifyMode()&libssl.VerifyPeer != 0
	case c.isClient:
		return !c.config.InsecureSkipVerify
	}
	return c.config.ClientAuth >= tls.VerifyClientCertIfGiven
}

// stillValid says whether the certificate of a client that resumed a session has expired since.
func (c *Conn) stillValid() error {
	der := c.ssl.PeerCertificateDER()
	if der == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("tlsnet: handshake: the client's certificate: %w", err)
	}
	if c.config.now().After(cert.NotAfter) {
		return errExpired
	}
	return nil
}

// expiry returns when the first certificate of the verified chain expires.
func (c *Conn) expiry() time.Time {
	if c.reused {
		return c.side.offered.expires
	}
	if c.config.InsecureSkipVerify {
		return forever
	}
	chain, err := c.ssl.VerifiedChain()
	if err != nil || len(chain) == 0 {
		return time.Time{} // crypto/x509 cannot read it: the session is not used
	}
	first := chain[0].NotAfter
	for _, cert := range chain[1:] {
		if cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	return first
}

// keep gives the cache the sessions that have come, once the peer is verified. It is called where nothing is locked: a cache may be slow, or use the
// connection.
func (c *Conn) keep() {
	side := c.side
	if side == nil || !side.fresh.Load() {
		return
	}
	side.mu.Lock()
	var sessions []*Session
	if side.verified {
		sessions, side.early = side.early, nil
		side.fresh.Store(false)
		for _, s := range sessions {
			s.expires = side.expires
			side.latest = s
		}
	}
	side.mu.Unlock()
	for _, s := range sessions {
		side.cache.Put(side.key, s)
	}
}
