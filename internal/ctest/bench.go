package ctest

// #include "bench.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Nothing is a bare cgo call.
func Nothing() { C.ctest_nothing() }

// UpRef is SSL_SESSION_up_ref by a bare cgo call, Get1 SSL_get1_session and Free SSL_SESSION_free.
func UpRef(session unsafe.Pointer) { C.ctest_up_ref(session) }

func Get1(ssl unsafe.Pointer) unsafe.Pointer { return C.ctest_get1_session(ssl) }

func Free(session unsafe.Pointer) { C.ctest_session_free(session) }

// LoopGetID calls SSL_SESSION_get_id n times in C, and copies the id; the others likewise.
func LoopGetID(session unsafe.Pointer, n int) { C.ctest_loop_get_id(session, C.long(n)) }

// LoopI2D calls i2d_SSL_SESSION twice, for the size and for the bytes.
func LoopI2D(session unsafe.Pointer, n int) { C.ctest_loop_i2d(session, C.long(n)) }

// LoopConnection makes n connections in memory, with a handshake that resumes session unless that is nil, and panics if one fails.
func LoopConnection(client, server, session unsafe.Pointer, n int) {
	if done := int(C.ctest_loop_connection(client, server, session, C.long(n))); done != n {
		panic(fmt.Sprintf("ctest: connection %d of %d failed", done, n))
	}
}

// LoopInfoCallback fires the info callback of ssl n times, as libssl does; LoopRemoveCallback the remove_session_cb of ctx.
func LoopInfoCallback(ssl unsafe.Pointer, n int) { C.ctest_loop_info_callback(ssl, C.long(n)) }

func LoopRemoveCallback(ctx, session unsafe.Pointer, n int) {
	C.ctest_loop_remove_callback(ctx, session, C.long(n))
}

var callback func()

// LoopCallback calls f from C, n times.
func LoopCallback(f func(), n int) {
	callback = f
	C.ctest_loop_callback(C.long(n))
}

//export ctestCallback
func ctestCallback() { callback() }

// AddSession is SSL_CTX_add_session by a bare cgo call, HasSession SSL_has_matching_session_id, FlushSessions SSL_CTX_flush_sessions of all.
func AddSession(ctx, session unsafe.Pointer) { C.ctest_add_session(ctx, session) }

func HasSession(ssl unsafe.Pointer, id []byte) bool {
	return C.ctest_has_session(ssl, (*C.uchar)(&id[0]), C.uint(len(id))) == 1
}

func FlushSessions(ctx unsafe.Pointer) { C.ctest_flush_sessions(ctx) }
