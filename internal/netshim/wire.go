// This file is the net.Conn a driver works on: the dialed connection, watched.

package netshim

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	_ net.Conn     = (*wire)(nil)
	_ net.Conn     = socket{}
	_ syscall.Conn = socket{}
)

// wire is a dialed connection under a driver. The driver may read, write and
// set deadlines from different goroutines.
type wire struct {
	net.Conn
	line *Line
	in   flow
	out  flow
	tls  atomic.Bool // TLS is spoken over the socket
	look *probe      // nil where there is no socket

	greeted atomic.Bool // the peer has said something
	deaf    bool        // deadlines have no effect: time is up when the connection is closed

	// Protected by line.mu.
	broken bool
	failed bool // a Read or Write did not end well
	unsent int  // how much was written and had not left at the last look
}

// socket is a wire over an operating system socket. Only it offers
// SyscallConn: a driver takes the mere presence of the method as a promise.
type socket struct{ *wire }

// SyscallConn returns the raw socket. What is written through it does not
// count as sent.
func (s socket) SyscallConn() (syscall.RawConn, error) {
	s.line.looks.Add(1)
	return s.Conn.(syscall.Conn).SyscallConn() //nolint:forcetypeassert // newWire checked it
}

// A quiet limit is looked at several times before it ends. A Write that moved
// some bytes before it stalled is found out an eighth of the limit late at
// most. A Read's first look notes how much of what was written has not left
// yet, so that the second sees whether it moves.
const (
	readSlices  = 2
	writeSlices = 8
)

// deafPiece is how much is written at once where no deadline can interrupt a
// Write to see how far it came.
const deafPiece = 32 << 10

// newWire returns what the driver gets for a connection dialed for l.
func newWire(l *Line, c net.Conn) (*wire, net.Conn) {
	w := &wire{Conn: c, line: l, deaf: c.SetDeadline(time.Time{}) != nil}
	w.in = flow{set: c.SetReadDeadline, slices: readSlices}
	w.out = flow{set: c.SetWriteDeadline, slices: writeSlices}
	if w.deaf {
		w.in.alarm, w.out.alarm = w.bell(&w.in), w.bell(&w.out)
	}
	under := c
	if t, ok := c.(interface{ NetConn() net.Conn }); ok { // a finished tls.Conn
		under = t.NetConn()
		w.tls.Store(true)
		w.out.slices = 1 // crypto/tls never writes again after a timeout
	}
	sc, ok := under.(syscall.Conn)
	if !ok {
		return w, w
	}
	if raw, err := sc.SyscallConn(); err == nil {
		w.look = newProbe(raw)
	}
	if under != c {
		return w, w
	}
	return w, socket{w}
}

// bell returns the timer that looks at f where no deadline can: it does what a
// Read or Write that missed its deadline would do itself.
func (w *wire) bell(f *flow) *time.Timer {
	return stopped(func() {
		w.line.mu.Lock()
		defer w.line.mu.Unlock()
		now := time.Now()
		if w.line.cut || f.busy.Load() == 0 || f.limit.IsZero() || now.Before(f.limit) {
			return
		}
		w.overdueLocked(f, now)
	})
}

// cutLocked makes every Read and Write fail. A connection without deadlines is
// closed for it, in a goroutine that ends with Close.
func (w *wire) cutLocked() {
	if w.deaf {
		go w.Conn.Close() //nolint:errcheck // the driver hears of it
		return
	}
	_ = w.Conn.SetDeadline(past)
}

// longestGreeting is how much of what the peer said first is kept.
const longestGreeting = 128

// greet keeps what the peer said first.
func (w *wire) greet(b []byte) {
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	if w.greeted.CompareAndSwap(false, true) {
		w.line.greeting = slices.Clone(b[:min(len(b), longestGreeting)])
	}
}

