//go:build unix

// This file starts MariaDB for tests.

package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MariaDB is the MariaDB server that the tests of this process share, with TLS.
// It starts with the first call and must stay up: make a database of your own
// in it with NewDatabase.
func MariaDB(t testing.TB) *Server {
	t.Helper()
	return sharedMariaDB.get(t, findMariaDB)
}

// StartMariaDB starts a MariaDB server that this test alone uses and that ends
// with it.
func StartMariaDB(t testing.TB, o Options) *Server {
	t.Helper()
	return private(t, findMariaDB, o)
}

// leastConnections is what MariaDB silently raises a lower max_connections to.
const leastConnections = 10

// mariadb is the engine.
type mariadb struct{ server, install string }

func findMariaDB() (engine, error) {
	dirs := places()
	server, ok1 := find(dirs, "mariadbd", "mysqld")
	install, ok2 := find(dirs, "mariadb-install-db", "mysql_install_db")
	if !ok1 || !ok2 {
		return nil, missing("MariaDB", "mariadbd and mariadb-install-db", "make servers", "mariadb-server")
	}
	return mariadb{server: server, install: install}, nil
}

func (mariadb) label() string      { return "MariaDB" }
func (mariadb) kind() kind         { return kindMariaDB }
func (mariadb) accounts() []string { return []string{"mysql"} }

func (mariadb) socket(dir string, _ int) string { return filepath.Join(dir, "mariadb.sock") }

// grants give the application all that it does to its own databases, but not
// what lets it past the connection limit.
const grants = `CREATE USER IF NOT EXISTS admin@'%' IDENTIFIED BY 'fluxor';
GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS fluxor@'%' IDENTIFIED BY 'fluxor';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER ON *.* TO fluxor@'%';
CREATE DATABASE IF NOT EXISTS fluxor;
`

// Each server has a directory of its own for temporary tables (--tmpdir): one
// that starts removes those of others that it finds in its own.

func (m mariadb) initialize(s *Server) error {
	if s.options.MaxConnections < leastConnections {
		return fmt.Errorf("MaxConnections is %d, but MariaDB grants at least %d", s.options.MaxConnections, leastConnections)
	}
	// The server runs this file before it answers the first client.
	if err := os.WriteFile(s.initFile(), []byte(grants), 0o644); err != nil {
		return err
	}
	return s.complete(m.install, "--no-defaults", "--datadir="+s.data(), "--tmpdir="+s.dir, "--skip-test-db",
		"--auth-root-authentication-method=normal", "--innodb-log-file-size=4M", "--innodb-flush-method=nosync")
}

func (s *Server) initFile() string { return filepath.Join(s.dir, "init.sql") }

func (m mariadb) command(s *Server) []string {
	argv := []string{
		m.server, "--no-defaults", "--datadir=" + s.data(), "--tmpdir=" + s.dir, "--init-file=" + s.initFile(),
		"--bind-address=" + s.Host, "--port=" + strconv.Itoa(s.Port), "--socket=" + s.Target.socket,
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--skip-name-resolve",
		"--extra-port=" + strconv.Itoa(s.side), "--extra-max-connections=20",
		"--max-connections=" + strconv.Itoa(s.options.MaxConnections),
		"--character-set-server=utf8mb4", "--default-time-zone=+00:00",
		// The data must survive a kill of the server, not of the machine.
		"--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--innodb-doublewrite=0",
		"--innodb-log-file-size=4M", "--innodb-buffer-pool-size=32M", "--innodb-buffer-pool-dump-at-shutdown=0",
		"--innodb-fast-shutdown=1", "--aria-pagecache-buffer-size=1M", "--key-buffer-size=1M",
		"--performance-schema=0",
	}
	if a := s.Authority; a != nil {
		argv = append(argv, "--ssl-ca="+a.rootFile, "--ssl-cert="+a.certFile, "--ssl-key="+a.key)
	}
	for _, setting := range s.options.Settings {
		argv = append(argv, "--"+setting)
	}
	return argv
}

// prepare has no account to make, the init file did; it gives the
// authority a name that a DSN can carry.
func (mariadb) prepare(_ context.Context, s *Server) error {
	if s.Authority == nil {
		return nil
	}
	return mysql.RegisterTLSConfig(tlsName(s.ca), s.Authority.ClientConfig())
}

// admin comes through a port with a connection limit of its own: the one
// connection that MariaDB keeps for administrators on the other port is taken
// for a moment by every client that it turns away.
func (mariadb) admin(s *Server) Target {
	target := s.As(adminUser, password).In("mysql")
	target.Port = s.side
	return target
}

func (mariadb) open(t Target) (*sql.DB, error) {
	config, err := mysql.ParseDSN(t.DSN())
	if err != nil {
		return nil, err
	}
	// While a server starts or dies, the driver would write each failure to
	// the standard error.
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func (mariadb) create(name string) []string { return []string{"CREATE DATABASE " + name} }

func (mariadb) drop(name string) string { return "DROP DATABASE IF EXISTS " + name }

func (mariadb) orderly() syscall.Signal { return syscall.SIGTERM }

func (mariadb) end(ctx context.Context, db *sql.DB, database string) (left int, err error) {
	var ids sql.NullString
	err = db.QueryRowContext(ctx, `SELECT group_concat(id) FROM information_schema.processlist
		WHERE db = ? AND id <> connection_id()`, database).Scan(&ids)
	if err != nil || ids.String == "" {
		return 0, err
	}
	for id := range strings.SplitSeq(ids.String, ",") {
		left++
		var gone *mysql.MySQLError // 1094: the session ended by itself
		if _, err := db.ExecContext(ctx, "KILL "+id); err != nil && !(errors.As(err, &gone) && gone.Number == 1094) {
			return left, err
		}
	}
	return left, nil
}
