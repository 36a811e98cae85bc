// This file is faults 10, 11 and 14: more is wanted than there is.

package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// fills has a neighbour take all connections but a few, again where the machine
// may have been late with the first dials.
func fills(p *play) {
	const left = 4
	const span = 2 * time.Second
	words := func(asked *askers, first, then int) string {
		return fmt.Sprintf("%s; %d dials at first, %d in %s", asked.words(), first, then, seconds(span))
	}
	p.bare("%s", words(p.filled(bare, left, span)))
	for n := range attempts {
		asked, first, then := p.filled(wrapped, left, span)
		met := asked.failed.Load() == 0 && then <= int(2*span.Seconds())
		if met || n == attempts-1 {
			p.fluxor(met, "%s", words(asked, first, then))
			return
		}
	}
}

// filled has callers ask beside the neighbour, who leaves with them. first are
// the dials of a second, in which the pool learns what there is.
func (p *play) filled(s side, left int, span time.Duration) (asked *askers, first, then int) {
	const callers = 16
	leave := p.at[s].crowd(p, left)
	defer leave()
	db := p.at[s].open(p, "fluxor_max_open_conns=16")
	defer db.Close() //nolint:errcheck // the calls are what counts
	db.SetMaxOpenConns(callers)
	db.SetMaxIdleConns(callers)
	before := p.at[s].dials(p)
	asked = p.askers(db, callers, 5*time.Second)
	<-time.After(time.Second)
	first = p.at[s].dials(p) - before
	<-time.After(span)
	then = p.at[s].dials(p) - before - first
	asked.stop()
	return asked, first, then
}

// patience is when every caller gives up.
const patience = time.Second

// load is what came of calls that came at a steady rate.
type load struct {
	span         time.Duration
	capacity     float64 // calls per second
	started      int
	all          sync.WaitGroup
	mu           sync.Mutex // protects what follows while calls are under way
	served, shed []time.Duration
	late         int // calls that their context ended
}

// overloads has calls come at twice the capacity. Fluxor is measured again where
// the machine may have been too busy for either measurement.
func overloads(p *play) {
	l := p.overloaded(bare)
	p.bare("%s", l.words())
	for range attempts {
		if l = p.overloaded(wrapped); l.fits() {
			break
		}
	}
	p.fluxor(l.fits(), "%s, %d refused within %s", l.words(), len(l.shed), seconds(percentile(l.shed, 95)))
}

// overloaded measures how much 8 connections can do while each answer takes
// 0.2 s more, and then what comes of twice as many calls.
func (p *play) overloaded(s side) *load {
	const conns, added, span = 8, 200 * time.Millisecond, 2 * time.Second
	db := p.at[s].open(p, append(p.row.options, "fluxor_max_open_conns=8")...)
	defer db.Close() //nolint:errcheck // the calls are what counts
	if s == bare {
		db.SetMaxOpenConns(conns)
	}
	db.SetMaxIdleConns(2 * conns)
	dbtest.Fill(p, db, conns)
	p.at[s].delay(p, added)
	defer p.at[s].delay(p, 0)
	asking := p.askers(db, conns, 5*time.Second)
	<-time.After(span / 2)
	asking.stop()
	capacity := float64(asking.right.Load()) / (span / 2).Seconds()
	l := p.overload(db, time.Duration(float64(time.Second)/capacity/2), span)
	l.capacity = capacity
	return l
}

// good is the rate of calls that were served, as a share of the capacity.
func (l *load) good() float64 { return float64(len(l.served)) / l.span.Seconds() / l.capacity }

func (l *load) words() string {
	return fmt.Sprintf("%.0f %% of %.0f/s, p99 %s, %d of %d too late", 100*l.good(), l.capacity, seconds(percentile(l.served, 99)), l.late, l.started)
}

func (l *load) fits() bool {
	return l.good() >= 0.8 && percentile(l.served, 99) <= patience && len(l.shed) > 0 && percentile(l.shed, 95) < 5*time.Millisecond
}

// overload has calls come at intervals, however many are under way.
func (p *play) overload(db *sql.DB, interval, span time.Duration) *load {
	l := &load{}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	start := time.Now()
	for time.Since(start) < span {
		<-tick.C
		l.started++
		l.all.Go(func() { l.call(p, db) })
	}
	l.all.Wait()
	l.span = time.Since(start)
	return l
}

func (l *load) call(p *play, db *sql.DB) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := time.Now()
	var n int
	err := db.QueryRowContext(ctx, fmt.Sprintf(p.number, 1)).Scan(&n)
	took := time.Since(start)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.served = append(l.served, took)
	case errors.Is(err, fluxor.ErrOverloaded):
		l.shed = append(l.shed, took)
	default:
		l.late++
	}
}

// percentile is the duration that so many of a hundred do not exceed.
func percentile(all []time.Duration, percent int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)*percent/100]
}

// keepsOrder lets callers wait for one connection, each certain to be in line
// before the next comes.
func keepsOrder(p *play) {
	const waiters = 60
	for _, s := range sides {
		db := p.at[s].open(p, "fluxor_max_open_conns=1")
		waiting := func() int { return stats(p, db).Waiting }
		if s == bare {
			db.SetMaxOpenConns(1)
			waiting = func() int { return int(db.Stats().WaitCount) }
		}
		n := inversions(p.served(db, waiters, waiting))
		if s == bare {
			p.bare("%d of %d pairs", n, waiters*(waiters-1)/2)
			continue
		}
		p.fluxor(n == 0, "%d pairs", n)
	}
}

// inversions counts the pairs that were served in another order than they came.
func inversions(order []int) int {
	n := 0
	for i := range order {
		for j := i + 1; j < len(order); j++ {
			if order[i] > order[j] {
				n++
			}
		}
	}
	return n
}

// served returns the order in which n callers were served.
func (p *play) served(db *sql.DB, n int, waiting func() int) (order []int) {
	holder, err := db.Conn(p.Context())
	if err == nil {
		err = holder.PingContext(p.Context())
	}
	if err != nil {
		p.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			c, err := db.Conn(context.Background())
			if err == nil {
				err = c.PingContext(context.Background())
			}
			if err != nil {
				p.Error(err)
				return
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			_ = c.Close()
		})
		dbtest.WaitUntil(p, "the caller is in line", func() bool { return waiting() == i+1 })
	}
	_ = holder.Close()
	all.Wait()
	return order
}