// Read reads from the connection. It does not allocate after the first time.
func (w *wire) Read(b []byte) (int, error) {
	w.in.busy.Add(1)
	defer w.in.busy.Add(-1)
	epoch := w.begin(&w.in)
	for {
		n, err := w.Conn.Read(b)
		if n > 0 {
			if !w.greeted.Load() {
				w.greet(b[:n])
			}
			w.line.markHeard()
		}
		if err == nil {
			return n, nil
		}
		var again bool
		if epoch, again = w.judge(&w.in, epoch, n, err); !again {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// Write writes to the connection and counts it as sent. It does not allocate.
func (w *wire) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return w.Conn.Write(b)
	}
	if isClientHello(b) {
		w.tls.Store(true)
	}
	token, first := w.line.markSent()
	w.out.busy.Add(1)
	defer w.out.busy.Add(-1)
	epoch := w.begin(&w.out)
	done := 0
	for {
		n, err := w.Conn.Write(w.piece(b[done:]))
		done += n
		if err == nil {
			w.progressed()
			if done == len(b) {
				return done, nil
			}
			continue
		}
		var again bool
		if epoch, again = w.judge(&w.out, epoch, n, err); again {
			continue
		}
		if first && done == 0 {
			w.line.unmark(token)
		}
		return done, err
	}
}

// piece is as much of b as is written at once.
func (w *wire) piece(b []byte) []byte {
	if w.deaf && len(b) > deafPiece {
		return b[:deafPiece]
	}
	return b
}

// progressed notes that a Write moved on, for a Read that waits beside it: pgx
// reads in the background during a long Write, and silence is that nothing
// moves either way.
func (w *wire) progressed() {
	if w.line.quiet.Load() == 0 || (w.in.busy.Load() == 0 && !w.deaf) {
		return
	}
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	w.out.since = time.Now()
}

// begin arms the quiet limit for a Read or Write that starts, and returns the
// epoch in which it does.
func (w *wire) begin(f *flow) uint32 {
	epoch := f.epoch.Load()
	if w.line.quiet.Load() == 0 {
		return epoch
	}
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	if quiet := time.Duration(w.line.quiet.Load()); quiet > 0 && !w.line.cut {
		f.since = time.Now()
		w.unsent = 0 // only what a look of this wait saw is compared with
		f.armLocked(f.since, quiet)
	}
	return f.epoch.Load()
}

// judge says what a failed Read or Write means that moved n bytes since it was
// begun or last judged: whether to go on, and in which epoch.
func (w *wire) judge(f *flow, epoch uint32, n int, err error) (now uint32, again bool) {
	l := w.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return epoch, false
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		w.broken, w.failed = true, true
		return epoch, false
	}
	if f.driverExpired() {
		return epoch, false
	}
	t := time.Now()
	if f.limit.IsZero() || t.Before(f.limit) {
		// No deadline explains the timeout: it is the echo of a limit that was
		// moved while the operation ran, or the dialed connection's own affair.
		return f.epoch.Load(), f.epoch.Load() != epoch
	}
	if n > 0 {
		f.since = t
	}
	return f.epoch.Load(), w.overdueLocked(f, t)
}

// overdueLocked looks at a flow whose limit has come: it cuts the line if
// nothing moved for that long, else sets the next look, and says which.
func (w *wire) overdueLocked(f *flow, now time.Time) (again bool) {
	if f == &w.in {
		if w.out.since.After(f.since) {
			f.since = w.out.since
		}
		if w.drainsLocked() {
			f.since = now
		}
	}
	quiet := time.Duration(w.line.quiet.Load())
	if now.Sub(f.since) >= quiet {
		w.line.quietLocked()
		return false
	}
	f.armLocked(now, quiet)
	return true
}

// drainsLocked reports whether what was written and still lies in the system's
// buffers became less since the last look.
func (w *wire) drainsLocked() bool {
	if w.look == nil {
		return false
	}
	before := w.unsent
	w.unsent = w.look.unsent()
	return w.unsent < before
}

// Close closes the connection.
func (w *wire) Close() error {
	w.line.mu.Lock()
	w.broken = true
	w.line.mu.Unlock()
	return w.Conn.Close()
}

// SetDeadline sets the driver's own deadline for Read and Write.
func (w *wire) SetDeadline(t time.Time) error {
	return errors.Join(w.SetReadDeadline(t), w.SetWriteDeadline(t))
}

// SetReadDeadline sets the driver's own deadline for Read. A quiet limit that
// ends earlier counts as well, and after a cut nothing helps.
func (w *wire) SetReadDeadline(t time.Time) error { return w.setDeadline(&w.in, t) }

// SetWriteDeadline is SetReadDeadline for Write.
func (w *wire) SetWriteDeadline(t time.Time) error { return w.setDeadline(&w.out, t) }

func (w *wire) setDeadline(f *flow, t time.Time) error {
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	f.driver = t
	if w.line.cut {
		return nil
	}
	return f.set(earlier(t, f.limit))
}

// isClientHello reports whether b starts a TLS connection. No PostgreSQL
// message begins so, and a MySQL packet would have to carry a statement that
// begins with the byte 1.
func isClientHello(b []byte) bool {
	return b[0] == 0x16 && len(b) > 5 && b[1] == 3 && b[2] >= 1 && b[2] <= 4 && b[5] == 1
}
