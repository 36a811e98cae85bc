// This file provokes errors that servers raise by themselves, and says by which code they come and what they mean.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// execed is the error of a statement.
func execed(t testing.TB, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, query string,
) error {
	t.Helper()
	_, err := db.ExecContext(t.Context(), query)
	return err
}

// session is one connection of the bare driver.
func session(t testing.TB, db *sql.DB, statements ...string) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, s := range statements {
		mustExec(t, c, s)
	}
	return c
}

// crossed has two sessions lock two rows in opposite order and returns the error
// of the one that is refused.
func crossed(t testing.TB, a, b *sql.Conn) error {
	t.Helper()
	mustExec(t, a, "update w set n = n + 1 where id = 1")
	mustExec(t, b, "update w set n = n + 1 where id = 2")
	first := make(chan error, 1)
	go func() { first <- execed(t, a, "update w set n = n + 1 where id = 2") }()
	second := execed(t, b, "update w set n = n + 1 where id = 1")
	return errors.Join(<-first, second)
}

func twoRows(t testing.TB, db *sql.DB) {
	t.Helper()
	mustExec(t, db, "create table w (id int primary key, n int)")
	mustExec(t, db, "insert into w values (1, 0), (2, 0)")
}

// postgresOwn are errors that PostgreSQL raises by itself.
var postgresOwn = map[string]struct {
	class   backend.Class
	provoke func(*testing.T, *sql.DB, *sql.DB) error // the second database is the administrator's
}{
	"40001": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		c := session(t, db, "begin isolation level repeatable read", "select * from w")
		mustExec(t, db, "update w set n = 7 where id = 1")
		return execed(t, c, "update w set n = 8 where id = 1")
	}},
	"40P01": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		return crossed(t, session(t, db, "begin"), session(t, db, "begin"))
	}},
	"55P03": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		session(t, db, "begin", "update w set n = 7 where id = 1")
		return execed(t, session(t, db, "set lock_timeout = '50ms'"), "update w set n = 8 where id = 1")
	}},
	"57014": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		return execed(t, session(t, db, "set statement_timeout = '50ms'"), "select pg_sleep(30)")
	}},
	"25006": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		return execed(t, session(t, db, "set default_transaction_read_only = on"), "delete from w")
	}},
	"25P02": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		c := session(t, db, "begin")
		_ = execed(t, c, "select 1 / 0")
		return execed(t, c, "select 1")
	}},
	"26000": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error { return execed(t, db, "execute nobody") }},
	"0A000": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		c := session(t, db, "prepare p as select * from w", "execute p", "alter table w add m int")
		return execed(t, c, "execute p")
	}},
	"23505": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		return execed(t, db, "insert into w values (1, 1)")
	}},
	"53400": {backend.ClassVerdict, func(t *testing.T, db, admin *sql.DB) error {
		c := session(t, db, "set work_mem = '64kB'")
		mustExec(t, admin, "alter system set temp_file_limit = '1MB'")
		mustExec(t, admin, "select pg_reload_conf()")
		defer func() {
			mustExec(t, admin, "alter system reset temp_file_limit")
			mustExec(t, admin, "select pg_reload_conf()")
		}()
		waitUntil(t, "the limit holds", func() bool {
			var limit string
			return c.QueryRowContext(t.Context(), "show temp_file_limit").Scan(&limit) == nil && limit == "1MB"
		})
		return execed(t, c, "select * from generate_series(1, 1000000) n order by random()")
	}},
}

func TestWhatPostgreSQLRaisesByItselfHasItsClass(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{})
	admin := s.Admin(t)
	for _, b := range networkBackends[:2] {
		for code, row := range postgresOwn {
			t.Run(b.name+"/"+code, func(t *testing.T) {
				db := b.raw(t, s.NewDatabase(t))
				mustBe(t, strings.Replace(b.name, "pq", "postgres", 1), row.provoke(t, db, admin), code, row.class)
			})
		}
	}
}

// TestASessionThatPostgreSQLEndsHasItsClass: lib/pq leaves only ErrBadConn of it,
// pgx the code.
func TestASessionThatPostgreSQLEndsHasItsClass(t *testing.T) {
	for code, setting := range map[string]string{
		"57P01": "select pg_terminate_backend(pg_backend_pid())",
		"25P03": "set idle_in_transaction_session_timeout = '20ms'; begin",
		"57P05": "set idle_session_timeout = '20ms'",
	} {
		t.Run(code, func(t *testing.T) {
			b := networkBackends[1]
			target := b.share(t).NewDatabase(t)
			c, admin := session(t, b.raw(t, target)), b.share(t).Admin(t)
			_, err := c.ExecContext(t.Context(), setting)
			waitUntil(t, "the session has ended", func() bool {
				n := 1
				return admin.QueryRow("select count(*) from pg_stat_activity where datname = $1", target.Database).Scan(&n) == nil && n == 0
			})
			if err == nil {
				err = execed(t, c, "select 1")
			}
			mustBe(t, "pgx", err, code, backend.ClassFatal)
		})
	}
}

