// This file reads messages off lines of JSON.

package wire

import (
	"bytes"
	"math"
)

// nextLine waits for the next line that is not blank.
func (r *Reader) nextLine() (Message, error) {
	r.shrink()
	h, n, err := r.wholeLine()
	if err != nil {
		return Message{}, err
	}
	body := r.buf[r.next : r.next+n : r.next+n]
	r.pass(n + 1)
	return Message{h, body}, nil
}

// peekLine waits for the next line and reads its header.
func (r *Reader) peekLine() (Header, error) {
	h, _, err := r.wholeLine()
	return h, err
}

// wholeLine waits for a whole line that is not blank; n is its length without
// its end.
func (r *Reader) wholeLine() (h Header, n int, err error) {
	for {
		n, err = r.lineEnd()
		if err != nil {
			return h, 0, err
		}
		line := r.buf[r.next : r.next+n]
		if len(bytes.Trim(line, " \t\r")) == 0 {
			r.pass(n + 1)
			continue
		}
		h, err = lineHeader(line)
		if wrong, ok := err.(*ProtocolError); ok {
			wrong.Offset += r.base
		}
		return h, n, err
	}
}

// lineEnd waits for the end of a line: it is n bytes from next on.
func (r *Reader) lineEnd() (n int, err error) {
	for {
		n = bytes.IndexByte(r.buf[r.next+r.searched:r.full], '\n')
		if n >= 0 {
			n += r.searched
		} else {
			r.searched = r.full - r.next
		}
		if max(n, r.searched) > r.limits.Message {
			return 0, r.tooLarge("a line is too long")
		}
		if n >= 0 {
			return n, nil
		}
		if err := r.read(r.searched + 1); err != nil {
			return 0, err
		}
	}
}

// pass leaves n bytes behind, which ended a line.
func (r *Reader) pass(n int) {
	r.advance(n)
	r.searched = 0
}

// lineHeader reads the members of a line that say what it is.
func lineHeader(line []byte) (Header, error) {
	in := input{b: line}
	var h Header
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		switch string(key) {
		case "type":
			in.once(&seen, 1)
			at := in.i
			t, known := typeOf(in.quoted())
			if !known {
				in.refuse(at, "unknown type of message")
			}
			h.Type = t
		case "id":
			in.once(&seen, 2)
			h.ID = uint32(in.between(0, math.MaxUint32))
		default:
			in.skip()
		}
	}
	if seen&1 == 0 {
		in.refuse(in.i, "a line without a type")
	}
	return h, in.done()
}
