// This file makes a wire of calls: for a driver that works within a library and has no socket that Fluxor could watch or cut.

package netshim

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

// ErrLeft is returned by [Calls.Do] when the line was cut before the call
// returned, or before it began. What the call does from then on is nobody's.
var ErrLeft = errors.New("fluxor: a call into the driver did not return in time and was left")

// Calls carries out calls that cannot be interrupted. Each one runs in a
// goroutine of the Calls' own and looks to the line like a request and its
// answer, so that guards bound it, Sent counts it and Cut leaves it behind. A
// call that is left keeps its goroutine until it returns.
type Calls struct {
	line *Line
	wire net.Conn // the watched end of gate
	gate *gate
	one  [1]byte
}

// Calls attaches a wire of calls to the line. One goroutine at a time may use
// the result; Later and Close may be called from any.
func (l *Line) Calls() *Calls {
	g := &gate{work: make(chan func()), done: make(chan struct{}, 1)}
	w, shimmed := newWire(l, g)
	l.attach(w, nil)
	return &Calls{line: l, wire: shimmed, gate: g}
}

// Do runs f and waits for it. It returns [ErrLeft] when the line was cut first:
// then f may still run, and what it writes must be nobody else's. A panic of
// f's is raised here. While nothing bounds the line f runs in the caller's
// goroutine.
func (c *Calls) Do(f func()) error {
	if c.line.unbounded() {
		c.line.markSent()
		f()
		c.line.markHeard()
		return nil
	}
	c.gate.next = f
	if _, err := c.wire.Write(c.one[:]); err != nil {
		return ErrLeft
	}
	if _, err := c.wire.Read(c.one[:]); err != nil {
		c.gate.leave()
		return ErrLeft
	}
	if cause := c.gate.fault; cause != nil {
		c.gate.fault = nil
		raise(cause)
	}
	return nil
}

// raise does what a call did instead of returning.
func raise(cause any) {
	if _, ok := cause.(exited); ok {
		runtime.Goexit()
	}
	panic(cause)
}

// exited is how a call ended that called [runtime.Goexit]: a test's FailNow does
// so in a reader that the driver reads from.
type exited struct{}

// unbounded reports whether nothing will cut the line while its owner is in a
// call: no guard is active, and it is sound.
func (l *Line) unbounded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.active) == 0 && !l.brokenLocked()
}

// Left reports whether a call was left that has not returned yet.
func (c *Calls) Left() bool { return c != nil && c.gate.isLeft() }

// Cut reports whether the line was cut.
func (c *Calls) Cut() bool { return c.line.Broken() }

// Later runs f once no call is under way: now, or in the goroutine of one that
// was left, when that returns.
func (c *Calls) Later(f func()) {
	if !c.gate.defers(f) {
		f()
	}
}

// Settle waits until a call that was left has returned, and what was to come
// later is done.
func (c *Calls) Settle() {
	settled := make(chan struct{})
	c.Later(func() { close(settled) })
	<-settled
}

// Close ends the goroutine, once a call that was left has returned.
func (c *Calls) Close() { _ = c.gate.Close() }

// gate is the connection under a wire of calls: a Write hands over the next
// call, the Read after it waits for its end.
type gate struct {
	work  chan func()   // to the goroutine
	done  chan struct{} // a call has returned
	next  func()        // what Write hands over
	fault any           // the panic of the call that has returned; nil for none
	read  alarm

	mu      sync.Mutex // protects the fields below; nothing blocks under it
	started bool
	closed  bool
	running bool     // a call is under way
	later   []func() // to run when it returns
	left    bool     // nobody waits for it any more
}

var _ net.Conn = (*gate)(nil)

// Write hands the next call to the goroutine, which it starts when needed.
func (g *gate) Write(b []byte) (int, error) {
	g.mu.Lock()
	if g.closed || g.running || g.read.rings() {
		g.mu.Unlock()
		return 0, os.ErrDeadlineExceeded
	}
	g.running = true
	begin := !g.started
	g.started = true
	g.mu.Unlock()
	if begin {
		go g.serve()
	}
	g.work <- g.next
	return len(b), nil
}

