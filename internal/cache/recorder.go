// This file makes an answer of the rows that a driver returns, as long as they may be kept.

package cache

import (
	"database/sql/driver"
	"reflect"
	"strings"
	"time"
	"unsafe"
)

// Limits are how much one answer may take.
type Limits struct {
	// Rows is the greatest number of rows.
	Rows int
	// Bytes is the greatest size in memory.
	Bytes int64
}

// Fit says whether rows can be kept.
type Fit int

const (
	// Fits: they can.
	Fits Fit = iota
	// TooManyRows: they are more than [Limits.Rows].
	TooManyRows
	// TooBig: they take more than [Limits.Bytes].
	TooBig
	// NotPlain: a value is more than data, such as a cursor or a stream, or is of
	// a type that nobody knows to be immutable.
	NotPlain
)

// Recorder takes in the rows of a driver one after the other. It keeps nothing
// of the driver's memory, which the driver uses again for the next row. It
// belongs to one goroutine.
type Recorder struct {
	limits  Limits
	columns []Column
	values  []driver.Value
	rows    int
	cuts    []cut // the values that are cut out of text and binary
	text    []byte
	binary  []byte
	size    int64
}

// cut is a value that is a part of a longer piece.
type cut struct {
	value    int // its index
	from, to int
	binary   bool
}

// NewRecorder returns a recorder for rows with these columns, which it takes
// over.
func NewRecorder(columns []Column, limits Limits) *Recorder {
	return &Recorder{limits: limits, columns: columns, size: sizeOfHead(columns)}
}

// Add takes in a row. If it does not fit, the answer cannot be kept: the recorder
// holds the rows before it, and takes no more.
func (r *Recorder) Add(row []driver.Value) Fit {
	if r.rows >= r.limits.Rows {
		return TooManyRows
	}
	size := r.size
	for _, v := range row {
		n, plain := sizeOf(v)
		if !plain {
			return NotPlain
		}
		size += valueSize + n
	}
	if size > r.limits.Bytes {
		return TooBig
	}
	r.size = size
	r.rows++
	for _, v := range row {
		r.take(v)
	}
	return Fits
}

// take copies a value that fits. Of texts and bytes it notes the place only.
func (r *Recorder) take(v driver.Value) {
	at := len(r.values)
	switch b := v.(type) {
	case string:
		r.cuts = append(r.cuts, cut{at, len(r.text), len(r.text) + len(b), false})
		r.text, v = append(r.text, b...), nil
	case []byte:
		if b != nil {
			r.cuts = append(r.cuts, cut{at, len(r.binary), len(r.binary) + len(b), true})
			r.binary, v = append(r.binary, b...), nil
		}
	}
	r.values = append(r.values, v)
}

// Answer returns the rows taken in so far. It is called once.
func (r *Recorder) Answer() *Answer {
	a := &Answer{columns: r.columns, names: namesOf(r.columns), rows: r.rows, size: sizeOfHead(r.columns)}
	a.values = append(a.values, r.values...)
	a.size += int64(cap(a.values)) * valueSize
	r.cut(a)
	for _, v := range a.values {
		a.size += boxOf(v)
	}
	return a
}

// cut puts texts and bytes in their places: all texts are parts of one, and all
// bytes.
func (r *Recorder) cut(a *Answer) {
	if len(r.cuts) == 0 {
		return
	}
	var b strings.Builder
	b.Grow(len(r.text))
	b.Write(r.text)
	text, binary := b.String(), append([]byte{}, r.binary...)
	a.size += int64(b.Cap() + cap(binary))
	for _, c := range r.cuts {
		if c.binary {
			a.binary = true
			a.values[c.value] = binary[c.from:c.to:c.to]
			continue
		}
		a.values[c.value] = text[c.from:c.to]
	}
}

func namesOf(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// sizeOfHead is what an answer without rows takes.
func sizeOfHead(columns []Column) int64 {
	size := answerSize
	for _, c := range columns {
		size += columnSize + nameSize + int64(len(c.Name)+len(c.DatabaseType))
	}
	return size
}

// sizeOf is what a value takes besides its place in the row, and whether it is
// known to be data and nothing else.
func sizeOf(v driver.Value) (size int64, plain bool) {
	switch v := v.(type) {
	case string:
		return boxOf(v) + int64(len(v)), true
	case []byte:
		return boxOf(v) + int64(len(v)), true
	case nil, bool, int64, float64, time.Time,
		int, int8, int16, int32, uint, uint8, uint16, uint32, uint64, float32:
		return boxOf(v), true
	}
	return sizeOfNamed(reflect.ValueOf(v))
}

// sizeOfNamed is sizeOf for a type of a driver's own: one whose values are
// immutable data is data, such as godror's Number, which is a string.
func sizeOfNamed(v reflect.Value) (size int64, plain bool) {
	switch k := v.Kind(); {
	case k == reflect.String:
		return boxOf("") + int64(v.Len()), true
	case k >= reflect.Bool && k <= reflect.Uint64, k == reflect.Float32, k == reflect.Float64:
		return int64(v.Type().Size()), true
	}
	return 0, false
}

// boxOf is what an interface points to, without what that points to.
func boxOf(v driver.Value) int64 {
	switch v.(type) {
	case nil, bool, int8, uint8:
		return 0
	case string:
		return int64(unsafe.Sizeof(""))
	case []byte, time.Time:
		return int64(unsafe.Sizeof([]byte(nil)))
	default:
		return 8
	}
}
