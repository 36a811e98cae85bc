// This file runs the calls of a driver that works within a library: each with a deadline, broken off when its context ends, and left behind when it does not return.

package fluxor

import (
	"context"
	"database/sql/driver"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

// A call into a library ends in one of these ways, in this order:
//
//   - The driver sets the library's own call timeout from the deadline that it
//     sees, so that a call whose time is up ends on the server.
//   - If it has not by breakGrace after the deadline, or where the context was
//     cancelled at once, the server is asked to break the call off.
//   - If it has not by cancelGrace after the context's end, the guard cuts the
//     line, and the call is left behind with its connection.

// breakGrace is how long after its deadline a call may take to end by its own
// timeout. Drivers know no timeout below 100 ms (godror conn.go, handleDeadline).
const breakGrace = 120 * time.Millisecond

// detached is how a physical connection makes its calls.
type detached struct {
	how   *backend.Detached
	calls *netshim.Calls
	ci    driver.Conn
	began time.Time // the last call
	stale bool      // that call left its own timeout on the connection
	last  *span     // of the rows that the last query returned
}

// newDetached makes ci's calls on line from now on.
func newDetached(how *backend.Detached, ci driver.Conn, line *netshim.Line) *detached {
	return &detached{how: how, calls: line.Calls(), ci: ci}
}

// taken returns the span of the rows that the last query returned, under the
// bound of that query, which holds during the calls of the span alone: beside
// the rows other statements may run, under contexts of their own.
func (d *detached) taken(bound netshim.Guarding) *span {
	if d == nil {
		return nil
	}
	sp := d.last
	d.last = nil
	if sp != nil {
		sp.bound = bound
		bound.Rest()
	}
	return sp
}

// left reports whether a call was left that the driver has not returned from:
// it may hold the locks of the connection and of any statement.
func (d *detached) left() bool { return d != nil && d.calls.Left() }

// foundDead reports whether a call that found the session gone did so at once:
// it had ended before, and nobody could see that. A session that ends later may
// have been ended because of the statement, which then must not come back.
func (d *detached) foundDead() bool {
	return d != nil && !d.calls.Cut() && time.Since(d.began) < atOnce
}

// atOnce is how long the first answer of a server may take.
const atOnce = time.Second

// forget takes back the timeout of an earlier call.
func (d *detached) forget() {
	if d.stale && d.how.Forget != nil {
		_ = d.how.Forget(d.ci)
	}
}

// span is a call with its context, and for a query the reading of its rows. It
// is the context that the driver gets: with a deadline, and without an end of
// its own, because the driver's way of breaking a call off may hit the next one
// on the connection (godror asks from a goroutine that nobody waits for).
type span struct {
	context.Context // the caller's
	d               *detached
	end             time.Time
	unhook          func() bool

	bound netshim.Guarding // of rows; it holds during their calls
	left  bool             // nobody waited for the call

	mu       sync.Mutex    // protects the fields below; nothing blocks under it
	inside   bool          // the driver is in a call
	breaking chan struct{} // closed when Break, which was called for that call, has returned
	lastWord *time.Timer
}

// begin returns the span of a call under ctx.
func (d *detached) begin(ctx context.Context) *span {
	sp, now := &span{Context: ctx, d: d}, time.Now()
	if limit := d.how.Deadline; limit > 0 {
		sp.end = now.Add(limit)
	}
	_, bounded := ctx.Deadline()
	d.began, d.stale = now, bounded
	if d.how.Break != nil && ctx.Done() != nil {
		sp.unhook = context.AfterFunc(ctx, sp.ended)
	}
	return sp
}

// Deadline is the caller's, or the one that a call is given without.
func (sp *span) Deadline() (time.Time, bool) {
	own, bounded := sp.Context.Deadline()
	if bounded && (sp.end.IsZero() || own.Before(sp.end)) {
		return own, true
	}
	return sp.end, !sp.end.IsZero()
}

// Done is nil: Fluxor itself breaks the call off.
func (sp *span) Done() <-chan struct{} { return nil }

// Err is nil during a call, whose own error says more.
func (sp *span) Err() error {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.inside {
		return nil
	}
	return sp.Context.Err()
}

// ended runs in a goroutine of its own when the context ends.
func (sp *span) ended() {
	if sp.Context.Err() != context.DeadlineExceeded { //nolint:errorlint // a context's own word
		sp.breakOff()
		return
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.lastWord = time.AfterFunc(breakGrace, sp.breakOff)
}

// breakOff breaks the call off that the driver is in. It may block for as long
// as the driver does.
func (sp *span) breakOff() {
	sp.mu.Lock()
	if !sp.inside || sp.breaking != nil {
		sp.mu.Unlock()
		return
	}
	done := make(chan struct{})
	sp.breaking = done
	sp.mu.Unlock()
	defer close(done)
	_ = sp.d.how.Break(sp.d.ci)
}

// enter and leave stand around each call, in the goroutine that makes it. A
// Break that is under way holds leave up, so that it is over when the call is
// and hits no later one.
func (sp *span) enter() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.inside, sp.breaking = true, nil
}

func (sp *span) leave() (broke bool) {
	sp.mu.Lock()
	sp.inside = false
	breaking := sp.breaking
	sp.mu.Unlock()
	if breaking != nil {
		<-breaking
	}
	return breaking != nil
}

// close ends the span: nothing more is called under it.
func (sp *span) close() {
	if sp == nil {
		return
	}
	if sp.unhook != nil {
		sp.unhook()
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.lastWord != nil {
		sp.lastWord.Stop()
	}
}

// reply is what a call came to. The goroutine of the call fills it.
type reply[T any] struct {
	value T
	err   error
	broke bool
}

// apart makes one call of p's under ctx.
func apart[T any](ctx context.Context, p *physical, f func(context.Context) (T, error)) (T, error) {
	sp := p.apart.begin(ctx)
	defer sp.close()
	return within(sp, p, f)
}

// within makes one call of a span. An error in which the caller's context had a
// part says so (see verdict); a call that is left has driver.ErrBadConn for its
// answer, and the line knows why it was cut.
func within[T any](sp *span, p *physical, f func(context.Context) (T, error)) (T, error) {
	r := &reply[T]{}
	err := sp.run(func() {
		sp.enter()
		defer func() { r.broke = sp.leave() }()
		r.value, r.err = f(sp)
	})
	if err == nil {
		return r.value, sp.verdict(p, r.err, r.broke)
	}
	if sp.left {
		sp.d.calls.Later(func() { discard(r.value) })
	}
	var none T
	return none, err
}

// run makes a call, unless the context has ended.
func (sp *span) run(call func()) error {
	if err := sp.Context.Err(); err != nil {
		return brokenOff{err}
	}
	sp.bound.Wake()
	defer sp.bound.Rest()
	if sp.d.calls.Do(call) != nil {
		sp.left = true
		if sp.d.how.Break != nil {
			go sp.breakOff() // where it was not before: the network timeout left it
		}
		return driver.ErrBadConn
	}
	return nil
}

// discard closes the rows that a call returned and nobody waited for.
func discard(v any) {
	if rows, ok := v.(driver.Rows); ok {
		_ = rows.Close()
	}
}

// verdict says what the caller hears of a call that has returned.
func (sp *span) verdict(p *physical, err error, broke bool) error {
	if broke && err != nil && sp.d.how.Broken(err) {
		return brokenOff{sp.Context.Err()}
	}
	if broke {
		p.broken = true // the break may yet hit the next call
	}
	if err != nil && sp.d.timedOut(err) {
		return timedOut{err, sp.expires()}
	}
	if err == context.DeadlineExceeded { //nolint:errorlint // as the driver returns that of a context of its own
		p.broken = true // the driver's own break (see span) may come late
		return timedOut{err, err}
	}
	return err
}

// timedOut reports whether an error says that a call's own timeout ended it.
func (d *detached) timedOut(err error) bool {
	return d.how.TimedOut != nil && d.how.TimedOut(err)
}

// expires waits for the caller's own deadline, if that is what a call timeout
// was set by: the library counts in milliseconds and may be early. It returns
// the context's error; nil where the timeout was another one.
func (sp *span) expires() error {
	end, bounded := sp.Context.Deadline()
	if bounded && time.Until(end) <= breakGrace {
		<-sp.Context.Done()
	}
	return sp.Context.Err()
}

// brokenOff is the end of a context before the call, or upon which the server
// broke it off: nothing of it took effect, and the connection is sound.
type brokenOff struct{ error }

func (e brokenOff) Unwrap() error { return e.error }

// timedOut is the end of a call by a timeout within the library: it may have
// taken effect. ended is the context's error, nil where it was not the caller's
// deadline that the timeout was set by.
type timedOut struct {
	error
	ended error
}

func (e timedOut) Unwrap() []error {
	if e.ended == nil {
		return []error{e.error}
	}
	return []error{e.ended, e.error}
}
