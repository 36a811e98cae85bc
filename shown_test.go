// This file looks for values of statements where logs and reports show errors: on real servers, with errors that quote them.

package fluxor_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// syncBuffer takes a log from several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// secret is what must not be shown.
const secret = "s3cr3t"

// telling are calls whose errors quote a value, but for the quiet ones, by the kind
// of database, and what the log has to show of each.
var telling = map[string][]struct {
	name, text string
	args       []any
	shows      string
	quiet      bool
}{
	"postgres": {
		{"a unique violation", "insert into u values ($1)", []any{secret}, "SQLSTATE 23505, constraint u_pkey", true},
		{"a check", "insert into u values ($1)", []any{secret + secret}, "SQLSTATE 23514, constraint u_short", true},
		{"a conversion", "select $1::text::int", []any{secret}, "SQLSTATE 22P02", false},
		{"a syntax error", "select 1 " + "'" + secret + "' '2'", nil, "SQLSTATE 42601", false},
		{"an exception", "do $$ begin raise exception '" + secret + "'; end $$", nil, "SQLSTATE P0001", false},
		{"an exception in the guise of a full server", "do $$ begin raise exception '" + secret + "' using errcode = '53300'; end $$", nil, "SQLSTATE 53300", false},
	},
	"pgx": {
		{"an argument whose own method fails", "select $1::int", []any{failingValuer{}}, "an error of the driver's (*fmt.wrapError)", false},
	},
	"mysql": {
		{"a unique violation", "insert into u values (?)", []any{secret}, "error 1062 (SQLSTATE 23000), key PRIMARY", false},
		{"a conversion", "insert into n values (?)", []any{secret}, "error 1366 (SQLSTATE 22007)", false},
		{"a syntax error", "selct '" + secret + "'", nil, "error 1064 (SQLSTATE 42000)", false},
		{"a signal", "begin not atomic signal sqlstate '45000' set message_text = '" + secret + "'; end", nil, "error 1644 (SQLSTATE 45000)", false},
		{"a signal in the guise of a full server", "begin not atomic signal sqlstate '08004' set mysql_errno = 1040, message_text = '" + secret + "'; end", nil, "error 1040 (SQLSTATE 08004)", false},
	},
	"sqlite": {
		{"a syntax error", "select 1 '2' '" + secret + "'", nil, "code 1", false},
		{"an exception", "insert into u values (?)", []any{secret}, "code 1811, 19", false},
	},
}

// failingValuer quotes itself.
type failingValuer struct{}

func (failingValuer) Value() (driver.Value, error) { return nil, fmt.Errorf("%s is no number", secret) }

// tellAll makes the calls of a kind and looks at what is shown.
func tellAll(t *testing.T, kind, name, dsn string) {
	t.Helper()
	for _, c := range telling[kind] {
		t.Run(name+"/"+c.name, func(t *testing.T) {
			for _, args := range []bool{false, true} {
				var log syncBuffer
				conn, err := fluxor.NewConnector(fluxor.RuntimeConfig{
					DSN: dsn, Driver: name, SlowQueryThreshold: 1, LogQueryArgs: args, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				if err != nil {
					t.Fatal(err)
				}
				db := sql.OpenDB(conn)
				_, err = db.ExecContext(t.Context(), c.text, c.args...)
				if err == nil || strings.Contains(err.Error(), secret) == c.quiet {
					t.Fatalf("the error does not tell it: %v", err)
				}
				shown := log.String() + fmt.Sprint(conn.LastErrors(), conn.Breaker(), conn.Diagnostics())
				if !args && strings.Contains(shown, secret) {
					t.Errorf("the value is shown:\n%s", shown)
				}
				if args && !strings.Contains(log.String(), secret) {
					t.Errorf("though arguments are logged, the value is not:\n%s", log.String())
				}
				if !args && !strings.Contains(log.String(), c.shows) {
					t.Errorf("%q is missing in\n%s", c.shows, log.String())
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestNoValueOfAStatementIsShownUnlessArgumentsAreLogged(t *testing.T) {
	pg := dbtest.Postgres(t).NewDatabase(t)
	plain := openName(t, "postgres", pg.URL())
	mustExec(t, plain, "create table u (n text primary key, constraint u_short check (length(n) < 10))")
	mustExec(t, plain, "insert into u values ('"+secret+"')")
	tellAll(t, "postgres", "postgres", pg.URL())
	tellAll(t, "postgres", "pgx", pg.URL())
	tellAll(t, "pgx", "pgx", pg.URL())

	my := dbtest.MariaDB(t).NewDatabase(t)
	plain = openName(t, "mysql", my.DSN())
	mustExec(t, plain, "create table u (n varchar(20) primary key)")
	mustExec(t, plain, "insert into u values ('"+secret+"')")
	mustExec(t, plain, "create table n (n int)")
	tellAll(t, "mysql", "mysql", my.DSN())

	file := dbtest.SQLite(t)
	plain = openName(t, "sqlite", file)
	mustExec(t, plain, "create table u (n text)")
	mustExec(t, plain, "create trigger no before insert on u begin select raise(abort, '"+secret+"'); end")
	tellAll(t, "sqlite", "sqlite", file)
}

// TestAnOutageIsShownInTheServersWords: what no statement can have caused stays
// readable.
func TestAnOutageIsShownInTheServersWords(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			db := b.fluxor(t, target.As(target.User, "wrong"))
			if err := db.PingContext(t.Context()); err == nil {
				t.Fatal("the login succeeded")
			}
			want := "password authentication failed for user"
			if b.name == "mysql" {
				want = "error 1045 (SQLSTATE 28000) (the login was refused)"
			}
			if last := poolOf(t, db).LastErrors(); len(last) != 1 || !strings.Contains(last[0].Text, want) {
				t.Errorf("%q is missing in %+v", want, last)
			}
		})
	}
}
