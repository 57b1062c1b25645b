package ctest

// #include <stdlib.h>
// #include "legacy.h"
import "C"

import "unsafe"

// Op is a function of libssl that C calls itself.
type Op C.int

// The functions; those of two objects take the context or connection first.
const (
	FreeCtx     Op = C.LEGACY_FREE_CTX
	FreeSSL     Op = C.LEGACY_FREE_SSL
	FreeSession Op = C.LEGACY_FREE_SESSION
	Flush       Op = C.LEGACY_FLUSH
	Add         Op = C.LEGACY_ADD
	Remove      Op = C.LEGACY_REMOVE
	SetSession  Op = C.LEGACY_SET_SESSION
	SetCtx      Op = C.LEGACY_SET_CTX
	Handshake   Op = C.LEGACY_HANDSHAKE
	Write       Op = C.LEGACY_WRITE // of Text
	Read        Op = C.LEGACY_READ
)

// Text is what Write writes.
const Text = C.LEGACY_TEXT

// Call calls the function and returns its value, 1 if it has none.
func Call(op Op, p, q unsafe.Pointer) int { return int(C.legacy_call(C.int(op), p, q)) }

// CallOnThread is Call on a thread that C makes for it.
func CallOnThread(op Op, p, q unsafe.Pointer) int {
	return int(C.legacy_call_on_thread(C.int(op), p, q))
}

// NewCtx makes an SSL_CTX for both sides and one version, 0 for all, with the cache on. The caller owns a reference.
func NewCtx(version int, certFile, keyFile string) unsafe.Pointer {
	cert, key := C.CString(certFile), C.CString(keyFile)
	defer C.free(unsafe.Pointer(cert))
	defer C.free(unsafe.Pointer(key))
	return checked(C.legacy_ctx(C.int(version), cert, key))
}

// NewPair makes two SSLs of a context, client and server, and joins them. The caller owns a reference of each.
func NewPair(ctx unsafe.Pointer) (client, server unsafe.Pointer) {
	client, server = checked(C.legacy_ssl(ctx, 0)), checked(C.legacy_ssl(ctx, 1))
	if C.legacy_join(client, server) == 0 {
		panic("ctest: the SSLs cannot be joined")
	}
	return client, server
}

// Connect does the handshake of a pair and reads the tickets. It reports whether that succeeded.
func Connect(client, server unsafe.Pointer) bool { return C.legacy_connect(client, server) == 1 }

// NewSession makes an empty SSL_SESSION. The caller owns a reference.
func NewSession() unsafe.Pointer { return checked(C.legacy_session()) }

// Dup is SSL_dup. The caller owns a reference.
func Dup(ssl unsafe.Pointer) unsafe.Pointer { return checked(C.legacy_dup(ssl)) }

func checked(p unsafe.Pointer) unsafe.Pointer {
	if p == nil {
		panic("ctest: libssl makes no object")
	}
	return p
}

// Callback is a session callback of C's own.
type Callback C.int

// The callbacks.
const (
	New     Callback = C.LEGACY_NEW
	Removed Callback = C.LEGACY_REMOVED
	Get     Callback = C.LEGACY_GET
)

// SetCallbacks sets all three: they count from 0, keep nothing and find nothing.
func SetCallbacks(ctx unsafe.Pointer) { C.legacy_set_callbacks(ctx) }

// SetFailingRemove sets a remove callback that leaves an entry in the error queue.
func SetFailingRemove(ctx unsafe.Pointer) { C.legacy_remove_fails(ctx) }

// HasCallback reports whether C's callback is still the one that is set.
func HasCallback(ctx unsafe.Pointer, which Callback) bool {
	return C.legacy_has_callback(ctx, C.int(which)) != 0
}

// CallbacksRun returns how often C's callback ran since the last time.
func CallbacksRun(which Callback) int { return int(C.legacy_callbacks_run(C.int(which))) }