// Read waits for the end of the call, or for the deadline.
func (g *gate) Read(b []byte) (int, error) {
	select {
	case <-g.done:
		return 1, nil
	default:
	}
	select {
	case <-g.done:
		return 1, nil
	case <-g.read.wait():
		return 0, os.ErrDeadlineExceeded
	}
}

// serve runs calls until Close. A call that ends its goroutine ends this one;
// the next call has another.
func (g *gate) serve() {
	exits := true
	defer func() {
		if exits && g.finish(exited{}) {
			go g.serve()
		}
	}()
	for f := range g.work {
		if !g.finish(caught(f)) {
			break
		}
	}
	exits = false
}

// finish notes how a call ended and reports whether there may be another one.
func (g *gate) finish(fault any) (more bool) {
	g.fault = fault
	more = g.returned()
	g.done <- struct{}{}
	return more
}

// caught runs f and returns what it panicked with.
func caught(f func()) (cause any) {
	defer func() { cause = recover() }()
	f()
	return nil
}

// returned notes the end of a call, runs what waited for it, and reports
// whether there may be another one.
func (g *gate) returned() (more bool) {
	for {
		g.mu.Lock()
		if len(g.later) == 0 {
			g.running, g.left = false, false
			more = !g.closed
			g.mu.Unlock()
			return more
		}
		f := g.later[0]
		g.later = g.later[1:]
		g.mu.Unlock()
		_ = caught(f) // nobody is here who could recover
	}
}

// leave notes that nobody waits for the call that is under way.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = g.running
}

func (g *gate) isLeft() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left
}

// defers has f run when the call that is under way returns; it is false if
// there is none.
func (g *gate) defers(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running {
		g.later = append(g.later, f)
	}
	return g.running
}

// Close ends the goroutine at once or after the call that is under way.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	if g.started && !g.running {
		close(g.work)
	}
	return nil
}

func (g *gate) LocalAddr() net.Addr  { return gateAddr{} }
func (g *gate) RemoteAddr() net.Addr { return gateAddr{} }

// SetDeadline is SetReadDeadline: Write does not wait.
func (g *gate) SetDeadline(t time.Time) error { return g.SetReadDeadline(t) }

// SetReadDeadline bounds a Read, also one that waits already.
func (g *gate) SetReadDeadline(t time.Time) error {
	g.read.set(t)
	return nil
}

// SetWriteDeadline has no effect: Write does not wait.
func (g *gate) SetWriteDeadline(time.Time) error { return nil }

type gateAddr struct{}

func (gateAddr) Network() string { return "calls" }
func (gateAddr) String() string  { return "calls" }

// alarm is a deadline that can be waited for and moved.
type alarm struct {
	mu    sync.Mutex // protects the fields below
	timer *time.Timer
	rung  chan struct{} // closed when the deadline has passed; nil until somebody waits
	at    time.Time
}

// set moves the deadline; zero is none.
func (a *alarm) set(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.rung != nil && rang(a.rung) {
		a.rung = nil
	}
	a.at = t
	a.windLocked()
}

// wait returns a channel that is closed when the deadline passes, whenever that
// is set.
func (a *alarm) wait() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rung == nil {
		a.rung = make(chan struct{})
		a.windLocked()
	}
	return a.rung
}

// rings reports whether the deadline has passed.
func (a *alarm) rings() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.at.IsZero() && !time.Now().Before(a.at)
}

// windLocked has the channel, if anybody has it, closed at the deadline.
func (a *alarm) windLocked() {
	if a.rung == nil || a.at.IsZero() {
		return
	}
	rung, left := a.rung, time.Until(a.at)
	if left <= 0 {
		close(rung)
		return
	}
	a.timer = time.AfterFunc(left, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.rung == rung && !rang(rung) && !time.Now().Before(a.at) {
			close(rung)
		}
	})
}

// rang reports whether the channel is closed.
func rang(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
