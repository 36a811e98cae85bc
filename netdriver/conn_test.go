// This file tests what programs do most: statements, rows, transactions, results.

package netdriver

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestValuesComeBackAsTheDriverGaveThem(t *testing.T) {
	noon := time.Date(2024, 3, 1, 12, 0, 0, 5, time.UTC)
	cols := []wire.Column{
		{Name: "i", Kind: wire.KindInt},
		{Name: "u", Kind: wire.KindUint},
		{Name: "f", Kind: wire.KindFloat},
		{Name: "d", Kind: wire.KindDecimal},
		{Name: "s", Kind: wire.KindString},
		{Name: "b", Kind: wire.KindBytes},
		{Name: "t", Kind: wire.KindTime},
		{Name: "o", Kind: wire.KindBool},
		{Name: "z"},
	}
	row := []driver.Value{int64(math.MinInt64), uint64(math.MaxUint64), 1.5, wire.Decimal("1.10"), "Größe", []byte{0, 255}, noon, true, nil}
	want := []any{int64(math.MinInt64), uint64(math.MaxUint64), 1.5, "1.10", "Größe", []byte{0, 255}, noon, true, nil}
	for _, codec := range []string{"json", "binary"} {
		t.Run(codec, func(t *testing.T) {
			db := open(t, "?codec="+codec, func(g *gateway) {
				id, _ := g.statement(wire.TypeQuery)
				g.add(wire.TypeHead, id, &wire.Head{Columns: cols})
				g.rows(id, cols, row)
				g.send(wire.TypeEnd, id, &wire.End{})
			})
			got, into := make([]any, len(cols)), make([]any, len(cols))
			for i := range got {
				into[i] = &got[i]
			}
			if err := db.QueryRow("select").Scan(into...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestArgumentsArriveAsTheyWereGiven(t *testing.T) {
	type amount uint64
	noon := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	n := int32(7)
	db := open(t, "", func(g *gateway) {
		id, s := g.statement(wire.TypeExec)
		want := []driver.NamedValue{
			{Ordinal: 1, Value: int64(1)},
			{Ordinal: 2, Value: uint64(math.MaxUint64)},
			{Ordinal: 3, Value: float32(1.5)},
			{Ordinal: 4, Value: "x"},
			{Ordinal: 5, Value: []byte("y")},
			{Ordinal: 6, Value: noon},
			{Ordinal: 7, Value: int64(7)},
			{Ordinal: 8, Value: nil},
			{Ordinal: 9, Value: uint64(1 << 63)},
			{Ordinal: 10, Value: wire.List{Type: "int", Values: []any{int64(1), int64(2)}}},
			{Name: "id", Ordinal: 11, Value: "named"},
		}
		if diff := cmp.Diff(want, s.Args); diff != "" || s.SQL != "insert" {
			g.t.Errorf("%q: %s", s.SQL, diff)
		}
		g.send(wire.TypeEnd, id, &wire.End{})
	})
	_, err := db.Exec("insert", 1, uint64(math.MaxUint64), float32(1.5), "x", []byte("y"), noon, &n, sql.NullString{},
		amount(1<<63), []int{1, 2}, sql.Named("id", "named"))
	if err != nil {
		t.Fatal(err)
	}
}

// says is a driver.Valuer that says something, or fails.
type says struct {
	v   any
	err error
}

func (s says) Value() (driver.Value, error) { return s.v, s.err }

func TestPointersAndValuersStandForWhatTheyGive(t *testing.T) {
	n, broken := uint64(math.MaxUint64), errors.New("it has no value")
	p := &n
	for name, row := range map[string]struct{ arg, want any }{
		"a pointer":                {p, n},
		"a pointer to a pointer":   {&p, n},
		"a pointer to nowhere":     {(*uint64)(nil), nil},
		"a pointer to a list":      {&[]string{"a"}, wire.List{Type: "string", Values: []any{"a"}}},
		"a list of pointers":       {[]*uint64{p, nil}, wire.List{Type: "*uint64", Values: []any{n, nil}}},
		"a Null":                   {sql.Null[int]{V: 5, Valid: true}, int64(5)},
		"a Null of nothing":        {sql.Null[int]{V: 5}, nil},
		"a Valuer":                 {says{v: n}, n},
		"a pointer to a Valuer":    {&says{v: n}, n},
		"a list of Valuers":        {[]any{says{v: n}, says{v: "x"}}, wire.List{Type: "any", Values: []any{n, "x"}}},
		"no Valuer":                {(*says)(nil), nil},
		"a Valuer that fails":      {says{v: n, err: broken}, broken},
		"a list of one that fails": {[]any{says{v: struct{}{}, err: broken}}, broken},
		"a Valuer of no value":     {says{v: 5}, errors.New("non-Value type int returned from Value")},
	} {
		nv := driver.NamedValue{Ordinal: 1, Value: row.arg}
		err := (&conn{}).CheckNamedValue(&nv)
		if failed, ok := row.want.(error); ok {
			if err == nil || !errors.Is(err, broken) && err.Error() != failed.Error() {
				t.Errorf("%s: %v, want %v", name, err, failed)
			}
			continue
		}
		if diff := cmp.Diff(row.want, nv.Value); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestAnArgumentThatCannotGoIsRefusedAndTheConnectionGoesOn(t *testing.T) {
	db := open(t, "", func(g *gateway) { g.answer(g.want(wire.TypeExec)) })
	for _, bad := range []any{make(chan int), struct{}{}, []struct{}{{}}, sql.Out{}, sql.Out{Dest: new(struct{})}} {
		if _, err := db.Exec("insert", bad); err == nil {
			t.Errorf("a %T was taken", bad)
		}
	}
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

func TestResultsTellWhatTheDatabaseTold(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeExec)
		g.send(wire.TypeEnd, m.ID, &wire.End{Affected: wire.Count{Known: true, N: 3}, LastID: wire.Count{Err: "no ids here"}})
		g.answer(g.want(wire.TypeExec))
	})
	r, err := db.Exec("update")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n != 3 || err != nil {
		t.Errorf("RowsAffected: %d, %v", n, err)
	}
	if _, err := r.LastInsertId(); err == nil || err.Error() != "no ids here" {
		t.Errorf("LastInsertId: %v", err)
	}
	if r, err = db.Exec("update"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RowsAffected(); err == nil {
		t.Error("a number came that nobody told")
	}
}

func TestOutParametersComeBack(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		id, s := g.statement(wire.TypeExec)
		want := []driver.NamedValue{
			{Ordinal: 1, Value: wire.Out{Type: "int", InOut: true, In: int64(5)}},
			{Name: "sum", Ordinal: 2, Value: wire.Out{Type: "string"}},
			{Ordinal: 3, Value: wire.Out{Type: "int32", InOut: true, In: wire.List{Type: "int32", Values: []any{int64(9)}}}},
			{Ordinal: 4, Value: wire.Out{Type: "sql.NullFloat64"}},
			{Ordinal: 5, Value: wire.Out{Type: "bool", InOut: true, In: true}},
		}
		if diff := cmp.Diff(want, s.Args); diff != "" {
			g.t.Error(diff)
		}
		g.send(wire.TypeEnd, id, &wire.End{Out: []driver.NamedValue{
			{Ordinal: 1, Value: int64(6)},
			{Name: "sum", Ordinal: 2, Value: wire.Decimal("12.50")},
			{Ordinal: 3, Value: wire.List{Values: []any{int64(1), int64(2)}}},
			{Ordinal: 4, Value: nil},
			{Ordinal: 5, Value: "x"},
		}})
	})
	n, sum, list, null, anything := 5, "", []int32{9}, sql.NullFloat64{Float64: 1, Valid: true}, any(true)
	_, err := db.Exec("begin p; end;", sql.Out{Dest: &n, In: true}, sql.Named("sum", sql.Out{Dest: &sum}), sql.Out{Dest: &list}, sql.Out{Dest: &null}, sql.Out{Dest: &anything, In: true})
	if err != nil {
		t.Fatal(err)
	}
	if n != 6 || sum != "12.50" || !reflect.DeepEqual(list, []int32{1, 2}) || null.Valid || anything != "x" {
		t.Errorf("got %d, %q, %v, %v, %v", n, sum, list, null, anything)
	}
}

func TestSeveralResultSetsFollowEachOther(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.rows(id, number, []driver.Value{int64(1)}, []driver.Value{int64(2)})
		g.add(wire.TypeEnd, id, &wire.End{More: true})
		names := []wire.Column{{Name: "name", Kind: wire.KindString}}
		g.add(wire.TypeHead, id, &wire.Head{Columns: names, Set: 1})
		g.rows(id, names, []driver.Value{"a"})
		g.send(wire.TypeEnd, id, &wire.End{})
	})
	rows, err := db.Query("call")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var n int
	var name string
	if !rows.Next() || rows.Scan(&n) != nil || n != 1 {
		t.Fatalf("first row: %d, %v", n, rows.Err())
	}
	if !rows.NextResultSet() || !rows.Next() || rows.Scan(&name) != nil || name != "a" {
		t.Fatalf("second set: %q, %v", name, rows.Err())
	}
	if rows.Next() || rows.NextResultSet() || rows.Err() != nil {
		t.Errorf("after the end: %v", rows.Err())
	}
}

func TestColumnTypesAreTold(t *testing.T) {
	cols := []wire.Column{
		{Name: "total", DB: "NUMERIC", Kind: wire.KindDecimal, Go: "sql.NullFloat64", HasNullable: true, Nullable: true, HasDecimal: true, Precision: 10, Scale: 2},
		{Name: "name", DB: "VARCHAR", Kind: wire.KindString, HasLength: true, Length: 40},
		{Name: "any"},
	}
	db := open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: cols})
		g.send(wire.TypeEnd, id, &wire.End{})
	})
	rows, err := db.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	p, s, ok := types[0].DecimalSize()
	if null, told := types[0].Nullable(); p != 10 || s != 2 || !ok || !null || !told || types[0].ScanType() != reflect.TypeFor[sql.NullFloat64]() {
		t.Errorf("total: %d %d %v %v %v %v", p, s, ok, null, told, types[0].ScanType())
	}
	if n, ok := types[1].Length(); n != 40 || !ok || types[1].DatabaseTypeName() != "VARCHAR" || types[1].ScanType() != reflect.TypeFor[string]() {
		t.Errorf("name: %d %v %v", n, ok, types[1])
	}
	if types[2].ScanType() != reflect.TypeFor[any]() {
		t.Errorf("any: %v", types[2].ScanType())
	}
}

