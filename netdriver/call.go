// This file sends requests, watches their contexts and takes their answers.

package netdriver

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

const (
	// cancelGrace is how long the answer to a request may take after its context
	// has ended; then the connection is given up.
	cancelGrace = 200 * time.Millisecond
	// cancelTimeout is how long it may take until a request has ended that the
	// client itself cancels.
	cancelTimeout = 5 * time.Second
	// resetTimeout is how long it may take to give back what was pinned; then the
	// connection is given up.
	resetTimeout = 5 * time.Second
	// mostNotices is how many may come before one answer.
	mostNotices = 1 << 16
)

// call is the request that is under way.
type call struct {
	op    string
	ctx   context.Context
	id    uint32
	timed bool // the connection has a read deadline
	quiet bool // the end of ctx is not told to the gateway
	heard bool // a part of the answer came
	onEnd func()
	stop  func() bool // nil where nobody watches the context

	// turn is held while something is written, with a deadline: the cancellation
	// comes after the request, and not within a credit. cancel is done when onEnd
	// has returned.
	turn   sync.Mutex
	cancel sync.WaitGroup
	fired  bool      // onEnd ran; read after cancel is done
	until  time.Time // then: the answer's deadline

	// late closes a connection that knows no deadlines, as one through SSH, when the
	// answer's time is over; nil where there is none. It changes while turn is held.
	late *time.Timer

	beside context.Context // of a request that waits for this one's rows; nil without one

	// slow says that the program has rows of an answer that is not complete; it
	// changes while turn is held. alive is the timer that speaks for it then.
	slow  bool
	alive *time.Timer
}

// left is how long ctx lasts, in milliseconds; 0 is for ever.
func left(ctx context.Context) int64 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(1, time.Until(deadline).Milliseconds())
}

// send writes a request, together with what waits in c.out. An error means that
// the gateway has not got it: nothing can have taken effect.
func (c *conn) send(ctx context.Context, op string, t wire.Type, body wire.Body) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.open != nil {
		if err := c.open.hold(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // which took its time
			return err
		}
	}
	if c.broken != nil || c.severed.Load() || c.lost && !c.inTx || c.away && !c.inTx && !c.pinned { // a drain lets what is pinned go on
		return driver.ErrBadConn
	}
	if c.id == 0 { // it was made long ago, for somebody who did not wait for it: nobody has reset it
		if c.overdue() || c.line.HungUp() {
			return driver.ErrBadConn
		}
		c.rested = time.Time{}
	}
	c.number()
	waiting := c.out.Len()
	c.out.Add(t, c.id, body, c.codec)
	if size := c.out.Len() - waiting; size > c.most {
		if c.out.B = c.out.B[:waiting]; cap(c.out.B) > keptBuffer {
			c.out.B = slices.Clone(c.out.B)
		}
		return &Error{
			Kind: string(wire.ErrorTooLarge), Op: op, Applied: AppliedNo,
			Message: fmt.Sprintf("fluxor: %s: %d bytes are to be sent, the gateway accepts %d", op, size, c.most),
		}
	}
	return c.start(ctx, op)
}

// number makes the next request's number, c.id.
func (c *conn) number() uint32 {
	c.id = max(c.id+1, 1)
	return c.id
}

// start writes c.out as the request c.id and watches ctx.
func (c *conn) start(ctx context.Context, op string) error {
	k := &c.call
	k.op, k.ctx, k.id, k.fired, k.quiet, k.heard = op, ctx, c.id, false, op == opCommit, false
	k.turn.Lock()
	done := c.within(c.c.cfg.NetworkTimeout)
	if ctx.Done() != nil {
		k.cancel.Add(1)
		k.stop = context.AfterFunc(ctx, k.onEnd)
	}
	n, err := c.net.Write(c.out.B)
	done()
	k.turn.Unlock()
	size := len(c.out.B)
	if c.out.Reset(); cap(c.out.B) > keptBuffer {
		c.out.B = nil
	}
	if err == nil {
		return nil
	}
	failed := c.fail(err)
	if n < size { // half a message is none
		if ended := ctx.Err(); ended != nil {
			return ended
		}
		return driver.ErrBadConn
	}
	return failed
}

// interrupt runs in a goroutine of its own when the context of the call ends: it
// asks the gateway to cancel the request, unless that is a commit, and leaves
// little time for the answer. unwatch waits for it.
func (c *conn) interrupt() {
	k := &c.call
	defer k.cancel.Done()
	defer c.within(cancelGrace)()
	k.turn.Lock() // behind the request
	defer k.turn.Unlock()
	k.fired = true
	k.until = time.Now().Add(cancelGrace)
	c.limit(k.until)
	_ = c.net.SetWriteDeadline(k.until)
	if !k.quiet {
		_ = c.whole(aside(wire.TypeCancel, k.id, &wire.Empty{})) // where it fails, the answer's deadline ends the wait
	}
}

