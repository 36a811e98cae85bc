// This file holds the values that rows, arguments and results carry, and their kinds.

package wire

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Kind says what the bare JSON cells of a column mean. It is a column's default
// only: a value of another kind carries a tag. The zero Kind, that of arguments,
// has bare nulls, booleans, integers, floats and strings.
type Kind byte

// The kinds, each with the Go type of its values.
const (
	KindBool    Kind = 'o' // bool
	KindInt     Kind = 'i' // int64
	KindUint    Kind = 'u' // uint64
	KindFloat32 Kind = 'g' // float32
	KindFloat   Kind = 'f' // float64
	KindDecimal Kind = 'd' // Decimal
	KindString  Kind = 's' // string
	KindText    Kind = 'x' // []byte that is UTF-8
	KindBytes   Kind = 'b' // []byte
	KindTime    Kind = 't' // time.Time
	KindCursor  Kind = 'c' // Cursor
)

// valid says whether k is a kind of a column.
func (k Kind) valid() bool {
	switch k {
	case 0, KindBool, KindInt, KindUint, KindFloat32, KindFloat, KindDecimal,
		KindString, KindText, KindBytes, KindTime, KindCursor:
		return true
	}
	return false
}

// Decimal is a number as the database spells it, digits untouched: Oracle's
// NUMBER, a NUMERIC. It holds printable ASCII other than quotes and backslashes.
type Decimal string

// Cursor stands for a result set that follows: its number, from 1.
type Cursor int

// Out is an out parameter among arguments.
type Out struct {
	// Type names the Go type that the value comes back in, such as "int64".
	Type string
	// InOut says that In goes in: any value but an Out.
	InOut bool
	In    any
}

// List is an argument for an array bind, or an array that comes back.
type List struct {
	// Type names the Go type of the elements, for lists that do not show it.
	Type string
	// Values are the elements: any values but lists and outs.
	Values []any
}

// KindOf is the kind of a value; 0 for nil and for what is no value of a cell.
func KindOf(v any) Kind {
	switch v := v.(type) {
	case bool:
		return KindBool
	case int64:
		return KindInt
	case uint64:
		return KindUint
	case float32:
		return KindFloat32
	case float64:
		return KindFloat
	case Decimal:
		return KindDecimal
	case string:
		return KindString
	case []byte:
		if utf8.Valid(v) {
			return KindText
		}
		return KindBytes
	case time.Time:
		return KindTime
	case Cursor:
		return KindCursor
	}
	return 0
}

// CheckArg says why a value cannot be an argument or come back in an out
// parameter; nil if it can. Append of a Statement or End panics for such a value.
func CheckArg(v any) error {
	switch v := v.(type) {
	case Out:
		if v.InOut {
			return checkList(v.In)
		}
		return nil
	default:
		return checkList(v)
	}
}

// checkList is CheckArg for a list or what is less.
func checkList(v any) error {
	list, ok := v.(List)
	if !ok {
		return checkCell(v)
	}
	if len(list.Values) > MaxListed {
		return fmt.Errorf("fluxor: a list of %d elements, at most %d can go over the wire", len(list.Values), MaxListed)
	}
	for i, element := range list.Values {
		if err := checkCell(element); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

// checkCell says why v cannot be the value of a cell.
func checkCell(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case Decimal:
		if !v.printable() {
			return fmt.Errorf("fluxor: %q is no number", string(v))
		}
	case Cursor:
		if v < 0 {
			return fmt.Errorf("fluxor: there is no result set %d", v)
		}
	default:
		if KindOf(v) == 0 {
			return fmt.Errorf("fluxor: a %T cannot go over the wire", v)
		}
	}
	return nil
}

// printable says whether the decimal needs no escapes, as numbers do not.
func (d Decimal) printable() bool {
	for i := range len(d) {
		if c := d[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
