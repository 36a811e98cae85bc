// This file tests the rules on errors on real servers.

package fluxor_test

import (
	"errors"
	"testing"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestAnErrorMayCostItsConnection(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	for rules, want := range map[string]int64{"ignore=P0001": 1, "evict=22012": 2} {
		db := openName(t, "postgres-fluxor", target.URL("fluxor_error_rules="+rules))
		var pe *pq.Error
		if err := db.QueryRowContext(t.Context(), "select 1 / 0").Scan(new(int)); !errors.As(err, &pe) || pe.Code != "22012" {
			t.Fatalf("got %v", err)
		}
		mustExec(t, db, "select 1")
		if n := poolOf(t, db).PoolStats().Dials; n != want {
			t.Errorf("%s: %d connections, want %d", rules, n, want)
		}
	}
}

func TestAnErrorMayBeWorthARepetition(t *testing.T) {
	db := openName(t, "postgres-fluxor", dbtest.Postgres(t).NewDatabase(t).URL("fluxor_error_rules=retry=22012", "fluxor_max_open_conns=9"))
	if err := db.QueryRowContext(t.Context(), "select 1 / 0").Scan(new(int)); err == nil {
		t.Fatal("no error")
	}
	if n := poolOf(t, db).PoolStats().Dials; n != 4 {
		t.Errorf("it was tried on %d connections, want 4", n)
	}
	mustExec(t, db, "create table w (n int)")
	if _, err := db.ExecContext(t.Context(), "insert into w select 1 / 0"); err == nil {
		t.Fatal("no error")
	}
	if n := poolOf(t, db).PoolStats().Dials; n != 4 {
		t.Errorf("a write was tried again: %d connections", n)
	}
}

func TestAnErrorMaySayNothingOfTheDatabase(t *testing.T) {
	b := networkBackends[1] // pgx tells the code
	target := b.share(t).NewDatabase(t)
	for rules, want := range map[string]bool{"ignore=57P01": false, "ignore=P0001": true} {
		db := b.guarded(t, target, "fluxor_error_rules="+rules)
		open := false
		for range 8 {
			_, err := db.ExecContext(t.Context(), "select pg_terminate_backend(pg_backend_pid())")
			open = open || errors.Is(err, fluxor.ErrCircuitOpen)
		}
		if open != want {
			t.Errorf("%s: the breaker opened: %t", rules, open)
		}
	}
}
