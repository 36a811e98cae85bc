// This file scans rows in right and wrong ways, and through every shortcut of database/sql.

package conform

import (
	"database/sql"
	"time"
)

var scanCases = []Case{
	{Name: "ErrNoRows comes from an empty QueryRow", See: func(r *Recorder) {
		r.err("text", r.db.QueryRowContext(r.ctx, r.bind("select 1 where 1 = 0")).Scan(new(int)))
		r.err("argument", r.db.QueryRowContext(r.ctx, r.bind("select 1 where 1 = ?"), 0).Scan(new(int)))
		st := r.prepare(r.db, "select 1 where 1 = ?")
		r.err("prepared", st.QueryRowContext(r.ctx, 0).Scan(new(int)))
		r.err("row error", r.db.QueryRowContext(r.ctx, r.bind("select nonsense")).Err())
	}},
	{Name: "QueryRow takes the first of many rows", See: func(r *Recorder) {
		r.first(r.db, r.numbers(300))
		r.first(r.db, "select n from ("+r.numbers(300)+") x where n > ? order by n", 7)
	}},
	{Name: "too few and too many destinations", See: func(r *Recorder) {
		r.err("none", r.db.QueryRowContext(r.ctx, r.bind("select 1, 2")).Scan())
		r.err("one", r.db.QueryRowContext(r.ctx, r.bind("select 1, 2")).Scan(new(int)))
		r.err("three", r.db.QueryRowContext(r.ctx, r.bind("select 1, 2")).Scan(new(int), new(int), new(int)))
	}},
	{Name: "destinations that do not fit", See: func(r *Recorder) {
		for _, d := range []any{new(int), new(bool), new(time.Time), new(chan int), new(struct{}), 5, nil, (*int)(nil), new(uint8)} {
			r.err(show(d), r.db.QueryRowContext(r.ctx, r.bind("select 'text'")).Scan(d))
			r.err("null "+show(d), r.db.QueryRowContext(r.ctx, r.bind("select null")).Scan(d))
		}
		r.err("range", r.db.QueryRowContext(r.ctx, r.bind("select 300")).Scan(new(int8)))
		r.err("negative", r.db.QueryRowContext(r.ctx, r.bind("select -1")).Scan(new(uint)))
	}},
	{Name: "Scan before Next", See: func(r *Recorder) {
		rows, err := r.db.QueryContext(r.ctx, r.bind("select 1"))
		r.err("query", err)
		r.err("scan", rows.Scan(new(int)))
		r.err("close", rows.Close())
	}},
	{Name: "RawBytes of a QueryRow", See: func(r *Recorder) {
		r.err("row", r.db.QueryRowContext(r.ctx, r.bind("select 'x'")).Scan(new(sql.RawBytes)))
	}},
	{Name: "RawBytes of each row", See: func(r *Recorder) {
		rows, err := r.db.QueryContext(r.ctx, r.bind("select 'first', 1 union all select 'second', 2 order by 2"))
		r.err("query", err)
		if err != nil {
			return
		}
		for rows.Next() {
			var a, b sql.RawBytes
			r.err("scan", rows.Scan(&a, &b))
			r.note("row", "%s %s", show(a), show(b))
		}
		r.err("close", rows.Close())
	}},
	{Name: "a refusing Scanner", See: func(r *Recorder) {
		s := &scanner{}
		r.err("refused", r.db.QueryRowContext(r.ctx, r.bind("select "+r.in("?::text", "?", "?")), "refused").Scan(s))
		r.err("taken", r.db.QueryRowContext(r.ctx, r.bind("select 5")).Scan(s))
		r.value("got", s.got)
		r.err("null", r.db.QueryRowContext(r.ctx, r.bind("select null")).Scan(s))
		r.value("got", s.got)
	}},
	{Name: "an iteration goes on after a failed Scan", See: func(r *Recorder) {
		rows, err := r.db.QueryContext(r.ctx, r.bind("select 'a' as v union all select '2' union all select 'c' order by 1"))
		r.err("query", err)
		if err != nil {
			return
		}
		for rows.Next() {
			var n int
			r.err("scan", rows.Scan(&n))
			r.value("n", n)
		}
		r.err("end", rows.Err())
	}},
	{Name: "a time keeps its zone", See: func(r *Recorder) {
		r.table("conform_times", "id int, at "+r.in("timestamptz", "datetime(6)", "datetime", "timestamp with time zone"))
		for i, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata", "Local"} {
			loc, err := time.LoadLocation(zone)
			r.must(err)
			r.exec(r.db, "insert into conform_times values (?, ?)", i, time.Date(2024, 7, 1, 12, 30, 15, 123456789, loc))
		}
		r.query(r.db, "select at from conform_times order by id")
		r.query(r.db, "select at from conform_times where id >= ? order by id", 0)
		if r.target.Dialect == Postgres {
			c := r.session()
			for _, zone := range []string{"Asia/Kolkata", "America/New_York", "-03:30"} {
				r.exec(c, "set time zone '"+zone+"'")
				r.query(c, "select at from conform_times order by id")
			}
		}
	}},
	{Name: "rows opened inside rows", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		outer, err := r.db.QueryContext(r.ctx, r.numbers(3))
		r.err("outer", err)
		if err != nil {
			return
		}
		for outer.Next() {
			var n int
			r.err("scan", outer.Scan(&n))
			r.first(r.db, "select 10 * "+r.in("?::int", "?", "?"), n)
		}
		r.err("end", outer.Err())
	}},
	{Name: "driver.Rows as a column", On: []Dialect{Postgres}, See: func(r *Recorder) {
		r.err("scan", r.db.QueryRowContext(r.ctx, "select row(1, 'a')").Scan(new(sql.Rows)))
		r.query(r.db, "select row(1, 'a'), array[row(1,2)]")
	}},
}
