// This file is the pool: its configuration, its state, and the path of a caller who finds an idle connection.

// Package pool keeps the physical connections behind a connector and hands
// them out: to waiters in the order in which they came, idle connections
// last in, first out.
//
// A caller that finds an idle connection takes it under one mutex, without
// allocation. Everything slow (dialing, pinging, closing) runs in goroutines
// of its own, so that a caller leaves when its context ends, and what it
// started serves the next one. A dial that fails reports the driver's error
// untouched; while dials keep failing they are spaced out, a refused login
// stops them, and a server that grants no more connections is taken at its
// word. A pool starts nothing before its first Acquire and has nothing
// running after Close, except what a driver never returns from.
package pool

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/invariant"
	"github.com/fluxor-db/fluxor/internal/list"
)

// Config says how a pool opens, checks and closes connections, and how many
// it keeps. Durations of 0 mean "off" unless said otherwise. It is copied by
// New and immutable afterwards. The functions may be called from several
// goroutines at once, for different connections; none is called with a lock
// of the pool held. A panic in Dial, Ping or Close is an error like any other.
type Config[T any] struct {
	// Dial opens a physical connection. Its context carries the values of the
	// first caller that needs the connection, but not its end: only
	// DialTimeout and Close end it.
	Dial func(ctx context.Context) (T, error)
	// Close closes a connection. It always runs in a goroutine of its own and
	// may block: nobody but Pool.Close waits for it, and the connection no
	// longer counts as open, unless Lingering.
	Close func(v T) error
	// Peek looks without a round trip whether a connection that was used or
	// lay idle is still alive. It runs at every take, on the caller's
	// goroutine, where a panic goes too; nil means no look.
	Peek func(v T) error
	// Ping asks the server over a connection that was idle for longer than
	// ValidationIdle; nil means never. An error closes the connection, silence
	// until ValidationTimeout also those that have rested since before it began.
	Ping func(ctx context.Context, v T) error
	// Classify says what an error of Dial means for the next dial; nil means
	// Fail for all.
	Classify func(err error) DialVerdict
	// Brief is what a log line shows of an error of Dial; nil means its text.
	Brief func(err error) string

	// MaxOpen is the highest number of open and dialing connections; 0 means
	// unlimited. Connections being closed do not count, unless Lingering.
	MaxOpen int
	// MaxIdle is how many idle connections stay after load falls; 0 keeps
	// none, negative keeps all. A return never closes a connection because of
	// it: only a surplus that lasted a whole second is closed.
	MaxIdle int
	// MaxLifetime and MaxIdleTime bound a connection's age and its rest; each
	// connection's own bound is up to 10 % shorter, fixed when it is opened,
	// so that connections opened together do not end together.
	MaxLifetime, MaxIdleTime time.Duration
	// AcquireTimeout bounds Acquire, also where its context has no deadline.
	AcquireTimeout time.Duration
	// DialTimeout bounds one dial, whoever waits for it.
	DialTimeout time.Duration
	// CloseTimeout bounds how long Close waits; 0 means without bound.
	CloseTimeout time.Duration
	// ValidationIdle is the rest after which Ping is called at a take.
	ValidationIdle time.Duration
	// ValidationTimeout bounds one Ping; 0 means 5 s.
	ValidationTimeout time.Duration
	// Warmup is how many connections the first Acquire opens besides its own;
	// WarmupTimeout is when opening them is given up.
	Warmup        int
	WarmupTimeout time.Duration
	// MaxDials is how many dials run at once; 0 means 32. Twenty callers that
	// meet a cold pool thus wait two logons: the first proves the login alone,
	// because a wrong password must not be tried twenty times, and the others
	// run together. Ten thousand callers do not storm the server either.
	MaxDials int
	// DialRate is how many dials begin per second, after the first MaxDials; 0
	// means as many as are wanted.
	DialRate int
	// Lingering is for a driver whose calls cannot be interrupted: a connection
	// being closed, or a dial that was given up, keeps its session until the
	// driver returns from it. Such ones count against MaxOpen and MaxDials, and
	// with a MaxOpen of 0 no connection is opened while there are 32 of them.
	Lingering bool
	// Pinned is for databases that live in their connections: the pool never
	// opens one that nobody asked for and closes none for age, rest, surplus
	// or Evict, nor asks whether one is alive, since a wrong answer would cost
	// the data. Only Discard, SetMaxOpen and Close end one.
	Pinned bool
	// LeakAfter is how long a lease may last before OnLeak hears of it, once, and
	// again when it ends; 0 means any time. OnLeak runs in a goroutine of the
	// pool's, one call at a time.
	LeakAfter time.Duration
	OnLeak    func(Leak[T])
	// Places says for which leases it is noted where they began.
	Places Places
	// Logger gets what nobody is returned an error for; nil means no logs.
	Logger *slog.Logger
}

// Places says for which leases it is noted where they began.
type Places uint8

