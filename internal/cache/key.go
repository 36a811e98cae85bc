// This file makes keys of questions: a text, the state of the session, and the arguments.

package cache

import (
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"math"
	"reflect"
	"time"
)

// AppendKey adds the key of a question to dst. The text is given as a number
// that stands for it alone, the state of the session as what it was told since
// it began. Two questions have one key only if they are the same: types are told
// apart (1 and "1"), and so are named arguments and those by position. It is not
// ok where an argument is of a type whose value cannot be told from its bytes;
// then dst holds no key.
func AppendKey(dst []byte, text uint64, scope string, args []driver.NamedValue) (key []byte, ok bool) {
	dst = binary.LittleEndian.AppendUint64(dst, text)
	dst = appendText(dst, scope)
	for i := range args {
		a := &args[i]
		if a.Name != "" {
			dst = appendText(append(dst, 'N'), a.Name)
		}
		if dst, ok = appendValue(dst, a.Value); !ok {
			return dst, false
		}
	}
	return dst, true
}

// Plain reports whether an argument is of a type that can be part of a key. It does
// not ask a value that says itself what it is: it may count how often it is asked.
func Plain(v any) bool {
	switch v.(type) {
	case nil, int64, int, string, []byte, bool, float64, time.Time,
		sql.NullString, sql.NullInt64, sql.NullInt32, sql.NullInt16, sql.NullByte, sql.NullFloat64, sql.NullBool, sql.NullTime:
		return true
	}
	at := reflect.ValueOf(v)
	switch at.Kind() {
	case reflect.Pointer:
		to := at.Elem()
		return at.IsNil() || to.Kind() != reflect.Pointer && to.Kind() != reflect.Interface && to.CanInterface() && Plain(to.Interface())
	case reflect.Array:
		return at.Type().Elem().Kind() == reflect.Uint8
	}
	return plainKind(at.Kind())
}

// plainKind reports whether a kind's values are told by their bytes.
func plainKind(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Float64 && k != reflect.Uintptr || k == reflect.String
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendValue adds a value behind a letter for its type. The kinds without a
// letter of their own go with the name of their type.
func appendValue(dst []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(dst, '0'), true
	case int64:
		return binary.LittleEndian.AppendUint64(append(dst, 'l'), uint64(v)), true
	case int:
		return binary.LittleEndian.AppendUint64(append(dst, 'i'), uint64(v)), true
	case string:
		return appendText(append(dst, 's'), v), true
	case []byte:
		if v == nil {
			return append(dst, 'n'), true
		}
		return append(binary.AppendUvarint(append(dst, 'b'), uint64(len(v))), v...), true
	case bool:
		return append(dst, 't', bit(v)), true
	case float64:
		return binary.LittleEndian.AppendUint64(append(dst, 'f'), math.Float64bits(v)), true
	case time.Time:
		return appendTime(append(dst, 'T'), v), true
	}
	return appendOther(dst, v)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// appendTime adds a moment and how it is written: a driver may send the zone.
func appendTime(dst []byte, t time.Time) []byte {
	zone, offset := t.Zone()
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.Unix()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.Nanosecond()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(int32(offset)))
	return appendText(appendText(dst, zone), t.Location().String())
}

// appendOther adds a value of a less usual type: database/sql's own for what may
// be NULL, pointers, and named types whose values are plain (an enumeration, a
// UUID).
func appendOther(dst []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case sql.NullString, sql.NullInt64, sql.NullInt32, sql.NullInt16, sql.NullByte, sql.NullFloat64, sql.NullBool, sql.NullTime:
		own, err := v.(driver.Valuer).Value()
		if err != nil {
			return dst, false
		}
		return appendValue(appendText(append(dst, 'V'), reflect.TypeOf(v).Name()), own)
	case driver.Valuer:
		return appendValuer(dst, v)
	}
	return appendKind(dst, reflect.ValueOf(v))
}

var valuer = reflect.TypeFor[driver.Valuer]()

// appendValuer adds a value that says itself what it is, if it is plain as well: an
// enumeration, a UUID. What it says is part of the key, because it may say something
// else the next time, such as a time that has passed since.
func appendValuer(dst []byte, v driver.Valuer) ([]byte, bool) {
	if at := reflect.ValueOf(v); at.Kind() == reflect.Pointer && at.IsNil() && at.Type().Elem().Implements(valuer) {
		return appendKind(dst, at) // which is NULL, as database/sql has it: it asks a nil pointer whose own method it is
	}
	dst, ok := appendKind(dst, reflect.ValueOf(v))
	if !ok {
		return dst, false
	}
	says, err := v.Value()
	if err != nil || !driver.IsValue(says) {
		return dst, false
	}
	return appendValue(append(dst, 'S'), says)
}

// appendKind adds a value by what it is made of.
func appendKind(dst []byte, v reflect.Value) ([]byte, bool) {
	t := v.Type()
	dst = appendText(appendText(append(dst, 'K'), t.PkgPath()), t.String())
	switch v.Kind() {
	case reflect.Bool:
		return append(dst, bit(v.Bool())), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int())), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.LittleEndian.AppendUint64(dst, v.Uint()), true
	case reflect.Float32, reflect.Float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float())), true
	case reflect.String:
		return appendText(dst, v.String()), true
	case reflect.Pointer:
		return appendPointer(dst, v)
	case reflect.Array:
		if t.Elem().Kind() != reflect.Uint8 {
			return dst, false
		}
		for i := range v.Len() {
			dst = append(dst, byte(v.Index(i).Uint()))
		}
		return dst, true
	}
	return dst, false
}

// appendPointer adds what a pointer to something plain leads to.
func appendPointer(dst []byte, v reflect.Value) ([]byte, bool) {
	if v.IsNil() {
		return append(dst, '0'), true
	}
	to := v.Elem()
	if to.Kind() == reflect.Pointer || to.Kind() == reflect.Interface || !to.CanInterface() {
		return dst, false
	}
	return appendValue(append(dst, 'P'), to.Interface())
}
