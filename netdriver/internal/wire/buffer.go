// This file puts messages into frames or lines that are written at once.

package wire

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// Body is a message that can be put into a Buffer.
type Body interface {
	// Append appends the body in the given form to dst.
	Append(dst []byte, c Codec) []byte
}

// Buffer collects messages to be written in one Write. The zero Buffer writes
// frames of at most DefaultFrame.
type Buffer struct {
	// B is what was collected. Between Begin and End a body is appended to it.
	B []byte
	// MaxFrame is the largest length of a frame; 0 means DefaultFrame. A larger
	// body is taken apart.
	MaxFrame int
	// Line makes lines of JSON instead of frames; all bodies are then JSON.
	Line bool

	start, body int // where the message begins in B, and its body
}

// Begin begins a message; its body is appended to B, then End is called.
func (b *Buffer) Begin(t Type, flags Flags, id uint32) {
	b.start = len(b.B)
	if b.Line {
		b.B = append(append(append(b.B, `{"type":"`...), t.String()...), `","id":`...)
		b.B = strconv.AppendUint(b.B, uint64(id), 10)
	} else {
		b.B = append(b.B, 0, 0, 0, 0, byte(t), byte(flags), 0, 0)
		b.B = binary.BigEndian.AppendUint32(b.B, id)
	}
	b.body = len(b.B)
}

// End ends the message.
func (b *Buffer) End() {
	if b.Line {
		b.endLine()
		return
	}
	most := b.MaxFrame
	if most == 0 {
		most = DefaultFrame
	}
	most = max(most-headerRest, 1)
	if size := len(b.B) - b.body; size > most {
		b.split(size, most)
		return
	}
	binary.BigEndian.PutUint32(b.B[b.start:], uint32(len(b.B)-b.start-4))
}

// split makes frames of a body of size bytes, none larger than most.
func (b *Buffer) split(size, most int) {
	parts := (size + most - 1) / most
	b.B = slices.Grow(b.B, (parts-1)*headerSize)[:len(b.B)+(parts-1)*headerSize]
	header := [headerSize]byte(b.B[b.start:])
	for i := parts - 1; i >= 0; i-- { // from the back, as all but the first move
		length := min(most, size-i*most)
		from, to := b.body+i*most, b.body+i*(most+headerSize)
		copy(b.B[to:to+length], b.B[from:from+length])
		binary.BigEndian.PutUint32(header[:], uint32(length+headerRest))
		if i < parts-1 {
			header[5] |= byte(FlagMore)
		}
		copy(b.B[to-headerSize:], header[:])
	}
}

// endLine makes the body's object go on with the members that Begin wrote.
func (b *Buffer) endLine() {
	if b.body+2 == len(b.B) { // {}
		b.B = b.B[:b.body+1]
		b.B[b.body] = '}'
	} else {
		b.B[b.body] = ','
	}
	b.B = append(b.B, '\n')
}

// Abandon takes back what was appended since Begin.
func (b *Buffer) Abandon() { b.B = b.B[:b.start] }

// Add adds a whole message, in the form c where its type has it, else in JSON.
func (b *Buffer) Add(t Type, id uint32, body Body, c Codec) {
	c = b.Form(t, c)
	b.Begin(t, c.Flags(), id)
	b.B = body.Append(b.B, c)
	b.End()
}

// Form is the form in which a message of the type goes, where c is the codec of
// the connection.
func (b *Buffer) Form(t Type, c Codec) Codec {
	if b.Line || !t.binary() {
		return JSON
	}
	return c
}

// Bytes are what was collected, until the next change.
func (b *Buffer) Bytes() []byte { return b.B }

// Len is how many bytes were collected.
func (b *Buffer) Len() int { return len(b.B) }

// Reset forgets what was collected and keeps the memory.
func (b *Buffer) Reset() { b.B = b.B[:0] }
