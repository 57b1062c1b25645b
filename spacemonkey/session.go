package openssl

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-c1436005/libssl"
)

const (
	// ticketWait is how long GetSession waits for a ticket. A server sends it with what ends its handshake, one way of the network after the client's handshake.
	ticketWait = time.Second
	// ticketPoll is how often it looks while another goroutine reads.
	ticketPoll = 2 * time.Millisecond
	// aheadMax is how much data it takes meanwhile.
	aheadMax = 4 * SSLRecordSize
)

// setSession lets a client resume the session that another one's GetSession returned.
func (c *Conn) setSession(der []byte) error {
	session, err := libssl.ParseSession(der)
	if err != nil {
		return fmt.Errorf("unable to load session: %w", explain(err))
	}
	if err := succeeded(c.ssl, c.ssl.SetSession(session)); err != nil {
		session.Free()
		return fmt.Errorf("unable to set session: %w", err)
	}
	c.offered = session
	return nil
}

// GetSession returns the session, as DER, for DialSession. It holds the secret of the connection.
//
// With TLS 1.3 a session that can be resumed comes with a ticket, after the handshake. A client waits for that up to a second, and keeps data that comes before it for
// Read. If there is none by then, it returns a session that DialSession takes, but no server does. Use each only once.
func (c *Conn) GetSession() ([]byte, error) {
	session := c.awaitSession()
	if session == nil {
		return nil, errors.New("failed to get session")
	}
	defer session.Free()
	der, err := session.DER()
	return der, explain(err)
}

// awaitSession returns a handle of the newest session, of one that can be resumed if it comes in time.
func (c *Conn) awaitSession() *libssl.Session {
	end := time.Now().Add(ticketWait)
	for {
		session := c.ssl.Session()
		if session == nil || !c.ticketExpected(session) || !time.Now().Before(end) {
			return session
		}
		if !c.reading.TryLock() {
			session.Free()
			time.Sleep(ticketPoll) // whoever reads meets the ticket
			continue
		}
		err := c.readAhead(end)
		c.reading.Unlock()
		session.Free()
		if err != nil {
			return c.ssl.Session() // Read will say why
		}
	}
}

// ticketExpected reports whether a better session than this may come.
func (c *Conn) ticketExpected(session *libssl.Session) bool {
	if !c.isPeer || c.closed.Load() || !c.ssl.IsInitFinished() || c.ssl.Version() < libssl.VersionTLS13 {
		return false
	}
	return !session.IsResumable() || session.Same(c.offered)
}

// readAhead reads once, until end at the latest.
func (c *Conn) readAhead(end time.Time) error {
	if len(c.ahead) >= aheadMax {
		return io.ErrShortBuffer
	}
	if err := c.limitReading(end); err != nil {
		return err
	}
	defer c.limitReading(time.Time{})
	var b [SSLRecordSize]byte
	n, err := c.read(b[:])
	c.ahead = append(c.ahead, b[:n]...)
	return err
}
