// This file is the net.Conn a driver works on: the dialed connection, watched.

package netshim

import (
	"errors"
	"net"
	"os"
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
	tls  atomic.Bool // the driver speaks TLS over it
	look *probe      // nil where the connection is no socket

	broken bool // protected by line.mu
}

// socket is a wire over an operating system socket. Only it offers
// SyscallConn: a driver takes the mere presence of the method as a promise.
type socket struct{ *wire }

// SyscallConn returns the raw socket. What is written through it does not
// count as sent.
func (s socket) SyscallConn() (syscall.RawConn, error) {
	return s.Conn.(syscall.Conn).SyscallConn() //nolint:forcetypeassert // newWire checked it
}

// writeSlices divides the quiet limit for a Write: one that moved some bytes
// before it stalled is found out an eighth of the limit late at most.
const writeSlices = 8

// newWire returns what the driver gets for a connection dialed for l.
func newWire(l *Line, c net.Conn) (*wire, net.Conn) {
	w := &wire{Conn: c, line: l}
	w.in = flow{set: c.SetReadDeadline, slices: 1}
	w.out = flow{set: c.SetWriteDeadline, slices: writeSlices}
	sc, ok := c.(syscall.Conn)
	if !ok {
		return w, w
	}
	if raw, err := sc.SyscallConn(); err == nil {
		w.look = newProbe(raw)
	}
	return w, socket{w}
}

// Read reads from the connection. It does not allocate.
func (w *wire) Read(b []byte) (int, error) {
	w.in.busy.Add(1)
	defer w.in.busy.Add(-1)
	epoch := w.begin(&w.in)
	for {
		n, err := w.Conn.Read(b)
		if n > 0 {
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
		n, err := w.Conn.Write(b[done:])
		done += n
		if err == nil {
			return done, nil
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
		w.broken = true
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
	quiet := time.Duration(l.quiet.Load())
	if t.Sub(f.since) >= quiet {
		l.quietLocked()
		return epoch, false
	}
	f.armLocked(t, quiet)
	return f.epoch.Load(), true
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
