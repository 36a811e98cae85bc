// This file puts other people's wrappers above Fluxor and proves that none of them starves the pool.

package compat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"contrib.go.opencensus.io/integrations/ocsql"
	"github.com/XSAM/otelsql"
	"github.com/luna-duclos/instrumentedsql"
	"github.com/ngrok/sqlmw"
	"github.com/qustavo/sqlhooks/v2"
	sqldblogger "github.com/simukti/sqldb-logger"
	ddsql "gopkg.in/DataDog/dd-trace-go.v1/contrib/database/sql"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
)

// limit is how many physical connections the tests allow: fewer than the
// goroutines that want one.
const limit = 2

// foreign are the wrappers, each opened above Fluxor as its README shows.
var foreign = []struct {
	name string
	// hides is true for a wrapper that does not pass driver.Validator on.
	hides bool
	open  func(t *testing.T, dsn string) *sql.DB
}{
	{"sqlmw", false, func(t *testing.T, dsn string) *sql.DB {
		return register(t, sqlmw.Driver(registered(t), sqlmw.NullInterceptor{}), dsn)
	}},
	{"otelsql", false, func(t *testing.T, dsn string) *sql.DB {
		return must(otelsql.Open("fluxor", dsn))
	}},
	{"sqlhooks", true, func(t *testing.T, dsn string) *sql.DB {
		return register(t, sqlhooks.Wrap(registered(t), noHooks{}), dsn)
	}},
	{"instrumentedsql", true, func(t *testing.T, dsn string) *sql.DB {
		return register(t, instrumentedsql.WrapDriver(registered(t)), dsn)
	}},
	{"sqldb-logger", true, func(t *testing.T, dsn string) *sql.DB {
		return sqldblogger.OpenDriver(dsn, registered(t), noLogger{})
	}},
	{"dd-trace", true, func(t *testing.T, dsn string) *sql.DB {
		return ddsql.OpenDB(connector(t, dsn))
	}},
	{"ocsql", true, func(t *testing.T, dsn string) *sql.DB {
		return sql.OpenDB(ocsql.WrapConnector(connector(t, dsn), ocsql.WithAllTraceOptions()))
	}},
}

type noHooks struct{}

func (noHooks) Before(ctx context.Context, _ string, _ ...any) (context.Context, error) {
	return ctx, nil
}

func (noHooks) After(ctx context.Context, _ string, _ ...any) (context.Context, error) {
	return ctx, nil
}

type noLogger struct{}

func (noLogger) Log(context.Context, sqldblogger.Level, string, map[string]any) {}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// registered returns the driver that sql.Open("fluxor", ...) uses.
func registered(t *testing.T) driver.Driver {
	t.Helper()
	for _, name := range sql.Drivers() {
		if name == "sqlite-fluxor" {
			db := must(sql.Open(name, ":memory:"))
			defer db.Close()
			return db.Driver()
		}
	}
	t.Fatal("drivers/sqlite did not register its alias")
	return nil
}

func register(t *testing.T, d driver.Driver, dsn string) *sql.DB {
	t.Helper()
	name := t.Name()
	sql.Register(name, d)
	return must(sql.Open(name, dsn))
}

func connector(t *testing.T, dsn string) *fluxor.Connector {
	t.Helper()
	return must(fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Logger: slog.New(slog.DiscardHandler)}))
}

func TestNoForeignWrapperStarvesThePool(t *testing.T) {
	for _, w := range foreign {
		t.Run(w.name, func(t *testing.T) {
			dsn := fmt.Sprintf("file:%s?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&fluxor_max_open_conns=%d&fluxor_acquire_timeout=20s",
				filepath.Join(t.TempDir(), "x.db"), limit)
			db := w.open(t, dsn)
			defer db.Close()
			if _, err := db.Exec("create table t (n int)"); err != nil {
				t.Fatal(err)
			}
			db.SetMaxIdleConns(limit) // idle virtual connections are the ones that could keep a lease
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for err := range load(ctx, db, 10, 20) {
				t.Error(err)
			}
		})
	}
}

// load runs mixed operations from many goroutines and returns their errors.
func load(ctx context.Context, db *sql.DB, goroutines, rounds int) <-chan error {
	errs := make(chan error, goroutines)
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				if err := mixed(ctx, db); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return errs
}

// mixed is one of each kind of operation whose lease must end.
func mixed(ctx context.Context, db *sql.DB) error {
	var n int
	if err := db.QueryRowContext(ctx, "select count(*) from t where n > ?", 1).Scan(&n); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	st, err := db.PrepareContext(ctx, "select ?")
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer st.Close()
	if err := st.QueryRowContext(ctx, 5).Scan(&n); err != nil {
		return fmt.Errorf("prepared: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := tx.QueryRowContext(ctx, "select 7").Scan(&n); err != nil {
		_ = tx.Rollback()
		return fmt.Errorf("in tx: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return db.PingContext(ctx)
}

func TestAConnKeepsItsSessionUnderAForeignWrapper(t *testing.T) {
	for _, w := range foreign {
		t.Run(w.name, func(t *testing.T) {
			db := w.open(t, filepath.Join(t.TempDir(), "x.db"))
			defer db.Close()
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.ExecContext(t.Context(), "create temp table mine (n int)"); err != nil {
				t.Fatal(err)
			}
			var n int
			for range 5 {
				if err := db.QueryRowContext(t.Context(), "select 1").Scan(&n); err != nil {
					t.Fatal(err)
				}
				if err := c.QueryRowContext(t.Context(), "select count(*) from mine").Scan(&n); err != nil {
					t.Fatalf("the temporary table is gone: %v", err)
				}
			}
		})
	}
}
