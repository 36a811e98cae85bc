// This file holds the snippets of docs/neighbours/bun.md and runs them.

package neighbours

import (
	"database/sql"
	"log"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func bunOnPostgres(dsn string) *bun.DB {
	pool, err := sql.Open("fluxor", dsn)
	if err != nil {
		log.Fatal(err)
	}
	db := bun.NewDB(pool, pgdialect.New())
	return db
}

func bunOnSQLite(pool *sql.DB) *bun.DB {
	db := bun.NewDB(pool, sqlitedialect.New())
	return db
}

func TestThePageOfBun(t *testing.T) {
	lite := way{driver: "fluxor", dsn: dbtest.SQLite(t)}.open(t)
	for _, db := range []*bun.DB{bunOnPostgres(freshPostgres(t)), bunOnSQLite(lite)} {
		var one int
		if err := db.NewRaw("SELECT ?", 1).Scan(t.Context(), &one); err != nil || one != 1 {
			t.Error(one, err)
		}
		_ = db.Close()
	}
}
