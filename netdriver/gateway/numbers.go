// This file sees to it that a MySQL session reads its own last number, whatever connection it has leased, and never another client's.

package gateway

import (
	"context"
	"database/sql/driver"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lastID is what LAST_INSERT_ID() is for a session: 0 until its statements have
// drawn a number.
type lastID struct {
	n      uint64
	unsure bool   // it is known to nobody but the connection on which it was drawn
	after  string // the text that drew it, of which nobody has looked yet whether it gave it itself; "" for none

	here  bool // the session's connection has it, if nobody had that since
	blank bool // or it had none when the session's statements began there, likewise: one that is there was drawn by them
	// maybe are numbers that the driver told of statements on this connection, the
	// latest first, which may have been drawn or given; 0 is none. The connection has
	// the session's number if what it has is one of them: else it was somebody's
	// before.
	maybe [4]uint64
}

// elsewhere says that the session's connection is not known to have the number.
func (n *lastID) elsewhere() { n.here, n.blank, n.maybe = false, false, [4]uint64{} }

// told notes a number that was drawn by a statement, or given.
func (n *lastID) told(id uint64) {
	if !n.here {
		copy(n.maybe[1:], n.maybe[:])
		n.maybe[0] = id
	}
}

// mostPlain is the longest text that is looked at so: longer ones cost more than
// their number is worth.
const mostPlain = 8 << 10

var (
	// numbering are texts that read the number by one of its names. What stands in
	// double quotes is a name too in some sessions.
	numbering = map[string]telling{
		"mysql": {
			regexp.MustCompile(`\blast_insert_id\s*\(\s*\)|@@\s*((session|local)\s*\.\s*)?(identity\b|last_insert_id\b|\?)`),
			[]string{"insert_id", "identity"},
		},
	}
	// counting puts into a variable what the last statement counted, and no more.
	counting = regexp.MustCompile(`(?i)^\s*select\s+(found_rows|row_count)\s*\(\s*\)\s+into\s+@\w+\s*;?\s*$`)
	// giving are calls that set it, if they are made, and do not read it.
	giving = map[string]telling{"mysql": {regexp.MustCompile(`\blast_insert_id\s*\(\s*[^\s)]`), []string{"insert_id"}}}
	// moving are texts that set it.
	moving = map[string]telling{
		"mysql": {
			regexp.MustCompile(`\blast_insert_id\s*\(\s*[^\s)]|^\s*set\b(.*(@@|[.,]|\b(session|local)\b))?\s*(last_insert_id|identity)\s*:?=`),
			[]string{"insert_id", "identity"},
		},
	}
)

// hides reports whether a text of MySQL's may read the number although it does not
// name it: one that lists variables, and all of which nobody knows what it calls,
// but for GET DIAGNOSTICS.
func (l *lease) hides(text string) bool {
	if l.about.Type != "mysql" {
		return false
	}
	if l.code(text) != "changes-tables" && l.say(text, giving) {
		return true // nobody knows whether it made the call
	}
	switch l.code(text) {
	case "transaction", "empty":
		return false
	case "one-read", "reads-clock", "reads-catalog", "shows", "session":
		return listsVariables(text)
	}
	if listsVariables(text) {
		return true
	}
	if l.code(text) == "assigns" && l.verb(text) == "SELECT" || counting.MatchString(text) {
		return false // all that it calls is known
	}
	leaves, _ := l.leaves(text)
	return !leaves && l.verb(text) != "GET"
}

// listsVariables reports whether a text may list the server's variables: by SHOW, or
// from one of its tables, whose schema may be the session's own.
func listsVariables(text string) bool {
	return mentions(text, "variables") && (mentions(text, "show") || mentions(text, "_schema") ||
		mentions(text, "session_variables") || mentions(text, "system_variables") || mentions(text, "variables_by_thread"))
}

// mentions reports whether a text contains a word of small letters, in whatever
// case.
func mentions(text, word string) bool {
	first, last := word[0]|0x20, word[len(word)-1]|0x20
	for i, j := 0, len(word)-1; j < len(text); i, j = i+1, j+1 {
		if text[i]|0x20 == first && text[j]|0x20 == last && strings.EqualFold(text[i:j+1], word) {
			return true
		}
	}
	return false
}

// renumber gives the connection the session's number before a text that may read
// it. Where only one connection knows that number, a text that names it is refused
// on any other, or looked at afterwards where that is early enough; to what does
// not name it, it is 0 there, or what was drawn there since.
func (l *lease) renumber(ctx context.Context, text string, named bool) (later bool, err error) {
	l.doubt()
	if l.noticeOwn() && (l.last.here || l.last.blank && !named) {
		return false, nil
	}
	if l.last.unsure && l.last.here && named && l.mayLookLater(text) {
		return true, nil
	}
	if l.last.unsure && (l.last.here || l.last.maybe[0] != 0 || l.last.blank && named) {
		if err := l.find(ctx); err != nil || l.last.here {
			return false, err
		}
	}
	n := l.last.n
	if l.last.unsure {
		if n = 0; named {
			return false, errRecall
		}
	}
	err = l.setLast(ctx, n)
	if err != nil && !named && l.classOf(err).Answered() {
		err = nil // a server of another make, which has no such number
	}
	return false, err
}

// renumberOwn gives a connection that the session has for itself its number before a
// query of which nobody tells whether it draws one: then what is there afterwards is
// the session's.
func (l *lease) renumberOwn(ctx context.Context, text string) error {
	if l.about.Type != "mysql" || l.code(text) != "changes-tables" || l.onlyUpdates(text) || !l.noticeOwn() && !l.whole || l.last.here || l.last.blank {
		return nil
	}
	_, err := l.renumber(ctx, text, false)
	return err
}

var returning = regexp.MustCompile(`\breturning\b`)

// answers reports whether a text of MariaDB's may answer with rows though it inserts:
// then the driver tells no number.
func (l *lease) answers(text string) bool {
	return l.about.Type == "mysql" && mentions(text, "returning") && returning.MatchString(l.bare(text))
}

// find sees whether the connection that is leased is the one that knows the
// session's number: nobody had it since, and it has one that the driver told.
func (l *lease) find(ctx context.Context) error {
	if !l.own() {
		if err := l.ask(ctx); err != nil {
			return err
		}
	}
	if l.notice(); l.last.here || l.last.maybe[0] == 0 && !l.last.blank {
		return nil
	}
	var text string
	err := l.again(ctx, func(conn driver.Conn) (err error) {
		defer l.aside()()
		text, err = first(ctx, conn, "select cast(last_insert_id() as char)")
		return err
	})
	if err != nil {
		return err
	}
	l.between()
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil && n != 0 && (l.last.blank || slices.Contains(l.last.maybe[:], n)) {
		l.last = lastID{n: n, here: true}
		return nil
	}
	l.last.elsewhere()
	return nil
}

// setLast has the connection answer n to whoever asks for its last number.
func (l *lease) setLast(ctx context.Context, n uint64) error {
	value := strconv.FormatUint(n, 10)
	text := "set last_insert_id = " + value
	clears := l.hidden && !(l.own() && l.cleared)
	switch { // what else the text may read is nobody's
	case clears:
		text = "set last_insert_id = (select " + value + " from (" + nothing + ") x)"
	case l.hidden && !l.counted:
		text = "select last_insert_id(" + value + ")"
	}
	err := l.again(ctx, func(conn driver.Conn) error {
		defer l.aside()()
		_, err := execConn(ctx, conn, text, nil)
		return err
	})
	l.notice()
	l.last.elsewhere()
	l.between()
	l.cleared, l.counted = l.cleared || clears && err == nil, l.counted || l.hidden && err == nil
	l.last.here, l.last.blank, l.readied = err == nil && !l.last.unsure, err == nil && n == 0, err == nil
	return err
}

// drew notes what a statement that ran has made of the session's number. It is
// known where nothing was drawn, and where the driver tells one that no value of
// the statement's can be: else it may be what the statement itself put into the
// column, which LAST_INSERT_ID() does not tell.
func (l *lease) drew(text string, args []driver.NamedValue, res driver.Result, err error) {
	if l.about.Type != "mysql" || untouched(err) {
		return
	}
	code := l.code(text)
	if harmless[code] {
		return
	}
	moves := l.say(text, moving)
	if still[code] && !moves {
		return
	}
	l.notice()
	var n int64
	if err == nil && res != nil {
		n, err = res.LastInsertId()
	}
	id := uint64(n) //nolint:gosec // the driver's int64 is the server's unsigned number
	switch {
	case err != nil || l.hidden:
		l.last.unsure = true // what the connection has is the session's if it was before
	case code != "changes-tables" && moves:
		l.last.unsure, l.last.here = true, true
	case id != 0:
		plain := code == "changes-tables" && !moves && len(text) <= mostPlain && !gives(args, id)
		l.last.told(id)
		if l.last.n, l.last.unsure, l.last.after = id, !plain, ""; plain {
			l.last.after = text
		}
	case code != "changes-tables", (res == nil || l.answers(text)) && !moves && !l.onlyUpdates(text):
		l.last.unsure = true // nobody told whether it drew one: as above
	case moves:
		l.last.unsure, l.last.maybe = true, [4]uint64{} // it may have set 0, or nothing
	}
}

// doubt looks, when the number is asked for, whether the text that drew it may have
// put it into the column itself.
func (l *lease) doubt() {
	after := l.last.after
	if after == "" {
		return
	}
	l.last.after = ""
	switch {
	case !plainRows.MatchString(l.bare(after)) || given(after, l.last.n):
		l.last.unsure = true
	case !l.last.unsure && l.last.maybe[0] != 0:
		l.last.here = true // for it was drawn there
	}
}

// plainRows is an insert whose values are literals, arguments, NULL and defaults, as
// a fingerprint shows it: a number that is none of them was drawn.
var plainRows = func() *regexp.Regexp {
	const (
		name = `[\w$.]+`
		item = `(\?|- \?|null|default|\.\.\.)`
		row  = `\(` + item + `(, ` + item + `)*\)`
	)
	return regexp.MustCompile(`^(insert|replace) (into )?` + name + ` ?(` +
		`(\(` + name + `(, ` + name + `)*\) )?values? ?` + row + `(, (` + row + `|\.\.\.))*` +
		`|set ` + name + ` = ` + item + `(, ` + name + ` = ` + item + `)*)$`)
}()

var (
	digits  = regexp.MustCompile(`[0-9]+`)
	coded   = regexp.MustCompile(`(?i)[0-9.]e[+-]?[0-9]|\b0[xb]|(^|[^\w'"])[xb]'`) // numbers in other ways of writing
	leading = regexp.MustCompile(`^\s*[+-]?[0-9.]+(?i:e[+-]?[0-9]+)?`)
)

// highest are the greatest numbers that columns hold, to which a server that is not
// strict clips what is too great.
var highest = map[uint64]bool{
	1<<7 - 1: true, 1<<8 - 1: true, 1<<15 - 1: true, 1<<16 - 1: true, 1<<23 - 1: true, 1<<24 - 1: true, 1<<31 - 1: true, 1<<32 - 1: true,
}

// given reports whether a literal of a text may be the number n to the server, which
// rounds. It says so too often rather than too seldom.
func given(text string, n uint64) bool {
	if strings.Contains(text, `\`) || coded.MatchString(text) {
		return true
	}
	for _, run := range digits.FindAllString(text, -1) {
		if v, err := strconv.ParseFloat(run, 64); err == nil && (v == float64(n) || v+1 == float64(n) || math.Abs(v-float64(n)) <= float64(n)*rounds) {
			return true
		}
	}
	return false
}

// gives is given for arguments, and for what a server clips whatever it was given.
func gives(args []driver.NamedValue, n uint64) bool {
	if n >= 1<<63-1 || highest[n] { // also what is below 0
		return true
	}
	for _, a := range args {
		if means(a.Value, float64(n)) {
			return true
		}
	}
	return false
}

// rounds is how far a column may be from what it was given, a FLOAT at the worst.
const rounds = 1e-6

// near reports whether a column that rounds may make n of v.
func near(v, n float64) bool { return math.Abs(v-n) <= 1+n*rounds }

// means reports whether an argument may be about n to the server.
func means(v driver.Value, n float64) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return n <= 2
	case int64:
		return near(float64(v), n)
	case uint64:
		return near(float64(v), n)
	case float32:
		return near(float64(v), n)
	case float64:
		return near(v, n)
	case time.Time:
		return n > 1e7 || near(float64(v.Year()), n) // 20060102 and more digits, or 2006-01-02 up to the first dash
	case string:
		return begins(v, n)
	case []byte:
		return begins(string(v[:min(len(v), mostDigits+1)]), n)
	}
	return true
}

// mostDigits is how much of a text is looked at for the number with which it begins.
const mostDigits = 256

// begins reports whether a text may begin with about n.
func begins(text string, n float64) bool {
	whole := len(text) <= mostDigits
	text = strings.TrimLeft(text[:min(len(text), mostDigits)], " \t\n\v\f\r")
	if text == "" || !strings.ContainsRune("+-.0123456789", rune(text[0])) {
		return text == "" && !whole
	}
	run := leading.FindString(text)
	f, err := strconv.ParseFloat(run, 64)
	return run != "" && err != nil || near(f, n) || len(run) == len(text) && !whole
}