func TestALoginThatPostgreSQLRefusesHasItsClass(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{MaxConnections: 2})
	for _, b := range networkBackends[:2] {
		name := strings.Replace(b.name, "pq", "postgres", 1)
		mustBe(t, name, b.raw(t, s.As("fluxor", "wrong")).PingContext(t.Context()), "28P01", backend.ClassLogin)
		full := b.raw(t, s.Target)
		var held []*sql.Conn
		waitUntil(t, "the process of the refused login has made room for two sessions", func() bool {
			c, err := full.Conn(t.Context())
			if err == nil {
				held = append(held, c)
			}
			return len(held) == 2
		})
		mustBe(t, name, b.raw(t, s.Target).PingContext(t.Context()), "53300", backend.ClassTooMany)
		_ = errors.Join(held[0].Close(), held[1].Close(), full.Close())
		waitUntil(t, "the connections are free", func() bool {
			db := b.raw(t, s.Target)
			defer db.Close() //nolint:errcheck // its answer is what counts
			return db.PingContext(t.Context()) == nil
		})
	}
	s.Stop(t)
	for _, b := range networkBackends[:2] {
		if got := backendNamed(t, strings.Replace(b.name, "pq", "postgres", 1)).Classify(b.raw(t, s.Target).PingContext(t.Context())); got != backend.ClassUnavailable {
			t.Errorf("%s: nobody listens, and it is of class %d", b.name, got)
		}
	}
}

// mariaOwn are errors that MariaDB raises by itself.
var mariaOwn = map[string]struct {
	class   backend.Class
	provoke func(*testing.T, *sql.DB, *sql.DB) error
}{
	"1205": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		session(t, db, "begin", "update w set n = 7 where id = 1")
		return execed(t, session(t, db, "set innodb_lock_wait_timeout = 0"), "update w set n = 8 where id = 1")
	}},
	"1213": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		return crossed(t, session(t, db, "begin"), session(t, db, "begin"))
	}},
	"1020": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		c := session(t, db, "set innodb_snapshot_isolation = on", "begin", "select * from w")
		mustExec(t, db, "update w set n = 7 where id = 1")
		return execed(t, c, "update w set n = 8 where id = 1")
	}},
	"1317": {backend.ClassVerdict, func(t *testing.T, db, admin *sql.DB) error {
		c := session(t, db)
		id := 0
		if err := c.QueryRowContext(t.Context(), "select connection_id()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- execed(t, c, "select count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b") }()
		waitUntil(t, "it runs", func() bool {
			n := 0
			return admin.QueryRow("select count(*) from information_schema.processlist where id = ? and info like 'select count(*) from seq%'", id).Scan(&n) == nil && n == 1
		})
		mustExec(t, admin, fmt.Sprintf("kill query %d", id))
		return <-ended
	}},
	"1969": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		return execed(t, session(t, db, "set max_statement_time = 0.05"), "select count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b")
	}},
	"1290": {backend.ClassVerdict, func(t *testing.T, db, admin *sql.DB) error {
		twoRows(t, db)
		mustExec(t, admin, "set global read_only = 1")
		defer mustExec(t, admin, "set global read_only = 0")
		return execed(t, db, "delete from w")
	}},
	"1792": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		return execed(t, session(t, db, "start transaction read only"), "delete from w")
	}},
	"1062": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error {
		twoRows(t, db)
		return execed(t, db, "insert into w values (1, 1)")
	}},
	"1243": {backend.ClassVerdict, func(t *testing.T, db, _ *sql.DB) error { return execed(t, db, "execute nobody") }},
	"1226": {backend.ClassTooMany, func(t *testing.T, _, admin *sql.DB) error {
		db := limitedUser(t, admin, "max_queries_per_hour 3")
		for {
			if err := execed(t, db, "select 1"); err != nil {
				return err
			}
		}
	}},
}

// limitedUser opens the server as an account with a limit.
func limitedUser(t testing.TB, admin *sql.DB, limit string) *sql.DB {
	t.Helper()
	mustExec(t, admin, "create or replace user few@'%' identified by 'few' with "+limit)
	s := dbtest.Target{}
	if err := admin.QueryRow("select @@port").Scan(&s.Port); err != nil {
		t.Fatal(err)
	}
	return openName(t, "mysql", fmt.Sprintf("few:few@tcp(127.0.0.1:%d)/", s.Port))
}

func TestWhatMariaDBRaisesByItselfHasItsClass(t *testing.T) {
	b := networkBackends[2]
	s := dbtest.StartMariaDB(t, dbtest.Options{})
	admin := s.Admin(t)
	for code, row := range mariaOwn {
		t.Run(code, func(t *testing.T) {
			mustBe(t, "mysql", row.provoke(t, b.raw(t, s.NewDatabase(t)), admin), code, row.class)
		})
	}
}

