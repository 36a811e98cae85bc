// This file reads and writes JSON strings.

package wire

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, in the high bit of each byte, those of eight bytes that end a
// run of plain text: quotes, backslashes, controls, anything beyond ASCII. The
// lowest mark is exact.
func special(w uint64) uint64 {
	return ((w ^ ones*'"' - ones) | (w ^ ones*'\\' - ones) | (w - ones*' ') | w) & highs
}

// plain is where the plain text from i on ends.
func plain(b []byte, i int) int {
	for ; len(b)-i >= 8; i += 8 {
		if marks := special(binary.LittleEndian.Uint64(b[i:])); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] < utf8.RuneSelf && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// quoted reads a string and returns its content, which is valid UTF-8, until the
// next string is read.
func (in *input) quoted() []byte {
	if in.peek() != '"' {
		in.refuse(in.i, "expected a string")
		return nil
	}
	start := in.i + 1
	for i := plain(in.b, start); i < len(in.b); i = plain(in.b, i) {
		switch c := in.b[i]; {
		case c == '"':
			in.i = i + 1
			return in.b[start:i]
		case c == '\\':
			return in.unescaped(start, i)
		case c < ' ':
			in.refuse(i, "a control character in a string")
		default:
			i += in.rune(i)
		}
	}
	in.refuse(len(in.b), "a string does not end")
	return nil
}

// rune is the length of the character at i, which is beyond ASCII.
func (in *input) rune(i int) int {
	r, n := utf8.DecodeRune(in.b[i:])
	if r == utf8.RuneError && n <= 1 {
		in.refuse(i, "a string is not valid UTF-8")
	}
	return n
}

// unescaped is quoted for a string with escapes, the first of them at i.
func (in *input) unescaped(start, i int) []byte {
	if most := in.ending(i) - start; cap(in.tmp) < most {
		in.tmp = make([]byte, 0, most)
	}
	in.tmp = append(in.tmp[:0], in.b[start:i]...)
	for i < len(in.b) {
		switch c := in.b[i]; {
		case c == '"':
			in.i = i + 1
			return in.tmp
		case c == '\\':
			i = in.escape(i)
			continue
		case c < ' ':
			in.refuse(i, "a control character in a string")
			continue
		}
		end := max(plain(in.b, i), i+1)
		if in.b[i] >= utf8.RuneSelf {
			end = i + in.rune(i)
		}
		if in.fail == nil {
			in.tmp = append(in.tmp, in.b[i:end]...)
		}
		i = end
	}
	in.refuse(len(in.b), "a string does not end")
	return nil
}

// ending is where a string ends that has an escape at i; what it stands for is
// no longer.
func (in *input) ending(i int) int {
	for ; i < len(in.b) && in.b[i] != '"'; i++ {
		if in.b[i] == '\\' {
			i++
		}
	}
	return min(i, len(in.b))
}

// escapes are the characters that stand for others after a backslash.
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape appends what the escape at i stands for, and returns where it ends.
func (in *input) escape(i int) int {
	if i+1 < len(in.b) && escapes[in.b[i+1]] != 0 {
		in.tmp = append(in.tmp, escapes[in.b[i+1]])
		return i + 2
	}
	r, ok := in.unit(i)
	if !ok {
		in.refuse(i, "an unknown escape in a string")
		return i
	}
	if !utf16.IsSurrogate(r) {
		in.tmp = utf8.AppendRune(in.tmp, r)
		return i + 6
	}
	low, _ := in.unit(i + 6)
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		in.refuse(i, "half a surrogate pair in a string")
		return i
	}
	in.tmp = utf8.AppendRune(in.tmp, r)
	return i + 12
}

// unit reads \uXXXX at i.
func (in *input) unit(i int) (rune, bool) {
	if len(in.b)-i < 6 || in.b[i] != '\\' || in.b[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range in.b[i+2 : i+6] {
		digit, ok := hexValue(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// hexValue is the value of a hexadecimal digit.
func hexValue(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// text reads a string.
func (in *input) text() string { return string(in.quoted()) }

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string; ok is false, and nothing is appended,
// where s is not valid UTF-8.
func appendQuoted[T string | []byte](dst []byte, s T) (_ []byte, ok bool) {
	start := len(dst)
	dst = append(append(dst, '"'), s...)
	body := dst[start+1:]
	i := plain(body, 0)
	if i == len(body) {
		return append(dst, '"'), true
	}
	if !utf8.Valid(body[i:]) {
		return dst[:start], false
	}
	for ; i < len(body) && body[i] >= utf8.RuneSelf; i = plain(body, i) {
		for i < len(body) && body[i] >= utf8.RuneSelf {
			i++
		}
	}
	if i == len(body) {
		return append(dst, '"'), true
	}
	return appendEscaped(dst[:start+1+i], s[i:]), true
}

// appendEscaped appends the rest of a string with what it needs escaped, and the
// quote that ends it.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// appendString appends any text as a JSON string; what is not valid UTF-8 in it
// is replaced by U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst, ok := appendQuoted(dst, s)
	if !ok {
		dst, _ = appendQuoted(dst, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return dst
}
