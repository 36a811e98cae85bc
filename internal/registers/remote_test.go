// This file puts a gateway between the clients and Fluxor: programs of others share the cache, and their way breaks, too.

package registers_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/internal/registers"
	"github.com/fluxor-db/fluxor/netdriver"
)

// openRemote opens the database for two programs, one that reads and one that
// writes, which reach it through a gateway and a proxy before that.
func (w *world) openRemote(cfg fluxor.RuntimeConfig, codec string) {
	w.t.Helper()
	var err error
	if w.connector, err = fluxor.NewConnector(cfg); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.connector.Close() })
	if w.way, err = faultproxy.Start(gatewaytest.Serve(w.t, gatewaytest.Config(w.connector))); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.way.Close() })
	w.db, w.writing = w.program(codec), w.program(codec)
	w.prepare()
}

// program is a client's handle.
func (w *world) program(codec string) *sql.DB {
	w.t.Helper()
	db, err := sql.Open(netdriver.Name, gatewaytest.DSN(w.way.Addr(), "codec="+codec))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// blowOnTheWay is the storm between clients and gateway: answers to writes are
// lost, requests are, and connections are cut.
func (w *world) blowOnTheWay(ctx context.Context, end faultproxy.End, word string) {
	if w.way == nil {
		return
	}
	w.way.CutOnReply(3, end, saying(word))
	pause(ctx, 200*time.Millisecond)
	w.way.Pass()
	w.way.Blackhole(faultproxy.ToServer)
	pause(ctx, 50*time.Millisecond)
	w.way.KillAll(end)
	w.way.Pass()
}

// remoteHits is wantedHits of runs that are a tenth as long, and have no fewer
// than one storm.
const remoteHits = wantedHits / 2

func TestAReadThroughAGatewayIsNeverStale(t *testing.T) {
	l := load{reads: number(t, readsVariable, 50_000) / 10, spacing: number(t, spacingVariable, 80), lag: lag, doubt: doubt}
	l.storms = max(1, l.reads/25_000)
	for i, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t, d)
			w.openRemote(d.cached(w.target.At(w.proxy.Addr()), l.doubt), []string{"json", "binary"}[i%2])
			v := w.run(l)
			w.count.hits.Store(w.connector.CacheStats().Answered())
			w.judge(v, remoteHits)
		})
	}
}

// A proof that the run would notice: the application's own cache shows old rows
// through a gateway as well.
func TestTheJudgementSeesThroughNaiveCachesBehindAGateway(t *testing.T) {
	w := newWorld(t, databases[1])
	w.keeper = &naive{before: true, kept: map[string]kept{}}
	w.openRemote(w.policies(w.target.At(w.proxy.Addr())), "binary")
	v := w.run(load{reads: 2_500, spacing: 10, lag: lag})
	t.Log(w.summary(), v)
	if v.Found[registers.Stale] == 0 || v.Found[registers.Backwards] == 0 {
		t.Error("nothing is stale, or nothing non-monotonic")
	}
}
