// This file asks what a server is, without its catalog.

package catalog

import (
	"context"

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
