// This file checks that what the tools send is kept by the statement cache, so that comparing them with the cache on says something.

package neighbours

import (
	"context"
	"database/sql"
	"strconv"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/jmoiron/sqlx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// finders find a delivery by its number with one query outside a transaction.
var finders = map[string]func(ctx context.Context, db *sql.DB, n int) (int, error){
	"GORM": func(ctx context.Context, db *sql.DB, n int) (int, error) {
		g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			return 0, err
		}
		var d delivery
		err = g.WithContext(ctx).Where("n = ?", n).Take(&d).Error
		return d.N, err
	},
	"sqlx": func(ctx context.Context, db *sql.DB, n int) (int, error) {
		var d delivery
		err := sqlx.NewDb(db, "postgres").GetContext(ctx, &d, "select n from delivery where n = $1", n)
		return d.N, err
	},
	"ent": func(ctx context.Context, db *sql.DB, n int) (int, error) {
		query, args := entsql.Dialect(dialect.Postgres).Select("n").From(entsql.Table("delivery")).Where(entsql.EQ("n", n)).Query()
		rows := &entsql.Rows{}
		if err := entsql.OpenDB(dialect.Postgres, db).Query(ctx, query, args, rows); err != nil {
			return 0, err
		}
		defer rows.Close() //nolint:errcheck // ScanInt has said it
		return entsql.ScanInt(rows)
	},
	"bun": func(ctx context.Context, db *sql.DB, n int) (int, error) {
		var d delivery
		err := bun.NewDB(db, pgdialect.New()).NewSelect().Model(&d).Where("n = ?", n).Scan(ctx)
		return d.N, err
	},
	"sqlc": func(ctx context.Context, db *sql.DB, n int) (int, error) {
		q := &seats{db: db, texts: [3]string{listSeats: "select 'hall', n, null from delivery where n = $1::int"}}
		found, err := q.list(ctx, strconv.Itoa(n))
		if err != nil || len(found) != 1 {
			return 0, err
		}
		return int(found[0].Place), nil
	},
}

func TestAToolsQueryIsKeptPreparedWithTheCacheAndOnlyThen(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	fill := way{driver: "postgres", dsn: target.DSN()}.open(t)
	if _, err := fill.Exec("create table delivery as select n from generate_series(1, 5) n"); err != nil {
		t.Fatal(err)
	}
	for tool, find := range finders {
		for option, want := range map[string]int{"fluxor_stmt_cache_size=50": 1, "fluxor_stmt_cache_size=0": 0} {
			t.Run(tool+"/"+option, func(t *testing.T) {
				if tool == "bun" {
					want = 0 // it writes its arguments into the text
				}
				db := way{driver: "postgres-fluxor", dsn: target.DSN("fluxor_max_open_conns=1", option)}.open(t)
				for n := 1; n <= 5; n++ {
					if found, err := find(t.Context(), db, n); err != nil || found != n {
						t.Errorf("got %d, %v, want %d", found, err, n)
					}
				}
				var kept int
				if err := db.QueryRow("select count(*) from pg_prepared_statements where statement ilike '%delivery%'").Scan(&kept); err != nil || kept != want {
					t.Errorf("%d statements are kept, %v, want %d", kept, err, want)
				}
			})
		}
	}
}
