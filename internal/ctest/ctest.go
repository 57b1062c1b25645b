// Package ctest gives tests what they need from C and package libssl does not offer. Its functions that concern a thread want the goroutine
// locked to one.
package ctest

// #cgo pkg-config: libssl libcrypto
// #cgo CFLAGS: -std=gnu11 -D_GNU_SOURCE -Wno-deprecated-declarations
// #include <stdlib.h>
// #include <string.h>
// #include "ctest.h"
import "C"

import (
	"strings"
	"unsafe"
)

func init() {
	if C.ctest_watch() == 0 {
		panic("ctest: libssl gives no index for ex_data")
	}
}

// Entry is one entry of OpenSSL's error queue.
type Entry struct {
	Code uint32
	Text string // library:function:reason, with "-" for a name that OpenSSL does not know
	Data string
}

// Drain empties this thread's error queue and returns what was in it, oldest first.
func Drain() []Entry {
	var q C.ctest_queue
	C.ctest_drain(&q)
	entries := make([]Entry, 0, q.n)
	for _, e := range q.entry[:q.n] {
		entries = append(entries, Entry{
			Code: uint32(e.code),
			Text: strings.Join([]string{orDash(e.lib), orDash(e._func), orDash(e.reason)}, ":"),
			Data: text(e.data),
		})
		C.free(unsafe.Pointer(e.data))
	}
	return entries
}

func text(p *C.char) string { return C.GoStringN(p, C.int(C.strlen(p))) }

func orDash(p *C.char) string {
	if p == nil {
		return "-"
	}
	return text(p)
}

// GetSession is SSL_get_session: no reference is taken.
func GetSession(ssl unsafe.Pointer) unsafe.Pointer { return C.ctest_get_session(ssl) }

// DropInput throws away what has come in at an SSL over a memory BIO and was not read yet.
func DropInput(ssl unsafe.Pointer) { C.ctest_drop_input(ssl) }

// Sign signs with an SSL's private key, without saying what kind of digest it is. Errors stay in the queue.
func Sign(ssl unsafe.Pointer) bool { return C.ctest_sign(ssl) == 1 }

// CopyKey copies an SSL's private key, which is an EC key, and frees the copy.
func CopyKey(ssl unsafe.Pointer) bool { return C.ctest_copy_key(ssl) == 1 }

// Certificate returns the first certificate of a PEM file, in DER; nil if there is none. Errors stay in the queue.
func Certificate(file string) []byte {
	c := C.CString(file)
	defer C.free(unsafe.Pointer(c))
	var der *C.uchar
	n := C.ctest_certificate(c, &der)
	defer C.ctest_free(unsafe.Pointer(der))
	return C.GoBytes(unsafe.Pointer(der), n)
}

// Constant returns the value of a constant of openssl/ssl.h by its name without SSL_.
func Constant(name string) (value int64, ok bool) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.longlong
	ok = C.ctest_constant(c, &v) != 0
	return int64(v), ok
}

// Tag makes Deaths report n, which is not 0, when the SSL_SESSION dies. Copies that libssl makes of the session are not tagged.
func Tag(session unsafe.Pointer, n int) {
	if C.ctest_tag(session, C.long(n)) == 0 {
		panic("ctest: a session cannot be tagged")
	}
}

// Deaths returns the tags of the sessions that have died since the last call, in order. It may be called from any thread.
func Deaths() (tags []int) {
	for n := C.ctest_next_death(); n != 0; n = C.ctest_next_death() {
		tags = append(tags, int(n))
	}
	return tags
}

// CanFailAllocations reports whether this process was started with LIBSSL_TEST_OOM=1 and libcrypto took the allocator.
func CanFailAllocations() bool { return C.ctest_allocator != 0 }

// FailAllocation makes the nth allocation that libcrypto makes on this thread from now on fail, once; none if n is 0.
func FailAllocation(n int) { C.ctest_alloc_begin(C.long(n), 0) }

// FailAllocations makes all allocations fail from the nth on.
func FailAllocations(n int) { C.ctest_alloc_begin(C.long(n), 1) }

// Allocations ends what FailAllocation or FailAllocations began and returns how many allocations there were.
func Allocations() int { return int(C.ctest_alloc_end()) }

// Heap returns how many bytes C has allocated; always 0 with the address sanitizer.
func Heap() int { return int(C.ctest_heap()) }
