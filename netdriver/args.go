// This file makes what goes over the wire of the arguments of statements.

package netdriver

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// CheckNamedValue implements driver.NamedValueChecker. Beyond what database/sql
// converts itself, it takes all of uint64, float32 as it is, sql.Out, and slices
// as lists for array binds.
func (c *conn) CheckNamedValue(nv *driver.NamedValue) error {
	if out, ok := nv.Value.(sql.Out); ok {
		_, err := outOf(out)
		return err
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
	switch v.(type) {
	case wire.List, driver.Valuer, []byte:
		return single(v)
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

// elementType names the type of a list's elements; "" where each shows its own.
func elementType(t reflect.Type) string {
	if t.Kind() == reflect.Interface {
		return ""
	}
	return typeName(t)
}

// single converts a value that is no list.
func single(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, uint64, float32, float64, string, []byte, time.Time, wire.List:
		return v, nil
	case driver.Valuer:
		return driver.DefaultParameterConverter.ConvertValue(v)
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Uint64 || r.Kind() == reflect.Uint {
		return r.Uint(), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// arguments appends args to dst as they go over the wire, and says where out
// parameters go when they come back.
func arguments(dst, args []driver.NamedValue) ([]driver.NamedValue, outs, error) {
	if len(args) > wire.MaxArgs {
		return dst, nil, fmt.Errorf("fluxor: %d arguments, at most %d can go over the wire", len(args), wire.MaxArgs)
	}
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
	if t.Kind() == reflect.Interface && out.In && !dest.Elem().IsNil() {
		t = dest.Elem().Elem().Type()
	}
	list := t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8
	if list {
		t = t.Elem()
	}
	over := wire.Out{Type: typeName(t), InOut: out.In || list}
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
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return "int64"
	case reflect.Uint, reflect.Uint64:
		return "uint64"
	case reflect.Float32:
		return "float32"
	case reflect.Float64:
		return "float64"
	case reflect.String:
		return "string"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "[]byte"
		}
	}
	return ""
}

// namedTypes are the structs among the types of out parameters, and what any
// value fits into.
var namedTypes = map[reflect.Type]string{
	reflect.TypeFor[any]():             "string",
	reflect.TypeFor[time.Time]():       "time.Time",
	reflect.TypeFor[sql.NullTime]():    "time.Time",
	reflect.TypeFor[sql.NullString]():  "string",
	reflect.TypeFor[sql.NullBool]():    "bool",
	reflect.TypeFor[sql.NullByte]():    "int64",
	reflect.TypeFor[sql.NullInt16]():   "int64",
	reflect.TypeFor[sql.NullInt32]():   "int64",
	reflect.TypeFor[sql.NullInt64]():   "int64",
	reflect.TypeFor[sql.NullFloat64](): "float64",
}
