// This file gives up clients that vanished with data under way, where the system can.

package gateway

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// bounded has the kernel end a connection whose data nobody acknowledges for d.
func bounded(conn *net.TCPConn, d time.Duration) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}
