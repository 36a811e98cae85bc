//go:build cgo

// This file binds as godror's users do: OUT and IN OUT, by name, of godror's own types, and what a statement returns.

package conform

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/godror/godror"
)

// outs are destinations of OUT binds, and a block that fills each.
var outs = []struct {
	name, block string
	dest        func() any
}{
	{"string", "begin :1 := 'text'; end;", func() any { return new(string) }},
	{"int64", "begin :1 := 42; end;", func() any { return new(int64) }},
	{"int", "begin :1 := 42; end;", func() any { return new(int) }},
	{"int32", "begin :1 := 42; end;", func() any { return new(int32) }},
	{"uint64", "begin :1 := 42; end;", func() any { return new(uint64) }},
	{"float64", "begin :1 := 1.5; end;", func() any { return new(float64) }},
	{"float32", "begin :1 := 1.5; end;", func() any { return new(float32) }},
	{"Number", "begin :1 := 12.25; end;", func() any { return new(godror.Number) }},
	{"time", "begin :1 := date '2024-02-29'; end;", func() any { return new(time.Time) }},
	{"bytes", "begin :1 := '00ff'; end;", func() any { return new([]byte) }},
	{"NullString", "begin :1 := 'text'; end;", func() any { return new(sql.NullString) }},
	{"NullInt64", "begin :1 := 42; end;", func() any { return new(sql.NullInt64) }},
	{"NullFloat64", "begin :1 := 1.5; end;", func() any { return new(sql.NullFloat64) }},
	{"NullTime", "begin :1 := date '2024-02-29'; end;", func() any { return new(sql.NullTime) }},
	{"null string", "begin :1 := null; end;", func() any { return new("before") }},
	{"null int64", "begin :1 := null; end;", func() any { return new(int64(7)) }},
	{"null NullInt64", "begin :1 := null; end;", func() any { return &sql.NullInt64{Int64: 7, Valid: true} }},
	{"null NullTime", "begin :1 := null; end;", func() any { return &sql.NullTime{Time: time.Unix(0, 0), Valid: true} }},
	{"null time", "begin :1 := null; end;", func() any { return new(time.Unix(0, 0).UTC()) }},
	{"too small", "begin :1 := 'not a number'; end;", func() any { return new(int64) }},
	{"chan", "begin :1 := 1; end;", func() any { return new(chan int) }},
}

