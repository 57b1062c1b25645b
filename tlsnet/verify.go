package tlsnet

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"slices"
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

// noteExpiry verifies a client, and puts into its session, with which it also goes into tickets, when the first certificate of the chain expires: a
// ticket has no chain.
func noteExpiry(v *libssl.Verification) int {
	if !v.Verify() {
		return max(v.ErrorCode(), libssl.VerifyErrUnspecified) // never VerifyOK
	}
	var expires time.Time
	if chain, err := v.Chain(); err == nil && len(chain) > 0 { // else crypto/x509 cannot read it, and a session of this client is refused
		expires = firstToExpire(chain)
	}
	session := v.SSL.Session()
	defer session.Free()
	if session.SetTicketAppData(binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))) != nil {
		return libssl.VerifyErrUnspecified
	}
	return libssl.VerifyOK
}

// stillValid says whether a certificate of a client that resumed a session has expired since.
func (c *Conn) stillValid() error {
	session := c.ssl.Session()
	defer session.Free()
	data := session.TicketAppData()
	switch {
	case data == nil && c.ssl.PeerCertificateDER() == nil: // it has none
		return nil
	case len(data) == 8 && !c.config.now().After(time.Unix(int64(binary.BigEndian.Uint64(data)), 0)):
		return nil
	}
	return errExpired
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
	return firstToExpire(chain)
}

func firstToExpire(chain []*x509.Certificate) time.Time {
	return slices.MinFunc(chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter
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
