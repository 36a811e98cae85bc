// This file holds what decoders read bodies with: a place in them, and the first thing that was wrong.

package wire

// input is a body that is being read. After the first refusal there is nothing
// left to read, so that whoever reads need not ask after each step.
type input struct {
	b     []byte
	i     int
	tmp   []byte // the last text that had escapes in it
	fail  *ProtocolError
	zones *zones
	// listed counts the elements of lists, zoned the zones that were made.
	listed, zoned int
}

// members is a set of those members of an object that have been seen.
type members uint64

// refuse ends the reading, with the reason for it and where.
func (in *input) refuse(at int, reason string) {
	if in.fail == nil {
		in.fail = &ProtocolError{Offset: int64(at), Reason: reason}
	}
	in.b, in.i = nil, 0
}

// once notes that a member was seen, which must not have been before.
func (in *input) once(seen *members, member members) {
	if *seen&member != 0 {
		in.refuse(in.i, "a member stands twice in an object")
	}
	*seen |= member
}

// another counts an element of a list.
func (in *input) another() bool {
	if in.listed++; in.listed > MaxListed {
		in.refuse(in.i, "too many elements of lists")
	}
	return in.fail == nil
}

// done ends the reading: nothing may be left.
func (in *input) done() error {
	if in.fail == nil {
		in.space()
		if in.i < len(in.b) {
			in.refuse(in.i, "bytes after the end of the body")
		}
	}
	if in.fail != nil {
		return in.fail
	}
	return nil
}

// doneBinary is done for a body in binary form, in which blanks are bytes as
// all others.
func (in *input) doneBinary() error {
	if in.i < len(in.b) {
		in.refuse(in.i, "bytes after the end of the body")
	}
	if in.fail != nil {
		return in.fail
	}
	return nil
}
