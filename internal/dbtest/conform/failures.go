// This file provokes the database's own errors and looks at text, type, code and chain of each, and at the session afterwards.

package conform

import (
	"context"
	"database/sql"
	"fmt"
)

// constrained makes two tables with every kind of constraint.
func (r *Recorder) constrained() {
	r.table("conform_parent", "id int primary key, code varchar(10) not null unique, n int check (n < 100)")
	r.table("conform_child", "id int primary key, parent int, foreign key (parent) references conform_parent (id)")
	r.setup("insert into conform_parent values (1, 'one', 1)", "insert into conform_child values (1, 1)")
}

// badly runs a text that fails, by every way in which a text can be run.
func (r *Recorder) badly(query string, args ...any) {
	r.exec(r.db, query, args...)
	r.query(r.db, query, args...)
	r.first(r.db, query, args...)
	if st := r.prepare(r.db, query); st != nil {
		res, err := st.ExecContext(r.ctx, args...)
		r.result("prepared exec", res, err)
		rows, err := st.QueryContext(r.ctx, args...)
		r.rows("prepared query", rows, err)
		r.err("close", st.Close())
	}
	c := r.session()
	r.exec(c, query, args...)
	r.first(c, "select 'still here'")
	if tx := r.begin(c, nil); tx != nil {
		r.exec(tx, query, args...)
		r.first(tx, "select 'in the transaction'")
		r.err("rollback", tx.Rollback())
	}
	r.first(c, "select 'still here'")
	r.err("close the session", c.Close())
}

// fails is a case in which a text fails however it is run.
func fails(name, query string, args ...any) Case {
	return Case{Name: "error: " + name, See: func(r *Recorder) {
		r.constrained()
		r.badly(query, args...)
	}}
}

// on is c for one dialect.
func on(d Dialect, c Case) Case {
	c.On, c.Name = []Dialect{d}, c.Name+" ("+string(d)+")"
	return c
}

