//go:build !linux || !(amd64 || arm64) || race || msan

package tlsnet

import "syscall"

// readSocket reads what a socket has, without waiting. From syscall.Read the race detector learns that the peer may be in the same process; it comes when
// there is something, as others may have made the socket wait.
func readSocket(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, err := syscall.Recvfrom(int(fd), b[:1], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	if err == nil {
		n, err = syscall.Read(int(fd), b)
	}
	errno, _ := err.(syscall.Errno)
	return n, errno
}
