// This file examines SQLite.

package doctor

import (
	"context"
	"net/url"
	"os"
	"strings"

	"github.com/fluxor-db/fluxor/internal/dsn"
)

// file looks at the database file before anything is opened: SQLite would make
// one where there is none. It returns whether the examination can go on.
func (x *exam) file() bool {
	path, query := x.path()
	if inMemory(path, query) {
		x.check("sqlite.file", "none: in memory")
		x.find("FX-1704", "%s", x.at.address)
		return true
	}
	x.check("sqlite.file", "%s", path)
	st, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		x.find("FX-1705", "%s", path)
		return false
	case err != nil:
		x.find("FX-1004", "%v", err)
		return false
	case st.IsDir():
		x.find("FX-1004", "%s is a directory", path)
		return false
	}
	if query.Get("mode") == "ro" || query.Get("immutable") == "1" {
		return true // nobody means to write
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		x.find("FX-1701", "%v", err)
		return true
	}
	_ = f.Close() // nothing was written
	return true
}

// path returns the file of the DSN and its parameters, of which those that
// SQLite itself reads count in a URI alone.
func (x *exam) path() (path string, query url.Values) {
	plain, _ := dsn.Translate(x.understood.Form, x.DSN) // open has read both before
	native, _, _ := dsn.Split(dsn.Grammar{Form: x.understood.Form, Driver: x.understood.Driver}, plain)
	path, written, _ := strings.Cut(native, "?")
	query, _ = url.ParseQuery(written) // what it cannot read is none of those looked for
	rest, uri := strings.CutPrefix(path, "file:")
	if !uri {
		query.Del("mode")
		query.Del("immutable")
		return path, query
	}
	path = strings.TrimPrefix(strings.TrimPrefix(rest, "//localhost"), "//")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	return path, query
}

// inMemory reports whether a database has no file.
func inMemory(path string, query url.Values) bool {
	return path == "" || path == ":memory:" || query.Get("mode") == "memory" || query.Get("vfs") == "memdb"
}

func (x *exam) sqliteVersion(ctx context.Context) error {
	var text string
	err := x.c.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&text)
	x.check("server.version", "SQLite %s", text)
	return err
}

// sqliteNames are pragmas that only read.
var sqliteNames = []string{"journal_mode", "foreign_keys", "busy_timeout", "synchronous", "user_version"}

func (x *exam) sqliteSettings(ctx context.Context) error {
	values := make(map[string]string)
	for _, name := range sqliteNames {
		var value string
		if err := x.c.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value); err != nil {
			return err
		}
		values[name] = value
	}
	x.settings(values, sqliteNames...)
	if values["foreign_keys"] == "0" {
		x.find("FX-1702", "foreign_keys is 0")
	}
	if inMemory(x.path()) {
		return nil
	}
	if values["busy_timeout"] == "0" {
		x.find("FX-1703", "busy_timeout is 0")
	}
	if mode := values["journal_mode"]; mode != "wal" {
		x.find("FX-1706", "journal_mode is %s", mode)
	}
	return nil
}
