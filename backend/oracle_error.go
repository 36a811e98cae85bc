// This file reads from godror's errors, without naming the driver, the number and what a person wants to read.

package backend

import (
	"errors"
	"regexp"
)

var (
	// godror writes the C structure of its parameters in front of Oracle's error
	// (drv.go, acquireConn), and the user with it.
	oracleDump = regexp.MustCompile(`(?s)(?:user="(?:[^"\\]|\\.)*" standalone|pool=\S+ stats=.*?) params=\{[^{}]*\}: `)
	// An error of ODPI-C has no number of Oracle's, which godror writes as 0.
	oracleZero = regexp.MustCompile(`ORA-00000: (DPI-[0-9]+:)`)
)

// OracleBrief is [Backend.Brief] for godror: the text of err without the
// parameters of the connect. The error itself stays what it is.
func OracleBrief(err error) string {
	return oracleZero.ReplaceAllString(oracleDump.ReplaceAllString(err.Error(), ""), "$1")
}

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

// OracleTerse is [Backend.Terse] for godror: Oracle quotes values in errors of
// statements ("ORA-03301: row with column values"), and RAISE_APPLICATION_ERROR takes
// any text. The numbers of other classes come with a text of Oracle's alone.
func OracleTerse(err error) string {
	n, _ := OracleCode(err)
	if class := OracleNumber(n); n == 0 || class != ClassVerdict && class != ClassUnknown {
		return ""
	}
	return oraCode(n)
}
