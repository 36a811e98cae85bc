// This file is the prepared statement under an interceptor, from ConnPrepareContext to StmtClose.

package sqlmw

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"

	"github.com/fluxor-db/fluxor/middleware"
)

var (
	_ driver.ConnPrepareContext = (*preparer)(nil)
	_ driver.Stmt               = (*given)(nil)
	_ driver.StmtExecContext    = (*given)(nil)
	_ driver.StmtQueryContext   = (*given)(nil)
	_ io.Closer                 = (*stmt)(nil)
)

// stmt is what an interceptor said of a prepared statement. It stands around
// Call.Stmt.
type stmt struct {
	h      *handler
	ctx    context.Context // what the interceptor returned with it; for StmtClose
	query  string          // the text before the interceptor changed it
	parent driver.Stmt     // what the interceptor returned
	given  given
}

// Close asks the interceptor.
func (s *stmt) Close() error { return s.h.intr.StmtClose(s.ctx, s.parent) }

// given is the statement that an interceptor gets.
type given struct {
	turn
	inner io.Closer // Call.Stmt without the interceptor's
}

// preparer is the connection as ConnPrepareContext sees it.
type preparer stmt

// PrepareContext goes on.
func (p *preparer) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	g := &p.given
	if g.over(middleware.OpPrepare) {
		return nil, errOver
	}
	if err := g.pass(ctx, query, nil); err != nil {
		return nil, err
	}
	g.inner = g.c.Stmt
	return g, nil
}

func (h *handler) prepare(ctx context.Context, c *middleware.Call) error {
	s := &stmt{h: h, query: c.SQL, given: given{turn: turn{h.next, c}, inner: c.Stmt}}
	defer s.given.end()
	after, parent, err := h.intr.ConnPrepareContext(ctx, (*preparer)(s), c.SQL)
	if err != nil {
		return err
	}
	if parent == nil {
		parent = &s.given
	}
	s.ctx, s.parent = after, parent
	c.Stmt = s
	return nil
}

// uncover takes the interceptor's statement off the call, for as long as the
// next handler works. It returns nil where there is none.
func (h *handler) uncover(c *middleware.Call) *stmt {
	s, ours := c.Stmt.(*stmt)
	if !ours {
		return nil
	}
	c.Stmt = s.given.inner
	s.given.turn = turn{h.next, c}
	return s
}

// cover undoes uncover.
func (s *stmt) cover(c *middleware.Call) {
	c.Stmt = s
	s.given.end()
}

func (h *handler) execPrepared(ctx context.Context, c *middleware.Call) error {
	s := h.uncover(c)
	if s == nil {
		return h.next.Handle(ctx, c)
	}
	defer s.cover(c)
	execer, ok := s.parent.(driver.StmtExecContext)
	if !ok {
		execer = plain{s.parent}
	}
	r := &result{intr: h.intr}
	res, err := h.intr.StmtExecContext(ctx, execer, s.query, slices.Clone(c.Args))
	return r.answer(c, res, err)
}

func (h *handler) queryPrepared(ctx context.Context, c *middleware.Call) error {
	s := h.uncover(c)
	if s == nil {
		return h.next.Handle(ctx, c)
	}
	defer s.cover(c)
	queryer, ok := s.parent.(driver.StmtQueryContext)
	if !ok {
		queryer = plain{s.parent}
	}
	r := &rows{intr: h.intr}
	after, answer, err := h.intr.StmtQueryContext(ctx, queryer, s.query, slices.Clone(c.Args))
	return r.answer(after, c, answer, err)
}

// Close goes on.
func (g *given) Close() error { return g.inner.Close() }

// NumInput leaves the counting to the real statement.
func (*given) NumInput() int { return -1 }

// ExecContext goes on.
func (g *given) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if g.over(middleware.OpExec) {
		return nil, errOver
	}
	return g.exec(ctx, g.c.SQL, args)
}

// QueryContext goes on.
func (g *given) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if g.over(middleware.OpQuery) {
		return nil, errOver
	}
	return g.query(ctx, g.c.SQL, args)
}

// Exec goes on.
//
// Deprecated: sqlmw calls ExecContext.
func (g *given) Exec(args []driver.Value) (driver.Result, error) {
	return g.ExecContext(context.Background(), namedValues(args))
}

// Query goes on.
//
// Deprecated: sqlmw calls QueryContext.
func (g *given) Query(args []driver.Value) (driver.Rows, error) {
	return g.QueryContext(context.Background(), namedValues(args))
}

func namedValues(args []driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, v := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}

// plain lets an interceptor return a statement without the context forms, as
// sqlmw does.
type plain struct{ driver.Stmt }

// ExecContext calls Exec.
func (p plain) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	vals, err := plainValues(ctx, args)
	if err != nil {
		return nil, err
	}
	return p.Exec(vals)
}

// QueryContext calls Query.
func (p plain) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	vals, err := plainValues(ctx, args)
	if err != nil {
		return nil, err
	}
	return p.Query(vals)
}

// plainValues are the arguments for a call without a context, which is looked
// at in its place.
func plainValues(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	vals := make([]driver.Value, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		vals[i] = a.Value
	}
	return vals, ctx.Err()
}
