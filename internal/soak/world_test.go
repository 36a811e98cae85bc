// This file is the setting of a run: a server, the proxy before it, Fluxor before that, and the books on all of it.

package soak_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/internal/soak"
)

// accounts are few, so that transfers meet each other.
var bank = soak.Bank{Accounts: 6, Opening: 1000}

// world is one database under test.
type world struct {
	database
	t         *testing.T
	server    *dbtest.Server
	target    dbtest.Target // past the proxy
	proxy     *faultproxy.Proxy
	admin     *sql.DB
	db        *sql.DB           // through Fluxor and the proxy
	way       *faultproxy.Proxy // between clients and a gateway; nil without one
	connector *fluxor.Connector
	opened    atomic.Int64 // how often the breaker opened
	history   soak.History
	tally     soak.Tally
	late      *lateness
}

// newWorld makes a bank on a server.
func newWorld(t *testing.T, d database, server *dbtest.Server) *world {
	t.Helper()
	w := &world{database: d, t: t, server: server, late: watchLateness(t)}
	w.target = w.server.NewDatabase(t)
	w.admin = w.server.Admin(t)
	w.createTables()
	var err error
	if w.proxy, err = d.proxy(w.target.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.proxy.Close() })
	return w
}

func (w *world) createTables() {
	direct := w.server.Open(w.t, w.target)
	for _, text := range []string{
		"create table accounts (id bigint primary key, balance bigint not null)",
		"create table entries (id bigint not null, src bigint not null, dst bigint not null, amount bigint not null)",
		"create index entries_id on entries (id)", // not unique: a duplicate is to be seen
	} {
		mustExec(w.t, direct, text)
	}
	for id := range bank.Accounts {
		mustExec(w.t, direct, fmt.Sprintf("insert into accounts values (%d, %d)", id+1, bank.Opening))
	}
}

// openBare opens the database with the bare driver.
func (w *world) openBare() {
	db, err := sql.Open(w.driver, w.dsn(w.target.At(w.proxy.Addr())))
	if err != nil {
		w.t.Fatal(err)
	}
	w.db = db
	w.t.Cleanup(func() { _ = db.Close() })
}

// openFluxor opens the database as the bank does.
func (w *world) openFluxor() { w.openWith(w.policies(w.target.At(w.proxy.Addr()))) }

func (w *world) openWith(cfg fluxor.RuntimeConfig) {
	w.connector = w.connect(cfg)
	w.db = sql.OpenDB(w.connector)
	w.t.Cleanup(func() { _ = w.db.Close() })
}

// connect makes a connector that counts how often its breaker opens.
func (w *world) connect(cfg fluxor.RuntimeConfig) *fluxor.Connector {
	w.t.Helper()
	cfg.OnStateChange = func(c fluxor.StateChange) {
		if c.From == "closed" {
			w.opened.Add(1)
		}
	}
	connector, err := fluxor.NewConnector(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return connector
}

// journal reads all entries and balances, past everything that is broken.
func (w *world) journal() (entries []soak.Transfer, balances map[int64]int64) {
	direct := w.server.Open(w.t, w.target)
	balances = map[int64]int64{}
	each(w.t, direct, "select id, balance, 0, 0 from accounts", func(r [4]int64) { balances[r[0]] = r[1] })
	each(w.t, direct, "select id, src, dst, amount from entries", func(r [4]int64) {
		entries = append(entries, soak.Transfer{ID: r[0], From: r[1], To: r[2], Amount: r[3]})
	})
	return entries, balances
}

// each calls f for each row of four numbers.
func each(t *testing.T, db *sql.DB, query string, f func([4]int64)) {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r [4]int64
		if err := rows.Scan(&r[0], &r[1], &r[2], &r[3]); err != nil {
			t.Fatal(err)
		}
		f(r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// within asks again and again until something has happened, where nothing can
// tell the test, and reports whether it did in time.
func within(limit time.Duration, happened func() bool) bool {
	late := time.After(limit)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-late:
			return happened()
		case <-tick.C:
		}
	}
	return true
}

// pause lets the clients go on for d.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// lateness adds up how late the machine wakes a timer: no call can be more
// punctual.
type lateness struct{ total, naps atomic.Int64 }

// watchLateness watches until the test is over.
func watchLateness(t *testing.T) *lateness {
	l := &lateness{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		const nap, usual = 5 * time.Millisecond, 5 * time.Millisecond
		for start := time.Now(); t.Context().Err() == nil; start = time.Now() {
			pause(t.Context(), nap)
			if late := time.Since(start) - nap - usual; late > 0 {
				l.total.Add(int64(late))
			}
			l.naps.Add(1)
		}
	}()
	t.Cleanup(func() { <-ended }) // t.Context ends before
	return l
}

// sofar is how late the machine was altogether.
func (l *lateness) sofar() time.Duration { return time.Duration(l.total.Load()) }

// settled is sofar once the nap that is under way counts as well: after a stall
// others may run before the one who measures it.
func (l *lateness) settled() time.Duration {
	last := l.naps.Load() + 1
	within(time.Minute, func() bool { return l.naps.Load() > last })
	return l.sofar()
}

// closeHistory holds the entries that are there in the end against the answers,
// and returns what is wrong, as one text.
func (w *world) closeHistory(entries []soak.Transfer) string {
	seen := make([]int64, len(entries))
	for i, e := range entries {
		seen[i] = e.ID
	}
	w.history.Close(seen)
	return strings.Join(w.history.Violations(), "\n")
}
