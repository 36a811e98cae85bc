// This file runs the same texts over and over while the session or the tables change under them: what a driver prepares for each call must not be noticed when it is prepared once.

package conform

import "database/sql"

// thrice looks at a query's first value three times.
func (r *Recorder) thrice(on runner, query string, args ...any) {
	for range 3 {
		r.first(on, query, args...)
	}
}

// repeated makes a table to ask again and again.
func (r *Recorder) repeated() {
	r.table("conform_again", "id int primary key, v int")
	r.setup("insert into conform_again values (1, 10), (2, 20)")
}

const askAgain = "select v from conform_again where id = ?"

var repeatCases = []Case{
	{Name: "repeats: texts with arguments", See: func(r *Recorder) {
		r.repeated()
		for i := range 4 {
			r.first(r.db, askAgain, 1+i%2)
			r.query(r.db, "select * from conform_again where id > ? order by id", i)
			r.exec(r.db, "update conform_again set v = v + ? where id = 1", i)
			r.exec(r.db, "insert into conform_again values (?, ?)", 10+i, i)
			r.exec(r.db, "insert into conform_again values (?, ?)", 10, i) // the key is taken
			r.exec(r.db, "delete from conform_again where id = ?", 11)
		}
		r.query(r.db, "select * from conform_again order by id")
	}},
	{Name: "repeats: wrong arguments between right ones", See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		for range 3 {
			r.first(c, askAgain, 1)
			r.first(c, askAgain)
			r.first(c, askAgain, 1, 2)
			r.first(c, askAgain, make(chan int))
			r.first(c, askAgain, nil)
			r.first(c, askAgain, "2")
			r.first(c, askAgain, "not a number")
			r.first(c, askAgain, 2.5)
		}
	}},
	{Name: "repeats: texts that fail", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		c := r.session()
		const missing, later = "select v from conform_later where id = ?", "insert into conform_later values (?, ?)"
		r.thrice(c, missing, 1)
		r.table("conform_later", "id int, v int")
		for i := range 3 {
			r.exec(c, later, 1, i)
			r.first(c, missing, 1)
		}
		r.setup("drop table conform_later")
		r.thrice(c, missing, 1)
		r.exec(c, later, 1, 1)
	}},
	{Name: "repeats: the tables' schema changes", On: []Dialect{Postgres}, See: func(r *Recorder) {
		for i, schema := range []string{"conform_a", "conform_b"} {
			r.setup("drop schema if exists "+schema+" cascade", "create schema "+schema,
				"create table "+schema+".conform_again as select 1 as id, "+[]string{"10", "20::bigint"}[i]+" as v")
			r.after("drop schema " + schema + " cascade")
		}
		c := r.session()
		for _, path := range []string{"conform_a", "conform_b", "conform_b, conform_a", "public", "conform_a"} {
			r.exec(c, "set search_path to "+path)
			r.thrice(c, askAgain, 1)
		}
		r.query(c, "select set_config('search_path', ?, false)", "conform_b")
		r.thrice(c, askAgain, 1)
		tx := r.begin(c, nil)
		r.exec(tx, "set local search_path to conform_a")
		r.thrice(tx, askAgain, 1)
		r.err("commit", tx.Commit())
		r.thrice(c, askAgain, 1)
		tx = r.begin(c, nil)
		r.exec(tx, "set search_path to conform_a")
		r.thrice(tx, askAgain, 1)
		r.exec(tx, "savepoint s")
		r.exec(tx, "set search_path to public")
		r.thrice(tx, "select count(*) from pg_class where oid = ?::regclass", "conform_a.conform_again")
		r.exec(tx, "rollback to savepoint s")
		r.thrice(tx, askAgain, 1)
		r.err("rollback", tx.Rollback())
		r.thrice(c, askAgain, 1)
	}},
	{Name: "repeats: the database changes", On: []Dialect{MySQL}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		r.thrice(c, askAgain, 1)
		r.thrice(c, "select count(*) > 0 from schemata where schema_name = ?", "information_schema")
		r.exec(c, "use information_schema")
		r.thrice(c, askAgain, 1)
		r.thrice(c, "select count(*) > 0 from schemata where schema_name = ?", "information_schema")
	}},
	{Name: "repeats: settings change", On: []Dialect{Postgres, MySQL}, See: func(r *Recorder) {
		c := r.session()
		moment := r.in("select (?::timestamptz)::text || (date '2020-02-03')::text", "select from_unixtime(?)", "")
		at := any("2020-01-02 03:04:05+00")
		if r.target.Dialect == MySQL {
			at = 86400
		}
		text := r.in("select 'a\\b' || ?::text", "select 'a' || ?", "")
		for _, set := range []string{
			r.in("set timezone to 'Asia/Tokyo'", "set time_zone = '+09:00'", ""),
			r.in("set datestyle to 'German'", "set sql_mode = concat(@@sql_mode, ',PIPES_AS_CONCAT')", ""),
			r.in("set standard_conforming_strings to off", "set names latin1", ""),
			r.in("reset all", "set sql_mode = default", ""),
		} {
			r.thrice(c, moment, at)
			r.thrice(c, text, "é")
			r.exec(c, set)
		}
		r.thrice(c, moment, at)
		r.thrice(c, text, "é")
	}},
	{Name: "repeats: a temporary table in front of another", Without: withoutTemporary, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		r.thrice(c, askAgain, 1)
		r.exec(c, "create temporary table conform_again (id int, v "+r.in("text", "varchar(20)", "text")+")")
		r.exec(c, "insert into "+r.in("pg_temp.", "", "temp.")+"conform_again values (?, ?)", 1, "temporary")
		r.thrice(c, askAgain, 1)
		r.exec(c, r.in("drop table pg_temp.conform_again", "drop temporary table conform_again", "drop table temp.conform_again"))
		r.thrice(c, askAgain, 1)
		tx := r.begin(c, nil)
		r.thrice(tx, askAgain, 1)
		r.exec(tx, "create temporary table conform_again (id int, v int)")
		r.thrice(tx, askAgain, 1)
		r.err("rollback", tx.Rollback())
		r.thrice(c, askAgain, 1)
	}},
	{Name: "repeats: another session changes the table", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		all := "select * from conform_again where id = ?"
		for _, ddl := range []string{
			"alter table conform_again add w int default 5",
			"alter table conform_again drop column w",
			"drop table conform_again",
			"create table conform_again (id int, v " + r.in("text", "varchar(20)", "text", "varchar2(20)") + ")",
			"insert into conform_again values (1, 'text')",
		} {
			r.thrice(c, all, 1)
			r.thrice(c, askAgain, 1)
			r.thrice(r.db, all, 1)
			r.setup(ddl)
		}
		for range 3 {
			r.query(c, all, 1)
			r.query(r.db, all, 1)
		}
	}},
	{Name: "repeats: a column's type changes", On: []Dialect{Postgres, MySQL}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		by := "select id from conform_again where v = ?"
		r.thrice(c, by, 10)
		r.setup("alter table conform_again " + r.in("alter column v type text", "modify v varchar(20)", ""))
		r.thrice(c, by, "10")
		r.thrice(c, by, "word")
		r.setup("alter table conform_again " + r.in("alter column v type bigint using v::bigint", "modify v bigint", ""))
		r.thrice(c, by, 10)
		r.thrice(c, by, 5_000_000_000)
	}},
	{Name: "repeats: first used within a transaction", See: func(r *Recorder) {
		r.after("drop table if exists conform_inner")
		c := r.session()
		insert, count := "insert into conform_inner values (?)", "select count(*) from conform_inner where id >= ?"
		for _, commit := range []bool{false, true} {
			tx := r.begin(c, nil)
			r.exec(tx, "create table conform_inner (id int)")
			for i := range 3 {
				r.exec(tx, insert, i)
				r.first(tx, count, 0)
			}
			if commit || r.target.Dialect == MySQL { // which commits at the CREATE
				r.err("commit", tx.Commit())
				break
			}
			r.err("rollback", tx.Rollback())
			r.thrice(c, count, 0)
		}
		r.thrice(c, count, 0)
		r.exec(c, insert, 9)
		r.first(c, count, 0)
	}},
	{Name: "repeats: an error within a transaction", See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		for range 3 {
			r.first(c, askAgain, 1)
			tx := r.begin(c, nil)
			r.first(tx, askAgain, 1)
			r.exec(tx, "insert into conform_again values (?, ?)", 1, 1)
			r.first(tx, askAgain, 1)
			r.err("rollback", tx.Rollback())
		}
	}},
	{Name: "repeats: a transaction begun with a text", Without: withoutBegin, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		r.thrice(c, askAgain, 1)
		for range 2 {
			r.exec(c, "begin")
			r.exec(c, "update conform_again set v = v + ? where id = ?", 1, 1)
			r.thrice(c, askAgain, 1)
			r.exec(c, "insert into conform_again values (?, ?)", 1, 1)
			r.thrice(c, askAgain, 1)
			r.exec(c, "rollback")
			r.thrice(c, askAgain, 1)
		}
	}},
	{Name: "repeats: a text beside its own rows", Needs: []Trait{MultiStatements}, On: []Dialect{SQLite}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		all := "select id from conform_again where id > ? order by id"
		r.thrice(c, all, 0)
		rows, err := c.QueryContext(r.ctx, all, 0)
		r.err("query", err)
		if err != nil {
			return
		}
		r.note("next", "%t", rows.Next())
		r.thrice(c, all, 1)
		r.exec(c, "create temporary table conform_beside (id int)")
		r.thrice(c, all, 1)
		r.note("next", "%t", rows.Next())
		r.note("next", "%t", rows.Next())
		r.err("close", rows.Close())
		r.thrice(c, all, 1)
	}},
	{Name: "repeats: more texts than a cache holds", See: func(r *Recorder) {
		r.repeated()
		for range 3 {
			for _, column := range []string{"id", "v", "id + v", "v - id", "id * v"} {
				r.first(r.db, "select "+column+" from conform_again where id = ?", 2)
			}
		}
	}},
	{Name: "repeats: a prepared statement and its text", See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		r.thrice(c, askAgain, 1)
		st := r.prepare(c, askAgain)
		if st == nil {
			return
		}
		for i := range 3 {
			r.prepared(st, 1)
			r.first(c, askAgain, 1+i%2)
		}
		r.err("close", st.Close())
		r.thrice(c, askAgain, 1)
	}},
}

// prepared looks at a prepared statement's first value.
func (r *Recorder) prepared(st *sql.Stmt, args ...any) {
	var v any
	err := st.QueryRowContext(r.ctx, args...).Scan(&v)
	r.err("prepared", err)
	r.value("prepared", v)
}
