// This file tests what a middleware sees beyond single operations: the steps of a text that only runs prepared, the end of a statement, its own mark on a transaction, and connections being opened.

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
	"github.com/fluxor-db/fluxor/middleware"
)

// preparing is a driver that runs texts prepared only.
func preparing() *dbtest.Fake {
	return &dbtest.Fake{OnCall: func(_ context.Context, _ int, call string) error {
		if strings.HasPrefix(call, "exec ") || strings.HasPrefix(call, "query ") {
			return driver.ErrSkip
		}
		return nil
	}}
}

// skipping is a connector of f whose middleware asks for the steps and notes
// what it sees.
func skipping(t *testing.T, f *dbtest.Fake, seen *[]string) (*sql.DB, *fluxor.Connector) {
	t.Helper()
	return meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		c.MaySkip = true
		err := next.Handle(ctx, c)
		*seen = append(*seen, strings.TrimSpace(c.Op.String()+" "+c.SQL))
		return err
	})
}

func TestTheStepsOfATextPassWhereAMiddlewareAsks(t *testing.T) {
	for _, shape := range []dbtest.Shape{dbtest.Full, dbtest.Godror, dbtest.Mandatory} {
		f := preparing()
		f.Shape = shape
		var seen []string
		db, c := skipping(t, f, &seen)
		mustExec(t, db, "e")
		var n int
		if err := db.QueryRowContext(t.Context(), "q").Scan(&n); err != nil {
			t.Errorf("query: %v", err)
		}
		if diff := cmp.Diff([]string{"exec e", "prepare e", "exec e", "query q", "prepare q", "query q"}, seen); diff != "" {
			t.Errorf("shape %d: %s", shape, diff)
		}
		if s := c.Stats(); s.InUse != 0 || f.Dials() != 1 {
			t.Errorf("shape %d: %d connections were opened, %d are in use", shape, f.Dials(), s.InUse)
		}
		log := f.Log()
		for _, call := range []string{"1 stmtexec e", "1 closestmt e", "1 stmtquery q", "1 closestmt q"} {
			if n := len(slices.DeleteFunc(slices.Clone(log), func(s string) bool { return s != call })); n != 1 {
				t.Errorf("shape %d: %q happened %d times: %q", shape, call, n, log)
			}
		}
	}
}

func TestAMiddlewareThatDoesNotAskSeesOneOperation(t *testing.T) {
	var seen []string
	db, _ := meddling(t, preparing(), fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		seen = append(seen, c.Op.String())
		return next.Handle(ctx, c)
	})
	mustExec(t, db, "e")
	if diff := cmp.Diff([]string{"exec"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestAMiddlewareCannotSkipWhatRan(t *testing.T) {
	f := &dbtest.Fake{}
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		c.MaySkip = true
		if err := next.Handle(ctx, c); err != nil {
			return err
		}
		return driver.ErrSkip
	})
	if _, err := db.ExecContext(t.Context(), "w"); !errors.Is(err, driver.ErrSkip) {
		t.Errorf("err = %v, want the middleware's", err)
	}
	if diff := cmp.Diff([]string{"1 connect", "1 exec w", "1 valid"}, f.Log()); diff != "" {
		t.Error(diff)
	}
}

// dyingPreparer is preparing, and its first connection dies when it prepares.
func dyingPreparer() *dbtest.Fake {
	f := preparing()
	skip := f.OnCall
	f.OnCall = func(ctx context.Context, conn int, call string) error {
		if conn == 1 && strings.HasPrefix(call, "prepare ") {
			return io.ErrUnexpectedEOF
		}
		return skip(ctx, conn, call)
	}
	return f
}

func TestASkippedOperationBindsNobodyToItsConnection(t *testing.T) {
	var seen []string
	db, _ := skipping(t, dyingPreparer(), &seen)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustExec(t, c, "e") // prepared on another connection: nothing had happened on the first
}

func TestAnOperationSkippedAfterRawStaysOnItsConnection(t *testing.T) {
	f := dyingPreparer()
	db, _ := meddling(t, f, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		c.MaySkip = true
		err := next.Handle(ctx, c)
		if c.SQL == "refused" {
			return errMeddled
		}
		return err
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), "refused"); !errors.Is(err, errMeddled) {
		t.Fatalf("err = %v, want the middleware's", err)
	}
	if err := fluxor.Raw(t.Context(), c, func(any) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), "e"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("err = %v, want the connection's end: what Raw did there is lost", err)
	}
	if f.Dials() != 1 {
		t.Errorf("%d connections were opened", f.Dials())
	}
}