func TestALoginThatMariaDBRefusesHasItsClass(t *testing.T) {
	b := networkBackends[2]
	s := dbtest.StartMariaDB(t, dbtest.Options{MaxConnections: 10, Settings: []string{"max_password_errors=2"}})
	admin := s.Admin(t)
	mustBe(t, "mysql", b.raw(t, s.As("fluxor", "wrong")).PingContext(t.Context()), "1045", backend.ClassLogin)
	limited := limitedUser(t, admin, "max_user_connections 1")
	session(t, limited)
	mustBe(t, "mysql", limited.PingContext(t.Context()), "1226", backend.ClassTooMany)
	mustExec(t, admin, "create user locked@'%' identified by 'x' account lock")
	mustBe(t, "mysql", b.raw(t, s.As("locked", "x")).PingContext(t.Context()), "4151", backend.ClassLogin)
	mustExec(t, admin, "create user clumsy@'%' identified by 'x'")
	for range 2 {
		_ = b.raw(t, s.As("clumsy", "wrong")).PingContext(t.Context())
	}
	mustBe(t, "mysql", b.raw(t, s.As("clumsy", "x")).PingContext(t.Context()), "4150", backend.ClassLogin)
	full := b.raw(t, s.Target)
	var held []*sql.Conn
	c, err := full.Conn(t.Context())
	for ; err == nil; c, err = full.Conn(t.Context()) {
		defer c.Close() //nolint:errcheck // the server is gone by then
		held = append(held, c)
	}
	mustBe(t, "mysql", err, "1040", backend.ClassTooMany)
	ended := make(chan error, 1)
	c = held[0]
	go func() { ended <- execed(t, c, "select sleep(30)") }()
	s.Stop(t)
	if got := backendNamed(t, "mysql").Classify(<-ended); got != backend.ClassDead && got != backend.ClassFatal {
		t.Errorf("the server stopped under a statement, and it is of class %d", got)
	}
	if got := backendNamed(t, "mysql").Classify(limited.PingContext(t.Context())); got != backend.ClassUnavailable {
		t.Errorf("nobody listens, and it is of class %d", got)
	}
}

// sqliteOwn are errors of SQLite's; the path is that of the file.
var sqliteOwn = map[string]struct {
	class   backend.Class
	provoke func(t *testing.T, db *sql.DB, path string) error
}{
	"5": {backend.ClassVerdict, func(t *testing.T, db *sql.DB, _ string) error { // BUSY
		session(t, db, "begin immediate")
		return execed(t, session(t, db), "delete from w")
	}},
	"8": {backend.ClassVerdict, func(t *testing.T, db *sql.DB, _ string) error { // READONLY
		return execed(t, session(t, db, "pragma query_only = 1"), "delete from w")
	}},
	"13": {backend.ClassSick, func(t *testing.T, db *sql.DB, _ string) error { // FULL
		return execed(t, session(t, db, "pragma max_page_count = 3"), "insert into w values (3, zeroblob(1000000))")
	}},
	"19":   {backend.ClassVerdict, func(t *testing.T, db *sql.DB, _ string) error { return execed(t, db, "insert into w values (1, 1)") }},
	"1555": {backend.ClassVerdict, func(t *testing.T, db *sql.DB, _ string) error { return execed(t, db, "insert into w values (1, 1)") }},
	"1":    {backend.ClassVerdict, func(t *testing.T, db *sql.DB, _ string) error { return execed(t, db, "selct 1") }},
	"11": {backend.ClassSick, func(t *testing.T, db *sql.DB, path string) error { // CORRUPT
		return overwritten(t, db, path, 100)
	}},
	"26": {backend.ClassSick, func(t *testing.T, db *sql.DB, path string) error { // NOTADB
		return overwritten(t, db, path, 0)
	}},
	"14": {backend.ClassVerdict, func(t *testing.T, _ *sql.DB, path string) error { // CANTOPEN
		return execed(t, openName(t, "sqlite", "file:"+path+"/nowhere/x.db"), "create table x (n)")
	}},
}

// overwritten writes rubbish over the file from an offset on, and reads it.
func overwritten(t testing.TB, db *sql.DB, path string, from int64) error {
	t.Helper()
	_ = db.Close()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte(strings.Repeat("rubbish ", 1000)), from)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return execed(t, openName(t, "sqlite", "file:"+path), "insert into w values (9, 9)")
}

func TestWhatSQLiteRaisesByItselfHasItsClass(t *testing.T) {
	for code, row := range sqliteOwn {
		t.Run(code, func(t *testing.T) {
			dsn := dbtest.SQLite(t)
			db := openName(t, "sqlite", dsn)
			twoRows(t, db)
			path, _, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
			mustBe(t, "sqlite", row.provoke(t, db, path), code, row.class)
		})
	}
}
