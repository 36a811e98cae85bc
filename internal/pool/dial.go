// This file opens connections: as many at once as wanted and permitted, each in a goroutine that no caller's end cuts short.

package pool

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"github.com/fluxor-db/fluxor/refusal"
)

// dialGrace is how long after DialTimeout a dial that ignores its context is
// given up.
const dialGrace = time.Second

// attempt is one dial under way. Protected by Pool.mu but for ctx and cancel.
type attempt struct {
	ctx        context.Context
	cancel     context.CancelFunc
	ticket     uint64 // callers with a lower ticket came before it
	generation uint64
	started    time.Duration
	trial      bool // the login was not proven when it began
	over       bool // its result is known, or it was given up
	spent      bool // it took all the time that a dial may take
	overdue    *time.Timer
}

// wantedLocked is how many dials the waiters and the warm-up want, whether
// permitted or not.
func (p *Pool[T]) wantedLocked() int {
	if p.closed || p.suspended {
		return 0
	}
	return max(p.queue.Len(), p.warm.target-p.openLocked(), p.spareLocked())
}

// spareLocked is 1 where the sharing of connections wants one more. Nobody
// needs it, so it is tried only while nothing speaks against dialing and no
// dial is under way.
func (p *Pool[T]) spareLocked() int {
	if p.short && len(p.dials) == 0 && p.pace.welcome() {
		return 1
	}
	return 0
}

// dialLocked starts the dials that are wanted and permitted.
func (p *Pool[T]) dialLocked() {
	for p.wantedLocked() > 0 && p.roomLocked() > 0 && p.dialsLocked() < p.cfg.MaxDials {
		now := p.exact()
		young, next := p.youngLocked(now)
		if p.wantedLocked() <= young {
			p.retryLocked(next - now)
			return
		}
		ok, at := p.pace.mayDial(now, p.openLocked(), young, next)
		if ok {
			p.startDialLocked(now)
			continue
		}
		if refused := p.pace.refusing(now); refused != nil {
			p.endWarmUpLocked(refused)
			p.failLocked(refused, p.uncoveredLocked(), func(*waiter[T]) bool { return true })
			if p.wantedLocked() == 0 {
				return
			}
		}
		p.retryLocked(at - now)
		return
	}
}

// dialsLocked is how many dials run, with those that were given up where they
// count.
func (p *Pool[T]) dialsLocked() int {
	if p.cfg.Lingering {
		return len(p.dials) + p.counts.orphans
	}
	return len(p.dials)
}

// youngLocked is how many dials under way are counted on, and when one of them
// no longer will be: a dial that takes long may hang where another does not,
// and one that tries a login which another found refused will be refused too.
func (p *Pool[T]) youngLocked(now time.Duration) (n int, next time.Duration) {
	patience := p.pace.patience(now, len(p.dials))
	for a := range p.dials {
		end := a.started + patience
		if now >= end || a.trial && p.pace.refused != nil && a.started < p.pace.refusedAt {
			continue
		}
		n++
		if next == 0 || end < next {
			next = end
		}
	}
	return n, next
}

// retryLocked has dialLocked run again after d.
func (p *Pool[T]) retryLocked(d time.Duration) {
	if p.retry == nil {
		p.retry = time.AfterFunc(d, p.redial)
		return
	}
	p.retry.Reset(d)
}

// redial runs in a goroutine of the timer's and ends at once; Close stops the
// timer.
func (p *Pool[T]) redial() {
	p.mu.Lock()
	p.dispatchLocked()
	p.unlock()
}

// startDialLocked starts one dial for the first waiter that has none.
func (p *Pool[T]) startDialLocked(now time.Duration) {
	ctx := context.Background()
	if w := p.uncoveredLocked(); w != nil {
		ctx = context.WithoutCancel(w.ctx)
	}
	p.tickets++
	p.pace.dials(now)
	a := &attempt{ticket: p.tickets, generation: p.generation, started: now, trial: !p.pace.proven(now)}
	if limit := p.cfg.DialTimeout; limit > 0 {
		a.ctx, a.cancel = context.WithTimeout(ctx, limit)
		a.overdue = time.AfterFunc(limit+dialGrace, func() { p.giveUp(a) })
	} else {
		a.ctx, a.cancel = context.WithCancel(ctx)
	}
	p.dials[a] = struct{}{}
	p.background++
	go p.dial(a)
}

// uncoveredLocked is the first waiter that would get nothing if every dial
// that is counted on succeeded; nil if there is none.
func (p *Pool[T]) uncoveredLocked() *waiter[T] {
	w := p.queue.First()
	for n, _ := p.youngLocked(p.exact()); w != nil && n > 0; n-- {
		w = w.line.After()
	}
	return w
}

// dial runs one attempt to its end. The attempt's context ends it, or Close.
// A panic of the driver's becomes an error: the goroutine is the pool's, so
// nobody above could recover it.
func (p *Pool[T]) dial(a *attempt) {
	var v T
	var f fault
	err := errEnded("opening a connection")
	defer func() {
		if cause := recover(); cause != nil {
			f = newFault("opening a connection", cause)
			err = f.err
		}
		p.dialed(a, v, err)
		p.logFault(f)
		p.done()
	}()
	v, err = p.cfg.Dial(a.ctx)
}

