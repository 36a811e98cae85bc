// This file is faults 5, 7, 8 and 12: the server comes back to itself, and sessions end from outside.

package faults

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// thaws has callers ask for a new number each time, before, in and after a
// freeze: an answer to an earlier question is the wrong number. It freezes
// again where the machine may have been late, whose own return is not counted.
func thaws(p *play) {
	direct := p.table(bare)
	for n := range attempts {
		asked, back := p.thawed(direct)
		if n == 0 {
			took, wrong := asked[bare].result()
			p.bare("after %s, %d wrong", seconds(took), wrong)
		}
		took, wrong := asked[wrapped].result()
		met := took > 0 && took <= time.Second+back && wrong == 0
		if met || wrong > 0 || n == attempts-1 {
			p.fluxor(met, "after %s, %d wrong", seconds(took), wrong)
			return
		}
	}
}

// thawed returns what callers of both sides heard, and how long after the thaw
// the server answered a connection that nobody else used.
func (p *play) thawed(direct *sql.DB) (asked [2]*askers, back time.Duration) {
	const pause = 2500 * time.Millisecond
	for _, s := range sides {
		db := p.at[s].open(p)
		dbtest.Fill(p, db, 2)
		asked[s] = p.askers(db, 4, time.Second)
	}
	p.server.freeze(p)
	<-time.After(pause)
	p.server.thaw(p)
	thawed := time.Now()
	dbtest.WaitUntil(p, "the server answers", func() bool { return direct.Ping() == nil })
	back = time.Since(thawed)
	for _, s := range sides {
		asked[s].answeredAfter(thawed)
	}
	<-time.After(300 * time.Millisecond) // answers of the others
	for _, s := range sides {
		asked[s].stop()
	}
	return asked, back
}

// askers ask for numbers until they are stopped.
type askers struct {
	right, wrong, failed atomic.Int64
	unknown              atomic.Int64 // of those that failed, whose outcome is not known
	since                atomic.Pointer[time.Time]
	first                atomic.Int64  // how long after since the first answer came; 0 = none
	answered             chan struct{} // closed with it
	end                  chan struct{}
	running              sync.WaitGroup
	said                 atomic.Pointer[string] // the first error
}

// words are what the callers met.
func (a *askers) words() string {
	failed, all := a.failed.Load(), a.failed.Load()+a.right.Load()+a.wrong.Load()
	if said := a.said.Load(); said != nil {
		return fmt.Sprintf("%d of %d fail (%q)", failed, all, *said)
	}
	return fmt.Sprintf("%d of %d fail", failed, all)
}

// result is when the first answer came, and how many were wrong.
func (a *askers) result() (took time.Duration, wrong int64) {
	return time.Duration(a.first.Load()), a.wrong.Load()
}

// share is how many of the calls failed, of 1.
func (a *askers) share() float64 {
	failed := float64(a.failed.Load())
	return failed / max(failed+float64(a.right.Load()), 1)
}

// askers has n callers ask db, each call at most so long.
func (p *play) askers(db *sql.DB, n int, limit time.Duration) *askers {
	a := &askers{answered: make(chan struct{}), end: make(chan struct{})}
	var number atomic.Int64
	for range n {
		a.running.Go(func() {
			for !a.stopped() {
				a.ask(p, db, number.Add(1), limit)
				<-time.After(5 * time.Millisecond)
			}
		})
	}
	return a
}

func (a *askers) ask(p *play, db *sql.DB, number int64, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var got int64
	err := db.QueryRowContext(ctx, fmt.Sprintf(p.number, number)).Scan(&got)
	switch {
	case err != nil:
		a.failed.Add(1)
		if isIndeterminate(err) {
			a.unknown.Add(1)
		}
		said := brief(err)
		a.said.CompareAndSwap(nil, &said)
		return
	case got != number:
		a.wrong.Add(1)
		return
	}
	a.right.Add(1)
	if since := a.since.Load(); since != nil && time.Now().After(*since) && a.first.CompareAndSwap(0, int64(max(time.Since(*since), 1))) {
		close(a.answered)
	}
}

// answeredAfter waits for the first answer after a time, as long as the watchdog.
func (a *askers) answeredAfter(since time.Time) {
	a.since.Store(&since)
	select {
	case <-a.answered:
	case <-time.After(watchdog):
	}
}

func (a *askers) stopped() bool {
	select {
	case <-a.end:
		return true
	default:
		return false
	}
}

func (a *askers) stop() {
	close(a.end)
	a.running.Wait()
}

func endsIdle(p *play) {
	const idle, rounds, writes = 8, 2, 50
	for _, s := range sides {
		p.table(s)
		var heard outcomes
		for round := range rounds {
			db := p.at[s].near(p)
			db.SetMaxIdleConns(idle)
			dbtest.Fill(p, db, idle)
			dbtest.Fill(p, db, idle) // go-sql-driver looks at a connection from its second use on
			p.at[s].endSessions(p)
			for i := range writes {
				_, err := db.ExecContext(p.Context(), fmt.Sprintf("insert into w values (%d)", round*writes+i))
				heard.hears(err)
			}
		}
		all, distinct := p.rows(p.at[s].direct(p))
		if s == bare {
			p.bare("%d fail, %d rows", heard.failed, all)
			continue
		}
		p.fluxor(heard.fine == rounds*writes && all == heard.fine && distinct == all, "%d fail, %d rows", heard.failed+heard.unknown, all)
	}
}

