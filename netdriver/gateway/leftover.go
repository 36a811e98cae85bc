// This file keeps what statements leave behind in a database's session from everybody else, where their texts pin nothing: locks, and the numbers of the last statement.

package gateway

import (
	"context"
	"database/sql/driver"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// describer is a Database that tells what a text is, as a *fluxor.Connector does.
type describer interface {
	Describe(text string) fluxor.TextFacts
	Fingerprint(text string) string
}

// lockPin is the reason why a session keeps a lease that holds a lock.
const lockPin = "lock"

// locking are calls that take a lock for the session, by the database's type.
// What they lock stays locked whoever has the connection next.
var locking = map[string]telling{
	"postgres": {calls(`pg_(try_)?advisory_lock(_shared)?`), []string{"advisory_lock"}},
	"mysql":    {calls(`get_lock`), []string{"get_lock"}},
}

// telling is how texts of a kind are told: by what they say, and, to look closer at
// few of them, by the words of which each of them has one, in small letters.
type telling struct {
	says  *regexp.Regexp
	signs []string
}

// of reports whether a text may be of the kind.
func (t telling) of(text string) bool {
	return slices.ContainsFunc(t.signs, func(sign string) bool { return mentions(text, sign) })
}

// recalling are texts that read what a statement before them left that changed
// something, such as the number of a row; echoing are those that read what any did.
var (
	recalling = map[string]telling{
		"postgres": {calls(`lastval|currval`), []string{"lastval", "currval"}},
		"mysql":    {regexp.MustCompile(`\blastval\s*\(|\bprevious\s+value\s+for\b`), []string{"lastval", "previous"}},
		"sqlite":   {calls(`last_insert_rowid|changes|total_changes`), []string{"last_insert_rowid", "changes"}},
		"oracle":   {regexp.MustCompile(`\.\s*"?currval\b`), []string{"currval"}},
	}
	echoing = map[string]telling{
		"mysql": {
			regexp.MustCompile(`\b(found_rows|row_count)\s*\(|@@\s*((session|local)\s*\.\s*)?(warning_count|error_count)\b|` +
				`^\s*show\s+(count\s*\(\s*\*\s*\)\s*)?(warnings|errors)\b|\bget\s+(current\s+)?diagnostics\b`),
			[]string{"found_rows", "row_count", "warning_count", "error_count", "warnings", "errors", "diagnostics"},
		},
	}
)

func calls(names string) *regexp.Regexp { return regexp.MustCompile(`\b(` + names + `)\s*\(`) }

// harmless are the codes of texts that call nothing but what is known to read.
var harmless = map[string]bool{"one-read": true, "reads-clock": true, "reads-catalog": true}

// unquoted takes away what a name may be quoted in.
var unquoted = strings.NewReplacer(`"`, "", "`", "", "[", "", "]", "")

// bare is a text without its literals and the quotes of its names, in lower case;
// "" for one that calls nothing but what is known to read, and where nobody knows
// texts.
func (l *lease) bare(text string) string {
	d, ok := l.db.(describer)
	if !ok || harmless[l.code(text)] {
		return ""
	}
	return unquoted.Replace(strings.ToLower(d.Fingerprint(text)))
}

// say reports whether a text is of a kind.
func (l *lease) say(text string, kind map[string]telling) bool {
	t, ok := kind[l.about.Type]
	return ok && t.of(text) && t.says.MatchString(l.bare(text))
}

// leaves reports whether a text leaves the session as it was, and else why not.
func (l *lease) leaves(text string) (bool, string) {
	leaves, why := l.db.LeavesSession(text)
	if leaves && l.say(text, locking) {
		return false, lockPin
	}
	return leaves, why
}

// own reports whether the session has a connection for itself now.
func (l *lease) own() bool {
	return l.conn != nil && (l.tx != nil || l.pin != "" || l.whole && l.leased)
}

// errRecall is what a client hears that would read what another one's statement
// left.
var errRecall = refused{
	wire.ErrorDenied,
	"the statement reads what an earlier one left in the database's session, and that may be another client's; run both in one transaction, or with pool=session",
}

// defining are texts that write down for later what others will read; nothing of it
// runs now.
var defining = regexp.MustCompile(`^\s*create\s+(or\s+replace\s+)?` +
	`((temp|temporary|recursive|force|noforce|editionable|noneditionable|aggregate|algorithm\s*=\s*\w+|sql\s+security\s+\w+|` +
	`definer\s*=\s*[\w?%.]+(\s*@\s*[\w?%.]+)?)\s+)*(function|procedure|trigger|event|view|package)\b`)

// defines reports whether a text only writes down what it says.
func (l *lease) defines(text string) bool {
	return l.verb(text) == "CREATE" && defining.MatchString(l.bare(text))
}

// recall makes sure, before a statement that reads what an earlier one left, that
// this was the session's own. Where a look afterwards is early enough it says so:
// asking the database before would itself be the last statement.
func (l *lease) recall(ctx context.Context, text string) (later bool, err error) {
	recalls, echoes, named := l.say(text, recalling), l.say(text, echoing), l.say(text, numbering)
	if (echoes || recalls || named) && l.defines(text) {
		recalls, echoes, named = false, false, false // it reads nothing before it is called
	}
	if !recalls && l.mayDraw(text) {
		if err := l.forgetNumbers(ctx, text); err != nil {
			return false, err
		}
	}
	l.hidden = !named && l.hides(text)
	if echoes && l.hidden && !l.ran {
		echoes = false // there is nothing of the session's to be read, and nothing of others is left there
	}
	switch numbered := named || l.hidden; {
	case numbered && echoes: // to set the number would come between
		l.doubt()
		if l.noticeOwn(); !l.last.here {
			return false, errRecall
		}
	case numbered:
		later, err = l.renumber(ctx, text, named)
	}
	if err == nil && l.hidden && !(l.cleared && l.counted) {
		err = l.clear(ctx)
	}
	if err == nil && (recalls || echoes) {
		later, err = l.ensure(ctx, text, recalls, echoes)
	}
	return later, err
}

// ensure is recall for what only the connection knows where it was left.
func (l *lease) ensure(ctx context.Context, text string, recalls, echoes bool) (later bool, err error) {
	own := l.noticeOwn()
	echoed := !echoes || l.echoed(text)
	recalled := !recalls || l.recalled(text, own)
	if own {
		if !recalled || !echoed {
			err = errRecall
		}
		return false, err
	}
	switch {
	case !recalled || !echoed, echoes && (l.stores(text) || l.dresses()):
		return false, errRecall
	case l.mayLookLater(text):
		return true, nil
	case echoes: // the look beforehand would itself be the last statement
		return false, errRecall
	}
	err = l.ask(ctx)
	if err == nil && !l.continues() {
		err = errRecall
	}
	return false, err
}

// echoed reports whether the session itself has left what a text reads of the last
// statements.
func (l *lease) echoed(text string) bool {
	switch {
	case !l.ran:
		return false
	case !l.found && mentions(text, "found_rows"):
		return false // an insert, for one, leaves the number of before
	case l.cleared || !slices.ContainsFunc(warning, func(word string) bool { return mentions(text, word) }):
		return true
	}
	l.cleared, l.asked = l.asked != "" && l.ofTable(l.asked), ""
	return l.cleared
}

// warning are words of which each text has one that reads warnings.
var warning = []string{"warning_count", "error_count", "warnings", "errors", "diagnostics"}

// ofTable reports whether a query reads a table, for sure, by its outermost FROM: only
// then does MariaDB forget the warnings of before.
func (l *lease) ofTable(text string) bool {
	d, ok := l.db.(describer)
	if !ok || !harmless[l.code(text)] {
		return false
	}
	text = named.ReplaceAllString(strings.ToLower(d.Fingerprint(text)), "x")
	for inner := ""; inner != text; {
		inner, text = text, nested.ReplaceAllString(text, "")
	}
	from := table.FindStringSubmatch(text)
	return from != nil && from[1] != "dual"
}

var (
	named  = regexp.MustCompile("`[^`]*`")
	nested = regexp.MustCompile(`\([^()]*\)`)
	table  = regexp.MustCompile(`\bfrom ([\w.$]+)`)
)

// mayLookLater reports whether it is early enough to see after a text whose the
// connection was: it stores nothing, and the database lets it change nothing.
func (l *lease) mayLookLater(text string) bool {
	code := l.code(text)
	return code == "shows" || code == "session" && !l.stores(text)
}

// ask leases a connection by asking whether it lives.
func (l *lease) ask(ctx context.Context) error {
	err := l.again(ctx, func(conn driver.Conn) error {
		p, ok := conn.(driver.Pinger)
		if !ok {
			return errRecall
		}
		return p.Ping(ctx)
	})
	l.readied = err == nil
	return err
}

// dresses reports whether the gateway's own statements come before each of the
// session's: then what the last one left is of those.
func (l *lease) dresses() bool { return len(l.wishes) > 0 }

// stores reports whether a text may keep in the session what it reads, as SET does,
// where a look afterwards is too late.
func (l *lease) stores(text string) bool {
	verb := l.verb(text)
	return verb != "SELECT" && verb != "SHOW"
}

// verb is the first word of a text; "" where nobody knows it.
func (l *lease) verb(text string) string { return l.facts(text).Verb }

// code is the code of a text; "" where nobody knows it.
func (l *lease) code(text string) string { return l.facts(text).Code }

// described is what the text of the statement under way is.
type described struct {
	text  string
	facts fluxor.TextFacts
	idle  bool // it has made no row, for sure
}

// facts are what a text is, asked once in a statement: a long one is read anew each
// time that it is asked for.
func (l *lease) facts(text string) fluxor.TextFacts {
	d, ok := l.db.(describer)
	if !ok {
		return fluxor.TextFacts{}
	}
	if text == "" || l.under.text != text {
		l.under = described{text: text, facts: d.Describe(text)}
	}
	return l.under.facts
}

// changing are the codes of statements that may leave what others recall.
var changing = words("changes-tables", "sequence", "several-statements", "select-into")

// remember notes, before the lease goes back, what the session has left on its
// connection.
func (l *lease) remember(text string, err error) {
	l.notice()
	if err == nil && changing[l.code(text)] {
		l.wrote, l.drawn = true, l.drawn || !l.onlyUpdates(text) && (l.emptied || !l.early(text))
	}
	if err == nil || l.own() && !untouched(err) && !refusedHere(err) {
		moved := l.moves(text, err)
		l.ran, l.acted, l.inserted = true, l.acted || moved, l.inserted || moved && !l.onlyUpdates(text)
	}
	if l.about.Type == "mysql" {
		l.hear(text, err)
	}
}

// hear notes whether a statement of MySQL's has left a number of rows, and forgotten
// the warnings of others.
func (l *lease) hear(text string, err error) {
	switch {
	case err != nil:
		l.cleared = l.cleared || len(l.about.Codes(err)) > 0
	case l.code(text) == "changes-tables":
		l.cleared = true
	case l.verb(text) == "SELECT":
		l.found, l.counted = true, true
		if l.asked = ""; !l.cleared && len(text) <= mostPlain {
			l.asked = text
		}
	}
}

// nothing is a query of a table, so that MariaDB forgets the warnings of before.
const nothing = "select 1 from (select 1) x"

// clear forgets, before a text of which nobody knows what it calls, the warnings and
// the number of rows that may be another client's.
func (l *lease) clear(ctx context.Context) error {
	text := "do (" + nothing + ")"
	if l.cleared {
		text = "select 1" // which leaves the session's own warnings
	}
	err := l.again(ctx, func(conn driver.Conn) error {
		defer l.aside()()
		_, err := execConn(ctx, conn, text, nil)
		return err
	})
	l.notice()
	l.between()
	l.cleared, l.counted, l.readied = err == nil, err == nil, err == nil
	return err
}

// between says that a statement of the gateway's own was the last one.
func (l *lease) between() { l.ran, l.found = false, false }

// forget says that the session has left nothing on its connection.
func (l *lease) forget() {
	l.ran, l.found, l.counted, l.cleared, l.asked = false, false, false, false, ""
	l.wrote, l.drawn, l.acted, l.inserted, l.emptied = false, false, false, false, false
	l.last.elsewhere()
}

// still are the codes of statements that leave nothing of what others recall.
var still = words("one-read", "reads-clock", "reads-catalog", "session", "shows", "transaction", "empty", "locking-read", "assigns")

// refusedHere reports whether it was the gateway that refused a statement.
func refusedHere(err error) bool {
	var ours refused
	return errors.As(err, &ours)
}

// notice forgets what the session left where somebody else had the connection
// meanwhile: before what is leased now, for then it is the session's alone.
func (l *lease) notice() {
	if !l.noted && !l.continues() {
		l.forget()
	}
	l.noted = true
}

// noticeOwn is notice where the session has a connection for itself, and reports
// whether it has.
func (l *lease) noticeOwn() bool {
	own := l.own()
	if own {
		l.notice()
	}
	return own
}

// continues reports whether what is leased was nobody else's since the session had
// it.
func (l *lease) continues() bool {
	c, ok := undressed(l.conn).(interface{ Continues() bool })
	return ok && c.Continues()
}

// undressed is Fluxor's own connection below what a driver's package put on it.
func undressed(conn driver.Conn) driver.Conn {
	for {
		u, ok := conn.(interface{ Unwrap() driver.Conn })
		if !ok {
			return conn
		}
		conn = u.Unwrap()
	}
}
