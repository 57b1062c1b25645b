package main

// #cgo pkg-config: libssl libcrypto
// #cgo CFLAGS: -std=gnu11
// #include <openssl/ssl.h>
// #include "program.h"
import "C"

import (
	"fmt"
	"io"
	"path/filepath"
	"unsafe"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/diag"
)

type ctxPointer = *C.SSL_CTX

func newCtx(dir string) ctxPointer {
	cert, key := C.CString(filepath.Join(dir, "server.pem")), C.CString(filepath.Join(dir, "server.key"))
	defer C.free(unsafe.Pointer(cert))
	defer C.free(unsafe.Pointer(key))
	return C.program_ctx(cert, key)
}

func freeCtx(ctx ctxPointer) { C.SSL_CTX_free(ctx) }

// handle is what *libssl.SSL, *libssl.Ctx and *libssl.Session have in common.
type handle interface {
	With(func(unsafe.Pointer)) bool
	HandOut() unsafe.Pointer
	Free()
}

// A kind is one of the three objects.
type kind struct {
	name          string
	adopt, borrow func(unsafe.Pointer) handle

	// In C.
	construct func() unsafe.Pointer
	upRef     func(unsafe.Pointer)
	free      func(unsafe.Pointer)
}

func kinds(ctx ctxPointer) []kind {
	return []kind{
		{
			name:      "SSL",
			adopt:     func(p unsafe.Pointer) handle { return libssl.AdoptSSL(p) },
			borrow:    func(p unsafe.Pointer) handle { return libssl.BorrowSSL(p) },
			construct: func() unsafe.Pointer { return unsafe.Pointer(C.program_ssl(ctx, 0)) },
			upRef:     func(p unsafe.Pointer) { C.SSL_up_ref((*C.SSL)(p)) },
			free:      func(p unsafe.Pointer) { C.SSL_free((*C.SSL)(p)) },
		},
		{
			name:      "SSL_CTX",
			adopt:     func(p unsafe.Pointer) handle { return libssl.AdoptCtx(p) },
			borrow:    func(p unsafe.Pointer) handle { return libssl.BorrowCtx(p) },
			construct: func() unsafe.Pointer { return unsafe.Pointer(C.SSL_CTX_new(C.TLS_method())) },
			upRef:     func(p unsafe.Pointer) { C.SSL_CTX_up_ref((*C.SSL_CTX)(p)) },
			free:      func(p unsafe.Pointer) { C.SSL_CTX_free((*C.SSL_CTX)(p)) },
		},
		{
			name:      "SSL_SESSION",
			adopt:     func(p unsafe.Pointer) handle { return libssl.AdoptSession(p) },
			borrow:    func(p unsafe.Pointer) handle { return libssl.BorrowSession(p) },
			construct: func() unsafe.Pointer { return unsafe.Pointer(C.program_session()) },
			upRef:     func(p unsafe.Pointer) { C.SSL_SESSION_up_ref((*C.SSL_SESSION)(p)) },
			free:      func(p unsafe.Pointer) { C.SSL_SESSION_free((*C.SSL_SESSION)(p)) },
		},
	}
}

// ways goes through the table of doc.go.
func (k kind) ways(out io.Writer) error {
	p := k.construct()
	witness := k.borrow(p) // so that there is something to ask for the count
	defer witness.Free()
	var wrong error
	step := func(what string, want int) {
		n, err := diag.Refs(witness)
		if err == nil && n-1 != want {
			err = fmt.Errorf("after %q the count is %d, and not %d", what, n-1, want)
		}
		if wrong == nil {
			wrong = err
		}
	}

	step("C makes it", 1)
	h := k.borrow(p)
	step("Borrow", 2)
	if !h.With(func(lent unsafe.Pointer) {
		step("With", 2)
		if lent != p {
			wrong = fmt.Errorf("lent is %v, and not %v", lent, p)
		}
	}) {
		return fmt.Errorf("the handle is not alive")
	}
	given := h.HandOut()
	step("HandOut", 3)
	h.Free()
	step("Free of the borrowed handle", 2)
	k.free(given)
	step("C frees what was handed out", 1)
	k.upRef(p)
	step("C takes another reference", 2)
	adopted := k.adopt(p)
	step("Adopt of that one", 2)
	adopted.Free()
	adopted.Free()
	step("Free of the adopted handle, twice", 1)
	k.free(p)
	step("C frees its own", 0)
	if wrong == nil {
		fmt.Fprintf(out, "%s: Borrow +1, With 0, HandOut +1 for C to free, Adopt 0, Free -1\n", k.name)
	}
	return wrong
}
