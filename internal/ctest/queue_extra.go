package ctest

// #include <stdlib.h>
// #include "queue_extra.h"
import "C"

import "unsafe"

// FullEntry is an entry of OpenSSL's error queue with where it was pushed.
type FullEntry struct {
	Code uint32
	File string
	Line int
	Data string
}

// DrainFull is Drain with more about each entry.
func DrainFull() (entries []FullEntry) {
	var e C.ctest_full_entry
	for C.ctest_queue_next(&e) != 0 {
		entries = append(entries, FullEntry{uint32(e.code), text(e.file), int(e.line), text(e.data)})
		C.free(unsafe.Pointer(e.data))
	}
	return entries
}

// Push puts an entry of foreign.c on this thread's error queue and returns it.
func Push(lib, fn, reason, line int, data string) FullEntry {
	c := C.CString(data)
	defer C.free(unsafe.Pointer(c))
	C.ctest_queue_push(C.int(lib), C.int(fn), C.int(reason), C.int(line), c)
	return FullEntry{uint32(lib<<24 | fn<<12 | reason), "foreign.c", line, data}
}

// ErrorString is ERR_error_string.
func ErrorString(code uint32) string {
	var buf [256]C.char
	C.ctest_queue_text(C.ulong(code), &buf[0], C.int(len(buf)))
	return text(&buf[0])
}

// SetMark is ERR_set_mark.
func SetMark() bool { return C.ctest_queue_mark() != 0 }

// PopToMark is ERR_pop_to_mark.
func PopToMark() bool { return C.ctest_queue_pop_to_mark() != 0 }

// ForgetQueue frees this thread's queue, as the thread's end does.
func ForgetQueue() { C.ctest_queue_forget() }
