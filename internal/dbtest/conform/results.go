// This file looks at whole results: empty, wide, long, huge, several in one, and left unfinished.

package conform

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"
)

// numbers is a query for the numbers from 1 to n.
func (r *Recorder) numbers(n int) string {
	return r.bind(fmt.Sprintf("with recursive t(n) as (select 1 union all select n + 1 from t where n < %d) select n from t", n))
}

// wide makes a table with rows in which every column differs.
func (r *Recorder) wide() {
	r.table("conform_wide", "id int primary key, name varchar(40) not null, price decimal(8,2), body "+r.in("bytea", "blob", "blob"))
	r.setup("insert into conform_wide values (1, 'one', 1.50, null), (2, 'two', null, " + r.in(`'\x01'`, "x'01'", "x'01'", "'01'") +
		"), (3, " + r.in("''", "''", "''", "'three'") + ", -3, null)") // to Oracle '' is NULL
}

var resultCases = []Case{
	{Name: "an empty result has columns and no rows", See: func(r *Recorder) {
		r.wide()
		r.query(r.db, "select * from conform_wide where id > 100")
		r.query(r.db, "select * from conform_wide where id > ?", 100)
		r.first(r.db, "select name from conform_wide where id > 100")
	}},
	{Name: "a table's rows keep names, types and nullability", See: func(r *Recorder) {
		r.wide()
		r.query(r.db, "select * from conform_wide order by id")
		r.query(r.db, "select * from conform_wide where id < ? order by id", 3)
	}},
	{Name: "unnamed and equal column names stay as they are", See: func(r *Recorder) {
		r.query(r.db, "select 1, 1, 'x', null, 2 as a, 3 as a, 4 as \"odd \"\"name\"\"\"")
		r.query(r.db, "select 1 as \"ünïcödé\", ? as b", "x")
	}},
	{Name: "a result without columns", On: []Dialect{Postgres}, See: func(r *Recorder) {
		r.query(r.db, "select")
		r.query(r.db, "select from generate_series(1, 3)")
		r.query(r.db, "select from generate_series(1, ?::int)", 2)
	}},
	{Name: "a query that returns no rows by nature", See: func(r *Recorder) {
		r.wide()
		r.query(r.db, "update conform_wide set price = 1 where id = 1")
		r.query(r.db, "insert into conform_wide values (?, 'q', 1, null)", 10)
		r.query(r.db, "select count(*) from conform_wide")
	}},
	{Name: "exec of a query", See: func(r *Recorder) {
		r.wide()
		r.exec(r.db, "select id from conform_wide")
		r.exec(r.db, "select id from conform_wide where id < ?", 3)
	}},
	{Name: "an empty text", See: func(r *Recorder) {
		for _, text := range []string{"", " ", ";", "-- comment", "/* comment */"} {
			r.exec(r.db, text)
			r.prepare(r.db, text)
			if r.target.Dialect != SQLite { // its driver returns no rows and no error, upon which database/sql panics
				r.query(r.db, text)
			}
		}
	}},
	{Name: "ten thousand rows arrive whole", See: func(r *Recorder) {
		if r.target.Dialect == MySQL {
			r.exec(r.db, "set @@cte_max_recursion_depth = 20000") // an error on some servers, the same on both sides
		}
		r.longResult("text", r.numbers(900))
		r.wide()
		r.longResult("product", "select a.n * 1000 + b.n from ("+r.numbers(100)+") a, ("+r.numbers(100)+") b order by 1")
	}},
	{Name: "a value of a mebibyte", See: func(r *Recorder) {
		big := r.in("repeat('0123456789abcdef', 65536)", "repeat('0123456789abcdef', 65536)", "replace(hex(zeroblob(524288)), '00', 'ab')", "replace('"+strings.Repeat("a", 900)+"', 'a', 'bcde')")
		r.first(r.db, "select "+big)
		r.table("conform_big", "id int, v "+r.in("text", "longtext", "text", "clob"))
		r.exec(r.db, "insert into conform_big values (1, ?)", strings.Repeat("é", 1<<19))
		r.exec(r.db, "insert into conform_big values (?, "+big+")", 2)
		r.query(r.db, "select v from conform_big order by id")
	}},
	{Name: "a mebibyte of binary as an argument", See: func(r *Recorder) {
		r.table("conform_big", "id int, v "+r.in("bytea", "longblob", "blob"))
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = byte(i * 7)
		}
		r.exec(r.db, "insert into conform_big values (1, ?)", b)
		r.query(r.db, "select v from conform_big where id = ?", 1)
	}},
	{Name: "bytes kept over Next", See: (*Recorder).keptBytes},
	{Name: "rows closed before their end leave the session usable", See: func(r *Recorder) {
		c := r.session()
		for range 3 {
			rows, err := c.QueryContext(r.ctx, r.numbers(500))
			r.err("query", err)
			if err != nil {
				return
			}
			r.note("next", "%t", rows.Next())
			r.err("close", rows.Close())
			r.err("close again", rows.Close())
			r.note("next after close", "%t", rows.Next())
			r.err("scan after close", rows.Scan(new(int)))
			r.err("err after close", rows.Err())
		}
		r.first(c, "select 'still here'")
	}},
	{Name: "several statements in one text", See: func(r *Recorder) {
		r.wide()
		r.exec(r.db, "update conform_wide set price = 5 where id = 1; update conform_wide set price = 6")
		r.exec(r.db, "delete from conform_wide where id = 3; select 1; insert into conform_wide values (9, 'nine', 9, null)")
		r.query(r.db, "select id, price from conform_wide order by id")
		r.exec(r.db, "update conform_wide set price = 7; syntax error here; update conform_wide set price = 8")
		r.query(r.db, "select id, price from conform_wide order by id")
	}},
	{Name: "several results of one text", See: func(r *Recorder) {
		r.query(r.db, "select 1 as a; select 'x' as b, 2 as c; select 3 as d where 1 = 0")
		r.query(r.db, "select 1 as a; select n from no_such_table_here; select 2")
		rows, err := r.db.QueryContext(r.ctx, r.bind("select 1; select 2; select 3"))
		r.err("query", err)
		if err != nil {
			return
		}
		r.note("next set without reading", "%t", rows.NextResultSet())
		r.note("next", "%t", rows.Next())
		r.err("close with a set unread", rows.Close())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "several statements with arguments", See: func(r *Recorder) {
		r.wide()
		r.exec(r.db, "update conform_wide set price = 1; update conform_wide set price = ?", 2)
		r.query(r.db, "select 1; select ?", 2)
		r.prepare(r.db, "select 1; select 2")
		r.query(r.db, "select price from conform_wide order by id")
	}},
	{Name: "NextResultSet without a further one", See: func(r *Recorder) {
		rows, err := r.db.QueryContext(r.ctx, r.bind("select 1"))
		r.err("query", err)
		r.note("next set", "%t", rows.NextResultSet())
		r.err("err", rows.Err())
		_, err = rows.Columns()
		r.err("columns", err)
		r.err("close", rows.Close())
	}},
	{Name: "a procedure with results", On: []Dialect{MySQL}, See: func(r *Recorder) {
		r.setup("drop procedure if exists conform_two", "create procedure conform_two(in a int, out b int) begin select a as first; select a + 1 as second; set b = a * 2; end")
		r.after("drop procedure if exists conform_two")
		c := r.session()
		r.query(c, "call conform_two(1, @out)")
		r.first(c, "select @out")
		r.query(c, "call conform_two(?, @out)", 5)
		r.first(c, "select @out")
	}},
	{Name: "affected rows and insert ids", See: (*Recorder).results},
	{Name: "returning clauses", Without: map[Dialect]string{Oracle: "RETURNING needs OUT binds: see the cases of godror"}, See: func(r *Recorder) {
		r.table("conform_ids", "id "+r.serial()+" primary key, v varchar(20)")
		r.query(r.db, "insert into conform_ids (v) values ('a'), ('b') returning id, v")
		r.query(r.db, "insert into conform_ids (v) values (?) returning id", "c")
		r.first(r.db, "insert into conform_ids (v) values (?) returning id", "d")
		r.exec(r.db, "insert into conform_ids (v) values (?) returning id", "e")
		r.query(r.db, "select * from conform_ids order by id")
	}},
}

