// This file tests the query cache over SQLite in a file.

package fluxor_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// onSQLite runs a test on SQLite, in a file.
func onSQLite(t *testing.T, journal string, test func(k *shelf)) {
	dsn := dbtest.SQLite(t, "_pragma=busy_timeout(2000)", "_pragma=synchronous(0)", "_pragma=journal_mode("+journal+")")
	bare := openName(t, "sqlite", dsn)
	mustExec(t, bare, "create table items (id int primary key, name varchar(20), price int check (price > 0))")
	mustExec(t, bare, "insert into items values (1, 'one', 10), (2, 'two', 20), (3, 'three', 30)")
	db := openName(t, "sqlite-fluxor", dsn+"&fluxor_cache=all")
	b := networkBackend{name: "sqlite", bare: "sqlite", placeholder: "?", dsn: func(_ dbtest.Target, options ...string) string { return dsn + "&" + strings.Join(options, "&") }}
	k := &shelf{t: t, b: b, db: db, c: poolOf(t, db), bare: bare}
	k.learned()
	test(k)
}

func TestSQLitesAnswersAreFoundUntilTheirTableIsWritten(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		k.want("one", "miss not-there")
		k.want("one", "hit")
		k.exec(k.db, updateItem)
		k.want("NEW", "miss")
		k.want("NEW", "hit")
	})
}

func TestSQLitesSavepointsOutsideATransactionAreOnes(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		k.sees("one")
		c := k.conn()
		k.exec(c, "savepoint a")
		k.exec(c, updateItem)
		k.sees("one")
		k.exec(c, "release a")
		k.sees("NEW")
	})
}

func TestSQLitesStatementsThatRollTheTransactionBackLeaveTheRestWithoutOne(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		k.sees("one")
		tx := k.begin(k.db)
		if _, err := tx.ExecContext(t.Context(), "insert or rollback into items values (2, 'again', 1)"); err == nil {
			t.Fatal("a second item 2")
		}
		k.exec(tx, updateItem)
		k.sees("NEW")
		if err := tx.Commit(); err == nil {
			t.Fatal("there is a transaction")
		}
		k.sees("NEW")
	})
}

func TestASnapshotThatOpenRowsHoldIsForNobodyElse(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		c := k.conn()
		rows, err := c.QueryContext(t.Context(), "/* fluxor:nocache */ select name from items")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		k.exec(k.db, updateItem)
		k.wantOf(c, "one", "bypass in-transaction")
		k.sees("NEW")
		k.wantOf(c, "one", "bypass in-transaction")
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		k.wantOf(c, "NEW", "hit")
	})
}

func TestWhatAFailedStatementOfSQLitesHasDoneIsSeen(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		k.wantCount("select count(*) from items where price > 100", 0)
		if _, err := k.db.ExecContext(t.Context(), "update or fail items set price = case id when 3 then -1 else 1000 end"); err == nil {
			t.Fatal("the price may be negative")
		}
		k.wantCount("select count(*) from items where price > 100", 2)
	})
}

func TestACommitThatSQLiteRefusesLeavesNothing(t *testing.T) {
	onSQLite(t, "delete", func(k *shelf) {
		k.sees("one")
		c := k.conn()
		k.exec(c, "pragma busy_timeout = 1")
		reading, err := k.bare.QueryContext(t.Context(), "select name from items")
		if err != nil {
			t.Fatal(err)
		}
		defer reading.Close() //nolint:errcheck // it is closed below
		if !reading.Next() {
			t.Fatal(reading.Err())
		}
		tx := k.begin(c)
		k.exec(tx, updateItem)
		if err := tx.Commit(); err == nil {
			t.Fatal("the reader did not matter")
		}
		if err := reading.Close(); err != nil {
			t.Fatal(err)
		}
		if got, how := k.name(c, 1); got != "one" {
			t.Errorf("its own connection sees %q (%s)", got, how)
		}
		k.sees("one")
	})
}

func TestADatabaseInMemoryIsNeverKept(t *testing.T) {
	db := openName(t, "sqlite-fluxor", ":memory:?fluxor_cache=all")
	c := poolOf(t, db)
	for range 2 {
		var n int
		ctx, info := fluxor.CacheInfo(t.Context())
		if err := db.QueryRowContext(ctx, "select count(*) from sqlite_master").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if info.Status != "bypass" {
			t.Errorf("%+v", *info)
		}
	}
	if v := c.ExplainCache("select 1"); v.Kept || v.Why != "database-in-connection" {
		t.Errorf("%+v", v)
	}
}

// scanTypes are the Go types of a query's first column before its first row and at
// each, as far as they are read.
func (k *shelf) scanTypes(db *sql.DB, query string) (seen []string) {
	k.t.Helper()
	rows, err := db.QueryContext(k.t.Context(), query)
	if err != nil {
		k.t.Fatal(err)
	}
	defer rows.Close()
	for {
		types, err := rows.ColumnTypes()
		if err != nil {
			k.t.Fatal(err)
		}
		seen = append(seen, fmt.Sprint(types[0].ScanType()))
		if !rows.Next() {
			return seen
		}
	}
}

// TestRowsThatWereReadAheadHaveTheTypesOfTheirBegin asks for more rows than are
// kept: SQLite's columns have the type of the row at which the driver stands.
func TestRowsThatWereReadAheadHaveTheTypesOfTheirBegin(t *testing.T) {
	onSQLite(t, "wal", func(k *shelf) {
		const query = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500) select case when i > 900 then 'text' else i end from n"
		bare, got := k.scanTypes(k.bare, query), k.scanTypes(k.db, query)
		if first, last := 0, len(bare)-1; len(got) != len(bare) || got[first] != bare[first] || got[last] != bare[last] {
			t.Errorf("the types are %s to %s, on the bare driver %s to %s", got[0], got[len(got)-1], bare[0], bare[last])
		}
	})
}