// closing is around a statement.
type closing struct {
	io.Closer
	close func(inner io.Closer) error
}

func (c closing) Close() error { return c.close(c.Closer) }

// watchStmts is a middleware that stands around statements and takes its own
// off where they run.
func watchStmts(shown *int, onClose func(inner io.Closer) error) middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler {
		return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
			if c.Prepared {
				mine := c.Stmt.(closing)
				*shown++
				c.Stmt = mine.Closer
				defer func() { c.Stmt = mine }()
			}
			err := next.Handle(ctx, c)
			if c.Op == middleware.OpPrepare && err == nil {
				c.Stmt = closing{c.Stmt, onClose}
			}
			return err
		})
	}
}

func TestAMiddlewareSeesAStatementRunAndClose(t *testing.T) {
	var order []string
	var shown int
	note := func(name string) func(io.Closer) error {
		return func(inner io.Closer) error { order = append(order, name); return inner.Close() }
	}
	f := &dbtest.Fake{}
	cfg := fluxor.RuntimeConfig{
		Middleware:      []middleware.Middleware{watchStmts(&shown, note("outer"))},
		InnerMiddleware: []middleware.Middleware{watchStmts(&shown, note("inner"))},
	}
	db, _ := wrap(t, f, cfg)
	st, err := db.PrepareContext(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := st.ExecContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.QueryRowContext(t.Context()).Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	if len(order) != 0 || shown != 6 {
		t.Errorf("closed %q before Close, shown %d times", order, shown)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"outer", "inner"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestNoMiddlewareKeepsAStatementOpen(t *testing.T) {
	for name, onClose := range map[string]func(io.Closer) error{
		"an error": func(io.Closer) error { return errMeddled },
		"a panic":  func(io.Closer) error { panic(errMeddled) },
	} {
		f := &dbtest.Fake{}
		var shown int
		db, _ := wrap(t, f, fluxor.RuntimeConfig{Middleware: []middleware.Middleware{watchStmts(&shown, onClose)}})
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		st, err := c.PrepareContext(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() { _ = recover() }()
			if err := st.Close(); !errors.Is(err, errMeddled) {
				t.Errorf("%s: Close says %v", name, err)
			}
		}()
		if !slices.Contains(f.Log(), "1 closestmt p") {
			t.Errorf("%s: the statement is open: %q", name, f.Log())
		}
		_ = c.Close()
	}
}

func TestAMiddlewareFindsItsMarkOnATransaction(t *testing.T) {
	found := map[string]any{}
	db, _ := meddling(t, &dbtest.Fake{}, fluxor.RuntimeConfig{}, func(ctx context.Context, c *middleware.Call, next middleware.Handler) error {
		found[c.Op.String()] = c.Tx
		err := next.Handle(ctx, c)
		if c.Op == middleware.OpBegin {
			c.Tx = "mine"
		}
		return err
	})
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, tx, "e")
		if err := end(tx); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(map[string]any{"begin": nil, "exec": nil, "commit": "mine", "rollback": "mine"}, found); diff != "" {
		t.Error(diff)
	}
}

// opening is a handler that notes when connections are opened.
type opening struct {
	middleware.Handler
	name  string
	order *[]string
}

func (o opening) Connect(ctx context.Context, next driver.Connector) (driver.Conn, error) {
	*o.order = append(*o.order, o.name)
	return next.Connect(ctx)
}

func TestMiddlewaresTakePartInOpeningConnections(t *testing.T) {
	var order []string
	open := func(name string) middleware.Middleware {
		return func(next middleware.Handler) middleware.Handler { return opening{next, name, &order} }
	}
	plain := func(next middleware.Handler) middleware.Handler { return middleware.HandlerFunc(next.Handle) }
	f := &dbtest.Fake{}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{
		Middleware:      []middleware.Middleware{open("first"), plain, open("second")},
		InnerMiddleware: []middleware.Middleware{open("inner")},
	})
	if len(order) != 0 {
		t.Errorf("%q before the first use", order)
	}
	mustExec(t, db, "e")
	mustExec(t, db, "e")
	if diff := cmp.Diff([]string{"first", "second", "inner"}, order); diff != "" {
		t.Error(diff)
	}
}
