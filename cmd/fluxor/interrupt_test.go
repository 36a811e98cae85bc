//go:build unix

// This file interrupts fluxor query as a terminal does and looks whether the statement is gone from the server.

package main

import (
	"bytes"
	"database/sql"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// child is the command in a process of its own.
type child struct {
	*exec.Cmd
	errOut bytes.Buffer
}

// newChild is a command line that is not started yet.
func newChild(t *testing.T, args ...string) *child {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.CommandContext(t.Context(), binary, args...)}
	c.Env, c.Stderr = append(os.Environ(), childVariable+"=1"), &c.errOut
	return c
}

func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := newChild(t, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// end ends a child that a failed test left, and shows what it said.
func (c *child) end(t *testing.T) {
	t.Helper()
	if t.Failed() {
		_ = c.Process.Kill() // an error means that it has ended
		_ = c.Wait()
		t.Log(c.errOut.String())
	}
}

// until polls what only the server knows.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// running counts the statements on the server whose text contains mark.
func running(t *testing.T, db *sql.DB, query, mark string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, "%"+mark+"%").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	runningPostgres = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()"
	runningMariaDB  = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE ? AND id <> connection_id()"
)

func TestInterruptedStatementIsGoneFromTheServer(t *testing.T) {
	pg, my := dbtest.Postgres(t), dbtest.MariaDB(t)
	pgDB, myDB := pg.NewDatabase(t), my.NewDatabase(t)
	for name, row := range map[string]struct {
		dsn, sql, count string
		admin           *sql.DB
	}{
		"lib/pq":                {pgDB.DSN(), "SELECT pg_sleep(600) /* one */", runningPostgres, pg.Admin(t)},
		"pgx":                   {pgDB.DSN("fluxor_driver=pgx"), "SELECT pg_sleep(600) /* two */", runningPostgres, pg.Admin(t)},
		"lib/pq, a long result": {pgDB.DSN(), "SELECT pg_sleep(0.001) FROM generate_series(1, 1000000) /* three */", runningPostgres, pg.Admin(t)},
		"MariaDB":               {myDB.DSN(), "SELECT SLEEP(600) /* four */", runningMariaDB, my.Admin(t)},
		"MariaDB, without rows": {myDB.DSN(), "DO SLEEP(600) /* five */", runningMariaDB, my.Admin(t)},
	} {
		t.Run(name, func(t *testing.T) {
			mark := row.sql[strings.Index(row.sql, "/*"):]
			c := startChild(t, "query", row.dsn, row.sql)
			defer c.end(t)
			until(t, "the statement runs", func() bool { return running(t, row.admin, row.count, mark) == 1 })
			if err := c.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // the exit code says it
			if c.ProcessState.ExitCode() != exitInterrupted || !strings.HasPrefix(c.errOut.String(), "fluxor: interrupted: ") {
				t.Errorf("exit code %d, %s", c.ProcessState.ExitCode(), c.errOut.String())
			}
			until(t, "the statement is gone", func() bool { return running(t, row.admin, row.count, mark) == 0 })
		})
	}
}

func TestTimeoutEndsTheStatementAndSaysSo(t *testing.T) {
	my := dbtest.MariaDB(t)
	code, _, errOut := fluxor(t.Context(), "query", my.NewDatabase(t).DSN(), "SELECT SLEEP(600) /* six */", "--timeout", "200ms")
	if code != exitFailed || !strings.Contains(errOut, "did not end within 200ms") || !strings.Contains(errOut, "the time ended") {
		t.Errorf("exit code %d, %s", code, errOut)
	}
	until(t, "the statement is gone", func() bool { return running(t, my.Admin(t), runningMariaDB, "/* six */") == 0 })
}

func TestNoDriverSpeaksBesideTheCommand(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() //nolint:errcheck // it served its purpose
	c := startChild(t, "doctor", "u:p@tcp("+silent.Addr().String()+")/d", "--timeout", "200ms")
	defer c.end(t)
	_ = c.Wait() // the exit code says it
	if said := c.errOut.String(); c.ProcessState.ExitCode() != exitFailed || !strings.HasPrefix(said, "fluxor: ") || strings.Count(said, "\n") != 1 {
		t.Errorf("exit code %d, %s", c.ProcessState.ExitCode(), said)
	}
}
