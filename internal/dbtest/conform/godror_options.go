//go:build cgo

// This file passes godror's options among the arguments: at every place, several, and none to the statement after.

package conform

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/godror/godror"
)

// optioned are options, and a query whose answer shows what they do.
var optioned = []struct {
	name   string
	option godror.Option
}{
	{"FetchArraySize", godror.FetchArraySize(2)},
	{"PrefetchCount", godror.PrefetchCount(3)},
	{"PrefetchCount of none", godror.PrefetchCount(0)},
	{"ArraySize", godror.ArraySize(16)},
	{"no option", godror.ArraySize(0)},
	{"NumberAsString", godror.NumberAsString()},
	{"NumberAsFloat64", godror.NumberAsFloat64()},
	{"NullDateAsZeroTime", godror.NullDateAsZeroTime()},
	//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
	{"ClobAsString", godror.ClobAsString()},
	{"DeleteFromCache", godror.DeleteFromCache()},
	{"CallTimeout", godror.CallTimeout(time.Minute)},
	{"NoRetry", godror.NoRetry()},
	{"WarningAsError", godror.WarningAsError()},
	{"JSONAsString", godror.JSONAsString()},
	{"BoolToString", godror.BoolToString("Y", "N")},
	{"PlSQLArrays", godror.PlSQLArrays},
	{"PartialBatch", godror.PartialBatch()},
}

func (r *Recorder) kinds() {
	r.table("conform_kinds", "id int primary key, n number, d date, c clob, s varchar2(10)")
	r.setup("insert into conform_kinds values (1, 1.5, null, 'one', 'Y'), (2, 20000000000, date '2024-02-29', null, 'N'), (3, null, null, 'three', null)")
}

var godrorOptionCases = []Case{
	{Name: "each option, and the call after it", See: func(r *Recorder) {
		r.kinds()
		const text = "select n, d, c, s from conform_kinds where id > :1 order by id"
		for _, o := range optioned {
			r.everyWay(func(w way) {
				w.query(o.name+" first", text, o.option, 0)
				w.query("after it", text, 0)
				w.query(o.name+" last", text, 1, o.option)
				w.exec(o.name, "update conform_kinds set s = :1 where id = :2", "x", 1, o.option)
			})
		}
	}},
	{Name: "options at every place", See: func(r *Recorder) {
		r.kinds()
		const text = "select n from conform_kinds where id between :1 and :2 order by id"
		size, number := godror.FetchArraySize(2), godror.NumberAsString()
		r.everyWay(func(w way) {
			w.query("between", text, 1, size, 3)
			w.query("several", text, number, 1, size, 3, godror.PrefetchCount(2))
			w.query("the same twice", text, number, number, 1, 3)
			w.query("too few arguments", text, number, 1)
			w.query("too many arguments", text, number, 1, 2, 3)
			w.query("options only", "select n from conform_kinds order by id", size, number)
			w.query("with names", "select n from conform_kinds where id = :id", sql.Named("id", 1), number)
			w.query("a named option", text, sql.Named("o", number), 1, 3)
			w.exec("an option to a DDL", "alter session set nls_date_format = 'YYYY-MM-DD'", size)
			args := []any{number, 1, size, 3}
			w.query("the caller's slice", text, args...)
			r.note(w.name, "%T %v %T %v", args[0], args[1], args[2], args[3])
		})
	}},
	// godror keeps a statement's options for its life.
	{Name: "options of a prepared statement stay with it", See: func(r *Recorder) {
		r.kinds()
		c := r.session()
		for _, on := range []runner{c, r.db} {
			st := r.prepare(on, "select n from conform_kinds where id > :1 order by id")
			other := r.prepare(on, "select n from conform_kinds where id > :1 order by id")
			for i, args := range [][]any{{0}, {godror.NumberAsString(), 0}, {0}, {0, godror.NumberAsFloat64()}, {0}} {
				rows, err := st.QueryContext(r.ctx, args...)
				r.rows(fmt.Sprint("use ", i), rows, err)
				rows, err = other.QueryContext(r.ctx, 0)
				r.rows(fmt.Sprint("another ", i), rows, err)
			}
			r.err("close", st.Close())
			r.first(on, "select n from conform_kinds where id > :1 order by id", 0)
		}
	}},
	{Name: "CallTimeout ends a call", Needs: []Trait{Sleeps}, Excused: []string{"either clock"}, See: func(r *Recorder) {
		c := r.session()
		r.exec(c, "begin dbms_session.sleep(2); end;", godror.CallTimeout(briefMoment))
		r.first(c, "select 'still here'")
	}},
	{Name: "ParseOnly runs nothing", See: func(r *Recorder) {
		r.kinds()
		r.everyWay(func(w way) {
			w.exec("delete", "delete from conform_kinds", godror.ParseOnly())
			w.exec("nonsense", "delet from conform_kinds", godror.ParseOnly())
			w.query("count", "select count(*) from conform_kinds")
		})
	}},
	{Name: "many rows with small arrays", See: func(r *Recorder) {
		for _, size := range []int{1, 2, 7, 100, 1000} {
			r.everyWay(func(w way) {
				rows, err := w.ask(r.numbers(300), godror.FetchArraySize(size), godror.PrefetchCount(size+1))
				if err != nil {
					r.err("query", err)
					return
				}
				n := 0
				for rows.Next() {
					n++
				}
				r.note(w.name, "%d rows", n)
				r.err("end", rows.Err())
				r.err("close", rows.Close())
			})
		}
	}},
}
