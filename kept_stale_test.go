// This file tests what the statement cache must not carry from one call to a later one.

package fluxor_test

import (
	"bytes"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
)

// keepingOne is one of keeping, by its name.
func keepingOne(name string) networkBackend {
	all := keeping()
	return all[slices.IndexFunc(all, func(b networkBackend) bool { return b.name == name })]
}

// held is a session that ends with the test.
func held(t *testing.T, db *sql.DB) *sql.Conn {
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAFailedCallLeavesNothingInAKeptStatement(t *testing.T) {
	b := keepingOne("mysql")
	// What is longer than this divided by one more than the number of arguments
	// travels ahead of the call.
	db := b.fluxor(t, b.share(t).NewDatabase(t), "maxAllowedPacket=100000", "fluxor_stmt_cache_size=8")
	db.SetMaxOpenConns(1)
	mustExec(t, db, "create table w (n int, b longblob, at varchar(20))")
	insert := func(n int, b []byte, at time.Time) error {
		_, err := db.Exec("insert into w values (?, ?, ?)", n, b, at)
		return err
	}
	short, day := []byte("short"), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
	for range 3 {
		if err := insert(1, short, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := insert(2, bytes.Repeat([]byte("x"), 50_000), time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Fatal("the driver took a year that MySQL does not have")
	}
	if err := insert(3, short, day); err != nil {
		t.Fatal(err)
	}
	var length int
	var at string
	if err := db.QueryRow("select length(b), at from w where n = 3").Scan(&length, &at); err != nil {
		t.Fatal(err)
	}
	if length != len(short) || at != "2020-01-02" {
		t.Errorf("a row of %d bytes and %q was written, want %d and the day", length, at, len(short))
	}
}

// A statement that the cache prepared before a change is older than one that
// the caller prepared after it.
func TestAPreparedStatementDoesNotBorrowAKeptOne(t *testing.T) {
	b := keepingOne("pq")
	target := b.share(t).NewDatabase(t)
	direct := b.raw(t, target)
	mustExec(t, direct, "create table w (id int)")
	mustExec(t, direct, "insert into w values (1)")
	const text = "select * from w where id = $1"

	db := b.fluxor(t, target, "fluxor_stmt_cache_size=8")
	db.SetMaxIdleConns(1)
	first := held(t, db)
	for range 3 {
		mustScan(t, first.QueryRowContext(t.Context(), text, 1))
	}
	mustExec(t, direct, "alter table w add column more int default 2")
	st, err := db.Prepare(text) // on a second connection
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close() //nolint:errcheck // ends with the test
	other := sql.OpenDB(poolOf(t, db))
	defer other.Close()                                                  //nolint:errcheck // ends with the test
	mustScan(t, held(t, other).QueryRowContext(t.Context(), "select 1")) // holds it
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	var id, more int
	if err := st.QueryRow(1).Scan(&id, &more); err != nil {
		t.Errorf("on the first connection: %v", err)
	}
}

// The types of a statement's parameters and the tables behind its names are
// what they were when it was prepared. Only a new one learns of another
// session's changes.
func TestAKeptStatementIsReplacedBeforeItMisreadsArgumentsForLong(t *testing.T) {
	b := keepingOne("pq")
	target := b.share(t).NewDatabase(t)
	direct := b.raw(t, target)
	mustExec(t, direct, "create schema first")
	mustExec(t, direct, "create table w (n int, day date, share real)")
	db := b.fluxor(t, target, "fluxor_stmt_cache_size=8", "search_path=first,public")
	if err := fluxor.KeepBriefly(db); err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for n := range 6 {
		switch n {
		case 2:
			mustExec(t, direct, "alter table w alter day type timestamp, alter share type double precision")
		case 4:
			mustExec(t, direct, "create table first.w (n int, day timestamp, share double precision)")
		}
		mustExec(t, db, "insert into w values ($1, $2, $3)", n, at, 0.1)
	}
	for table, want := range map[string]int{"public.w": 2, "first.w": 2} {
		var right int
		err := direct.QueryRow("select count(*) from "+table+" where n > 1 and day = $1 and share = 0.1::double precision", at).Scan(&right)
		if err != nil || right != want {
			t.Errorf("%s: %d rows are what was sent (%v), want %d", table, right, err, want)
		}
	}
}

// No error would tell of it: a kept statement goes on with the types that its
// parameters had.
func TestTablesThatThisProgramChangesAreNewToAllItsConnections(t *testing.T) {
	b := keepingOne("pq")
	alter := "alter table w alter column at type timestamp using at"
	for name, change := range map[string]func(*testing.T, *sql.Conn){
		"a text": func(t *testing.T, c *sql.Conn) { mustExec(t, c, alter) },
		"a transaction": func(t *testing.T, c *sql.Conn) {
			tx, err := c.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, tx, alter)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		},
		"a transaction in texts": func(t *testing.T, c *sql.Conn) {
			for _, text := range []string{"begin", alter, "commit"} {
				mustExec(t, c, text)
			}
		},
		"several statements": func(t *testing.T, c *sql.Conn) { mustExec(t, c, "select 1; "+alter) },
	} {
		t.Run(name, func(t *testing.T) {
			db := b.fluxor(t, b.share(t).NewDatabase(t), "fluxor_stmt_cache_size=8")
			mustExec(t, db, "create table w (n int, at date)")
			user, changer := held(t, db), held(t, db)
			const insert = "insert into w values ($1, $2)"
			at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
			for n := range 3 {
				mustExec(t, user, insert, n, at)
			}
			change(t, changer)
			mustExec(t, user, insert, 9, at)
			var hour int
			if err := db.QueryRow("select extract(hour from at)::int from w where n = 9").Scan(&hour); err != nil {
				t.Fatal(err)
			}
			if hour != 3 {
				t.Errorf("the row has the hour %d, want 3", hour)
			}
		})
	}
}
