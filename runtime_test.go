// This file tests the runtime: its beginning and end, its methods before and between, from one and many goroutines.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// runtimeOn is a connected runtime.
func runtimeOn(t testing.TB, kind fluxor.DatabaseType, dsn string) *fluxor.DBRuntime {
	t.Helper()
	rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDatabaseType(kind).WithDSN(dsn).Build())
	if err := rt.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Disconnect(); err != nil {
			t.Error(err)
		}
	})
	return rt
}

// runtimes are a runtime on each kind of database, with its placeholder.
func runtimes() map[string]struct {
	open func(testing.TB) *fluxor.DBRuntime
	arg  string
} {
	return map[string]struct {
		open func(testing.TB) *fluxor.DBRuntime
		arg  string
	}{
		"sqlite": {func(t testing.TB) *fluxor.DBRuntime { return runtimeOn(t, fluxor.DatabaseTypeSQLite, dbtest.SQLite(t)) }, "?"},
		"postgres": {func(t testing.TB) *fluxor.DBRuntime {
			return runtimeOn(t, fluxor.DatabaseTypePostgreSQL, dbtest.Postgres(t).NewDatabase(t).URL())
		}, "$1"},
		"mysql": {func(t testing.TB) *fluxor.DBRuntime {
			return runtimeOn(t, fluxor.DatabaseTypeMySQL, dbtest.MariaDB(t).NewDatabase(t).DSN())
		}, "?"},
	}
}

func TestARuntimeDoesWhatItsDatabaseDoes(t *testing.T) {
	for name, b := range runtimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, rt := t.Context(), b.open(t)
			if _, err := rt.Exec(ctx, "create table t (n int)"); err != nil {
				t.Fatal(err)
			}
			res, err := rt.Exec(ctx, "insert into t values ("+b.arg+")", 7)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := res.RowsAffected(); n != 1 || err != nil {
				t.Errorf("Exec: %d, %v", n, err)
			}
			tx, err := rt.Begin(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.ExecContext(ctx, "insert into t values (8)")
			if err := errors.Join(err, tx.Rollback()); err != nil {
				t.Error(err)
			}
			st, err := rt.Prepare(ctx, "select n from t where n = "+b.arg)
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close() //nolint:errcheck // the test is over
			var n, all int
			if err := st.QueryRowContext(ctx, 7).Scan(&n); err != nil || n != 7 {
				t.Errorf("Prepare: %d, %v", n, err)
			}
			if err := rt.QueryRow(ctx, "select count(*) from t").Scan(&all); err != nil || all != 1 {
				t.Errorf("QueryRow: %d, %v", all, err)
			}
			rows, err := rt.Query(ctx, "select n from t")
			if err != nil {
				t.Fatal(err)
			}
			for n = 0; rows.Next(); {
				err = errors.Join(err, rows.Scan(&n))
			}
			if err := errors.Join(err, rows.Err(), rows.Close()); err != nil || n != 7 {
				t.Errorf("Query: %d, %v", n, err)
			}
			if s := rt.Stats(); s.OpenConnections == 0 {
				t.Errorf("Stats: %+v", s)
			}
			if m := rt.Metrics(); poolOf(t, rt.DB()).PoolStats().Dials == 0 || m.SuccessRate != 100 || rt.CircuitBreakerState() != "closed" {
				t.Errorf("Metrics: %+v, breaker %s", m, rt.CircuitBreakerState())
			}
			if h := fluxor.CheckHealth(ctx, rt); !h.Healthy || h.Reason != health.ReasonOK {
				t.Errorf("CheckHealth: %+v", h)
			}
		})
	}
}

func TestARuntimeThatIsNotConnectedSaysSo(t *testing.T) {
	ctx, rt := t.Context(), fluxor.NewDBRuntime(&fluxor.RuntimeConfig{DSN: dbtest.SQLite(t)})
	check := func(when string) {
		t.Helper()
		_, exec := rt.Exec(ctx, "select 1")
		rows, query := rt.Query(ctx, "select 1")
		if query == nil {
			query = rows.Err()
		}
		_, prepare := rt.Prepare(ctx, "select 1")
		_, begin := rt.Begin(ctx, nil)
		for what, err := range map[string]error{
			"Exec": exec, "Query": query, "Prepare": prepare, "Begin": begin,
			"QueryRow":    rt.QueryRow(ctx, "select 1").Scan(new(int)),
			"Probe":       rt.Probe(ctx),
			"Transaction": fluxor.NewQueryExecutor(rt).Transaction(ctx, func(*fluxor.AdvancedTx) error { return nil }),
		} {
			if !errors.Is(err, fluxor.ErrNotConnected) {
				t.Errorf("%s, %s: got %v", when, what, err)
			}
		}
		if rt.DB() != nil || rt.Connector() != nil || rt.CircuitBreakerState() != "closed" || rt.Stats().OpenConnections != 0 {
			t.Errorf("%s: the runtime shows a database", when)
		}
		if h := rt.HealthCheck(ctx); h.Healthy || !strings.Contains(h.Message, "call Connect first") {
			t.Errorf("%s: %+v", when, h)
		}
		if text := fluxor.GetDiagnostics(rt).String(); !strings.Contains(text, "database  not connected\n") {
			t.Errorf("%s: %s", when, text)
		}
	}
	check("before Connect")
	for range 2 {
		if err := errors.Join(rt.Connect(), rt.Connect()); err != nil {
			t.Fatal(err)
		}
		if err := rt.QueryRow(ctx, "select 1").Scan(new(int)); err != nil {
			t.Error(err)
		}
		if err := errors.Join(rt.Disconnect(), rt.Disconnect()); err != nil {
			t.Error(err)
		}
		check("after Disconnect")
	}
}

