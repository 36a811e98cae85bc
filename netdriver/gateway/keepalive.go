// This file notices clients that vanished without a word.

package gateway

import (
	"net"
	"time"
)

const (
	// aliveAfter and aliveEvery are when the kernel asks a silent client, aliveTries
	// how often in vain.
	aliveAfter, aliveEvery, aliveTries = 15 * time.Second, 5 * time.Second, 6
	// unheardFor is how long the kernel waits until what was sent is acknowledged.
	// On Linux its questions count as sent, and this ends them instead of their
	// number (net/ipv4/tcp_timer.c): it must leave time for all, or the loss of one
	// packet ends a session that is well.
	unheardFor = aliveAfter + aliveTries*aliveEvery
)

// attentive has the kernel ask whether the client is still there, whoever made the
// listener.
func attentive(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: aliveAfter, Interval: aliveEvery, Count: aliveTries})
	bounded(tcp, unheardFor)
}
