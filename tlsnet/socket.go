//go:build linux && (amd64 || arm64) && !race && !msan

package tlsnet

import (
	"syscall"
	"unsafe"
)

// readSocket reads what a socket has, without waiting, whatever others have set for its file. syscall.Read would tell Go's scheduler each time that it may
// wait, and is not for sockets alone: that is 3 % of an exchange of short messages.
func readSocket(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), syscall.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}
