// This file ties a connection to the one that used it last, so that session state stays where its user finds it again.

package pool

import "time"

// contentFor is how long after closing surplus connections none is opened that
// nobody needs.
const contentFor = time.Minute

// Claim is a borrower's tie to the connection that it leased last, which it
// gets again as long as nobody else took it. A goroutine's own last connection
// comes before it: a program that sets something in one call and reads it in
// the next does both on one goroutine, but database/sql, which keeps two idle
// connections unless told otherwise, gives it another borrower each time. Its
// zero value ties nothing. A borrower passes its own to every Acquire of one
// pool and gives it up with Drop when it will not come back.
//
// Where each borrower stands for a connection of its own, as database/sql's
// do, the ties make the sharing unnoticed: whoever has no tie takes a
// connection that nobody claims. If all idle ones are claimed it takes one all
// the same, because nobody shall wait while a connection is idle, but the pool
// then opens one more, unless that would be over MaxIdle soon. Otherwise one
// connection too few would make the borrowers take each other's over and over.
type Claim[T any] struct {
	conn *Conn[T] // protected by the pool's mu

	// Unanswered says of an Acquire that ended with refusal.ErrAcquireTimeout
	// that it waited for the database, not for other borrowers: a connection
	// was being opened, or could not be. It is the borrower's to read.
	Unanswered bool

	// Waited is how long the last Acquire took that did not find an idle
	// connection to take at once; one that did leaves it as it is. It is the
	// borrower's to read, and to set to 0 before.
	Waited time.Duration

	// OnWait, where it is set, is told when an Acquire begins to wait for a
	// connection, and when that wait is over. It runs in Acquire, without the
	// pool's mu, and must not wait.
	OnWait func(waits bool)

	// The borrower's own.
	last   *Conn[T] // what it parked last, under the ticket
	parked uint64   // 0 = nothing that it could take back
	turns  uint32
}

// Drop gives up the tie of k: the connection is anybody's.
func (p *Pool[T]) Drop(k *Claim[T]) {
	p.mu.Lock()
	defer p.unlock()
	p.reclaimLocked(k)
	p.untieLocked(k)
	k.last = nil
}

// tieLocked makes c, which is in no list, the connection of k; of nobody if k is
// nil.
func (p *Pool[T]) tieLocked(k *Claim[T], c *Conn[T]) {
	if c.claim != nil {
		c.claim.conn = nil
	}
	p.untieLocked(k)
	c.claim = k
	if k != nil {
		k.conn = c
	}
}

// untieLocked frees the connection of k, if both exist.
func (p *Pool[T]) untieLocked(k *Claim[T]) {
	if k == nil || k.conn == nil {
		return
	}
	c := k.conn
	k.conn, c.claim = nil, nil
	if c.state == stateIdle {
		p.unclaimed.PushFront(&c.free)
	}
}

// familiarDepth is how many idle connections are looked through for the one
// that a goroutine had last.
const familiarDepth = 32

// familiarLocked returns the idle connection that the goroutine had last, else
// the one that k claims, else nil.
func (p *Pool[T]) familiarLocked(k *Claim[T], who uint64) *Conn[T] {
	n := familiarDepth
	for c := p.idle.First(); c != nil && n > 0 && who != 0; c, n = c.line.After(), n-1 {
		if c.lastWho == who {
			return c
		}
	}
	if k != nil && k.conn != nil && k.conn.state == stateIdle {
		return k.conn
	}
	return nil
}

// unclaimedLocked returns the idle connection that became nobody's last; if all
// are claimed, the one returned last, and has the pool open one more where
// that can last.
func (p *Pool[T]) unclaimedLocked(now time.Duration) *Conn[T] {
	if c := p.unclaimed.First(); c != nil {
		return c
	}
	p.short = p.idle.Len() > 0 && p.lastingLocked(now)
	return p.idle.First()
}

// lastingLocked reports whether one more connection, opened beside a lease that
// takes an idle one, would not be closed as surplus soon. It would be if there
// are as many as that lease leaves idle and MaxIdle keeps, or if others were
// closed so lately: opening and closing would go on for ever.
func (p *Pool[T]) lastingLocked(now time.Duration) bool {
	if p.cfg.Pinned || p.roomLocked() == 0 {
		return false
	}
	return p.cfg.MaxIdle < 0 || p.idle.Len() <= p.cfg.MaxIdle && (p.shrink.at == 0 || now-p.shrink.at > contentFor)
}

// shelveLocked makes a connection idle.
func (p *Pool[T]) shelveLocked(c *Conn[T]) {
	p.idle.PushFront(&c.line)
	if c.claim == nil {
		p.unclaimed.PushFront(&c.free)
	}
}

// unshelveLocked takes a connection out of the idle ones.
func (p *Pool[T]) unshelveLocked(c *Conn[T]) {
	p.idle.Remove(&c.line)
	if c.claim == nil {
		p.unclaimed.Remove(&c.free)
	}
	p.shrink.low = min(p.shrink.low, p.idle.Len())
}

// checkClaimsLocked panics if the list of unclaimed connections is wrong.
func (p *Pool[T]) checkClaimsLocked() {
	n := 0
	for c := p.idle.First(); c != nil; c = c.line.After() {
		if c.claim == nil {
			n++
		}
	}
	for c := p.unclaimed.First(); c != nil; c = c.free.After() {
		if c.claim == nil && c.state == stateIdle {
			n--
		}
	}
	if n != 0 {
		p.mu.Unlock()
		panic("fluxor: the pool confuses the connections that nobody claims")
	}
}
