// This file tests values that are more than a cell: result sets, out parameters, lists, and the types of drivers' own.

package gateway_test

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestResultSetsFollowOneAnother(t *testing.T) {
	t.Parallel()
	dsn := "mysql://" + dbtest.MariaDB(t).NewDatabase(t).DSN("multiStatements=true")
	c := login(t, serve(t, config(connector(t, dsn))))
	a := c.query("select 1 as a; select 2 as b, 3 as c; select 4 as d where false")
	if a.fail != nil {
		t.Fatal(a.fail)
	}
	want := [][][]driver.Value{{{int64(1)}}, {{int64(2), int64(3)}}, nil}
	if !reflect.DeepEqual(a.sets, want) || len(a.columns) != 3 || a.columns[1][1].Name != "c" {
		t.Errorf("got %v", a.sets)
	}
}

// oracle serves a database of the double of Oracle's client.
func oracle(t *testing.T, change ...func(*fluxor.RuntimeConfig)) *client {
	t.Helper()
	c := login(t, serve(t, config(connector(t, dbtest.Oracle(t).URL(), change...))))
	if c.hello.Dialect != "oracle" {
		t.Fatalf("the dialect is %s", c.hello.Dialect)
	}
	return c
}

func TestOutParametersComeBackByNameAndPosition(t *testing.T) {
	t.Parallel()
	c := oracle(t)
	a := c.exec("begin :a := 'in ' || :b; :c := :c * 2; end;",
		driver.NamedValue{Name: "a", Value: wire.Out{Type: "string"}}, driver.NamedValue{Name: "b", Value: "x"},
		driver.NamedValue{Name: "c", Value: wire.Out{Type: "int64", InOut: true, In: int64(21)}})
	if a.fail != nil || len(a.end.Out) != 2 || a.end.Out[0].Value != "in x" || a.end.Out[1].Value != int64(42) || a.end.Pin == "" {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	a = c.exec("begin :1 := 7; end;", wire.Out{Type: "float64"})
	if a.fail != nil || a.end.Out[0].Ordinal != 1 || a.end.Out[0].Value != 7.0 {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	a = c.exec("begin :1 := null; :2 := null; end;", wire.Out{Type: "sql.NullInt64"}, wire.Out{Type: "sql.NullFloat64"})
	if a.fail != nil || a.end.Out[0].Value != nil || a.end.Out[1].Value != nil {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	c.exec("begin :1 := 7; end;", wire.Out{Type: "chan int"}).refused(t, wire.ErrorProtocol)
}

func TestAListIsAnArrayBind(t *testing.T) {
	t.Parallel()
	c := oracle(t)
	c.must("create table t (id number, v varchar2(10))")
	list := func(v ...any) wire.List { return wire.List{Values: v} }
	if a := c.exec("insert into t values (:1, :2)", list(int64(1), int64(2)), list("a", "b")); a.fail != nil || a.end.Affected.N != 2 {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	c.exec("insert into t values (:1, 'x')", list(int64(1), "two")).refused(t, wire.ErrorProtocol)
	c.exec("insert into t values (:1, 'x')", wire.List{}).refused(t, wire.ErrorProtocol)
	c.exec("insert into t values (:1, 'x')", wire.List{Type: "int8", Values: []any{int64(300)}}).refused(t, wire.ErrorProtocol)
	typed := func(of string, v ...any) wire.List { return wire.List{Type: of, Values: v} }
	for _, v := range []wire.List{
		typed("int8", int64(3), int64(4)), typed("uint16", int64(3), uint64(4)), typed("float32", 3.0, float32(4)),
		typed("sql.NullInt64", int64(3), int64(4)), typed("int", int64(3), int64(4)),
	} {
		if a := c.exec("insert into t values (:1, 'typed')", v); a.fail != nil || a.end.Affected.N != 2 {
			t.Errorf("%s: got %+v, %v", v.Type, a.end, a.fail)
		}
	}
	if a := c.exec("insert into t values (:1, :2)", typed("sql.NullInt64", nil, int64(6)), list("a", "b")); a.fail != nil {
		t.Error(a.fail)
	}
	if a := c.query("select count(*) from t where v = 'a' and id is null or v = 'typed' and id = 4"); a.value(t) != wire.Decimal("6") {
		t.Errorf("got %v", a.sets)
	}
}

func TestANumberOfOracleKeepsItsDigits(t *testing.T) {
	t.Parallel()
	c := oracle(t)
	a := c.query("select 1234567890.125 as n from dual")
	if got := a.value(t); got != wire.Decimal("1234567890.125") || a.columns[0][0].Kind != wire.KindDecimal {
		t.Errorf("got %#v under %+v", got, a.columns[0][0])
	}
}

// cells are rows with one row of odd values, or without one the error fail.
type cells struct {
	driver.Rows
	row  []driver.Value
	fail error
}

func (r *cells) Columns() []string { return make([]string, len(r.row)) }

func (r *cells) Next(dest []driver.Value) error {
	if r.row == nil {
		return cmp.Or(r.fail, io.EOF)
	}
	copy(dest, r.row)
	r.row = nil
	return nil
}

func (r *cells) Close() error { return nil }

type (
	named  string
	count  int16
	number = Number
	octets []byte
	pair   struct{ a, b int }
)

// Number is a text of digits, as godror has one.
type Number string

func TestTypesOfADriversOwnAreSentAsWhatTheyAreMadeOf(t *testing.T) {
	t.Parallel()
	text := "text"
	odd := []driver.Value{named("a"), count(-3), number("1.10"), octets{0xff}, [2]byte{1, 0xfe}, &text, uint8(7), number("no number")}
	want := []driver.Value{"a", int64(-3), wire.Decimal("1.10"), []byte{0xff}, []byte{1, 0xfe}, "text", uint64(7), "no number"}
	row := odd
	c := login(t, serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return &cells{row: row}, nil }})))
	if a := c.query("select"); !reflect.DeepEqual(a.sets, [][][]driver.Value{{want}}) {
		t.Errorf("got %#v, %v", a.sets, a.fail)
	}
	row = []driver.Value{int64(1), pair{1, 2}}
	if f := c.query("select").refused(t, wire.ErrorInternal); f.Conn != wire.ConnOK {
		t.Errorf("got %+v", f)
	}
	row = []driver.Value{int64(1)}
	if got := c.query("select").value(t); got != int64(1) {
		t.Errorf("the session does not go on: %v", got)
	}
}

