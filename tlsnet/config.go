package tlsnet

import (
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"

	"github.com/seed-c1436005/libssl"
)

// Config configures clients and servers, several connections of both. It must not be changed once it is used. Its zero value is a safe client: TLS 1.2
// and 1.3, the roots of the system, the host's name checked.
//
// The first connection makes an SSL_CTX of the Config, which the others share: use one Config for many connections.
type Config struct {
	// Certificates are those of a server, or of a client that is asked for one. A server takes, for each ClientHello, those that are for the name that
	// it asks for, and the first one if none is; of several with keys of different types libssl chooses. Private keys may be any crypto.Signer.
	// A client has the first one only. OCSPStaple and SignedCertificateTimestamps are not sent.
	Certificates []tls.Certificate

	// GetCertificate, unless nil, chooses a server's certificate for each ClientHello, also of clients that go on to resume a session. A nil
	// certificate leaves it to Certificates.
	GetCertificate func(*ClientHelloInfo) (*tls.Certificate, error)

	// RootCAs are whom a client trusts. nil stands for the system's, as OpenSSL finds them: SSL_CERT_FILE and SSL_CERT_DIR apply.
	RootCAs *CertPool

	// ServerName is whom a client expects, a name or an IP address: its certificate has to be for it. Dial takes it from the address.
	ServerName string

	// InsecureSkipVerify lets a client accept any certificate. Whoever is on the way can read and change everything, unless VerifyConnection prevents it.
	InsecureSkipVerify bool

	// ClientAuth is what a server wants from clients, and ClientCAs whom it trusts with theirs.
	ClientAuth tls.ClientAuthType
	ClientCAs  *CertPool

	// VerifyConnection, unless nil, is asked at the end of each handshake, also of one that resumed a session. An error ends the connection, before any
	// data. The peer may have finished its handshake by then.
	VerifyConnection func(tls.ConnectionState) error

	// NextProtos are the application protocols (ALPN), the preferred one first. A server that has some refuses a client that offers only others.
	NextProtos []string

	// MinVersion is TLS 1.2 if zero, MaxVersion the newest. Versions before TLS 1.2 are insecure.
	MinVersion, MaxVersion uint16

	// CipherSuites are those of all versions, in the order of preference: without one of TLS 1.3 there is no TLS 1.3, and nothing before it without
	// others. nil stands for those with forward secrecy and authenticated encryption.
	CipherSuites []uint16

	// CurvePreferences are the groups for the key exchange, in the order of preference. nil stands for OpenSSL's.
	CurvePreferences []tls.CurveID

	// SessionCache keeps a client's sessions. nil stands for a cache of the Config's own; [NoSessions] for none.
	SessionCache SessionCache

	// Session, unless nil, is resumed by a client, in place of one of the cache. If it was verified for another peer or with other settings, the
	// handshake fails with [ErrSessionPeer].
	Session *Session

	// SessionTicketsDisabled makes a server keep its sessions itself.
	SessionTicketsDisabled bool

	// TicketKeys are those of a server's tickets, for servers that share them; rotate them yourself. nil stands for keys of the Config's own, new ones
	// each day.
	TicketKeys *libssl.TicketRing

	// HandshakeTimeout limits each handshake. Zero stands for 30 seconds; less than that for no limit.
	HandshakeTimeout time.Duration

	// Time returns the present, for what is valid when. nil stands for time.Now.
	Time func() time.Time

	// KeyLogWriter, unless nil, gets the secrets of all connections, in the NSS key log format. Whoever has them can read everything. For debugging only.
	KeyLogWriter io.Writer

	mu      sync.Mutex
	client  *clientContext
	server  *serverContext
	limiter *limiter
}

// Clone returns a copy, which can be changed. It shares a SessionCache that was set, but not the one that stands for nil.
func (c *Config) Clone() *Config {
	if c == nil {
		return nil
	}
	return &Config{
		Certificates: c.Certificates, GetCertificate: c.GetCertificate, RootCAs: c.RootCAs, ServerName: c.ServerName,
		InsecureSkipVerify: c.InsecureSkipVerify, ClientAuth: c.ClientAuth, ClientCAs: c.ClientCAs, VerifyConnection: c.VerifyConnection,
		NextProtos: c.NextProtos, MinVersion: c.MinVersion, MaxVersion: c.MaxVersion, CipherSuites: c.CipherSuites,
		CurvePreferences: c.CurvePreferences, SessionCache: c.SessionCache, Session: c.Session, SessionTicketsDisabled: c.SessionTicketsDisabled,
		TicketKeys: c.TicketKeys, HandshakeTimeout: c.HandshakeTimeout, Time: c.Time, KeyLogWriter: c.KeyLogWriter,
	}
}

// handshakeTimeout is the limit where the Config has none.
const handshakeTimeout = 30 * time.Second

// handshakes returns what limits the Config's handshakes, and to how long.
func (c *Config) handshakes() (*limiter, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limiter == nil {
		c.limiter = new(limiter)
	}
	return c.limiter, cmp.Or(c.HandshakeTimeout, handshakeTimeout)
}

func (c *Config) now() time.Time {
	if c.Time != nil {
		return c.Time()
	}
	return time.Now()
}

// ClientHelloInfo is what a client asks for.
type ClientHelloInfo struct {
	ServerName        string
	CipherSuites      []uint16
	SupportedCurves   []tls.CurveID
	SignatureSchemes  []tls.SignatureScheme
	SupportedProtos   []string
	SupportedVersions []uint16 // empty if the client does not know TLS 1.3
	Conn              net.Conn // the transport; it must not be read or written

	ctx context.Context
}

// Context returns that of HandshakeContext.
func (i *ClientHelloInfo) Context() context.Context { return i.ctx }
