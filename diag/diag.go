// Package diag looks behind the handles of package libssl, for diagnosis and tests: C's own reference counts, and what is alive.
package diag

// #cgo pkg-config: libssl libcrypto
// #cgo CFLAGS: -std=gnu11
// #include "refs.h"
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/handle"
)

// A Handle is a *libssl.SSL, *libssl.Ctx or *libssl.Session.
type Handle interface {
	With(func(unsafe.Pointer)) bool
}

// offsets are where the loaded libssl keeps the counts, in bytes. -1: not found.
var offsets = sync.OnceValue(func() C.diag_offsets { return C.diag_find_offsets() })

// Refs returns the reference count of the C object behind h: one for each handle, and those that C holds. OpenSSL has no function for it; the
// place of the counter is found by watching a fresh object while its count goes up and down. Another goroutine may change it meanwhile.
func Refs(h Handle) (int, error) {
	var offset C.long
	switch h := h.(type) {
	case *libssl.SSL:
		offset = offsets().ssl
	case *libssl.Ctx:
		offset = offsets().ctx
	case *libssl.Session:
		offset = offsets().session
	default:
		return 0, fmt.Errorf("diag: %T is no handle of libssl", h)
	}
	if offset < 0 {
		return 0, errors.New("diag: this libssl keeps its reference counts in an unknown way")
	}
	var n int
	if !h.With(func(p unsafe.Pointer) { n = int(*(*C.int)(unsafe.Add(p, offset))) }) {
		return 0, libssl.ErrFreed
	}
	return n, nil
}

// Live returns the number of handles that are alive: "SSL", "Ctx" and "Session". Unreachable ones count until they are collected.
func Live() map[string]int64 { return handle.Live() }
