// This file holds the cache to its price: a hit allocates what a driver with fixed rows does, what is not kept what it does without a cache.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// keepingAll is a cache of each plain read, over a driver that knows no schema.
var keepingAll = fluxor.RuntimeConfig{Cache: "all", CacheTTL: -1, CacheCatalog: -1}

// posing is the driver with fixed rows, taken for one of PostgreSQL.
func posing(answer *dbtest.MemoryAnswer) dbtest.Memory {
	return dbtest.Memory{As: &pq.Driver{}, Answer: answer.Always}
}

// binaryRow is an answer of one row with texts in []byte.
var binaryRow = &dbtest.MemoryAnswer{
	Columns: []string{"id", "name", "city"},
	Rows:    [][]driver.Value{{int64(1), []byte("name 1"), []byte("city 1")}},
}

// wrapped opens Fluxor over m.
func wrapped(t testing.TB, m driver.Connector, cfg fluxor.RuntimeConfig) (*sql.DB, *fluxor.Connector) {
	t.Helper()
	c, err := fluxor.WrapConnector(m, cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	_ = c.LearnSchema(t.Context()) // it knows none, but what the server is
	return db, c
}

// bare opens m alone.
func bare(t testing.TB, m driver.Connector) *sql.DB {
	db := sql.OpenDB(m)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// plainRead is what is asked in this file; the argument is one that does not fit
// into a byte, as most keys do not.
const plainRead = "select id, name, city from person where id = $1"

// readWith scans all rows of a query, names and cities into variables of type T.
func readWith[T any](query func(context.Context, ...any) (*sql.Rows, error), args ...any) (n int, err error) {
	rows, err := query(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var id int64
	var name, city T
	for rows.Next() {
		if err := rows.Scan(&id, &name, &city); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// byText is the query of a text.
func byText(db *sql.DB, text string) func(context.Context, ...any) (*sql.Rows, error) {
	return func(ctx context.Context, args ...any) (*sql.Rows, error) { return db.QueryContext(ctx, text, args...) }
}

// byStmt is the query of a prepared statement.
func byStmt(t testing.TB, db *sql.DB, text string) func(context.Context, ...any) (*sql.Rows, error) {
	st, err := db.Prepare(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st.QueryContext
}

// allocs is how often f allocates; its first call, which fills caches, does not
// count.
func allocs(t testing.TB, f func() error) float64 {
	t.Helper()
	return testing.AllocsPerRun(500, func() {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAHitAllocatesWhatADriverWithFixedRowsDoes(t *testing.T) {
	for _, rows := range []int{0, 1, 100} {
		answer := dbtest.MemoryRows(rows)
		floor := bare(t, posing(answer))
		db, c := wrapped(t, posing(answer), keepingAll)
		for name, by := range map[string]func(*sql.DB) func(context.Context, ...any) (*sql.Rows, error){
			"text":     func(db *sql.DB) func(context.Context, ...any) (*sql.Rows, error) { return byText(db, plainRead) },
			"prepared": func(db *sql.DB) func(context.Context, ...any) (*sql.Rows, error) { return byStmt(t, db, plainRead) },
		} {
			atFloor, hitting := by(floor), by(db)
			want := allocs(t, func() error { _, err := readWith[string](atFloor, 1000); return err })
			before := c.CacheStats().Hits
			got := allocs(t, func() error { _, err := readWith[string](hitting, 1000); return err })
			if hits := c.CacheStats().Hits - before; hits < 500 {
				t.Errorf("%d rows, %s: %d hits, want 500 at least", rows, name, hits)
			}
			if got > want {
				t.Errorf("%d rows, %s: a hit allocates %v times, a driver with fixed rows %v", rows, name, got, want)
			}
		}
	}
}

func TestAHitOfBytesAllocatesOncePerRowAndOncePerValueMore(t *testing.T) {
	floor := bare(t, posing(binaryRow))
	db, _ := wrapped(t, posing(binaryRow), keepingAll)
	want := allocs(t, func() error { _, err := readWith[string](byText(floor, plainRead), 1000); return err })
	got := allocs(t, func() error { _, err := readWith[string](byText(db, plainRead), 1000); return err })
	if got > want+3 {
		t.Errorf("a hit of two []byte allocates %v times, a driver with fixed rows %v: want at most 3 more", got, want)
	}
}

// passers are operations whose answers are not kept, and the allocations that the
// cache may add to them.
var passers = []struct {
	name  string
	extra float64
	run   func(ctx context.Context, db *sql.DB) error
}{
	{"a read that locks", 0, reading(plainRead + " for update")},
	{"a read of the time", 0, reading(plainRead + " and seen < now()")},
	// It may change the schema, so that all that is known of texts ends.
	{"a read of an unknown function", 6, reading("select id, name, city from persons_of($1)")},
	{"a write", 0, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, "update person set name = 'x' where id = $1", 1000)
		return err
	}},
	// Its goroutine of database/sql's is now and then a new one.
	{"a transaction", 1, func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := readWith[string](func(ctx context.Context, args ...any) (*sql.Rows, error) {
			return tx.QueryContext(ctx, plainRead, args...)
		}, 1000); err != nil {
			return err
		}
		return tx.Commit()
	}},
}

// reading is the read of a text.
func reading(text string) func(context.Context, *sql.DB) error {
	return func(_ context.Context, db *sql.DB) error {
		_, err := readWith[string](byText(db, text), 1000)
		return err
	}
}

func TestTheCacheAddsNoAllocationToWhatItDoesNotKeep(t *testing.T) {
	answer := dbtest.MemoryRows(1)
	without, _ := wrapped(t, posing(answer), fluxor.RuntimeConfig{})
	with, c := wrapped(t, posing(answer), keepingAll)
	for _, p := range passers {
		t.Run(p.name, func(t *testing.T) {
			want := allocs(t, func() error { return p.run(t.Context(), without) })
			if got := allocs(t, func() error { return p.run(t.Context(), with) }); got > want+p.extra {
				t.Errorf("it allocates %v times with the cache, without %v: want at most %v more", got, want, p.extra)
			}
		})
	}
	if s := c.CacheStats(); s.Hits+s.Kept != 0 {
		t.Errorf("there were %d hits and %d answers kept, want none: %+v", s.Hits, s.Kept, s)
	}
}
