// This file binds arguments of every Go type, on texts and on prepared statements, in right and wrong numbers.

package conform

import (
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"
)

// Types that database/sql converts by their kind.
type (
	myInt    int16
	myString string
	myBytes  []byte
	myBool   bool
	myFloat  float32
	myTime   time.Time
	myStruct struct{ A, B int }
)

// argument is a value and what to call it.
type argument struct {
	name  string
	value any
}

// sink stores whatever it gets as the database sees it.
func (r *Recorder) sink() {
	r.table("conform_args", "v "+r.in("text", "varchar(200)", "", "varchar2(400)"))
}

// bound takes down what becomes of v on each path that an argument can take.
func (r *Recorder) bound(label string, v any) {
	res, err := r.db.ExecContext(r.ctx, r.bind("insert into conform_args values (?)"), v)
	r.result(label+" exec", res, err)
	r.argRow(label+" query", r.db.QueryRowContext(r.ctx, r.bind("select "+r.in("?::text", "?", "?")), v))
	if st := r.prepare(r.db, "insert into conform_args values (?)"); st != nil {
		res, err := st.ExecContext(r.ctx, v)
		r.result(label+" prepared exec", res, err)
		r.err("close", st.Close())
	}
	r.query(r.db, "select v from conform_args")
	r.setup("delete from conform_args")
}

func (r *Recorder) argRow(label string, row *sql.Row) {
	var v any
	if err := row.Scan(&v); err != nil {
		r.err(label, err)
		return
	}
	r.value(label, v)
}

var argumentGroups = []struct {
	name string
	args []argument
}{
	{"integers", []argument{
		{"int", 42},
		{"int8", int8(-128)},
		{"int16", int16(-1)},
		{"int32", int32(7)},
		{"int64 max", int64(math.MaxInt64)},
		{"uint8", uint8(255)},
		{"uint16", uint16(65535)},
		{"uint32", uint32(math.MaxUint32)},
		{"uint", uint(3)},
		{"uint64", uint64(math.MaxInt64)},
		{"uint64 high bit", uint64(math.MaxUint64)},
		{"own int", myInt(-5)},
		{"duration", time.Second},
	}},
	{"floats and bools", []argument{
		{"float64", 1.25},
		{"float32", float32(0.1)},
		{"NaN", math.NaN()},
		{"Inf", math.Inf(1)},
		{"smallest", math.SmallestNonzeroFloat64},
		{"own float", myFloat(2.5)},
		{"true", true},
		{"own bool", myBool(false)},
	}},
	{"strings and bytes", []argument{
		{"string", "plain"},
		{"empty", ""},
		{"unicode", "ünïcödé 漢字 🙂"},
		{"quote", `a'b"c\d`},
		{"zero byte", "a\x00b"},
		{"invalid utf-8", "a\xffb"},
		{"own string", myString("own")},
		{"bytes", []byte("bytes")},
		{"empty bytes", []byte{}},
		{"nil bytes", []byte(nil)},
		{"own bytes", myBytes("own")},
		{"RawBytes", sql.RawBytes("raw")},
		{"binary", []byte{0xde, 0xad}},
	}},
	{"times", []argument{
		{"utc", time.Date(2024, 2, 29, 12, 34, 56, 789012345, time.UTC)},
		{"zero time", time.Time{}},
		{"zone", time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("X", 5*3600+1800))},
		{"own time", myTime(time.Unix(0, 0))},
		{"year 10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"before Christ", time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC)},
	}},
	{"nil and pointers", []argument{
		{"nil", nil},
		{"nil *int", (*int)(nil)},
		{"nil *string", (*string)(nil)},
		{"nil *time", (*time.Time)(nil)},
		{"*int", new(42)},
		{"*string", new("pointed")},
		{"**int", new(new(1))},
		{"*[]byte", new([]byte("b"))},
		{"*time", new(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))},
		{"nil any pointer", (*any)(nil)},
	}},
	{"types that no driver binds", []argument{
		{"chan", make(chan int)},
		{"nil chan", (chan int)(nil)},
		{"func", func() {}},
		{"struct", myStruct{1, 2}},
		{"*struct", &myStruct{1, 2}},
		{"map", map[string]int{"a": 1}},
		{"complex", complex(1, 2)},
		{"array", [2]int{1, 2}},
		{"[]any", []any{1, "a"}},
		{"error", fmt.Errorf("e")},
	}},
	{"slices", []argument{
		{"[]string", []string{"a", "b,c"}},
		{"[]int", []int{1, 2}},
		{"[]int64", []int64{3}},
		{"[]float64", []float64{1.5}},
		{"[]bool", []bool{true}},
		{"[][]byte", [][]byte{{1}, {2}}},
		{"nil []string", []string(nil)},
		{"empty []string", []string{}},
	}},
}

