// This file makes values of the Go types that clients name, for lists and out parameters.

package gateway

import (
	"database/sql"
	"database/sql/driver"
	"reflect"
	"strings"
	"time"
)

// types are the Go types that values of out parameters and lists may have, by
// their names on the wire.
var types = map[string]reflect.Type{
	"bool": reflect.TypeFor[bool](), "string": reflect.TypeFor[string](), "[]byte": reflect.TypeFor[[]byte](),
	"time.Time": reflect.TypeFor[time.Time](), "any": reflect.TypeFor[any](),
	"int": reflect.TypeFor[int](), "int8": reflect.TypeFor[int8](), "int16": reflect.TypeFor[int16](),
	"int32": reflect.TypeFor[int32](), "int64": reflect.TypeFor[int64](),
	"uint": reflect.TypeFor[uint](), "uint8": reflect.TypeFor[uint8](), "uint16": reflect.TypeFor[uint16](),
	"uint32": reflect.TypeFor[uint32](), "uint64": reflect.TypeFor[uint64](),
	"float32": reflect.TypeFor[float32](), "float64": reflect.TypeFor[float64](),
	"sql.NullBool": reflect.TypeFor[sql.NullBool](), "sql.NullByte": reflect.TypeFor[sql.NullByte](),
	"sql.NullInt16": reflect.TypeFor[sql.NullInt16](), "sql.NullInt32": reflect.TypeFor[sql.NullInt32](),
	"sql.NullInt64": reflect.TypeFor[sql.NullInt64](), "sql.NullFloat64": reflect.TypeFor[sql.NullFloat64](),
	"sql.NullString": reflect.TypeFor[sql.NullString](), "sql.NullTime": reflect.TypeFor[sql.NullTime](),
	"cursor": reflect.TypeFor[driver.Rows](),
}

// typeNamed is the type of a name, or with an asterisk a pointer to it; nil for
// names that are not known.
func typeNamed(name string) reflect.Type {
	if pointed, ok := strings.CutPrefix(name, "*"); ok && types[pointed] != nil {
		return reflect.PointerTo(types[pointed])
	}
	return types[name]
}

// fit is a value off the wire as a t; false where it is none.
func fit(v any, t reflect.Type) (reflect.Value, bool) {
	to := reflect.New(t)
	if s, ok := to.Interface().(sql.Scanner); ok {
		return to.Elem(), s.Scan(v) == nil
	}
	to = to.Elem()
	if v == nil {
		return to, t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface
	}
	if t.Kind() == reflect.Pointer {
		inner, ok := fit(v, t.Elem())
		if ok {
			to.Set(reflect.New(t.Elem()))
			to.Elem().Set(inner)
		}
		return to, ok
	}
	from := reflect.ValueOf(v)
	if from.Type().AssignableTo(t) {
		to.Set(from)
		return to, true
	}
	return to, setNumber(to, from)
}

// setNumber puts a number as the wire has it into one that may have fewer bits;
// false where it does not fit.
func setNumber(to, from reflect.Value) bool {
	switch {
	case to.CanInt() && from.CanInt() && !to.OverflowInt(from.Int()):
		to.SetInt(from.Int())
	case to.CanUint() && from.CanUint() && !to.OverflowUint(from.Uint()):
		to.SetUint(from.Uint())
	case to.CanUint() && from.CanInt() && from.Int() >= 0 && !to.OverflowUint(uint64(from.Int())):
		to.SetUint(uint64(from.Int()))
	case to.CanFloat() && from.CanFloat():
		to.SetFloat(from.Float())
	default:
		return false
	}
	return true
}
