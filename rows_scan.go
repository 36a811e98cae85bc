// This file lets rows scan themselves where the driver's do, which database/sql can since Go 1.27.

//go:build go1.27

package fluxor

import (
	"database/sql/driver"
	"io"
)

var _ driver.RowsColumnScanner = (*scanningRows)(nil)

// scanningRows are rows of a driver that scans into the caller's destinations
// itself (pgx). The methods may be there only if the driver has them, because
// database/sql then calls Next no more.
type scanningRows struct{ rows }

// present returns the handle with the methods that the driver's rows call for.
func present(h rows) driver.Rows {
	if _, scans := h.r.inner.(driver.RowsColumnScanner); scans {
		return &scanningRows{h}
	}
	return &h
}

func (h *scanningRows) NextRow() error {
	if !h.open() {
		return errRowsClosed
	}
	err := h.r.inner.(driver.RowsColumnScanner).NextRow()
	if err != nil && err != io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		return h.r.failed(err)
	}
	if err == nil {
		h.r.count++
	}
	return err
}

func (h *scanningRows) ScanColumn(scan driver.ScanContext, index int, dest any) error {
	if !h.open() {
		return errRowsClosed
	}
	return h.r.inner.(driver.RowsColumnScanner).ScanColumn(scan, index, dest)
}
