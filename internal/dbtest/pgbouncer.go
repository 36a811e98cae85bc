//go:build unix

// This file starts PgBouncer for tests, in front of a PostgreSQL server.

package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// PoolMode is when PgBouncer takes a server connection back from a client.
type PoolMode string

// The modes.
const (
	// PoolTransaction lends a server connection for one transaction.
	PoolTransaction PoolMode = "transaction"
	// PoolSession lends a server connection until the client leaves.
	PoolSession PoolMode = "session"
)

// StartPgBouncer starts a PgBouncer in front of one database, which this test
// alone uses and which ends with it. The result's target is that database
// behind the pooler. settings are further lines "name=value" of its
// configuration. Whatever its version, it does not follow prepared statements
// from one server connection to another, unless a setting says so.
func StartPgBouncer(t testing.TB, upstream Target, mode PoolMode, settings ...string) *Server {
	t.Helper()
	find := func() (engine, error) {
		binary, ok := find(places(), "pgbouncer")
		if !ok {
			return nil, missing("PgBouncer", "pgbouncer", "make servers", "pgbouncer")
		}
		version, err := exec.CommandContext(t.Context(), binary, "--version").Output()
		return pgbouncer{binary: binary, upstream: upstream, mode: mode, follows: follows(string(version))}, err
	}
	s := private(t, find, Options{Settings: settings})
	s.Target = s.Target.As(upstream.User, upstream.Password).In(upstream.Database)
	return s
}

// follows reports whether a version of PgBouncer knows the setting
// max_prepared_statements; older ones do not start with it.
func follows(version string) bool {
	var major, minor int
	_, err := fmt.Sscanf(version, "PgBouncer %d.%d", &major, &minor)
	return err == nil && (major > 1 || major == 1 && minor >= 21)
}

// pgbouncer is the engine. Its accounts and databases are those of the server
// behind it.
type pgbouncer struct {
	binary   string
	upstream Target
	mode     PoolMode
	follows  bool // it can follow prepared statements from session to session
}

func (pgbouncer) label() string      { return "PgBouncer" }
func (pgbouncer) kind() kind         { return kindPostgres }
func (pgbouncer) accounts() []string { return []string{"postgres"} }

func (pgbouncer) socket(dir string, port int) string {
	return filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))
}

func (p pgbouncer) initialize(s *Server) error {
	line := fmt.Sprintf("%q %q\n", p.upstream.User, p.upstream.Password)
	return os.WriteFile(filepath.Join(s.data(), "users.txt"), []byte(line), 0o644) //nolint:gosec // the pooler's account reads it
}

// command writes the configuration as well: the port is known only now, and
// the program takes it from nowhere else. If that fails the program says so.
func (p pgbouncer) command(s *Server) []string {
	lines := []string{
		"[databases]",
		fmt.Sprintf("* = host=%s port=%d", p.upstream.Host, p.upstream.Port),
		"[pgbouncer]",
		"listen_addr=" + s.Host,
		"listen_port=" + strconv.Itoa(s.Port),
		"unix_socket_dir=" + s.dir,
		"auth_type=scram-sha-256",
		"auth_file=" + filepath.Join(s.data(), "users.txt"),
		"pool_mode=" + string(p.mode),
		"max_client_conn=" + strconv.Itoa(s.options.MaxConnections),
	}
	if p.follows {
		lines = append(lines, "max_prepared_statements=0")
	}
	file := filepath.Join(s.data(), "pgbouncer.ini")
	_ = os.WriteFile(file, []byte(strings.Join(append(lines, s.options.Settings...), "\n")+"\n"), 0o644) //nolint:gosec // as above
	return []string{p.binary, file}
}

func (pgbouncer) prepare(context.Context, *Server) error { return nil }

// admin is the application: the pooler lets nobody else in.
func (p pgbouncer) admin(s *Server) Target {
	return s.As(p.upstream.User, p.upstream.Password).In(p.upstream.Database)
}

func (pgbouncer) open(t Target) (*sql.DB, error) { return postgres{}.open(t) }
func (pgbouncer) create(name string) []string    { return postgres{}.create(name) }
func (pgbouncer) drop(name string) string        { return postgres{}.drop(name) }
func (pgbouncer) orderly() syscall.Signal        { return syscall.SIGTERM }
func (pgbouncer) end(ctx context.Context, db *sql.DB, database string) (int, error) {
	return postgres{}.end(ctx, db, database)
}
