// This file tests rows that scan themselves, which database/sql can since Go 1.27.

//go:build go1.27

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// scanner is a driver whose rows scan themselves, as pgx's do.
type scanner struct{}

func (scanner) Connect(context.Context) (driver.Conn, error) { return scannerConn{}, nil }
func (scanner) Driver() driver.Driver                        { return &dbtest.Fake{} }

type scannerConn struct{}

func (scannerConn) Prepare(string) (driver.Stmt, error) { return nil, errMeddled }
func (scannerConn) Begin() (driver.Tx, error)           { return nil, errMeddled }
func (scannerConn) Close() error                        { return nil }
func (scannerConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &scannerRows{}, nil
}

type scannerRows struct{ n int }

func (r *scannerRows) Columns() []string { return []string{"a"} }
func (r *scannerRows) Close() error      { return nil }
func (r *scannerRows) NextRow() error {
	if r.n++; r.n > 1 {
		return io.EOF
	}
	return nil
}

func (r *scannerRows) Next(dest []driver.Value) error {
	dest[0] = "{1,2}"
	return r.NextRow()
}

func (r *scannerRows) ScanColumn(_ driver.ScanContext, _ int, dest any) error {
	*dest.(*[]int64) = []int64{1, 2}
	return nil
}

func TestRowsScanThemselvesAsOnTheBareDriver(t *testing.T) {
	wrapped, _ := wrap(t, scanner{}, fluxor.RuntimeConfig{})
	bare := sql.OpenDB(scanner{})
	defer bare.Close()
	for name, db := range map[string]*sql.DB{"bare": bare, "fluxor": wrapped} {
		var got []int64
		if err := db.QueryRowContext(t.Context(), "select array[1, 2]").Scan(&got); err != nil || !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
