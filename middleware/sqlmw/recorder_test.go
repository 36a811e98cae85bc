// This file is the interceptor of the tests: it notes each call, what it was about, how it ended and which context it got.

package sqlmw_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	ngrok "github.com/ngrok/sqlmw"
)

var _ ngrok.Interceptor = (*recorder)(nil)

// recorder notes a line when a call begins and one when it ends. It passes a
// context of its own to the next one and returns another: what arrives in later
// calls tells which was used.
type recorder struct {
	tag string    // begins each line
	to  *recorder // who keeps the lines; nil for itself

	mu       sync.Mutex // protects the rest
	lines    []string
	connects int
	told     map[string]chan struct{} // closed once a line with that in it was noted
}

func (r *recorder) note(line string) {
	if r.to != nil {
		r.to.note(r.tag + line)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	for part, told := range r.told {
		if strings.Contains(line, part) {
			close(told)
			delete(r.told, part)
		}
	}
}

// wait returns a channel that is closed once a line has part in it.
func (r *recorder) wait(part string) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := make(chan struct{})
	if r.told == nil {
		r.told = map[string]chan struct{}{}
	}
	r.told[part] = told
	return told
}

// take returns the lines since the last take.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	r.lines = nil
	return slices.Clone(lines)
}

type from struct{}

// came says which call made ctx.
func came(ctx context.Context) string {
	if s, ok := ctx.Value(from{}).(string); ok {
		return " <" + s + ">"
	}
	return ""
}

func of(ctx context.Context, call string) context.Context {
	return context.WithValue(ctx, from{}, call)
}

// ended is how a call ended, in words that do not depend on the driver.
func ended(err error) string {
	switch {
	case err == nil:
		return "ok"
	case err == driver.ErrSkip, err == io.EOF: //nolint:errorlint // the contract of both is identity
		return err.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "the context's end"
	}
	return "error"
}

func count(args []driver.NamedValue) string {
	if len(args) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d)", len(args))
}

// called notes a call, runs it and notes its end.
func called[T any](r *recorder, line string, run func() (T, error)) (T, error) {
	r.note(line)
	v, err := run()
	name, _, _ := strings.Cut(line, " ")
	r.note(name + " returns " + ended(err))
	return v, err
}

func does(r *recorder, line string, run func() error) error {
	_, err := called(r, line, func() (any, error) { return nil, run() })
	return err
}

func (r *recorder) ConnBeginTx(ctx context.Context, c driver.ConnBeginTx, o driver.TxOptions) (context.Context, driver.Tx, error) {
	line := fmt.Sprintf("ConnBeginTx %v %d%s", o.ReadOnly, o.Isolation, came(ctx))
	tx, err := called(r, line, func() (driver.Tx, error) { return c.BeginTx(ctx, o) })
	return of(ctx, "ConnBeginTx"), tx, err
}

func (r *recorder) ConnPrepareContext(ctx context.Context, c driver.ConnPrepareContext, query string) (context.Context, driver.Stmt, error) {
	st, err := called(r, "ConnPrepareContext "+query+came(ctx), func() (driver.Stmt, error) { return c.PrepareContext(ctx, query) })
	return of(ctx, "ConnPrepareContext"), st, err
}

func (r *recorder) ConnPing(ctx context.Context, c driver.Pinger) error {
	return does(r, "ConnPing"+came(ctx), func() error { return c.Ping(ctx) })
}

func (r *recorder) ConnExecContext(ctx context.Context, c driver.ExecerContext, query string, args []driver.NamedValue) (driver.Result, error) {
	return called(r, "ConnExecContext "+query+count(args)+came(ctx), func() (driver.Result, error) { return c.ExecContext(ctx, query, args) })
}

func (r *recorder) ConnQueryContext(ctx context.Context, c driver.QueryerContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	rows, err := called(r, "ConnQueryContext "+query+count(args)+came(ctx), func() (driver.Rows, error) { return c.QueryContext(ctx, query, args) })
	return of(ctx, "ConnQueryContext"), rows, err
}

func (r *recorder) ConnectorConnect(ctx context.Context, c driver.Connector) (driver.Conn, error) {
	r.mu.Lock()
	r.connects++
	r.mu.Unlock()
	return c.Connect(ctx)
}

func (r *recorder) ResultLastInsertId(res driver.Result) (int64, error) {
	return called(r, "ResultLastInsertId", res.LastInsertId)
}

func (r *recorder) ResultRowsAffected(res driver.Result) (int64, error) {
	return called(r, "ResultRowsAffected", res.RowsAffected)
}

func (r *recorder) RowsNext(ctx context.Context, rows driver.Rows, dest []driver.Value) error {
	return does(r, fmt.Sprintf("RowsNext %d%s", len(dest), came(ctx)), func() error { return rows.Next(dest) })
}

func (r *recorder) RowsClose(ctx context.Context, rows driver.Rows) error {
	return does(r, "RowsClose"+came(ctx), rows.Close)
}

func (r *recorder) StmtExecContext(ctx context.Context, st driver.StmtExecContext, query string, args []driver.NamedValue) (driver.Result, error) {
	return called(r, "StmtExecContext "+query+count(args)+came(ctx), func() (driver.Result, error) { return st.ExecContext(ctx, args) })
}

func (r *recorder) StmtQueryContext(ctx context.Context, st driver.StmtQueryContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	rows, err := called(r, "StmtQueryContext "+query+count(args)+came(ctx), func() (driver.Rows, error) { return st.QueryContext(ctx, args) })
	return of(ctx, "StmtQueryContext"), rows, err
}

func (r *recorder) StmtClose(ctx context.Context, st driver.Stmt) error {
	return does(r, "StmtClose"+came(ctx), st.Close)
}

func (r *recorder) TxCommit(ctx context.Context, tx driver.Tx) error {
	return does(r, "TxCommit"+came(ctx), tx.Commit)
}

func (r *recorder) TxRollback(ctx context.Context, tx driver.Tx) error {
	if ctx.Err() == nil {
		return does(r, "TxRollback"+came(ctx), tx.Rollback)
	}
	r.note("TxRollback" + came(ctx))
	defer r.note("TxRollback returned") // how is chance: lib/pq cancels at the same time
	return tx.Rollback()
}
