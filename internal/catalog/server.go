// This file asks what a server is, and which one, without its catalog.

package catalog

import (
	"context"
	"strings"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// servers ask for what refuses the whole database, and for nothing that takes
// privileges.
var servers = map[sqltext.Dialect]func(*loader) error{
	sqltext.PostgreSQL: func(l *loader) error { _, err := l.postgresServer(); return err },
	sqltext.MySQL:      func(l *loader) error { _, err := l.mysqlServer(); return err },
	sqltext.SQLite:     (*loader).sqliteServer,
	sqltext.Oracle: func(l *loader) error {
		role, err := l.value("select sys_context('USERENV', 'DATABASE_ROLE') from dual")
		if err == nil {
			l.oracleRole(role)
		}
		return err
	},
}

// Refusal asks, in a query or two, whether the server or its sessions are such that no
// answer of the database may be kept, and returns what Refuses says of them: for whoever
// does without the catalog.
func Refusal(ctx context.Context, d sqltext.Dialect, query Query) (why string, err error) {
	ask, known := servers[d]
	if !known {
		return "", ErrDialect
	}
	l := &loader{ctx: ctx, query: query, dialect: d, c: &Catalog{}}
	err = ask(l)
	return l.c.refusal, err
}

// identities ask who a server is. SQLite has none.
var identities = map[sqltext.Dialect]func(*loader) (string, error){
	sqltext.PostgreSQL: func(l *loader) (string, error) {
		return l.value("select extract(epoch from pg_postmaster_start_time())::text")
	},
	sqltext.MySQL:  (*loader).mysqlIdentity,
	sqltext.SQLite: func(*loader) (string, error) { return "", nil },
	sqltext.Oracle: func(l *loader) (string, error) {
		return l.value("select sys_context('USERENV', 'DB_UNIQUE_NAME') from dual")
	},
}

// Identity returns a text that is another where another server answers: behind one
// address it may be one that took over, with other rows. It is another as well when
// PostgreSQL or MariaDB was started again, which is how these two tell servers apart
// that are copies of each other; all instances of a cluster of Oracle's are one. A
// fingerprint says nothing across servers: PostgreSQL's counts a server's own transactions.
func Identity(ctx context.Context, d sqltext.Dialect, query Query) (string, error) {
	ask, known := identities[d]
	if !known {
		return "", ErrDialect
	}
	return ask(&loader{ctx: ctx, query: query, dialect: d, c: &Catalog{}})
}

// mysqlStart is when the server was started: it counts from there to when the
// statement began, which is what both functions look at.
const mysqlStart = `select cast(unix_timestamp() - variable_value as signed) from information_schema.global_status where variable_name = 'UPTIME'`

// mysqlIdentity is what an operator gives each server, and where MySQL's own identity is
// missing, as in MariaDB, when it was started: containers may be alike in all else.
func (l *loader) mysqlIdentity() (string, error) {
	rows, err := l.rows(2, "show global variables where variable_name in ('hostname', 'port', 'datadir', 'server_id', 'server_uuid')")
	if err != nil {
		return "", err
	}
	text, unique := "", false
	for _, row := range rows {
		text += row[0] + "=" + row[1] + "\n"
		unique = unique || strings.EqualFold(row[0], "server_uuid")
	}
	if unique {
		return text, nil
	}
	start, err := l.value(mysqlStart)
	return text + start, err
}
