// This file tests lib/pq's cancel requests, which travel on connections of their own, when the network is slow.

package fluxor_test

import (
	"context"
	"database/sql"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// dialedBy opens target through Fluxor over lib/pq and a dial function.
func dialedBy(t *testing.T, target dbtest.Target, dial func(ctx context.Context, network, addr string) (net.Conn, error)) *sql.DB {
	t.Helper()
	c, err := pq.NewConnector(target.URL())
	if err != nil {
		t.Fatal(err)
	}
	c.Dialer(&postgres.Dialer{Base: dial})
	db, _ := wrap(t, c, fluxor.RuntimeConfig{})
	return db
}

// farAway dials as over a network with a round trip of a quarter second.
func farAway(ctx context.Context, network, addr string) (net.Conn, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(250 * time.Millisecond):
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func TestACancelRequestReachesAServerFarAway(t *testing.T) {
	t.Parallel()
	b := networkBackends[0]
	s := b.share(t)
	target := s.NewDatabase(t)
	db := dialedBy(t, target, farAway)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(ctx, b.slow)
		done <- err
	}()
	waitUntil(t, "the statement runs", func() bool { return running(t, s, b, target.Database) == 1 })
	cancel()
	if err := <-done; err == nil {
		t.Error("the cancelled statement succeeded")
	}
	waitUntil(t, "the server ended the statement", func() bool { return running(t, s, b, target.Database) == 0 })
}

func TestALateCancelRequestHitsNobody(t *testing.T) {
	const first, next = "select pg_sleep(0.3)", "select pg_sleep(0.4)"
	for name, exec := range map[string]func(ctx context.Context, db *sql.DB) error{
		"text": func(ctx context.Context, db *sql.DB) error { _, err := db.ExecContext(ctx, first); return err },
		"prepared": func(ctx context.Context, db *sql.DB) error {
			st, err := db.PrepareContext(context.Background(), first)
			if err != nil {
				return err
			}
			defer st.Close()
			_, err = st.ExecContext(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dbtest.Postgres(t)
			target := s.NewDatabase(t)
			late, err := faultproxy.Start(target.Addr())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = late.Close() })
			late.Latency(faultproxy.ToServer, time.Hour)
			var dials atomic.Int64
			db := dialedBy(t, target, func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) == 2 { // the cancel request
					addr = late.Addr()
				}
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			})
			if err := db.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
			defer cancel()
			t.Logf("the statement of the cancel request: %v", exec(ctx, db))
			done := make(chan error, 1)
			go func() {
				_, err := db.ExecContext(context.Background(), next)
				done <- err
			}()
			admin := s.Admin(t)
			waitUntil(t, "the next statement runs", func() bool { return executing(t, admin, target.Database, next) })
			late.Pass()
			waitUntil(t, "the cancel request arrived", func() bool { return late.Counters().BytesToServer > 0 })
			if err := <-done; err != nil {
				t.Errorf("the next statement: %v", err)
			}
		})
	}
}

// executing reports whether a statement runs in a database.
func executing(t *testing.T, admin *sql.DB, database, query string) bool {
	t.Helper()
	n := 0
	err := admin.QueryRow("select count(*) from pg_stat_activity where state = 'active' and datname = $1 and query = $2", database, query).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}
