// This file reads what a database's error carries off the driver's type, which it does not know.

package gateway

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// describe adds the database's words on err: its codes, and the exported fields
// of the driver's error, whose names are written like data_type_name.
func (l *lease) describe(m *wire.Error, err error) {
	codes := l.about.Codes(err)
	if len(codes) == 0 {
		return
	}
	m.Dialect, m.Code = l.about.Type, codes[0]
	var state interface{ SQLState() string }
	if errors.As(err, &state) && len(state.SQLState()) == 5 {
		m.SQLState = state.SQLState()
	}
	m.Native = nativeOf(err)
	if state := m.Native["sql_state"]; m.SQLState == "" && len(state) == 5 {
		m.SQLState = state
	}
}

// nativeOf are the fields of the first error in the chain that is a struct with
// some; nil where there is none.
func nativeOf(err error) map[string]string {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		if fields := fieldsOf(v); len(fields) > 0 {
			return fields
		}
	}
	return nil
}

// fieldsOf are the exported fields of a struct that hold a text or a number other
// than zero, but the message.
func fieldsOf(v reflect.Value) map[string]string {
	fields := map[string]string{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Name == "Message" || v.Field(i).IsZero() {
			continue
		}
		if text, ok := textOf(v.Field(i)); ok {
			fields[snake(f.Name)] = text
		}
	}
	return fields
}

func textOf(v reflect.Value) (string, bool) {
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(v.Interface()), true
	case reflect.Array:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return "", false
		}
		text := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(text), v)
		return string(text), true
	}
	return "", false
}

// snake writes a name of Go's with underscores: DataTypeName is data_type_name,
// SQLState is sql_state.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		begins := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
