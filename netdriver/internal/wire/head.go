// This file holds the messages that tell columns: heads of result sets, and what was prepared.

package wire

import "encoding/binary"

// Column is a column of a result set. What a driver does not tell stays unset.
type Column struct {
	// Name and DB are the column's name and the name of its database type.
	Name, DB string
	// Kind is what its bare cells mean.
	Kind Kind
	// Go names the Go type that the driver scans the column into.
	Go string
	// Nullable is set only where HasNullable says so; the others likewise.
	Nullable, HasNullable bool
	Length                int64
	HasLength             bool
	Precision, Scale      int64
	HasDecimal            bool // Precision and Scale are set
}

// Head begins a result set.
type Head struct {
	// Columns are the columns, at most MaxColumns.
	Columns []Column
	// Set is the number of the result set within the answer, from 0.
	Set int64
	// Hash names the columns, for later answers to the same prepared statement;
	// Same is such a name and stands for Columns, which do not go over the wire.
	Hash, Same string
}

// Prepared answers a Prepare, and ends the request.
type Prepared struct {
	// Inputs is how many arguments the statement takes; -1 if that is unknown.
	Inputs int64
	// Columns are those of its result, where the database tells; Hash names them.
	Columns []Column
	Hash    string
	// Tx and Pin are as in End.
	Tx  TxState
	Pin string
}

// Append implements Body.
func (m *Head) Append(dst []byte, c Codec) []byte {
	if c == Binary {
		dst = appendBlob(binary.AppendUvarint(dst, uint64(m.Set)), m.Hash)
		if dst = appendBlob(dst, m.Same); m.Same != "" {
			return dst
		}
		return appendColumnsBinary(dst, m.Columns)
	}
	dst = append(dst, '{')
	if m.Same == "" {
		dst = append(appendColumns(dst, m.Columns), ',')
	}
	dst = appendNumberMember(append(dst, `"set":`...), m.Set)
	dst = appendMember(dst, `,"hash":`, m.Hash)
	return append(appendMember(dst, `,"same":`, m.Same), '}')
}

// Decode reads a body; what was in m is replaced, and Columns reuses its memory.
func (m *Head) Decode(body []byte, c Codec) error {
	*m = Head{Columns: m.Columns[:0]}
	in := input{b: body}
	if c == Binary {
		m.Set = in.naturalBinary()
		m.Hash, m.Same = string(in.blob()), string(in.blob())
		if m.Same == "" {
			m.Columns = in.columnsBinary(m.Columns)
		}
		return in.doneBinary()
	}
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		switch string(key) {
		case "cols":
			in.once(&seen, 1)
			m.Columns = in.columns(m.Columns)
		case "set":
			in.once(&seen, 2)
			m.Set = in.natural()
		case "hash":
			in.once(&seen, 4)
			m.Hash = in.text()
		case "same":
			in.once(&seen, 8)
			m.Same = in.text()
		default:
			in.skip()
		}
	}
	if told := seen&1 != 0; told == (m.Same != "") {
		in.refuse(in.i, "a head needs either columns or a name for them")
	}
	return in.done()
}

// Append implements Body.
func (m *Prepared) Append(dst []byte, c Codec) []byte {
	if c == Binary {
		dst = append(appendVarint(dst, m.Inputs), byte(m.Tx))
		dst = appendBlob(appendBlob(dst, m.Pin), m.Hash)
		return appendColumnsBinary(dst, m.Columns)
	}
	dst = appendNumberMember(append(dst, `{"inputs":`...), m.Inputs)
	dst = appendColumns(append(dst, ','), m.Columns)
	dst = appendMember(dst, `,"hash":`, m.Hash)
	return append(appendMember(m.Tx.appendMember(dst), `,"pin":`, m.Pin), '}')
}

// Decode reads a body; what was in m is replaced, and Columns reuses its memory.
func (m *Prepared) Decode(body []byte, c Codec) error {
	*m = Prepared{Columns: m.Columns[:0], Inputs: -1}
	in := input{b: body}
	if c == Binary {
		m.Inputs = in.inputs(in.varint())
		m.Tx = in.txState(TxState(in.readByte()))
		m.Pin, m.Hash = string(in.blob()), string(in.blob())
		m.Columns = in.columnsBinary(m.Columns)
		return in.doneBinary()
	}
	var seen members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		switch string(key) {
		case "inputs":
			in.once(&seen, 1)
			m.Inputs = in.inputs(in.integer())
		case "cols":
			in.once(&seen, 2)
			m.Columns = in.columns(m.Columns)
		case "hash":
			in.once(&seen, 4)
			m.Hash = in.text()
		case "tx":
			in.once(&seen, 8)
			m.Tx = in.txMember()
		case "pin":
			in.once(&seen, 16)
			m.Pin = in.text()
		default:
			in.skip()
		}
	}
	return in.done()
}

// inputs checks a count of arguments.
func (in *input) inputs(n int64) int64 {
	if n < -1 || n > MaxArgs {
		in.refuse(in.i, "a count of arguments out of range")
	}
	return n
}
