// This file holds the message that prepares a statement.

package wire

import (
	"encoding/binary"
	"math"
)

// Prepare prepares a statement; Prepared or Error answers it.
type Prepare struct {
	// SID is the number that the client picks for it, not 0. A number that is in
	// use then means the new statement.
	SID uint32
	// SQL is the text.
	SQL string
	// TimeoutMS is how long it may take, in milliseconds; 0 is unbounded.
	TimeoutMS int64
}

// Append implements Body.
func (m *Prepare) Append(dst []byte, c Codec) []byte {
	if c == Binary {
		dst = binary.AppendUvarint(dst, uint64(m.SID))
		return appendBlob(binary.AppendUvarint(dst, uint64(max(m.TimeoutMS, 0))), m.SQL)
	}
	dst = appendNumberMember(append(dst, `{"sid":`...), int64(m.SID))
	dst = appendSQL(append(dst, ','), m.SQL)
	if m.TimeoutMS > 0 {
		dst = appendNumberMember(append(dst, `,"timeout_ms":`...), m.TimeoutMS)
	}
	return append(dst, '}')
}

// Decode reads a body; what was in m is replaced.
func (m *Prepare) Decode(body []byte, c Codec) error {
	*m = Prepare{}
	in := input{b: body}
	if c == Binary {
		m.SID, m.TimeoutMS = uint32(in.upTo(math.MaxUint32)), in.naturalBinary()
		if m.SQL = string(in.blob()); m.SID == 0 {
			in.refuse(0, "no statement has the number 0")
		}
		return in.doneBinary()
	}
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		switch string(key) {
		case "sid":
			in.once(&seen, statementSID)
			m.SID = uint32(in.between(1, math.MaxUint32))
		case "sql":
			in.once(&seen, statementSQL)
			m.SQL = in.text()
		case "sql64":
			in.once(&seen, statementSQL)
			m.SQL = in.text64()
		case "timeout_ms":
			in.once(&seen, statementTimeout)
			m.TimeoutMS = in.natural()
		default:
			in.skip()
		}
	}
	if seen&statementSQL == 0 || m.SID == 0 {
		in.refuse(in.i, "what is prepared needs sql and sid")
	}
	return in.done()
}
