// This file holds the snippets of docs/neighbours/sqlx.md and runs them.

package neighbours

import (
	"testing"

	"github.com/jmoiron/sqlx"
)

// bindAliases is called once, before the first sqlx.Open.
func bindAliases() {
	sqlx.BindDriver("postgres-fluxor", sqlx.DOLLAR)
	sqlx.BindDriver("pgx-fluxor", sqlx.DOLLAR)
	sqlx.BindDriver("mysql-fluxor", sqlx.QUESTION)
	sqlx.BindDriver("sqlite-fluxor", sqlx.QUESTION)
}

func TestThePageOfSqlx(t *testing.T) {
	bindAliases()
	dsn := freshPostgres(t)

	db, err := sqlx.Open("postgres-fluxor", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	var sum int
	err = db.Get(&sum, db.Rebind("select ? + 2"), 40)
	if err != nil || sum != 42 {
		t.Error(sum, err)
	}
}

func TestSqlxKnowsNoPlaceholderForTheNameFluxor(t *testing.T) {
	db := sqlx.NewDb(way{driver: "fluxor", dsn: freshPostgres(t)}.open(t), "fluxor")
	if text := db.Rebind("select ?"); text != "select ?" {
		t.Errorf("Rebind made %s", text)
	}
	if _, err := db.NamedQuery("select :n", map[string]any{"n": 1}); err == nil {
		t.Error("a named query went through")
	}
}
