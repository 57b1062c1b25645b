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
	// earlyMax is how much data it takes meanwhile.
	earlyMax = 4 * SSLRecordSize
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
	session := c.ssl.Session()
	if session == nil || !c.ticketExpected(session) {
		return session
	}
	c.awaiting.Lock()
	defer c.awaiting.Unlock()
	// libssl says so when it is done with a ticket, whoever reads.
	c.ssl.SetInfoCallback(func(*libssl.SSL, int, int) { c.stir() })
	defer c.ssl.SetInfoCallback(nil)
	timeout := time.NewTimer(ticketWait)
	defer timeout.Stop()
	var reader chan error // what readAhead ended with; nil while somebody else reads
	for late, err := false, error(nil); ; {
		session.Free()
		if session = c.ssl.Session(); late || err != nil || !c.ticketExpected(session) {
			break
		}
		if reader == nil && c.reading.TryLock() {
			reader = make(chan error, 1)
			c.setAhead(true)
			go c.readAhead(reader)
		}
		select {
		case <-c.stirred:
		case err = <-reader:
			reader = nil
		case <-timeout.C:
			late = true
		}
	}
	if reader != nil {
		c.interrupt()
		select {
		case <-reader:
		case <-time.After(ticketWait): // a transport without deadlines: the data goes to Read when it comes
		}
	}
	return session
}

// ticketExpected reports whether a better session than this may come.
func (c *Conn) ticketExpected(session *libssl.Session) bool {
	if !c.isClient || !c.ssl.IsInitFinished() || c.ssl.Version() < libssl.VersionTLS13 {
		return false
	}
	return !session.IsResumable() || session.Same(c.offered)
}

// readAhead reads once, and tells how it ended. The caller has locked reading.
func (c *Conn) readAhead(end chan<- error) {
	err := io.ErrShortBuffer
	if len(c.early) < earlyMax {
		b := make([]byte, SSLRecordSize)
		var n int
		n, err = c.read(b)
		c.early = append(c.early, b[:n]...)
	}
	c.setAhead(false)
	c.reading.Unlock()
	end <- err
}

// setAhead says whether readAhead is reading. When it is done, the deadline is the user's again, before anybody else reads.
func (c *Conn) setAhead(on bool) {
	c.deadlineMu.Lock()
	defer c.deadlineMu.Unlock()
	c.ahead = on
	if c.interrupted {
		c.interrupted = false
		c.applyDeadline()
	}
}

// interrupt ends readAhead.
func (c *Conn) interrupt() {
	c.deadlineMu.Lock()
	defer c.deadlineMu.Unlock()
	if c.ahead {
		c.interrupted = true
		c.applyDeadline()
	}
}

// stir wakes GetSession, which looks what there is.
func (c *Conn) stir() {
	select {
	case c.stirred <- struct{}{}:
	default:
	}
}
