//go:build cgo

// This file binds slices: one execution for many rows, rows that fail, batches, PL/SQL arrays.

package conform

import (
	"database/sql"
	"time"

	"github.com/godror/godror"
)

// slices of two values, as godror's users bind them.
var batches = []argument{
	{"[]string", []string{"a", "b"}},
	{"[]int", []int{1, 2}},
	{"[]int64", []int64{3, 4}},
	{"[]int32", []int32{5, 6}},
	{"[]uint8", []uint8{7, 8}},
	{"[]float64", []float64{1.5, 2.5}},
	{"[]bool", []bool{true, false}},
	{"[]Number", []godror.Number{"10", "20.5"}},
	{"[]NullString", []sql.NullString{{String: "n", Valid: true}, {}}},
	{"[]NullInt64", []sql.NullInt64{{}, {Int64: 9, Valid: true}}},
	{"[]NullFloat64", []sql.NullFloat64{{Float64: 0.5, Valid: true}, {}}},
	{"[]time", []time.Time{time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), {}}},
	{"[]NullTime", []sql.NullTime{{}, {Time: time.Unix(0, 0).UTC(), Valid: true}}},
	{"[][]byte", [][]byte{{1}, {2, 3}}},
	{"[]any", []any{1, "two"}},
	{"[]own", []myString{"x", "y"}},
	{"[]*string", []*string{new("p"), nil}},
	{"[2]int", [2]int{1, 2}},
}

var godrorArrayCases = []Case{
	{Name: "arrays of every type", See: func(r *Recorder) {
		r.table("conform_array", "id int, v varchar2(100)")
		for _, b := range batches {
			r.everyWay(func(w way) {
				w.exec(b.name, "insert into conform_array values (:1, :2)", []int{1, 2}, b.value)
				w.query(b.name, "select v from conform_array order by id")
				w.exec("delete", "delete from conform_array")
			})
		}
	}},
	{Name: "arrays of unequal lengths", See: func(r *Recorder) {
		r.table("conform_array", "id int, v varchar2(100)")
		const insert = "insert into conform_array values (:1, :2)"
		r.everyWay(func(w way) {
			w.exec("two and one", insert, []int{1, 2}, []string{"a"})
			w.exec("one and one", insert, []int{3}, []string{"b"})
			w.exec("none and none", insert, []int{}, []string{})
			w.exec("nil and nil", insert, []int(nil), []string(nil))
			w.exec("one value and an array", insert, 4, []string{"c", "d"})
			w.exec("by name", "insert into conform_array values (:id, :v)", sql.Named("v", []string{"e", "f"}), sql.Named("id", []int{5, 6}))
			w.query("all", "select * from conform_array order by id, v")
			w.exec("update", "update conform_array set v = :1 where id = :2", []string{"x", "y"}, []int{3, 5})
			w.exec("delete", "delete from conform_array where id > :1", []int{5, 0})
		})
	}},
	{Name: "arrays of a thousand rows", See: func(r *Recorder) {
		r.table("conform_array", "id int primary key, v varchar2(100)")
		ids, vs := make([]int, 1000), make([]string, 1000)
		for i := range ids {
			ids[i], vs[i] = i, "v"
		}
		r.everyWay(func(w way) {
			w.exec("insert", "insert into conform_array values (:1, :2)", ids, vs)
			w.query("count", "select count(*), sum(id) from conform_array")
			w.exec("delete", "delete from conform_array")
		})
	}},
	{Name: "arrays with rows that fail", See: func(r *Recorder) {
		r.table("conform_array", "id int primary key, v varchar2(100)")
		const insert = "insert into conform_array values (:1, :2)"
		r.everyWay(func(w way) {
			w.exec("first", insert, []int{1, 2}, []string{"a", "b"})
			w.exec("whole", insert, []int{3, 1, 4}, []string{"c", "d", "e"})
			w.query("after it", "select id from conform_array order by id")
			res, err := w.run(insert, []int{5, 1, 6, 2}, []string{"f", "g", "h", "i"}, godror.PartialBatch())
			r.batchErrors(w.name+" partial", err)
			r.note(w.name, "%T", res)
			w.query("after it", "select id from conform_array order by id")
			res, err = w.run(insert, godror.PartialBatch(), []int{7, 8}, []string{"j", "k"})
			r.result(w.name+" partial without failures", res, err)
			w.exec("delete", "delete from conform_array")
		})
	}},
	{Name: "arrays in a transaction that is rolled back", See: func(r *Recorder) {
		r.table("conform_array", "id int primary key, v varchar2(100)")
		tx := r.begin(r.db, nil)
		r.exec(tx, "insert into conform_array values (:1, :2)", []int{1, 2}, []string{"a", "b"})
		_, err := tx.ExecContext(r.ctx, "insert into conform_array values (:1, :2)", []int{3, 1}, []string{"c", "d"}, godror.PartialBatch())
		r.batchErrors("partial", err)
		r.query(tx, "select * from conform_array order by id")
		r.err("rollback", tx.Rollback())
		r.query(r.db, "select * from conform_array order by id")
	}},
	{Name: "Batch", See: func(r *Recorder) {
		r.table("conform_array", "id int primary key, v varchar2(100)")
		r.everyWay(func(w way) {
			st, err := w.on.PrepareContext(r.ctx, "insert into conform_array values (:1, :2)")
			r.err("prepare", err)
			if err != nil {
				return
			}
			b := godror.Batch{Stmt: st, Limit: 3}
			for i := range 7 {
				r.err("add", b.Add(r.ctx, i, "v"))
				r.note(w.name, "%d buffered, %d affected", b.Size(), b.RowsAffected())
			}
			r.err("flush", b.Flush(r.ctx))
			r.note(w.name, "%d affected", b.RowsAffected())
			r.err("add what is there", b.Add(r.ctx, 1, "again"))
			r.err("flush", b.Flush(r.ctx))
			r.err("close", st.Close())
			w.query("all", "select count(*) from conform_array")
			w.exec("delete", "delete from conform_array")
		})
	}},
	{Name: "PL/SQL arrays", See: func(r *Recorder) {
		r.everyWay(func(w way) {
			w.exec("a block without arrays", "begin null; end;", godror.PlSQLArrays)
			out := []string{"before"}
			w.exec("an array into one", "begin :1 := :2; end;", godror.PlSQLArrays, sql.Out{Dest: &out}, []string{"a", "b"})
			r.note(w.name, "%q", out)
			w.exec("too many", "begin null; end;", godror.PlSQLArrays, []int{1})
		})
	}},
}
