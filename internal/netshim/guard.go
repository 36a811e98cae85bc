// This file bounds calls: by the end of a context plus a grace, and by the time that passes without a byte.

package netshim

import (
	"context"
	"slices"
	"time"
)

// guard is one active bound. Lines keep stopped ones for reuse, so that a
// bound costs no allocation of its own.
type guard struct {
	line  *Line
	ended func()      // g.contextEnded, bound once
	stop  func() bool // unhooks from the context; only the guarding goroutine touches it

	// Protected by line.mu.
	seq   uint64          // 0 when the guard was stopped
	rests bool            // it bounds nothing until it wakes
	ctx   context.Context // nil where the context cannot end
	grace time.Duration
	quiet time.Duration
	timer *time.Timer // runs while the grace does
}

// Guarding is one active bound on a line, ended by Stop. The zero value bounds
// nothing.
type Guarding struct {
	g   *guard
	seq uint64
}

// Guard bounds what happens on the line until Stop:
//
//   - When ctx ends, the driver has grace to bring its own cancellation home
//     (a cancel request and the server's verdict); then the line is cut. A
//     grace of 0 cuts at once. A context that cannot end bounds nothing.
//   - With quiet > 0, a Read or Write that moves no byte for quiet cuts the
//     line; a Write larger than the socket's buffers may take an eighth
//     longer. 0 means no such limit. It counts only while the driver waits for
//     the wire, never while the application thinks.
//
// Several guards may be active on one line; each keeps its own context, grace
// and limit, and the first that expires cuts the line. A deadline the driver
// sets itself stays in force, the earlier one counts. Guard does not allocate
// unless ctx can end.
func (l *Line) Guard(ctx context.Context, grace, quiet time.Duration) Guarding {
	ends := ctx.Done() != nil
	if !ends && quiet <= 0 {
		return Guarding{}
	}
	l.mu.Lock()
	g := l.takeLocked()
	if ends {
		g.ctx = ctx
	}
	g.grace, g.quiet = grace, max(quiet, 0)
	l.active = append(l.active, g)
	l.limitLocked()
	s := Guarding{g: g, seq: g.seq}
	l.mu.Unlock()
	if ends {
		g.stop = hook(ctx, g.ended)
	}
	return s
}

// hook is context.AfterFunc, or what a context of Fluxor's own has in its place.
func hook(ctx context.Context, f func()) (stop func() bool) {
	if own, ok := ctx.(interface {
		Hook(f func()) (stop func() bool)
	}); ok {
		return own.Hook(f)
	}
	return context.AfterFunc(ctx, f)
}

// Stop ends the bound. After it returned this bound neither cuts the line nor
// leaves a deadline on it; if it cut before, the line stays cut. It is
// idempotent.
func (s Guarding) Stop() {
	if s.g == nil {
		return
	}
	g, l := s.g, s.g.line
	l.mu.Lock()
	if g.seq != s.seq {
		l.mu.Unlock()
		return
	}
	g.seq, g.ctx = 0, nil
	g.restLocked()
	g.rests = false
	l.mu.Unlock()

	if g.stop != nil {
		g.stop() // outside the lock: it is the context's code
		g.stop = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, g)
}

// Rest suspends the bound until Wake, while what it bounds makes no call: a
// call of somebody else's on the line is not to end with it.
func (s Guarding) Rest() {
	if s.g == nil {
		return
	}
	l := s.g.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.g.seq == s.seq {
		s.g.restLocked()
	}
}

// Wake has the bound hold again. A context that ended meanwhile has its grace
// from now on.
func (s Guarding) Wake() {
	if s.g == nil {
		return
	}
	g, l := s.g, s.g.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.seq != s.seq || !g.rests {
		return
	}
	g.rests = false
	l.active = append(l.active, g)
	l.limitLocked()
	g.endedLocked()
}

// restLocked takes the guard from the active ones.
func (g *guard) restLocked() {
	if g.rests {
		return
	}
	g.rests = true
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	i := slices.Index(g.line.active, g)
	g.line.active = slices.Delete(g.line.active, i, i+1)
	g.line.limitLocked()
}

// Expired says why this bound cut the line, as [Line.Expired] does, and nil if
// it did not or another bound did. It may be asked after Stop.
func (s Guarding) Expired() error {
	if s.g == nil {
		return nil
	}
	l := s.g.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cutBy != s.seq {
		return nil
	}
	return l.cause
}

// takeLocked returns a guard with a number of its own.
func (l *Line) takeLocked() *guard {
	var g *guard
	if n := len(l.free); n > 0 {
		g, l.free = l.free[n-1], l.free[:n-1]
	}
	if g == nil {
		g = &guard{line: l}
		g.ended = g.contextEnded
	}
	l.seq++
	g.seq = l.seq
	return g
}

// limitLocked makes the smallest limit of the active guards the line's, also
// for a Read or Write that waits already.
func (l *Line) limitLocked() {
	quiet := time.Duration(0)
	for _, g := range l.active {
		if g.quiet > 0 && (quiet == 0 || g.quiet < quiet) {
			quiet = g.quiet
		}
	}
	// The store comes before the look at who waits; Read and Write do the two
	// in the opposite order, so that one of the sides always sees the other.
	if l.quiet.Swap(int64(quiet)) == int64(quiet) || l.wire == nil {
		return
	}
	l.wire.in.changeLocked(l.cut, quiet)
	l.wire.out.changeLocked(l.cut, quiet)
}

// contextEnded runs in a goroutine of its own when a guarded context ended. It
// may come late, when the guard is stopped or guards another context; it
// therefore believes only what the guard says now.
func (g *guard) contextEnded() {
	g.line.mu.Lock()
	defer g.line.mu.Unlock()
	g.endedLocked()
}

// endedLocked begins the grace where the context has ended.
func (g *guard) endedLocked() {
	if g.ctx == nil || g.timer != nil || g.rests {
		return
	}
	err := g.ctx.Err()
	if err == nil {
		return
	}
	if g.grace <= 0 {
		g.line.cutLocked(err, g.seq)
		return
	}
	seq := g.seq
	g.timer = time.AfterFunc(g.grace, func() { g.graceOver(seq) })
}

func (g *guard) graceOver(seq uint64) {
	g.line.mu.Lock()
	defer g.line.mu.Unlock()
	if g.seq == seq && !g.rests {
		g.line.cutLocked(g.ctx.Err(), seq)
	}
}

// quietLocked cuts the line on behalf of the guard with the smallest limit.
func (l *Line) quietLocked() {
	limit := time.Duration(l.quiet.Load())
	for _, g := range l.active {
		if g.quiet == limit {
			l.cutLocked(ErrQuiet, g.seq)
			return
		}
	}
}
