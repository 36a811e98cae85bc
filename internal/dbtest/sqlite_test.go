// This file tests the SQLite databases of the test kit with the real driver.

package dbtest

import (
	"database/sql"
	"testing"

	_ "modernc.org/sqlite"
)

func TestSQLiteDatabasesAreSeparate(t *testing.T) {
	for name, dsn := range map[string]func(testing.TB, ...string) string{"file": SQLite, "memory": SQLiteMemory} {
		for _, run := range []string{"one", "two"} {
			t.Run(name+" "+run, func(t *testing.T) {
				db, err := sql.Open("sqlite", dsn(t, "_pragma=busy_timeout(5000)"))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				mustExec(t, db, "CREATE TABLE t (n int)")
			})
		}
	}
}
