// This file watches statements that wait for a connection: their clients are told after a while, and where the time for it is over the wait ends.

package gateway

import (
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

const (
	// tellAfter is how long a statement waits before its client is told.
	tellAfter = time.Second
	// tellWithin is how long a client may take to let that be written; else its
	// session ends, for who does not read must not keep what it waited for.
	tellWithin = time.Second
)

// waiting is the wait of the statement that runs. The session's goroutine calls
// its methods, also through the pool, but for leave and those that timers call.
type waiting struct {
	s *session

	mu    sync.Mutex // protects all below, and that no notice is written once the wait is over
	c     *call
	id    uint32
	left  time.Duration // that the statement may wait; 0 is any time
	on    bool
	since time.Time
	told  bool
	tell  *time.Timer
	limit *time.Timer
}

// begin is for a new statement.
func (w *waiting) begin(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.c, w.id, w.left, w.told = c, c.id, w.s.bounds.Queue, false
}

// end is when the statement is over.
func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.c = nil
}

// waits is told when a wait begins and ends. One statement may wait several times;
// its bound is for all of them.
func (w *waiting) waits(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.c == nil || w.on == on {
		return
	}
	w.on = on
	if on {
		if w.s.link.offer.abandoned.Load() {
			w.c.cancel(errAnew)
		}
		w.since = time.Now()
		w.tell = time.AfterFunc(tellAfter, w.notice)
		if w.s.bounds.Queue > 0 {
			w.limit = time.AfterFunc(max(w.left, 1), w.over)
		}
		return
	}
	w.tell.Stop()
	if w.limit != nil {
		w.limit.Stop()
		w.left -= time.Since(w.since)
	}
}

// over ends the wait. It runs in a timer's goroutine.
func (w *waiting) over() { w.leave(errQueue) }

// leave ends the wait, if there is one. It may be called by anybody.
func (w *waiting) leave(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.on && w.c != nil {
		w.c.cancel(why)
	}
}

// survive keeps a panic of the connection's from ending more than this session.
func (w *waiting) survive() {
	if p := recover(); p != nil {
		w.s.link.report(p, w.s.id)
		w.s.out.fail = errPanic
		w.c.cancel(errGone)
	}
}

// notice tells the client that it waits. It runs in a timer's goroutine, and
// writes under the lock: the session, which writes otherwise, waits meanwhile, and
// must not go on before the notice is out or failed.
func (w *waiting) notice() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on || w.c == nil || w.told {
		return
	}
	defer w.survive()
	w.told = true
	out := w.s.out
	b := wire.Buffer{Line: out.Line}
	b.Add(wire.TypeNotice, w.id, &wire.Notice{Code: "queued", Message: "the statement waits for a connection to the database"}, wire.JSON)
	_ = w.s.conn.SetWriteDeadline(time.Now().Add(tellWithin))
	if _, err := w.s.conn.Write(b.Bytes()); err != nil {
		out.fail = err
	}
}
