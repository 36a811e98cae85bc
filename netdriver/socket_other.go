// This file is for systems that cannot bound unacknowledged data: there their own time for it has to do.

//go:build !linux

package netdriver

import (
	"syscall"
	"time"
)

func bounded(syscall.RawConn, time.Duration) {}
