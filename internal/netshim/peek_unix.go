// This file is the look at a socket where the system can peek without waiting.

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netshim

import (
	"errors"
	"os"
	"syscall"
)

// errNothing means that no byte waits.
var errNothing = errors.New("nothing waits")

// peek copies what waits into b and leaves it there; 0 bytes without an error
// are the end of the stream.
func peek(fd uintptr, b []byte) (int, error) {
	for {
		n, _, err := syscall.Recvfrom(int(fd), b, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EWOULDBLOCK):
			return 0, errNothing
		}
		return 0, os.NewSyscallError("recvfrom", err)
	}
}
