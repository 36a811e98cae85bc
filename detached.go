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

// taken returns the span of the rows that the last query returned.
func (d *detached) taken() *span {
	if d == nil {
		return nil
	}
	sp := d.last
	d.last = nil
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

	mu       sync.Mutex // protects the fields below; Break is called under it, so that it hits no later call
	inside   bool       // the driver is in a call
	over     bool       // the context has ended
	broke    bool       // Break was called
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
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.over = true
	if sp.Context.Err() == context.DeadlineExceeded { //nolint:errorlint // a context's own word
		sp.lastWord = time.AfterFunc(breakGrace, sp.breakOff)
		return
	}
	sp.breakLocked()
}

func (sp *span) breakOff() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.breakLocked()
}

// breakLocked breaks the call off that the driver is in.
func (sp *span) breakLocked() {
	if sp.inside && !sp.broke {
		sp.broke = true
		_ = sp.d.how.Break(sp.d.ci)
	}
}

// enter and leave stand around each call, in the goroutine that makes it. A
// Break that is under way holds leave up, so that it is over when the call is.
func (sp *span) enter() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.inside, sp.broke = true, false
}

func (sp *span) leave() (broke bool) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.inside = false
	return sp.broke
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
	var none T
	if err := sp.Context.Err(); err != nil {
		return none, brokenOff{err}
	}
	err := sp.d.calls.Do(func() {
		sp.enter()
		defer func() { r.broke = sp.leave() }()
		r.value, r.err = f(sp)
	})
	if err != nil {
		sp.d.calls.Later(func() { discard(r.value) })
		return none, driver.ErrBadConn
	}
	return r.value, sp.verdict(p, r.err, r.broke)
}

// discard closes what a call returned that nobody waited for.
func discard(v any) {
	if c, ok := v.(interface{ Close() error }); ok {
		_ = c.Close()
	}
}

// verdict says what the caller hears of a call that has returned.
func (sp *span) verdict(p *physical, err error, broke bool) error {
	how := sp.d.how
	switch {
	case err == nil && broke, broke && !how.Broken(err):
		p.broken = true // the break may yet hit the next call
		return err
	case broke:
		return brokenOff{sp.Context.Err()}
	case err != nil && how.TimedOut != nil && how.TimedOut(err) && sp.expires():
		return timedOut{err}
	}
	return err
}

// expires waits for the caller's own deadline, if that is what a call timeout
// was set by: the library counts in milliseconds and may be early.
func (sp *span) expires() bool {
	end, bounded := sp.Context.Deadline()
	if !bounded || time.Until(end) > breakGrace {
		return false
	}
	<-sp.Context.Done()
	return true
}

// brokenOff is the end of a context before the call, or upon which the server
// broke it off: nothing of it took effect, and the connection is sound.
type brokenOff struct{ error }

func (e brokenOff) Unwrap() error { return e.error }

// timedOut is the end of a call by its own timeout: it may have taken effect.
type timedOut struct{ error }

func (e timedOut) Unwrap() []error { return []error{context.DeadlineExceeded, e.error} }
