package ctest

// #include <openssl/err.h>
import "C"

// Peek may look: it is for tests.
func Peek() uint { return uint(C.ERR_peek_error()) }
