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
}
