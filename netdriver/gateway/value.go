// This file turns values of drivers into those of the protocol and back.

package gateway

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// errUnfit is matched by errors about values that the protocol does not carry.
var errUnfit = errors.New("a value cannot go to the client")

func unfit(err error) error { return fmt.Errorf("%w: %w", errUnfit, err) }

// carried is a driver's value as the protocol has it. Of a type that the protocol
// does not know it is what the type is made of; a text of a type named Number, as
// godror has one, is a decimal. What is nothing of that comes back as it is, and
// does not fit.
func carried(v driver.Value) driver.Value {
	switch v := v.(type) {
	case nil, bool, int64, uint64, float32, float64, string, []byte, time.Time:
		return v
	case *time.Time:
		if v == nil {
			return nil
		}
		return *v
	case driver.Valuer:
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			return nil
		}
		if inner, err := v.Value(); err == nil {
			if _, again := inner.(driver.Valuer); !again {
				return carried(inner)
			}
		}
		return v
	}
	return made(reflect.ValueOf(v), v)
}

// made is a value by its kind.
func made(r reflect.Value, v driver.Value) driver.Value {
	switch r.Kind() {
	case reflect.Bool:
		return r.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return r.Uint()
	case reflect.Float32:
		return float32(r.Float())
	case reflect.Float64:
		return r.Float()
	case reflect.String:
		if r.Type().Name() == "Number" {
			return decimal(r.String())
		}
		return r.String()
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return r.Bytes()
		}
	case reflect.Array:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, r.Len())
			reflect.Copy(reflect.ValueOf(b), r)
			return b
		}
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		if r.Elem().Kind() != reflect.Struct {
			return carried(r.Elem().Interface())
		}
	}
	return v
}

// decimal is a number's text as a decimal, unless it is none.
func decimal(text string) driver.Value {
	if d := wire.Decimal(text); text != "" && wire.CheckArg(d) == nil {
		return d
	}
	return text
}

// arguments are a request's arguments as drivers take them, in place, and its out
// parameters.
func arguments(args []driver.NamedValue) ([]driver.NamedValue, outs, error) {
	var all outs
	for i := range args {
		a := &args[i]
		switch v := a.Value.(type) {
		case wire.Decimal:
			a.Value = string(v)
		case wire.Cursor:
			return nil, nil, refused{wire.ErrorProtocol, "a cursor is no argument"}
		case wire.List:
			list, err := listed(v)
			if err != nil {
				return nil, nil, err
			}
			a.Value = list
		case wire.Out:
			o, err := newOut(*a, v)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, o)
			a.Value = sql.Out{Dest: o.dest.Interface(), In: v.InOut}
		}
	}
	return args, all, nil
}

// outs are the out parameters of a request.
type outs []out

type out struct {
	name    string
	ordinal int
	dest    reflect.Value // a pointer
}

// newOut makes room for a value to come back.
func newOut(a driver.NamedValue, o wire.Out) (out, error) {
	in := o.In
	list, many := in.(wire.List)
	t := typeNamed(o.Type)
	if t == nil {
		return out{}, refused{wire.ErrorProtocol, fmt.Sprintf("an out parameter of type %q, which is none of the known ones", o.Type)}
	}
	if many {
		made, err := listed(wire.List{Type: o.Type, Values: list.Values})
		if err != nil {
			return out{}, err
		}
		in, t = made, reflect.TypeOf(made)
	}
	dest := reflect.New(t)
	if in != nil {
		v, ok := fit(plain(in), t)
		if !ok {
			return out{}, refused{wire.ErrorProtocol, fmt.Sprintf("a %T goes into an out parameter of type %s", in, o.Type)}
		}
		dest.Elem().Set(v)
	}
	return out{a.Name, a.Ordinal, dest}, nil
}

// values are what came back. Cursors are numbered in their order.
func (all outs) values() []driver.NamedValue {
	values, cursors := make([]driver.NamedValue, 0, len(all)), 0
	for _, o := range all {
		v := o.value()
		if _, ok := v.(driver.Rows); ok {
			cursors++
			v = wire.Cursor(cursors)
		}
		values = append(values, driver.NamedValue{Name: o.name, Ordinal: o.ordinal, Value: v})
	}
	return values
}

// cursors are the rows that came back.
func (all outs) cursors() (rows []driver.Rows) {
	for _, o := range all {
		if r, ok := o.dest.Elem().Interface().(driver.Rows); ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// wantCursors reports whether there is room for some.
func (all outs) wantCursors() bool {
	return slices.ContainsFunc(all, func(o out) bool { return o.dest.Type().Elem() == types["cursor"] })
}

func (o out) value() any {
	v := o.dest.Elem()
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 {
		return carried(v.Interface())
	}
	list := wire.List{Type: v.Type().Elem().String(), Values: make([]any, v.Len())}
	for i := range list.Values {
		list.Values[i] = carried(v.Index(i).Interface())
	}
	return list
}

// listed is a list as a slice of its elements' type.
func listed(l wire.List) (any, error) {
	t := typeNamed(l.Type)
	if t == nil && len(l.Values) > 0 {
		t = reflect.TypeOf(plain(l.Values[0]))
	}
	if t == nil {
		return nil, refused{wire.ErrorProtocol, "a list whose elements do not show their type"}
	}
	s := reflect.MakeSlice(reflect.SliceOf(t), len(l.Values), len(l.Values))
	for i, v := range l.Values {
		v, ok := fit(plain(v), t)
		if !ok {
			return nil, refused{wire.ErrorProtocol, fmt.Sprintf("element %d of a list is no %s", i, t)}
		}
		s.Index(i).Set(v)
	}
	return s.Interface(), nil
}

// plain is an element as drivers take it.
func plain(v any) any {
	if d, ok := v.(wire.Decimal); ok {
		return string(d)
	}
	return v
}
