// This file tests that a pooler in between is found, and that nothing is left in its sessions.

package doctor

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// twoAtOnce makes the pooler open two server sessions.
func twoAtOnce(t *testing.T, behind *dbtest.Server) {
	t.Helper()
	db, err := sql.Open("fluxor", behind.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it was only read in
	for range 2 {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback() //nolint:errcheck // it was only read in
		if err := tx.QueryRowContext(t.Context(), "SELECT 1").Scan(new(int)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPoolerByTransactionIsFound(t *testing.T) {
	upstream := dbtest.Postgres(t).NewDatabase(t)
	for shape, settings := range map[string][]string{
		"many server sessions": nil,
		"one server session":   {"default_pool_size=1"},
		"in turn":              {"server_round_robin=1", "min_pool_size=4"},
		"two in turn":          {"server_round_robin=1", "min_pool_size=2", "default_pool_size=2"},
	} {
		behind := dbtest.StartPgBouncer(t, upstream, dbtest.PoolTransaction, settings...)
		if shape == "two in turn" {
			twoAtOnce(t, behind)
		}
		for name, option := range postgresDrivers {
			r := examined(t, behind.DSN(option, "fluxor_max_open_conns=5"))
			f := r.finding("FX-1801")
			if f == nil || r.OK || r.finding("FX-1803") != nil || !strings.Contains(f.Cure, "fluxor_stmt_cache_size must be 0") || !strings.Contains(f.Cure, "session state") {
				t.Errorf("%s, %s: %+v", shape, name, r.Findings)
				continue
			}
			for driver, advice := range map[string]string{"lib/pq": "binary_parameters=yes", "pgx": "default_query_exec_mode"} {
				if strings.Contains(f.Detail, advice) != (driver == name) {
					t.Errorf("%s: the detail is %q", name, f.Detail)
				}
			}
		}
	}
}

func TestStatementCacheBehindAPoolerByTransactionIsAnError(t *testing.T) {
	upstream := dbtest.Postgres(t).NewDatabase(t)
	behind := map[dbtest.PoolMode]*dbtest.Server{}
	for _, mode := range []dbtest.PoolMode{dbtest.PoolTransaction, dbtest.PoolSession} {
		behind[mode] = dbtest.StartPgBouncer(t, upstream, mode)
	}
	for _, row := range []struct {
		mode   dbtest.PoolMode
		params []string
		want   string // in the detail; "" is no such finding
	}{
		{dbtest.PoolTransaction, []string{"fluxor_stmt_cache_size=50"}, "fluxor_stmt_cache_size is 50; source: dsn"},
		{dbtest.PoolTransaction, []string{"fluxor_preset=legacy"}, "fluxor_stmt_cache_size is 200; source: preset"},
		{dbtest.PoolTransaction, []string{"fluxor_preset=legacy", "fluxor_stmt_cache_size=0"}, ""},
		{dbtest.PoolTransaction, []string{"fluxor_preset=legacy", "binary_parameters=yes"}, ""}, // nothing is kept
		{dbtest.PoolTransaction, []string{"fluxor_preset=legacy", "fluxor_driver=pgx"}, ""},
		{dbtest.PoolSession, []string{"fluxor_preset=legacy"}, ""},
	} {
		r := examined(t, behind[row.mode].DSN(row.params...))
		f := r.finding("FX-1803")
		if (f != nil) != (row.want != "") || f != nil && (f.Detail != row.want || f.Severity != Error || !r.Above(Error)) {
			t.Errorf("%s, %v: got %+v", row.mode, row.params, r.Findings)
		}
	}
}

func TestPoolerUnderTrafficIsFound(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolTransaction)
	db := behind.Open(t, behind.Target)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	for range 3 {
		go func() {
			var err error
			for ctx.Err() == nil && err == nil {
				_, err = db.ExecContext(ctx, "SELECT 1")
			}
			done <- err
		}()
	}
	r := examined(t, behind.DSN("fluxor_max_open_conns=5"))
	cancel()
	for range 3 {
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
	if r.finding("FX-1801") == nil {
		t.Errorf("got %+v", r.Findings)
	}
}

func TestPoolerBySessionIsSomethingInBetweenAndNoMore(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolSession)
	for name, option := range postgresDrivers {
		r := examined(t, behind.DSN(option, "fluxor_max_open_conns=5"))
		if ids(r) != "FX-1802" || !r.OK {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
}

func TestPoolerWithOneSessionIsFoundWithoutASecondClient(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolSession, "default_pool_size=1")
	r, err := Run(t.Context(), Request{DSN: behind.DSN("fluxor_max_open_conns=5"), Now: day("2025-06-01")})
	if err != nil || ids(r) != "FX-1802 FX-1901" || !r.OK {
		t.Errorf("%v, %+v", err, r.Findings)
	}
}

// sessionState is what a server session remembers.
const sessionState = `SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_listening_channels()),
	(SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
	(SELECT count(*) FROM pg_settings WHERE source = 'session' AND name NOT IN ('client_encoding', 'DateStyle', 'TimeZone', 'application_name', 'extra_float_digits'))`

func TestNothingIsLeftInTheSessionsOfAPooler(t *testing.T) {
	behind := dbtest.StartPgBouncer(t, dbtest.Postgres(t).NewDatabase(t), dbtest.PoolTransaction)
	db := behind.Open(t, behind.Target)
	for name, option := range postgresDrivers {
		examined(t, behind.DSN(option))
		var state [4]int
		if err := db.QueryRow(sessionState).Scan(&state[0], &state[1], &state[2], &state[3]); err != nil {
			t.Fatal(err)
		}
		if state != [4]int{} {
			t.Errorf("%s left prepared statements, channels, locks, settings: %v", name, state)
		}
	}
}
