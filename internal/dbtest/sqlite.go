// This file makes SQLite databases for tests.

package dbtest

import (
	"path/filepath"
	"strings"
	"testing"
)

// SQLite is the DSN of a database file of the test's own, which is removed
// with the test. params are "key=value", as modernc.org/sqlite takes them.
func SQLite(t testing.TB, params ...string) string {
	t.Helper()
	return withQuery("file:"+filepath.Join(t.TempDir(), "test.db"), params)
}

// SQLiteMemory is the DSN of a database in memory of the test's own, which
// exists as long as one connection to it is open.
func SQLiteMemory(t testing.TB, params ...string) string {
	t.Helper()
	name := strings.NewReplacer("/", "_", "#", "_", "?", "_", "%", "_").Replace(t.Name())
	return withQuery("file:"+name, append([]string{"mode=memory", "cache=shared"}, params...))
}
