// This file reads JSON, strictly: well-formed, valid UTF-8, bounded depth.

package wire

import "math"

// maxDepth is how deep arrays and objects may lie in each other.
const maxDepth = 64

// space passes over blanks.
func (in *input) space() {
	for in.i < len(in.b) {
		switch in.b[in.i] {
		case ' ', '\t', '\r', '\n':
			in.i++
		default:
			return
		}
	}
}

// peek is the first byte of the next token; 0 at the end.
func (in *input) peek() byte {
	if in.i < len(in.b) && in.b[in.i] > ' ' {
		return in.b[in.i]
	}
	in.space()
	if in.i < len(in.b) {
		return in.b[in.i]
	}
	return 0
}

// take passes over c if that is the next token.
func (in *input) take(c byte) bool {
	if in.peek() != c {
		return false
	}
	in.i++
	return true
}

// expect passes over c, which must be the next token.
func (in *input) expect(c byte) {
	if !in.take(c) {
		in.refuse(in.i, "expected "+string(rune(c)))
	}
}

// firstMember begins an object and reads its first key; more is false where
// there is none. The key is valid until the next text is read.
func (in *input) firstMember() (key []byte, more bool) {
	in.expect('{')
	if in.take('}') {
		return nil, false
	}
	return in.key()
}

// nextMember reads the next key of an object after a value, or its end.
func (in *input) nextMember() (key []byte, more bool) {
	if in.take('}') {
		return nil, false
	}
	in.expect(',')
	return in.key()
}

func (in *input) key() ([]byte, bool) {
	key := in.quoted()
	in.expect(':')
	return key, in.fail == nil
}

// firstElement begins an array; more is false where it is empty.
func (in *input) firstElement() (more bool) {
	in.expect('[')
	return !in.take(']') && in.fail == nil
}

// nextElement passes on to the next element of an array, or over its end.
func (in *input) nextElement() (more bool) {
	if in.take(',') {
		return true
	}
	in.expect(']')
	return false
}

// word passes over null, true or false.
func (in *input) word(w string) {
	if len(in.b)-in.i < len(w) || string(in.b[in.i:in.i+len(w)]) != w {
		in.refuse(in.i, "expected "+w)
		return
	}
	in.i += len(w)
}

// null passes over null if that is the next token.
func (in *input) null() bool {
	if in.peek() != 'n' {
		return false
	}
	in.word("null")
	return true
}

// boolean reads true or false.
func (in *input) boolean() bool {
	if in.peek() == 't' {
		in.word("true")
		return in.fail == nil
	}
	in.word("false")
	return false
}

// number passes over a number; integer says that it has neither fraction nor
// exponent.
func (in *input) number() (raw []byte, integer bool) {
	in.peek()
	start, i := in.i, in.i
	if i < len(in.b) && in.b[i] == '-' {
		i++
	}
	leading := i
	i = in.digits(i)
	if i == leading || in.b[leading] == '0' && i > leading+1 {
		in.refuse(leading, "expected a number")
		return nil, false
	}
	integer = true
	if i < len(in.b) && in.b[i] == '.' {
		integer = false
		i = in.moreDigits(i + 1)
	}
	if i < len(in.b) && in.b[i]|0x20 == 'e' {
		integer = false
		if i++; i < len(in.b) && (in.b[i] == '+' || in.b[i] == '-') {
			i++
		}
		i = in.moreDigits(i)
	}
	if in.fail != nil {
		return nil, false
	}
	in.i = i
	return in.b[start:i], integer
}

// digits is where the digits from i on end.
func (in *input) digits(i int) int {
	for i < len(in.b) && in.b[i]-'0' <= 9 {
		i++
	}
	return i
}

// moreDigits is digits where there must be one.
func (in *input) moreDigits(i int) int {
	end := in.digits(i)
	if end == i {
		in.refuse(i, "expected a digit")
		return 0
	}
	return end
}

// integer reads a number that is an int64.
func (in *input) integer() int64 {
	at := in.i
	raw, integer := in.number()
	n, ok := parseInt(raw)
	if !integer || !ok {
		in.refuse(at, "expected an integer in range")
	}
	return n
}

// between is integer within bounds.
func (in *input) between(least, most int64) int64 {
	at := in.i
	n := in.integer()
	if n < least || n > most {
		in.refuse(at, "a number is out of range")
		return 0
	}
	return n
}

// natural reads an integer that is not negative.
func (in *input) natural() int64 { return in.between(0, math.MaxInt64) }

// parseInt reads an int64 as JSON spells it; -0 is none.
func parseInt(raw []byte) (int64, bool) {
	if len(raw) == 0 || raw[0] != '-' {
		n, ok := parseUint(raw)
		return int64(n), ok && n <= math.MaxInt64
	}
	n, ok := parseUint(raw[1:])
	return -int64(n), ok && n != 0 && n <= -math.MinInt64
}

// parseUint reads a uint64 as JSON spells it.
func parseUint(raw []byte) (uint64, bool) {
	if len(raw) == 0 || len(raw) > 20 || raw[0] == '0' && len(raw) > 1 {
		return 0, false
	}
	var n uint64
	for _, c := range raw {
		if c -= '0'; c > 9 || n > (math.MaxUint64-uint64(c))/10 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, true
}

// skip passes over any value.
func (in *input) skip() { in.skipWithin(maxDepth) }

func (in *input) skipWithin(depth int) {
	if depth == 0 {
		in.refuse(in.i, "values lie too deep in each other")
		return
	}
	switch in.peek() {
	case '{':
		for _, more := in.firstMember(); more; _, more = in.nextMember() {
			in.skipWithin(depth - 1)
		}
	case '[':
		for more := in.firstElement(); more; more = in.nextElement() {
			in.skipWithin(depth - 1)
		}
	case '"':
		in.quoted()
	case 'n':
		in.word("null")
	case 't', 'f':
		in.boolean()
	default:
		in.number()
	}
}
