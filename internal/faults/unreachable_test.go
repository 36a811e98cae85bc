// This file is faults 9 and 13: the server is gone for a while, and callers go on asking.

package faults

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// steps is how many dials Fluxor's pauses permit in an outage: the pool's, 10 ms
// to 1 s apart less a quarter, until the breaker opens within 3 s, and the
// breaker's probes, from 250 ms on, each pause a fifth longer and up to half
// shorter.
func steps(outage time.Duration) int {
	n := 1
	for at, pause := time.Duration(0), 10*time.Millisecond; at < min(outage, 3*time.Second); pause = min(2*pause, time.Second) {
		at += pause * 3 / 4
		n++
	}
	for at, pause := time.Duration(0), 250*time.Millisecond; at < outage; pause += pause / 5 {
		at += pause / 2
		n++
	}
	return n
}

// comeback is what readers of a server met that crashed and came back.
type comeback struct {
	down, outage time.Duration // until it was started again, and until it answered
	dials        [2]int        // by side; the bare one's while it was down
	first        time.Duration // until the first answer over Fluxor; 0 is none
}

// restarts crashes the server under readers, again where the machine may have
// been late.
func restarts(p *play) {
	for n := range attempts {
		c := p.restarted()
		if n == 0 {
			p.bare("%d dials in %s", c.dials[bare], seconds(c.down))
		}
		most := steps(c.outage)
		met := c.first > 0 && c.first < time.Second && c.dials[wrapped] <= most
		if met || n == attempts-1 {
			p.fluxor(met, "after %s; %d dials in %s, of %d", seconds(c.first), c.dials[wrapped], seconds(c.outage), most)
			return
		}
	}
}

// restarted has readers on both sides meet a crash. A connection to a proxy
// whose server is gone is reset at once, and counted. The bare side's readers
// leave before the server is back, whose first logins they would delay.
func (p *play) restarted() (c comeback) {
	const callers, down = 8, 2 * time.Second
	var asked [2]*askers
	for _, s := range sides {
		db := p.at[s].open(p)
		defer db.Close() //nolint:errcheck // the reads are what counts
		dbtest.Fill(p, db, callers)
		asked[s] = p.askers(db, callers, 5*time.Second)
		c.dials[s] = -p.at[s].dials(p)
	}
	p.server.down(p)
	start := time.Now()
	<-time.After(down)
	asked[bare].stop()
	c.down = time.Since(start)
	c.dials[bare] += p.at[bare].dials(p)
	p.server.up(p)
	back := time.Now()
	c.outage = back.Sub(start)
	c.dials[wrapped] += p.at[wrapped].dials(p)
	asked[wrapped].answeredAfter(back)
	asked[wrapped].stop()
	c.first = time.Duration(asked[wrapped].first.Load())
	return c
}

// refuses has callers of both sides meet a server that is gone; the bare side's,
// who dial with every call, for a fifth of the time.
func refuses(p *play) {
	const callers, outage = 8, 10 * time.Second
	p.server.down(p)
	defer p.server.up(p)
	r := p.refused(bare, callers, outage/5)
	p.bare("%d dials for %d calls in %s", r.dials, r.calls, seconds(outage/5))
	r = p.refused(wrapped, callers, outage)
	if len(r.fast) == 0 {
		p.fluxor(false, "%d dials for %d calls, none refused", r.dials, r.calls)
		return
	}
	half, most := percentile(r.fast, 50), percentile(r.fast, 99)
	p.fluxor(r.dials <= steps(outage) && half < time.Millisecond, "%d dials for %d calls, of %d; refused within %s (p99 %s)",
		r.dials, r.calls, steps(outage), seconds(half), seconds(most))
}

// refused is what callers of a server that is gone met.
type refused struct {
	dials, calls int
	fast         []time.Duration // of calls that the breaker refused
}

func (p *play) refused(s side, callers int, outage time.Duration) (r refused) {
	db := p.at[s].open(p)
	before := p.at[s].dials(p)
	end := time.Now().Add(outage)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for time.Now().Before(end) {
				start := time.Now()
				err := db.PingContext(context.Background())
				took := time.Since(start)
				mu.Lock()
				r.calls++
				if errors.Is(err, fluxor.ErrCircuitOpen) {
					r.fast = append(r.fast, took)
				}
				mu.Unlock()
				<-time.After(20 * time.Millisecond)
			}
		})
	}
	all.Wait()
	r.dials = p.at[s].dials(p) - before
	return r
}
