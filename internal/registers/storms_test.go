// This file breaks the network now and then: replies are lost, requests are lost, connections are cut.

package registers_test

import (
	"bytes"
	"context"
	"time"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// storm breaks the network as often as the load says, evenly over the reads.
func (w *world) storm(ctx context.Context) {
	for i := range w.load.storms {
		for w.count.reads.Load() < w.load.reads*(2*i+1)/(2*w.load.storms) {
			if pause(ctx, 5*time.Millisecond); ctx.Err() != nil {
				return
			}
		}
		w.shaken.Store(true)
		w.blow(ctx, i)
		w.count.storms.Add(1)
		pause(ctx, w.load.doubt)
		w.shaken.Store(false)
	}
}

// blow is one storm: the replies to some writes or commits are lost after the
// server carried them out, then what clients send is lost before the server gets
// it, and then connections are cut whatever they do, some while a write waits.
func (w *world) blow(ctx context.Context, i int64) {
	w.stormy.Store(true)
	defer w.stormy.Store(false)
	defer w.calm()
	ends := []faultproxy.End{faultproxy.FIN, faultproxy.RST}
	words := []string{"commit", "update", "insert"}
	w.proxy.CutOnReply(3, ends[i%2], saying(words[i%3]))
	pause(ctx, 200*time.Millisecond)
	w.calm()
	w.proxy.Blackhole(faultproxy.ToServer)
	pause(ctx, 50*time.Millisecond)
	w.proxy.KillAll(ends[i%2])
	w.calm()
	pause(ctx, 100*time.Millisecond)
	w.blowOnTheWay(ctx, ends[i%2], words[(i+1)%3])
	w.outlive(ctx, tables[i%3], ends[1-i%2])
}

// outlive has writes wait for a lock when their connections are cut: the server
// carries them out after their clients were told that nobody knows.
func (w *world) outlive(ctx context.Context, table string, end faultproxy.End) {
	tx, err := w.bare.BeginTx(ctx, nil)
	if err != nil {
		if ctx.Err() == nil {
			w.t.Error(err)
		}
		return
	}
	defer tx.Rollback() //nolint:errcheck // it only locks
	// Where writers and this one wait for each other, one of them has an error.
	_, _ = collect(tx.QueryContext(ctx, "select version from "+table+" for update"))
	pause(ctx, 100*time.Millisecond)
	w.proxy.KillAll(end)
	w.stormy.Store(false) // or the next write would end what is kept meanwhile
	pause(ctx, 200*time.Millisecond)
}

// calm ends all faults. What is left is the way of the replies.
func (w *world) calm() {
	w.proxy.Pass()
	w.proxy.Latency(faultproxy.ToClient, w.load.lag)
}

// saying is true of a request with a word in it.
func saying(word string) func(request []byte) bool {
	return func(request []byte) bool { return bytes.Contains(bytes.ToLower(request), []byte(word)) }
}
