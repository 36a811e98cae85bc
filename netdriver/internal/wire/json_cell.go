// This file reads values off JSON.

package wire

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// empty is the value of all empty []byte, so that they cost nothing.
var empty any = []byte{}

// cell reads the value of a cell of kind k.
func (in *input) cell(k Kind) any {
	switch in.peek() {
	case 'n':
		in.word("null")
		return nil
	case '{':
		return in.tagged()
	}
	return in.bare(k)
}

// bare reads a value that carries no tag: what it means is up to the kind.
func (in *input) bare(k Kind) any {
	switch c := in.peek(); {
	case c == '"':
		return in.bareString(k)
	case c == '-' || c-'0' <= 9:
		return in.bareNumber(k)
	case (c == 't' || c == 'f') && (k == KindBool || k == 0):
		return in.boolean()
	}
	in.refuse(in.i, "a value that its kind does not have")
	return nil
}

func (in *input) bareNumber(k Kind) any {
	at := in.i
	raw, integer := in.number()
	if k == 0 {
		k = KindFloat
		if integer {
			k = KindInt
		}
	}
	switch {
	case in.fail != nil:
	case k == KindFloat:
		if v, err := strconv.ParseFloat(string(raw), 64); err == nil {
			return v
		}
	case k == KindFloat32:
		if v, err := strconv.ParseFloat(string(raw), 32); err == nil {
			return float32(v)
		}
	default:
		return in.integerCell(at, raw, k)
	}
	in.refuse(at, "a number is out of range")
	return nil
}

// integerCell is the value of digits in a column of integers.
func (in *input) integerCell(at int, raw []byte, k Kind) any {
	switch k {
	case KindInt:
		if v, ok := parseInt(raw); ok {
			return v
		}
	case KindUint:
		if v, ok := parseUint(raw); ok {
			return v
		}
	case KindCursor:
		if v, ok := parseInt(raw); ok && v >= 0 && v <= math.MaxInt {
			return Cursor(v)
		}
	}
	in.refuse(at, "expected another kind of value, or the number is out of range")
	return nil
}

func (in *input) bareString(k Kind) any {
	at := in.i
	raw := in.quoted()
	switch k {
	case KindString, 0:
		return string(raw)
	case KindText:
		if len(raw) == 0 {
			return empty
		}
		return bytes.Clone(raw)
	case KindBytes:
		if raw = in.base64(at, raw); len(raw) == 0 {
			return empty
		}
		return raw
	case KindDecimal:
		d := Decimal(raw)
		if !d.printable() {
			in.refuse(at, "a decimal is no number")
		}
		return d
	case KindTime:
		t, ok := in.parseTime(raw)
		if !ok {
			in.refuse(at, "expected a time")
			return nil
		}
		return t
	case KindInt, KindUint:
		return in.integerCell(at, raw, k)
	}
	in.refuse(at, "a string that its kind does not have")
	return nil
}

// base64 decodes standard base64 with padding into bytes of their own.
func (in *input) base64(at int, raw []byte) []byte {
	padding := len(raw) - len(bytes.TrimRight(raw, "="))
	if len(raw)%4 != 0 || padding > 2 {
		in.refuse(at, "base64 of a wrong length")
		return nil
	}
	v := make([]byte, len(raw)/4*3-padding)
	n, err := base64.StdEncoding.Strict().Decode(v, raw)
	if err != nil || n != len(v) { // a line break, which Decode passes over, makes it shorter
		in.refuse(at, "wrong base64")
		return nil
	}
	return v
}

// tagged reads the object that a value with a tag is.
func (in *input) tagged() any {
	at := in.i
	key, more := in.firstMember()
	if !more {
		in.refuse(at, "a value without a tag")
		return nil
	}
	v := in.tag(at, key)
	in.expect('}')
	return v
}

// tag reads what follows the tag of a value.
func (in *input) tag(at int, key []byte) any {
	if len(key) == 1 && key[0] != 0 && Kind(key[0]).valid() {
		return in.ofKind(Kind(key[0]))
	}
	switch string(key) {
	case "s64":
		from := in.i
		return string(in.base64(from, in.quoted()))
	case "uuid":
		return in.uuid()
	}
	in.refuse(at, "a value with an unknown tag")
	return nil
}

// ofKind reads a value whose tag names its kind: also those that are never bare.
func (in *input) ofKind(k Kind) any {
	switch c := in.peek(); {
	case c == 'n' && (k == KindBytes || k == KindText):
		in.word("null")
		return []byte(nil)
	case c == '[' && k == KindTime:
		return in.timeArray()
	case c == '"' && (k == KindFloat || k == KindFloat32):
		return in.unnumbered(k)
	}
	return in.bare(k)
}

// unnumbered reads a float that JSON has no number for.
func (in *input) unnumbered(k Kind) any {
	at := in.i
	var v float64
	switch string(in.quoted()) {
	case "NaN":
		v = math.NaN()
	case "Infinity":
		v = math.Inf(1)
	case "-Infinity":
		v = math.Inf(-1)
	default:
		in.refuse(at, "expected NaN, Infinity or -Infinity")
	}
	if k == KindFloat32 {
		return float32(v)
	}
	return v
}

// uuid reads a UUID and returns its text, in lower case.
func (in *input) uuid() any {
	at := in.i
	raw := in.quoted()
	for i, c := range raw {
		_, hex := hexValue(c)
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || dash == hex {
			raw = nil
			break
		}
	}
	if len(raw) != 36 {
		in.refuse(at, "expected a UUID")
	}
	return strings.ToLower(string(raw))
}