func TestConnectSaysWhatIsWrong(t *testing.T) {
	postgres := dbtest.Postgres(t)
	t.Setenv("DB_CB_MAX_FAILURES", "some")
	broken := fluxor.NewConfigBuilder().WithDSN(":memory:").Build()
	wrong := postgres.As("nobody", "wrong").URL()
	for want, cfg := range map[string]*fluxor.RuntimeConfig{
		"the configuration is nil": nil,
		"fluxor: environment variable DB_CB_MAX_FAILURES=some: want a whole number": broken,
		"the DSN is empty":                 {},
		"option fluxor_max_idle_conns=6":   {DSN: ":memory:", MaxOpenConns: 5, MaxIdleConns: 6},
		"nobody":                           {DSN: wrong},
		"unable to open database file":     {DSN: "file:/nowhere/at/all.db"},
		"option fluxor_backpressure_mode=": {DSN: ":memory:", BackpressureMode: "wait"},
	} {
		rt := fluxor.NewDBRuntime(cfg)
		if err := rt.Connect(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "wrong@") {
			t.Errorf("got %v, want %s", err, want)
		}
		if rt.DB() != nil {
			t.Errorf("%s: something stayed open", want)
		}
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	server := dbtest.StartPostgres(t, dbtest.Options{})
	rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDSN(server.URL()).Build())
	server.Freeze(t)
	defer server.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := rt.ConnectContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestARuntimeMayBeConnectedAndUsedFromManyGoroutines(t *testing.T) {
	rt := fluxor.NewDBRuntime(fluxor.NewConfigBuilder().WithDSN(dbtest.SQLite(t)).Build())
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			switch i % 4 {
			case 0:
				if err := rt.Connect(); err != nil {
					t.Error(err)
				}
			case 1:
				if err := rt.Disconnect(); err != nil {
					t.Error(err)
				}
			default:
				err := rt.QueryRow(t.Context(), "select 1").Scan(new(int))
				closed := err != nil && strings.Contains(err.Error(), "closed")
				if err != nil && !errors.Is(err, fluxor.ErrNotConnected) && !closed {
					t.Error(err)
				}
				_ = fluxor.GetDiagnostics(rt).String()
				_, _ = rt.Metrics(), rt.Stats()
			}
		})
	}
	all.Wait()
	if err := rt.Disconnect(); err != nil {
		t.Error(err)
	}
}

func TestAnAdvancedTransactionHasTheMethodsOfARuntime(t *testing.T) {
	for name, b := range runtimes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, rt := t.Context(), b.open(t)
			if _, err := rt.Exec(ctx, "create table t (n int)"); err != nil {
				t.Fatal(err)
			}
			var sum, count, most int
			err := fluxor.NewQueryExecutor(rt).Transaction(ctx, func(tx *fluxor.AdvancedTx) error {
				_, first := tx.Exec(ctx, "insert into t values ("+b.arg+")", 7)
				st, second := tx.Prepare(ctx, "insert into t values ("+b.arg+")")
				if err := errors.Join(first, second); err != nil {
					return err
				}
				_, first = st.ExecContext(ctx, 8)
				if err := errors.Join(first, st.Close()); err != nil {
					return err
				}
				rows, err := tx.Query(ctx, "select n from t")
				if err != nil {
					return err
				}
				for rows.Next() {
					var n int
					err = errors.Join(err, rows.Scan(&n))
					sum += n
				}
				if err := errors.Join(err, rows.Close(), tx.QueryRow(ctx, "select count(*) from t").Scan(&count)); err != nil {
					return err
				}
				return tx.Tx().QueryRowContext(ctx, "select max(n) from t").Scan(&most)
			})
			if err != nil || sum != 15 || count != 2 || most != 8 {
				t.Errorf("got %d, %d, %d, %v", sum, count, most, err)
			}
			var left int
			_ = fluxor.NewQueryExecutor(rt).Transaction(ctx, func(tx *fluxor.AdvancedTx) error {
				_, err := tx.Exec(ctx, "delete from t")
				return errors.Join(err, sql.ErrNoRows)
			})
			if err := rt.QueryRow(ctx, "select count(*) from t").Scan(&left); err != nil || left != 2 {
				t.Errorf("after a transaction that failed: %d, %v", left, err)
			}
		})
	}
}
