//go:build unix

// This file starts PostgreSQL for tests.

package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/lib/pq"
)

// Postgres is the PostgreSQL server that the tests of this process share, with
// TLS. It starts with the first call and must stay up: make a database of your
// own in it with NewDatabase.
func Postgres(t testing.TB) *Server {
	t.Helper()
	return sharedPostgres.get(t, findPostgres)
}

// StartPostgres starts a PostgreSQL server that this test alone uses and that
// ends with it.
func StartPostgres(t testing.TB, o Options) *Server {
	t.Helper()
	return private(t, findPostgres, o)
}

// postgres is the engine; bin holds initdb and postgres of one version.
type postgres struct{ bin string }

func findPostgres() (engine, error) {
	dirs := places()
	for _, dir := range dirs {
		one := []string{dir}
		if server, ok := find(one, "postgres"); ok {
			// A link in PATH points to where its companions are.
			if real, err := filepath.EvalSymlinks(server); err == nil {
				one = append(one, filepath.Dir(real))
			}
			if initdb, ok := find(one, "initdb"); ok {
				return postgres{bin: filepath.Dir(initdb)}, nil
			}
		}
	}
	return nil, missing("PostgreSQL", "postgres and initdb", "make servers", "postgresql")
}

func (postgres) label() string      { return "PostgreSQL" }
func (postgres) kind() kind         { return kindPostgres }
func (postgres) accounts() []string { return []string{"postgres"} }

func (postgres) socket(dir string, port int) string {
	return filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))
}

func (p postgres) initialize(s *Server) error {
	return s.complete(filepath.Join(p.bin, "initdb"), "-D", s.data(), "-U", adminUser, "-E", "UTF8",
		"--locale=C", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256")
}

func (p postgres) command(s *Server) []string {
	// Three connections are kept for the administrator, who must get in when
	// the others are used up.
	const reserved = 3
	argv := []string{filepath.Join(p.bin, "postgres"), "-D", s.data()}
	settings := []string{
		"listen_addresses=" + s.Host,
		"port=" + strconv.Itoa(s.Port),
		"unix_socket_directories=" + s.dir,
		"max_connections=" + strconv.Itoa(s.options.MaxConnections+reserved),
		"superuser_reserved_connections=" + strconv.Itoa(reserved),
		// The data must survive a kill of the server, not of the machine.
		"fsync=off", "full_page_writes=off",
		"wal_level=minimal", "max_wal_senders=0", "max_wal_size=64MB", "min_wal_size=32MB",
		// Shared memory as a file in the data directory goes with it.
		"shared_buffers=32MB", "dynamic_shared_memory_type=mmap", "huge_pages=off",
		"jit=off", "timezone=UTC", "log_timezone=UTC",
	}
	if a := s.Authority; a != nil {
		settings = append(settings, "ssl=on", "ssl_cert_file="+a.certFile, "ssl_key_file="+a.key)
	}
	for _, setting := range append(settings, s.options.Settings...) {
		argv = append(argv, "-c", setting)
	}
	return argv
}

func (postgres) prepare(ctx context.Context, s *Server) error {
	db, err := s.engine.open(s.engine.admin(s))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range []string{
		"ALTER ROLE " + adminUser + " PASSWORD '" + password + "'",
		"CREATE ROLE " + appUser + " LOGIN CREATEDB PASSWORD '" + password + "'",
		"CREATE DATABASE " + appUser + " OWNER " + appUser,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// admin logs on to the one database that exists from the start.
func (postgres) admin(s *Server) Target {
	return s.As(adminUser, password).In("postgres").OverSocket()
}

func (postgres) open(t Target) (*sql.DB, error) {
	connector, err := pq.NewConnector(t.KeyValue())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func (postgres) create(name string) []string {
	return []string{"CREATE DATABASE " + name + " OWNER " + appUser}
}

func (postgres) drop(name string) string {
	return "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"
}

func (postgres) orderly() syscall.Signal { return syscall.SIGINT } // fast shutdown

func (postgres) end(ctx context.Context, db *sql.DB, database string) (left int, err error) {
	err = db.QueryRowContext(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = $1 AND pid <> pg_backend_pid()`, database).Scan(&left)
	return left, err
}
