// This file tests interceptors that do more than look, on real servers: rewrite, refuse and panic, and one that fifty goroutines use.

package sqlmw_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ngrok "github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
)

// everywhere runs a test with an interceptor on each database in each position,
// and looks for leases that are left.
func everywhere(t *testing.T, intr ngrok.Interceptor, test func(t *testing.T, d database, db *sql.DB, c *fluxor.Connector)) {
	t.Helper()
	for _, d := range databases {
		for _, p := range positions {
			t.Run(d.name+", "+p.name, func(t *testing.T) {
				db, c := underFluxor(t, p.put, d.dsn(t), intr)
				test(t, d, db, c)
				awaitIdle(t, c)
			})
		}
	}
}

// awaitIdle waits until no connection is in use. database/sql gives one whose
// context ended back on a goroutine of its own.
func awaitIdle(t *testing.T, c *fluxor.Connector) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for c.Stats().InUse > 0 {
		select {
		case <-tick.C:
		case <-limit:
			t.Errorf("%d connections are left in use", c.Stats().InUse)
			return
		}
	}
}

// rewriter turns "plain" into "changed" in each text.
type rewriter struct {
	ngrok.NullInterceptor
	mu   sync.Mutex // protects seen
	seen []string   // the texts of prepared statements that ran
}

func rewritten(query string) string { return strings.ReplaceAll(query, "plain", "changed") }

func (r *rewriter) ConnExecContext(ctx context.Context, c driver.ExecerContext, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.ExecContext(ctx, rewritten(query), args)
}

func (r *rewriter) ConnQueryContext(ctx context.Context, c driver.QueryerContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	rows, err := c.QueryContext(ctx, rewritten(query), args)
	return ctx, rows, err
}

func (r *rewriter) ConnPrepareContext(ctx context.Context, c driver.ConnPrepareContext, query string) (context.Context, driver.Stmt, error) {
	st, err := c.PrepareContext(ctx, rewritten(query)+" /* written by an interceptor */")
	return ctx, st, err
}

func (r *rewriter) StmtQueryContext(ctx context.Context, st driver.StmtQueryContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	r.mu.Lock()
	r.seen = append(r.seen, query)
	r.mu.Unlock()
	if len(args) > 0 {
		args[0].Value = fmt.Sprint(args[0].Value, "!")
	}
	rows, err := st.QueryContext(ctx, args)
	return ctx, rows, err
}

func TestTheTextAndTheArgumentsThatAnInterceptorWritesReachTheDatabase(t *testing.T) {
	r := &rewriter{}
	everywhere(t, r, func(t *testing.T, d database, db *sql.DB, _ *fluxor.Connector) {
		var got string
		if err := db.QueryRowContext(t.Context(), "select 'plain'").Scan(&got); err != nil || got != "changed" {
			t.Errorf("query: got %q, %v", got, err)
		}
		if _, err := db.ExecContext(t.Context(), "create table plain (s varchar(20))"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "insert into plain values ("+d.one+")", "x"); err != nil {
			t.Fatal(err)
		}
		r.seen = nil
		text := "select s from plain where concat(s, '!') = " + d.one
		st, err := db.PrepareContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		if err := st.QueryRowContext(t.Context(), "x").Scan(&got); err != nil || got != "x" {
			t.Errorf("prepared: got %q, %v", got, err)
		}
		if !slices.Equal(r.seen, []string{text}) {
			t.Errorf("StmtQueryContext got %q, want the application's text", r.seen)
		}
	})
}

var errOwn = errors.New("the interceptor's own")

// failing lets each call run and does then what it is told to.
type failing struct {
	recorder
	fail func(call string) error
}

func (f *failing) ConnExecContext(ctx context.Context, c driver.ExecerContext, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := f.recorder.ConnExecContext(ctx, c, query, args)
	return res, errors.Join(err, f.fail("exec"))
}

func (f *failing) ConnQueryContext(ctx context.Context, c driver.QueryerContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	ctx, rows, err := f.recorder.ConnQueryContext(ctx, c, query, args)
	return ctx, rows, errors.Join(err, f.fail("query"))
}

func (f *failing) ConnPrepareContext(ctx context.Context, c driver.ConnPrepareContext, query string) (context.Context, driver.Stmt, error) {
	ctx, st, err := f.recorder.ConnPrepareContext(ctx, c, query)
	return ctx, st, errors.Join(err, f.fail("prepare"))
}

func (f *failing) ConnBeginTx(ctx context.Context, c driver.ConnBeginTx, o driver.TxOptions) (context.Context, driver.Tx, error) {
	ctx, tx, err := f.recorder.ConnBeginTx(ctx, c, o)
	return ctx, tx, errors.Join(err, f.fail("begin"))
}

