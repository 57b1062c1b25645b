//go:build linux && !race

package tlsnet

import (
	"syscall"
	"unsafe"
)

// readSocket reads from a socket that does not block. syscall.Read would tell Go's scheduler each time that it may: 2 % of an exchange of short messages.
func readSocket(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), errno
}
