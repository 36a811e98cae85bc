// This file holds the ways to the rows of a key: a driver with fixed rows, Fluxor's cache, PostgreSQL and Redis.

package cachepeers

import (
	"context"
	"database/sql"
	"testing"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
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
	name     string
	computes bool // it waits for nobody
	calls    int  // in a turn
	ask      func(ctx context.Context, key int) (tally, error)
	took     []float64 // nanoseconds of a call, by turns
}

// asker is a database or a prepared statement, with the text taken care of.
type asker struct {
	row  func(ctx context.Context, key int) *sql.Row
	rows func(ctx context.Context, key int) (*sql.Rows, error)
}

// reading asks as an application would: for the one row, or for all rows of a key.
func (a asker) reading(q question) func(context.Context, int) (tally, error) {
	if q.rows > 1 {
		return a.readRows
	}
	return a.readRow
}

func (a asker) readRow(ctx context.Context, key int) (t tally, err error) {
	var id int64
	var name, city string
	if err := a.row(ctx, key).Scan(&id, &name, &city); err != nil {
		return t, err
	}
	t.add(id, name, city)
	return t, nil
}

func (a asker) readRows(ctx context.Context, key int) (t tally, err error) {
	rows, err := a.rows(ctx, key)
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

// text asks a database by a text.
func text(db *sql.DB, q question) func(context.Context, int) (tally, error) {
	return asker{
		func(ctx context.Context, key int) *sql.Row { return db.QueryRowContext(ctx, q.text, key) },
		func(ctx context.Context, key int) (*sql.Rows, error) { return db.QueryContext(ctx, q.text, key) },
	}.reading(q)
}

// prepared asks a database by a statement.
func prepared(b *testing.B, db *sql.DB, q question) func(context.Context, int) (tally, error) {
	st, err := db.PrepareContext(b.Context(), q.text)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return asker{
		func(ctx context.Context, key int) *sql.Row { return st.QueryRowContext(ctx, key) },
		func(ctx context.Context, key int) (*sql.Rows, error) { return st.QueryContext(ctx, key) },
	}.reading(q)
}

// memory answers each key with the rows of the first.
func memory(q question) dbtest.Memory {
	return dbtest.Memory{As: &pq.Driver{}, Answer: dbtest.MemoryRows(q.rows).Always}
}

// cached opens Fluxor over the driver with fixed rows.
func cached(b *testing.B, q question) *sql.DB {
	c, err := fluxor.WrapConnector(memory(q), fluxor.RuntimeConfig{Cache: "all", CacheTTL: -1, CacheCatalog: -1})
	if err != nil {
		b.Fatal(err)
	}
	_ = c.LearnSchema(b.Context()) // it knows none, but what the server is
	return closed(b, sql.OpenDB(c))
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
func ways(b *testing.B, q question) []*way {
	target := populate(b)
	pqDB, pgxDB := open(b, "postgres", target.DSN()), open(b, "pgx", target.DSN())
	overPgx := open(b, "pgx-fluxor", target.DSN("fluxor_cache=all", "fluxor_cache_ttl=0"))
	return []*way{
		{name: "floor", computes: true, calls: 20_000, ask: text(closed(b, sql.OpenDB(memory(q))), q)},
		{name: "fluxor", computes: true, calls: 20_000, ask: text(cached(b, q), q)},
		{name: "fluxor-pgx", computes: true, calls: 20_000, ask: text(overPgx, q)},
		{name: "pgx", calls: 200, ask: text(pgxDB, q)},
		{name: "pq", calls: 200, ask: text(pqDB, q)},
		{name: "pq-prepared", calls: 200, ask: prepared(b, pqDB, q)},
		{name: "redis", calls: 200, ask: get(stocked(b, q))},
	}
}
