// This file tests middlewares that meddle: that answer themselves, refuse an answer, forget one, panic or rewrite.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
)

var errMeddled = errors.New("the middleware says no")

// meddling is a connector of f behind one middleware; meddle is given what
// the inner handler would do.
func meddling(t *testing.T, f driver.Connector, cfg fluxor.RuntimeConfig, meddle func(ctx context.Context, c *middleware.Call, next middleware.Handler) error) (*sql.DB, *fluxor.Connector) {
	t.Helper()
	cfg.Middleware = append(cfg.Middleware, func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error { return meddle(ctx, c, next) })
	})
	return wrap(t, f, cfg)
}

// named answers each query with rows that carry its own text.
type named struct{ driver.Conn }

func (named) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	return &namedRows{query: query}, nil
}

func (named) IsValid() bool                      { return true }
func (named) ResetSession(context.Context) error { return nil }
func (named) Close() error                       { return nil }
func (named) Begin() (driver.Tx, error)          { return nil, errMeddled }

type namedRows struct {
	query  string
	closed bool
}

func (r *namedRows) Columns() []string { return []string{"query"} }
func (r *namedRows) Close() error      { r.closed = true; return nil }
func (r *namedRows) Next(dest []driver.Value) error {
	if r.closed {
		return errors.New("read after close")
	}
	dest[0] = r.query
	return nil
}

type namedConnector struct{ *dbtest.Fake }

func (namedConnector) Connect(context.Context) (driver.Conn, error) { return named{}, nil }

func TestTwoQueriesNeverShareTheirState(t *testing.T) {
	db, _ := meddling(t, namedConnector{}, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		err := next.Handle(ctx, c)
		if c.SQL == "refused" {
			_ = c.Rows.Close()
			return errMeddled
		}
		return err
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.QueryContext(t.Context(), "refused"); !errors.Is(err, errMeddled) {
		t.Fatalf("err = %v, want the middleware's", err)
	}
	open := make([]*sql.Rows, 3)
	for i := range open {
		if open[i], err = c.QueryContext(t.Context(), string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
		defer open[i].Close()
	}
	for i, rows := range open {
		var got string
		if !rows.Next() || rows.Scan(&got) != nil || got != string(rune('a'+i)) {
			t.Errorf("query %c reads %q, %v", 'a'+i, got, rows.Err())
		}
	}
}

func TestACallOutlivesRowsThatAMiddlewareClosed(t *testing.T) {
	var seen []string
	var over doneCounter
	outer := func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			c.OnDone(&over)
			err := next.Handle(ctx, c)
			seen = append(seen, c.Op.String()+" "+c.SQL)
			return err
		})
	}
	db, fc := meddling(t, namedConnector{}, fluxor.RuntimeConfig{Middleware: []middleware.Middleware{outer}}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		for range 2 { // reads the answer, asks again, and answers itself
			if err := next.Handle(ctx, c); err != nil {
				return err
			}
			if err := c.Rows.Close(); err != nil {
				return err
			}
		}
		c.Rows = &namedRows{query: "kept"}
		return nil
	})
	var got string
	if err := db.QueryRowContext(t.Context(), "q").Scan(&got); err != nil || got != "kept" {
		t.Errorf("got %q, %v, want the middleware's answer", got, err)
	}
	if diff := cmp.Diff([]string{"query q"}, seen); diff != "" {
		t.Error(diff)
	}
	if over.n != 1 || over.sql != "q" {
		t.Errorf("Done ran %d times, last for %q", over.n, over.sql)
	}
	if s := fc.Stats(); s.InUse != 0 || s.Idle != 1 {
		t.Errorf("the connection was not kept: %+v", s)
	}
}

type doneCounter struct {
	n   int
	sql string
	err error
}

func (d *doneCounter) Done(c *middleware.Call, err error) { d.n, d.sql, d.err = d.n+1, c.SQL, err }

func TestAnAnswerThatAMiddlewareRefusesIsUndone(t *testing.T) {
	refused := middleware.OpQuery
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		err := next.Handle(ctx, c)
		if c.Op == refused {
			return errMeddled
		}
		return err
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.QueryContext(t.Context(), "q"); !errors.Is(err, errMeddled) {
		t.Errorf("Query: %v", err)
	}
	refused = middleware.OpBegin
	if _, err := c.BeginTx(t.Context(), nil); !errors.Is(err, errMeddled) {
		t.Errorf("Begin: %v", err)
	}
	refused = 0
	mustExec(t, c, "x")
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	want := []string{"1 connect", "1 query q", "1 closerows", "1 begin", "1 rollback", "1 exec x", "1 valid"}
	if diff := cmp.Diff(want, f.Log()); diff != "" {
		t.Error(diff)
	}
}

