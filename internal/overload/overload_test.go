// This file offers a real PostgreSQL twice its capacity, through database/sql alone and through Fluxor's limits.

package overload_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/overload"
)

// conns is how many calls the database serves at a time.
const conns = 10

// The statements need little of the machine: with the one the database serves
// 500 calls per second at most, with the other 100, less what the machine adds
// to a call. Twice is offered.
const (
	work, offered            = "select pg_sleep(0.02)", 1000
	unhurried, offeredCalmly = "select pg_sleep(0.1)", 200
)

// callersPatience is how long a caller waits for his answer.
const callersPatience = time.Second

// The queue of the cases in which callers wait.
const (
	queue       = 50
	queueTime   = 100 * time.Millisecond // that queue at that capacity, and the timeout
	newestFirst = 10 * time.Millisecond  // twice the wait that is nothing to speak of
)

// overloaded is one way to meet an overload.
type overloaded struct {
	name   string
	target time.Duration // how long those who are served may have waited
	open   func(t testing.TB, dsn string) *sql.DB
}

var cases = []overloaded{
	{"mode=reject", 0, limited(fluxor.RuntimeConfig{BackpressureMode: "reject"})},
	{"mode=timeout", queueTime, limited(fluxor.RuntimeConfig{BackpressureMode: "timeout", BackpressureTimeout: queueTime})},
	{"mode=block", queueTime, limited(fluxor.RuntimeConfig{BackpressureMode: "block", BackpressureQueue: queue})},
	{"mode=newest", newestFirst, limited(fluxor.RuntimeConfig{BackpressureMode: "block", BackpressureNewestFirst: true})},
}

// limited opens the database through Fluxor, which admits as many operations as
// there are connections.
func limited(cfg fluxor.RuntimeConfig) func(testing.TB, string) *sql.DB {
	return func(t testing.TB, dsn string) *sql.DB {
		t.Helper()
		cfg.DSN, cfg.MaxOpenConns, cfg.MaxIdleConns, cfg.MaxConcurrentConnections = dsn, conns, conns, conns
		c, err := fluxor.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}

// bare opens the database with lib/pq alone.
func bare(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// caller calls as an application does.
func caller(db *sql.DB, query string) func() overload.Answer {
	return func() overload.Answer {
		ctx, cancel := context.WithTimeout(context.Background(), callersPatience)
		defer cancel()
		var nothing any
		err := db.QueryRowContext(ctx, query).Scan(&nothing)
		switch {
		case err == nil:
			return overload.Served
		case errors.Is(err, fluxor.ErrOverloaded):
			return overload.Shed
		}
		return overload.Lost
	}
}

// capacity is what callers get done at the moment who do nothing else, once
// their connections are open.
func capacity(call func() overload.Answer, in time.Duration) float64 {
	overload.Capacity(conns, in/3, call)
	return overload.Capacity(conns, in, call)
}

// attempts is how often a busy machine may spoil the measurement.
const attempts = 3

func TestUnderTwiceTheCapacityFourFifthsOfItAreServed(t *testing.T) {
	dsn := dbtest.Postgres(t).NewDatabase(t).URL()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call := caller(c.open(t, dsn), unhurried)
			for attempt := 1; ; attempt++ {
				most := capacity(call, 600*time.Millisecond)
				r := overload.Load{Rate: offeredCalmly, Warmup: 500 * time.Millisecond, For: 3 * time.Second, Seed: 1}.Offer(call)
				goodput := r.Goodput() / most
				t.Logf("capacity %.0f/s: %d answered, goodput %.0f %%, p99 of served %v, of shed %v", most, r.Answered(), 100*goodput, r.P99(overload.Served), r.P99(overload.Shed))
				if goodput >= 0.8 && len(r.Took[overload.Shed]) > 0 {
					return
				}
				if attempt == attempts {
					t.Fatalf("goodput %.0f %% of the capacity, want 80; %d shed", 100*goodput, len(r.Took[overload.Shed]))
				}
			}
		})
	}
}

// BenchmarkOverload offers twice the capacity for 2 s and reports what is
// served of the capacity, how long the served and the shed took, and the bar
// of the served: three times the unloaded p99 and the target of the queue.
func BenchmarkOverload(b *testing.B) {
	dsn := dbtest.Postgres(b).NewDatabase(b).URL()
	direct := caller(bare(b, dsn), work)
	all := append([]overloaded{{"bare", 0, bare}}, cases...)
	for _, c := range all {
		b.Run(c.name, func(b *testing.B) {
			call := caller(c.open(b, dsn), work)
			overload.Capacity(conns, 100*time.Millisecond, call) // opens the connections
			for b.Loop() {
				most := capacity(direct, 500*time.Millisecond)
				calm := overload.Load{Rate: offered / 10, Warmup: 100 * time.Millisecond, For: time.Second, Seed: 1}.Offer(call)
				r := overload.Load{Rate: offered, Warmup: 500 * time.Millisecond, For: 2 * time.Second, Seed: 1}.Offer(call)
				b.ReportMetric(most, "capacity/s")
				b.ReportMetric(100*r.Goodput()/most, "%goodput")
				b.ReportMetric(100*float64(len(r.Took[overload.Lost]))/float64(r.Answered()), "%lost")
				milliseconds(b, "p99-served-ms", r.P99(overload.Served))
				milliseconds(b, "p99-bar-ms", 3*calm.P99(overload.Served)+c.target)
				milliseconds(b, "p99-calm-ms", calm.P99(overload.Served))
				milliseconds(b, "p99-shed-ms", r.P99(overload.Shed))
			}
		})
	}
}

func milliseconds(b *testing.B, unit string, d time.Duration) {
	b.ReportMetric(float64(d)/float64(time.Millisecond), unit)
}
