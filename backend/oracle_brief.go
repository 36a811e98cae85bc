// This file shortens what godror says of a failed connect to what a person wants to read.

package backend

import "regexp"

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
