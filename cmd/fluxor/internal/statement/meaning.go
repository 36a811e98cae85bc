// This file says what an error means for whoever wants to repeat the statement.

package statement

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/result"
	"github.com/fluxor-db/fluxor/netdriver"
)

// Text is an error as it is shown: without the parameters of a connect that
// godror puts in front of Oracle's own words.
func Text(err error) string {
	if _, ok := backend.OracleCode(err); ok {
		return backend.OracleBrief(err)
	}
	return err.Error()
}

// Meaning says of an error what the driver's text does not: the SQLSTATE or the
// number, and whether repeating helps. It begins no sentence with the error.
func Meaning(err error) string {
	code := Code(err)
	if code != "" {
		code += ": "
	}
	return code + repeat(err)
}

// Code is the SQLSTATE or the number that an error carries; "" if none.
func Code(err error) string {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		code := fmt.Sprintf("error %d", my.Number)
		if my.SQLState != [5]byte{} {
			code += ", SQLSTATE " + string(my.SQLState[:])
		}
		return code
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return fmt.Sprintf("SQLite result code %d", lite.Code())
	}
	if code := gatewayCode(err); code != "" {
		return code
	}
	if n, ok := backend.OracleCode(err); ok { // its SQLSTATE is HY000 whatever happens
		return oracleCode(n)
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) && state.SQLState() != "" {
		return "SQLSTATE " + state.SQLState()
	}
	return ""
}

// oracleCode writes a number of Oracle's; ODPI-C's errors have none.
func oracleCode(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("ORA-%05d", n)
}

const outcomeUnknown = "the outcome is unknown; look whether the statement took effect before you repeat it"

// repeat says whether repeating the statement helps, and whether it is safe.
func repeat(err error) string {
	var lost *fluxor.IndeterminateError
	var refused *fluxor.RefusalError
	var unwritten *result.WriteError
	switch {
	case errors.As(err, &unwritten):
		return "the output could not be written; a statement that writes may have taken effect"
	case errors.Is(err, netdriver.ErrNoGateway):
		return notLetIn(err)
	case errors.As(err, &lost):
		return outcomeUnknown
	case errors.As(err, &refused):
		return "Fluxor refused it and nothing took effect; repeating is safe"
	case errors.Is(err, driver.ErrBadConn):
		return "the connection was gone before the statement left; repeating is safe"
	case cancelled(err):
		return "the server cancelled the statement; a transactional table keeps nothing of it"
	case transient(err):
		return "the statement was undone because of others; repeating it may succeed"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the time ended while the result came; a statement that also writes may have taken effect"
	}
	if said := ofGateway(err); said != "" {
		return said
	}
	return meanings[classOf(err)]
}

var meanings = map[backend.Class]string{
	backend.ClassUnknown:     "whether repeating helps is not known",
	backend.ClassVerdict:     "the database refused the statement; repeating it unchanged gives the same answer while the data stays as it is",
	backend.ClassFatal:       "the database refused the statement and ended the session; repeating is safe",
	backend.ClassDead:        "the connection broke; look whether the statement took effect before you repeat it",
	backend.ClassTooMany:     "the server grants no further connection; nothing was sent, repeat later",
	backend.ClassLogin:       "the login was refused; nothing was sent, and more tries may lock the account",
	backend.ClassUnavailable: "the server cannot be reached; nothing was sent, repeat later",
	backend.ClassSick:        "the database lacks memory or disk, or is damaged; the statement took no effect, look after the server",
}

// classOf asks the backends; the first that knows the error's type speaks. Oracle's
// goes by any number, and the others by a SQLSTATE that tells nothing with Oracle.
func classOf(err error) backend.Class {
	_, oracle := backend.OracleCode(err)
	for _, b := range backend.All() {
		if oracle != (b.Type == "oracle") {
			continue
		}
		if class := b.Classify(err); class != backend.ClassUnknown {
			return class
		}
	}
	return backend.ClassUnknown
}

func stateOf(err error) string {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState()
	}
	return ""
}

// cancelled reports whether the server says that the statement was cancelled.
func cancelled(err error) bool {
	if n, ok := backend.OracleCode(err); ok {
		return n == 1013
	}
	var my *mysql.MySQLError
	return stateOf(err) == "57014" || errors.As(err, &my) && my.Number == 1317
}

// transient reports whether others made the statement fail: a deadlock, a
// serialization failure, a lock that was not to be had.
func transient(err error) bool {
	if n, ok := backend.OracleCode(err); ok {
		return slices.Contains([]int{54, 60, 4061, 4065, 4068, 8177, 30006}, n)
	}
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return slices.Contains([]uint16{1205, 1213}, my.Number)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return slices.Contains([]int{5, 6}, lite.Code()&0xff) // SQLITE_BUSY, SQLITE_LOCKED
	}
	return slices.Contains([]string{"40001", "40P01", "55P03"}, stateOf(err))
}
