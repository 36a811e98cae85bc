// This file tests the real statements behind prepared ones: how many there are, who closes them, and when.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestStatementsAreClosedBeforeTheirConnection(t *testing.T) {
	use := func(db *sql.DB) {
		st, err := db.PrepareContext(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.ExecContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _ = db.Close(), st.Close()
	}
	bare, inner := &dbtest.Fake{}, &dbtest.Fake{}
	use(sql.OpenDB(bare))
	db, _ := wrap(t, inner, fluxor.RuntimeConfig{})
	use(db)
	if diff := cmp.Diff(bare.Log(), inner.Log()); diff != "" {
		t.Errorf("-bare +fluxor:\n%s", diff)
	}
}

// TestSQLiteClosesItsFile: an open statement keeps SQLite's database open
// (sqlite3_close_v2), and its log is then never brought home.
func TestSQLiteClosesItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	db := openName(t, "sqlite-fluxor", "file:"+path+"?_pragma=journal_mode(WAL)")
	mustExec(t, db, "create table w (n int)")
	st, err := db.PrepareContext(t.Context(), "insert into w values (?)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.ExecContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Fatalf("no log is kept while the database is open: %v", err)
	}
	_, _ = st.Close(), db.Close()
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the database is still open: its log is there")
	}
}

// live counts the real statements that are open.
func live(log []string) int {
	n := 0
	for _, l := range log {
		switch _, call, _ := strings.Cut(l, " "); {
		case strings.HasPrefix(call, "prepare "):
			n++
		case strings.HasPrefix(call, "closestmt "):
			n--
		}
	}
	return n
}

// crowd executes st from many goroutines at once.
func crowd(t *testing.T, st *sql.Stmt, goroutines, rounds int, args ...any) {
	t.Helper()
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				if _, err := st.ExecContext(t.Context(), args...); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestRealStatementsDoNotMultiply(t *testing.T) {
	const virtual, physical, rounds = 20, 5, 30
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{MaxOpenConns: physical})
	db.SetMaxIdleConns(virtual)
	st, err := db.PrepareContext(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	crowd(t, st, virtual, rounds)
	holdConnections(t, db, physical) // whatever was left to close is closed now
	if n := live(f.Log()); n > virtual {
		t.Errorf("%d virtual connections keep %d real statements on %d physical ones", virtual, n, physical)
	}
}

// TestVirtualStatementsOfOneTextShareARealOne: lib/pq prepares one statement
// per physical connection at most, beside those that Prepare itself made.
func TestVirtualStatementsOfOneTextShareARealOne(t *testing.T) {
	const virtual, physical = 12, 3
	target := dbtest.Postgres(t).NewDatabase(t)
	db := openName(t, "postgres-fluxor", target.URL(fmt.Sprintf("fluxor_max_open_conns=%d", physical)))
	db.SetMaxIdleConns(virtual)
	st, err := db.PrepareContext(t.Context(), "select pg_sleep(0.002), $1::int")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	crowd(t, st, virtual, 20, 1)
	total := 0
	conns := make([]*sql.Conn, physical)
	for i := range conns {
		conns[i], _ = db.Conn(t.Context())
		n := 0
		if err := conns[i].QueryRowContext(t.Context(), "select count(*) from pg_prepared_statements where statement like 'select pg_sleep%'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		total += n
	}
	for _, c := range conns {
		_ = c.Close()
	}
	if total > virtual+physical {
		t.Errorf("%d virtual connections keep %d statements on %d sessions", virtual, total, physical)
	}
}

// TestStatementsThatAreReadFromAreNotShared: two cursors over one text, open at
// once on one connection, as SQLite has them.
func TestStatementsThatAreReadFromAreNotShared(t *testing.T) {
	db := openName(t, "sqlite-fluxor", ":memory:")
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const text = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i from n"
	var open [2]*sql.Rows
	for i := range open {
		st, err := c.PrepareContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		if open[i], err = st.QueryContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer open[i].Close()
	}
	for want := 1; want <= 3; want++ {
		for i, rows := range open {
			var got int
			if !rows.Next() || rows.Scan(&got) != nil || got != want {
				t.Fatalf("cursor %d reads %d, %v; want %d", i, got, rows.Err(), want)
			}
		}
	}
}

// cursors is a driver whose rows hold rows.
type cursors struct{ log *[]string }

func (c cursors) Connect(context.Context) (driver.Conn, error) { return cursorConn(c), nil }
func (c cursors) Driver() driver.Driver                        { return &dbtest.Fake{} }

type cursorConn struct{ log *[]string }

func (c cursorConn) Prepare(string) (driver.Stmt, error) { return cursorStmt(c), nil }
func (c cursorConn) Begin() (driver.Tx, error)           { return nil, errMeddled }
func (c cursorConn) Close() error                        { return nil }

type cursorStmt struct{ log *[]string }

func (s cursorStmt) NumInput() int                              { return -1 }
func (s cursorStmt) Close() error                               { *s.log = append(*s.log, "close statement"); return nil }
func (s cursorStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errMeddled }
func (s cursorStmt) Query([]driver.Value) (driver.Rows, error) {
	return &cursorRows{log: s.log, name: "parent", child: true}, nil
}

type cursorRows struct {
	log   *[]string
	name  string
	child bool
	read  bool
}

func (r *cursorRows) Columns() []string { return []string{"c"} }
func (r *cursorRows) Close() error      { *r.log = append(*r.log, "close "+r.name); return nil }
func (r *cursorRows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, dest[0] = true, int64(1)
	if r.child {
		dest[0] = &cursorRows{log: r.log, name: "child"}
	}
	return nil
}

func TestACursorWithinRowsIsClosedBeforeTheirStatement(t *testing.T) {
	run := func(db *sql.DB, log *[]string) []string {
		rows, err := db.QueryContext(t.Context(), "q")
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		var child sql.Rows
		if err := rows.Scan(&child); err != nil {
			t.Fatal(err)
		}
		_, _ = rows.Close(), db.Close()
		return *log
	}
	var bareLog, log []string
	bare := run(sql.OpenDB(cursors{&bareLog}), &bareLog)
	db, _ := wrap(t, cursors{&log}, fluxor.RuntimeConfig{})
	if got := run(db, &log); !slices.Equal(got, bare) {
		t.Errorf("closed in the order %q, bare %q", got, bare)
	}
}