func (f *failing) ConnPing(ctx context.Context, c driver.Pinger) error {
	return errors.Join(f.recorder.ConnPing(ctx, c), f.fail("ping"))
}

func (f *failing) TxCommit(ctx context.Context, tx driver.Tx) error {
	return errors.Join(f.recorder.TxCommit(ctx, tx), f.fail("commit"))
}

func (f *failing) RowsClose(ctx context.Context, rows driver.Rows) error {
	return errors.Join(f.recorder.RowsClose(ctx, rows), f.fail("rows close"))
}

// operations are calls of an application, by what fails in them.
var operations = map[string]func(ctx context.Context, db *sql.DB) error{
	"exec": func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, "select 1")
		return err
	},
	"query": func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, "select 1").Scan(new(int))
	},
	"prepare": func(ctx context.Context, db *sql.DB) error {
		st, err := db.PrepareContext(ctx, "select 1")
		if err == nil {
			err = st.Close()
		}
		return err
	},
	"begin": func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err == nil {
			err = tx.Rollback()
		}
		return err
	},
	"commit": func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err == nil {
			err = tx.Commit()
		}
		return err
	},
	"ping": func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
	"rows close": func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, "select 1").Scan(new(int))
	},
}

func TestAnInterceptorsOwnErrorReachesTheCallerAndCostsNothing(t *testing.T) {
	f := &failing{}
	everywhere(t, f, func(t *testing.T, _ database, db *sql.DB, c *fluxor.Connector) {
		for name, run := range operations {
			f.fail = func(call string) error {
				if call == name {
					return errOwn
				}
				return nil
			}
			if err := run(t.Context(), db); !errors.Is(err, errOwn) {
				t.Errorf("%s: %v, want the interceptor's error", name, err)
			}
			f.fail = func(string) error { return nil }
			for other, again := range operations {
				if err := again(t.Context(), db); err != nil {
					t.Errorf("%s after %s: %v", other, name, err)
				}
			}
		}
		if s := c.PoolStats(); s.Dials != 1 {
			t.Errorf("%d connections were opened, want one that is kept", s.Dials)
		}
	})
}

// TestAPanicOfAnInterceptorLeavesNothingBehind: of a panic within Commit and
// Rows.Close this cannot be said, database/sql then loses the connection.
func TestAPanicOfAnInterceptorLeavesNothingBehind(t *testing.T) {
	f := &failing{}
	everywhere(t, f, func(t *testing.T, _ database, db *sql.DB, c *fluxor.Connector) {
		for _, name := range []string{"exec", "query", "prepare", "begin", "ping"} {
			f.fail = func(call string) error {
				if call == name {
					panic(errOwn)
				}
				return nil
			}
			if got := recovered(func() { _ = operations[name](t.Context(), db) }); got != errOwn {
				t.Errorf("%s: panic %v, want the interceptor's", name, got)
			}
			if s := c.Stats(); s.InUse != 0 {
				t.Errorf("%s: the panic left %d leases", name, s.InUse)
			}
			f.fail = func(string) error { return nil }
			for other, again := range operations {
				if err := again(t.Context(), db); err != nil {
					t.Errorf("%s after a panic in %s: %v", other, name, err)
				}
			}
		}
	})
}

// recovered is what run panics with.
func recovered(run func()) (value any) {
	defer func() { value = recover() }()
	run()
	return nil
}

func TestOneInterceptorServesFiftyGoroutines(t *testing.T) {
	var r recorder
	everywhere(t, &r, func(t *testing.T, d database, db *sql.DB, _ *fluxor.Connector) {
		db.SetMaxOpenConns(8)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for name, run := range operations {
					if err := run(t.Context(), db); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				if got, err := readAll(db.QueryContext(t.Context(), "select 1 where 1 = "+d.one, 1)); err != nil || !strings.HasSuffix(got, " 1") {
					t.Errorf("with an argument: %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		lines := r.take()
		if n := countOf(lines, "ConnBeginTx returns ok"); n != 100 {
			t.Errorf("%d transactions were seen, want 100", n)
		}
		if got, want := countOf(lines, "StmtClose <ConnPrepareContext>"), countOf(lines, "ConnPrepareContext returns ok"); got != want {
			t.Errorf("%d statements were closed of %d", got, want)
		}
	})
}

func countOf(lines []string, line string) int {
	n := 0
	for _, l := range lines {
		if l == line {
			n++
		}
	}
	return n
}
