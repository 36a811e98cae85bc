// This file tests when a lease begins and ends, and what a failure on it means, over the fake driver.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func wrap(t testing.TB, inner driver.Connector, cfg fluxor.RuntimeConfig) (*sql.DB, *fluxor.Connector) {
	t.Helper()
	c, err := fluxor.WrapConnector(inner, cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db, c
}

func mustExec(t testing.TB, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, query string, args ...any,
) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestOpeningDialsNothing(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if f.Dials() != 0 {
		t.Errorf("a sql.Conn that did nothing dialed %d connections", f.Dials())
	}
}

func TestAConnKeepsItsPhysicalConnection(t *testing.T) {
	f := &dbtest.Fake{}
	db, fc := wrap(t, f, fluxor.RuntimeConfig{})
	a, _ := db.Conn(t.Context())
	b, _ := db.Conn(t.Context())
	for range 3 {
		mustExec(t, a, "a")
		mustExec(t, b, "b")
	}
	if got := fc.Stats().InUse; got != 2 {
		t.Errorf("two open sql.Conns hold %d connections, want 2", got)
	}
	_, _ = a.Close(), b.Close()
	if got := fc.Stats().InUse; got != 0 {
		t.Errorf("after Close %d connections are still held", got)
	}
	want := []string{"1 connect", "1 exec a", "2 connect", "2 exec b", "1 exec a", "2 exec b", "1 exec a", "2 exec b", "1 valid", "2 valid"}
	if diff := cmp.Diff(want, f.Log()); diff != "" {
		t.Error(diff)
	}
}

func TestTheLeaseEndsWhenRowsClose(t *testing.T) {
	f := &dbtest.Fake{}
	db, fc := wrap(t, f, fluxor.RuntimeConfig{})
	rows, err := db.QueryContext(t.Context(), "q")
	if err != nil {
		t.Fatal(err)
	}
	if got := fc.Stats().InUse; got != 1 {
		t.Errorf("open rows hold %d connections, want 1", got)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if got := fc.Stats().InUse; got != 0 {
		t.Errorf("closed rows hold %d connections", got)
	}
}

func TestAStatementIsClosedByTheNextUserOfItsConnection(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	st, err := db.Prepare("q")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(f.Log(), "1 closestmt q") {
		t.Error("Stmt.Close used a connection it had not leased")
	}
	mustExec(t, db, "next")
	want := []string{"1 connect", "1 prepare q", "1 valid", "1 reset", "1 closestmt q", "1 exec next", "1 valid"}
	if diff := cmp.Diff(want, f.Log()); diff != "" {
		t.Error(diff)
	}
}

func TestAWriteIsNeverSentTwice(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		// sent is how often the driver may see the statement.
		sent int
		want error
	}{
		{"the driver says nothing was sent", driver.ErrBadConn, 3, driver.ErrBadConn},
		{"the stream ended without an answer", io.ErrUnexpectedEOF, 1, io.ErrUnexpectedEOF},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &dbtest.Fake{OnCall: func(_ context.Context, _ int, call string) error {
				if strings.HasPrefix(call, "exec") {
					return tc.err
				}
				return nil
			}}
			db, _ := wrap(t, f, fluxor.RuntimeConfig{})
			_, err := db.ExecContext(t.Context(), "insert")
			if !errors.Is(err, tc.want) {
				t.Errorf("err = %v, want %v", err, tc.want)
			}
			var lost *fluxor.IndeterminateError
			if got := errors.As(err, &lost); got != (tc.sent == 1) {
				t.Errorf("indeterminate = %t: %v", got, err)
			}
			sent := 0
			for _, l := range f.Log() {
				if strings.HasSuffix(l, "exec insert") {
					sent++
				}
			}
			if sent != tc.sent {
				t.Errorf("the driver saw the statement %d times, want %d", sent, tc.sent)
			}
		})
	}
}

func TestABrokenTransactionIsNotMovedToAnotherConnection(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "one")
	f.OnCall = func(context.Context, int, string) error { return driver.ErrBadConn }
	_, err = tx.Exec("two")
	if !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("err = %v, want what the bare driver says", err)
	}
	_ = tx.Rollback()
	f.OnCall = nil
	if f.Dials() != 1 {
		t.Errorf("dialed %d connections for one transaction", f.Dials())
	}
	mustExec(t, db, "three")
	if f.Dials() != 2 || f.Live() > 1 && slices.Contains(f.Log(), "1 exec three") {
		t.Errorf("the broken connection was used again: %v", f.Log())
	}
}

func TestAPanicInRawDiscardsTheConnection(t *testing.T) {
	f := &dbtest.Fake{}
	db, fc := wrap(t, f, fluxor.RuntimeConfig{})
	c, _ := db.Conn(t.Context())
	func() {
		defer func() { _ = recover() }()
		_ = fluxor.Raw(t.Context(), c, func(any) error { panic("user code") })
	}()
	if got := fc.Stats(); got.InUse != 0 || got.Idle != 0 {
		t.Errorf("the connection survived: %+v", got)
	}
}

func TestRawReachesTheDriversConnection(t *testing.T) {
	db, _ := wrap(t, dbtest.Memory{}, fluxor.RuntimeConfig{})
	c, _ := db.Conn(t.Context())
	defer c.Close()
	err := fluxor.Raw(t.Context(), c, func(dc any) error {
		if _, ok := dc.(driver.SessionResetter); !ok {
			t.Errorf("got a %T", dc)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFromDBFindsTheConnector(t *testing.T) {
	db, c := wrap(t, &dbtest.Fake{}, fluxor.RuntimeConfig{})
	got, err := fluxor.FromDB(db)
	if err != nil || got != c {
		t.Errorf("FromDB = %v, %v", got, err)
	}
	bare := sql.OpenDB(&dbtest.Fake{})
	defer bare.Close()
	if _, err := fluxor.FromDB(bare); err == nil {
		t.Error("FromDB of a bare database succeeded")
	}
}

func TestTheEmptyDSNFailsAtFirstUse(t *testing.T) {
	db, err := sql.Open("fluxor", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err == nil || !strings.HasPrefix(err.Error(), "fluxor: ") {
		t.Errorf("Ping = %v, want an error that says what to do", err)
	}
}
