// This file is the harness: a play of one fault over one driver, its row in the table, and calls that may hang.

package faults

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

const (
	deadline = time.Second     // of a call's context, or the timeout that takes its place
	watchdog = 3 * time.Second // what hangs for so long is taken to hang for good
	attempts = 3               // the smallest of so many repeats counts, on a machine that is busy
)

// side is a way to the database.
type side int

// The two sides of each play.
const (
	bare    side = iota // the driver by its own name
	wrapped             // the driver by Fluxor's name for it
)

var sides = []side{bare, wrapped}

// place is a database that one side of a play has for itself.
type place interface {
	// open opens the place by the side's name. The options are Fluxor's: the
	// bare side goes without.
	open(t testing.TB, options ...string) *sql.DB
	// near opens it with no proxy between, which would hold a part of an answer
	// back, and tell of the end of a session a moment later.
	near(t testing.TB, options ...string) *sql.DB
	// locked opens it with a wrong password.
	locked(t testing.TB) *sql.DB
	// direct opens it by the driver's own name, past what breaks it.
	direct(t testing.TB) *sql.DB
	// driver is the driver's own name, dsn its DSN with Fluxor's options.
	driver() string
	dsn(options ...string) string
	// crowd has a neighbour take all connections but a few, until leave.
	crowd(t testing.TB, left int) (leave func())
	// dials counts the connections that were asked for so far.
	dials(t testing.TB) int
	// endSessions ends all sessions as an administrator does.
	endSessions(t testing.TB)
	// loseReply has the next statement with such a text take effect and its
	// reply be lost.
	loseReply(t testing.TB, end faultproxy.End, text string)
	// delay makes every answer so late; 0 ends that.
	delay(t testing.TB, d time.Duration)
}

// server is what the places of a play are on. freeze leaves all connections
// open and answers nothing; down is a crash.
type server interface {
	place(t testing.TB, d dialect, s side) place
	freeze(t testing.TB)
	thaw(t testing.TB)
	down(t testing.TB)
	up(t testing.TB)
}

// play is one fault over one driver.
type play struct {
	*testing.T
	dialect
	server server
	at     [2]place // by side
	row    row
}

// bare notes what came of the bare driver.
func (p *play) bare(format string, args ...any) { p.row.bare = fmt.Sprintf(format, args...) }

// fluxor notes what came of Fluxor, and whether that is what it must do. Where
// it is known to fall short of that, holds checks what holds in its place.
func (p *play) fluxor(met bool, format string, args ...any) {
	p.Helper()
	p.row.fluxor, p.row.met = fmt.Sprintf(format, args...), met
	if !met && p.row.instead == "" {
		p.Errorf("must: %s; got: %s", p.row.must, p.row.fluxor)
	}
}

func (p *play) holds(ok bool) {
	p.Helper()
	if !ok {
		p.Errorf("not even: %s; got: %s", p.row.instead, p.row.fluxor)
	}
}

// table makes the table w on a side, past what breaks it.
func (p *play) table(s side) *sql.DB {
	p.Helper()
	direct := p.at[s].direct(p)
	p.exec(direct, p.create)
	return direct
}

func (p *play) exec(db *sql.DB, text string) {
	p.Helper()
	if _, err := db.ExecContext(p.Context(), text); err != nil {
		p.Fatalf("%s: %v", text, err)
	}
}

// rows counts the rows of the table w, and the different ones.
func (p *play) rows(direct *sql.DB) (all, distinct int) {
	p.Helper()
	if err := direct.QueryRowContext(p.Context(), "select count(*), count(distinct n) from w").Scan(&all, &distinct); err != nil {
		p.Fatal(err)
	}
	return all, distinct
}

// stats are the numbers of Fluxor's pool behind db.
func stats(t testing.TB, db *sql.DB) fluxor.PoolStats {
	t.Helper()
	c, err := fluxor.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	return c.PoolStats()
}

func isIndeterminate(err error) bool {
	var lost *fluxor.IndeterminateError
	return errors.As(err, &lost)
}

// call is something under way that may never end by itself.
type call struct {
	name  string
	done  chan struct{}
	start time.Time
	took  time.Duration // once done
	err   error
}

func begin(name string, f func() error) *call {
	c := &call{name: name, done: make(chan struct{}), start: time.Now()}
	go func() {
		defer close(c.done)
		c.err = f()
		c.took = time.Since(c.start)
	}()
	return c
}

// hangs reports whether the call is not over after the watchdog's time.
func (c *call) hangs() bool {
	select {
	case <-c.done:
		return false
	case <-time.After(watchdog - time.Since(c.start)):
		return true
	}
}

// least is how long the call took, at most the watchdog's time, if that is less
// than an earlier one, of which 0 is none.
func (c *call) least(earlier time.Duration) time.Duration {
	took := watchdog
	if !c.hangs() {
		took = c.took
	}
	if earlier > 0 {
		return min(took, earlier)
	}
	return took
}

// verdict says of calls under way how long the longest took, or which hang.
func verdict(calls []*call) string {
	var hanging []string
	var longest time.Duration
	for _, c := range calls {
		if c.hangs() {
			hanging = append(hanging, c.name)
			continue
		}
		longest = max(longest, c.took)
	}
	if len(hanging) > 0 {
		return strings.Join(hanging, ", ") + ": > " + seconds(watchdog)
	}
	return "at most " + seconds(longest)
}

// join waits for the end of calls that nothing keeps any more.
func join(calls []*call) {
	for _, c := range calls {
		<-c.done
	}
}

func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.2g ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
