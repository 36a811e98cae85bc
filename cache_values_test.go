// This file tests the query cache with arguments that say themselves what they are.

package fluxor_test

import (
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// numerator gives another value each time.
type numerator int64

func (n *numerator) Value() (driver.Value, error) { *n++; return int64(*n), nil }

func TestWhatIsWrittenIsAskedForItsValueAsOftenAsBare(t *testing.T) {
	inserted := func(driverName, option string) (ids string) {
		db := openName(t, driverName, dbtest.SQLite(t)+option)
		mustExec(t, db, "create table t (id int)")
		var n numerator
		mustExec(t, db, "insert into t values (?)", &n)
		mustExec(t, db, "insert into t values (?)", &n) // whose schema is known now
		st, err := db.Prepare("insert into t values (?)")
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		for range 2 {
			if _, err := st.Exec(&n); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.QueryRow("select group_concat(id) from t").Scan(&ids); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if bare, got := inserted("sqlite", ""), inserted("sqlite-fluxor", "?fluxor_cache=all"); got != bare {
		t.Errorf("through the cache %s was inserted, by the driver %s", got, bare)
	}
}

// day is an enumeration whose pointer says what it is.
type day int

func (d *day) Value() (driver.Value, error) { return []string{"2026-01-02", "today", "now"}[*d], nil }

// noDay says something although it points to nothing, as database/sql lets it.
type noDay int

func (d *noDay) Value() (driver.Value, error) {
	if d == nil {
		return "now", nil
	}
	return "2026-01-02", nil
}

func TestAPointerThatSaysNowReadsTheClock(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "mysql" {
			return
		}
		dated, now := day(0), day(2)
		for name, row := range map[string]struct {
			arg  any
			kept bool
		}{
			"a date":                     {&dated, true},
			"now":                        {&now, false},
			"NULL":                       {(*sql.NullString)(nil), true},
			"nothing that says now":      {(*noDay)(nil), false},
			"a text behind a pointer":    {&sql.NullString{String: "2026-01-02", Valid: true}, true},
			"now behind another pointer": {&sql.NullString{String: "now", Valid: true}, false},
		} {
			ctx, info := fluxor.CacheInfo(t.Context())
			var at sql.NullString
			if err := k.db.QueryRowContext(ctx, "select $1::text::timestamptz::text from items where id = 1", row.arg).Scan(&at); err != nil {
				k.t.Errorf("%s: %v", name, err)
			}
			if got := info.Status == "miss" || info.Status == "hit"; got != row.kept {
				k.t.Errorf("%s: %s %s", name, info.Status, info.Why)
			}
		}
	})
}
