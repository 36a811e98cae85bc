// This file asks an old server something that takes too long, and looks who says so and what ends it.

package demo

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/legacy"
)

const (
	// slowLimit is the query timeout, slowLogged from when on a statement is
	// logged as slow.
	slowLimit  = 250 * time.Millisecond
	slowLogged = 100 * time.Millisecond
	// slowLook is how long after the query timeout the server is looked at where
	// the call goes on, and slowNotice how long it may take to notice that a call
	// has ended: less than what is left of the statement.
	slowLook   = 150 * time.Millisecond
	slowNotice = 300 * time.Millisecond
)

// slowSQL reads a table without an index; slowSecret is its value, which
// nobody may repeat.
const (
	slowSQL    = "SELECT count(*) FROM archive WHERE customer = 'C-4711'"
	slowPrint  = "select count(*) from archive where customer = ?"
	slowSecret = "4711"
)

// slowness is what came of a statement that takes too long.
type slowness struct {
	took    time.Duration
	err     error
	working int    // statements that the server worked on after the query timeout
	logged  string // the log's line about it
	top     string // the statement that took most time
}

func (s *stage) slow(ctx context.Context) (err error) {
	server, err := legacy.Start(s.dsn("slow"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	bareDB := sql.OpenDB(legacy.NewConnector(server.Addr()))
	defer bareDB.Close() //nolint:errcheck // it was only read
	if err := archive(ctx, bareDB); err != nil {
		return err
	}
	server.SetPace(legacy.Pace{Scanned: "archive", Scan: s.size.scan})
	s.screen.Say("One statement reads a table that has no index, for %s. The program gives it no deadline. Fluxor has fluxor_slow_query_threshold=%s and fluxor_query_timeout=%s.",
		seconds(s.size.scan), slowLogged, slowLimit)
	bare, err := runaway(ctx, server, bareDB)
	if err != nil {
		return err
	}
	if bare.err != nil {
		return bare.err
	}
	var log journal
	wrapped, err := throughWrapAs(legacy.NewConnector(server.Addr()), fluxor.RuntimeConfig{
		SlowQueryThreshold: slowLogged, QueryTimeout: slowLimit, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		return err
	}
	defer wrapped.Close() //nolint:errcheck // it was only read
	defer s.watch.show("slow", wrapped)()
	for n := range 3 {
		if err := lookUp(ctx, wrapped, n); err != nil {
			return err
		}
	}
	got, err := runaway(ctx, server, wrapped)
	if err != nil {
		return err
	}
	if err := got.look(wrapped, &log); err != nil {
		return err
	}
	s.tellSlow(bare, got)
	return nil
}

// archive makes the tables that are read.
func archive(ctx context.Context, db *sql.DB) error {
	if err := stock(ctx, db); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, "CREATE TABLE archive (customer TEXT NOT NULL)")
	return err
}

// runaway runs the slow statement without a deadline, and looks at the server
// when the query timeout has been over for a while, or soon after the call ended.
func runaway(ctx context.Context, server *legacy.Server, db *sql.DB) (w slowness, err error) {
	over := make(chan struct{})
	began := time.Now()
	go func() { // ends with the statement, at the latest with ctx
		defer close(over)
		w.err = db.QueryRowContext(ctx, slowSQL).Scan(new(int))
		w.took = time.Since(began)
	}()
	defer func() { <-over }()
	look := time.NewTimer(slowLimit + slowLook)
	defer look.Stop()
	var working int
	select {
	case <-ctx.Done():
		return w, ctx.Err()
	case <-look.C:
		working = server.Working()
	case <-over:
		working = settled(ctx, server)
	}
	<-over
	w.working = working
	return w, ctx.Err()
}

// settled is how many statements the server works on once it has noticed that
// a client left.
func settled(ctx context.Context, server *legacy.Server) int {
	ctx, cancel := context.WithTimeout(ctx, slowNotice)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for server.Working() > 0 {
		select {
		case <-ctx.Done():
			return server.Working()
		case <-tick.C:
		}
	}
	return 0
}

// look reads what Fluxor wrote about it.
func (w *slowness) look(db *sql.DB, log *journal) error {
	c, err := fluxor.FromDB(db)
	if err != nil {
		return err
	}
	w.logged = log.line("a slow operation")
	if top := c.SlowStatements(); len(top) > 0 {
		w.top = top[0].Fingerprint
	}
	return nil
}

// named counts where the statement is named, without its value.
func (w slowness) named() (n int) {
	if strings.Contains(w.logged, slowPrint) && !strings.Contains(w.logged, slowSecret) {
		n++
	}
	if w.top == slowPrint {
		n++
	}
	return n
}

func (s *stage) tellSlow(bare, got slowness) {
	s.screen.Say("database/sql waits %s, and nobody is told why. Fluxor's log says:", seconds(bare.took))
	s.screen.Quote(got.logged)
	sees := ""
	if got.err != nil {
		sees = got.err.Error()
		s.screen.Say("and after %s the caller hears:", ms(got.took))
		s.screen.Quote(sees)
	}
	s.claim(Finding{
		ID: "slow_timeout", What: "milliseconds that a caller without a deadline waits", Unit: "milliseconds",
		Bare: millis(bare.took), Fluxor: millis(got.took), Held: errors.Is(got.err, fluxor.ErrQueryTimeout) && got.took < bare.took,
		Claim: "The query timeout ends a call that takes too long, with ErrQueryTimeout.", CallerSees: sees,
	})
	s.claim(Finding{
		ID: "slow_server", What: "statements at work on the server after that time", Unit: "statements",
		Bare: float64(bare.working), Fluxor: float64(got.working), Held: got.working == 0,
		Claim: "The statement ends on the server as well.",
	})
	s.claim(Finding{
		ID: "slow_named", What: "where the statement is named: slow log, list of the slowest", Unit: "places",
		Bare: 0, Fluxor: float64(got.named()), Held: got.named() == 2,
		Claim: "The slow log and the list of statements that took most time name it, without the value in it.",
	})
}

// journal keeps what is logged. It is safe for concurrent use.
type journal struct {
	mu   sync.Mutex // protects text; a leaf lock
	text bytes.Buffer
}

// Write appends to the journal.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// line is the first line with a text in it, from the message on; "" for none.
func (j *journal) line(text string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line[max(strings.Index(line, "level="), 0):])
		}
	}
	return ""
}
