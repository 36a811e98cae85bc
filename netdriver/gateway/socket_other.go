// This file is for systems that cannot bound unacknowledged data: there the deadline of writes has to do.

//go:build !linux

package gateway

import (
	"net"
	"time"
)

func bounded(*net.TCPConn, time.Duration) {}
