// This file is the prepared statement handed to database/sql: a text, and the real statement of each physical connection it ran on.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
)

var (
	_ driver.Stmt              = (*stmt)(nil)
	_ driver.StmtExecContext   = (*stmt)(nil)
	_ driver.StmtQueryContext  = (*stmt)(nil)
	_ driver.NamedValueChecker = (*stmt)(nil)
)

// stmtOwner is the connection that a statement was prepared on.
type stmtOwner interface {
	execute(ctx context.Context, st *stmt, text string, args []driver.NamedValue) (driver.Result, error)
	ask(ctx context.Context, st *stmt, text string, args []driver.NamedValue) (driver.Rows, error)
	// closeLeft closes what is left to close on p if p is held right now.
	closeLeft(p *physical) error
	// shares reports whether virtual statements may share a real one.
	shares() bool
}

// stmt belongs to one virtual connection and is used under its lock.
type stmt struct {
	c     stmtOwner
	text  string
	home  origin // who prepared it, see origin.go
	bound []*prepared
	shown io.Closer // itself, and around it what the middlewares put there; Call.Stmt

	optioned bool // see options
}

// newStmt returns a statement that is prepared nowhere yet.
func newStmt(c stmtOwner, text string, home origin) *stmt {
	st := &stmt{c: c, text: text, home: home}
	st.shown = (*unseen)(st)
	return st
}

// unseen is a statement as its innermost middleware sees it: closing it closes
// the real ones.
type unseen stmt

// Close gives up the real statements.
func (u *unseen) Close() error { return (*stmt)(u).giveUp() }

// on returns the real statement on p, preparing it there if it has none yet.
func (st *stmt) on(ctx context.Context, p *physical) (*prepared, error) {
	if ps := st.boundTo(p); ps != nil {
		return ps, nil
	}
	if st.c.shares() {
		if ps := p.share(st.text); ps != nil {
			st.bind(ps)
			return ps, nil
		}
	}
	si, err := p.prepare(ctx, st.text)
	if err != nil {
		return nil, err
	}
	ps := p.keep(st.text, si, false)
	st.bind(ps)
	return ps, nil
}

// boundTo returns the statement on p, unless another one that shares it reads
// from it: the bare driver's would be two.
func (st *stmt) boundTo(p *physical) *prepared {
	for i, ps := range st.bound {
		if ps.p != p {
			continue
		}
		if ps.open == 0 || ps.alone() {
			return ps
		}
		st.bound = slices.Delete(st.bound, i, i+1)
		ps.leave()
		return nil
	}
	return nil
}

// bind notes a real statement. Where they are not shared, those on other
// connections are given up: else each virtual statement would end with one on
// every physical connection.
func (st *stmt) bind(ps *prepared) {
	shares := st.c.shares()
	st.bound = slices.DeleteFunc(st.bound, func(old *prepared) bool {
		if !shares {
			old.leave()
		}
		return !shares || old.p.closed.Load()
	})
	st.bound = append(st.bound, ps)
}

// prepare prepares text on p. An error surfaces as on the bare driver, although
// p may have a statement of that text: the tables may be gone since.
func (st *stmt) prepare(ctx context.Context, p *physical, text string) error {
	st.text = text // a middleware may have changed it
	si, err := p.prepare(ctx, text)
	if err != nil {
		return err
	}
	st.bind(p.keep(text, si, false))
	return nil
}

func (st *stmt) runs() string { return st.text }

func (st *stmt) options() *bool { return &st.optioned }

func (st *stmt) older(p *physical) bool {
	return slices.ContainsFunc(st.bound, func(ps *prepared) bool { return ps.p == p && ps.told != p.scope.told })
}

// Close tells the middlewares that put their own around the statement. None of
// them can keep it open.
func (st *stmt) Close() error {
	defer st.giveUp() //nolint:errcheck // what shown says is the answer
	return st.shown.Close()
}

// giveUp gives up the real statements. It never leases and never waits for the
// pool: database/sql closes statements also after the connection went back and
// with its own lock held (DB.putConn, noteUnusedDriverStatement). On the
// connection held right now the driver closes it at once; elsewhere the next
// user does.
func (st *stmt) giveUp() error {
	var err error
	for _, ps := range st.bound {
		if ps.leave() {
			err = errors.Join(err, st.c.closeLeft(ps.p))
		}
	}
	st.bound = nil
	return err
}

// NumInput leaves the counting to the real statement, after the lease.
func (st *stmt) NumInput() int { return -1 }

// CheckNamedValue accepts every value untouched; the real statement converts
// it after the lease (see args.go).
func (st *stmt) CheckNamedValue(*driver.NamedValue) error { return nil }

// ExecContext runs the statement on whichever connection the session holds.
func (st *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return st.c.execute(ctx, st, st.text, args)
}

// QueryContext runs the statement on whichever connection the session holds.
func (st *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return st.c.ask(ctx, st, st.text, args)
}

// Exec serves callers that reach the statement without database/sql.
//
// Deprecated: database/sql calls ExecContext.
func (st *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return st.ExecContext(context.Background(), namedValues(args))
}

// Query serves callers that reach the statement without database/sql.
//
// Deprecated: database/sql calls QueryContext.
func (st *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return st.QueryContext(context.Background(), namedValues(args))
}

func namedValues(args []driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, v := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}
