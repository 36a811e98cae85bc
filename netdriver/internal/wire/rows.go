// This file writes rows into messages of rows and reads them off again.

package wire

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
)

// RowsEncoder writes the rows of one result set. Open, AppendRow for each row and
// Close make the body of one message; there may be any number of messages. Their
// frames have the codec's Flags, and in line mode the codec is JSON (Buffer.Form).
type RowsEncoder struct {
	cols  []Column
	codec Codec
	first bool // no row stands in the body yet
}

// Reset makes the encoder that of a result set with these columns.
func (e *RowsEncoder) Reset(cols []Column, c Codec) { *e = RowsEncoder{cols: cols, codec: c} }

// Open begins a body of rows.
func (e *RowsEncoder) Open(dst []byte) []byte {
	e.first = true
	if e.codec == Binary {
		return dst
	}
	return append(dst, `{"r":[`...)
}

// AppendRow appends a row. The error says which value cannot go over the wire;
// then dst is returned as it was, and the body may go on with another row.
func (e *RowsEncoder) AppendRow(dst []byte, row []driver.Value) ([]byte, error) {
	if len(row) != len(e.cols) {
		return dst, fmt.Errorf("fluxor: a row of %d values under %d columns", len(row), len(e.cols))
	}
	if e.codec == Binary {
		return e.appendBinary(dst, row)
	}
	start := len(dst)
	if !e.first {
		dst = append(dst, ',')
	}
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = appendCell(dst, e.cols[i].Kind, v); !ok {
			return dst[:start], e.unfit(i, v)
		}
	}
	e.first = false
	return append(dst, ']'), nil
}

// appendBinary appends the cells behind a byte for their length, and makes room
// where that takes more.
func (e *RowsEncoder) appendBinary(dst []byte, row []driver.Value) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0)
	for i, v := range row {
		var ok bool
		if dst, ok = appendBinary(dst, v); !ok {
			return dst[:start], e.unfit(i, v)
		}
	}
	size := len(dst) - start - 1
	if size < 0x80 {
		dst[start] = byte(size)
		return dst, nil
	}
	var prefix [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(prefix[:], uint64(size))
	dst = append(dst, prefix[1:n]...)
	copy(dst[start+n:], dst[start+1:start+1+size])
	copy(dst[start:], prefix[:n])
	return dst, nil
}

func (e *RowsEncoder) unfit(i int, v any) error {
	return fmt.Errorf("column %d (%s): %w", i+1, e.cols[i].Name, checkCell(v))
}

// Close ends a body of rows.
func (e *RowsEncoder) Close(dst []byte) []byte {
	if e.codec == Binary {
		return dst
	}
	return append(dst, `]}`...)
}

// RowsDecoder reads the rows off messages of rows. A connection best keeps one
// for all its results: it remembers the zones of times.
type RowsDecoder struct {
	cols  []Column
	codec Codec
	in    input
	zones zones
	state rowsState
}

// rowsState says where in a JSON body of rows a decoder is.
type rowsState byte

const (
	rowsBefore rowsState = iota // nothing was read
	rowsWithin                  // a row was read, or there is none
	rowsAfter                   // all was read
)

// Reset makes the decoder read a body, under these columns. What it gives out
// does not point into the body.
func (d *RowsDecoder) Reset(cols []Column, c Codec, body []byte) {
	d.cols, d.codec, d.state = cols, c, rowsBefore
	d.in = input{b: body, tmp: d.in.tmp, zones: &d.zones}
}

// Forget lets the body go, and what large texts took.
func (d *RowsDecoder) Forget() {
	d.Reset(nil, d.codec, nil)
	if cap(d.in.tmp) > firstRead {
		d.in.tmp = nil
	}
}

// Next reads the next row into dest, which has room for exactly one; false, with
// a *ProtocolError if the body is wrong, after the last. The values are copies:
// they may be kept and changed.
func (d *RowsDecoder) Next(dest []driver.Value) (bool, error) {
	if len(dest) != len(d.cols) {
		return false, fmt.Errorf("fluxor: room for %d values under %d columns", len(dest), len(d.cols))
	}
	more := false
	if d.codec == Binary {
		more = d.nextBinary(dest)
	} else if more = d.begun(); more {
		d.row(dest)
	}
	if d.in.fail != nil {
		return false, d.in.fail
	}
	return more, nil
}

func (d *RowsDecoder) nextBinary(dest []driver.Value) bool {
	in := &d.in
	if in.i == len(in.b) {
		return false
	}
	at := in.i
	size := in.uvarint()
	if size > uint64(len(in.b)-in.i) {
		in.refuse(at, "a row is longer than the body")
		return false
	}
	end, whole := in.i+int(size), in.b
	in.b = whole[:end]
	for i := range dest {
		dest[i] = in.binaryCell()
	}
	if in.fail == nil && in.i != end {
		in.refuse(in.i, "a row has more values than columns")
	}
	if in.fail == nil {
		in.b = whole
	}
	return true
}

// begun passes on to the next row of a JSON body.
func (d *RowsDecoder) begun() bool {
	switch d.state {
	case rowsBefore:
		d.state = rowsWithin
		return d.firstRow()
	case rowsWithin:
		return d.in.nextElement() || d.tail()
	}
	return false
}

// firstRow passes over the members before the rows.
func (d *RowsDecoder) firstRow() bool {
	in := &d.in
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		if string(key) == "r" {
			return in.firstElement() || d.tail()
		}
		in.skip()
	}
	in.refuse(in.i, "a message of rows without rows")
	return false
}

// tail passes over the members behind the rows.
func (d *RowsDecoder) tail() bool {
	in := &d.in
	d.state = rowsAfter
	for key, more := in.nextMember(); more; key, more = in.nextMember() {
		if string(key) == "r" {
			in.refuse(in.i, "a member stands twice in an object")
		}
		in.skip()
	}
	_ = in.done() // what is wrong stays in d.in
	return false
}

// row reads a row of a JSON body.
func (d *RowsDecoder) row(dest []driver.Value) {
	in := &d.in
	i := 0
	for more := in.firstElement(); more; more = in.nextElement() {
		if i == len(dest) {
			in.refuse(in.i, "a row has more values than columns")
			return
		}
		dest[i] = in.cell(d.cols[i].Kind)
		i++
	}
	if i < len(dest) {
		in.refuse(in.i, "a row has fewer values than columns")
	}
}