// crashesASession kills the process of a session that writes, which has
// PostgreSQL end all sessions and recover. Oracle's double loses the sessions of
// the next statements instead.
func crashesASession(p *play) {
	const callers = 4
	for _, s := range sides {
		direct := p.table(s)
		p.exec(direct, "insert into w values (1)")
		db := p.at[s].near(p)
		dbtest.Fill(p, db, callers+1)
		readers := p.askers(db, callers, 5*time.Second)
		err := p.crashed(s, db)
		dbtest.WaitUntil(p, "the server answers", func() bool { return direct.Ping() == nil })
		back := time.Now()
		readers.answeredAfter(back)
		<-time.After(time.Second - time.Since(back))
		readers.stop()
		var rows int
		if err := direct.QueryRowContext(p.Context(), "select count(*) from w where n = 2").Scan(&rows); err != nil {
			p.Fatal(err)
		}
		words := fmt.Sprintf("reads: %s; the write: %s, %d rows", readers.words(), said(err), rows)
		if s == bare {
			p.bare("%s", words)
			continue
		}
		safe := isIndeterminate(err) && rows <= 1 && readers.wrong.Load() == 0
		p.fluxor(safe && readers.failed.Load() == 0, "%s", words)
	}
}

func said(err error) string {
	switch {
	case err == nil:
		return "well"
	case isIndeterminate(err):
		return "indeterminate"
	}
	return brief(err)
}

// crashed returns what a write hears whose session crashes.
func (p *play) crashed(s side, db *sql.DB) error {
	if o, ok := p.at[s].(*oraclePlace); ok {
		o.Faults(p, "execute error=3113 match=insert count=1", "execute error=3113 match=select count=3")
		_, err := db.ExecContext(p.Context(), "insert into w values (2)")
		return err
	}
	write := begin("write", func() error {
		_, err := db.ExecContext(context.Background(), p.late)
		return err
	})
	pids := p.runs(s, p.late)
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		p.Fatal(err)
	}
	<-write.done
	return write.err
}

// runs waits until a statement runs in a side's database, and returns its
// sessions.
func (p *play) runs(s side, text string) (ids []int) {
	p.Helper()
	dbtest.WaitUntil(p, "the statement runs", func() bool {
		ids = p.running(s, text)
		return len(ids) > 0
	})
	return ids
}

func (p *play) running(s side, text string) (ids []int) {
	at := p.at[s].(*networkPlace)
	rows, err := at.admin.QueryContext(context.Background(), fmt.Sprintf(p.dialect.running, text, at.target.Database))
	if err != nil {
		p.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			p.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		p.Fatal(err)
	}
	return ids
}

// runsAway ends the session of a query again and again until the query is over.
func runsAway(p *play) {
	for _, s := range sides {
		direct, db := p.table(s), p.at[s].open(p)
		if p.fill != "" {
			p.exec(direct, p.fill)
		}
		kills, err := p.killed(s, db)
		if s == bare {
			p.bare("%d kills: %s", kills, said(err))
			continue
		}
		p.fluxor(kills == 1 && err != nil, "%d kill: %s", kills, said(err))
	}
}

// runaway is how long a query runs before somebody ends it: a younger one, whose
// connection breaks, is sent again where it is proven to change nothing.
const runaway = 1100 * time.Millisecond

// killed returns how many sessions had to be ended, and what the caller hears.
func (p *play) killed(s side, db *sql.DB) (kills int, err error) {
	if o, ok := p.at[s].(*oraclePlace); ok {
		o.Faults(p, "execute delay=1500 error=28 match=runaway")
		o.trips()
		err := db.QueryRowContext(p.Context(), "select 1 runaway from dual").Scan(&kills)
		kills := slices.DeleteFunc(o.trips(), func(trip dbtest.Trip) bool { return trip.Op != "execute" })
		return len(kills), err
	}
	query := begin("query", func() error {
		var n int
		return db.QueryRowContext(context.Background(), p.slow).Scan(&n)
	})
	<-time.After(runaway)
	for !over(query) {
		var ids []int
		dbtest.WaitUntil(p, "the statement runs or is over", func() bool {
			ids = p.running(s, p.slow)
			return len(ids) > 0 || over(query)
		})
		for _, id := range ids {
			kills += p.end(s, id)
		}
	}
	return kills, query.err
}

func over(c *call) bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// end ends a session, waits until its statement does not run any more, and
// returns how many that were.
func (p *play) end(s side, id int) int {
	at := p.at[s].(*networkPlace)
	if _, err := at.admin.ExecContext(p.Context(), fmt.Sprintf(p.kill, id)); err != nil {
		return 0 // it had ended
	}
	dbtest.WaitUntil(p, "the session ends", func() bool { return !slices.Contains(p.running(s, p.slow), id) })
	return 1
}
