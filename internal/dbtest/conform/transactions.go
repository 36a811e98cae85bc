// This file looks at transactions: options, isolation, errors inside, statements from outside, and what is there afterwards.

package conform

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// errBad is what user code returns to say that a connection is unusable.
var errBad = driver.ErrBadConn

// contextBeginner begins under another context than the recorder's.
type contextBeginner struct {
	db  *sql.DB
	ctx context.Context
}

func (b contextBeginner) BeginTx(_ context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	return b.db.BeginTx(b.ctx, opts)
}

// awaitIdle waits until no connection is in use.
func (r *Recorder) awaitIdle() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.db.Stats().InUse > 0 {
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			r.note("in use", "a connection did not come back")
			return
		}
	}
}

var transactionCases = []Case{
	{Name: "transaction: committed and rolled back", See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		for _, commit := range []bool{true, false} {
			tx := r.begin(r.db, nil)
			r.exec(tx, "insert into conform_tx values (1)")
			r.exec(tx, "insert into conform_tx values (?)", 2)
			r.query(tx, "select count(*) from conform_tx")
			if commit {
				r.err("commit", tx.Commit())
			} else {
				r.err("rollback", tx.Rollback())
			}
			r.first(r.db, "select count(*) from conform_tx")
		}
	}},
	{Name: "transaction: commit after an error inside", See: func(r *Recorder) {
		r.constrained()
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_parent values (20, 'twenty', 1)")
		r.exec(tx, "insert into conform_parent values (21, 'one', 1)")
		r.exec(tx, "insert into conform_parent values (22, 'more', 1)")
		r.first(tx, "select count(*) from conform_parent")
		r.err("commit", tx.Commit())
		r.err("rollback", tx.Rollback())
		r.first(r.db, "select count(*) from conform_parent")
	}},
	{Name: "transaction: savepoints", See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_tx values (1)")
		r.exec(tx, "savepoint a")
		r.exec(tx, "insert into conform_tx values (2)")
		r.exec(tx, "nonsense")
		r.exec(tx, "rollback to savepoint a")
		r.exec(tx, "release savepoint a")
		r.exec(tx, "release savepoint a")
		r.err("commit", tx.Commit())
		r.query(r.db, "select id from conform_tx")
	}},
	{Name: "transaction: rows inside rows", Excused: []string{"lost session"}, See: func(r *Recorder) {
		tx := r.begin(r.db, nil)
		rows, err := tx.QueryContext(r.ctx, r.numbers(3))
		r.err("query", err)
		if err == nil {
			r.note("next", "%t", rows.Next())
			r.exec(tx, "select 2")
			r.note("next", "%t", rows.Next())
			r.err("err", rows.Err())
			r.err("close", rows.Close())
		}
		r.err("rollback", tx.Rollback())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "transaction: ended by text", See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_tx values (1)")
		r.exec(tx, "commit")
		r.exec(tx, "insert into conform_tx values (2)")
		r.err("rollback", tx.Rollback())
		r.first(r.db, "select count(*) from conform_tx")
		r.first(r.db, "select 'still here'")
	}},
	{Name: "transaction: a CREATE TABLE commits it", On: []Dialect{MySQL, Oracle}, See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		r.after("drop table if exists conform_ddl")
		r.setup("drop table if exists conform_ddl")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_tx values (1)")
		r.exec(tx, "create table conform_ddl (id int)")
		r.first(r.db, "select count(*) from conform_tx")
		r.exec(tx, "insert into conform_tx values (2)")
		r.err("rollback", tx.Rollback())
		r.query(r.db, "select id from conform_tx order by id")
	}},
	{Name: "transaction: its work is unseen outside", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_tx values (1)")
		r.first(tx, "select count(*) from conform_tx")
		r.first(r.db, "select count(*) from conform_tx")
		r.err("commit", tx.Commit())
		r.first(r.db, "select count(*) from conform_tx")
	}},
	{Name: "transaction: on a session", See: func(r *Recorder) {
		c := r.session()
		set, get := r.setting(3)
		r.exec(c, set)
		tx := r.begin(c, nil)
		r.first(tx, get)
		r.err("commit", tx.Commit())
		tx = r.begin(c, nil)
		r.err("rollback", tx.Rollback())
		r.first(c, get)
		r.err("close", c.Close())
	}},
	{Name: "transaction: serialization failure", On: []Dialect{Postgres}, See: func(r *Recorder) {
		r.table("conform_tx", "id int, n int")
		r.setup("insert into conform_tx values (1, 1)")
		opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
		a, b := r.begin(r.db, opts), r.begin(r.db, opts)
		r.first(a, "select n from conform_tx")
		r.first(b, "select n from conform_tx")
		r.exec(a, "update conform_tx set n = 2")
		r.err("commit", a.Commit())
		r.exec(b, "update conform_tx set n = 3")
		r.err("commit", b.Commit())
		r.first(r.db, "select n from conform_tx")
	}},
	{Name: "transaction: tx.Stmt of statements from everywhere", See: (*Recorder).statementsInTx},
}