func TestATransactionThatAMiddlewareDoesNotEndIsRolledBack(t *testing.T) {
	for _, op := range []middleware.Op{middleware.OpCommit, middleware.OpRollback} {
		f := &dbtest.Fake{}
		db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
			if c.Op == op {
				return errMeddled
			}
			return next.Handle(ctx, c)
		})
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tx, err := c.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		end := tx.Commit
		if op == middleware.OpRollback {
			end = tx.Rollback
		}
		if err := end(); !errors.Is(err, errMeddled) {
			t.Errorf("%s: %v", op, err)
		}
		mustExec(t, c, "after")
		_ = c.Close()
		want := []string{"1 connect", "1 begin", "1 rollback", "1 exec after", "1 valid"}
		if diff := cmp.Diff(want, f.Log()); diff != "" {
			t.Errorf("%s:\n%s", op, diff)
		}
	}
}

func TestAnAnswerThatAMiddlewareForgotIsAnError(t *testing.T) {
	db, _ := meddling(t, &dbtest.Fake{}, fluxor.RuntimeConfig{}, func(context.Context, *middleware.Call, middleware.Handler) error { return nil })
	if _, err := db.QueryContext(t.Context(), "q"); err == nil { //nolint:rowserrcheck,sqlclosecheck // there are none
		t.Error("a query without rows succeeded")
	}
	res, err := db.ExecContext(t.Context(), "q")
	if err == nil {
		_, err = res.RowsAffected()
	}
	if err == nil {
		t.Error("an exec without a result affected rows")
	}
	if _, err := db.BeginTx(t.Context(), nil); err == nil {
		t.Error("a transaction that nobody began succeeded")
	}
}

func TestACommitThatNobodyCarriedOutIsAnError(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		if c.Op == middleware.OpCommit {
			return nil
		}
		return next.Handle(ctx, c)
	})
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "insert")
	if err := tx.Commit(); err == nil {
		t.Errorf("Commit succeeded, the driver saw %q", f.Log())
	}
}

func TestAStatementThatAMiddlewareRefusesIsClosed(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		err := next.Handle(ctx, c)
		if c.Op == middleware.OpPrepare {
			return errMeddled
		}
		return err
	})
	if _, err := db.PrepareContext(t.Context(), "p"); !errors.Is(err, errMeddled) {
		t.Errorf("Prepare: %v", err)
	}
	if n := live(f.Log()); n != 0 {
		t.Errorf("%d statements are left: %q", n, f.Log())
	}
}

func TestAPanicAfterBeginLeavesNoTransactionOpen(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		err := next.Handle(ctx, c)
		if c.Op == middleware.OpBegin {
			panic("middleware")
		}
		return err
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, c, "before") // c is not closed: database/sql itself waits for ever after a panic in BeginTx
	func() {
		defer func() { _ = recover() }()
		_, _ = c.BeginTx(t.Context(), nil)
	}()
	if _, err := c.ExecContext(t.Context(), "insert"); err == nil {
		t.Errorf("a statement ran in a transaction that nobody ends: %q", f.Log())
	}
}

// TestAMiddlewareCannotHaveAWriteRepeated: ErrBadConn, for example of a
// database of the middleware's own, would make database/sql run the statement
// again.
func TestAMiddlewareCannotHaveAWriteRepeated(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		if err := next.Handle(ctx, c); err != nil {
			return err
		}
		return fmt.Errorf("%w: the audit log is away: %w", errMeddled, driver.ErrBadConn)
	})
	if _, err := db.ExecContext(t.Context(), "insert"); !errors.Is(err, errMeddled) || errors.Is(err, driver.ErrBadConn) {
		t.Errorf("err = %v, want the middleware's without ErrBadConn", err)
	}
	want := []string{"1 connect", "1 exec insert", "1 valid"}
	if diff := cmp.Diff(want, f.Log()); diff != "" {
		t.Error(diff)
	}
}

func TestDoneRunsAlsoWhenAMiddlewarePanics(t *testing.T) {
	var over doneCounter
	db, fc := meddling(t, &dbtest.Fake{}, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		c.OnDone(&over)
		_ = next.Handle(ctx, c)
		panic("middleware")
	})
	for i, call := range []func() error{
		func() error { _, err := db.ExecContext(t.Context(), "x"); return err },
		func() error { _, err := db.QueryContext(t.Context(), "x"); return err },
	} {
		func() {
			defer func() { _ = recover() }()
			_ = call()
		}()
		if over.n != i+1 || over.err == nil {
			t.Errorf("Done ran %d times after %d panics, with %v", over.n, i+1, over.err)
		}
	}
	if s := fc.Stats(); s.InUse != 0 {
		t.Errorf("a lease is left: %+v", s)
	}
}

func TestTheTextThatAMiddlewareWritesIsPrepared(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		if !c.Prepared {
			c.SQL += " where tenant = 1"
		}
		return next.Handle(ctx, c)
	})
	st, err := db.PrepareContext(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.ExecContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 prepare p where tenant = 1", "1 stmtexec p where tenant = 1"} {
		if !slices.Contains(f.Log(), want) {
			t.Errorf("%q is not in %q", want, f.Log())
		}
	}
}