var errorCases = []Case{
	fails("syntax", "selec 1"),
	fails("syntax with arguments", "select ? from from", 1),
	fails("missing table", "select * from conform_nowhere"),
	fails("missing column", "select no_such_column from conform_parent where id = ?", 1),
	fails("missing function", "select no_such_function(1)"),
	fails("unique", "insert into conform_parent values (2, 'one', 2)"),
	fails("unique with arguments", "insert into conform_parent values (?, ?, ?)", 3, "one", 3),
	fails("primary key", "insert into conform_parent values (1, 'uno', 1)"),
	fails("not null", "insert into conform_parent values (5, null, 1)"),
	fails("check", "insert into conform_parent values (6, 'six', 600)"),
	fails("foreign key", "insert into conform_child values (2, 99)"),
	fails("foreign key with arguments", "insert into conform_child values (?, ?)", 3, 99),
	fails("foreign key of a parent", "delete from conform_parent where id = 1"),
	fails("division by zero", "select 1 / 0"),
	fails("division by zero of a column", "select 1 / (n - 1) from conform_parent"),
	fails("table exists", "create table conform_parent (id int)"),
	fails("too many values", "insert into conform_parent values (1, 2, 3, 4, 5)"),
	on(Postgres, fails("type of a literal", "select 'text'::int")),
	on(Postgres, fails("type of an argument", "select ?::int + 1", "text")),
	on(Postgres, fails("undetermined type of an argument", "select ? is null", nil)),
	on(Postgres, fails("permission", "select * from pg_authid")),
	on(Postgres, fails("raised", "do $$ begin raise exception 'own %', 1 using errcode = 'ZX001', hint = 'h', detail = 'd'; end $$")),
	on(Postgres, fails("notice", "do $$ begin raise notice 'only a notice'; end $$")),
	on(Postgres, fails("value too long", "select 1 from (values ('abc'::char(2)::int)) v")),
	on(Postgres, fails("statement timeout", "set local statement_timeout = 1; select pg_sleep(5)")),
	on(Postgres, fails("transaction control in a function", "do $$ begin perform 1; rollback; end $$")),
	on(MySQL, fails("type of an argument", "insert into conform_parent values (?, 'x', 1)", "text")),
	on(MySQL, fails("value out of range", "insert into conform_parent values (99999999999, 'x', 1)")),
	on(MySQL, fails("value too long", "insert into conform_parent values (7, 'longer than ten characters', 1)")),
	on(MySQL, fails("permission", "select * from mysql.global_priv where create_user is there")),
	on(MySQL, fails("denied", "shutdown")),
	on(MySQL, fails("raised", "signal sqlstate '45000' set message_text = 'own', mysql_errno = 31001")),
	on(MySQL, fails("local infile", "load data local infile '/no/such/file' into table conform_parent")),
	on(SQLite, fails("raised constraint", "insert or abort into conform_parent values (1, 'x', 1)")),
	on(SQLite, fails("read of a text as integer", "insert into conform_parent values ('text', 'x', 1)")),
	on(SQLite, fails("overflow", "select abs(-9223372036854775808)")),
	on(Oracle, fails("raised", "begin raise_application_error(-20001, 'own'); end;")),
	on(Oracle, fails("type of a literal", "select to_number('text')")),
	on(Oracle, fails("a date that is none", "select to_date('2024-13-45', 'YYYY-MM-DD')")),
	on(Oracle, fails("missing procedure", "begin no_such_procedure(?); end;", 1)),
	on(Oracle, fails("an empty string is null", "insert into conform_parent values (7, ?, 1)", "")),
	{Name: "error: where a bad text is noticed", See: func(r *Recorder) {
		for _, text := range []string{"selec", "select nothing_here", "select * from conform_nowhere"} {
			if st := r.prepare(r.db, text); st != nil {
				rows, err := st.QueryContext(r.ctx)
				r.rows("prepared", rows, err)
			}
		}
	}},
	{Name: "error: in the middle of rows", See: (*Recorder).failingRow},
	{Name: "error: in the middle of rows of a transaction", See: func(r *Recorder) {
		tx := r.begin(r.db, nil)
		r.query(tx, r.failingRows(), 3)
		r.first(tx, "select 1")
		r.err("commit", tx.Commit())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "error: in the middle of an exec", See: func(r *Recorder) {
		r.constrained()
		r.exec(r.db, "insert into conform_parent values (10, 'a', 1), (11, 'b', 2), (12, 'a', 3)")
		r.first(r.db, "select count(*) from conform_parent")
	}},
	{Name: "error: a deferred constraint at commit", On: []Dialect{Postgres}, See: func(r *Recorder) {
		r.table("conform_deferred", "id int primary key, up int references conform_deferred (id) deferrable initially deferred")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_deferred values (1, 99)")
		r.err("commit", tx.Commit())
		r.err("commit again", tx.Commit())
		r.first(r.db, "select count(*) from conform_deferred")
	}},
	{Name: "error: the server ends the session", On: []Dialect{Postgres}, Excused: []string{"lost session"}, See: func(r *Recorder) {
		r.exec(r.db, "select pg_terminate_backend(pg_backend_pid())")
		r.first(r.db, "select 'still here'")
		c := r.session()
		r.exec(c, "select pg_terminate_backend(pg_backend_pid())")
		r.first(c, "select 'still here'")
		tx := r.begin(r.db, nil)
		r.exec(tx, "select pg_terminate_backend(pg_backend_pid())")
		r.first(tx, "select 'still here'")
		r.err("commit", tx.Commit())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "error: the server kills the session", On: []Dialect{MySQL}, Excused: []string{"lost session"}, See: func(r *Recorder) {
		c := r.session()
		r.exec(c, "kill connection_id()")
		r.first(c, "select 'still here'")
		tx := r.begin(r.db, nil)
		r.exec(tx, "kill connection_id()")
		r.first(tx, "select 'still here'")
		r.err("commit", tx.Commit())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "error: the server kills a session of Oracle", On: []Dialect{Oracle}, Excused: []string{"lost session"}, See: (*Recorder).killedSession},
	{Name: "error: the server interrupts the statement", On: []Dialect{Postgres}, See: func(r *Recorder) {
		c := r.session()
		r.exec(c, "set statement_timeout = 50")
		r.exec(c, "select pg_sleep(20)")
		r.exec(c, "select pg_sleep(?)", 20)
		r.query(c, "select pg_sleep(20)")
		r.first(c, "select 'still here'")
		r.exec(c, "select pg_cancel_backend(pg_backend_pid())")
		r.first(c, "select 'still here'")
	}},
	{Name: "error: the server interrupts the statement of MySQL", On: []Dialect{MySQL}, See: func(r *Recorder) {
		c := r.session()
		r.exec(c, "set max_statement_time = 0.05")
		r.query(c, "select sleep(20) from conform_nowhere")
		r.query(c, "select count(*) from seq_1_to_100000000 a, seq_1_to_100000000 b")
		r.first(c, "select 'still here'")
		r.exec(c, "kill query connection_id()")
		r.first(c, "select 'still here'")
	}},
	{Name: "error: a second writer's context ends its wait", On: []Dialect{Oracle}, Excused: []string{"either clock", "lost reply"}, timed: true, See: func(r *Recorder) {
		r.constrained()
		a, b := r.session(), r.session()
		tx := r.begin(a, nil)
		r.exec(tx, "update conform_parent set n = 2 where id = 1")
		for _, deadline := range []bool{true, false} {
			r.interrupted(deadline, func() { r.exec(b, "update conform_parent set n = 3 where id = 1") })
			r.first(b, "select n from conform_parent where id = 1")
		}
		r.err("commit", tx.Commit())
		r.exec(b, "update conform_parent set n = ? where id = 1", 4)
		r.first(a, "select n from conform_parent where id = 1")
	}},
	{Name: "error: two writers on one row", Lacks: []Trait{OneConnection}, Without: map[Dialect]string{Oracle: "the second writer waits as long as the first"}, See: (*Recorder).lockedRow},
}

// failingRows is a query whose rows fail at the one that the argument names.
func (r *Recorder) failingRows() string {
	return r.in(
		"select 10 / (n - ?::int) from generate_series(1, 5) n",
		"select case when seq = ? then (select 1 union select 2) else seq end from seq_1_to_5",
		"select case when n = ? then abs(-9223372036854775807 - 1) else n end from (values (1), (2), (3), (4), (5)) v(n)",
		"select to_number(case when n = ? then 'none' else '1' end) from (select 1 as n union all select 2 union all select 3 union all select 4)")
}

func (r *Recorder) failingRow() {
	if r.target.Dialect == SQLite {
		r.table("conform_five", "n integer")
		r.setup("insert into conform_five values (1), (2), (3), (4), (5)")
		const text = "select case when n = %s then abs(-9223372036854775807 - 1) else n end from conform_five order by n"
		r.query(r.db, fmt.Sprintf(text, "3"))
		r.query(r.db, fmt.Sprintf(text, "?"), 4)
	} else {
		r.query(r.db, r.failingRows(), 3)
	}
	if r.target.Dialect == Postgres {
		r.query(r.db, "select 10 / (n - 3) from generate_series(1, 5) n")
		r.query(r.db, "select 10 / (n - 4000) from generate_series(1, 5000) n where n > 3990")
	}
	r.first(r.db, "select 'still here'")
}

// killedSession has sessions killed between their statements, and a text that
// kills its own.
func (r *Recorder) killedSession() {
	kill := func(on interface {
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	},
	) {
		var address string
		r.err("address", on.QueryRowContext(r.ctx, "select sid || ',' || serial# from v$session where sid = sys_context('userenv', 'sid')").Scan(&address))
		_, err := r.side.ExecContext(r.ctx, "alter system kill session '"+address+"' immediate")
		r.err("kill", err) // an account without the right kills nothing, on either side
	}
	kill(r.db)
	r.first(r.db, "select 'still here'")
	c := r.session()
	kill(c)
	r.first(c, "select 'still here'")
	c = r.session()
	kill(c)
	r.exec(c, "begin null; end;")
	r.exec(c, "begin null; end;")
	tx := r.begin(r.db, nil)
	kill(tx)
	r.exec(tx, "begin null; end;")
	r.first(tx, "select 'still here'")
	r.err("commit", tx.Commit())
	tx = r.begin(r.db, nil)
	kill(tx)
	r.err("commit", tx.Commit())
	r.first(r.db, "select 'still here'")
}

// lockedRow lets two sessions want the same row; the second gives up.
func (r *Recorder) lockedRow() {
	r.constrained()
	a, b := r.session(), r.session()
	if q := r.in("set lock_timeout = 50", "set innodb_lock_wait_timeout = 0", "pragma busy_timeout = 50"); q != "" {
		r.exec(a, q)
		r.exec(b, q)
	}
	tx := r.begin(a, nil)
	r.exec(tx, "update conform_parent set n = 2 where id = 1")
	r.exec(b, "update conform_parent set n = 3 where id = 1")
	other := r.begin(b, nil)
	r.exec(other, "update conform_parent set n = ? where id = 1", 4)
	r.exec(other, "select 1")
	r.err("commit of the second", other.Commit())
	r.err("commit of the first", tx.Commit())
	r.first(r.db, "select n from conform_parent where id = 1")
}
