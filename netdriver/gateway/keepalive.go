// This file notices clients that vanished without a word.

package gateway

import (
	"net"
	"time"
)

const (
	// aliveAfter and aliveEvery are when the kernel asks a silent client, aliveTries
	// how often in vain.
	aliveAfter, aliveEvery, aliveTries = 15 * time.Second, 15 * time.Second, 4
	// unheardFor is how long the kernel waits until what was sent is acknowledged.
	unheardFor = 30 * time.Second
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
