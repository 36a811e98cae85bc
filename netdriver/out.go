// This file brings out parameters home.

package netdriver

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// destination is where an out parameter goes.
type destination struct {
	name    string
	ordinal int
	dest    any
}

// outs are the out parameters of a statement.
type outs []destination

// cursors says whether there are cursors among them.
func (o outs) cursors() bool {
	return slices.ContainsFunc(o, func(d destination) bool { _, ok := d.dest.(*driver.Rows); return ok })
}

// assign puts the values that came back where they belong.
func (o outs) assign(values []driver.NamedValue) error {
	for _, v := range values {
		for _, d := range o {
			if d.name != v.Name || v.Name == "" && d.ordinal != v.Ordinal {
				continue
			}
			if err := set(d.dest, v.Value); err != nil {
				return fmt.Errorf("fluxor: out parameter %s: %w", d.label(), err)
			}
		}
	}
	return nil
}

func (d destination) label() string {
	if d.name != "" {
		return d.name
	}
	return strconv.Itoa(d.ordinal)
}

// set puts a value where dest points.
func set(dest, v any) error {
	switch value := v.(type) {
	case wire.Decimal:
		v = string(value)
	case wire.Cursor:
		v = int64(value)
	case *rows:
		if to, ok := dest.(*driver.Rows); ok {
			*to = value
			return nil
		}
	}
	if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(v)
	}
	return put(reflect.ValueOf(dest).Elem(), v)
}

// put puts a value into to, which can be set.
func put(to reflect.Value, v any) error {
	switch {
	case v == nil:
		to.SetZero()
		return nil
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return set(to.Interface(), v)
	case to.Kind() == reflect.Slice && to.Type().Elem().Kind() != reflect.Uint8:
		return putList(to, v)
	case reflect.TypeOf(v).AssignableTo(to.Type()):
		to.Set(reflect.ValueOf(v))
		return nil
	}
	return convert(to, v)
}

func putList(to reflect.Value, v any) error {
	list, ok := v.(wire.List)
	if !ok {
		return fmt.Errorf("a %T is no list", v)
	}
	all := reflect.MakeSlice(to.Type(), len(list.Values), len(list.Values))
	for i, element := range list.Values {
		if err := set(all.Index(i).Addr().Interface(), element); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	to.Set(all)
	return nil
}

// convert puts a value into another type, by its text, as database/sql's Scan
// does.
func convert(to reflect.Value, v any) error {
	text := textOf(v)
	var err error
	switch to.Kind() {
	case reflect.String:
		to.SetString(text)
	case reflect.Slice: // of bytes
		to.SetBytes([]byte(text))
	case reflect.Bool:
		var b any
		if b, err = driver.Bool.ConvertValue(v); err == nil {
			to.SetBool(b.(bool)) //nolint:forcetypeassert // what Bool converts to
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		if n, err = strconv.ParseInt(text, 10, to.Type().Bits()); err == nil {
			to.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var n uint64
		if n, err = strconv.ParseUint(text, 10, to.Type().Bits()); err == nil {
			to.SetUint(n)
		}
	case reflect.Float32, reflect.Float64:
		var f float64
		if f, err = strconv.ParseFloat(text, to.Type().Bits()); err == nil {
			to.SetFloat(f)
		}
	default:
		err = fmt.Errorf("a %T cannot be put into a %s", v, to.Type())
	}
	return err
}

// textOf is a value as database/sql writes it.
func textOf(v any) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