func TestRowsWithinRowsFollowThem(t *testing.T) {
	t.Parallel()
	c := login(t, serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) {
		inner := &cells{row: []driver.Value{"inner", &cells{row: []driver.Value{"innermost"}}}}
		return &cells{row: []driver.Value{inner, "outer", &cells{row: []driver.Value{"second"}}}}, nil
	}})))
	a := c.query("select")
	want := [][][]driver.Value{
		{{wire.Cursor(1), "outer", wire.Cursor(2)}}, {{"inner", wire.Cursor(3)}}, {{"second"}}, {{"innermost"}},
	}
	if !reflect.DeepEqual(a.sets, want) {
		t.Errorf("got %#v, %v", a.sets, a.fail)
	}
}

func TestCursorsAmongOutParametersFollowTheEndThatNumbersThem(t *testing.T) {
	t.Parallel()
	c := oracle(t)
	c.must("create table t (id number)", "insert into t values (1)", "insert into t values (2)")
	id := c.request(wire.TypeExec, &wire.Statement{
		SQL:  "begin open :1 for select id from t order by id; :2 := 7; end;",
		Args: arguments([]any{wire.Out{Type: "cursor"}, wire.Out{Type: "int64"}}),
	})
	var end wire.End
	c.decode(c.next(), &end)
	if !end.More || len(end.Out) != 2 || end.Out[0].Value != wire.Cursor(1) || end.Out[1].Value != int64(7) {
		t.Errorf("got %+v", end)
	}
	a := c.answer(id)
	want := [][][]driver.Value{{{wire.Decimal("1")}, {wire.Decimal("2")}}}
	if a.fail != nil || !reflect.DeepEqual(a.sets, want) || a.end.Pin == "" {
		t.Errorf("got %v, %+v, %v", a.sets, a.end, a.fail)
	}
	c.query("begin open :1 for select id from t; end;", wire.Out{Type: "cursor"}).refused(t, wire.ErrorProtocol)
	if got := c.query("select 1 as n from dual").value(t); got != wire.Decimal("1") {
		t.Errorf("the session does not go on: %v", got)
	}
}

// large is a value that is to be read, as godror has one.
type large struct {
	io.Reader
	IsClob bool
}

func TestWhatADriverHandsOutAsAReaderIsRead(t *testing.T) {
	t.Parallel()
	of := func(size int) io.Reader { return strings.NewReader(strings.Repeat("x", size)) }
	var row []driver.Value
	s := sqlite(t, func(c *gateway.Config) {
		c.Databases["erp"] = &faulty{query: func(context.Context, string) (driver.Rows, error) { return &cells{row: row}, nil }}
		c.Limits.Message = 100 << 10
	})
	c := login(t, s)
	row = []driver.Value{&large{of(50000), true}, large{Reader: of(32 << 10)}, large{Reader: of(0)}, (*large)(nil)}
	a := c.query("select")
	want := []driver.Value{strings.Repeat("x", 50000), []byte(strings.Repeat("x", 32<<10)), []byte{}, nil}
	if !reflect.DeepEqual(a.sets, [][][]driver.Value{{want}}) {
		t.Errorf("got %.100v, %v", a.sets, a.fail)
	}
	row = []driver.Value{large{Reader: of(200 << 10)}}
	c.query("select").refused(t, wire.ErrorTooLarge)
	row = []driver.Value{large{Reader: iotest.ErrReader(errors.New("a LOB that is gone"))}}
	if f := c.query("select").refused(t, wire.ErrorDB); f.Message != "a LOB that is gone" {
		t.Errorf("got %+v", f)
	}
}
