// This file holds an answer of the database: its columns and rows, in memory that nobody else has.

package cache

import (
	"database/sql/driver"
	"reflect"
	"unsafe"
)

// Column is what the driver says of a column.
type Column struct {
	// Name is the column's name.
	Name string
	// DatabaseType is the database's name of its type; "" where the driver has none.
	DatabaseType string
	// ScanType is what a value can be scanned into.
	ScanType reflect.Type
	// Length is that of a type whose length varies, if HasLength.
	Length int64
	// Precision and Scale are those of a decimal type, if HasDecimal.
	Precision, Scale int64
	// Nullable is true where it may be NULL, if HasNullable.
	Nullable bool
	// The driver knows of these.
	HasLength, HasDecimal, HasNullable bool
}

// Columns asks the driver about the columns of rows. It is called before the
// first row, as database/sql's users do: a driver may say something else later.
func Columns(rows driver.Rows) []Column {
	names := rows.Columns()
	columns := make([]Column, len(names))
	for i, name := range names {
		columns[i] = column(rows, i, name)
	}
	return columns
}

// column says what database/sql would say where the driver is silent.
func column(rows driver.Rows, i int, name string) Column {
	c := Column{Name: name, ScanType: reflect.TypeFor[any]()}
	if r, ok := rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		c.DatabaseType = r.ColumnTypeDatabaseTypeName(i)
	}
	if r, ok := rows.(driver.RowsColumnTypeScanType); ok {
		c.ScanType = r.ColumnTypeScanType(i)
	}
	if r, ok := rows.(driver.RowsColumnTypeLength); ok {
		c.Length, c.HasLength = r.ColumnTypeLength(i)
	}
	if r, ok := rows.(driver.RowsColumnTypePrecisionScale); ok {
		c.Precision, c.Scale, c.HasDecimal = r.ColumnTypePrecisionScale(i)
	}
	if r, ok := rows.(driver.RowsColumnTypeNullable); ok {
		c.Nullable, c.HasNullable = r.ColumnTypeNullable(i)
	}
	return c
}

// Answer is a whole answer. It is immutable, and safe for concurrent use.
type Answer struct {
	columns []Column
	names   []string
	values  []driver.Value // row after row
	rows    int
	binary  bool // there are []byte among the values
	size    int64
}

// Columns returns the columns. They are shared and must not be changed.
func (a *Answer) Columns() []Column { return a.columns }

// Names returns the columns' names. They are shared and must not be changed.
func (a *Answer) Names() []string { return a.names }

// Rows is how many rows there are.
func (a *Answer) Rows() int { return a.rows }

// Size is what the answer takes in memory, in bytes.
func (a *Answer) Size() int64 { return a.size }

// Row writes row i into dest, which has room for all columns. Every []byte is a
// copy: whoever scans may keep and change it. All else cannot be changed, and is
// shared.
func (a *Answer) Row(i int, dest []driver.Value) {
	n := len(a.columns)
	copy(dest, a.values[i*n:(i+1)*n])
	if a.binary {
		own(dest[:n])
	}
}

// own gives a row bytes of its own, in one piece of memory.
func own(row []driver.Value) {
	length := 0
	for _, v := range row {
		if b, ok := v.([]byte); ok {
			length += len(b)
		}
	}
	piece := make([]byte, 0, length)
	for i, v := range row {
		if b, ok := v.([]byte); ok && b != nil {
			from := len(piece)
			piece = append(piece, b...)
			row[i] = piece[from:len(piece):len(piece)]
		}
	}
}

// What parts of an answer take in memory.
const (
	answerSize = int64(unsafe.Sizeof(Answer{}))
	columnSize = int64(unsafe.Sizeof(Column{}))
	valueSize  = int64(unsafe.Sizeof(driver.Value(nil)))
	nameSize   = int64(unsafe.Sizeof(""))
)
