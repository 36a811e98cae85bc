// This file makes what goes over the wire of the arguments of statements.

package netdriver

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

// CheckNamedValue implements driver.NamedValueChecker. Beyond what database/sql
// converts itself, it takes all of uint64, float32 as it is, sql.Out, and slices
// as lists for array binds.
func (c *conn) CheckNamedValue(nv *driver.NamedValue) error {
	switch v := nv.Value.(type) {
	case sql.Out:
		_, err := outOf(v)
		return err
	case *rows: // for WrapRows
		return nil
	}
	v, err := argument(nv.Value)
	if err != nil {
		return err
	}
	nv.Value = v
	return wire.CheckArg(v)
}

// argument converts a value that may be a list.
func argument(v any) (any, error) {
	v, err := resolved(v)
	if err != nil {
		return nil, err
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice || list.Type().Elem().Kind() == reflect.Uint8 {
		return single(v)
	}
	all := wire.List{Type: elementType(list.Type().Elem()), Values: make([]any, list.Len())}
	for i := range all.Values {
		element, err := single(list.Index(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		all.Values[i] = element
	}
	return all, nil
}

// resolved is what a driver.Valuer says of itself, and what a pointer points to, as
// database/sql has it. That may be all of uint64, as in the direct drivers.
func resolved(v any) (any, error) {
	if own, ok := v.(driver.Valuer); ok {
		return valueOf(own)
	}
	p := reflect.ValueOf(v)
	switch {
	case p.Kind() != reflect.Pointer:
		return v, nil
	case p.IsNil():
		return nil, nil
	}
	return resolved(p.Elem().Interface())
}

var valuer = reflect.TypeFor[driver.Valuer]()

// valueOf asks a Valuer; a nil pointer whose method would not bear one is NULL.
func valueOf(own driver.Valuer) (any, error) {
	if p := reflect.ValueOf(own); p.Kind() == reflect.Pointer && p.IsNil() && p.Type().Elem().Implements(valuer) {
		return nil, nil
	}
	v, err := own.Value()
	if _, large := v.(uint64); err == nil && !large && !driver.IsValue(v) {
		err = fmt.Errorf("non-Value type %T returned from Value", v)
	}
	return v, err
}

// elementType names the type of a list's elements.
func elementType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Interface:
		return "any"
	case reflect.Pointer:
		if name := typeName(t.Elem()); name != "" {
			return "*" + name
		}
	}
	return typeName(t)
}

// single converts a value that is no list.
func single(v any) (any, error) {
	v, err := resolved(v)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case nil, bool, int64, uint64, float32, float64, string, []byte, time.Time, wire.List:
		return v, nil
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Uint64 || r.Kind() == reflect.Uint {
		return r.Uint(), nil
	}
	return converted(v)
}

// converted is a value as database/sql converts it. A decimal that is a text of a
// driver's own, as Oracle's numbers are, is a text.
func converted(v any) (any, error) {
	got, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		return nil, err
	}
	if r := reflect.Indirect(reflect.ValueOf(got)); r.Kind() == reflect.String {
		return r.String(), nil
	}
	return got, nil
}

// arguments appends args to dst as they go over the wire, and says where out
// parameters go when they come back.
func arguments(dst, args []driver.NamedValue) ([]driver.NamedValue, outs, error) {
	if len(args) > wire.MaxArgs {
		return dst, nil, fmt.Errorf("fluxor: %d arguments, at most %d can go over the wire", len(args), wire.MaxArgs)
	}
	dst = slices.Grow(dst, len(args))
	var to outs
	for _, nv := range args {
		if out, ok := nv.Value.(sql.Out); ok {
			over, err := outOf(out)
			if err != nil {
				return dst, nil, err
			}
			to = append(to, destination{nv.Name, nv.Ordinal, out.Dest})
			nv.Value = over
		}
		if err := wire.CheckArg(nv.Value); err != nil { // a caller that is not database/sql
			return dst, nil, err
		}
		dst = append(dst, nv)
	}
	return dst, to, nil
}

// outOf is an out parameter as it goes over the wire. One that is a slice goes in
// as well, so that the gateway knows that it is a list.
func outOf(out sql.Out) (wire.Out, error) {
	dest := reflect.ValueOf(out.Dest)
	if dest.Kind() != reflect.Pointer || dest.IsNil() {
		return wire.Out{}, errors.New("fluxor: the Dest of an sql.Out must be a pointer that is not nil")
	}
	t := dest.Type().Elem()
	if t == cursorType && !out.In {
		return wire.Out{Type: cursorName}, nil
	}
	if t.Kind() == reflect.Interface && out.In && !dest.Elem().IsNil() {
		t = dest.Elem().Elem().Type()
	}
	list := t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8
	if list {
		t = t.Elem()
	}
	over := wire.Out{Type: typeName(t), InOut: out.In || list}
	if t.Kind() == reflect.Pointer { // NULL is one that points nowhere
		over.Type = elementType(t)
	}
	if over.Type == "" {
		return over, fmt.Errorf("fluxor: an sql.Out with a Dest of type %T cannot come back over the wire", out.Dest)
	}
	if !over.InOut {
		return over, nil
	}
	v, err := argument(dest.Elem().Interface())
	over.In = v
	if err == nil {
		err = wire.CheckArg(over)
	}
	return over, err
}

// typeName is the name by which the gateway makes a value of a type; "" where it
// could make none.
func typeName(t reflect.Type) string {
	if name, ok := namedTypes[t]; ok {
		return name
	}
	switch k := t.Kind(); k {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return k.String()
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "[]byte"
		}
	}
	return ""
}

// namedTypes are the structs among the types of out parameters and lists, and what
// any value fits into.
var namedTypes = map[reflect.Type]string{
	reflect.TypeFor[any]():             "string",
	reflect.TypeFor[time.Time]():       "time.Time",
	reflect.TypeFor[sql.NullTime]():    "sql.NullTime",
	reflect.TypeFor[sql.NullString]():  "sql.NullString",
	reflect.TypeFor[sql.NullBool]():    "sql.NullBool",
	reflect.TypeFor[sql.NullByte]():    "sql.NullByte",
	reflect.TypeFor[sql.NullInt16]():   "sql.NullInt16",
	reflect.TypeFor[sql.NullInt32]():   "sql.NullInt32",
	reflect.TypeFor[sql.NullInt64]():   "sql.NullInt64",
	reflect.TypeFor[sql.NullFloat64](): "sql.NullFloat64",
}
