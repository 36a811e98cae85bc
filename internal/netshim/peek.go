// This file looks at an idle socket without taking anything from it.

package netshim

import (
	"io"
	"syscall"
)

// peekSize is how much of what waits an idle connection's owner gets to see.
const peekSize = 16 << 10

// Peek looks, without waiting, whether anything happened to an idle
// connection. It returns nil when nothing waits, the error when the peer has
// closed or reset it, and [ErrPending] when bytes wait: always over TLS, else
// unless ok says that they do no harm. ok sees at most 16 KiB, must not keep
// the slice, and nil stands for one that always refuses. A close behind
// harmless bytes is seen on Linux only.
//
// Peek is for connections that have had at least one answer: a TLS 1.3 server
// sends session tickets after the handshake, which only the next read takes
// away. Where the platform has no such look, or the connection is no socket,
// Peek knows only what Broken does. After an error the connection must not be
// used again.
func (l *Line) Peek(ok func(pending []byte) bool) error {
	l.mu.Lock()
	w, broken := l.wire, l.brokenLocked()
	l.mu.Unlock()
	if broken {
		return ErrBroken
	}
	if w == nil || w.look == nil {
		return nil
	}
	waits, err := w.look.waiting()
	if err != nil {
		l.mu.Lock()
		w.broken = true
		l.mu.Unlock()
		return err
	}
	if !waits {
		return nil
	}
	if w.tls.Load() || ok == nil {
		return ErrPending
	}
	pending, err := w.look.pending()
	if err != nil {
		return err
	}
	if !ok(pending) {
		return ErrPending
	}
	if w.look.hungUp() {
		return io.EOF
	}
	return nil
}

// HungUp reports whether the peer has closed its end already, so that what is
// sent from now on reaches nobody. It takes no byte and does not wait. It is
// false where the platform cannot tell.
func (l *Line) HungUp() bool {
	l.mu.Lock()
	w := l.wire
	l.mu.Unlock()
	return w != nil && w.look != nil && w.look.hungUp()
}

// probe looks at one socket. One goroutine at a time uses it.
//
// It goes through RawConn.Control, not RawConn.Read: a driver's background
// reader may sit in Read, which Read of a RawConn would wait for, and a
// deadline that has passed must not hide what the socket has to say.
type probe struct {
	raw  syscall.RawConn
	one  [1]byte
	buf  []byte
	n    int
	err  error
	gone bool

	// Bound once: the looks themselves do not allocate.
	look, poll func(fd uintptr)
}

func newProbe(raw syscall.RawConn) *probe {
	p := &probe{raw: raw}
	p.look = func(fd uintptr) { p.n, p.err = peek(fd, p.buf) }
	p.poll = func(fd uintptr) { p.gone = hungUp(fd) }
	return p
}

// hungUp reports whether the peer has closed, also behind bytes that wait.
func (p *probe) hungUp() bool {
	p.gone = false
	return p.raw.Control(p.poll) == nil && p.gone
}

// unsent is how many bytes were written and have not reached the peer's system
// yet; 0 where that cannot be told. Unlike the other looks it may be called
// beside them.
func (p *probe) unsent() int {
	n := 0
	_ = p.raw.Control(func(fd uintptr) { n = unsent(fd) })
	return n
}

// waiting reports whether bytes wait; a closed connection is an error.
func (p *probe) waiting() (bool, error) {
	err := p.into(p.one[:])
	return p.n > 0, err
}

// pending returns a copy of what waits.
func (p *probe) pending() ([]byte, error) {
	b := make([]byte, peekSize)
	err := p.into(b)
	return b[:p.n], err
}

func (p *probe) into(b []byte) error {
	p.buf, p.n, p.err = b, 0, nil
	err := p.raw.Control(p.look)
	p.buf = nil
	if err == nil {
		err = p.err
	}
	if err == errNothing { //nolint:errorlint // our own sentinel, never wrapped
		p.n = 0
		return nil
	}
	if err == nil && p.n == 0 {
		return io.EOF
	}
	return err
}
