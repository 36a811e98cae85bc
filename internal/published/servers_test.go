// This file prepares private servers as the suites' own continuous integration does.

//go:build published

package published

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// accessRules are those of lib/pq's testdata/postgres/pg_hba.conf, and the
// local line through which the test kit itself comes in.
const accessRules = `
local      all  all                         trust
host       all  pqgomd5        127.0.0.1/32  md5
host       all  pqgopassword   127.0.0.1/32  password
host       all  pqgoscram      127.0.0.1/32  scram-sha-256
hostnossl  all  pqgossl        127.0.0.1/32  reject
hostnossl  all  pqgosslcert    127.0.0.1/32  reject
hostssl    all  pqgossl        127.0.0.1/32  trust
hostssl    all  pqgosslcert    127.0.0.1/32  cert
host       all  all            127.0.0.1/32  trust
`

// roles are those that lib/pq's continuous integration makes.
var roles = []string{
	"CREATE ROLE pqgo SUPERUSER LOGIN",
	"CREATE ROLE pqgossl LOGIN",
	"CREATE ROLE pqgosslcert LOGIN",
	"CREATE ROLE pqgopassword LOGIN PASSWORD 'wordpass'",
	"CREATE ROLE pqgoscram LOGIN PASSWORD 'wordpass'",
	"SET password_encryption = 'md5'",
	"CREATE ROLE pqgomd5 LOGIN PASSWORD 'wordpass'",
}

// hosts are the names by which lib/pq's tests reach their server.
const hosts = "127.0.0.1 localhost postgres postgres-invalid\n"

// postgres starts a server for the suites of lib/pq and pgx, which read
// certificates in folder ssl.
func postgres(t *testing.T, ssl string) *dbtest.Server {
	t.Helper()
	dir := serverFiles(t, map[string]string{"hba.conf": accessRules}, filepath.Join(ssl, "root.crt"), filepath.Join(ssl, "server.crt"), filepath.Join(ssl, "server.key"))
	s := dbtest.StartPostgres(t, dbtest.Options{Settings: []string{
		"hba_file=" + filepath.Join(dir, "hba.conf"),
		"ssl=on",
		"ssl_ca_file=" + filepath.Join(dir, "root.crt"),
		"ssl_cert_file=" + filepath.Join(dir, "server.crt"),
		"ssl_key_file=" + filepath.Join(dir, "server.key"),
	}})
	db := s.Admin(t)
	db.SetMaxOpenConns(1) // SET password_encryption holds for one session
	for _, statement := range roles {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return s
}

// freshPostgres empties the suites' database and returns the environment that
// leads to it.
func freshPostgres(t *testing.T, s *dbtest.Server, setup ...string) []string {
	t.Helper()
	db := s.Admin(t)
	for _, statement := range []string{"DROP DATABASE IF EXISTS pqgo WITH (FORCE)", "CREATE DATABASE pqgo OWNER pqgo"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	target := s.Target.As("pqgo", "").In("pqgo")
	own := s.Open(t, target)
	for _, statement := range setup {
		if _, err := own.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return []string{
		"GOFLAGS=-mod=mod -buildvcs=false",
		"GODEBUG=netdns=go", // Go's own resolver reads the file of hosts
		"PGHOST=localhost", "PGPORT=" + strconv.Itoa(s.Port), "PGUSER=pqgo", "PGDATABASE=pqgo", "PGSSLMODE=disable",
		"PGX_TEST_DATABASE=" + target.KeyValue(),
	}
}

// mariadb starts a server as go-sql-driver's continuous integration does.
func mariadb(t *testing.T) *dbtest.Server {
	t.Helper()
	return dbtest.StartMariaDB(t, dbtest.Options{MaxConnections: 50, TLS: true, Settings: []string{
		"max-allowed-packet=48M", "local-infile=1",
	}})
}

// freshMariaDB empties the suite's database and returns the environment that
// leads to it.
func freshMariaDB(t *testing.T, s *dbtest.Server) []string {
	t.Helper()
	db := s.Admin(t)
	for _, statement := range []string{"DROP DATABASE IF EXISTS gotest", "CREATE DATABASE gotest"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return []string{
		"GOFLAGS=-mod=mod -buildvcs=false",
		"MYSQL_TEST_USER=admin", "MYSQL_TEST_PASS=fluxor", "MYSQL_TEST_ADDR=" + s.Addr(),
		"MYSQL_TEST_DBNAME=gotest", "MYSQL_TEST_CONCURRENT=1",
	}
}

// serverFiles makes a folder that the server's account can read, with texts and
// copies of files. The account owns it, because the server wants its key so.
func serverFiles(t *testing.T, texts map[string]string, copies ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fluxor-published-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, file := range copies {
		text, err := os.ReadFile(file)
		must(t, err)
		texts[filepath.Base(file)] = string(text)
	}
	for name, text := range texts {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		giveAway(t, filepath.Join(dir, name))
	}
	giveAway(t, dir)
	return dir
}

// giveAway makes the account that the test kit runs PostgreSQL as the owner,
// where the tests run as root.
func giveAway(t *testing.T, name string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, account := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(account)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		must(t, os.Chown(name, uid, gid))
		return
	}
}
