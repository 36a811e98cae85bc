// This file is the databases that are broken: their servers, their drivers, and how a single session of theirs is killed.

package soak_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// database is one driver over one kind of server.
type database struct {
	name     string
	driver   string // by its database/sql name
	dollar   bool   // arguments are $1, $2; else ?
	settings []string
	start    func(testing.TB, dbtest.Options) *dbtest.Server
	share    func(testing.TB) *dbtest.Server
	proxy    func(target string) (*faultproxy.Proxy, error)
	dsn      func(t dbtest.Target, params ...string) string
	sessions string // the application's sessions, as the administrator sees them
	kill     func(admin *sql.DB, session int) error
}

var databases = []database{
	postgres("pq", "postgres"),
	postgres("pgx", "pgx"),
	{
		name: "mysql", driver: "mysql", settings: mariadbSettings,
		start: dbtest.StartMariaDB, share: dbtest.MariaDB, proxy: faultproxy.StartMySQL, dsn: dbtest.Target.DSN,
		sessions: "select id from information_schema.processlist where user = 'fluxor'",
		kill:     killConnection,
	},
}

// What a bank sets on its servers, with shorter times: transactions that
// somebody left, and sessions whose client is gone without a word, end. Pages
// are written so that a kill in the middle of a write cannot tear one.
var (
	postgresSettings = []string{
		"full_page_writes=on", "deadlock_timeout=100ms", "lock_timeout=2s",
		"idle_in_transaction_session_timeout=2s", "idle_session_timeout=20s",
	}
	mariadbSettings = []string{
		"innodb-doublewrite=1", "innodb-lock-wait-timeout=2", "idle-transaction-timeout=2", "wait-timeout=20",
	}
)

func postgres(name, driver string) database {
	return database{
		name: name, driver: driver, dollar: true, settings: postgresSettings,
		start: dbtest.StartPostgres, share: dbtest.Postgres, proxy: faultproxy.StartPostgres, dsn: dbtest.Target.URL,
		sessions: "select pid from pg_stat_activity where usename = 'fluxor'",
		kill:     killProcess,
	}
}

// killProcess ends a backend as the kernel does that runs out of memory.
func killProcess(_ *sql.DB, session int) error {
	if err := syscall.Kill(session, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// killConnection ends a session where it is a thread of the server.
func killConnection(admin *sql.DB, session int) error {
	_, err := admin.ExecContext(context.Background(), "kill "+strconv.Itoa(session))
	var gone *mysql.MySQLError
	if errors.As(err, &gone) && gone.Number == 1094 { // it ended by itself
		return nil
	}
	return err
}

// sessionsOf lists the application's sessions on a server.
func (d database) sessionsOf(admin *sql.DB) (sessions []int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rows, err := admin.QueryContext(ctx, d.sessions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		sessions = append(sessions, id)
	}
	return sessions, rows.Err()
}

// statement writes the values for the marks of a text: as arguments, or into
// the text.
func (d database) statement(text string, asArgs bool, values ...int64) (string, []any) {
	var b strings.Builder
	var args []any
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			b.WriteString(d.value(i, asArgs, values[i-1]))
		}
		b.WriteString(part)
	}
	if asArgs {
		for _, v := range values {
			args = append(args, v)
		}
	}
	return b.String(), args
}

func (d database) value(i int, asArg bool, v int64) string {
	switch {
	case !asArg:
		return strconv.FormatInt(v, 10)
	case d.dollar:
		return fmt.Sprintf("$%d", i)
	}
	return "?"
}

// The times of the run's policies.
const (
	acquireTimeout = 2 * time.Second
	queryTimeout   = 1500 * time.Millisecond
	networkTimeout = 2 * time.Second
	closeTimeout   = time.Second
	mostConns      = 6
)

// policies are what a bank would run with, the times shortened so that a run of
// a minute sees each of them end something.
func (d database) policies(target dbtest.Target) fluxor.RuntimeConfig {
	return fluxor.RuntimeConfig{
		Preset: "legacy", Driver: d.driver, DSN: d.dsn(target),
		MaxOpenConns: mostConns, MaxIdleConns: mostConns,
		AcquireTimeout: acquireTimeout, CloseTimeout: closeTimeout, NetworkTimeout: networkTimeout,
		ConnectionTimeout: 2 * time.Second, ValidationTimeout: 500 * time.Millisecond,
		ConnMaxLifetime: 15 * time.Second, ConnMaxIdleTime: 5 * time.Second,
		CircuitBreakerMaxFailures: 5, CircuitBreakerResetTimeout: time.Second, CircuitBreakerHalfOpenTimeout: 2 * time.Second,
		QueryTimeout: queryTimeout, MaxRetries: 3, RetryBackoff: 50 * time.Millisecond,
		MaxConcurrentConnections: 8, BackpressureMode: "timeout", BackpressureTimeout: time.Second,
	}
}
