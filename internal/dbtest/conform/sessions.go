// This file looks at what a session keeps: settings, temporary tables and variables on a sql.Conn, and what carries over to the next user.

package conform

import (
	"context"
	"fmt"
)

// setting writes and reads a setting of the session.
func (r *Recorder) setting(value int) (set, get string) {
	return fmt.Sprintf(r.in("set statement_timeout = %d", "set @conform = %d", "pragma cache_size = %d", "begin dbms_session.set_identifier('%d'); end;"), 50000+value),
		r.in("show statement_timeout", "select @conform", "pragma cache_size", "select sys_context('userenv', 'client_identifier')")
}

var sessionCases = []Case{
	{Name: "session: a sql.Conn keeps settings", See: func(r *Recorder) {
		c := r.session()
		set, get := r.setting(1)
		r.exec(c, set)
		for range 3 {
			r.first(c, get)
			r.exec(c, "select 1")
		}
		r.err("ping", c.PingContext(r.ctx))
		r.first(c, get)
		r.err("close", c.Close())
	}},
	{Name: "session: a sql.Conn keeps temporary tables", Without: withoutTemporary, See: func(r *Recorder) {
		c := r.session()
		r.exec(c, "create temporary table conform_temp (id int)")
		r.exec(c, "insert into conform_temp values (1), (2)")
		r.query(c, "select id from conform_temp order by id")
		r.exec(c, "insert into conform_temp values (?)", 3)
		r.query(c, "select count(*) from conform_temp")
		r.exec(c, "drop table conform_temp")
		r.err("close", c.Close())
	}},
	{Name: "session: two sql.Conns are two sessions", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		a, b := r.session(), r.session()
		setA, get := r.setting(1)
		setB, _ := r.setting(2)
		for range 2 {
			r.exec(a, setA)
			r.exec(b, setB)
			r.first(a, get)
			r.first(b, get)
		}
		r.exec(a, "create temporary table conform_temp (id int)")
		r.query(b, "select * from conform_temp")
		r.query(a, "select * from conform_temp")
		r.err("close", a.Close())
		r.err("close", b.Close())
	}},
	{Name: "session: insert ids and sequences belong to it", Without: withoutInsertIDs, See: func(r *Recorder) {
		r.table("conform_ids", "id "+r.serial()+" primary key, v int")
		c := r.session()
		last := r.in("select lastval()", "select last_insert_id()", "select last_insert_rowid()")
		if r.target.Dialect == Postgres {
			r.first(c, last)
		}
		for i := range 3 {
			r.exec(c, "insert into conform_ids (v) values (?)", i)
			r.first(c, last)
		}
		r.err("close", c.Close())
	}},
	{Name: "session: FOUND_ROWS and ROW_COUNT follow the statement", On: []Dialect{MySQL}, See: func(r *Recorder) {
		r.wide()
		c := r.session()
		r.query(c, "select sql_calc_found_rows id from conform_wide limit 1")
		r.first(c, "select found_rows()")
		r.exec(c, "update conform_wide set price = 9")
		r.first(c, "select row_count()")
		r.exec(c, "insert into conform_wide values (1, 'dup', 1, null) on duplicate key update price = 10")
		r.first(c, "select row_count()")
		r.query(c, "select cast('abc' as int)")
		r.query(c, "show warnings")
		r.exec(c, "use mysql")
		r.first(c, "select database()")
	}},
	{Name: "session: locks are held and released", Lacks: []Trait{OneConnection}, On: []Dialect{Postgres, MySQL}, See: func(r *Recorder) {
		a, b := r.session(), r.session()
		try := r.in("select pg_try_advisory_lock(7)", "select get_lock('conform', 0)", "")
		unlock := r.in("select pg_advisory_unlock(7)", "select release_lock('conform')", "")
		r.first(a, try)
		r.first(b, try)
		r.first(a, unlock)
		r.first(b, try)
		r.first(b, unlock)
	}},
	{Name: "session: rows and statements share it", On: []Dialect{SQLite, Postgres, MySQL}, See: func(r *Recorder) {
		c := r.session()
		rows, err := c.QueryContext(r.ctx, r.numbers(5))
		r.err("query", err)
		if err != nil {
			return
		}
		r.note("next", "%t", rows.Next())
		if r.target.Dialect == SQLite {
			r.first(c, "select 'beside open rows'")
			r.note("next", "%t", rows.Next())
		}
		r.err("close", rows.Close())
		r.first(c, "select 'after'")
	}},
	{Name: "session: statements beside open rows", Needs: []Trait{PQ}, See: func(r *Recorder) {
		c := r.session()
		rows, err := c.QueryContext(r.ctx, "select n from ("+r.numbers(800)+") x")
		r.err("query", err)
		if err != nil {
			return
		}
		r.note("next", "%t", rows.Next())
		r.exec(c, "select 1")
		r.first(c, "select "+r.in("?::int", "?", "?"), 2)
		r.note("next", "%t", rows.Next())
		r.err("err", rows.Err())
		r.err("close", rows.Close())
		r.first(c, "select 'after'")
	}},
}

