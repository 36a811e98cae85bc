// This file tests rows and connections that were closed, and how long that takes.

package netdriver

import (
	"database/sql/driver"
	"io"
	"reflect"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestRowsThatAreClosedMayBeAskedForTheirColumns(t *testing.T) {
	c := held(t, open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.send(wire.TypeEnd, id, &wire.End{})
	}))
	below(c, func(cn *conn) error {
		got, err := cn.QueryContext(t.Context(), "select", nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := got.Close(); err != nil {
				t.Error(err)
			}
		}
		r := got.(*rows) //nolint:forcetypeassert // it is this driver's
		name, scan := r.ColumnTypeDatabaseTypeName(0), r.ColumnTypeScanType(0)
		_, length := r.ColumnTypeLength(0)
		_, nullable := r.ColumnTypeNullable(0)
		_, _, precision := r.ColumnTypePrecisionScale(0)
		if name != "" || scan != reflect.TypeFor[any]() || length || nullable || precision || len(r.Columns()) != 0 {
			t.Errorf("got %q, %v, %v, %v, %v, %v", name, scan, length, nullable, precision, r.Columns())
		}
		if err := r.Next(make([]driver.Value, 1)); err != io.EOF || r.HasNextResultSet() || r.NextResultSet() != io.EOF { //nolint:errorlint // the contract is identity
			t.Errorf("there is more: %v", err)
		}
		return nil
	})
}
