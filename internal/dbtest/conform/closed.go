// This file uses databases, sessions, transactions and statements after their end.

package conform

import "context"

var closedCases = []Case{
	{Name: "closed: a transaction after commit", See: func(r *Recorder) { r.finished(true) }},
	{Name: "closed: a transaction after rollback", See: func(r *Recorder) { r.finished(false) }},
	{Name: "closed: a session", See: func(r *Recorder) {
		c := r.session()
		st := r.prepare(c, "select 1")
		r.err("close", c.Close())
		r.err("close again", c.Close())
		r.exec(c, "select 1")
		r.query(c, "select 1")
		r.first(c, "select 1")
		r.prepare(c, "select 1")
		r.begin(c, nil)
		r.err("ping", c.PingContext(r.ctx))
		r.err("raw", r.raw(r.ctx, c, func(any) error { return nil }))
		_, err := st.ExecContext(r.ctx)
		r.err("its statement", err)
		r.err("close its statement", st.Close())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "closed: a statement", See: func(r *Recorder) {
		st := r.prepare(r.db, "select 1")
		r.err("close", st.Close())
		r.err("close again", st.Close())
		_, err := st.ExecContext(r.ctx)
		r.err("exec", err)
		_, err = st.QueryContext(r.ctx)
		r.err("query", err)
		r.err("query row", st.QueryRowContext(r.ctx).Scan(new(int)))
		r.first(r.db, "select 'still here'")
	}},
	{Name: "closed: a statement of a transaction", See: func(r *Recorder) {
		tx := r.begin(r.db, nil)
		st := r.prepare(tx, "select 1")
		r.err("commit", tx.Commit())
		_, err := st.ExecContext(r.ctx)
		r.err("exec", err)
		_, err = st.QueryContext(r.ctx)
		r.err("query", err)
		r.err("close", st.Close())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "closed: rows when the transaction ends", See: func(r *Recorder) {
		tx := r.begin(r.db, nil)
		rows, err := tx.QueryContext(r.ctx, r.numbers(3))
		r.err("query", err)
		if err == nil {
			r.note("next", "%t", rows.Next())
		}
		r.err("rollback", tx.Rollback())
		r.note("next", "%t", rows.Next())
		r.err("err", rows.Err())
		r.err("close", rows.Close())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "closed: a database", See: func(r *Recorder) {
		r.first(r.db, "select 1")
		st := r.prepare(r.db, "select 1")
		c := r.session()
		r.first(c, "select 1")
		r.err("close the session", c.Close())
		r.err("close", r.db.Close())
		r.err("close again", r.db.Close())
		r.exec(r.db, "select 1")
		r.query(r.db, "select 1")
		r.first(r.db, "select 1")
		r.begin(r.db, nil)
		r.prepare(r.db, "select 1")
		r.err("ping", r.db.PingContext(r.ctx))
		_, err := r.db.Conn(context.Background())
		r.err("conn", err)
		_, err = st.ExecContext(r.ctx)
		r.err("statement", err)
		r.err("close the statement", st.Close())
	}},
	{Name: "closed: a database with a session in use", See: func(r *Recorder) {
		c := r.session()
		r.first(c, "select 1")
		r.err("close", r.db.Close())
		r.first(c, "select 2")
		r.exec(c, "select 3")
		r.err("close the session", c.Close())
		r.first(c, "select 4")
	}},
	{Name: "closed: a database with a transaction open", See: func(r *Recorder) {
		tx := r.begin(r.db, nil)
		r.first(tx, "select 1")
		r.err("close", r.db.Close())
		r.first(tx, "select 2")
		r.err("rollback", tx.Rollback())
	}},
	{Name: "closed: a database that was never used", See: func(r *Recorder) {
		r.err("close", r.db.Close())
		r.err("ping", r.db.PingContext(r.ctx))
	}},
}

// finished ends a transaction and uses it afterwards.
func (r *Recorder) finished(commit bool) {
	tx := r.begin(r.db, nil)
	r.first(tx, "select 1")
	if commit {
		r.err("commit", tx.Commit())
	} else {
		r.err("rollback", tx.Rollback())
	}
	r.err("commit again", tx.Commit())
	r.err("rollback again", tx.Rollback())
	r.exec(tx, "select 1")
	r.query(tx, "select 1")
	r.prepare(tx, "select 1")
	r.first(r.db, "select 'still here'")
}
