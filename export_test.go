// This file gives the tests a hand on what no caller can set.

package fluxor

import (
	"database/sql"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// KeepAtOnce has the statement cache of db, where it has one, keep each text
// from its first use on. Nothing may have used db yet.
func KeepAtOnce(db *sql.DB) error {
	c, err := FromDB(db)
	if err != nil {
		return err
	}
	if k := c.main.keeper; k != nil {
		k.due = func(*sqltext.Known) bool { return true }
	}
	return nil
}
