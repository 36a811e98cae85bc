//go:build !cgo

// This file stands in for godror where the binary is built without cgo.

package doctor

import (
	"context"
	"database/sql"
	"errors"
)

// oracleVersions is not reached: without cgo no connection to Oracle is opened.
func oracleVersions(context.Context, *sql.Conn) (versions, error) {
	return versions{}, errors.New("this binary was built without cgo")
}
