// This file is the Line: what Fluxor knows of the wire under one physical connection, and how it cuts it.

// Package netshim stands between a database driver and its socket. It counts
// whether a call sent anything, bounds calls that the driver leaves unbounded
// (a frozen server, a half-open TCP connection, a Rollback without a context),
// and looks at an idle socket without taking anything from it.
//
// A driver comes under it in two steps: its dial function is wrapped once with
// [Dialer], and Connect is called with a context that carries a new [Line]
// ([WithLine]). TLS is made by the driver above the shim, so the shim sees TLS
// records; a count of zero still means that nothing was sent.
//
// Socket options are those of the wrapped dial function: [net.Dialer] turns
// TCP keepalive on (15 s idle, 15 s interval, 9 probes) and Nagle off, and the
// shim changes neither. A driver that sets options itself on a *net.TCPConn
// does not find one under the shim, so its dial function has to set them.
package netshim

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrQuiet is what [Line.Expired] says after a quiet limit cut the line: the
// peer took or sent no byte for that long. Whether repeating the call is safe
// depends on [Line.Sent]; the connection itself is lost.
var ErrQuiet = errors.New("fluxor: no byte went over the wire within the time limit")

// ErrPending is returned by [Line.Peek] when bytes wait that nobody asked for.
// The connection must not be used again; another one may.
var ErrPending = errors.New("fluxor: unexpected bytes wait on the idle connection")

// ErrBroken is returned by [Line.Peek] when the line failed before. The
// connection must not be used again; another one may.
var ErrBroken = errors.New("fluxor: the connection is broken")

// past is a deadline that every Read and Write has missed.
var past = time.Unix(1, 0)

// Line is what Fluxor knows of the wire under one physical connection. One
// goroutine at a time makes calls through it; Cut, Broken, Sent, Expired and
// Guarding.Stop may come from any other.
type Line struct {
	sent   atomic.Uint64 // token of the write that was the latest since Reset, 0 for none
	heard  atomic.Bool   // whether bytes came in after a write since Reset
	tokens atomic.Uint64 // gives each write a token of its own
	quiet  atomic.Int64  // the smallest quiet limit of the active guards in ns, 0 for none
	looks  atomic.Uint64 // how often the driver asked for the raw socket

	// mu protects everything below and the deadlines of the wire. Only
	// SetDeadline, which never blocks, and context.Context.Err are called
	// under it. It is a leaf lock.
	mu     sync.Mutex
	wire   *wire // the latest connection dialed; nil before
	from   *dialer
	cut    bool
	cause  error  // why a guard cut
	cutBy  uint64 // which guard cut
	seq    uint64 // numbers the guards
	active []*guard
	free   []*guard // stopped guards, for reuse

	greeting []byte // what the peer of the latest connection said first
}

// NewLine returns a line without a connection. The connection attaches itself
// when a [Dialer] dials under a context made by [WithLine].
func NewLine() *Line { return &Line{} }

type lineKey struct{}

// WithLine returns a context under which a [Dialer] attaches the connections
// it dials to l. It is meant for one Connect of a driver.
func WithLine(ctx context.Context, l *Line) context.Context {
	return context.WithValue(ctx, lineKey{}, l)
}

// LineOf returns the line of a context made by [WithLine]; nil for any other.
func LineOf(ctx context.Context) *Line {
	l, _ := ctx.Value(lineKey{}).(*Line)
	return l
}

// Greeting returns what the peer said first, as far as one Read had it and 128
// bytes go. It may be called on nil.
func (l *Line) Greeting() []byte {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.greeting
}

// Attached reports whether a connection was dialed for this line. A driver
// that dials by other means leaves it false, and every other method is then
// without effect. It may be called on nil.
func (l *Line) Attached() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wire != nil
}

// Reset starts a new count of sent bytes; it is called before each call into
// the driver. A cut stays: nothing brings a line back.
func (l *Line) Reset() {
	l.sent.Store(0)
	l.heard.Store(false)
}

// Sent reports whether a byte may have left since Reset. A Write counts from
// its start; only one that failed without handing a single byte to the
// operating system is taken back.
func (l *Line) Sent() bool { return l.sent.Load() != 0 }

// Answered reports whether the driver read anything after it had sent a byte
// since Reset.
func (l *Line) Answered() bool { return l.heard.Load() }

// Looks counts how often the driver asked for the raw socket. Where one does so
// while it is idle, it looks at it as [Line.Peek] would (go-sql-driver,
// conncheck.go).
func (l *Line) Looks() uint64 { return l.looks.Load() }

// markHeard notes that bytes came in.
func (l *Line) markHeard() {
	if l.Sent() && !l.heard.Load() {
		l.heard.Store(true)
	}
}

// Broken reports whether the line is of no further use: a Read or Write failed
// for good (end of stream, reset), it was cut, or the driver closed it. The
// expiry of a deadline that the driver set itself does not count.
func (l *Line) Broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.brokenLocked()
}

// Failed reports whether the wire itself failed: it was cut, or a Read or Write
// did not end well. That the driver closed it is no failure.
func (l *Line) Failed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut || (l.wire != nil && l.wire.failed)
}

// LateCancels counts the cancel requests, over all lines of the dial function,
// that were given up before the server was seen to have taken them. Where the
// number grows while a call's context ends, a cancel request may still arrive
// and hit whatever runs on the connection then.
func (l *Line) LateCancels() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.from == nil {
		return 0
	}
	return l.from.late.Load()
}

func (l *Line) brokenLocked() bool { return l.cut || (l.wire != nil && l.wire.broken) }

// Expired says why a guard cut the line: Err of the guarded context, or
// [ErrQuiet]. It is nil as long as no guard did, also after [Line.Cut].
func (l *Line) Expired() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// Cut makes every blocked and every later Read and Write fail at once with a
// timeout, for good. It does not close the socket, which stays the driver's,
// unless that has no deadlines (a channel of an SSH connection). It is
// idempotent and also holds for a connection that is dialed later.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cutLocked(nil, 0)
}

func (l *Line) cutLocked(cause error, by uint64) {
	if l.cut {
		return
	}
	l.cut, l.cause, l.cutBy = true, cause, by
	if l.wire != nil {
		l.wire.cutLocked()
	}
}

// attach makes w the line's connection. The latest one wins: a driver dials
// again for the next host, or without TLS after the server refused it.
func (l *Line) attach(w *wire, from *dialer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wire, l.from = w, from
	if l.cut {
		w.cutLocked()
	}
}

// markSent counts a write and returns its token and whether it is the first
// since Reset.
func (l *Line) markSent() (token uint64, first bool) {
	token = l.tokens.Add(1)
	return token, l.sent.Swap(token) == 0
}

// unmark takes back the first write, which sent nothing; it has no effect if
// another write began meanwhile.
func (l *Line) unmark(token uint64) { l.sent.CompareAndSwap(token, 0) }
