// This file notices that a database has ended a transaction by itself, so that nothing runs outside that was meant inside.

package gateway

import (
	"context"
	"database/sql/driver"
	"regexp"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// errOver is what a client hears that would go on in such a transaction.
var errOver = refused{wire.ErrorProtocol, "the database has ended the transaction upon an earlier error; roll back and begin again"}

// outside tells with MariaDB whether no transaction is open; MySQL has no such
// variable.
const outside = "select not @@in_transaction"

// overAsks are the errors of MySQL's that end a transaction, or may: what says
// whether it is over where outside is not answered, "" where it is.
var overAsks = map[string]string{
	"1213": "",                                    // a deadlock, with MariaDB also one of GET_LOCK, which ends nothing
	"1206": "",                                    // no room for more locks
	"1205": "select @@innodb_rollback_on_timeout", // with MariaDB also where LOCK TABLES was waited for, which ends nothing
	"1020": "",                                    // with innodb_snapshot_isolation
}

// ends reports whether a text about transactions may end the one that is open: each
// but those that begin one, and those about savepoints.
func (l *lease) ends(text string) bool {
	switch l.verb(text) {
	case "SAVEPOINT", "RELEASE", "BEGIN", "START":
		return false
	case "ROLLBACK":
		return !backTo.MatchString(l.bare(text))
	}
	return true
}

// committing are the verbs before which MySQL commits, whatever comes of the
// statement itself.
var committing = words("ALTER", "ANALYZE", "CREATE", "DROP", "FLUSH", "GRANT", "LOCK", "OPTIMIZE", "RENAME", "REPAIR", "REVOKE", "TRUNCATE")

// commits reports whether a text ends a transaction of MySQL's by the way.
func (l *lease) commits(text string) bool {
	return l.about.Type == "mysql" && committing[l.verb(text)] && !mentions(text, "temporary")
}

// backTo are rollbacks to a savepoint.
var backTo = regexp.MustCompile(`^\s*rollback\s+((work|transaction)\s+)?to\b`)

// endedTx reports whether the database has rolled the transaction back because of
// an error. SQLite does so after errors of many kinds, and a BEGIN tells: it is
// refused within a transaction.
func (l *lease) endedTx(err error) bool {
	ctx, stop := context.WithTimeout(context.Background(), undoLimit)
	defer stop()
	defer l.aside()()
	switch l.about.Type {
	case "mysql":
		return l.endedByMySQL(ctx, err)
	case "sqlite":
		if _, err := execConn(ctx, l.conn, "begin", nil); err != nil {
			return false
		}
		_, _ = execConn(ctx, l.conn, "rollback", nil)
		return true
	}
	return false
}

func (l *lease) endedByMySQL(ctx context.Context, err error) bool {
	for code, ask := range overAsks {
		if !backend.Names([]string{code}, l.about.Codes(err)) {
			continue
		}
		l.between()
		over, answered := l.yes(ctx, outside)
		if !answered && ask != "" {
			over, answered = l.yes(ctx, ask)
		}
		return over || !answered
	}
	return false
}

// yes reports whether a query answers 1, and whether it answers at all.
func (l *lease) yes(ctx context.Context, text string) (yes, answered bool) {
	rows, err := queryConn(ctx, l.conn, text, nil)
	if err != nil {
		return false, false
	}
	defer rows.Close() //nolint:errcheck // what was read is what counts
	row := make([]driver.Value, 1)
	if rows.Next(row) != nil {
		return false, false
	}
	n, ok := row[0].(int64)
	return ok && n == 1, ok
}
