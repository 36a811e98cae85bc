// This file is the setting of a run: a server, the proxy before it, Fluxor before that, and what is counted.

package registers_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/internal/registers"
)

// load is how much is done in a run.
type load struct {
	reads   int64 // by all readers together
	spacing int64 // reads for each write, about
	storms  int64 // how often the network breaks meanwhile
}

// world is one database under test.
type world struct {
	database
	t         *testing.T
	server    *dbtest.Server
	target    dbtest.Target // past the proxy
	proxy     *faultproxy.Proxy
	connector *fluxor.Connector
	db        *sql.DB // through Fluxor and the proxy
	bare      *sql.DB // past both
	keeper    keeper  // what the application keeps by itself
	prepared  map[string]*sql.Stmt
	history   *registers.History
	load      load
	count     counters
	stormy    atomic.Bool
	enough    chan struct{} // closed when there are as many reads as wanted
	last      sync.Once
}

// counters are for the progress and the summary.
type counters struct {
	reads, hits, unread         atomic.Int64
	committed, undone, doubtful atomic.Int64
	storms                      atomic.Int64
}

// newWorld makes registers on a server.
func newWorld(t *testing.T, d database, server *dbtest.Server) *world {
	t.Helper()
	w := &world{database: d, t: t, server: server, keeper: nothing{}, history: registers.NewHistory(), enough: make(chan struct{})}
	w.target = server.NewDatabase(t)
	w.bare = server.Open(t, w.target)
	w.createTables()
	var err error
	if w.proxy, err = d.proxy(w.target.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.proxy.Close() })
	return w
}

// open opens the database through Fluxor and prepares what readers share.
func (w *world) open(cfg fluxor.RuntimeConfig) {
	w.t.Helper()
	var err error
	if w.connector, err = fluxor.NewConnector(cfg); err != nil {
		w.t.Fatal(err)
	}
	w.db = sql.OpenDB(w.connector)
	w.t.Cleanup(func() { _ = w.db.Close() })
	w.prepared = map[string]*sql.Stmt{}
	for _, q := range questions {
		if w.prepared[q.text] != nil {
			continue
		}
		stmt, err := w.db.PrepareContext(w.t.Context(), w.marks(q.text))
		if err != nil {
			w.t.Fatal(err)
		}
		w.prepared[q.text] = stmt
	}
}

// summary is what was done, in one line.
func (w *world) summary() string {
	c, took := &w.count, w.history.Now()
	reads, hits := c.reads.Load(), c.hits.Load()
	return fmt.Sprintf("%s: %d reads in %v (%.0f/s), %.1f %% of them hits, %d failed; writes: %d committed, %d undone, %d indeterminate; %d storms",
		w.name, reads, took.Round(time.Millisecond), float64(reads)/took.Seconds(), 100*float64(hits)/float64(max(1, reads)), c.unread.Load(),
		c.committed.Load(), c.undone.Load(), c.doubtful.Load(), c.storms.Load())
}

// pause lets the others go on for d.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
