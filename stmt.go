// This file is the prepared statement handed to database/sql: a text, and the real statement of each physical connection it ran on.

package fluxor

import (
	"context"
	"database/sql/driver"
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
	// closeHere closes si if its connection is the one held right now, and
	// says whether it was.
	closeHere(p *physical, si driver.Stmt) (held bool, err error)
}

// stmt belongs to one virtual connection and is used under its lock.
type stmt struct {
	c     stmtOwner
	text  string
	home  origin // who prepared it, see origin.go
	bound []binding
}

// binding is the real statement of one physical connection.
type binding struct {
	p  *physical
	si driver.Stmt
}

// on returns the real statement on p, preparing it there if it has none yet.
func (st *stmt) on(ctx context.Context, p *physical) (driver.Stmt, error) {
	live := st.bound[:0]
	var found driver.Stmt
	for _, b := range st.bound {
		if b.p == p {
			found = b.si
		}
		if !b.p.closed.Load() {
			live = append(live, b)
		}
	}
	clear(st.bound[len(live):])
	st.bound = live
	if found != nil {
		return found, nil
	}
	si, err := p.prepare(ctx, st.text)
	if err != nil {
		return nil, err
	}
	st.bound = append(st.bound, binding{p, si})
	return si, nil
}

func (st *stmt) write(text string) { st.text = text }

// Close gives up the real statements. It never leases and never waits for the
// pool: database/sql calls it also after the connection went back and with its
// own lock held (DB.putConn, noteUnusedDriverStatement). On the connection
// held right now the driver closes it at once; elsewhere the next user does.
func (st *stmt) Close() error {
	var err error
	for _, b := range st.bound {
		held, failed := st.c.closeHere(b.p, b.si)
		if held {
			err = failed
			continue
		}
		if !b.p.closed.Load() {
			b.p.doom(b.si)
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
