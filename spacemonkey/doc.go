// Package openssl is github.com/spacemonkeygo/openssl, with the TLS of package libssl inside: a program changes the path that it imports.
//
// Names, signatures and behaviour are the original's. What is not TLS is the original itself: its keys, certificates, digests and ciphers are types of
// this package too, so that values pass between code that uses one and code that uses the other. Ctx, Conn, SSL, CertificateStore, CertificateStoreCtx and DH
// are this package's own, as are the two types of callbacks that name them; one program may use both packages.
//
// # What is different
//
// [DialSession] resumes sessions; the original panics with any Go of today. [Conn.GetSession] gives a session that can be resumed also if it is called right after a
// handshake of TLS 1.3: it waits for the server's ticket, and keeps the data that comes meanwhile for Read.
//
// A panic in a callback goes on in the caller of Handshake, Read or Write, as a [libssl.CallbackPanic], and does not end the program. A connection whose callback panicked
// is good for nothing but Close.
//
// Calls leave nothing in OpenSSL's error queue. Errors have the text that the original's have; errors.As finds the [libssl.ErrorStack] behind it.
//
// Objects are freed when they are collected, also if callbacks lead back to them. Close frees the buffers of a connection at once.
//
// A Read or Write is one call of C; in the original it is several, which call Go back for the bytes. That is package tlsnet's work: new programs use it directly.
//
// docs/MIGRATING.md has all differences, function by function.
package openssl
