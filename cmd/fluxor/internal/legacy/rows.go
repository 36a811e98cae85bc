// This file holds what the driver's calls return: statements, results and rows.

package legacy

import (
	"context"
	"database/sql/driver"
	"io"
)

var (
	_ driver.Stmt             = (*stmt)(nil)
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)
	_ driver.Result           = result{}
	_ driver.Rows             = (*rows)(nil)
)

// stmt is a text that is sent whole each time.
type stmt struct {
	c    *conn
	text string
}

func (st *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return st.c.ExecContext(ctx, st.text, args)
}

func (st *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return st.c.QueryContext(ctx, st.text, args)
}

func (st *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return st.ExecContext(context.Background(), ordinals(args))
}

func (st *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return st.QueryContext(context.Background(), ordinals(args))
}

func (st *stmt) NumInput() int { return -1 }

func (st *stmt) Close() error { return nil }

func ordinals(args []driver.Value) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return named
}

type result struct{ lastInsertID, rowsAffected int64 }

func (r result) LastInsertId() (int64, error) { return r.lastInsertID, nil }
func (r result) RowsAffected() (int64, error) { return r.rowsAffected, nil }

// rows are the whole answer, which is in already.
type rows struct {
	columns []string
	left    [][]any
}

func (r *rows) Columns() []string { return r.columns }

func (r *rows) Next(dest []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	for i, v := range r.left[0] {
		dest[i] = v
	}
	r.left = r.left[1:]
	return nil
}

func (r *rows) Close() error {
	r.left = nil
	return nil
}
