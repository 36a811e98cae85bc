// This file reads messages off a stream of frames, within limits.

package wire

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	headerSize = 12      // length, type, flags, reserved, id
	headerRest = 8       // what of the header its length counts
	firstRead  = 4 << 10 // what a reader takes to begin with
)

// Limits bound what a reader accepts and keeps.
type Limits struct {
	// Frame is the largest length a frame may announce, Message the largest body
	// of a message, and of a line, in bytes. 0 means DefaultFrame, DefaultMessage.
	Frame, Message int
	// Keep is the memory that stays with the reader between messages, in bytes;
	// 0 means 4 KiB, which is also the least.
	Keep int
	// Grow, if set, is asked before the reader takes n more bytes of memory; its
	// error is returned by the call that needed them, which may be made again.
	// Where n is negative, memory is given back and the error is ignored.
	Grow func(n int) error
}

func (l Limits) filled() Limits {
	if l.Frame == 0 {
		l.Frame = DefaultFrame
	}
	if l.Message == 0 {
		l.Message = DefaultMessage
	}
	l.Keep = max(l.Keep, firstRead)
	return l
}

// Reader reads the messages of one connection. An error of the connection, such
// as a deadline, loses nothing: the next call goes on where it stopped. Memory
// grows as bytes arrive: at most twice what is there, whatever was announced.
type Reader struct {
	src    io.Reader
	limits Limits
	line   bool
	opened bool // what the connection begins with was read

	// buf[kept:end] is the body of the message whose parts are being put together,
	// buf[next:full] what was read and not looked at.
	buf                   []byte
	kept, end, next, full int
	base                  int64  // offset in the stream of buf[next]
	parts                 bool   // more parts of the message are to come
	header                Header // of the message
	searched              int    // bytes from next on that hold no end of a line
}

// NewReader reads frames from r, without a preamble, until Accept says otherwise.
func NewReader(r io.Reader, limits Limits) *Reader {
	return &Reader{src: r, limits: limits.filled()}
}

// NewLineReader reads lines from r: for clients in line mode.
func NewLineReader(r io.Reader, limits Limits) *Reader {
	return &Reader{src: r, limits: limits.filled(), line: true}
}

// SetLimits changes the limits, from the next call on. Grow must stay the same.
func (r *Reader) SetLimits(limits Limits) { r.limits = limits.filled() }

// Line says whether the connection is in line mode.
func (r *Reader) Line() bool { return r.line }

// Buffered is how many bytes were read that no message was made of yet.
func (r *Reader) Buffered() int { return r.full - r.next }

// Last is the last of the messages behind the present one, where what was read ends
// with it and all of them are of one frame; false where more is to come. Its body is
// valid until the next call of another method.
func (r *Reader) Last() (m Message, ok bool) {
	for b := r.buf[r.next:r.full]; len(b) > 0; {
		if r.line || len(b) < headerSize {
			return Message{}, false
		}
		size := uint64(binary.BigEndian.Uint32(b)) + headerSize - headerRest
		if size < headerSize || size > uint64(len(b)) || Flags(b[5])&FlagMore != 0 {
			return Message{}, false
		}
		m.Header = Header{Type: Type(b[4]), Flags: Flags(b[5]), ID: binary.BigEndian.Uint32(b[8:])}
		m.Body, ok, b = b[headerSize:size], true, b[size:]
	}
	return m, ok
}

// Accept reads what a client's connection begins with, once, and so decides the
// mode: the preamble, or the '{' of its first line, which stays unread. A byte
// that is neither is refused at once, before others arrive.
func (r *Reader) Accept() error {
	for n := 1; !r.opened; n++ {
		if err := r.need(n); err != nil {
			return err
		}
		switch first := r.buf[r.next : r.next+n]; {
		case n == 1 && first[0] == '{':
			r.line, r.opened = true, true
		case string(first) == Preamble:
			r.advance(n)
			r.opened = true
		case string(first) != Preamble[:n]:
			return r.refuse(n-1, "neither a framed connection nor lines of JSON")
		}
	}
	return nil
}

// Next waits for the next message. Its body is valid until the next call. io.EOF
// comes between messages only; a *ProtocolError is final, and where a frame is
// too large the header comes with it.
func (r *Reader) Next() (Message, error) {
	if r.line {
		return r.nextLine()
	}
	if !r.parts {
		r.shrink()
	}
	for {
		h, size, err := r.frame()
		if err != nil {
			return Message{Header: h}, err
		}
		if err := r.need(headerSize + size); err != nil {
			return Message{}, err
		}
		r.advance(headerSize)
		r.join(h, size)
		if !r.parts {
			return Message{r.header, r.buf[r.kept:r.end:r.end]}, nil
		}
	}
}

// Peek waits for the header of the next message and leaves it unread. The body
// of the last message is not valid any more. It must not be called while Next
// is between the parts of a message, which only an error of Next leaves it.
func (r *Reader) Peek() (Header, error) {
	if r.line {
		return r.peekLine()
	}
	h, _, err := r.frame()
	return h, err
}

// Close gives the reader's memory back. It does not close the connection.
func (r *Reader) Close() {
	_ = r.grew(-len(r.buf))
	r.buf, r.kept, r.end, r.next, r.full = nil, 0, 0, 0, 0
}

