package libssl

// #include "cgo.h"
import "C"

import "fmt"

// initErr is set if the library that was loaded is not the one that this package is for.
var initErr = initialise()

func initialise() error {
	n := uint32(C.gossl_init())
	if n>>12 != C.OPENSSL_VERSION_NUMBER>>12 {
		return fmt.Errorf("%w and was started with %s (0x%08x): run it with the libssl.so.1.1 it was linked to; `ldd` shows which one it finds, "+
			"and LD_LIBRARY_PATH or LD_PRELOAD may hide it", ErrVersion, Version(), n)
	}
	return nil
}

// Version returns the text of the OpenSSL library in use, such as "OpenSSL 1.1.1w  11 Sep 2023".
//
// Version corresponds to OpenSSL_version(3).
func Version() string { return goString(C.OpenSSL_version(C.OPENSSL_VERSION)) }

// VersionNum returns its number, 0x1010117f for 1.1.1w. VersionNum corresponds to OpenSSL_version_num(3).
func VersionNum() uint32 { return uint32(C.OpenSSL_version_num()) }
