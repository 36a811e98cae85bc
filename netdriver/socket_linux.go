// This file gives up gateways that vanished with data under way, where the system can.

package netdriver

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// bounded has the kernel end a connection whose data nobody acknowledges for d.
func bounded(c syscall.RawConn, d time.Duration) {
	_ = c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}
