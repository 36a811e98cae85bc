// This file runs statements and takes down everything that database/sql shows of them.

package conform

import (
	"context"
	"database/sql"
	"fmt"
)

// runner is a *sql.DB, a *sql.Conn or a *sql.Tx.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// exec runs a statement and takes down the result.
func (r *Recorder) exec(on runner, query string, args ...any) {
	res, err := on.ExecContext(r.ctx, r.bind(query), args...)
	r.result("exec "+brief(query), res, err)
}

func (r *Recorder) result(label string, res sql.Result, err error) {
	if err != nil {
		r.err(label, err)
		return
	}
	n, err := res.RowsAffected()
	r.note(label, "%d rows affected, %s", n, r.shown(err))
	id, err := res.LastInsertId()
	r.note(label, "last insert id %d, %s", id, r.shown(err))
}

// query runs a query and takes down columns, rows and the end of each result.
func (r *Recorder) query(on runner, query string, args ...any) {
	rows, err := on.QueryContext(r.ctx, r.bind(query), args...)
	r.rows("query "+brief(query), rows, err)
}

// rows reads all results to their end.
func (r *Recorder) rows(label string, rows *sql.Rows, err error) {
	if err != nil {
		r.err(label, err)
		return
	}
	for set := 1; ; set++ {
		r.columns(label, rows)
		r.readAll(label, rows)
		if !rows.NextResultSet() {
			break
		}
		label = fmt.Sprintf("result %d", set+1)
	}
	r.err(label+" end", rows.Err())
	r.err(label+" close", rows.Close())
	_, err = rows.Columns()
	r.err(label+" columns after close", err)
}

// readAll takes down the rows of one result, scanned into any.
func (r *Recorder) readAll(label string, rows *sql.Rows) {
	names, err := rows.Columns()
	if err != nil {
		r.err(label+" columns", err)
		return
	}
	for n := 1; rows.Next(); n++ {
		vals := make([]any, len(names))
		if err := rows.Scan(pointers(vals)...); err != nil {
			r.err(fmt.Sprintf("row %d", n), err)
			continue
		}
		for i, v := range vals {
			r.value(fmt.Sprintf("row %d %s", n, names[i]), v)
		}
	}
	if err := rows.Err(); err != nil {
		r.err(label+" rows", err)
	}
}

func pointers(vals []any) []any {
	ptrs := make([]any, len(vals))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	return ptrs
}

// columns takes down all that is known of the columns.
func (r *Recorder) columns(label string, rows *sql.Rows) {
	names, err := rows.Columns()
	if err != nil {
		r.err(label+" columns", err)
		return
	}
	r.note(label+" columns", "%q", names)
	types, err := rows.ColumnTypes()
	if err != nil {
		r.err(label+" column types", err)
		return
	}
	for _, t := range types {
		length, hasLength := t.Length()
		nullable, knowsNull := t.Nullable()
		precision, scale, decimal := t.DecimalSize()
		r.note("column "+t.Name(), "type %q length %d %t nullable %t %t decimal %d %d %t scan %v",
			t.DatabaseTypeName(), length, hasLength, nullable, knowsNull, precision, scale, decimal, t.ScanType())
	}
}

// first takes down the first row only, as QueryRow sees it.
func (r *Recorder) first(on runner, query string, args ...any) {
	var v any
	var err error
	switch on := on.(type) {
	case *sql.DB:
		err = on.QueryRowContext(r.ctx, r.bind(query), args...).Scan(&v)
	case *sql.Conn:
		err = on.QueryRowContext(r.ctx, r.bind(query), args...).Scan(&v)
	case *sql.Tx:
		err = on.QueryRowContext(r.ctx, r.bind(query), args...).Scan(&v)
	}
	if err != nil {
		r.err("first "+brief(query), err)
		return
	}
	r.value("first "+brief(query), v)
}

// prepare prepares a statement, takes down an error, and closes the statement
// with the case. It is nil after an error.
func (r *Recorder) prepare(on runner, query string) *sql.Stmt {
	st, err := on.PrepareContext(r.ctx, r.bind(query))
	r.err("prepare "+brief(query), err)
	if err != nil {
		return nil
	}
	r.atEnd(func() { _ = st.Close() })
	return st
}

// begin begins a transaction, takes down an error, and rolls back with the
// case. It is nil after an error.
func (r *Recorder) begin(on interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}, opts *sql.TxOptions,
) *sql.Tx {
	tx, err := on.BeginTx(r.ctx, opts)
	r.err(fmt.Sprintf("begin %+v", opts), err)
	if err != nil {
		return nil
	}
	r.atEnd(func() { _ = tx.Rollback() })
	return tx
}
