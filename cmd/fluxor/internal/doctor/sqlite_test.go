//go:build unix

// This file examines databases of SQLite.

package doctor

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
)

func TestSQLiteIsExaminedAndNotChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erp.db")
	db, err := sql.Open("fluxor", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE t (n INT)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		path:             "FX-1702 FX-1703 FX-1706",
		"sqlite:" + path: "FX-1702 FX-1703 FX-1706",
		"file:" + path + "?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)": "FX-1706",
		":memory:":              "FX-1704 FX-1702",
		"file:x.db?mode=memory": "FX-1704 FX-1702",
	} {
		if r := examined(t, dsn); ids(r) != want {
			t.Errorf("%s: got %s, want %s", dsn, ids(r), want)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file has changed (%v)", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the doctor left files: %v, %v", left, err)
	}
}

func TestMissingSQLiteFileIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not.db")
	examined(t, path)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there (%v)", err)
	}
}
