// This file holds users to reading: the database's session refuses changes, and their texts are such that they cannot talk it out of that.

package gateway

import (
	"context"
	"database/sql/driver"
	"regexp"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// readingVerbs are the first words of what a user may say who only reads. What
// begins otherwise could end the transaction in which the database refuses
// changes, or the session's mode.
var readingVerbs = map[string]map[string]bool{
	"postgres": words("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN"),
	"mysql":    words("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESC", "DESCRIBE"),
	"sqlite":   words("SELECT", "WITH", "VALUES", "EXPLAIN"),
	"oracle":   words("SELECT", "WITH"),
}

// suspect are the codes of texts that a server may read otherwise than they look,
// or that write files, lock rows or begin or end transactions.
var suspect = words(
	"transaction", "empty", "several-statements", "select-into", "locking-read", "conditional-comment", "escaped-name",
	"character-set", "quoting-mode", "unterminated", "unbalanced", "nul-byte", "too-long", "unknown-dialect",
)

func words(all ...string) map[string]bool {
	set := map[string]bool{}
	for _, w := range all {
		set[w] = true
	}
	return set
}

var errReadOnly = refused{wire.ErrorReadOnly, "the user may only read: one SELECT or the like at a time"}

// unheld says why the sessions of a database cannot be held to reading; "" if they
// can.
func unheld(db Database, byGrants bool) string {
	if _, ok := db.(describer); !ok {
		return "its connector does not tell what a text is"
	}
	switch t := db.Backend().Type; {
	case readingVerbs[t] == nil:
		return "its kind is not known"
	case t == "oracle" && !byGrants:
		return "a session of Oracle's cannot be held to reading; grant its account nothing but reading and say so by ReadOnlyByGrants"
	}
	return ""
}

// mayRun looks at the text of a user who only reads. It is the lesser guard: what
// a text calls is refused by the database, see fence.
func (s *session) mayRun(text string) error {
	if !s.owner.ReadOnly {
		return nil
	}
	d, ok := s.lease.db.(describer)
	if !ok {
		return errReadOnly
	}
	facts := d.Describe(text)
	if facts.Count != 1 || suspect[facts.Code] || !readingVerbs[s.lease.about.Type][facts.Verb] {
		return errReadOnly
	}
	if s.lease.about.Type == "sqlite" && pragma.MatchString(text) && (facts.Verb == "EXPLAIN" || pragma.MatchString(d.Fingerprint(text))) {
		return errReadOnly
	}
	return nil
}

// pragma is a word that SQLite carries out while it prepares a text, also behind
// EXPLAIN. Where it is part of a literal it does no harm.
var pragma = regexp.MustCompile(`(?i)\bpragma\b`)

// fence makes the database refuse changes until unfence, where the user only reads
// and is in no transaction, which refuses them itself. With PostgreSQL and MySQL it
// is a transaction of the gateway's: a function within it cannot end it, nor make
// it write (PostgreSQL, "SET TRANSACTION": not after the first snapshot), and the
// text cannot be one that does. Each text is prepared as well, so that the server
// itself refuses several. With SQLite it is the session's mode, which the lease's
// first statement brings, set anew for each that follows.
func (l *lease) fence(ctx context.Context) error {
	if l.reads && l.about.Type == "sqlite" && l.equipped > 0 {
		return l.again(ctx, func(conn driver.Conn) error {
			defer l.aside()()
			text, args := onlyReading.set("")
			_, err := execConn(ctx, conn, text, args)
			return err
		})
	}
	if !l.reads || l.tx != nil || !fenced(l.about.Type) {
		return nil
	}
	return l.again(ctx, func(conn driver.Conn) error {
		b, ok := conn.(driver.ConnBeginTx)
		if !ok {
			return errNoContext
		}
		tx, err := b.BeginTx(ctx, driver.TxOptions{ReadOnly: true})
		l.fencing = tx
		return err
	})
}

func fenced(dialect string) bool { return dialect == "postgres" || dialect == "mysql" }

// unfence ends what fence began; false where that failed, and with it the
// connection's use. It rolls back, which takes back what the text did to the
// session's settings.
func (l *lease) unfence() bool {
	tx := l.fencing
	l.fencing = nil
	return tx == nil || tx.Rollback() == nil
}

// beginning are the options of a user's transaction.
func (l *lease) beginning(o driver.TxOptions) driver.TxOptions {
	if l.reads && fenced(l.about.Type) {
		o.ReadOnly = true
	}
	return o
}
