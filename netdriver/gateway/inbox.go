// This file reads a session's requests: by the session itself, and while a statement runs for longer by a watcher that hears cancels and credit.

package gateway

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

const (
	// watchAfter is how long a statement runs, or waits for a connection, before
	// somebody listens for its cancel: most are over sooner, also where more clients
	// than connections are busy, and cost no goroutine.
	watchAfter = 25 * time.Millisecond
	// mostPending is how many requests may wait behind the one that runs.
	mostPending = 64
)

var (
	errCanceled = errors.New("the client canceled the request")
	errGone     = errors.New("the client is gone")
	errNoCredit = errors.New("the client gave no credit for more rows in time")
)

// longAgo is a deadline that ends a read at once.
var longAgo = time.Unix(1, 0)

// request is one message of the client's.
type request struct {
	wire.Header
	body     []byte
	canceled bool // before its turn came
	taken    int  // bytes of the budget that body takes
}

// inbox is where a session's requests come from. The session alone calls its
// methods but watch and nudge.
type inbox struct {
	conn   net.Conn
	r      *wire.Reader
	memory *budget
	report func(panicked any)
	stall  time.Duration // how much longer a write may take whose client is there
	timer  *time.Timer   // begins to watch

	mu       sync.Mutex // protects all below; nothing is read or written under it
	queue    []request
	fail     error // of the connection; nothing more will come
	cut      bool  // its end canceled a request, and what waits behind that is not begun
	busy     bool  // a request runs
	watching bool  // the watcher has the reader
	stopping bool  // it is to give the reader back
	nudged   bool  // the session is to look up from its reading
	killed   bool  // no request runs any more
	mid      bool  // the watcher was interrupted within a message
	done     chan struct{}
	current  uint32 // the request that runs
	cancel   context.CancelCauseFunc
	window   int64         // what its rows may still take
	credited chan struct{} // holds one token after credit came
}

func newInbox(conn net.Conn, r *wire.Reader, memory *budget, report func(panicked any)) *inbox {
	return &inbox{conn: conn, r: r, memory: memory, report: report, credited: make(chan struct{}, 1)}
}

// next is the next request. A read that deadline or nudge ends fails with
// os.ErrDeadlineExceeded, and loses nothing.
func (b *inbox) next(deadline time.Time) (request, error) {
	b.mu.Lock()
	if len(b.queue) > 0 && !b.cut {
		q := b.queue[0]
		b.queue[0] = request{} // what is behind may stay for long
		b.queue = b.queue[1:]
		b.mu.Unlock()
		return q, nil
	}
	if b.fail != nil {
		defer b.mu.Unlock()
		return request{}, b.fail // close frees what was not begun
	}
	b.queue = nil
	if b.nudged {
		b.nudged = false
		deadline = longAgo
	}
	_ = b.conn.SetReadDeadline(deadline)
	b.mu.Unlock()
	m, err := b.r.Next()
	b.mid = false
	return request{Header: m.Header, body: m.Body}, err
}

// free gives back what a request took.
func (b *inbox) free(q request) { _ = b.memory.take(-q.taken) }

// nudge makes the session look up from its reading, now or when it reads next. It
// may be called by anybody.
func (b *inbox) nudge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nudged = true
	if !b.busy {
		_ = b.conn.SetReadDeadline(longAgo)
	}
}

// kill cancels the request that runs and all that follow. It may be called by
// anybody.
func (b *inbox) kill() {
	b.mu.Lock()
	b.killed = true
	b.mu.Unlock()
	b.interrupt(errKilled)
}

// interrupt cancels the request that runs, and has the session look up. It may be
// called by anybody.
func (b *inbox) interrupt(why error) {
	b.nudge()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cancel != nil {
		b.cancel(why)
	}
}

// begin says that request id runs, with the given window for its rows; end ends
// that. Between them a cancel or the client's end calls cancel, unless it is nil.
func (b *inbox) begin(id uint32, window int64, cancel context.CancelCauseFunc) {
	b.mu.Lock()
	b.busy, b.current, b.cancel, b.window = true, id, cancel, window
	if b.killed && cancel != nil {
		cancel(errKilled)
	}
	b.mu.Unlock()
	select {
	case <-b.credited:
	default:
	}
	if b.timer == nil {
		b.timer = time.AfterFunc(watchAfter, b.watch)
		return
	}
	b.timer.Reset(watchAfter)
}

