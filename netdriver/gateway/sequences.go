// This file sees to it that a number which a session recalls, of a sequence or of SQLite's last row, is no other client's.

package gateway

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// recalled reports whether the session itself has left what a text recalls. Of
// those that read a number all but SQLite's changes() need more than an update.
func (l *lease) recalled(text string, own bool) bool {
	if l.about.Type == "sqlite" && !mentions(text, "last_insert_rowid") {
		return l.wrote || own && l.acted
	}
	return l.drawn || own && l.inserted && (l.emptied || l.about.Type != "postgres")
}

// onlyUpdates reports whether a text makes no row, and so draws no number.
func (l *lease) onlyUpdates(text string) bool {
	if l.under.idle && l.under.text == text {
		return true
	}
	code, verb := l.code(text), l.verb(text)
	if code == "changes-tables" && (verb == "UPDATE" || verb == "DELETE") {
		return true
	}
	return l.about.Type == "sqlite" && (code == "several-statements" || verb == "WITH") && !mentions(text, "insert") && !mentions(text, "replace")
}

// rowVerbs are the first words of SQLite's statements that move rows, and rowWords those
// of which each text has one that moves some: its functions move none.
var (
	rowVerbs = words("INSERT", "REPLACE", "UPDATE", "DELETE", "WITH")
	rowWords = []string{"insert", "replace", "update", "delete"}
)

// moves reports whether a text may leave what others recall, or where it failed may
// have: with SQLite one statement that fails leaves nothing.
func (l *lease) moves(text string, err error) bool {
	switch {
	case still[l.code(text)]:
		return false
	case l.about.Type != "sqlite":
		return true
	case err != nil && l.code(text) != "several-statements":
		return false
	case l.facts(text).Count == 1 && !rowVerbs[l.verb(text)]:
		return false
	}
	return slices.ContainsFunc(rowWords, func(word string) bool { return mentions(text, word) })
}

// snapless are the first words of statements of PostgreSQL's that take no snapshot: nor
// must anything before them, or a transaction of one snapshot would not see what was
// changed until its LOCK was granted. Of themselves they draw no number.
var snapless = words("LOCK", "SET", "FETCH", "MOVE", "CHECKPOINT")

// early reports whether nothing of the gateway's may come before a text: it begins with
// one of these and is that alone, or the first of several in what may be a transaction.
func (l *lease) early(text string) bool {
	return l.about.Type == "postgres" && snapless[l.verb(text)] && (l.facts(text).Count == 1 || l.own())
}

// mayDraw reports whether a text may draw a number of a sequence of PostgreSQL's, and
// nobody can tell: what the session recalls afterwards may be what the connection had
// before. Where nobody knows texts, none recalls anything.
func (l *lease) mayDraw(text string) bool {
	if l.about.Type != "postgres" || l.reads {
		return false
	}
	code := l.code(text)
	return code != "" && code != "changes-tables" && l.moves(text, nil) && !l.early(text)
}

// forgetNumbers has the connection forget the numbers that others have drawn there,
// unless the session's own are among them: whether they are is asked first where the
// text may read them, too, by what it calls. Where it fails nothing is recalled; the
// error is that there is no connection to ask.
func (l *lease) forgetNumbers(ctx context.Context, text string) error {
	own := l.noticeOwn()
	if (l.emptied || l.drawn) && !own && l.code(text) != "sequence" {
		switch err := l.ask(ctx); {
		case err == nil:
			l.notice()
		case !errors.Is(err, errRecall) && !l.classOf(err).Answered():
			return err
		}
	}
	if l.emptied || l.drawn || l.failed {
		return nil
	}
	err := l.again(ctx, func(conn driver.Conn) error {
		defer l.aside()()
		_, err := execConn(ctx, conn, "discard sequences", nil)
		return err
	})
	l.notice()
	l.emptied, l.readied = err == nil, err == nil
	if l.lost(err) || ctx.Err() != nil {
		return err
	}
	return nil
}

// disown takes out of an answer what SQLite's driver tells of a statement that moved
// no row: how many one before it changed, and its number, where that may have been
// another client's.
func (l *lease) disown(text string, end *wire.End) {
	if l.about.Type != "sqlite" {
		return
	}
	l.notice()
	moves := l.moves(text, nil)
	if l.code(text) == "changes-tables" {
		l.under.idle = end.Affected.N == 0
	}
	if !moves && !l.wrote && !l.acted {
		end.Affected.N = 0
	}
	if !(moves && end.Affected.N > 0 && !l.onlyUpdates(text)) && !l.drawn && !l.inserted {
		end.LastID.N = 0
	}
}
