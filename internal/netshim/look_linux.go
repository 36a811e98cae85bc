// This file asks Linux what it knows of a socket beyond its bytes.

package netshim

import "golang.org/x/sys/unix"

// hungUp reports whether the peer has closed or reset the connection, also
// behind bytes that wait to be read (poll(2), POLLRDHUP).
func hungUp(fd uintptr) bool {
	p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p[:], 0)
	return err == nil && n > 0 && p[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}

// unsent is how many bytes lie in the send queue, sent and not acknowledged
// ones included (tcp(7), SIOCOUTQ).
func unsent(fd uintptr) int {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}
