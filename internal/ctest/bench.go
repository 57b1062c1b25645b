package ctest

// #include "bench.h"
import "C"

import "unsafe"

// Nothing is a bare cgo call.
func Nothing() { C.ctest_nothing() }

// LoopSetSession calls SSL_set_session n times in C; the others likewise.
func LoopSetSession(ssl, session unsafe.Pointer, n int) {
	C.ctest_loop_set_session(ssl, session, C.long(n))
}

// LoopUpRefFree calls SSL_SESSION_up_ref and SSL_SESSION_free.
func LoopUpRefFree(session unsafe.Pointer, n int) { C.ctest_loop_up_ref_free(session, C.long(n)) }

// LoopGet1Free calls SSL_get1_session and SSL_SESSION_free.
func LoopGet1Free(ssl unsafe.Pointer, n int) { C.ctest_loop_get1_free(ssl, C.long(n)) }

// LoopGetID calls SSL_SESSION_get_id and copies the id.
func LoopGetID(session unsafe.Pointer, n int) { C.ctest_loop_get_id(session, C.long(n)) }

// LoopI2D calls i2d_SSL_SESSION twice, for the size and for the bytes.
func LoopI2D(session unsafe.Pointer, n int) { C.ctest_loop_i2d(session, C.long(n)) }
