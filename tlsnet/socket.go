//go:build linux && (amd64 || arm64) && !race

package tlsnet

import (
	"syscall"
	"unsafe"
)

// readSocket reads from a socket that does not block. syscall.Read would tell Go's scheduler each time that it may, and is not for sockets alone: that is
// 3 % of an exchange of short messages.
func readSocket(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	return int(n), errno
}