// longResult takes down how many rows came and a hash over them.
func (r *Recorder) longResult(label, query string) {
	rows, err := r.db.QueryContext(r.ctx, query)
	if err != nil {
		r.err(label, err)
		return
	}
	defer rows.Close()
	h, n := sha256.New(), 0
	for ; rows.Next(); n++ {
		var v any
		if err := rows.Scan(&v); err != nil {
			r.err(label+" scan", err)
			return
		}
		fmt.Fprintln(h, show(v))
	}
	r.note(label, "%d rows, sha256 %x", n, h.Sum(nil))
	r.err(label+" end", rows.Err())
}

// keptBytes keeps what Scan gave and looks at it when all rows were read.
func (r *Recorder) keptBytes() {
	r.table("conform_bytes", "id int, v "+r.in("bytea", "blob", "blob"))
	for i := range 40 {
		r.exec(r.db, "insert into conform_bytes values (?, ?)", i, fmt.Appendf(nil, "value %d of forty", i))
	}
	for _, c := range []struct {
		path string
		rows func() (*sql.Rows, error)
	}{
		{"text", func() (*sql.Rows, error) {
			return r.db.QueryContext(r.ctx, r.bind("select v from conform_bytes order by id"))
		}},
		{"argument", func() (*sql.Rows, error) {
			return r.db.QueryContext(r.ctx, r.bind("select v from conform_bytes where id >= ? order by id"), 0)
		}},
	} {
		rows, err := c.rows()
		r.err(c.path, err)
		if err != nil {
			continue
		}
		var kept [][]byte
		var loose []any
		for rows.Next() {
			var b []byte
			var v any
			r.err(c.path+" scan", rows.Scan(&b))
			r.err(c.path+" scan any", rows.Scan(&v))
			kept, loose = append(kept, b), append(loose, v)
		}
		r.err(c.path+" close", rows.Close())
		for i := range kept {
			r.note(c.path, "%s %s", show(kept[i]), show(loose[i]))
		}
	}
}