// end takes the reader back.
func (b *inbox) end() {
	b.timer.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy, b.cancel = false, nil
	if !b.watching {
		return
	}
	b.stopping = true
	_ = b.conn.SetReadDeadline(longAgo)
	done := b.done
	b.mu.Unlock()
	<-done
	b.mu.Lock()
	b.watching, b.stopping = false, false
}

// abandon is end for a request that a panic ended, or none.
func (b *inbox) abandon() {
	b.mu.Lock()
	busy := b.busy
	b.mu.Unlock()
	if busy {
		b.end()
	}
}

// watch reads until end is called, the connection fails, or too many requests
// wait. It runs in the timer's goroutine or in one that awaitCredit starts; end
// waits for it.
func (b *inbox) watch() {
	b.mu.Lock()
	if !b.busy || b.watching {
		b.mu.Unlock()
		return
	}
	b.watching, b.done = true, make(chan struct{})
	_ = b.conn.SetReadDeadline(time.Time{})
	done := b.done
	b.mu.Unlock()
	defer close(done)
	defer b.survive()
	for b.hear() {
		continue
	}
}

// survive keeps a panic of the watcher, whose goroutine is nobody's, from ending
// more than this session.
func (b *inbox) survive() {
	if p := recover(); p != nil {
		b.report(p)
		b.failed(errPanic)
	}
}

// hear reads one message and says whether to go on.
func (b *inbox) hear() bool {
	if b.full() {
		h, err := b.r.Peek()
		if err != nil {
			return b.failed(err)
		}
		if h.Type != wire.TypeCancel && h.Type != wire.TypeCredit {
			return false // it waits in the connection
		}
	}
	m, err := b.r.Next()
	if err != nil {
		b.mid = true
		return b.failed(err)
	}
	b.mid = false
	return b.take(m)
}

// full reports whether no more requests may wait. Within a message the reader
// cannot look ahead; then one more may.
func (b *inbox) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue) >= mostPending && !b.mid
}

// failed says what an error of the reader means for the watcher.
func (b *inbox) failed(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if b.stopping {
			return false
		}
		_ = b.conn.SetReadDeadline(time.Time{})
		return true
	}
	b.fail = err
	if b.cancel != nil {
		b.cut = true
		why := errGone
		if errors.Is(err, errMemory) {
			why = errMemory // for what comes behind the request; the session ends
		}
		b.cancel(why)
	}
	return false
}

// take does what a message asks for that concerns the request that runs, and
// queues any other.
func (b *inbox) take(m wire.Message) bool {
	switch m.Type {
	case wire.TypeCancel:
		b.canceled(m.ID)
		return true
	case wire.TypeCredit:
		var c wire.Credit
		if err := c.Decode(m.Body, m.Codec()); err != nil {
			return b.failed(err)
		}
		b.credit(m.ID, c.N)
		return true
	}
	if err := b.memory.take(len(m.Body)); err != nil {
		return b.failed(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, request{Header: m.Header, body: bytes.Clone(m.Body), taken: len(m.Body)})
	return true
}

// canceled cancels the request that runs, or one that waits; for any other it
// means nothing.
func (b *inbox) canceled(id uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cancel != nil && id == b.current {
		b.cancel(errCanceled)
		return
	}
	for i := range b.queue {
		if b.queue[i].ID == id {
			b.queue[i].canceled = true
		}
	}
}

// credit lets the request that runs send more. A client that cannot take more now
// says with 0 that it is there: both waits for it, here and in a write, begin anew.
func (b *inbox) credit(id uint32, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != b.current || n < 0 || b.killed {
		return
	}
	b.window += min(n, 1<<40)
	_ = b.conn.SetWriteDeadline(time.Now().Add(b.stall))
	select {
	case b.credited <- struct{}{}:
	default:
	}
}

// spend takes n bytes off the window, and says whether there is room for more.
func (b *inbox) spend(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.window -= int64(n)
	return b.window > 0
}

// awaitCredit waits until there is room in the window, at most for idle after the
// last word of the client.
func (b *inbox) awaitCredit(ctx context.Context, idle time.Duration) error {
	go b.watch() // unless it does already; end waits for it, or it finds that nothing is busy
	stalled := time.NewTimer(idle)
	defer stalled.Stop()
	for !b.spend(0) {
		select {
		case <-b.credited:
			stalled.Reset(idle)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-stalled.C:
			return errNoCredit
		}
	}
	return nil
}

// close gives all memory back, once nothing reads any more.
func (b *inbox) close() {
	if b.timer != nil {
		b.timer.Stop()
	}
	for _, q := range b.queue {
		b.free(q)
	}
	b.queue = nil
	b.r.Close()
}
