// This file holds the snippets of docs/neighbours/ent.md, runs them, and shows what the page warns of.

package neighbours

import (
	"context"
	stdsql "database/sql"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

func TestThePageOfEnt(t *testing.T) {
	dsn := freshPostgres(t)

	drv, err := entsql.Open("postgres-fluxor", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer drv.Close()
	if drv.Dialect() != dialect.Postgres {
		t.Errorf("got %s", drv.Dialect())
	}
	if drv := entPgx(t, dsn); drv.Dialect() != dialect.Postgres {
		t.Errorf("got %s", drv.Dialect())
	}
}

// entPgx gives ent the dialect beside a database that was opened by any name.
func entPgx(t *testing.T, dsn string) *entsql.Driver {
	db, err := stdsql.Open("pgx-fluxor", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })

	drv := entsql.OpenDB(dialect.Postgres, db)
	return drv
}

// TestEntResetsVariablesOnlyBesideItsDialect: ent compares the name it was
// given with "postgres" before it resets what WithVar set.
func TestEntResetsVariablesOnlyBesideItsDialect(t *testing.T) {
	dsn := freshPostgres(t)
	for _, w := range []struct{ name, want string }{{dialect.Postgres, ""}, {"postgres-fluxor", "mine"}} {
		db, err := stdsql.Open("postgres-fluxor", dsn)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		drv := entsql.OpenDB(w.name, db)
		ctx := entsql.WithVar(context.Background(), "application_name", "mine")
		if err := drv.Exec(ctx, "select 1", []any{}, nil); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := db.QueryRow("show application_name").Scan(&got); err != nil || got != w.want {
			t.Errorf("%s: got %q %v, want %q", w.name, got, err, w.want)
		}
		_ = drv.Close()
	}
}
