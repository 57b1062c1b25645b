//go:build !linux || race

package tlsnet

import "syscall"

// readSocket reads from a socket that does not block. The race detector learns from syscall.Read that the peer may be of the same process.
func readSocket(fd uintptr, b []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), b)
	errno, _ := err.(syscall.Errno)
	return n, errno
}
