// This file is faults 2, 3, 4 and 6: nobody answers any more, and every call must end all the same.

package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// kind is a call that asks a server something.
type kind struct {
	name  string
	fresh bool // on a handle that has no connection yet
	ask   func(ctx context.Context, p *play, db *sql.DB) error
}

var kinds = []kind{
	{"query", false, func(ctx context.Context, p *play, db *sql.DB) error {
		var n int
		return db.QueryRowContext(ctx, fmt.Sprintf(p.number, 1)).Scan(&n)
	}},
	{"write", false, func(ctx context.Context, _ *play, db *sql.DB) error {
		_, err := db.ExecContext(ctx, "insert into w values (1)")
		return err
	}},
	{"begin", false, func(ctx context.Context, _ *play, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err == nil { // godror sends nothing for it
			_, err = tx.ExecContext(ctx, "insert into w values (2)")
			_ = tx.Rollback()
		}
		return err
	}},
	{"login", true, func(ctx context.Context, _ *play, db *sql.DB) error { return db.PingContext(ctx) }},
}

// silence is a way to be silent, and to speak again.
type silence struct{ begin, end func() }

func (p *play) frozen() silence {
	return silence{func() { p.server.freeze(p) }, func() { p.server.thaw(p) }}
}

// silent has calls made in a silence. prepare makes a side ready for it and
// returns what begins the calls. The bare driver is asked once, Fluxor again
// where the machine may have been late; heard says whether an error is one that
// its caller may hear.
func (p *play) silent(quiet silence, prepare func(side) func() []*call, heard func(error) bool) {
	bar := deadline + p.row.slack
	p.table(bare)
	p.table(wrapped)
	plain := prepare(bare)
	late := dbtest.Lateness(p)
	took := map[string]time.Duration{} // the smallest of the repeats
	var longest time.Duration
	for n := range attempts {
		ask := prepare(wrapped)
		quiet.begin()
		calls := ask()
		if n == 0 {
			others := plain()
			p.bare("%s", verdict(others))
			defer join(others)
		}
		longest = 0
		for _, c := range calls {
			took[c.name] = c.least(took[c.name])
			longest = max(longest, took[c.name])
		}
		quiet.end()
		join(calls)
		for _, c := range calls {
			if !heard(c.err) {
				p.Errorf("%s: err = %v", c.name, c.err)
			}
		}
		if longest <= bar {
			break
		}
	}
	p.Logf("%v; the machine is up to %v late", took, late())
	p.fluxor(longest <= bar+late(), "at most %s", seconds(longest))
}

// questions makes a handle ready for a call of each kind.
func (p *play) questions(s side, asking []kind, ctx func() context.Context, options ...string) func() []*call {
	p.Helper()
	used, fresh := p.at[s].open(p, options...), p.at[s].open(p, options...)
	used.SetMaxIdleConns(len(asking))
	dbtest.Fill(p, used, len(asking))
	return func() (calls []*call) {
		ctx := ctx()
		for _, k := range asking {
			db := used
			if k.fresh {
				db = fresh
			}
			calls = append(calls, begin(k.name, func() error { return k.ask(ctx, p, db) }))
		}
		return calls
	}
}

// bounded is a context that ends at the deadline.
func (p *play) bounded() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	p.Cleanup(cancel)
	return ctx
}

func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

func freezes(p *play) {
	p.silent(p.frozen(), func(s side) func() []*call { return p.questions(s, kinds, p.bounded) }, isDeadline)
}

// blackholes is a half-open connection: the packets of both directions vanish,
// and so do those of new connections after their handshake with the proxy.
func blackholes(p *play) {
	each := func(f func(*faultproxy.Proxy)) func() {
		return func() {
			for _, s := range sides {
				f(p.at[s].(*networkPlace).proxy)
			}
		}
	}
	p.silent(silence{
		each(func(proxy *faultproxy.Proxy) { proxy.Blackhole(faultproxy.Both) }),
		each(func(proxy *faultproxy.Proxy) { proxy.KillAll(faultproxy.RST); proxy.Pass() }),
	}, func(s side) func() []*call { return p.questions(s, kinds, p.bounded) }, isDeadline)
}

// freezesWithoutContext leaves out the calls that no query timeout is for: a
// transaction outlives its beginning, a login and the ping of a connection that
// rested come before the query. Those have timeouts of their own.
func freezesWithoutContext(p *play) {
	p.silent(p.frozen(), func(s side) func() []*call {
		return p.questions(s, kinds[:2], context.Background, append(p.row.options, "fluxor_validation_idle=0")...)
	}, func(err error) bool { return errors.Is(err, fluxor.ErrQueryTimeout) })
}

// opensTheBreaker has callers go on in the silence until they are refused. They
// come one after the other, as callers do.
func opensTheBreaker(p *play) {
	const callers = 8
	p.table(wrapped)
	db := p.at[wrapped].open(p)
	dbtest.Fill(p, db, callers)
	p.server.freeze(p)
	defer p.server.thaw(p)
	start := time.Now()
	var once sync.Once
	var opened time.Duration
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			<-time.After(time.Duration(i) * deadline / callers)
			for time.Since(start) < 2*watchdog {
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				_, err := db.ExecContext(ctx, "insert into w values (1)")
				cancel()
				if errors.Is(err, fluxor.ErrCircuitOpen) {
					once.Do(func() { opened = time.Since(start) })
					return
				}
			}
		})
	}
	wg.Wait()
	p.bare("has none: every call waits for its context")
	p.fluxor(opened > 0 && opened < 3*time.Second, "open after %s", seconds(opened))
}

// ending is a call that ends something begun before the silence.
type ending struct {
	name string
	end  func() error
}

func beginAll(ends ...ending) func() []*call {
	return func() (calls []*call) {
		for _, e := range ends {
			calls = append(calls, begin(e.name, e.end))
		}
		return calls
	}
}

func freezesEndings(p *play) {
	p.silent(p.frozen(), func(s side) func() []*call {
		db, idle := p.at[s].near(p, p.row.options...), p.at[s].near(p, p.row.options...)
		dbtest.Fill(p, idle, 2)
		rows, err := db.QueryContext(p.Context(), p.many)
		if err != nil || !rows.Next() {
			p.Fatal(err, rows.Err())
		}
		return beginAll(ending{"Rollback", p.begun(db).Rollback}, ending{"Rows.Close", rows.Close}, ending{"DB.Close", idle.Close})
	}, func(error) bool { return true }) // what was not committed is undone, whatever they say
}

func freezesCommit(p *play) {
	p.silent(p.frozen(), func(s side) func() []*call {
		return beginAll(ending{"Commit", p.begun(p.at[s].open(p, p.row.options...)).Commit})
	}, func(err error) bool { return isIndeterminate(err) && errors.Is(err, fluxor.ErrNetworkTimeout) })
}

// begun returns a transaction that has written.
func (p *play) begun(db *sql.DB) *sql.Tx {
	p.Helper()
	tx, err := db.BeginTx(context.Background(), nil)
	if err == nil {
		_, err = tx.ExecContext(p.Context(), "insert into w values (1)")
	}
	if err != nil {
		p.Fatal(err)
	}
	return tx
}