// dialed draws the conclusions of an attempt.
func (p *Pool[T]) dialed(a *attempt, v T, err error) {
	closing := a.ctx.Err() == context.Canceled       //nolint:errorlint // only Close cancels it
	spent := a.ctx.Err() == context.DeadlineExceeded //nolint:errorlint // the context is the pool's
	a.cancel()
	verdict := Fail
	if err != nil && p.cfg.Classify != nil {
		verdict = p.cfg.Classify(err)
	}
	p.mu.Lock()
	if a.overdue != nil {
		a.overdue.Stop()
	}
	a.spent = spent
	expected := p.endAttemptLocked(a)
	if !expected {
		p.counts.orphans--
	}
	switch {
	case err != nil && expected:
		p.failedLocked(a, err, verdict)
	case err == nil && expected:
		p.openedLocked(a, v)
	case err == nil:
		p.retireLocked(p.newConn(v, a.generation), closedLate)
	}
	p.dispatchLocked()
	p.unlock()
	if err != nil && !closing {
		p.log(slog.LevelWarn, "opening a connection failed", "error", p.brief(err), "verdict", verdict.String())
	}
}

// brief is what a log line shows of an error.
func (p *Pool[T]) brief(err error) any {
	if p.cfg.Brief == nil {
		return err
	}
	return p.cfg.Brief(err)
}

// endAttemptLocked reports whether anybody counts on a's result.
func (p *Pool[T]) endAttemptLocked(a *attempt) bool {
	if a.over {
		return false
	}
	a.over = true
	delete(p.dials, a)
	p.short = false
	return true
}

// giveUp ends a dial that neither returned nor heeded its context. Should it
// still succeed, its connection is closed.
func (p *Pool[T]) giveUp(a *attempt) {
	p.mu.Lock()
	defer p.unlock()
	if !p.endAttemptLocked(a) {
		return
	}
	p.counts.orphans++
	a.spent = true
	p.failedLocked(a, &refusal.Error{
		Policy: "pool",
		Reason: fmt.Sprintf("opening a connection takes longer than %v and does not stop", p.cfg.DialTimeout),
		Cause:  context.DeadlineExceeded,
	}, Unavailable)
	p.dispatchLocked()
}

// openedLocked hands a new connection to the first in line, or keeps it.
func (p *Pool[T]) openedLocked(a *attempt, v T) {
	c := p.newConn(v, a.generation)
	p.counts.dialed++
	p.pace.succeed(p.exact(), p.openLocked()+1)
	p.settleLocked(c)
	p.warmedLocked()
}

// newConn makes the pool's side of a physical connection.
func (p *Pool[T]) newConn(v T, generation uint64) *Conn[T] {
	c := &Conn[T]{Value: v, pool: p, generation: generation, fresh: true}
	c.line.Of, c.free.Of = c, c
	if limit := p.cfg.MaxLifetime; limit > 0 {
		c.expires = p.exact() + shorter(limit)
	}
	if limit := p.cfg.MaxIdleTime; limit > 0 {
		c.restful = shorter(limit)
	}
	return c
}

// shorter is d less up to a tenth.
func shorter(d time.Duration) time.Duration { return d - rand.N(d/10+1) }

// failedLocked draws the conclusions of a failed dial.
func (p *Pool[T]) failedLocked(a *attempt, err error, verdict DialVerdict) {
	now := p.exact()
	p.counts.dialErrors++
	switch {
	case p.closed:
		return
	case verdict == TooMany && p.openLocked() > 0:
		p.pace.settle(now, a.started, p.openLocked(), err)
		for w := p.uncoveredLocked(); w != nil; w = w.line.After() {
			p.waitsLocked(w)
		}
		p.endWarmUpLocked(err)
	case verdict == LoginRefused:
		p.pace.refuse(now, a.started, err) // dialLocked tells those it concerns
	default:
		if verdict == Unavailable {
			p.unparkLocked()
			p.pace.outage = max(now, 1)
		}
		p.shareLocked(a, err, p.pace.fail(now, a.started, err))
	}
}

// shareLocked gives a dial's error to those it concerns. A first failure is
// answered to the one caller it leaves without a dial, at once. One more in a
// row is the answer for all who came before it and would need a dial: they
// would have to wait for further ones in turn. Whoever must leave before the
// next dial is permitted hears it too. Where the dial took all the time that one
// may take, so does everybody who came before it: who is covered by a younger
// dial would otherwise wait for that one in turn, and then for the next.
func (p *Pool[T]) shareLocked(a *attempt, err error, again bool) {
	from, first := p.uncoveredLocked(), true
	if a.spent {
		from, again = p.queue.First(), true
	}
	p.failLocked(err, from, func(w *waiter[T]) bool {
		mine := (again || first) && w.ticket < a.ticket
		first = false
		return mine || (w.deadline > 0 && w.deadline < p.pace.retryAt)
	})
}

// failLocked fails those waiters whom fit picks among those that need a dial,
// from the first one that may: not those who must wait for a return because the
// pool is full. While the pool is suspended all must wait.
func (p *Pool[T]) failLocked(err error, from *waiter[T], fit func(*waiter[T]) bool) {
	if p.suspended {
		return
	}
	reach := p.reachLocked()
	for w := from; w != nil && reach > 0; reach-- {
		next := w.line.After()
		if fit(w) {
			p.grantLocked(w, nil, err)
		}
		w = next
	}
}

// reachLocked is how many waiters without a dial a failed one concerns: as many
// as could have dials, since the others wait for a return, but all of them
// where nothing is open that could be returned.
func (p *Pool[T]) reachLocked() int {
	if p.openLocked() == 0 {
		return math.MaxInt
	}
	return p.roomLocked()
}

// hopelessLocked fails w, the last to join, with the last dial's error if the
// next dial is only permitted after w must leave.
func (p *Pool[T]) hopelessLocked(w *waiter[T]) {
	if w.deadline >= p.pace.retryAt || p.pace.failures == 0 || p.roomLocked() == 0 || p.suspended {
		return
	}
	if young, _ := p.youngLocked(p.exact()); young == 0 && p.queue.Len() <= p.reachLocked() {
		p.grantLocked(w, nil, p.pace.lastErr)
	}
}
