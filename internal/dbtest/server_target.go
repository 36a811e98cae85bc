// This file says where a database of a test server is and how to log on to it, in every form a DSN can take.

package dbtest

import (
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// Target is one database of a server and the account to log on with. It is a
// value: change a copy's fields to get a wrong password or another user.
type Target struct {
	// Host and Port are the TCP address, 127.0.0.1 and a free port.
	Host string
	Port int
	// User, Password and Database are an account that owns its databases and
	// is no superuser, so the server's connection limit holds for it.
	User, Password, Database string

	kind   kind
	socket string // file of the unix socket
	unix   bool   // the DSNs name the socket, not the address
	ca     string // file of the authority's certificate, empty without TLS
}

// kind is the family of a server, which decides how a DSN is written.
type kind int

const (
	kindPostgres kind = iota
	kindMariaDB
)

// Addr is the TCP address as host:port.
func (t Target) Addr() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

// Socket is the file of the server's unix socket.
func (t Target) Socket() string { return t.socket }

// CAFile is the file with the certificate that signed the server's; empty
// without TLS.
func (t Target) CAFile() string { return t.ca }

// At is the same database behind another TCP address, a proxy's for instance.
// It panics when addr is not host:port.
func (t Target) At(addr string) Target {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic("dbtest: " + err.Error())
	}
	if t.Port, err = strconv.Atoi(port); err != nil {
		panic("dbtest: " + err.Error())
	}
	t.Host, t.unix = host, false
	return t
}

// OverSocket is the same database reached through the unix socket.
func (t Target) OverSocket() Target {
	t.unix = true
	return t
}

// As is the same database with another account.
func (t Target) As(user, password string) Target {
	t.User, t.Password = user, password
	return t
}

// In is another database of the same server.
func (t Target) In(database string) Target {
	t.Database = database
	return t
}

// DSN is what the server's usual driver takes: the URL of PostgreSQL, the
// go-sql-driver form of MariaDB. params are "key=value", already escaped.
func (t Target) DSN(params ...string) string {
	if t.kind == kindPostgres {
		return t.URL(params...)
	}
	address := "tcp(" + t.Addr() + ")"
	if t.unix {
		address = "unix(" + t.socket + ")"
	}
	dsn := t.User + ":" + t.Password + "@" + address + "/" + url.PathEscape(t.Database)
	return withQuery(dsn, params)
}

// URL is the postgres:// or mysql:// form. params are "key=value", already
// escaped; PostgreSQL gets sslmode=disable unless they name an sslmode.
func (t Target) URL(params ...string) string {
	u := url.URL{Scheme: "mysql", User: url.UserPassword(t.User, t.Password), Host: t.Addr(), Path: "/" + t.Database}
	if t.kind == kindMariaDB {
		return withQuery(u.String(), params)
	}
	u.Scheme = "postgres"
	if t.unix {
		u.Host = ""
		params = append([]string{"host=" + url.QueryEscape(filepath.Dir(t.socket)), "port=" + strconv.Itoa(t.Port)}, params...)
	}
	return withQuery(u.String(), t.withSSLMode(params))
}

// KeyValue is libpq's "host=... dbname=..." form, for PostgreSQL only. params
// are "key=value" with the value quoted where libpq wants it; sslmode=disable
// is added as in [Target.URL].
func (t Target) KeyValue(params ...string) string {
	host := t.Host
	if t.unix {
		host = filepath.Dir(t.socket)
	}
	pairs := []string{
		"host=" + libpqQuote(host), "port=" + strconv.Itoa(t.Port),
		"user=" + libpqQuote(t.User), "password=" + libpqQuote(t.Password), "dbname=" + libpqQuote(t.Database),
	}
	return strings.Join(append(pairs, t.withSSLMode(params)...), " ")
}

// VerifyFull are the params that make the driver use TLS and verify the
// server's certificate and name: sslmode and sslrootcert for lib/pq and pgx, a
// registered tls configuration for go-sql-driver. It panics on a server
// without TLS.
func (t Target) VerifyFull() []string {
	if t.ca == "" {
		panic("dbtest: this server has no TLS: start it with Options{TLS: true}")
	}
	if t.kind == kindMariaDB {
		return []string{"tls=" + tlsName(t.ca)}
	}
	return []string{"sslmode=verify-full", "sslrootcert=" + t.ca}
}

func (t Target) withSSLMode(params []string) []string {
	for _, p := range params {
		if strings.HasPrefix(p, "sslmode=") {
			return params
		}
	}
	return append([]string{"sslmode=disable"}, params...)
}

func withQuery(dsn string, params []string) string {
	if len(params) == 0 {
		return dsn
	}
	return dsn + "?" + strings.Join(params, "&")
}

func libpqQuote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
