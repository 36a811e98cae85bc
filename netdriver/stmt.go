// This file holds prepared statements.

package netdriver

import (
	"context"
	"database/sql/driver"
	"slices"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var (
	_ driver.Stmt             = (*stmt)(nil)
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)
)

// stmt is a statement that the gateway keeps under a number.
type stmt struct {
	c      *conn
	sid    uint32
	text   string
	inputs int
	closed bool

	// cols are the columns that the gateway may name by hash, and need not repeat.
	hash string
	cols []wire.Column
}

// NumInput implements driver.Stmt; -1 where the database does not tell.
func (s *stmt) NumInput() int { return s.inputs }

// Exec implements driver.Stmt.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query implements driver.Stmt.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.exec(ctx, s.text, s.sid, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.c.query(ctx, s.text, s, args)
}

// Close implements driver.Stmt. The gateway hears of it with the next request.
func (s *stmt) Close() error {
	if !s.closed && s.c.broken == nil {
		s.c.out.Add(wire.TypeCloseStmt, s.c.number(), &wire.CloseStmt{SID: s.sid}, wire.JSON)
	}
	s.closed = true
	return nil
}

// learn keeps the columns of a head that names them.
func (s *stmt) learn(hash string, cols []wire.Column) {
	if s != nil && hash != "" && hash != s.hash {
		s.hash, s.cols = hash, slices.Clone(cols)
	}
}

// known are the columns that a head means by a name; false where there are none.
func (s *stmt) known(name string) ([]wire.Column, bool) {
	if s == nil || s.hash != name {
		return nil, false
	}
	return s.cols, true
}

// named gives positions to arguments.
func named(args []driver.Value) []driver.NamedValue {
	all := make([]driver.NamedValue, len(args))
	for i, v := range args {
		all[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return all
}
