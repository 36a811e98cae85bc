// This file tells the columns of a result set.

package gateway

import (
	"database/sql/driver"
	"reflect"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// kindOfType are the kinds of the values that a driver scans into a Go type.
var kindOfType = map[reflect.Type]wire.Kind{
	reflect.TypeFor[bool](): wire.KindBool, reflect.TypeFor[int64](): wire.KindInt, reflect.TypeFor[int32](): wire.KindInt,
	reflect.TypeFor[int16](): wire.KindInt, reflect.TypeFor[int8](): wire.KindInt, reflect.TypeFor[uint64](): wire.KindUint,
	reflect.TypeFor[float32](): wire.KindFloat32, reflect.TypeFor[float64](): wire.KindFloat,
	reflect.TypeFor[string](): wire.KindString, reflect.TypeFor[time.Time](): wire.KindTime,
}

// noType is what the client hears of a type that the driver has none of.
const noType = "nil"

// columnsOf appends what the driver tells of its columns to dst. It is asked before
// the first row is: some drivers know nothing any more after the last one.
func columnsOf(dst []wire.Column, rows driver.Rows, names []string) []wire.Column {
	scan, _ := rows.(driver.RowsColumnTypeScanType)
	typeName, _ := rows.(driver.RowsColumnTypeDatabaseTypeName)
	length, _ := rows.(driver.RowsColumnTypeLength)
	null, _ := rows.(driver.RowsColumnTypeNullable)
	decimal, _ := rows.(driver.RowsColumnTypePrecisionScale)
	for i, name := range names {
		c := wire.Column{Name: name}
		if typeName != nil {
			c.DB = typeName.ColumnTypeDatabaseTypeName(i)
		}
		if scan != nil {
			c.Go = noType
			if t := scan.ColumnTypeScanType(i); t != nil {
				c.Go, c.Kind = t.String(), kindOfType[t]
			}
		}
		if length != nil {
			c.Length, c.HasLength = length.ColumnTypeLength(i)
		}
		if null != nil {
			c.Nullable, c.HasNullable = null.ColumnTypeNullable(i)
		}
		if decimal != nil {
			c.Precision, c.Scale, c.HasDecimal = decimal.ColumnTypePrecisionScale(i)
		}
		if number(c) {
			c.Kind = wire.KindDecimal
		}
		dst = append(dst, c)
	}
	return dst
}

// see makes the kinds of columns those of the values in a row.
func see(cols []wire.Column, row []driver.Value) {
	for i := range cols {
		if !number(cols[i]) {
			cols[i].Kind = kindIn(cols[i], row[i])
		}
	}
}

// number reports whether a column holds numbers whose digits come as text: its
// values scan into a type named Number, as godror's do.
func number(c wire.Column) bool { return strings.HasSuffix(c.Go, ".Number") }

// kindIn is the kind of a column by a value in it. Bytes of a binary column are
// bytes, also where they happen to be text.
func kindIn(c wire.Column, v driver.Value) wire.Kind {
	k := wire.KindOf(v)
	switch {
	case k == 0:
		return c.Kind
	case k == wire.KindText && binaryType(c.DB):
		return wire.KindBytes
	}
	return k
}

func binaryType(name string) bool {
	for _, part := range []string{"BLOB", "BINARY", "BYTEA", "RAW"} {
		if len(name) >= len(part) && strings.Contains(strings.ToUpper(name), part) {
			return true
		}
	}
	return false
}