// limit gives the answer a deadline, or with the zero time none; who calls it holds
// turn, or is alone.
func (c *conn) limit(t time.Time) {
	k := &c.call
	if k.late != nil {
		c.spare(k.late)
		k.late = nil
	}
	if err := c.net.SetReadDeadline(t); err != nil && !t.IsZero() {
		k.late = time.AfterFunc(time.Until(t), c.cut)
	}
}

// within gives what is written next a deadline; where there are none the connection is
// closed then, unless done is called.
func (c *conn) within(d time.Duration) (done func()) {
	if c.net.SetWriteDeadline(time.Now().Add(d)) == nil {
		return func() {}
	}
	late := time.AfterFunc(d, c.cut)
	return func() { c.spare(late) }
}

// spare stops a cut that was to come; where it is on its way nothing is asked for any
// more, which it would hit.
func (c *conn) spare(late *time.Timer) {
	if !late.Stop() {
		c.severed.Store(true)
	}
}

// cut ends whatever waits for the connection.
func (c *conn) cut() { _ = c.raw.Close() }

// aside is a message that steers a request.
func aside(t wire.Type, id uint32, body wire.Body) []byte {
	var b wire.Buffer
	b.Add(t, id, body, wire.JSON)
	return b.B
}

// steer writes a message about the call that is under way, within d.
func (c *conn) steer(t wire.Type, body wire.Body, d time.Duration) error {
	b := aside(t, c.call.id, body)
	c.call.turn.Lock()
	defer c.call.turn.Unlock()
	if !c.call.fired { // else a shorter deadline holds
		defer c.within(d)()
	}
	return c.whole(b)
}

// whole writes a message beside a request. A part of one cannot be followed by
// another one: it costs the connection.
func (c *conn) whole(b []byte) error {
	n, err := c.net.Write(b)
	if err != nil && n > 0 {
		c.cut()
	}
	return err
}

// unwatch ends the watch over the context, and says whether the context was
// first.
func (c *conn) unwatch() (fired bool) {
	k := &c.call
	if k.stop != nil {
		if k.stop() {
			k.cancel.Done()
		}
		k.cancel.Wait()
		k.stop = nil
	}
	return k.fired
}

// bound gives the answer a time, unless its context has ended: then a shorter one
// holds.
func (c *conn) bound(d time.Duration) {
	k := &c.call
	k.turn.Lock()
	defer k.turn.Unlock()
	if k.timed = true; !k.fired {
		c.limit(time.Now().Add(d))
	}
}

// finish ends the call, whose answer is complete.
func (c *conn) finish() {
	if fired := c.unwatch(); fired || c.call.timed {
		c.limit(time.Time{})
	}
	c.hush()
	c.call.timed, c.call.fired, c.call.ctx, c.open = false, false, nil, nil
}

// expect takes an answer that must be of one type.
func (c *conn) expect(t wire.Type) (wire.Message, error) {
	m, err := c.next()
	if err == nil && m.Type != t {
		err = c.fail(refuse("a " + m.Type.String() + " came where a " + t.String() + " belongs"))
	}
	return m, err
}

// next takes the next message of the answer. After an error the call is over.
func (c *conn) next() (wire.Message, error) {
	for range mostNotices {
		m, err := c.r.Next()
		switch {
		case err != nil && c.call.abandoned(err):
			return m, errLeft
		case err != nil:
			return m, c.fail(err)
		case m.Type == wire.TypeNotice:
		case m.Type == wire.TypeGoaway:
			c.away = true
		case m.ID != c.call.id && m.ID != 0:
			return m, c.fail(refuse("an answer to another request came"))
		case m.Type == wire.TypeError:
			return m, c.refused(m)
		case m.ID == 0:
			return m, c.fail(refuse("an answer to no request came"))
		default:
			c.call.heard = true
			return m, nil
		}
	}
	return wire.Message{}, c.fail(refuse("notices come, and no answer"))
}

// refused is the gateway's error. One that is of no request ends the session; the
// request under way was not begun then, if it says so and nothing has answered it.
func (c *conn) refused(m wire.Message) error {
	var body wire.Error
	if err := body.Decode(m.Body, m.Codec()); err != nil {
		return c.fail(err)
	}
	if m.ID == 0 {
		return c.fail(fromWire("session", &body, nil))
	}
	op, ctx := c.call.op, c.call.ctx
	c.pinned = body.Pin != ""
	c.lost = c.lost || body.Conn == wire.ConnLost
	if body.Kind == wire.ErrorShutdown {
		c.away = true
	}
	c.finish()
	return fromWire(op, &body, ctx.Err())
}

// fail gives the connection up in the middle of a call and makes the call's
// error.
func (c *conn) fail(cause error) error {
	op, ctx, heard := c.call.op, c.call.ctx, c.call.heard
	var ended error
	if c.giveUp(cause); ctx != nil {
		ended = ctx.Err()
	}
	return broken(op, cause, ended, heard)
}

// giveUp closes the connection for good.
func (c *conn) giveUp(cause error) {
	if c.broken != nil {
		return
	}
	c.broken = cause
	c.cut() // a closing TLS connection would write
	c.finish()
	c.r.Close()
}
