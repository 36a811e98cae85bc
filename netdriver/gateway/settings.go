// This file brings what a client asked of its session to each connection that it leases, and takes it back.

package gateway

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// undoLimit bounds how long settings take to be taken back; the connection
	// goes where it is not enough.
	undoLimit = 5 * time.Second
	// mostSetting is the longest time zone or name of an application, mostLabels
	// how many labels there may be.
	mostSetting, mostLabels = 128, 64
)

// zoneText is what an Oracle session may be given as its zone: ALTER SESSION takes
// no argument, so nothing gets near it that could end a literal.
var zoneText = regexp.MustCompile(`^([A-Za-z]+(/[A-Za-z0-9_+\-]+){0,2}|[+-][0-9]{2}:[0-9]{2})$`)

// setting is a kind of setting: how a session is brought there and back. The
// value is an argument of each of them.
type setting struct {
	before string // asks what there was; "" where undo needs nothing
	set    func(value string) (text string, args []driver.NamedValue)
	undo   func(before string) (text string, args []driver.NamedValue)
	check  func(value string) bool // of what is set and what is undone; nil for all
}

// zones are how the time zone is set, by the database's type.
var zones = map[string]setting{
	"postgres": {
		set:  bound("select set_config('TimeZone', $1, false)"),
		undo: func(string) (string, []driver.NamedValue) { return "reset timezone", nil },
	},
	"mysql":  {before: "select @@session.time_zone", set: bound("set time_zone = ?"), undo: bound("set time_zone = ?")},
	"oracle": {before: "select sessiontimezone from dual", set: alterZone, undo: alterZone, check: zoneText.MatchString},
}

// onlyReading is how a SQLite session is held to reading.
var onlyReading = setting{
	set:  func(string) (string, []driver.NamedValue) { return "pragma query_only = 1", nil },
	undo: func(string) (string, []driver.NamedValue) { return "pragma query_only = 0", nil },
}

func bound(text string) func(string) (string, []driver.NamedValue) {
	return func(value string) (string, []driver.NamedValue) {
		return text, []driver.NamedValue{{Ordinal: 1, Value: value}}
	}
}

// alterZone writes a zone that check has passed.
func alterZone(zone string) (string, []driver.NamedValue) {
	return "alter session set time_zone = '" + zone + "'", nil
}

// wish is a setting with the value that a session wants.
type wish struct {
	setting
	value, before string
}

// wishes are what a session's connections are to be brought to; the error says
// what cannot be.
func (n *login) wishes(dialect string) ([]wish, error) {
	asked := n.hello.Session
	if !printable(asked.TZ) || !printable(asked.App) || len(asked.Labels) > mostLabels {
		return nil, errors.New("a time zone, a name or the labels are too long, or have control characters")
	}
	for name, label := range asked.Labels {
		if !printable(name) || !printable(label) {
			return nil, errors.New("a label is too long, or has control characters")
		}
	}
	var all []wish
	if n.user.ReadOnly && dialect == "sqlite" {
		all = append(all, wish{setting: onlyReading})
	}
	if asked.TZ == "" {
		return all, nil
	}
	zone, ok := zones[dialect]
	if !ok {
		return nil, errors.New("a session of this database has no time zone")
	}
	if zone.check != nil && !zone.check(asked.TZ) {
		return nil, errors.New("the time zone is no name of a zone and no offset such as +02:00")
	}
	return append(all, wish{setting: zone, value: asked.TZ}), nil
}

// printable reports whether a text may stand in a log.
func printable(text string) bool {
	control := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	return len(text) <= mostSetting && !slices.ContainsFunc([]rune(text), control)
}

// equip brings the connection that is leased to what the session wishes.
func (l *lease) equip(ctx context.Context, conn driver.Conn) error {
	if l.equipped == len(l.wishes) {
		return nil
	}
	defer l.aside()()
	l.between() // what the last statement left is of those that follow
	for l.equipped < len(l.wishes) {
		w := &l.wishes[l.equipped]
		if w.setting.before != "" {
			var err error
			if w.before, err = first(ctx, conn, w.setting.before); err != nil {
				return err
			}
		}
		l.equipped++ // also where it fails: it may have been set
		text, args := w.set(w.value)
		if _, err := execConn(ctx, conn, text, args); err != nil {
			return fmt.Errorf("what the session asked for cannot be set: %w", err)
		}
	}
	return nil
}

// aside keeps the query cache from taking the connection for a changed one while
// settings come and go; what it returns ends that.
func (l *lease) aside() (end func()) {
	c, ok := undressed(l.conn).(interface{ Aside(on bool) })
	if !ok {
		return func() {}
	}
	c.Aside(true)
	return func() { c.Aside(false) }
}

// unequip takes back what equip did; false where that failed, and with it the
// connection's use.
func (l *lease) unequip() bool {
	if l.equipped == 0 {
		return true
	}
	ctx, stop := context.WithTimeout(context.Background(), undoLimit)
	defer stop()
	defer l.aside()()
	for l.equipped > 0 {
		l.equipped--
		w := &l.wishes[l.equipped]
		if w.check != nil && !w.check(w.before) {
			return false
		}
		text, args := w.undo(w.before)
		if _, err := execConn(ctx, l.conn, text, args); err != nil {
			return false
		}
	}
	return true
}

// first runs a query and returns the first value of its answer as a text; "" where
// there is none.
func first(ctx context.Context, conn driver.Conn, text string) (string, error) {
	rows, err := queryConn(ctx, conn, text, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close() //nolint:errcheck // what was read is what counts
	row := make([]driver.Value, len(rows.Columns()))
	err = rows.Next(row)
	if err == io.EOF || len(row) == 0 { //nolint:errorlint // the contract of driver.Rows is identity
		return "", nil
	}
	if b, ok := row[0].([]byte); ok {
		return string(b), err
	}
	value, _ := row[0].(string)
	return value, err
}
