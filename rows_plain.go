// This file stands in where database/sql lets no rows scan themselves.

//go:build !go1.27

package fluxor

import "database/sql/driver"

// present returns the handle.
func present(h rows) driver.Rows { return &h }
