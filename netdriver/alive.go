// This file tells the gateway that a program which reads its rows slowly is still there.

package netdriver

import (
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// aliveEvery is how often the gateway hears of a program between its rows: several
// times before the shortest of the times after which it gives such a client up
// (timeouts.stream_idle and timeouts.write, 30 s), so that one lost packet costs
// nothing.
const aliveEvery = 10 * time.Second

// speak begins to tell the gateway that what came of the rows is being read. Where all
// the rest is here as well a small answer costs no timer, unless the gateway waits for
// the next request: it ends a transaction, and what is pinned, by this statement or
// before, that asks for nothing (timeouts.idle_in_tx).
func (c *conn) speak() {
	k := &c.call
	if k.slow {
		return
	}
	if m, ok := c.r.Last(); ok && m.Final() && !c.inTx && !c.pinned && !m.Pins() {
		return
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	k.slow = true
	if k.alive == nil {
		k.alive = time.AfterFunc(aliveEvery, c.tell)
		return
	}
	k.alive.Reset(aliveEvery)
}

// tell runs in the timer's goroutine. Where the write fails, the next read tells.
func (c *conn) tell() {
	k := &c.call
	k.turn.Lock()
	defer k.turn.Unlock()
	if !k.slow {
		return
	}
	b := aside(wire.TypeCredit, k.id, &wire.Credit{})
	defer c.within(cancelGrace)()
	_ = c.whole(b)
	k.alive.Reset(aliveEvery)
}

// hush ends that, with the call.
func (c *conn) hush() {
	k := &c.call
	if !k.slow {
		return
	}
	k.alive.Stop()
	k.turn.Lock()
	defer k.turn.Unlock()
	k.slow = false
}
