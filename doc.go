// Package libssl binds the TLS sessions of the system's OpenSSL 1.1.1, as they are in C.
//
// [SSL], [Ctx] and [Session] are SSL, SSL_CTX and SSL_SESSION. A method is named after its C function without the type's prefix, and its
// documentation ends with that name: [SSL.SetSession] is SSL_set_session(3), and does exactly what it does. Getters of counted objects return a
// handle with a reference of its own, whatever C does (get, get0, get1).
//
// # Handles
//
// A handle is one C reference. The count of the C object is what it would be in C, plus the handles that are alive. Free gives the reference back;
// it may be called twice, by any goroutine, and while calls on the handle are running, which it lets end. A handle that is forgotten is freed by the
// garbage collector, and then changes nothing that the program can see: C flags the session of a connection that dies without Shutdown, for all who
// hold it, but not if the SSL was merely collected. A Session keeps the Ctx that it came from, whose end would flag it too.
//
// A nil argument is what NULL is in C. A nil receiver, a freed handle and the zero value never reach C: the method returns C's failure value, and the
// error is [ErrFreed].
//
//	you have in C                 you call                  who owns a reference afterwards
//	a pointer and its reference   AdoptX(p)                 the handle; yours is gone
//	a pointer                     BorrowX(p)                the handle and you
//	nothing, for one call         h.With(func(p) { … })     the handle
//	nothing                       p := h.HandOut()          the handle and you: free yours in C
//
// C code of the program's own needs "#cgo pkg-config: libssl libcrypto" beside its include, and the environment of cmd/libssl-env, to be built against
// the same library.
//
// # Errors
//
// Methods of SSL return C's values. After a failure, [SSL.LastErrors] has the entries that this call pushed on OpenSSL's error queue, and
// [SSL.GetError] what SSL_get_error said; both were read within the C call, since a goroutine may change its thread between two calls. Methods of Ctx and
// Session, which goroutines share, return an [ErrorStack] as error. A stack without entries is normal: OpenSSL often fails without a reason.
//
// A call takes from the queue what it pushed and leaves the entries of others, so that other users of OpenSSL in the program do not meet ours.
// Inside [KeepQueue] the queue is left as C leaves it.
//
// # Goroutines
//
// An SSL is used by one goroutine at a time; others wait. A Ctx is shared once it is configured. A Session's UpRef, Free and getters may be
// called by several goroutines; its setters must not run beside other uses of the object, and libssl itself writes to a session that is being resumed.
//
// # Moving bytes
//
// A socket ([SSL.SetFD], and [SSL.SetDatagramFD] for DTLS), memory ([SSL.SetMemBIO]), or an [Engine], which has the fewest calls of C: one for each
// operation, over buffers of the caller, whatever carries them.
//
// A Read that blocks inside C, because its socket does, keeps the SSL: Write, getters and all else wait for it, and nothing here interrupts it, Free
// neither. Where one goroutine reads and another writes, use a non-blocking socket, as the example of SetFD does, or an Engine.
//
// DTLS differs in that datagrams get lost: while [SSL.DTLSTimeout] tells a time, nobody may wait for the peer longer than that without a call of
// [SSL.DTLSHandleTimeout]. Sessions and tickets are used as with TLS 1.2.
//
// # Callbacks
//
// A callback gets what it needs as arguments, which end with it; UpRef keeps one. One that captures its own Ctx keeps it alive for ever. Callbacks
// belong to the SSL_CTX, for all its handles, and session callbacks to the one that the SSL was made with. Those that an SSL may have of its own it
// inherits when it is made, as in C: what is replaced on the Ctx is kept for SSLs that use it, and forgotten with the SSL_CTX. A panic in a callback
// goes on, as a [CallbackPanic], when the outer call returns; runtime.Goexit, and so t.FailNow, cannot be supported and ends the program with a
// message.
//
// # Where C would crash, corrupt or leak
//
// SetSession itself does what C does, always. What would do harm is refused instead, and libssl is not called:
//
//	Go                                               refused with           what C does
//	any call but Free and plain getters after        ErrDead                crashes in the next handshake or SSL_clear
//	  SetSession returned 0
//	I/O after SetSession(nil) on a connection        ErrNoSession           sends cleartext and reports success, or
//	  that has begun                                                        crashes
//	Servername, ServernameType after                 ErrNoSession           crashes
//	  SetSession(nil) on a resumed connection
//	ExportKeyingMaterialEarly when the session       ErrNoSession           crashes
//	  of the early data was replaced or rejected
//	SetSession(nil), or one that switches the        ErrInCallback          crashes when the callback returns
//	  method, inside a callback of the handshake
//	Clear, SetConnectState, SetFD … inside a         ErrInCallback          frees what the running call uses
//	  callback of the same SSL
//	the handshake inside a callback of itself        ErrInCallback          calls the callback again, without end
//	the cache of a Ctx inside its remove             ErrInRemoveCallback    releases the lock early; a later call hangs
//	  callback, also through I/O
//	AddSession of a session that may be in           ErrOtherCtx            overwrites memory of the first SSL_CTX
//	  another Ctx's cache
//	SetID, SetProtocolVersion of a session that      ErrShared              leaves a dangling entry in the cache
//	  was used
//	waiting for an SSL whose owner has been in       ErrStuck               two threads in one SSL corrupt the heap
//	  one callback for a minute
//
// SSL_set_session_ticket_ext is not bound: with a later change of the method it frees memory twice.
//
// # Security
//
// Resumption skips the verification of certificate and host name, in OpenSSL itself: SetSession with a session that was never verified, or was
// verified for another host, connects without an error. Keep with each session whom it was verified for. An encoded session holds the
// master secret: store it like a private key.
package libssl
