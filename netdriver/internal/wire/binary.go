// This file reads and writes the parts of bodies in binary form.

package wire

import (
	"encoding/binary"
	"math"
)

// A number in binary form is a uvarint of the fewest bytes; where it may be
// negative, in zigzag. A text is its length and its bytes.

func appendVarint(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }

func appendBlob[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// readByte reads one byte.
func (in *input) readByte() byte {
	if in.i >= len(in.b) {
		in.refuse(in.i, "the body is too short")
		return 0
	}
	in.i++
	return in.b[in.i-1]
}

// take8 reads the next n bytes, which stay the body's.
func (in *input) bytes(n int) []byte {
	if n > len(in.b)-in.i {
		in.refuse(in.i, "the body is too short")
		return nil
	}
	in.i += n
	return in.b[in.i-n : in.i]
}

// uvarint reads a number.
func (in *input) uvarint() uint64 {
	if in.i < len(in.b) && in.b[in.i] < 0x80 {
		in.i++
		return uint64(in.b[in.i-1])
	}
	v, n := binary.Uvarint(in.b[in.i:])
	if n <= 0 || in.b[in.i+n-1] == 0 {
		in.refuse(in.i, "expected a number")
		return 0
	}
	in.i += n
	return v
}

// varint reads a number that may be negative.
func (in *input) varint() int64 {
	u := in.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// upTo reads a number that is at most most.
func (in *input) upTo(most uint64) uint64 {
	at := in.i
	n := in.uvarint()
	if n > most {
		in.refuse(at, "a number is out of range")
		return 0
	}
	return n
}

// naturalBinary reads an int64 that is not negative.
func (in *input) naturalBinary() int64 { return int64(in.upTo(math.MaxInt64)) }

// blob reads a text, which stays the body's.
func (in *input) blob() []byte {
	n := in.uvarint()
	if n > uint64(len(in.b)-in.i) {
		in.refuse(in.i, "a text is longer than the body")
		return nil
	}
	return in.bytes(int(n))
}
