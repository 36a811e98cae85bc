// This file runs one statement through Fluxor and hands its results to a sink.

// Package statement runs one statement for fluxor query: sent once, streamed,
// and taken back from the server when the user interrupts it.
package statement

import (
	"context"
	"database/sql"
	"log/slog"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"    // go-sql-driver
	_ "github.com/fluxor-db/fluxor/drivers/oracle"   // godror, where the binary is built with cgo
	_ "github.com/fluxor-db/fluxor/drivers/pgx"      // pgx, with fluxor_driver=pgx
	_ "github.com/fluxor-db/fluxor/drivers/postgres" // lib/pq
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"   // modernc.org/sqlite

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/result"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// Statement is what is to be run.
type Statement struct {
	// SQL is sent as it is, with Args for its placeholders.
	SQL  string
	Args []any
	// Send is how; see [Choose].
	Send Send
	// MaxRows is how many rows of each result set are shown; 0 is all. The
	// rest is read and counted, so the statement runs to its end.
	MaxRows int64
}

// Check returns why dsn cannot be used, before anything is dialed.
func Check(dsn string) error {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn})
	if err != nil {
		return err
	}
	return c.Close()
}

// Run runs st on the database of dsn and writes what comes to sink. When ctx
// ends the statement is cancelled on the server before Run returns, as far as
// the server can be reached. The error is the driver's or Fluxor's own.
func Run(ctx context.Context, dsn string, st Statement, sink result.Sink) (err error) {
	u, err := fluxor.Understand(fluxor.RuntimeConfig{DSN: dsn})
	if err != nil {
		return err
	}
	connector, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close() //nolint:errcheck // what it says comes too late to matter
	r := &running{sink: sink}
	err = r.run(ctx, db, u, st)
	if err != nil && ctx.Err() != nil {
		r.session.cancel(db)
	}
	return err
}

type running struct {
	sink    result.Sink
	session session
}

func (r *running) run(ctx context.Context, db *sql.DB, u *fluxor.Understanding, st Statement) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // as in Run
	if r.session, err = sessionOf(ctx, c, u.Backend); err != nil {
		return err
	}
	send := st.Send
	if send == SendAuto {
		send = Choose(sqltext.ForType(u.Type), st.SQL)
	}
	if send == SendExec {
		return r.exec(ctx, c, st)
	}
	return r.query(ctx, c, st)
}

func (r *running) exec(ctx context.Context, c *sql.Conn, st Statement) error {
	res, err := c.ExecContext(ctx, st.SQL, st.Args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		n = -1 // the driver cannot tell
	}
	return r.sink.Affected(result.Count{Affected: n})
}

func (r *running) query(ctx context.Context, c *sql.Conn, st Statement) error {
	rows, err := c.QueryContext(ctx, st.SQL, st.Args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err has said it
	for {
		if err := r.set(rows, st.MaxRows); err != nil {
			return err
		}
		if !rows.NextResultSet() {
			return rows.Err()
		}
	}
}

// set passes one result set on.
func (r *running) set(rows *sql.Rows, most int64) error {
	columns, err := columnsOf(rows)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return r.none(rows)
	}
	if err := r.sink.Begin(columns); err != nil {
		return err
	}
	values, dest := cells(len(columns))
	var n result.Count
	for ; rows.Next(); n.Total++ {
		if most > 0 && n.Total >= most {
			continue
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := r.sink.Row(values); err != nil {
			return err
		}
		n.Rows++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return r.sink.End(n)
}

// none is the result of a statement that returns no rows.
func (r *running) none(rows *sql.Rows) error {
	for rows.Next() { // lets the driver run the statement to its end
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return r.sink.Affected(result.Count{Affected: -1})
}

func columnsOf(rows *sql.Rows) ([]result.Column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns := make([]result.Column, len(types))
	for i, t := range types {
		columns[i] = result.Column{Name: t.Name(), Type: t.DatabaseTypeName()}
	}
	return columns, nil
}

// cells are values to scan into, and the pointers to them.
func cells(n int) (values, dest []any) {
	values, dest = make([]any, n), make([]any, n)
	for i := range values {
		dest[i] = &values[i]
	}
	return values, dest
}