func TestPreparedStatementsGoByNumber(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypePrepare)
		var p wire.Prepare
		if err := p.Decode(m.Body, m.Codec()); err != nil || p.SQL != "select ?" || p.SID == 0 {
			g.t.Errorf("prepare: %+v, %v", p, err)
		}
		g.send(wire.TypePrepared, m.ID, &wire.Prepared{Inputs: 1, Columns: number, Hash: "h1"})
		for n := range int64(2) {
			id, s := g.statement(wire.TypeQuery)
			if s.SID != p.SID || s.SQL != "" {
				g.t.Errorf("the statement is %d %q", s.SID, s.SQL)
			}
			g.add(wire.TypeHead, id, &wire.Head{Same: "h1"})
			g.rows(id, number, []driver.Value{n})
			g.send(wire.TypeEnd, id, &wire.End{})
		}
		if m := g.want(wire.TypeCloseStmt); m.ID == 0 {
			g.t.Error("the close has no number of its own")
		}
		g.answer(g.want(wire.TypeExec))
	})
	st, err := db.Prepare("select ?")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Query(); err == nil {
		t.Error("a statement with one parameter ran without arguments")
	}
	for want := range 2 {
		var n int
		if err := st.QueryRow(1).Scan(&n); err != nil || n != want {
			t.Errorf("got %d, %v, want %d", n, err, want)
		}
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	if _, err := db.Exec("next"); err != nil {
		t.Error(err)
	}
}

func TestATransactionHasItsOptionsAndMarksItsStatements(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeBegin)
		var b wire.Begin
		if err := b.Decode(m.Body, m.Codec()); err != nil || b.Isolation != driver.IsolationLevel(sql.LevelSerializable) || !b.ReadOnly {
			g.t.Errorf("begin: %+v, %v", b, err)
		}
		g.answer(m)
		for _, in := range []bool{true, false} {
			id, s := g.statement(wire.TypeExec)
			if s.Tx != in {
				g.t.Errorf("within the transaction: %v", s.Tx)
			}
			g.send(wire.TypeEnd, id, &wire.End{})
			if in {
				g.answer(g.want(wire.TypeCommit))
			}
		}
		g.answer(g.want(wire.TypeBegin))
		g.answer(g.want(wire.TypeRollback))
	})
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("insert"); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
	if tx, err = db.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}
