// This file writes and reads values in binary form.

package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"
	"unicode/utf8"
)

// The tags of values. What follows a tag is in the comment.
const (
	binNull    = 0  // nothing
	binFalse   = 1  // nothing
	binTrue    = 2  // nothing
	binInt     = 3  // a number that may be negative
	binUint    = 4  // a number
	binFloat32 = 5  // 4 bytes, the lowest first
	binFloat   = 6  // 8 bytes, the lowest first
	binString  = 7  // a text
	binBytes   = 8  // a text
	binNil     = 9  // nothing: a []byte that is nil
	binDecimal = 10 // a text
	binTime    = 11 // zone form, seconds, nanoseconds, and unless UTC offset, abbreviation; name of a place
	binCursor  = 12 // a number
	binOut     = 13 // type; then 0, or 1 and a value
	binList    = 14 // type, count, values
)

// appendBinary appends v; ok is false where v is no value of a cell.
func appendBinary(dst []byte, v any) (_ []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(dst, binNull), true
	case int64:
		return appendVarint(append(dst, binInt), v), true
	case string:
		return appendBlob(append(dst, binString), v), true
	case float64:
		return binary.LittleEndian.AppendUint64(append(dst, binFloat), math.Float64bits(v)), true
	case time.Time:
		return appendTimeBinary(append(dst, binTime), v), true
	case []byte:
		if v == nil {
			return append(dst, binNil), true
		}
		return appendBlob(append(dst, binBytes), v), true
	case bool:
		if v {
			return append(dst, binTrue), true
		}
		return append(dst, binFalse), true
	case Decimal:
		return appendBlob(append(dst, binDecimal), string(v)), v.printable()
	case uint64:
		return binary.AppendUvarint(append(dst, binUint), v), true
	case float32:
		return binary.LittleEndian.AppendUint32(append(dst, binFloat32), math.Float32bits(v)), true
	case Cursor:
		return binary.AppendUvarint(append(dst, binCursor), uint64(v)), v >= 0
	}
	return dst, false
}

func appendTimeBinary(dst []byte, t time.Time) []byte {
	z := zoneOf(t)
	dst = appendVarint(append(dst, byte(z.form)), t.Unix())
	dst = binary.AppendUvarint(dst, uint64(t.Nanosecond()))
	if z.form == zoneUTC {
		return dst
	}
	dst = appendBlob(appendVarint(dst, int64(z.offset)), z.abbr)
	if z.form == zoneLocated {
		dst = appendBlob(dst, z.name)
	}
	return dst
}

// binaryCell reads the value of a cell.
func (in *input) binaryCell() any {
	at := in.i
	switch in.readByte() {
	case binNull:
		return nil
	case binFalse:
		return false
	case binTrue:
		return true
	case binInt:
		return in.varint()
	case binUint:
		return in.uvarint()
	case binFloat32:
		if b := in.bytes(4); b != nil {
			return math.Float32frombits(binary.LittleEndian.Uint32(b))
		}
	case binFloat:
		if b := in.bytes(8); b != nil {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	case binString:
		return string(in.blob())
	case binBytes:
		if b := in.blob(); len(b) > 0 {
			return bytes.Clone(b)
		}
		return empty
	case binNil:
		return []byte(nil)
	case binDecimal:
		d := Decimal(in.blob())
		if !d.printable() {
			in.refuse(at, "a decimal is no number")
		}
		return d
	case binTime:
		return in.timeBinary()
	case binCursor:
		return Cursor(in.upTo(math.MaxInt))
	default:
		in.refuse(at, "a value with an unknown tag")
	}
	return nil
}

func (in *input) timeBinary() any {
	at := in.i
	form := zoneForm(in.readByte())
	sec, nsec := in.varint(), in.upTo(1e9-1)
	var offset int64
	var abbr, name []byte
	if form != zoneUTC {
		offset, abbr = in.varint(), in.blob()
	}
	if form == zoneLocated {
		name = in.blob()
	}
	if form > zoneLocated || !validOffset(offset) || !utf8.Valid(abbr) {
		in.refuse(at, "a time with a wrong zone")
	}
	if in.fail != nil {
		return nil
	}
	return in.timeAt(sec, int(nsec), form, int(offset), name, abbr)
}

// appendArgBinary appends an argument's value, which CheckArg found nothing
// against.
func appendArgBinary(dst []byte, v any) []byte {
	switch v := v.(type) {
	case Out:
		dst = appendBlob(append(dst, binOut), v.Type)
		if !v.InOut {
			return append(dst, 0)
		}
		return appendArgBinary(append(dst, 1), v.In)
	case List:
		dst = appendBlob(append(dst, binList), v.Type)
		dst = binary.AppendUvarint(dst, uint64(len(v.Values)))
		for _, element := range v.Values {
			dst = appendArgBinary(dst, element)
		}
		return dst
	}
	dst, ok := appendBinary(dst, v)
	if !ok {
		panic("wire: a value that CheckArg refuses was sent")
	}
	return dst
}

// binaryArg reads an argument's value: a cell, a list, or where that is allowed
// an out parameter.
func (in *input) binaryArg(outs bool) any {
	at := in.i
	switch {
	case in.i < len(in.b) && in.b[in.i] == binList:
		in.i++
		return in.binaryList()
	case in.i < len(in.b) && in.b[in.i] == binOut:
		in.i++
		if !outs {
			in.refuse(at, "an out parameter where there can be none")
		}
		out := Out{Type: string(in.blob())}
		if out.InOut = in.upTo(1) == 1; out.InOut {
			out.In = in.binaryArg(false)
		}
		return out
	}
	return in.binaryCell()
}

func (in *input) binaryList() List {
	list := List{Type: string(in.blob())}
	count := in.upTo(uint64(len(in.b) - in.i)) // each value takes a byte at least
	list.Values = make([]any, 0, min(count, 16))
	for range count {
		if in.fail != nil || !in.another() {
			break
		}
		list.Values = append(list.Values, in.binaryCell())
	}
	return list
}