var godrorBindCases = []Case{
	{Name: "OUT binds of every type", See: func(r *Recorder) {
		for _, out := range outs {
			r.everyWay(func(w way) {
				dest := out.dest()
				w.exec(out.name, out.block, sql.Out{Dest: dest})
				r.value(w.name+" "+out.name, dest)
			})
		}
	}},
	{Name: "IN OUT binds", See: func(r *Recorder) {
		r.everyWay(func(w way) {
			s, n, f := "in", int64(20), 1.25
			w.exec("string", "begin :1 := :1 || ' and out'; end;", sql.Out{Dest: &s, In: true})
			w.exec("int64", "begin :1 := :1 + :2; end;", sql.Out{Dest: &n, In: true}, 22)
			w.exec("float64", "begin :1 := :1 * 2; end;", sql.Out{Dest: &f, In: true})
			r.note(w.name, "%q %d %g", s, n, f)
			var out string
			w.exec("three", "begin :1 := 'in ' || :2; :3 := 40 + 2; end;", sql.Out{Dest: &out}, "x", sql.Out{Dest: &n})
			r.note(w.name, "%q %d", out, n)
		})
	}},
	{Name: "binds by name", See: func(r *Recorder) {
		r.table("conform_named", "id int, v varchar2(20)")
		r.everyWay(func(w way) {
			w.exec("in another order", "insert into conform_named values (:id, :v)", sql.Named("v", "named"), sql.Named("id", 1))
			w.exec("in capitals", "insert into conform_named values (:id, :v)", sql.Named("V", "named"), sql.Named("ID", 2))
			w.exec("a wrong one", "insert into conform_named values (:id, :v)", sql.Named("id", 3), sql.Named("zz", "x"))
			w.exec("one missing", "insert into conform_named values (:id, :v)", sql.Named("id", 3))
			w.exec("one too many", "insert into conform_named values (:id, :v)", sql.Named("id", 3), sql.Named("v", "x"), sql.Named("w", "y"))
			w.query("one twice", "select v from conform_named where id = :id and :id > 0 order by v", sql.Named("id", 1))
			w.query("by position and by name", "select v from conform_named where id = :id and v = :v", 1, sql.Named("v", "named"))
			var n int64
			w.exec("OUT", "begin :answer := :question + 1; end;", sql.Named("question", 41), sql.Named("answer", sql.Out{Dest: &n}))
			r.value(w.name+" answer", n)
		})
	}},
	{Name: "Number", See: func(r *Recorder) {
		r.table("conform_number", "id int, n number")
		r.everyWay(func(w way) {
			w.exec("integer", "insert into conform_number values (1, :1)", godror.Number("123456789012"))
			w.exec("fraction", "insert into conform_number values (2, :1)", godror.Number("-0.125"))
			w.exec("empty", "insert into conform_number values (3, :1)", godror.Number(""))
			w.exec("nonsense", "insert into conform_number values (4, :1)", godror.Number("twelve"))
			w.exec("pointer", "insert into conform_number values (5, :1)", new(godror.Number("5")))
		})
		rows, err := r.db.QueryContext(r.ctx, "select n from conform_number order by id, n")
		r.err("query", err)
		if err != nil {
			return
		}
		defer rows.Close()
		for rows.Next() {
			var n godror.Number
			var null sql.Null[godror.Number]
			r.err("scan", rows.Scan(&n))
			r.err("scan null", rows.Scan(&null))
			r.note("row", "%s %s", show(n), show(null))
		}
	}},
	{Name: "durations and times", See: func(r *Recorder) {
		r.table("conform_when", "id int, at timestamp with time zone, d date")
		zone := time.FixedZone("X", 5*3600+1800)
		for _, at := range []time.Time{time.Date(2024, 2, 29, 12, 34, 56, 789012000, time.UTC), time.Date(2024, 7, 1, 0, 0, 0, 0, zone), {}} {
			r.everyWay(func(w way) {
				w.exec("insert", "insert into conform_when values (1, :1, :2)", at, at)
				w.query("back", "select at, d from conform_when where id = :1", 1)
				w.exec("delete", "delete from conform_when where id = :1", 1)
				var out time.Time
				w.exec("OUT", "begin :1 := :2; end;", sql.Out{Dest: &out}, at)
				r.value(w.name+" out", out)
			})
		}
	}},
	{Name: "RETURNING INTO", See: func(r *Recorder) {
		r.table("conform_ids", "id "+r.serial()+" primary key, v varchar2(20), n int")
		r.everyWay(func(w way) {
			var id int64
			var v string
			w.exec("insert", "insert into conform_ids (v, n) values (:1, 1) returning id, v into :2, :3", "one", sql.Out{Dest: &id}, sql.Out{Dest: &v})
			r.note(w.name, "%d %q", id, v)
			w.exec("insert", "insert into conform_ids (v, n) values (:1, 2) returning id into :id", "two", sql.Named("id", sql.Out{Dest: &id}))
			r.value(w.name+" id", id)
			var ids []int64
			var vs []string
			w.exec("update of many", "update conform_ids set n = n + 10 where id > :1 returning id, v into :2, :3", 0, sql.Out{Dest: &ids}, sql.Out{Dest: &vs})
			r.note(w.name, "%d %q", ids, vs)
			w.exec("of none", "delete from conform_ids where id = :1 returning id into :2", -1, sql.Out{Dest: &id})
			r.value(w.name+" id", id)
			w.exec("of a failure", "insert into conform_ids (id, v) values (:1, 'x') returning id into :2", 1, sql.Out{Dest: &id})
		})
		r.query(r.db, "select * from conform_ids order by id")
	}},
	{Name: "errors in full", See: func(r *Recorder) {
		r.constrained()
		for _, text := range []string{
			"select * from conform_nowhere", "selec 1", "insert into conform_parent values (1, 'uno', 1)",
			"begin raise_application_error(-20001, 'own'); end;", "begin no_such_procedure(1); end;", "begin",
		} {
			r.everyWay(func(w way) {
				_, err := w.run(text)
				r.err(w.name, err)
				_, isOra := err.(*godror.OraErr) //nolint:errorlint // what applications do
				oe, ok := godror.AsOraErr(err)
				r.note("asserted", "%t %t %t", isOra, ok, godror.IsBadConn(err))
				if ok {
					r.note("fields", "%d %q %d %q %q %t %t", oe.Code(), oe.Message(), oe.Offset(), oe.FunName(), oe.Action(), oe.Recoverable(), oe.IsWarning())
				}
			})
		}
	}},
	{Name: "a block that finds nothing, or too much", See: func(r *Recorder) {
		r.repeated()
		r.everyWay(func(w way) {
			var n int64
			w.exec("one", "begin select v into :1 from conform_again where id = :2; end;", sql.Out{Dest: &n}, 2)
			w.exec("none", "begin select v into :1 from conform_again where id = :2; end;", sql.Out{Dest: &n}, 77)
			w.exec("two", "begin select v into :1 from conform_again; end;", sql.Out{Dest: &n})
			r.value(w.name, n)
		})
	}},
}

// batchErrors takes down which rows of a batch failed.
func (r *Recorder) batchErrors(label string, err error) {
	r.err(label, err)
	be, ok := errors.AsType[*godror.BatchErrors](err)
	if !ok {
		return
	}
	r.note(label, "affected %v, unaffected %v", be.Affected, be.Unaffected)
	for i, e := range be.Errs {
		r.err(fmt.Sprint(label, " ", i), e)
	}
}
