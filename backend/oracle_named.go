// This file holds the rules for Oracle's pure Go drivers, which are used by name.

package backend

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oracleNames are the database/sql names of github.com/sijms/go-ora and
// github.com/oracle/go-oracledb; no package under drivers/ brings them.
var oracleNames = []string{"oracle", "oracledb"}

// oraclePackages begin the import paths of the same drivers.
var oraclePackages = []string{"github.com/sijms/go-ora", "github.com/oracle/go-oracledb"}

// describeOracle adds to the rules for a driver known by name, or by the package
// of its type, what holds for Oracle's pure Go drivers: go-ora answers
// driver.ErrBadConn for a connection lost under a statement that was sent
// (command.go), so it never counts as unsent.
func describeOracle(b Backend, name, pkg string) Backend {
	if !slices.Contains(oracleNames, name) && !isOraclePackage(pkg) {
		return b
	}
	b.Type, b.Classify, b.ErrorCodes, b.ErrBadConnLies = "oracle", OracleText, oracleTextCode, true
	return b
}

func isOraclePackage(pkg string) bool {
	return slices.ContainsFunc(oraclePackages, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}

// oraNumber is the number of Oracle's messages. go-ora leaves out the zeros of
// those that it has no text for.
var oraNumber = regexp.MustCompile(`\bORA-([0-9]{1,5})\b`)

// OracleText classifies by the first ORA- number in an error's text, for drivers
// whose errors tell it no other way: go-ora's has a field alone. What comes
// without a number is classified by [Common].
func OracleText(err error) Class {
	if err == nil {
		return ClassUnknown
	}
	found := oraNumber.FindStringSubmatch(err.Error())
	if found == nil {
		return Common(err)
	}
	n, _ := strconv.Atoi(found[1]) // up to five digits
	class := OracleNumber(n)
	if class == ClassVerdict && ofClient(n) {
		return ClassDead
	}
	return class
}

// oracleTextCode is [Backend.ErrorCodes] for the same drivers.
func oracleTextCode(err error) []string {
	found := oraNumber.FindStringSubmatch(err.Error())
	if found == nil {
		return nil
	}
	n, _ := strconv.Atoi(found[1]) // up to five digits
	return []string{oraCode(n)}
}

// ofClient reports whether a number is given by the network or the client, and
// not by the server: such an error says nothing of the statement's outcome.
func ofClient(n int) bool {
	return n == 6413 || 12150 <= n && n <= 12699 || 17000 <= n && n <= 17999
}
