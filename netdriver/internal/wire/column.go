// This file writes and reads columns.

package wire

import (
	"encoding/binary"
	"strconv"
)

// appendMember appends a member with a text, unless that is empty. The name comes
// with its comma and colon.
func appendMember(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendString(append(dst, name...), text)
}

// appendNumberMember appends the number of a member whose name is there.
func appendNumberMember(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// appendColumns appends the member that tells the columns.
func appendColumns(dst []byte, cols []Column) []byte {
	dst = append(dst, `"cols":[`...)
	for i := range cols {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = cols[i].append(dst)
	}
	return append(dst, ']')
}

func (c *Column) append(dst []byte) []byte {
	dst = appendString(append(dst, `{"n":`...), c.Name)
	dst = appendMember(dst, `,"db":`, c.DB)
	if c.Kind != 0 {
		dst = append(dst, `,"k":"`...)
		dst = append(dst, byte(c.Kind), '"')
	}
	dst = appendMember(dst, `,"go":`, c.Go)
	if c.HasNullable {
		dst = strconv.AppendBool(append(dst, `,"null":`...), c.Nullable)
	}
	if c.HasLength {
		dst = appendNumberMember(append(dst, `,"len":`...), c.Length)
	}
	if c.HasDecimal {
		dst = appendNumberMember(append(dst, `,"p":`...), c.Precision)
		dst = appendNumberMember(append(dst, `,"s":`...), c.Scale)
	}
	return append(dst, '}')
}

// columns reads columns behind those of cols.
func (in *input) columns(cols []Column) []Column {
	for more := in.firstElement(); more; more = in.nextElement() {
		if len(cols) == MaxColumns {
			in.refuse(in.i, "too many columns")
			break
		}
		cols = append(cols, in.column())
	}
	return cols
}

// The members of a column.
const (
	columnName members = 1 << iota
	columnDB
	columnKind
	columnGo
	columnNullable
	columnLength
	columnPrecision
	columnScale
)

func (in *input) column() (c Column) {
	at := in.i
	var seen, null members
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		member := columnMember(key)
		if member == 0 {
			in.skip()
			continue
		}
		in.once(&seen, member)
		if in.null() {
			null |= member
			continue
		}
		in.columnMember(&c, member)
	}
	set := seen &^ null
	c.HasNullable, c.HasLength = set&columnNullable != 0, set&columnLength != 0
	c.HasDecimal = set&columnPrecision != 0 && set&columnScale != 0
	if set&columnName == 0 || set&columnPrecision != 0 != (set&columnScale != 0) {
		in.refuse(at, "a column without a name, or with half of precision and scale")
	}
	return c
}

// columnMember is the member of a name; 0 if it is unknown.
func columnMember(key []byte) members {
	switch string(key) {
	case "n":
		return columnName
	case "db":
		return columnDB
	case "k":
		return columnKind
	case "go":
		return columnGo
	case "null":
		return columnNullable
	case "len":
		return columnLength
	case "p":
		return columnPrecision
	case "s":
		return columnScale
	}
	return 0
}

// columnMember reads one member of a column.
func (in *input) columnMember(c *Column, member members) {
	switch member {
	case columnName:
		c.Name = in.text()
	case columnDB:
		c.DB = in.text()
	case columnKind:
		c.Kind = in.kind(in.quoted())
	case columnGo:
		c.Go = in.text()
	case columnNullable:
		c.Nullable = in.boolean()
	case columnLength:
		c.Length = in.integer()
	case columnPrecision:
		c.Precision = in.integer()
	case columnScale:
		c.Scale = in.integer()
	}
}

// kind checks the name of a kind.
func (in *input) kind(name []byte) Kind {
	if len(name) != 1 || name[0] == 0 || !Kind(name[0]).valid() {
		in.refuse(in.i, "an unknown kind of column")
		return 0
	}
	return Kind(name[0])
}

// What a column in binary form tells, in one byte.
const (
	toldNullable = 1 << iota
	nullable
	toldLength
	toldDecimal
)

func appendColumnsBinary(dst []byte, cols []Column) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(cols)))
	for i := range cols {
		dst = cols[i].appendBinary(dst)
	}
	return dst
}

func (c *Column) appendBinary(dst []byte) []byte {
	var told byte
	if c.HasNullable {
		told |= toldNullable
		if c.Nullable {
			told |= nullable
		}
	}
	if c.HasLength {
		told |= toldLength
	}
	if c.HasDecimal {
		told |= toldDecimal
	}
	dst = appendBlob(appendBlob(append(dst, byte(c.Kind), told), c.Name), c.DB)
	dst = appendBlob(dst, c.Go)
	if c.HasLength {
		dst = appendVarint(dst, c.Length)
	}
	if c.HasDecimal {
		dst = appendVarint(appendVarint(dst, c.Precision), c.Scale)
	}
	return dst
}

// columnsBinary reads columns behind those of cols.
func (in *input) columnsBinary(cols []Column) []Column {
	for range in.upTo(MaxColumns) {
		if in.fail != nil {
			break
		}
		cols = append(cols, in.columnBinary())
	}
	return cols
}

func (in *input) columnBinary() (c Column) {
	at := in.i
	c.Kind = Kind(in.readByte())
	told := in.readByte()
	if !c.Kind.valid() || told > toldNullable|nullable|toldLength|toldDecimal || told&(toldNullable|nullable) == nullable {
		in.refuse(at, "a column of an unknown sort")
	}
	c.Name, c.DB, c.Go = string(in.blob()), string(in.blob()), string(in.blob())
	c.HasNullable, c.Nullable = told&toldNullable != 0, told&nullable != 0
	if c.HasLength = told&toldLength != 0; c.HasLength {
		c.Length = in.varint()
	}
	if c.HasDecimal = told&toldDecimal != 0; c.HasDecimal {
		c.Precision, c.Scale = in.varint(), in.varint()
	}
	return c
}
