// This file sees to it that a MySQL session reads its own last number, whatever connection it has leased, and never another client's.

package gateway

import (
	"context"
	"database/sql/driver"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// lastID is what LAST_INSERT_ID() is for a session: 0 until its statements have
// drawn a number.
type lastID struct {
	n      uint64
	unsure bool // it is known to nobody but the connection on which it was drawn
	here   bool // the session's connection has it, if nobody had that since
}

var (
	// numbering are texts that read the number by one of its names. What stands in
	// double quotes is a name too in some sessions.
	numbering = map[string]*regexp.Regexp{
		"mysql": regexp.MustCompile(`\blast_insert_id\s*\(|@@\s*((session|local)\s*\.\s*)?(identity\b|last_insert_id\b|\?)`),
	}
	// moving are those that set it.
	moving = regexp.MustCompile(`\blast_insert_id\s*\(\s*[^\s)]|^\s*set\b.*\b(last_insert_id|identity|insert_id)\s*:?=`)
)

// hides reports whether a text of MySQL's may read the number although it does not
// name it: one that lists variables, and all of which nobody knows what it calls,
// but for GET DIAGNOSTICS.
func (l *lease) hides(text string) bool {
	if l.about.Type != "mysql" {
		return false
	}
	switch l.code(text) {
	case "one-read", "reads-clock", "reads-catalog", "shows", "session":
		return mentions(text, "variables")
	case "transaction", "empty":
		return false
	}
	leaves, _ := l.leaves(text)
	return !leaves && l.verb(text) != "GET"
}

// mentions reports whether a text contains a word of small letters, in whatever
// case.
func mentions(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// renumber gives the connection the session's number before a text that may read
// it. Where only one connection knows that number, a text that names it is refused
// on any other, or looked at afterwards where that is early enough; to what does
// not name it, it is 0 there.
func (l *lease) renumber(ctx context.Context, text string, named bool) (later bool, err error) {
	if l.noticeOwn() && l.last.here {
		return false, nil
	}
	if l.last.unsure && l.last.here && named && l.mayLookLater(text) {
		return true, nil
	}
	if l.last.unsure && l.last.here {
		if err := l.ask(ctx); err != nil {
			return false, err
		}
		if l.notice(); l.last.here {
			return false, nil
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

// setLast has the connection answer n to whoever asks for its last number.
func (l *lease) setLast(ctx context.Context, n uint64) error {
	err := l.again(ctx, func(conn driver.Conn) error {
		defer l.aside()()
		_, err := execConn(ctx, conn, "set last_insert_id = "+strconv.FormatUint(n, 10), nil)
		return err
	})
	l.notice()
	l.ran, l.last.here = false, err == nil && !l.last.unsure
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
	words := l.bare(text)
	moves := moving.MatchString(words)
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
	case code != "changes-tables" || moves || err != nil || res == nil, id != 0 && (!plainRows.MatchString(words) || given(text, args, id)):
		l.last.unsure, l.last.here = true, true
	case id != 0:
		l.last = lastID{n: id, here: true}
	}
}

// plainRows is an insert whose values are literals, arguments, NULL, defaults and
// the present moment, as a fingerprint shows it: a number that is none of them was
// drawn.
var plainRows = func() *regexp.Regexp {
	const (
		name = `[\w$.]+`
		item = `(\?|- \?|null|default|now\(\)|current_timestamp(\(\))?|\.\.\.)`
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

// given reports whether a literal of a text, or an argument, may be the number n to
// the server, which rounds. It says so too often rather than too seldom.
func given(text string, args []driver.NamedValue, n uint64) bool {
	if coded.MatchString(text) {
		return true
	}
	for _, run := range digits.FindAllString(text, -1) {
		if v, err := strconv.ParseUint(run, 10, 64); err == nil && (v == n || v+1 == n) {
			return true
		}
	}
	for _, a := range args {
		if means(a.Value, float64(n)) {
			return true
		}
	}
	return false
}

// means reports whether an argument may be about n to the server.
func means(v driver.Value, n float64) bool {
	near := func(f float64) bool { return math.Abs(f-n) <= 1+n*1e-15 }
	text := ""
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return n <= 2
	case int64:
		return near(float64(v))
	case float64:
		return near(v)
	case time.Time:
		return n > 1e7 // 20060102 and more digits
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return true
	}
	text = strings.TrimSpace(leading.FindString(text))
	if text == "" {
		return false
	}
	f, err := strconv.ParseFloat(text, 64)
	return err != nil || near(f)
}