const (
	// PlacesSampled: for one lease in 16, and for every one while more than 80 %
	// of a limited pool are used or somebody waits.
	PlacesSampled Places = iota
	// PlacesAll: for every lease, at some tens of nanoseconds each where the stack was seen before.
	PlacesAll
	// PlacesNone: for none.
	PlacesNone
)

const (
	defaultMaxDials          = 32
	maxLingering             = 32
	defaultValidationTimeout = 5 * time.Second
)

// Pool is a set of physical connections of one database. It is safe for
// concurrent use.
type Pool[T any] struct {
	cfg   Config[T]   // immutable
	epoch time.Time   // where the pool's clock begins
	calm  atomic.Bool // connections that come back are parked; set under mu
	notes atomic.Bool // the pool has a limit, so places are noted; set under mu

	// mu protects everything below. Nothing blocks while it is held: no
	// function of Config, no log, no send. It is a leaf lock.
	mu sync.Mutex

	maxOpen    int                  // 0 = unlimited
	lowered    bool                 // SetMaxOpen may have left more connections open than maxOpen
	idle       list.List[Conn[T]]   // last returned first
	unclaimed  list.List[Conn[T]]   // those of them that nobody claims
	short      bool                 // somebody took what another claims: one more is wanted
	used       list.List[Conn[T]]   // longest held first
	queue      list.List[waiter[T]] // by ticket, the oldest first
	granted    list.List[waiter[T]] // served under the present lock; unlock wakes them
	spares     list.List[waiter[T]] // to use again
	tickets    uint64               // the order in which callers came
	generation uint64               // connections of an older one are evicted
	suspended  bool
	closed     bool

	pace   pace
	dials  map[*attempt]struct{}
	retry  *time.Timer // wakes the queue when the next dial is permitted
	warm   warmup
	clock  clock
	shrink shrink
	counts counts

	noticed []noticed[T] // leaks that OnLeak has not heard of
	telling bool         // a goroutine tells it

	background int           // goroutines of the pool's that run functions of Config
	quiet      chan struct{} // closed when background falls to 0; nil if nobody waits
	closeErr   error         // the first error of closing what Close found idle
}

// New returns a pool that has opened nothing and runs nothing. Dial and Close
// of c must be set.
func New[T any](c Config[T]) *Pool[T] {
	if c.MaxDials <= 0 {
		c.MaxDials = defaultMaxDials
	}
	if c.ValidationTimeout <= 0 {
		c.ValidationTimeout = defaultValidationTimeout
	}
	if c.Pinned {
		c.Peek, c.Ping = nil, nil
		c.MaxIdle, c.MaxLifetime, c.MaxIdleTime, c.Warmup = -1, 0, 0, 0
	}
	var interval time.Duration
	if c.DialRate > 0 {
		interval = time.Second / time.Duration(c.DialRate)
	}
	return &Pool[T]{
		cfg:     c,
		pace:    pace{interval: interval, slack: interval * time.Duration(c.MaxDials-1)},
		epoch:   time.Now(),
		maxOpen: max(c.MaxOpen, 0),
		dials:   make(map[*attempt]struct{}),
	}
}

// Acquire leases a connection until its Release or Discard: the one that this
// goroutine or k had last (nil had none) if that is idle, else an idle one
// that nobody claims, else any idle one, else it opens one or waits in line.
// The connection is k's from then on.
//
// It fails with the driver's own error, untouched, when a connection had to
// be opened and could not be; with a *refusal.Error that is
// refusal.ErrAcquireTimeout when AcquireTimeout or ctx ended first (then it
// is the context's error too), which says who holds the connections; and with
// one that is refusal.ErrClosed after Close. Repeating helps except after
// Close and after a refused login. A ctx that has ended already is answered
// with its bare error.
func (p *Pool[T]) Acquire(ctx context.Context, k *Claim[T]) (*Conn[T], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	who := goroutine()
	if who == 0 {
		learnGoroutines()
		who = goroutine()
	}
	if c := p.takeBack(k, who); c != nil {
		if p.peek(c) == nil {
			return c, nil
		}
	}
	p.mu.Lock()
	p.tickets++
	ticket := p.tickets
	p.reclaimLocked(k)
	c, w := p.enterLocked(ctx, k, ticket, who)
	noted := p.notedLocked(ticket)
	p.unlock()
	if c != nil && !noted && !c.ping {
		if p.peek(c) == nil {
			return c, nil
		}
		c = nil
	}
	return p.search(ctx, k, c, w, ticket, who)
}

// takeLocked leases an idle connection, or returns nil if there is none.
// Nobody is overtaken: while callers wait in line no connection is idle.
func (p *Pool[T]) takeLocked(k *Claim[T], who uint64) *Conn[T] {
	if p.suspended {
		return nil
	}
	now := p.nowLocked()
	if c := p.familiarLocked(k, who); c != nil && !c.old(now) {
		p.leaseIdleLocked(c, k, now, who)
		return c
	}
	for c := p.unclaimedLocked(now); c != nil; c = p.unclaimedLocked(now) {
		if !c.old(now) {
			p.leaseIdleLocked(c, k, now, who)
			return c
		}
		p.idleOutLocked(c, closedLifetime)
	}
	return nil
}

