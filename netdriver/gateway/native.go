// This file reads what a database's error carries off the driver's type, which it does not know.

package gateway

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

// describe adds the database's words on err: its codes, and the exported fields
// of the driver's error, whose names are written like data_type_name. Of a lost
// answer they are what the server still said, if anything.
func (l *lease) describe(m *wire.Error, err error) {
	if said := below(err); len(l.about.Codes(said)) > 0 {
		err = said
	}
	codes := l.about.Codes(err)
	if len(codes) == 0 {
		return
	}
	m.Dialect, m.Code = l.about.Type, codes[0]
	var state interface{ SQLState() string }
	if errors.As(err, &state) && len(state.SQLState()) == 5 {
		m.SQLState = state.SQLState()
	}
	if m.Native = nativeOf(err, m.Message); m.Native == nil && m.Message != l.words(err) {
		m.Native = map[string]string{"message": l.words(err)}
	}
	if state := m.Native["sql_state"]; m.SQLState == "" && len(state) == 5 {
		m.SQLState = state
	}
}

// below is what a lost answer's error has below it, of a driver's or a context's.
func below(err error) error {
	var lost *refusal.IndeterminateError
	if errors.As(err, &lost) {
		return lost.Cause
	}
	return nil
}

// nativeOf are the fields of the first error in err that is a struct with some, and
// not Fluxor's own; nil where there is none. Its message is among them only where
// the client hears more than that.
func nativeOf(err error, heard string) map[string]string {
	for _, one := range chain(err) {
		v := reflect.Indirect(reflect.ValueOf(one))
		if v.Kind() != reflect.Struct || ours(one) {
			continue
		}
		fields := fieldsOf(v)
		if len(fields) == 0 {
			continue
		}
		if text, ok := messageOf(v); ok && one.Error() != heard {
			fields["message"] = text
		}
		return fields
	}
	return nil
}

func messageOf(v reflect.Value) (string, bool) {
	f, ok := v.Type().FieldByName("Message")
	if !ok || len(f.Index) > 1 || f.Type.Kind() != reflect.String {
		return "", false
	}
	return v.FieldByIndex(f.Index).String(), true
}

// chain is err and what it wraps, in the order of errors.Is.
func chain(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	switch e := err.(type) { //nolint:errorlint // this is what walks the chain
	case interface{ Unwrap() error }:
		all = append(all, chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, chain(one)...)
		}
	}
	return all
}

func ours(err error) bool {
	switch err.(type) { //nolint:errorlint // of this one error, and not of what it wraps
	case *refusal.Error, *refusal.IndeterminateError:
		return true
	}
	return false
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
