//go:build unix

// This file puts a real Oracle database in the place of the double.

package dbtest

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// oracleVariable names godror's DSN of a schema of a real database, in which
// tables may be made and dropped: user=x password=y connectString=host:1521/service.
// Where it is set, tests use that schema, and those that need the double's faults
// or its trace are left out.
const oracleVariable = "FLUXOR_ORACLE_DSN"

// realOracle is the real database; nil where none is named.
func realOracle(t testing.TB) *OracleDatabase {
	t.Helper()
	text := os.Getenv(oracleVariable)
	if text == "" {
		return nil
	}
	d, ok := parseOracle(text)
	if !ok {
		t.Fatalf(`%s must be in the form user=x password="y" connectString=host:1521/service`, oracleVariable)
	}
	return d
}

var oraclePair = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]+)`)

// parseOracle reads the pairs of a DSN; those that it does not know go into
// every DSN as they are.
func parseOracle(text string) (*OracleDatabase, bool) {
	d := &OracleDatabase{real: true}
	for _, pair := range oraclePair.FindAllStringSubmatch(text, -1) {
		value := pair[2]
		if plain, err := strconv.Unquote(value); err == nil {
			value = plain
		}
		switch pair[1] {
		case "user":
			d.User = value
		case "password":
			d.Password = value
		case "connectString":
			d.address = value
		case "libDir":
			d.lib = value
		default:
			d.more = append(d.more, pair[1]+"="+value)
		}
	}
	return d, d.User != "" && d.Password != "" && d.address != ""
}

// needsDouble leaves the test out on a real database.
func (d *OracleDatabase) needsDouble(t testing.TB) {
	t.Helper()
	if d.real {
		t.Skip("needs the double of Oracle's client library, and " + oracleVariable + " names a real database")
	}
}

// Real reports whether the database is a real one.
func (d *OracleDatabase) Real() bool { return d.real }

// Name is a name for a table, a view or a sequence that no other test uses,
// also not one in another process at this moment. A test drops what it makes.
func (d *OracleDatabase) Name(stem string) string {
	return "fx_" + stem + "_" + strconv.FormatInt(int64(os.Getpid()), 36) + "_" + strconv.FormatInt(oracleCount.Add(1), 36)
}
