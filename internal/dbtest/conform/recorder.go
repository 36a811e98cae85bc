// This file is the recorder: the handle under test in the hands of a case, and the transcript of what it showed.

package conform

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Recorder gives a case the handle under test and takes down what it shows.
// One goroutine uses it.
type Recorder struct {
	t      *testing.T
	ctx    context.Context
	target Target
	db     *sql.DB
	side   *sql.DB // the bare driver, for what is no observation
	raw    RawFunc
	lines  []string
	ends   []func() // run after the case, the last first
	drops  []string
}

// see runs the case; a panic of the driver is an observation too.
func (r *Recorder) see(c Case) {
	defer func() {
		for _, end := range slices.Backward(r.ends) {
			end()
		}
	}()
	defer func() {
		if p := recover(); p != nil {
			r.note("panic", "%v", p)
		}
	}()
	c.See(r)
}

// note takes down one line.
func (r *Recorder) note(label, format string, args ...any) {
	r.lines = append(r.lines, label+": "+normal(compact(fmt.Sprintf(format, args...))))
}

// value takes down a value with its Go type.
func (r *Recorder) value(label string, v any) { r.note(label, "%s", show(v)) }

// err takes down an error with everything that a caller can learn of it.
func (r *Recorder) err(label string, err error) { r.note(label, "%s", showError(err)) }

// must ends the case when something that is no observation fails.
func (r *Recorder) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("the case itself failed: %v", err)
	}
}

// is reports whether the target has the trait.
func (r *Recorder) is(trait Trait) bool { return slices.Contains(r.target.Traits, trait) }

// bind writes the dialect's placeholders for each question mark.
func (r *Recorder) bind(query string) string {
	if r.target.Dialect != Postgres {
		return query
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		n++
		b.WriteString(part)
	}
	return b.String()
}

// in picks the text for the target's dialect.
func (r *Recorder) in(postgres, mysql, sqlite string) string {
	switch r.target.Dialect {
	case Postgres:
		return postgres
	case MySQL:
		return mysql
	}
	return sqlite
}

// table makes a table and drops it after the case. A database that lives in
// one connection is reached through the handle under test.
func (r *Recorder) table(name, columns string) {
	r.t.Helper()
	r.setup("drop table if exists "+name, "create table "+name+" ("+columns+")")
	r.drops = append([]string{"drop table if exists " + name}, r.drops...)
}

// setup runs statements that are no part of what is observed, and without a
// session of the handle under test.
func (r *Recorder) setup(statements ...string) {
	r.t.Helper()
	db := r.side
	if r.is(OneConnection) {
		db = r.db
	}
	for _, s := range statements {
		if _, err := db.ExecContext(r.ctx, s); err != nil {
			r.t.Fatalf("%s: %v", s, err)
		}
	}
}

// atEnd runs end after the case, before the database is closed.
func (r *Recorder) atEnd(end func()) { r.ends = append(r.ends, end) }

// after drops what the case made, in the other order.
func (r *Recorder) after(statement string) { r.drops = append([]string{statement}, r.drops...) }

func (r *Recorder) cleanUp() {
	r.t.Helper()
	if len(r.drops) == 0 || r.is(OneConnection) {
		return
	}
	r.setup(r.drops...)
}

// session returns one session of the database; it is closed with the case.
func (r *Recorder) session() *sql.Conn {
	r.t.Helper()
	c, err := r.db.Conn(r.ctx)
	r.must(err)
	r.atEnd(func() { _ = c.Close() })
	return c
}
