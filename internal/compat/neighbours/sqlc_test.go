// This file runs code in the style that sqlc writes, over a *sql.DB, a *sql.Tx and prepared statements.

package neighbours

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
)

// dbtx is what sqlc's queries run on.
type dbtx interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// seats are the queries, with a statement each when they were prepared.
type seats struct {
	db    dbtx
	tx    *sql.Tx
	texts [3]string
	stmts [3]*sql.Stmt
}

// The queries by their number.
const (
	addSeat = iota
	getSeat
	listSeats
)

// newSeats is sqlc's New.
func newSeats(b backend, db dbtx) *seats {
	return &seats{db: db, texts: [3]string{
		b.placeholders("insert into seat (hall, place, guest) values (?, ?, ?)"),
		b.placeholders("select hall, place, guest from seat where hall = ? and place = ?"),
		b.placeholders("select hall, place, guest from seat where hall = ? order by place"),
	}}
}

// prepareSeats is sqlc's Prepare.
func prepareSeats(ctx context.Context, b backend, db dbtx) (*seats, error) {
	q := newSeats(b, db)
	for i, text := range q.texts {
		var err error
		if q.stmts[i], err = db.PrepareContext(ctx, text); err != nil {
			return nil, fmt.Errorf("error preparing query %d: %w", i, err)
		}
	}
	return q, nil
}

// withTx is sqlc's WithTx: the same statements, within a transaction.
func (q *seats) withTx(tx *sql.Tx) *seats {
	return &seats{db: tx, tx: tx, texts: q.texts, stmts: q.stmts}
}

func (q *seats) exec(ctx context.Context, query int, args ...any) (sql.Result, error) {
	switch stmt := q.stmts[query]; {
	case stmt != nil && q.tx != nil:
		return q.tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	case stmt != nil:
		return stmt.ExecContext(ctx, args...)
	default:
		return q.db.ExecContext(ctx, q.texts[query], args...)
	}
}

func (q *seats) query(ctx context.Context, query int, args ...any) (*sql.Rows, error) {
	switch stmt := q.stmts[query]; {
	case stmt != nil && q.tx != nil:
		return q.tx.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	case stmt != nil:
		return stmt.QueryContext(ctx, args...)
	default:
		return q.db.QueryContext(ctx, q.texts[query], args...)
	}
}

// seat is a row.
type seat struct {
	Hall  string
	Place int32
	Guest sql.NullString
}

func (q *seats) add(ctx context.Context, s seat) (sql.Result, error) {
	return q.exec(ctx, addSeat, s.Hall, s.Place, s.Guest)
}

func (q *seats) get(ctx context.Context, hall string, place int32) (seat, error) {
	found, err := q.read(ctx, getSeat, hall, place)
	if err == nil && len(found) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return seat{}, err
	}
	return found[0], nil
}

func (q *seats) list(ctx context.Context, hall string) ([]seat, error) {
	return q.read(ctx, listSeats, hall)
}

// read is the body of sqlc's :many.
func (q *seats) read(ctx context.Context, query int, args ...any) ([]seat, error) {
	rows, err := q.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []seat
	for rows.Next() {
		var i seat
		if err := rows.Scan(&i.Hall, &i.Place, &i.Guest); err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return items, rows.Err()
}

// close is sqlc's Close.
func (q *seats) close(n *notes) {
	for _, stmt := range q.stmts {
		n.ok("close", stmt.Close())
	}
}

func TestCodeInTheStyleOfSqlcDoesNotNoticeFluxor(t *testing.T) {
	tool[*sql.DB]{name: "sqlc", open: func(t *testing.T, w way) *sql.DB { return w.open(t) }, scenarios: []scenario[*sql.DB]{
		{"queries", func(n *notes, db *sql.DB) {
			_, err := db.Exec("create table seat (hall varchar(20), place int, guest varchar(20), primary key (hall, place))")
			n.ok("create", err)
			useSeats(n, db, newSeats(n.way.backend, db), "main")
		}},
		{"prepared queries", func(n *notes, db *sql.DB) {
			q, err := prepareSeats(n.Context(), n.way.backend, db)
			n.ok("prepare", err)
			useSeats(n, db, q, "small")
			q.close(n)
			_, err = q.list(n.Context(), "small")
			n.fails("closed", err)
		}},
		{"a wrong query", func(n *notes, db *sql.DB) {
			_, err := db.PrepareContext(n.Context(), "select nothing from nowhere")
			n.fails("prepare", err)
			over, cancel := context.WithCancel(n.Context())
			cancel()
			_, err = prepareSeats(over, n.way.backend, db)
			n.ends("over", err, context.Canceled)
		}},
	}}.run(t)
}

// useSeats runs each query, also within transactions.
func useSeats(n *notes, db *sql.DB, q *seats, hall string) {
	for place := range int32(3) {
		result, err := q.add(n.Context(), seat{hall, place, sql.NullString{String: "Ada", Valid: place > 0}})
		n.ok("add", err)
		rows, err := result.RowsAffected()
		n.ok("rows", err)
		n.want("rows", rows, int64(1))
	}
	_, err := q.add(n.Context(), seat{Hall: hall, Place: 1})
	n.fails("taken", err)
	got, err := q.get(n.Context(), hall, 0)
	n.ok("get", err)
	n.want("seat", got, seat{Hall: hall})
	_, err = q.get(n.Context(), hall, 99)
	n.fails("none", err, sql.ErrNoRows)
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
		tx, err := db.BeginTx(n.Context(), nil)
		n.ok("begin", err)
		in := q.withTx(tx)
		_, err = in.add(n.Context(), seat{Hall: hall, Place: 7})
		n.ok("add", err)
		all, err := in.list(n.Context(), hall)
		n.ok("list", err)
		n.want("inside", len(all), 4)
		n.ok("end", end(tx))
	}
	all, err := q.list(n.Context(), hall)
	n.ok("list", err)
	n.want("seats", len(all), 4)
	n.see("seats", all)
}
