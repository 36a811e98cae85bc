// This file binds arguments that convert themselves, rightly, wrongly and with a panic.

package conform

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

type valueValuer struct{ v any }

func (v valueValuer) Value() (driver.Value, error) { return v.v, nil }

type pointerValuer struct{ v any }

func (v *pointerValuer) Value() (driver.Value, error) {
	if v == nil {
		return "called on nil", nil
	}
	return v.v, nil
}

type failingValuer struct{}

var errValuer = errors.New("the valuer failed")

func (failingValuer) Value() (driver.Value, error) { return nil, fmt.Errorf("value: %w", errValuer) }

type panickingValuer struct{}

func (panickingValuer) Value() (driver.Value, error) { panic("the valuer panicked") }

type endlessValuer struct{}

func (endlessValuer) Value() (driver.Value, error) { return valueValuer{1}, nil }

// stringerString has a Value method on a string kind.
type stringerString string

func (s stringerString) Value() (driver.Value, error) { return "valued " + string(s), nil }

// countingValuer counts how often it is asked: twice would be a difference.
type countingValuer struct{ n *int }

func (c countingValuer) Value() (driver.Value, error) {
	*c.n++
	return fmt.Sprint("call ", *c.n), nil
}

var valuerCases = []Case{
	{Name: "valuers that give values", See: func(r *Recorder) {
		r.sink()
		for _, a := range []argument{
			{"int64", valueValuer{int64(5)}},
			{"string", valueValuer{"text"}},
			{"bytes", valueValuer{[]byte("b")}},
			{"nil", valueValuer{nil}},
			{"time", valueValuer{time.Unix(0, 0).UTC()}},
			{"pointer to", &valueValuer{"p"}},
			{"pointer receiver", &pointerValuer{"q"}},
			{"own string", stringerString("x")},
			{"NullString", sql.NullString{String: "n", Valid: true}},
			{"null NullString", sql.NullString{}},
			{"NullInt64", sql.NullInt64{Int64: 4, Valid: true}},
			{"Null[T]", sql.Null[string]{V: "g", Valid: true}},
			{"NullTime", sql.NullTime{}},
		} {
			r.bound(a.name, a.value)
		}
	}},
	{Name: "valuers that are nil pointers", See: func(r *Recorder) {
		r.sink()
		for _, a := range []argument{
			{"value receiver", (*valueValuer)(nil)},
			{"pointer receiver", (*pointerValuer)(nil)},
			{"nil interface", driver.Valuer(nil)},
			{"*NullString", (*sql.NullString)(nil)},
			{"pointer to nil pointer", new((*valueValuer)(nil))},
		} {
			r.bound(a.name, a.value)
		}
	}},
	{Name: "valuers that give what is no value", See: func(r *Recorder) {
		r.sink()
		for _, a := range []argument{
			{"int", valueValuer{5}},
			{"int32", valueValuer{int32(5)}},
			{"struct", valueValuer{myStruct{}}},
			{"chan", valueValuer{make(chan int)}},
			{"own string", valueValuer{myString("x")}},
			{"another valuer", endlessValuer{}},
			{"slice", valueValuer{[]string{"a"}}},
			{"wrong type of pointer", pointerValuer{"no method"}},
		} {
			r.bound(a.name, a.value)
		}
	}},
	{Name: "valuers that fail", See: func(r *Recorder) {
		r.sink()
		r.bound("failing", failingValuer{})
		_, err := r.db.ExecContext(r.ctx, r.bind("insert into conform_args values (?)"), failingValuer{})
		r.note("is", "%t", errors.Is(err, errValuer))
		r.bound("named", sql.Named("n", failingValuer{}))
	}},
	// database/sql loses the bare driver's connection in both of these, and
	// go-sql-driver a goroutine with it.
	{Name: "valuers that panic leave the database usable", On: []Dialect{Postgres, SQLite}, Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		r.sink()
		for _, run := range []func() error{
			func() error {
				_, err := r.db.ExecContext(r.ctx, r.bind("insert into conform_args values (?)"), panickingValuer{})
				return err
			},
			func() error {
				return r.db.QueryRowContext(r.ctx, r.bind("select "+r.in("?::text", "?", "?")), panickingValuer{}).Err()
			},
		} {
			r.panics(run)
		}
		r.note("in use", "%d", r.db.Stats().InUse)
		r.first(r.db, "select 'still here'")
	}},
	{Name: "valuers that panic in a prepared statement", On: []Dialect{Postgres, SQLite}, Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		r.sink()
		st := r.prepare(r.db, "insert into conform_args values (?)")
		r.panics(func() error { _, err := st.ExecContext(r.ctx, panickingValuer{}); return err })
		r.note("in use", "%d", r.db.Stats().InUse)
		r.first(r.db, "select 'still here'")
	}},
	{Name: "valuers are asked once", See: func(r *Recorder) {
		r.sink()
		n := 0
		r.bound("counting", countingValuer{&n})
		r.note("calls", "%d", n)
	}},
}

// panics takes down a panic.
func (r *Recorder) panics(run func() error) {
	defer func() { r.note("panic", "%v", recover()) }()
	r.err("returned", run())
}