// isolationCases are one case for each isolation level, known to the driver or
// not.
func isolationCases() []Case {
	var cases []Case
	for level := sql.LevelDefault; level <= sql.LevelLinearizable+1; level++ {
		for _, readOnly := range []bool{false, true} {
			cases = append(cases, Case{Name: fmt.Sprintf("transaction: isolation %s, read only %t", level, readOnly), See: func(r *Recorder) {
				r.isolation(&sql.TxOptions{Isolation: level, ReadOnly: readOnly})
			}})
		}
	}
	return cases
}

// isolation begins with opts, asks the server what it made of them, and
// writes.
func (r *Recorder) isolation(opts *sql.TxOptions) {
	r.table("conform_tx", "id int")
	tx := r.begin(r.db, opts)
	if tx != nil {
		switch r.target.Dialect {
		case Postgres:
			r.first(tx, "show transaction_isolation")
			r.first(tx, "show transaction_read_only")
		case MySQL:
			r.first(tx, "select coalesce((select concat(trx_isolation_level, trx_is_read_only) from information_schema.innodb_trx where trx_mysql_thread_id = connection_id()), 'none')")
		}
		r.exec(tx, "insert into conform_tx values (1)")
		r.exec(tx, "select 1")
		r.err("commit", tx.Commit())
	}
	r.first(r.db, "select count(*) from conform_tx")
	again := r.begin(r.db, nil)
	r.exec(again, "insert into conform_tx values (2)")
	r.err("commit", again.Commit())
}

// statementsInTx uses statements of the database, of a session and of another
// transaction inside one.
func (r *Recorder) statementsInTx() {
	r.table("conform_tx", "id int")
	const insert = "insert into conform_tx values (?)"
	onDB := r.prepare(r.db, insert)
	tx := r.begin(r.db, nil)
	for i, st := range []*sql.Stmt{tx.StmtContext(r.ctx, onDB), tx.StmtContext(r.ctx, onDB)} {
		res, err := st.ExecContext(r.ctx, i)
		r.result("in the transaction", res, err)
		r.err("close", st.Close())
	}
	own := r.prepare(tx, insert)
	res, err := own.ExecContext(r.ctx, 10)
	r.result("prepared inside", res, err)
	r.err("rollback", tx.Rollback())
	r.first(r.db, "select count(*) from conform_tx")
	res, err = onDB.ExecContext(r.ctx, 20)
	r.result("outside again", res, err)
	next := r.begin(r.db, nil)
	res, err = next.StmtContext(r.ctx, own).ExecContext(r.ctx, 30)
	r.result("of a finished transaction", res, err)
	r.err("close", onDB.Close())
	res, err = next.StmtContext(r.ctx, onDB).ExecContext(r.ctx, 40)
	r.result("of a closed statement", res, err)
	r.err("commit", next.Commit())
	r.query(r.db, "select id from conform_tx order by id")
}
