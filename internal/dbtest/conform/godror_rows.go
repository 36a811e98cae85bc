//go:build cgo

// This file reads cursors: as an OUT bind, as a column, wrapped as *sql.Rows and by hand.

package conform

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/godror/godror"
)

const openCursor = "begin open :1 for select id, v from conform_again order by id; end;"

// cursors lets use run where a cursor lives: on a session and in a transaction.
func (r *Recorder) cursors(use func(w way)) {
	c := r.session()
	use(way{r, "conn", c, true})
	r.err("close the session", c.Close())
	if tx := r.begin(r.db, nil); tx != nil {
		use(way{r, "tx", tx, true})
		r.err("commit", tx.Commit())
	}
}

// holding runs a statement and lets read look at what it gave before it is
// closed.
func (w way) holding(query string, args []any, read func()) {
	st, err := w.on.PrepareContext(w.r.ctx, w.r.bind(query))
	w.r.err("prepare", err)
	if err != nil {
		return
	}
	defer func() { w.r.err("close", st.Close()) }()
	res, err := st.ExecContext(w.r.ctx, args...)
	w.r.result(w.name, res, err)
	if err == nil {
		read()
	}
}

// byHand reads a driver's rows to their end.
func (r *Recorder) byHand(label string, rows driver.Rows) {
	r.note(label, "%T %q", rows, rows.Columns())
	dest := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(dest)
		if err != nil {
			r.note(label, "end %t", errors.Is(err, io.EOF))
			break
		}
		for _, v := range dest {
			r.value(label, v)
		}
	}
	r.err(label+" close", rows.Close())
}

var godrorRowsCases = []Case{
	{Name: "a cursor as an OUT bind, by hand", See: func(r *Recorder) {
		r.repeated()
		r.cursors(func(w way) {
			var cursor driver.Rows
			w.holding(openCursor, []any{sql.Out{Dest: &cursor}}, func() { r.byHand(w.name, cursor) })
		})
	}},
	{Name: "a cursor as an OUT bind, wrapped", See: func(r *Recorder) {
		r.repeated()
		r.cursors(func(w way) {
			var cursor driver.Rows
			args := []any{sql.Out{Dest: &cursor}, godror.FetchArraySize(2), godror.PrefetchCount(2)}
			w.holding(openCursor, args, func() {
				rows, err := godror.WrapRows(r.ctx, w.on, cursor)
				r.rows(w.name+" wrapped", rows, err)
			})
			r.first(w.on, "select 'still here'")
		})
	}},
	{Name: "a cursor left unread", See: func(r *Recorder) {
		r.repeated()
		r.cursors(func(w way) {
			var cursor driver.Rows
			res, err := w.run(openCursor, sql.Out{Dest: &cursor})
			r.result(w.name, res, err)
			r.note(w.name, "%T", cursor)
			if cursor != nil {
				r.err("close", cursor.Close())
			}
			r.first(w.on, "select 'still here'")
		})
	}},
	{Name: "a cursor as a column", See: func(r *Recorder) {
		r.repeated()
		r.cursors(func(w way) {
			rows, err := w.ask("select id, cursor(select v from conform_again b where b.id = a.id) from conform_again a order by id")
			r.err(w.name, err)
			if err != nil {
				return
			}
			defer rows.Close()
			for rows.Next() {
				var id int
				var inner sql.Rows
				err := rows.Scan(&id, &inner)
				r.err("scan", err)
				if err == nil {
					r.readAll("inner", &inner)
					r.err("close", inner.Close())
				}
			}
			r.err("end", rows.Err())
		})
	}},
	{Name: "a query of a block", See: func(r *Recorder) {
		r.everyWay(func(w way) {
			w.query("block", "begin null; end;")
			var n int64
			w.query("with an OUT bind", "begin :1 := 1; end;", sql.Out{Dest: &n})
			r.value(w.name, n)
		})
	}},
}
