// This file makes *mysql.MySQLError of the errors of MySQL that came through a gateway.

// Package mysqlerr lets errors.As find a *mysql.MySQLError in the errors of
// package netdriver, as with go-sql-driver itself. Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/netdriver/mysqlerr"
package mysqlerr

import (
	"strconv"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/netdriver"
)

func init() { netdriver.RegisterRebuilder("mysql", rebuild) }

func rebuild(e *netdriver.Error) error {
	number, err := strconv.ParseUint(e.Code, 10, 16)
	if err != nil { // with a code the words are the server's, also where a context ended the statement
		return nil
	}
	native := &mysql.MySQLError{Number: uint16(number), Message: e.Text()}
	copy(native.SQLState[:], e.State)
	return native
}
