// This file is the databases: how an empty one is made, and which errors tell nothing of a cache.

package difffuzz

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"modernc.org/sqlite"

	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
)

// database is one driver over one kind of database.
type database struct {
	name    string
	driver  string // by its database/sql name
	dialect *dialect
	cleans  string                                // ends what a session holds; "" where its connection has to go
	start   func(t testing.TB, name string) maker // the name begins those of its databases
}

// maker makes empty databases, one for each play of a program. Its method
// returns the database's name, a DSN and what removes the database.
type maker interface {
	fresh() (name, dsn string, remove func(), err error)
}

var databases = []*database{
	{name: "pq", driver: "postgres", dialect: &postgres, cleans: "discard all", start: startPostgres},
	{name: "pgx", driver: "pgx", dialect: &postgres, start: startPostgres},
	{name: "mysql", driver: "mysql", dialect: &mariadb, start: startMariaDB},
	{name: "sqlite", driver: "sqlite", dialect: &lite, start: startSQLite},
}

// server makes databases in a server of the test process.
type server struct {
	name   string // of the databases, before a number
	admin  *sql.DB
	target dbtest.Target
	params []string
	create string
	drop   string
	made   int
}

// reader is a role of PostgreSQL that may see what it was granted.
const reader = "diff_reader"

func startPostgres(t testing.TB, name string) maker {
	shared := dbtest.Postgres(t)
	s := &server{
		name: databaseName(name), admin: shared.Admin(t), target: shared.Target, params: []string{"lock_timeout=5"},
		create: "create database %[1]s owner " + shared.User, drop: "drop database if exists %[1]s with (force)",
	}
	for _, text := range []string{
		"do $$ begin create role " + reader + "; exception when duplicate_object then null; end $$",
		"grant " + reader + " to " + shared.User,
	} {
		if _, err := s.admin.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func startMariaDB(t testing.TB, name string) maker {
	shared := dbtest.MariaDB(t)
	return &server{
		name: databaseName(name), admin: shared.Admin(t), target: shared.Target,
		params: []string{"multiStatements=true", "parseTime=true", "lock_wait_timeout=0", "innodb_lock_wait_timeout=0"},
		create: "create database %[1]s; create database %[1]s_s2", drop: "drop database if exists %[1]s; drop database if exists %[1]s_s2",
	}
}

func databaseName(name string) string {
	return "diff_" + strings.ToLower(strings.NewReplacer("/", "_", " ", "_").Replace(name[max(0, len(name)-30):]))
}

func (s *server) fresh() (name, dsn string, remove func(), err error) {
	s.made++
	name = fmt.Sprintf("%s_%d", s.name, s.made)
	if err := s.each(s.create, name); err != nil {
		return "", "", nil, err
	}
	return name, s.target.In(name).DSN(s.params...), func() { _ = s.each(s.drop, name) }, nil
}

// each runs the texts of a template, for an administrator one at a time.
func (s *server) each(template, name string) error {
	for text := range strings.SplitSeq(fmt.Sprintf(template, name), "; ") {
		if _, err := s.admin.ExecContext(context.Background(), text); err != nil {
			return err
		}
	}
	return nil
}

// files makes databases in a folder.
type files struct {
	folder string
	made   int
}

func startSQLite(t testing.TB, _ string) maker { return &files{folder: t.TempDir()} }

func (f *files) fresh() (name, dsn string, remove func(), err error) {
	f.made++
	name = filepath.Join(f.folder, fmt.Sprintf("%d.db", f.made))
	dsn = "file:" + name + "?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=busy_timeout(0)&_pragma=foreign_keys(1)"
	return name, dsn, func() {
		for _, end := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(name + end)
		}
	}, nil
}

// code is the database's own code of an error; "" without one.
func code(err error) string {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return string(e.Code)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return fmt.Sprint(e.Number)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return fmt.Sprint("sqlite ", e.Code()&0xff)
	}
	if e, ok := errors.AsType[*netdriver.Error](err); ok && e.Dialect == "sqlite" {
		n, _ := strconv.Atoi(e.Code)
		return fmt.Sprint("sqlite ", n&0xff)
	}
	return ""
}

// passing reports whether an error is of the moment: a lock that another of the
// program's own connections holds, which a cached answer need not wait for, or
// the age of a prepared statement, which the driver's next attempt may not see, or
// a connection that an earlier step left unusable.
func (d *database) passing(err error) bool {
	switch code(err) {
	case "":
		return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, errMeaningless)
	case "55P03", "40P01", "40001", // PostgreSQL: lock, deadlock, serialization
		"26000",                        // pgx does not know that DISCARD took its statements
		"1205", "1213", "1412", "1020", // MariaDB: lock, deadlock, newer definition, newer row
		"sqlite 5", "sqlite 6": // busy, locked
		return true
	case "0A000":
		return strings.Contains(err.Error(), "cached plan")
	}
	return false
}

// aborted reports whether an error says of a transaction of PostgreSQL that an
// earlier statement failed: the second of two reads hears it after the first
// failed.
func (d *database) aborted(err error) bool { return code(err) == "25P02" }
