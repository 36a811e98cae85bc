// This file looks at prepared statements: reused, shared by goroutines and connections, outdated by DDL, closed in any order.

package conform

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
)

var statementCases = []Case{
	{Name: "statement: used again and again", See: func(r *Recorder) {
		r.wide()
		st := r.prepare(r.db, "select name from conform_wide where id = ?")
		for i := range 5 {
			var name string
			r.err("scan", st.QueryRowContext(r.ctx, i).Scan(&name))
			r.value("name", name)
		}
		rows, err := st.QueryContext(r.ctx, 1)
		r.rows("rows", rows, err)
		r.err("close", st.Close())
	}},
	{Name: "statement: of a session", See: func(r *Recorder) {
		c := r.session()
		set, get := r.setting(4)
		r.exec(c, set)
		st := r.prepare(c, get)
		for range 2 {
			rows, err := st.QueryContext(r.ctx)
			r.rows("get", rows, err)
		}
		r.err("close", st.Close())
		r.err("close the session", c.Close())
	}},
	{Name: "statement: of the database while a session holds its connection", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		st := r.prepare(r.db, "select "+r.in("?::int", "?", "?"))
		a, b := r.session(), r.session()
		r.first(a, "select 1")
		r.first(b, "select 2")
		for i := range 3 {
			rows, err := st.QueryContext(r.ctx, i)
			r.rows("statement", rows, err)
		}
		r.err("close", a.Close())
		rows, err := st.QueryContext(r.ctx, 9)
		r.rows("statement", rows, err)
		r.err("close", st.Close())
		r.err("close", b.Close())
	}},
	{Name: "statement: shared by many goroutines", See: (*Recorder).sharedStatement},
	{Name: "statement: rows of one beside another", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		st := r.prepare(r.db, "select n from ("+r.numbers(4)+") x where n > ?")
		outer, err := st.QueryContext(r.ctx, 0)
		r.err("outer", err)
		if err != nil {
			return
		}
		for outer.Next() {
			var n int
			r.err("scan", outer.Scan(&n))
			rows, err := st.QueryContext(r.ctx, n)
			r.rows(fmt.Sprint("inner ", n), rows, err)
		}
		r.err("end", outer.Err())
		r.err("close", st.Close())
	}},
	{Name: "statement: closed while its rows are open", See: func(r *Recorder) {
		st := r.prepare(r.db, r.numbers(3))
		rows, err := st.QueryContext(r.ctx)
		r.err("query", err)
		if err != nil {
			return
		}
		r.note("next", "%t", rows.Next())
		r.err("close", st.Close())
		r.note("next", "%t", rows.Next())
		r.readAll("rest", rows)
		r.err("err", rows.Err())
		r.err("close rows", rows.Close())
		r.first(r.db, "select 'still here'")
	}},
	{Name: "statement: after its table changed", See: func(r *Recorder) {
		r.table("conform_ddl", "id int")
		r.setup("insert into conform_ddl values (1)")
		st := r.prepare(r.db, "select * from conform_ddl")
		for _, ddl := range []string{"", "alter table conform_ddl add extra varchar(10)", "drop table conform_ddl", "create table conform_ddl (other varchar(5))"} {
			if ddl != "" {
				r.exec(r.db, ddl)
			}
			rows, err := st.QueryContext(r.ctx)
			r.rows("select after "+ddl, rows, err)
		}
		r.query(r.db, "select * from conform_ddl")
	}},
	{Name: "statement: an outdated one inside a transaction", See: func(r *Recorder) {
		r.table("conform_ddl", "id int")
		tx := r.begin(r.db, nil)
		st := r.prepare(tx, "select * from conform_ddl")
		rows, err := st.QueryContext(r.ctx)
		r.rows("before", rows, err)
		r.exec(tx, "alter table conform_ddl add extra int")
		rows, err = st.QueryContext(r.ctx)
		r.rows("after", rows, err)
		r.first(tx, "select 1")
		r.err("rollback", tx.Rollback())
	}},
	{Name: "statement: after a failure", See: func(r *Recorder) {
		r.constrained()
		st := r.prepare(r.db, "insert into conform_parent values (?, ?, 1)")
		for i, code := range []string{"a", "one", "b", "a"} {
			res, err := st.ExecContext(r.ctx, 50+i, code)
			r.result(code, res, err)
		}
		r.first(r.db, "select count(*) from conform_parent")
	}},
	{Name: "statement: many at once", See: func(r *Recorder) {
		var sts []*sql.Stmt
		for i := range 30 {
			sts = append(sts, r.prepare(r.db, fmt.Sprintf("select %d + "+r.in("?::int", "?", "?"), i)))
		}
		for i, st := range slices.Backward(sts) {
			var n int
			r.err("scan", st.QueryRowContext(r.ctx, 1000).Scan(&n))
			r.value(fmt.Sprint("statement ", i), n)
			r.err("close", st.Close())
		}
		r.first(r.db, "select 'still here'")
	}},
	{Name: "statement: of kinds that cannot be prepared everywhere", See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		for _, text := range []string{"create table conform_no (id int)", "drop table conform_no", "begin", "commit", "unlock tables", "vacuum", "explain select 1", "show tables"} {
			if st := r.prepare(r.db, text); st != nil {
				if strings.HasSuffix(text, "conform_no (id int)") || strings.HasPrefix(text, "drop") {
					_, err := st.ExecContext(r.ctx)
					r.err("exec", err)
				}
				r.err("close", st.Close())
			}
		}
		r.exec(r.db, "drop table if exists conform_no")
	}},
	{Name: "statement: metadata before and after rows", See: func(r *Recorder) {
		r.wide()
		st := r.prepare(r.db, "select * from conform_wide where id > ? order by id")
		for _, from := range []int{100, 0} {
			rows, err := st.QueryContext(r.ctx, from)
			r.rows(fmt.Sprint("from ", from), rows, err)
		}
	}},
}

// sharedStatement lets goroutines use one statement at once, over several
// connections where there may be several.
func (r *Recorder) sharedStatement() {
	if !r.is(OneConnection) {
		r.db.SetMaxOpenConns(4)
	}
	st := r.prepare(r.db, "select "+r.in("?::int * 2", "? * 2", "? * 2"))
	const goroutines, each = 12, 15
	var wg sync.WaitGroup
	wrong := make([][]string, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				var n int
				err := st.QueryRowContext(r.ctx, g*1000+i).Scan(&n)
				if err != nil || n != 2*(g*1000+i) {
					wrong[g] = append(wrong[g], fmt.Sprint(g, i, n, err))
				}
			}
		})
	}
	wg.Wait()
	r.note("wrong answers", "%v", slices.Concat(wrong...))
	r.err("close", st.Close())
	r.note("in use", "%d", r.db.Stats().InUse)
}
