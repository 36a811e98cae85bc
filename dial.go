// This file lets connectors that the application makes itself come under Fluxor's watch on the wire.

package fluxor

import (
	"context"
	"net"

	"github.com/fluxor-db/fluxor/internal/netshim"
)

// DialContext is the signature of net.Dialer's method.
type DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

// WatchDial wraps the dial function of a driver whose connector you make
// yourself and pass to [WrapConnector], so that Fluxor knows whether a
// statement was sent and can end a call on a frozen server. The packages under
// drivers/ do it for the connectors that a DSN makes. A nil base stands for
// net.Dialer.
//
// A connection that is dialed under another context than the one that Fluxor
// gives the connector's Connect is taken for a driver's cancel request: it
// lives for ten seconds at most, and each of its reads waits 180 ms, or four
// times what a dial takes where the network is slower. So give the
// driver a dial function of its own, and have it pass the context on.
func WatchDial(base DialContext) DialContext {
	if base == nil {
		base = (&net.Dialer{}).DialContext
	}
	return netshim.Dialer(base)
}
