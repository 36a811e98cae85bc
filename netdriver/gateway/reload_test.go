// This file tests that clients notice nothing of databases that are replaced again and again.

package gateway_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	_ "github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

func TestAStormOfReloadsCostsClientsNothing(t *testing.T) {
	t.Parallel()
	const workers, reloads = 4, 8
	dsn := dbtest.Postgres(t).NewDatabase(t).URL()
	few := func(c *fluxor.RuntimeConfig) { c.MaxOpenConns = workers }
	conf := config(connector(t, dsn, few))
	s := serve(t, conf)
	db, err := sql.Open("fluxor+tcp", "tcp://app:"+url.PathEscape(token)+"@"+s.address+"/erp?auth=token")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	db.SetMaxIdleConns(workers)
	if _, err := db.ExecContext(t.Context(), "create table counted (n integer)"); err != nil {
		t.Fatal(err)
	}
	var done, stop, gone atomic.Int64
	errs := make(chan error, workers)
	for range workers {
		go func() { errs <- countUp(t.Context(), db, &done, &stop) }()
	}
	for range reloads {
		at := done.Load()
		dbtest.WaitUntil(t, "the clients work", func() bool { return done.Load() >= at+3*workers || len(errs) > 0 })
		next := map[string]gateway.Database{"erp": connector(t, dsn, few)}
		if err := s.SetServed(gateway.Served{Databases: next, Users: conf.Users}, func(string, gateway.Database) { gone.Add(1) }); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.WaitUntil(t, "the former databases are over", func() bool { return gone.Load() == reloads })
	stop.Store(1)
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var n int64
	if err := db.QueryRowContext(t.Context(), "select count(*) from counted").Scan(&n); err != nil || n != done.Load() {
		t.Errorf("%d were stored, %d reported, %v", n, done.Load(), err)
	}
}

// countUp stores rows in transactions until it is stopped.
func countUp(ctx context.Context, db *sql.DB, done, stop *atomic.Int64) error {
	for stop.Load() == 0 {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "insert into counted values (1)"); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		done.Add(1)
	}
	return nil
}

// asking is a log whose readers ask the gateway for something.
type asking struct {
	slog.Handler
	ask func()
}

func (a *asking) Handle(ctx context.Context, r slog.Record) error {
	a.ask()
	return a.Handler.Handle(ctx, r)
}

func TestWhoHearsTheLogMayAskTheGateway(t *testing.T) {
	t.Parallel()
	var s *served
	log := &asking{silent().Handler(), func() {}}
	s = sqlite(t, func(c *gateway.Config) { c.Logger = slog.New(log) })
	c := login(t, s)
	log.ask = func() { _ = s.Sessions() }
	if err := s.SetUsers(nil); err != nil {
		t.Fatal(err)
	}
	c.ended()
}
