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
	path, memory := x.path()
	if memory {
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
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		x.find("FX-1701", "%v", err)
		return true
	}
	_ = f.Close() // nothing was written
	return true
}

// path returns the file of the DSN; memory where there is none.
func (x *exam) path() (path string, memory bool) {
	plain, _ := dsn.Translate(x.understood.Form, x.DSN) // open has read both before
	native, _, _ := dsn.Split(dsn.Grammar{Form: x.understood.Form, Driver: x.understood.Driver}, plain)
	path, query, _ := strings.Cut(native, "?")
	values, _ := url.ParseQuery(query) // what it cannot read says nothing of memory
	if rest, uri := strings.CutPrefix(path, "file:"); uri {
		path = strings.TrimPrefix(strings.TrimPrefix(rest, "//localhost"), "//")
		if decoded, err := url.PathUnescape(path); err == nil {
			path = decoded
		}
	}
	memory = path == "" || path == ":memory:" || values.Get("mode") == "memory" || values.Get("vfs") == "memdb"
	return path, memory
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
	if _, memory := x.path(); memory {
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