// argumentCases bind each group.
func argumentCases() []Case {
	var out []Case
	for _, group := range argumentGroups {
		out = append(out, Case{Name: "arguments: " + group.name, See: func(r *Recorder) {
			r.sink()
			for _, a := range group.args {
				r.bound(a.name, a.value)
			}
		}})
	}
	return out
}

// counts takes down what each number of arguments does to query.
func (r *Recorder) counts(query string) {
	for n := range 4 {
		args := make([]any, n)
		for i := range args {
			args[i] = i
		}
		label := fmt.Sprintf("%d arguments: ", n)
		res, err := r.db.ExecContext(r.ctx, r.bind(query), args...)
		r.result(label+"exec", res, err)
		rows, err := r.db.QueryContext(r.ctx, r.bind(query), args...)
		r.rows(label+"query", rows, err)
		st := r.prepare(r.db, query)
		if st == nil {
			continue
		}
		res, err = st.ExecContext(r.ctx, args...)
		r.result(label+"prepared exec", res, err)
		rows, err = st.QueryContext(r.ctx, args...)
		r.rows(label+"prepared query", rows, err)
		r.err("close", st.Close())
	}
}

var argumentCountCases = []Case{
	{Name: "arguments in wrong numbers for one placeholder", See: func(r *Recorder) {
		r.counts("select " + r.in("?::int", "?", "?"))
	}},
	{Name: "arguments in wrong numbers for two placeholders", See: func(r *Recorder) {
		r.counts("select " + r.in("?::int + ?::int", "? + ?", "? + ?"))
	}},
	{Name: "arguments without placeholders", See: func(r *Recorder) { r.counts("select 1") }},
	{Name: "arguments in a transaction in wrong numbers", See: func(r *Recorder) {
		tx := r.begin(r.db, nil)
		r.exec(tx, "select "+r.in("?::int", "?", "?"), 1, 2)
		r.first(tx, "select 1")
		r.err("rollback", tx.Rollback())
	}},
	{Name: "arguments with names", See: func(r *Recorder) {
		r.sink()
		for _, v := range []any{sql.Named("a", 1), sql.Named("", 1), sql.Named("1", 2), sql.Named("ü", 3), sql.Named("A", "x"), sql.Named("a", make(chan int)), sql.NamedArg{}} {
			r.bound(fmt.Sprintf("%+v", v)[:6], v)
		}
		if r.target.Dialect == SQLite {
			r.query(r.db, "select :a, @b, $c, :a", sql.Named("a", 1), sql.Named("b", "two"), sql.Named("c", 3.5))
			r.query(r.db, "select :a, ?", sql.Named("a", 1), 2)
			r.query(r.db, "select :missing", sql.Named("a", 1))
		}
	}},
	{Name: "arguments of type sql.Out", See: func(r *Recorder) {
		r.sink()
		var n int
		var s string
		outs := []any{sql.Out{Dest: &n}, sql.Out{Dest: &s, In: true}, sql.Out{}, sql.Named("o", sql.Out{Dest: &n}), &sql.Out{Dest: &n}}
		if r.target.Dialect != Oracle { // godror's dataGetNumber calls itself for ever
			outs = append(outs, sql.Out{Dest: n})
		}
		for _, v := range outs {
			r.bound(fmt.Sprintf("%T", v), v)
		}
	}},
	{Name: "arguments at the limit of placeholders", See: func(r *Recorder) {
		most := 66000
		if r.target.Dialect == Oracle { // each is a variable of the client library's
			most = 3000
		}
		for _, n := range []int{500, most} {
			args := make([]any, n)
			for i := range args {
				args[i] = 1
			}
			r.first(r.db, "select 1 where 1 in ("+strings.Repeat("?,", n-1)+"?)", args...)
		}
		r.first(r.db, "select 'still here'")
	}},
	{Name: "arguments as a slice inside the slice", See: func(r *Recorder) {
		r.sink()
		r.exec(r.db, "insert into conform_args values (?)", []any{"a"})
		r.exec(r.db, "insert into conform_args values (?), (?)", "a", nil)
		r.query(r.db, "select v from conform_args order by v")
	}},
	{Name: "arguments that are not touched", See: func(r *Recorder) {
		b := []byte("original")
		args := []any{b, new("p"), myInt(4)}
		r.query(r.db, "select "+r.in("?::bytea, ?::text, ?::int", "?, ?, ?", "?, ?, ?"), args...)
		for i, a := range args {
			r.value(fmt.Sprint("argument ", i), a)
		}
	}},
}
