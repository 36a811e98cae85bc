// This file tells what is known of the columns of rows.

package netdriver

import (
	"database/sql"
	"database/sql/driver"
	"reflect"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var (
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

// scanTypes are the types that direct drivers name, by name.
var scanTypes = map[string]reflect.Type{
	"bool":             reflect.TypeFor[bool](),
	"int":              reflect.TypeFor[int](),
	"int8":             reflect.TypeFor[int8](),
	"int16":            reflect.TypeFor[int16](),
	"int32":            reflect.TypeFor[int32](),
	"int64":            reflect.TypeFor[int64](),
	"uint":             reflect.TypeFor[uint](),
	"uint8":            reflect.TypeFor[uint8](),
	"uint16":           reflect.TypeFor[uint16](),
	"uint32":           reflect.TypeFor[uint32](),
	"uint64":           reflect.TypeFor[uint64](),
	"float32":          reflect.TypeFor[float32](),
	"float64":          reflect.TypeFor[float64](),
	"string":           reflect.TypeFor[string](),
	"[]uint8":          reflect.TypeFor[[]byte](),
	"time.Time":        reflect.TypeFor[time.Time](),
	"interface {}":     reflect.TypeFor[any](),
	"*interface {}":    reflect.TypeFor[*any](),
	"sql.Null[uint64]": reflect.TypeFor[sql.Null[uint64]](),
	"sql.NullBool":     reflect.TypeFor[sql.NullBool](),
	"sql.NullInt16":    reflect.TypeFor[sql.NullInt16](),
	"sql.NullInt32":    reflect.TypeFor[sql.NullInt32](),
	"sql.NullInt64":    reflect.TypeFor[sql.NullInt64](),
	"sql.NullByte":     reflect.TypeFor[sql.NullByte](),
	"sql.NullFloat64":  reflect.TypeFor[sql.NullFloat64](),
	"sql.NullString":   reflect.TypeFor[sql.NullString](),
	"sql.NullTime":     reflect.TypeFor[sql.NullTime](),
	"sql.RawBytes":     reflect.TypeFor[sql.RawBytes](),
}

// kindTypes are the types of the kinds, for a column whose driver names none
// that is known here.
var kindTypes = map[wire.Kind]reflect.Type{
	wire.KindBool:    reflect.TypeFor[bool](),
	wire.KindInt:     reflect.TypeFor[int64](),
	wire.KindUint:    reflect.TypeFor[uint64](),
	wire.KindFloat32: reflect.TypeFor[float32](),
	wire.KindFloat:   reflect.TypeFor[float64](),
	wire.KindDecimal: reflect.TypeFor[string](),
	wire.KindString:  reflect.TypeFor[string](),
	wire.KindText:    reflect.TypeFor[[]byte](),
	wire.KindBytes:   reflect.TypeFor[[]byte](),
	wire.KindTime:    reflect.TypeFor[time.Time](),
	wire.KindCursor:  reflect.TypeFor[int64](),
}

// column is a column; of rows that were closed nothing is told.
func (r *rows) column(i int) wire.Column {
	if i >= len(r.cols) {
		return wire.Column{}
	}
	return r.cols[i]
}

// ColumnTypeScanType implements driver.RowsColumnTypeScanType: the type that the
// direct driver names, where it is one of Go's own or database/sql's; nil where
// that names none.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	col := r.column(i)
	if col.Go == "nil" {
		return nil
	}
	if t := scanTypes[col.Go]; t != nil {
		return t
	}
	if t := kindTypes[col.Kind]; t != nil {
		return t
	}
	return reflect.TypeFor[any]()
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.column(i).DB }

// ColumnTypeLength implements driver.RowsColumnTypeLength.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	col := r.column(i)
	return col.Length, col.HasLength
}

// ColumnTypeNullable implements driver.RowsColumnTypeNullable.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	col := r.column(i)
	return col.Nullable, col.HasNullable
}

// ColumnTypePrecisionScale implements driver.RowsColumnTypePrecisionScale.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	col := r.column(i)
	return col.Precision, col.Scale, col.HasDecimal
}
