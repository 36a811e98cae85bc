// This file holds the calls of a connection: what the interceptor is given for Ping, Exec and Query, and what becomes of its answer.

package sqlmw

import (
	"context"
	"database/sql/driver"
	"slices"

	"github.com/fluxor-db/fluxor/middleware"
)

var (
	_ driver.Pinger         = (*pinger)(nil)
	_ driver.ExecerContext  = (*execer)(nil)
	_ driver.QueryerContext = (*queryer)(nil)
)

// pinger, execer and queryer are the connection as an interceptor sees it.
type (
	pinger  struct{ turn }
	execer  struct{ turn }
	queryer struct{ turn }
)

// Ping goes on.
func (p *pinger) Ping(ctx context.Context) error {
	if p.over(middleware.OpPing) {
		return errOver
	}
	return p.next.Handle(ctx, p.c)
}

// ExecContext goes on.
func (e *execer) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if e.over(middleware.OpExec) {
		return nil, errOver
	}
	return e.exec(ctx, query, args)
}

// QueryContext goes on.
func (q *queryer) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if q.over(middleware.OpQuery) {
		return nil, errOver
	}
	return q.query(ctx, query, args)
}

// exec goes on with an OpExec and returns its answer.
func (t *turn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := t.pass(ctx, query, args); err != nil {
		return nil, err
	}
	res := t.c.Result
	if res == nil {
		res = driver.ResultNoRows // somebody answered and said nothing
	}
	return res, nil
}

// query goes on with an OpQuery and returns its answer.
func (t *turn) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := t.pass(ctx, query, args); err != nil {
		return nil, err
	}
	return t.c.Rows, nil
}

func (h *handler) ping(ctx context.Context, c *middleware.Call) error {
	p := &pinger{turn{h.next, c}}
	defer p.end()
	return h.intr.ConnPing(ctx, p)
}

// The interceptor is given a copy of the arguments, because it may keep them, as
// under sqlmw, while the call's own are used again. What it is given shares one
// allocation with what watches its answer.

func (h *handler) exec(ctx context.Context, c *middleware.Call) error {
	c.MaySkip = true
	x := &struct {
		execer
		result
	}{execer{turn{h.next, c}}, result{intr: h.intr}}
	defer x.end()
	res, err := h.intr.ConnExecContext(ctx, &x.execer, c.SQL, slices.Clone(c.Args))
	return x.answer(c, res, err)
}

func (h *handler) query(ctx context.Context, c *middleware.Call) error {
	c.MaySkip = true
	x := &struct {
		queryer
		rows
	}{queryer{turn{h.next, c}}, rows{intr: h.intr}}
	defer x.end()
	after, r, err := h.intr.ConnQueryContext(ctx, &x.queryer, c.SQL, slices.Clone(c.Args))
	return x.answer(after, c, r, err)
}
