// This file reads the number of an Oracle error without naming a driver.

package backend

import "errors"

// OracleCode returns the number of the ORA- message that godror's error err, or
// one that it wraps, carries: 0 for an error of ODPI-C, which has none. ok is
// false where there is no such error; SQLite's errors have a Code too.
func OracleCode(err error) (code int, ok bool) {
	var e interface {
		error
		Code() int
		Message() string
		FunName() string
	}
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code(), true
}
