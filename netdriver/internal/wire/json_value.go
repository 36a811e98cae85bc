// This file writes values as JSON.

package wire

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
)

// exact is the largest integer up to which all are exact as a float64, which is
// what many languages read numbers as.
const exact = 1<<53 - 1

// appendCell appends v as a cell of kind k; ok is false where v is no value of a
// cell.
func appendCell(dst []byte, k Kind, v any) (_ []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), true
	case int64:
		return appendInt(dst, k, v), true
	case string:
		return appendStringCell(dst, k, v), true
	case float64:
		return appendFloat(dst, k, KindFloat, v, 64), true
	case time.Time:
		return appendTimeCell(dst, k, v), true
	case []byte:
		return appendBytes(dst, k, v), true
	case bool:
		return appendBool(dst, k, v), true
	case Decimal:
		if !v.printable() {
			return dst, false
		}
		return closeTag(append(append(append(openTag(dst, k, KindDecimal), '"'), v...), '"'), k, KindDecimal), true
	case uint64:
		return appendUint(dst, k, v), true
	case float32:
		return appendFloat(dst, k, KindFloat32, float64(v), 32), true
	case Cursor:
		if v < 0 {
			return dst, false
		}
		return closeTag(strconv.AppendInt(openTag(dst, k, KindCursor), int64(v), 10), k, KindCursor), true
	}
	return dst, false
}

// openTag begins the tag that a value of kind own needs in a column of kind k.
func openTag(dst []byte, k, own Kind) []byte {
	if k == own {
		return dst
	}
	return append(dst, '{', '"', byte(own), '"', ':')
}

// closeTag ends it.
func closeTag(dst []byte, k, own Kind) []byte {
	if k == own {
		return dst
	}
	return append(dst, '}')
}

// free makes own the kind of an argument, where its values need no tag there.
func free(k, own Kind) Kind {
	if k == 0 {
		return own
	}
	return k
}

func appendBool(dst []byte, k Kind, v bool) []byte {
	k = free(k, KindBool)
	return closeTag(strconv.AppendBool(openTag(dst, k, KindBool), v), k, KindBool)
}

func appendInt(dst []byte, k Kind, v int64) []byte {
	if -exact <= v && v <= exact {
		k = free(k, KindInt)
		return closeTag(strconv.AppendInt(openTag(dst, k, KindInt), v, 10), k, KindInt)
	}
	dst = append(openTag(dst, k, KindInt), '"')
	return closeTag(append(strconv.AppendInt(dst, v, 10), '"'), k, KindInt)
}

func appendUint(dst []byte, k Kind, v uint64) []byte {
	if v <= exact {
		return closeTag(strconv.AppendUint(openTag(dst, k, KindUint), v, 10), k, KindUint)
	}
	dst = append(openTag(dst, k, KindUint), '"')
	return closeTag(append(strconv.AppendUint(dst, v, 10), '"'), k, KindUint)
}

// appendFloat appends a float of kind own and the given size in bits: the
// shortest digits that give it back, and what is no number by its name.
func appendFloat(dst []byte, k, own Kind, v float64, bits int) []byte {
	if name := unnumbered(v); name != "" {
		dst = append(append(openTag(dst, 0, own), '"'), name...)
		return append(dst, '"', '}')
	}
	if own == KindFloat {
		k = free(k, own)
	}
	return closeTag(appendNumber(openTag(dst, k, own), v, bits), k, own)
}

// appendNumber always shows a fraction or an exponent: so no language takes it
// for an integer.
func appendNumber(dst []byte, v float64, bits int) []byte {
	format, abs := byte('f'), math.Abs(v)
	if abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, format, -1, bits)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, '.', '0')
}

// unnumbered is the name of a float that JSON has no number for.
func unnumbered(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return ""
}

func appendStringCell(dst []byte, k Kind, v string) []byte {
	k = free(k, KindString)
	start := len(dst)
	if dst, ok := appendQuoted(openTag(dst, k, KindString), v); ok {
		return closeTag(dst, k, KindString)
	}
	dst = append(dst[:start], `{"s64":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, []byte(v)), '"', '}')
}

// appendBytes appends bytes: as text where they are and no column of binary data
// says otherwise, else in base64.
func appendBytes(dst []byte, k Kind, v []byte) []byte {
	if v == nil {
		return append(dst, `{"b":null}`...)
	}
	start := len(dst)
	if k == KindText {
		if dst, ok := appendQuoted(dst, v); ok {
			return dst
		}
		dst = dst[:start]
	}
	dst = append(openTag(dst, k, KindBytes), '"')
	return closeTag(append(base64.StdEncoding.AppendEncode(dst, v), '"'), k, KindBytes)
}

// appendArg appends an argument's value, which CheckArg found nothing against.
func appendArg(dst []byte, v any) []byte {
	switch v := v.(type) {
	case Out:
		dst = appendString(append(dst, `{"out":`...), v.Type)
		if v.InOut {
			dst = appendArg(append(dst, `,"in":`...), v.In)
		}
		return append(dst, '}')
	case List:
		return appendList(dst, v)
	}
	dst, ok := appendCell(dst, 0, v)
	if !ok {
		panic("wire: a value that CheckArg refuses was sent")
	}
	return dst
}

func appendList(dst []byte, v List) []byte {
	dst = append(dst, `{"list":[`...)
	for i, element := range v.Values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendArg(dst, element)
	}
	dst = append(dst, ']')
	if v.Type != "" {
		dst = appendString(append(dst, `,"of":`...), v.Type)
	}
	return append(dst, '}')
}
