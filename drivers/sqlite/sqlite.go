// This file registers modernc.org/sqlite as a backend of Fluxor.

// Package sqlite brings SQLite through modernc.org/sqlite, which needs no cgo.
// Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/drivers/sqlite"
//
// It serves :memory:, file: URIs, sqlite: URLs and paths ending in .db,
// .sqlite or .sqlite3 under "fluxor", and every DSN under the driver name
// "sqlite-fluxor".
package sqlite

import (
	"database/sql/driver"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"modernc.org/sqlite"

	"github.com/fluxor-db/fluxor/backend"
)

func init() {
	backend.Register(backend.Backend{
		Name:        "sqlite",
		Type:        "sqlite",
		DriverName:  "sqlite",
		Alias:       "sqlite-fluxor",
		ImportPath:  "github.com/fluxor-db/fluxor/drivers/sqlite",
		Forms:       []backend.Form{backend.FormSQLite},
		Open:        open,
		Classify:    classify,
		ErrorCodes:  codes,
		Owns:        func(d driver.Driver) bool { _, ok := d.(*sqlite.Driver); return ok },
		SharedStmts: true,
		Keeping:     &backend.Keeping{Prepares: prepares, Age: age},
		PinMemory:   inMemory,
	})
}

// open uses the driver value that the package registered: functions,
// collations and hooks of the application act on that one.
func open(dsn string) (driver.Connector, error) { return backend.Registered("sqlite", dsn) }

// classify: an SQLite error is always a verdict, there is no server to lose. The
// primary code, its lowest byte, tells what is wrong with the file or the machine.
func classify(err error) backend.Class {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return backend.ClassUnknown
	}
	switch se.Code() & 0xff {
	case 7, 10, 11, 13, 26: // NOMEM, IOERR, CORRUPT, FULL, NOTADB
		return backend.ClassSick
	}
	return backend.ClassVerdict
}

// codes are the extended result code and the primary one, its lowest byte
// (SQLite, "Result and Error Codes").
func codes(err error) []string {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return nil
	}
	all := []string{strconv.Itoa(se.Code())}
	if primary := se.Code() & 0xff; primary != se.Code() {
		all = append(all, strconv.Itoa(primary))
	}
	return all
}

// inMemory reports whether the database lives in its connections only: the
// name ":memory:", an empty name (a temporary database), or mode=memory in a
// file: URI (SQLite, "In-Memory Databases" and "URI Filenames").
func inMemory(dsn string) bool {
	name, query, _ := strings.Cut(dsn, "?")
	name = strings.TrimPrefix(name, "file:")
	if name == ":memory:" || name == "" {
		return true
	}
	vals, err := url.ParseQuery(query)
	if err != nil {
		return strings.Contains(query, "mode=memory")
	}
	return vals.Get("mode") == "memory" || vals.Get("vfs") == "memdb"
}

// prepares: every text is prepared for its one run (conn.go, exec and query).
func prepares(driver.Conn) (withArgs, without bool) { return true, true }

// age: SQLite prepares a statement anew by itself when the schema changes.
func age(error, bool) backend.Age { return backend.AgeFits }
