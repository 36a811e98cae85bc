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
	reads   int64         // by all readers together
	spacing int64         // reads for each write, about
	storms  int64         // how often the network breaks meanwhile
	lag     time.Duration // of each reply to Fluxor; those past it come at once
	doubt   time.Duration // after a storm: how long a lost write may take effect
}

// world is one database under test.
type world struct {
	database
	t         *testing.T
	target    dbtest.Target // past the proxy
	proxy     *faultproxy.Proxy
	connector *fluxor.Connector
	db        *sql.DB           // through Fluxor and the proxy
	writing   *sql.DB           // the writers': the same, or another program's
	way       *faultproxy.Proxy // between the programs and a gateway; nil without one
	bare      *sql.DB           // past both
	keeper    keeper            // what the application keeps by itself
	prepared  map[string]*sql.Stmt
	history   *registers.History
	load      load
	count     counters
	stormy    atomic.Bool   // the network breaks
	shaken    atomic.Bool   // it does, or what came of it is still in doubt
	enough    chan struct{} // closed when there are as many reads as wanted
	last      sync.Once
}

// counters are for the progress and the summary.
type counters struct {
	reads, bypassing            atomic.Int64
	hits, unread                atomic.Int64
	committed, undone, doubtful atomic.Int64
	storms                      atomic.Int64
}

// percent is how many of all reads are counted by n.
func (c *counters) percent(n *atomic.Int64) float64 {
	return 100 * float64(n.Load()) / float64(max(1, c.reads.Load()))
}

// newWorld makes registers on a server of their own.
func newWorld(t *testing.T, d database) *world {
	t.Helper()
	server := d.start(t, dbtest.Options{Settings: d.settings})
	w := &world{database: d, t: t, keeper: nothing{}, history: registers.NewHistory(), enough: make(chan struct{})}
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

// open opens the database through Fluxor.
func (w *world) open(cfg fluxor.RuntimeConfig) {
	w.t.Helper()
	var err error
	if w.connector, err = fluxor.NewConnector(cfg); err != nil {
		w.t.Fatal(err)
	}
	w.db = sql.OpenDB(w.connector)
	w.t.Cleanup(func() { _ = w.db.Close() })
	w.writing = w.db
	w.prepare()
}

// prepare prepares what readers share.
func (w *world) prepare() {
	w.t.Helper()
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
	reads := c.reads.Load()
	return fmt.Sprintf("%s: %d reads in %v (%.0f/s), %.1f %% past the cache, %.1f %% hits, %d failed; writes: %d committed, %d undone, %d indeterminate; %d storms",
		w.name, reads, took.Round(time.Millisecond), float64(reads)/took.Seconds(), c.percent(&c.bypassing), c.percent(&c.hits), c.unread.Load(),
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
