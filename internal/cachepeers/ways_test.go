// This file holds the ways to the rows of a key: a driver with fixed rows, Fluxor's cache, PostgreSQL and Redis.

package cachepeers

import (
	"context"
	"database/sql"
	"testing"

	"github.com/lib/pq"

	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// people is how many rows the table has.
const people = 1000

// question asks for the rows of one key.
type question struct {
	name string
	text string
	rows int // that a key has
	keys int // that there are, counted from 1
}

var questions = []question{
	{"1row", "select id, name, city from person where id = $1", 1, people},
	{"100rows", "select id, name, city from person where hundred = $1 order by id", 100, people / 100},
}

// tally is what was read, by which answers are compared.
type tally struct {
	rows, letters int
	ids           int64
}

func (t *tally) add(id int64, name, city string) {
	t.rows++
	t.letters += len(name) + len(city)
	t.ids += id
}

// way is one way to the rows of a key.
type way struct {
	name  string
	calls int // in a turn
	ask   func(ctx context.Context, key int) (tally, error)
}

// reading asks a database, by a text or by a prepared statement.
func reading(query func(ctx context.Context, args ...any) (*sql.Rows, error)) func(context.Context, int) (tally, error) {
	return func(ctx context.Context, key int) (t tally, err error) {
		rows, err := query(ctx, key)
		if err != nil {
			return t, err
		}
		defer rows.Close()
		var id int64
		var name, city string
		for rows.Next() {
			if err := rows.Scan(&id, &name, &city); err != nil {
				return t, err
			}
			t.add(id, name, city)
		}
		return t, rows.Err()
	}
}

// text asks a database by a text.
func text(db *sql.DB, q question) func(context.Context, int) (tally, error) {
	return reading(func(ctx context.Context, args ...any) (*sql.Rows, error) {
		return db.QueryContext(ctx, q.text, args...)
	})
}

// prepared asks a database by a statement.
func prepared(b *testing.B, db *sql.DB, q question) func(context.Context, int) (tally, error) {
	st, err := db.PrepareContext(b.Context(), q.text)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return reading(st.QueryContext)
}

// memory answers each key with the rows of the first.
func memory(q question) dbtest.Memory {
	return dbtest.Memory{As: &pq.Driver{}, Answer: dbtest.MemoryRows(q.rows).Always}
}

// open opens a database of PostgreSQL by the name of a driver.
func open(b *testing.B, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	return closed(b, db)
}

// closed closes db with the benchmark.
func closed(b *testing.B, db *sql.DB) *sql.DB {
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// populate makes the table whose rows are those of the driver with fixed rows.
func populate(b *testing.B) (target dbtest.Target) {
	target = dbtest.Postgres(b).NewDatabase(b)
	db := open(b, "postgres", target.DSN())
	exec := func(text string, args ...any) {
		if _, err := db.ExecContext(b.Context(), text, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec("create table person (id bigint primary key, name text not null, city text not null, hundred int not null)")
	for i, row := range dbtest.MemoryRows(people).Rows {
		exec("insert into person values ($1, $2, $3, $4)", row[0], row[1], row[2], i/100+1)
	}
	exec("create index on person (hundred)")
	exec("analyze person")
	return target
}

// ways opens all ways to the rows of a question's keys.
func ways(b *testing.B, q question) []way {
	target := populate(b)
	pqDB, pgxDB := open(b, "postgres", target.DSN()), open(b, "pgx", target.DSN())
	return []way{
		{"floor", 20_000, text(closed(b, sql.OpenDB(memory(q))), q)},
		{"pgx", 500, text(pgxDB, q)},
		{"pq", 200, text(pqDB, q)},
		{"pq-prepared", 500, prepared(b, pqDB, q)},
		{"redis", 500, get(stocked(b, q))},
	}
}