// carryOverCases look at the one connection of a handle after each way in
// which it can come back: what its last user left is what the next one finds.
var carryOverCases = []Case{
	after("an exec", func(r *Recorder, set string) { r.exec(r.db, set) }),
	after("an error", func(r *Recorder, set string) {
		r.exec(r.db, set)
		r.exec(r.db, "nonsense")
		r.exec(r.db, "select * from conform_nowhere where id = ?", 1)
	}),
	after("a session", func(r *Recorder, set string) {
		c := r.session()
		r.exec(c, set)
		r.err("close", c.Close())
	}),
	after("a commit", func(r *Recorder, set string) {
		tx := r.begin(r.db, nil)
		r.exec(tx, set)
		r.err("commit", tx.Commit())
	}),
	after("a rollback", func(r *Recorder, set string) {
		tx := r.begin(r.db, nil)
		r.exec(tx, set)
		r.err("rollback", tx.Rollback())
	}),
	after("a prepared statement", func(r *Recorder, set string) {
		if st := r.prepare(r.db, set); st != nil {
			res, err := st.ExecContext(r.ctx)
			r.result("set", res, err)
			r.err("close", st.Close())
		}
	}),
	after("unread rows", func(r *Recorder, set string) {
		r.exec(r.db, set)
		rows, err := r.db.QueryContext(r.ctx, r.numbers(500))
		r.err("query", err)
		if err == nil {
			r.note("next", "%t", rows.Next())
			r.err("close", rows.Close())
		}
	}),
	after("a panic in Raw", func(r *Recorder, set string) {
		c := r.session()
		r.exec(c, set)
		r.panics(func() error { return r.raw(r.ctx, c, func(any) error { panic("user code") }) })
		r.err("ping", c.PingContext(r.ctx))
		r.err("close", c.Close())
	}),
	after("a bad connection from Raw", func(r *Recorder, set string) {
		c := r.session()
		r.exec(c, set)
		r.err("raw", r.raw(r.ctx, c, func(any) error { return fmt.Errorf("own: %w", errBad) }))
		r.err("ping", c.PingContext(r.ctx))
		r.err("close", c.Close())
	}),
	after("a transaction whose context ended", func(r *Recorder, set string) {
		ctx, cancel := context.WithCancel(r.ctx)
		tx := r.begin(contextBeginner{r.db, ctx}, nil)
		r.exec(tx, set)
		cancel()
		r.awaitIdle()
		r.err("commit", tx.Commit())
	}),
	sleeping(after("a statement whose context ended", func(r *Recorder, set string) {
		r.exec(r.db, set)
		r.interrupted(false, func() { r.exec(r.db, r.slow(patience)) })
	})),
	sleeping(after("a query whose deadline passed", func(r *Recorder, set string) {
		r.exec(r.db, set)
		r.interrupted(true, func() { r.query(r.db, r.slow(patience)) })
	})),
	{Name: "carry over: insert ids to the next call", Without: withoutInsertIDs, See: func(r *Recorder) {
		r.db.SetMaxOpenConns(1)
		r.table("conform_ids", "id "+r.serial()+" primary key, v int")
		last := r.in("select lastval()", "select last_insert_id()", "select last_insert_rowid()")
		for i := range 3 {
			r.exec(r.db, "insert into conform_ids (v) values (?)", i)
			r.first(r.db, last)
		}
	}},
	{Name: "carry over: temporary tables to the next call", Without: withoutTemporary, See: func(r *Recorder) {
		r.db.SetMaxOpenConns(1)
		r.exec(r.db, "create temporary table conform_temp (id int)")
		r.exec(r.db, "insert into conform_temp values (?)", 1)
		r.query(r.db, "select * from conform_temp")
		r.exec(r.db, "drop table conform_temp")
	}},
	{Name: "carry over: a transaction begun by text", Without: withoutBegin, See: func(r *Recorder) {
		r.db.SetMaxOpenConns(1)
		r.table("conform_tx", "id int")
		r.exec(r.db, "begin")
		r.exec(r.db, "insert into conform_tx values (1)")
		r.first(r.db, "select count(*) from conform_tx")
		r.exec(r.db, "rollback")
		r.first(r.db, "select count(*) from conform_tx")
		r.exec(r.db, "begin")
		tx := r.begin(r.db, nil)
		if tx != nil {
			r.err("commit", tx.Commit())
		}
		r.exec(r.db, "rollback")
	}},
	{Name: "carry over: nothing to a connection of its own", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		r.db.SetMaxIdleConns(-1)
		r.exec(r.db, "create temporary table conform_temp (id int)")
		c := r.session()
		set, get := r.setting(7)
		r.exec(c, set)
		r.first(c, get)
		r.err("close", c.Close())
	}},
}

// after is a case in which use leaves the setting behind.
func after(how string, use func(r *Recorder, set string)) Case {
	return Case{Name: "carry over: after " + how, Excused: []string{"lost reply", "either clock"}, See: func(r *Recorder) {
		r.db.SetMaxOpenConns(1)
		set, get := r.setting(5)
		r.first(r.db, get)
		use(r, set)
		r.first(r.db, get)
		r.note("in use", "%d", r.db.Stats().InUse)
		r.query(r.db, get)
	}}
}

// sleeping is c on servers that have a function for it; the time that a
// cancellation takes is real.
func sleeping(c Case) Case {
	c.Needs, c.timed = []Trait{Sleeps}, true
	return c
}