// leaseIdleLocked leases an idle connection and decides whether it has to be
// pinged first.
func (p *Pool[T]) leaseIdleLocked(c *Conn[T], k *Claim[T], now time.Duration, who uint64) {
	p.unshelveLocked(c)
	c.ping = p.cfg.Ping != nil && p.doubtLocked(c, now)
	p.leaseLocked(c, k, now, who)
}

// doubtLocked reports whether c rested so long, or the server was seen to be
// unavailable since, that a look at its socket is not enough.
func (p *Pool[T]) doubtLocked(c *Conn[T], now time.Duration) bool {
	if limit := p.cfg.ValidationIdle; limit > 0 && now-c.proved > limit {
		return true
	}
	return p.pace.outage > 0 && c.proved <= p.pace.outage
}

// leaseLocked puts c, which is in no list, under the name of a borrower.
func (p *Pool[T]) leaseLocked(c *Conn[T], k *Claim[T], now time.Duration, who uint64) {
	if c.claim != k {
		p.tieLocked(k, c)
	}
	p.used.PushBack(&c.line)
	c.who.Store(who)
	c.state, c.since, c.left, c.out = stateLeased, now, false, true
	c.leaks.Store(false)
	c.place.forget()
	c.park.taken.Store(false)
	p.clock.active = true
	if p.used.Len() > p.counts.maxUsed {
		p.counts.maxUsed = max(p.counts.maxUsed, p.used.Len()-p.parkedLocked())
	}
}

// openLocked is how many connections are open.
func (p *Pool[T]) openLocked() int { return p.idle.Len() + p.used.Len() }

// roomLocked is how many more connections may be dialed.
func (p *Pool[T]) roomLocked() int {
	lingering := p.lingeringLocked()
	switch {
	case p.maxOpen > 0:
		return max(p.maxOpen-p.openLocked()-len(p.dials)-lingering, 0)
	case lingering >= maxLingering:
		return 0
	}
	return math.MaxInt
}

// lingeringLocked is how many sessions may exist that are neither open nor
// being dialed, where that is of interest.
func (p *Pool[T]) lingeringLocked() int {
	if !p.cfg.Lingering {
		return 0
	}
	return p.counts.closing + p.counts.orphans
}

// limitLocked is how many connections there can be at most, by MaxOpen or by
// what the server was found to grant; 0 means no bound is known.
func (p *Pool[T]) limitLocked() int {
	if granted := p.pace.ceiling; granted > 0 && (p.maxOpen == 0 || granted < p.maxOpen) {
		return granted
	}
	return p.maxOpen
}

// notedLocked reports whether it is noted where this lease began: the error of
// a full pool will name it. That takes time, so it is done while more
// than 80 % of a limited pool is used or somebody waits; besides for one lease
// in sampleEvery, because who holds a connection longest borrowed it before
// that.
func (p *Pool[T]) notedLocked(ticket uint64) bool {
	switch {
	case p.cfg.Places == PlacesAll:
		return true
	case p.cfg.Places == PlacesNone:
		return false
	case p.cfg.LeakAfter > 0 && ticket%sampleEvery == 0:
		return true
	}
	return p.limitLocked() > 0 && ticket%sampleEvery == 0 || p.crowdedLocked()
}

// sampleEvery is one in how many leases has its place noted in any case.
const sampleEvery = 16

// crowdedLocked reports whether a limited pool is nearly used up, or whether
// somebody waits.
func (p *Pool[T]) crowdedLocked() bool {
	limit := p.limitLocked()
	return limit > 0 && (p.used.Len()*5 > limit*4 || p.queue.Len() > 0)
}

// unlock ends a section under mu and then wakes those it served. Every
// section that may have served somebody ends with it.
func (p *Pool[T]) unlock() {
	if invariant.Enabled {
		p.checkLocked()
	}
	p.calmLocked()
	w := p.granted.First()
	if w == nil {
		p.mu.Unlock()
		return
	}
	p.granted = list.List[waiter[T]]{}
	p.mu.Unlock()
	for w != nil {
		next := w.line.After() // w is its owner's again after the send
		w.line.Loosen()
		w.ready <- struct{}{}
		w = next
	}
}

// checkLocked panics if the pool contradicts itself.
func (p *Pool[T]) checkLocked() {
	p.checkClaimsLocked()
	open := p.openLocked()
	switch {
	case p.idle.Len() < 0 || p.used.Len() < 0 || p.background < 0:
		p.mu.Unlock()
		panic("fluxor: the pool counts less than no connection")
	case p.queue.Len() > 0 && p.idle.Len() > 0 && !p.suspended:
		p.mu.Unlock()
		panic("fluxor: a caller waits while a connection is idle")
	case p.queue.Len() > 0 && p.closed:
		p.mu.Unlock()
		panic("fluxor: a caller waits for a closed pool")
	case p.maxOpen > 0 && open+len(p.dials) > p.maxOpen && !p.lowered:
		p.mu.Unlock()
		panic("fluxor: more connections are open than the limit allows")
	}
}