// Trim gives back what a large message took, as the next call of Next would. The body
// of the last message is not valid any more.
func (r *Reader) Trim() {
	if !r.parts && !r.line {
		r.shrink()
	}
}

// frame waits for the next frame's header and checks it.
func (r *Reader) frame() (h Header, size int, err error) {
	if err := r.need(headerSize); err != nil {
		return h, 0, err
	}
	b := r.buf[r.next:]
	length := uint64(binary.BigEndian.Uint32(b))
	h = Header{Type: Type(b[4]), Flags: Flags(b[5]), ID: binary.BigEndian.Uint32(b[8:])}
	switch {
	case length < headerRest:
		return h, 0, r.refuse(0, "a frame is shorter than its header")
	case !h.Type.Known():
		return h, 0, r.refuse(4, "a frame has an unknown type")
	case h.Flags&^(FlagBinary|FlagMore) != 0 || h.Flags&FlagBinary != 0 && !h.Type.binary():
		return h, 0, r.refuse(5, "a frame has a flag that its type does not know")
	case binary.BigEndian.Uint16(b[6:]) != 0:
		return h, 0, r.refuse(6, "a frame's reserved bytes are not 0")
	case length > uint64(r.limits.Frame):
		return h, 0, r.tooLarge("a frame is too large")
	}
	return h, int(length - headerRest), r.fits(h, int(length-headerRest))
}

// fits checks a frame against the message that it may go on with.
func (r *Reader) fits(h Header, size int) error {
	switch {
	case h.Flags&FlagMore != 0 && size == 0:
		return r.refuse(0, "a part of a message is empty")
	case r.parts && (h.Type != r.header.Type || h.ID != r.header.ID || h.Codec() != r.header.Codec()):
		return r.refuse(4, "a message is not finished and another begins")
	case r.parts && r.end-r.kept+size > r.limits.Message, size > r.limits.Message:
		return r.tooLarge("a message is too large")
	}
	return nil
}

// join takes a body of size bytes at next as the message's, or a part of it.
func (r *Reader) join(h Header, size int) {
	if !r.parts {
		r.kept, r.end = r.next, r.next
	}
	if r.end != r.next {
		copy(r.buf[r.end:], r.buf[r.next:r.next+size])
	}
	r.end += size
	r.advance(size)
	r.parts = h.Flags&FlagMore != 0
	h.Flags &^= FlagMore
	r.header = h
}

func (r *Reader) advance(n int) {
	r.next += n
	r.base += int64(n)
}

// need waits until n bytes are there from next on.
func (r *Reader) need(n int) error {
	for r.full-r.next < n {
		if err := r.read(n); err != nil {
			return err
		}
	}
	return nil
}

// read reads once, where n bytes are wanted from next on.
func (r *Reader) read(n int) error {
	if err := r.room(n); err != nil {
		return err
	}
	for range 100 {
		got, err := r.src.Read(r.buf[r.full:])
		if got < 0 || got > len(r.buf)-r.full {
			return errors.New("fluxor: the connection's Read returned an impossible count")
		}
		r.full += got
		switch {
		case got > 0:
			return nil
		case err == io.EOF && (r.full > r.next || r.parts):
			return &ProtocolError{
				Offset: r.base + int64(r.full-r.next), Reason: "the stream ends within a message", Err: io.ErrUnexpectedEOF,
			}
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// room makes room for at least one byte after full, where n bytes are wanted
// from next on.
func (r *Reader) room(n int) error {
	if !r.parts {
		r.kept, r.end = r.next, r.next
	}
	if r.full < len(r.buf) && r.next+n <= len(r.buf) {
		return nil
	}
	r.compact()
	if r.full < len(r.buf) {
		return nil
	}
	size := max(firstRead, 2*len(r.buf))
	if err := r.grew(size - len(r.buf)); err != nil {
		return err
	}
	larger := make([]byte, size)
	copy(larger, r.buf[:r.full])
	r.buf = larger
	return nil
}

// compact moves what is in use to the front of the buffer and closes the gap
// between the parts of a message and what follows.
func (r *Reader) compact() {
	if r.kept == 0 && r.end == r.next {
		return
	}
	body := r.end - r.kept
	if r.kept > 0 {
		copy(r.buf, r.buf[r.kept:r.end])
	}
	rest := copy(r.buf[body:], r.buf[r.next:r.full])
	r.kept, r.end, r.next, r.full = 0, body, body, body+rest
}

// shrink gives back what a large message took, before the next is waited for.
func (r *Reader) shrink() {
	if len(r.buf) <= r.limits.Keep || r.full-r.next > r.limits.Keep {
		return
	}
	smaller := make([]byte, r.limits.Keep)
	_ = r.grew(len(smaller) - len(r.buf))
	r.full = copy(smaller, r.buf[r.next:r.full])
	r.buf, r.kept, r.end, r.next = smaller, 0, 0, 0
}

func (r *Reader) grew(n int) error {
	if r.limits.Grow == nil || n == 0 {
		return nil
	}
	return r.limits.Grow(n)
}

// refuse is the error for what stands at bytes after next.
func (r *Reader) refuse(at int, reason string) error {
	return &ProtocolError{Offset: r.base + int64(at), Reason: reason}
}

func (r *Reader) tooLarge(reason string) error {
	return &ProtocolError{Offset: r.base, Reason: reason, TooLarge: true}
}