// results takes down what each kind of statement says that it did.
func (r *Recorder) results() {
	r.table("conform_ids", "id "+r.serial()+" primary key, v varchar(20)")
	r.exec(r.db, "insert into conform_ids (v) values ('a')")
	r.exec(r.db, "insert into conform_ids (v) values (?)", "b")
	r.exec(r.db, "insert into conform_ids (v) values ('c'), ('d'), ('e')")
	r.exec(r.db, "insert into conform_ids (id, v) values (?, ?)", 100, "f")
	r.exec(r.db, "update conform_ids set v = 'x' where id <= 2")
	r.exec(r.db, "update conform_ids set v = 'x' where id <= 2")
	r.exec(r.db, "update conform_ids set v = ? where id = ?", "none", 12345)
	r.exec(r.db, "delete from conform_ids where id > ?", 3)
	r.exec(r.db, "delete from conform_ids")
	r.exec(r.db, "create table if not exists conform_ids (id int)")
	r.exec(r.db, r.in("set statement_timeout = 0", "set @x = 1", "pragma user_version", "begin null; end;"))
	if st := r.prepare(r.db, "insert into conform_ids (v) values (?)"); st != nil {
		for _, v := range []string{"p", "q"} {
			res, err := st.ExecContext(r.ctx, v)
			r.result("prepared insert", res, err)
		}
	}
}
