// This file runs the same texts over and over while what they were prepared from grows old: a moment, types, tables of the same name.

package conform

// agingCases follow repeatCases.
var agingCases = []Case{
	{Name: "repeats: a literal that stands for a moment", On: []Dialect{Postgres}, See: func(r *Recorder) {
		r.table("conform_moment", "id int, at timestamptz")
		for i := range 4 {
			r.exec(r.db, "insert into conform_moment values (?, 'now')", i)
			r.exec(r.db, "insert into conform_moment values (?, timestamptz 'NOW')", i)
			r.first(r.db, "select 'now'::timestamptz = now() where ? < 9", i)
		}
		r.first(r.db, "select count(distinct at) from conform_moment")
	}},
	{Name: "repeats: types are made anew", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.after("drop type conform_mood cascade")
		r.after("drop domain conform_size")
		r.setup("drop type if exists conform_mood cascade", "drop domain if exists conform_size cascade")
		r.table("conform_typed", "id int")
		c := r.session()
		for i, size := range []string{"int check (value < 9)", "int check (value < 3)", "text"} {
			r.setup("create type conform_mood as enum ('a', 'b')", "create domain conform_size as "+size,
				"alter table conform_typed add mood conform_mood")
			for range 3 {
				r.first(c, "select ?::conform_mood", "b")
				r.first(c, "select ?::conform_size", "5")
				r.first(c, "select count(*) from conform_typed where mood = 'a' and id = ?", i)
				r.exec(c, "insert into conform_typed values (?, ?)", i, "a")
				r.first(c, "select mood from conform_typed where mood = ?", "a")
			}
			if size != "text" {
				r.setup("drop type conform_mood cascade", "drop domain conform_size")
			}
		}
	}},
	{Name: "repeats: rights change", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		for _, change := range []string{
			"revoke select on conform_again from current_user", "grant select on conform_again to current_user",
			"alter table conform_again force row level security", "alter table conform_again enable row level security",
			"create policy conform_policy on conform_again using (v > 15)", "alter table conform_again disable row level security",
		} {
			r.setup(change)
			r.thrice(c, askAgain, 1)
			r.thrice(c, askAgain, 2)
		}
	}},
	{Name: "repeats: a view is made anew", Lacks: []Trait{OneConnection, PGX}, See: func(r *Recorder) {
		r.repeated()
		r.after("drop view if exists conform_view")
		c := r.session()
		for _, view := range []string{"id, v", "id, v + 100 as v", "id, 'text' as v, id as w"} {
			r.setup("drop view if exists conform_view", "create view conform_view as select "+view+" from conform_again")
			for range 3 {
				r.query(c, "select * from conform_view where id = ?", 1)
			}
		}
	}},
	{Name: "repeats: statements are deallocated", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		for _, text := range []string{
			"deallocate all", "discard all", "do $$ begin execute 'deallocate all'; end $$",
			"prepare mine as select 1", "execute mine", "begin; deallocate all; commit",
		} {
			r.thrice(c, askAgain, 1)
			r.exec(c, text)
		}
		tx := r.begin(c, nil)
		r.thrice(tx, askAgain, 1)
		r.exec(tx, "deallocate all")
		r.thrice(tx, askAgain, 1)
		r.err("rollback", tx.Rollback())
		r.thrice(c, askAgain, 1)
	}},
	{Name: "repeats: a text during a copy", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		tx := r.begin(c, nil)
		r.thrice(tx, askAgain, 1)
		st, err := tx.PrepareContext(r.ctx, "copy conform_again (id, v) from stdin")
		r.must(err)
		_, err = st.ExecContext(r.ctx, 7, 70)
		r.err("copy", err)
		r.thrice(tx, askAgain, 1)
		_, err = st.ExecContext(r.ctx)
		r.err("end of the copy", err)
		r.err("close", st.Close())
		r.thrice(tx, askAgain, 7)
		r.err("commit", tx.Commit())
		r.thrice(c, askAgain, 7)
	}},
	{Name: "repeats: tables are dropped beside kept statements", On: []Dialect{SQLite}, See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		for i := range 3 {
			r.query(c, "select * from conform_again where id = ?", 1)
			r.exec(c, "insert into conform_again values (?, ?) returning id", 5+i, 5)
			r.query(c, "insert into conform_again values (?, ?) returning id", 5+i, 5) // the key is taken
			r.first(c, "insert into conform_again values (?, ?) returning id", 8+i, 5)
		}
		for _, text := range []string{
			"vacuum", "drop table conform_again", "create table conform_again (id int, v int, w int)",
			"attach ':memory:' as beside", "create table beside.conform_again (id int)", "detach beside",
		} {
			r.exec(c, text)
			r.query(c, "select * from conform_again where id = ?", 1)
			r.thrice(c, "select count(*) from beside.conform_again where id > ?", 1)
		}
	}},
}
