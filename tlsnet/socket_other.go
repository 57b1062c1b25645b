//go:build !linux || !(amd64 || arm64) || race || msan

package tlsnet

import "syscall"

// readSocket reads what a socket has. From syscall.Read the race detector learns that the peer may be in the same process.
func readSocket(fd uintptr, b []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), b)
	errno, _ := err.(syscall.Errno)
	return n, errno
}
