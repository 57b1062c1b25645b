// Package tlsnet is TLS over [net.Conn], with the types and names of crypto/tls, on the system's OpenSSL.
//
// Who knows crypto/tls knows this package: [Dial], [Listen], [Client], [Server], [Config], [Conn]. net/http serves a [Listen] and dials by
// [Dialer.DialContext]. What differs:
//
//   - Roots are a [CertPool] of this package, and those of the system are OpenSSL's.
//   - A client resumes sessions unless told not to: see [SessionCache]. A [Session] is bound to the peer that it was verified for.
//   - A Write that times out has written what it says, and the connection goes on.
//   - ConnectionState has no VerifiedChains once a session is resumed: nothing was verified then. With TLS 1.2 a server has no ServerName then.
//   - The name is compared, and the chain verified, by OpenSSL. VerifyConnection is asked after that, and its refusal sends no alert.
//   - Close frees what C has. A Conn that is dropped without Close is freed by the collector.
//   - Keys of type *rsa.PrivateKey, *ecdsa.PrivateKey and ed25519.PrivateKey are OpenSSL's; any other crypto.Signer is asked to sign.
//
// # Safe unless told otherwise
//
// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, the peer's chain and name verified, no renegotiation, no compression. Each
// weakening is a field of the Config that says so.
//
// # Sessions
//
// OpenSSL resumes whatever session it is given, and does not look at certificates then. So this package keeps with each session a sum of all that a full
// handshake would have checked: host, roots, client certificate, protocols, versions, ciphers, and when the first certificate of the chain expires.
// A session is offered where all of that is the same, and nowhere else. What [Config.VerifyConnection] refused leaves none.
//
// Sessions of TLS 1.3 are used once. A server that verifies clients notes in their sessions when the first certificate of the chain expires. It keeps those
// of clients without tickets itself, and renews its keys of tickets each day.
//
// # Cost
//
// A Read is one call of C, a Write one for each 64 KiB, the steps of a handshake two or three; Read and Write allocate nothing. A connection of a Config, from
// setting it up to Close, is 20 to 29 calls, of both ends together. A connection that waits for a socket holds no buffers; one that was
// busy gives libssl's up within 20 ms. Nothing here blocks inside C but callbacks of the Config that do.
package tlsnet
