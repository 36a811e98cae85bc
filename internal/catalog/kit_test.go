// This file holds what the tests of this package share: databases, and whether a write hits a read.

package catalog

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is a database of a test's own.
type world struct {
	testing.TB
	dialect sqltext.Dialect
	conn    *sql.Conn
	target  dbtest.Target // of a server
}

// administrator is the same database for the server's administrator.
func (w *world) administrator(driver string) *world {
	w.Helper()
	return connect(w.TB, w.dialect, driver, w.target.As("admin", "fluxor").OverSocket().DSN())
}

// connect returns a world over one connection.
func connect(t testing.TB, d sqltext.Dialect, driver, dsn string) *world {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &world{TB: t, dialect: d, conn: conn}
}

// query is the Query of the world's connection.
func (w *world) query(ctx context.Context, text string) ([][]string, error) {
	rows, err := w.conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says what went wrong
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for rows.Next() {
		cells, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, cell := range cells {
			row[i] = cell.String
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// does runs statements.
func (w *world) does(statements ...string) {
	w.Helper()
	for _, s := range statements {
		if _, err := w.conn.ExecContext(w.Context(), s); err != nil {
			w.Fatalf("%s: %v", s, err)
		}
	}
}

// load returns the database's catalog.
func (w *world) load() *Catalog {
	w.Helper()
	c, err := Load(w.Context(), w.dialect, w.query)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// print returns the database's fingerprint.
func (w *world) print() string {
	w.Helper()
	f, err := Fingerprint(w.Context(), w.dialect, w.query)
	if err != nil {
		w.Fatal(err)
	}
	return f
}

// hits checks that a write of one name touches what a read of another depends
// on, and misses that it does not. The names are lists with blanks.
func (w *world) hits(c *Catalog, write, read string) {
	w.Helper()
	if tags, hit := meet(c, write, read); !hit {
		w.Errorf("a write of %s does not hit a read of %s: %s", write, read, tags)
	}
}

func (w *world) misses(c *Catalog, write, read string) {
	w.Helper()
	if tags, hit := meet(c, write, read); hit {
		w.Errorf("a write of %s hits a read of %s: %s", write, read, tags)
	}
}

func meet(c *Catalog, write, read string) (shown string, hit bool) {
	writes, all, why := c.Writes(strings.Fields(write))
	reads, _ := c.Reads(strings.Fields(read))
	hit = all || slices.ContainsFunc(reads, func(tag string) bool { return slices.Contains(writes, tag) })
	return strings.Join(writes, ",") + " " + why + " and " + strings.Join(reads, ","), hit
}

// kept checks why a read of names must not be kept; "" where it may.
func (w *world) kept(c *Catalog, read, want string) {
	w.Helper()
	if _, why := c.Reads(strings.Fields(read)); why != want {
		w.Errorf("a read of %s is not kept because of %q, want %q", read, why, want)
	}
}

// boundless checks why a write of names may change anything; "" where it is
// bounded.
func (w *world) boundless(c *Catalog, write, want string) {
	w.Helper()
	if _, all, why := c.Writes(strings.Fields(write)); why != want || all != (want != "") {
		w.Errorf("a write of %s changes anything: %v because of %q, want %q", write, all, why, want)
	}
}

// calm checks that a mere read of names changes nothing.
func (w *world) calm(c *Catalog, read string) {
	w.Helper()
	if tags, all, why := c.Effects(strings.Fields(read)); len(tags) > 0 || all {
		w.Errorf("a read of %s changes %v %v %s", read, tags, all, why)
	}
}
