// This file tells what an exec has done.

package netdriver

import (
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var _ driver.Result = result{}

// result is what the database told of a statement without rows.
type result struct{ lastID, affected wire.Count }

// LastInsertId implements driver.Result.
func (r result) LastInsertId() (int64, error) { return count(r.lastID, "LastInsertId") }

// RowsAffected implements driver.Result.
func (r result) RowsAffected() (int64, error) { return count(r.affected, "RowsAffected") }

func count(c wire.Count, what string) (int64, error) {
	switch {
	case c.Known:
		return c.N, nil
	case c.Err != "":
		return 0, errors.New(c.Err)
	}
	return 0, errors.New("fluxor: the database does not tell " + what)
}
