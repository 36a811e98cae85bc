// This file compares what travels to the server, message by message, with what the bare driver sends.

package fluxor_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

// wireUse is a way to use a database; arg is a query with one argument.
type wireUse struct {
	name string
	use  func(t *testing.T, db *sql.DB, arg string)
	// lateClose is true where the bare driver closes a statement on an idle
	// connection. Stmt.Close never takes a lease, so through Fluxor the
	// connection's next user closes it.
	lateClose bool
}

var wireUses = []wireUse{
	{name: "text", use: func(t *testing.T, db *sql.DB, _ string) {
		mustExec(t, db, "select 1")
		mustScan(t, db.QueryRow("select 2"))
	}},
	{name: "arguments", use: func(t *testing.T, db *sql.DB, arg string) {
		mustExec(t, db, arg, 1)
		mustScan(t, db.QueryRow(arg, 2))
	}},
	{name: "an error", use: func(t *testing.T, db *sql.DB, arg string) {
		_, _ = db.Exec("nonsense")
		_, _ = db.Exec("nonsense "+arg, 1)
		_, _ = db.Prepare("nonsense")
		_, _ = db.Exec(arg)
		mustScan(t, db.QueryRow(arg, 2))
	}},
	{name: "ping", use: func(t *testing.T, db *sql.DB, _ string) {
		for range 2 {
			if err := db.Ping(); err != nil {
				t.Error(err)
			}
		}
	}},
	{name: "a transaction", use: func(t *testing.T, db *sql.DB, arg string) {
		for _, opts := range []*sql.TxOptions{nil, {Isolation: sql.LevelSerializable}, {ReadOnly: true}} {
			tx, err := db.BeginTx(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, tx, arg, 1)
			mustExec(t, tx, "select 1")
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		}
		_ = begin(t, db).Rollback()
	}},
	{name: "a prepared statement", lateClose: true, use: func(t *testing.T, db *sql.DB, arg string) {
		st, err := db.Prepare(arg)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			mustScan(t, st.QueryRow(i))
		}
		if _, err := st.Exec(9); err != nil {
			t.Error(err)
		}
		_ = st.Close()
		mustExec(t, db, "select 'next'")
	}},
	{name: "a prepared statement of a transaction", use: func(t *testing.T, db *sql.DB, arg string) {
		tx := begin(t, db)
		st, err := tx.Prepare(arg)
		if err != nil {
			t.Fatal(err)
		}
		mustScan(t, st.QueryRow(1))
		_ = st.Close()
		mustExec(t, tx, "select 'next'")
		_ = tx.Commit()
	}},
	{name: "statements of the database in a transaction", lateClose: true, use: func(t *testing.T, db *sql.DB, arg string) {
		st, err := db.Prepare(arg)
		if err != nil {
			t.Fatal(err)
		}
		tx := begin(t, db)
		mustScan(t, tx.Stmt(st).QueryRow(1))
		mustScan(t, tx.Stmt(st).QueryRow(2))
		_ = tx.Commit()
		mustScan(t, st.QueryRow(3))
		_ = st.Close()
		mustExec(t, db, "select 'next'")
	}},
	{name: "a session", use: func(t *testing.T, db *sql.DB, arg string) {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, c, "select 1")
		st, err := c.PrepareContext(t.Context(), arg)
		if err != nil {
			t.Fatal(err)
		}
		mustScan(t, st.QueryRow(1))
		_ = st.Close()
		_ = c.PingContext(t.Context())
		_ = c.Close()
		mustExec(t, db, "select 'next'")
	}},
	{name: "rows left early", use: func(t *testing.T, db *sql.DB, arg string) {
		rows := openRows(t, db, "select 1 union all select 2 union all select 3")
		_ = rows.Close()
		mustScan(t, db.QueryRow(arg, 1))
	}},
	{name: "two connections", use: func(t *testing.T, db *sql.DB, arg string) {
		outer := openRows(t, db, "select 1 union all select 2")
		mustScan(t, db.QueryRow(arg, 1))
		_ = outer.Close()
		mustExec(t, db, "select 'either'")
	}},
	{name: "wrong arguments", use: func(t *testing.T, db *sql.DB, arg string) {
		_, _ = db.Exec(arg, make(chan int))
		_, _ = db.Exec(arg, 1, 2)
		_, _ = db.Exec("select 1", sql.Named("n", 1))
		mustExec(t, db, "select 'next'")
	}},
	{name: "a context that is over", use: func(t *testing.T, db *sql.DB, arg string) {
		mustExec(t, db, "select 1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = db.ExecContext(ctx, "select 'never'")
		_, _ = db.ExecContext(ctx, arg, 1)
		_, _ = db.BeginTx(ctx, nil)
		mustExec(t, db, "select 'next'")
	}},
}

func mustScan(t *testing.T, row *sql.Row) {
	t.Helper()
	if err := row.Scan(new(any)); err != nil {
		t.Error(err)
	}
}

func TestTheServerSeesWhatTheBareDriverSends(t *testing.T) {
	for _, b := range networkBackends {
		dialect := conform.Postgres
		if b.bare == "mysql" {
			dialect = conform.MySQL
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			for _, u := range wireUses {
				t.Run(u.name, func(t *testing.T) {
					seen := func(open func(testing.TB, dbtest.Target, ...string) *sql.DB) [][]string {
						w := conform.NewWire(t, dialect, target.Addr())
						db := open(t, target.At(w.Addr))
						u.use(t, db, b.arg)
						if err := db.Close(); err != nil {
							t.Error(err)
						}
						return w.Messages()
					}
					want, got := seen(b.raw), seen(b.fluxor)
					if u.lateClose {
						conform.MustBeListed("late close")
						want, got = closesLast(want), closesLast(got)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("-bare +fluxor:\n%s", diff)
					}
				})
			}
		})
	}
}

// closesLast moves the closing of statements to the end of each
// connection, without the Sync after it: when it happens may differ, whether
// it happens may not.
func closesLast(conns [][]string) [][]string {
	var out [][]string
	for _, messages := range conns {
		var kept, closes []string
		closing := false
		for _, m := range messages {
			if strings.HasPrefix(m, "Close") {
				closing = true
				closes = append(closes, m)
				continue
			}
			if closing && m == "Sync" {
				closing = false
				continue
			}
			closing = false
			kept = append(kept, m)
		}
		slices.Sort(closes)
		out = append(out, append(kept, closes...))
	}
	return out
}
