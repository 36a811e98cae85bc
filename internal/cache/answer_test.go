// This file tests that an answer is what the driver said, whatever becomes of the driver's memory and of the rows that somebody read.

package cache

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plenty is more than any answer here takes.
var plenty = Limits{Rows: 10_000, Bytes: 64 << 20}

// named are columns of which the driver says the name alone.
func named(names ...string) (columns []Column) {
	for _, name := range names {
		columns = append(columns, Column{Name: name})
	}
	return columns
}

// record has a recorder take in rows that fit.
func record(t testing.TB, columns []Column, rows ...[]driver.Value) *Answer {
	t.Helper()
	r := NewRecorder(columns, plenty)
	for i, row := range rows {
		if fit := r.Add(row); fit != Fits {
			t.Fatalf("row %d: %v", i, fit)
		}
	}
	return r.Answer()
}

// row reads a row.
func row(a *Answer, i int) []driver.Value {
	dest := make([]driver.Value, len(a.Columns()))
	a.Row(i, dest)
	return dest
}

func TestAnAnswerHasTheValuesThatTheDriverReturned(t *testing.T) {
	moment := time.Date(2026, 11, 26, 10, 0, 0, 7, time.FixedZone("here", 3600))
	want := [][]driver.Value{
		{int64(1 << 40), 2.5, true, "text", []byte("bytes"), moment, nil},
		{int64(0), 0.0, false, "", []byte{}, time.Time{}, nil},
		{int32(-7), float32(1.5), uint64(1 << 63), "ä\x00", []byte(nil), []byte{0, 255}, "end"},
	}
	a := record(t, named("a", "b", "c", "d", "e", "f", "g"), want...)
	if a.Rows() != len(want) {
		t.Fatalf("%d rows, want %d", a.Rows(), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(want[i], row(a, i)); diff != "" { // cmp tells nil from empty
			t.Errorf("row %d: %s", i, diff)
		}
	}
}

// TestAnAnswerKeepsNothingOfTheDriversBuffer is what go-sql-driver does: each row
// is a part of one buffer, which the next row is read into. A cache that keeps
// the slices keeps the last row 900 times.
func TestAnAnswerKeepsNothingOfTheDriversBuffer(t *testing.T) {
	buffer := make([]byte, 12)
	r := NewRecorder(named("value"), plenty)
	for i := range 900 {
		copy(buffer, fmt.Sprintf("value-%06d", i))
		if fit := r.Add([]driver.Value{buffer}); fit != Fits {
			t.Fatal(fit)
		}
	}
	copy(buffer, "ZZZZZZZZZZZZ")
	a := r.Answer()
	for i := range 900 {
		if got, want := string(row(a, i)[0].([]byte)), fmt.Sprintf("value-%06d", i); got != want {
			t.Fatalf("row %d is %q, want %q", i, got, want)
		}
	}
}

func TestWhoReadsARowMayChangeItsBytes(t *testing.T) {
	a := record(t, named("a", "b"), []driver.Value{[]byte("first"), []byte("second")})
	read := row(a, 0)
	first, second := read[0].([]byte), read[1].([]byte)
	_ = append(first, "overflow"...)
	if string(second) != "second" {
		t.Errorf("appending to one column changed the next to %q", second)
	}
	clear(first)
	clear(second)
	if diff := cmp.Diff([]driver.Value{[]byte("first"), []byte("second")}, row(a, 0)); diff != "" {
		t.Errorf("the answer was changed: %s", diff)
	}
}

func TestAValueOfADriversOwnTypeIsKeptAsItIs(t *testing.T) {
	type number string // as godror's
	type level int8
	values := []driver.Value{number("1.5"), level(3)}
	if diff := cmp.Diff(values, row(record(t, named("a", "b"), values), 0)); diff != "" {
		t.Error(diff)
	}
}

func TestRowsThatDoNotFitAreNotTakenIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
		row    []driver.Value
		want   Fit
	}{
		{"too many", Limits{Rows: 1, Bytes: 1 << 20}, []driver.Value{int64(1)}, TooManyRows},
		{"too big", Limits{Rows: 10, Bytes: 1 << 10}, []driver.Value{strings.Repeat("x", 1<<10)}, TooBig},
		{"bytes too big", Limits{Rows: 10, Bytes: 1 << 10}, []driver.Value{make([]byte, 1<<10)}, TooBig},
		{"a stream", plenty, []driver.Value{io.Reader(strings.NewReader("x"))}, NotPlain},
		{"a cursor", plenty, []driver.Value{&describedRows{}}, NotPlain},
		{"a pointer", plenty, []driver.Value{new(int64)}, NotPlain},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewRecorder(named("a"), c.limits)
			if fit := r.Add([]driver.Value{int64(1000)}); fit != Fits {
				t.Fatalf("the first row: %v", fit)
			}
			if got := r.Add(c.row); got != c.want {
				t.Errorf("fit %v, want %v", got, c.want)
			}
			a := r.Answer()
			if a.Rows() != 1 || row(a, 0)[0] != int64(1000) {
				t.Errorf("%d rows, want the first alone", a.Rows())
			}
		})
	}
}

// describedRows say something of their columns.
type describedRows struct{ driver.Rows }

func (*describedRows) Columns() []string                       { return []string{"price", "note"} }
func (*describedRows) ColumnTypeDatabaseTypeName(i int) string { return []string{"NUMERIC", "TEXT"}[i] }
func (*describedRows) ColumnTypeLength(i int) (int64, bool)    { return int64(i) * 80, i == 1 }
func (*describedRows) ColumnTypeNullable(i int) (bool, bool)   { return i == 1, true }

func (*describedRows) ColumnTypePrecisionScale(i int) (int64, int64, bool) { return 10, 2, i == 0 }

func (*describedRows) ColumnTypeScanType(i int) reflect.Type {
	return []reflect.Type{reflect.TypeFor[float64](), reflect.TypeFor[string]()}[i]
}

// bareRows say nothing but names.
type bareRows struct{ driver.Rows }

func (bareRows) Columns() []string { return []string{"id"} }

func TestColumnsAreAsTheDriverDescribesThem(t *testing.T) {
	got := Columns(&describedRows{})
	want := []Column{
		{Name: "price", DatabaseType: "NUMERIC", ScanType: reflect.TypeFor[float64](), Precision: 10, Scale: 2, HasDecimal: true, HasNullable: true},
		{Name: "note", DatabaseType: "TEXT", ScanType: reflect.TypeFor[string](), Length: 80, HasLength: true, Precision: 10, Scale: 2, Nullable: true, HasNullable: true},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("column %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if got := Columns(bareRows{}); len(got) != 1 || got[0] != (Column{Name: "id", ScanType: reflect.TypeFor[any]()}) {
		t.Errorf("%+v", got)
	}
}

func TestReadingARowAllocatesOnlyItsBytes(t *testing.T) {
	plain := record(t, named("a", "b", "c"), []driver.Value{int64(1000), "text", "more"})
	dest := make([]driver.Value, 3)
	if got := testing.AllocsPerRun(1000, func() { plain.Row(0, dest) }); got != 0 {
		t.Errorf("%v allocations without bytes, want 0", got)
	}
	binary := record(t, named("a", "b", "c"), []driver.Value{bytes.Repeat([]byte("a"), 9), []byte("b"), nil})
	if got := testing.AllocsPerRun(1000, func() { binary.Row(0, dest) }); got != 3 {
		t.Errorf("%v allocations with two columns of bytes, want 3", got)
	}
}
