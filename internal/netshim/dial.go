// This file is the dial function that a driver is given.

package netshim

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// Connections that belong to no line are a driver's cancel requests. Some
// calls wait for them (lib/pq's prepared statements, stmt.go, watchCancel), so
// they must not take longer than a frozen server is given anyway: each step,
// the dial and every Read, may take strayStep, or four times what the latest
// dial took where the network is slower than that.
const (
	strayLimit = 10 * time.Second
	strayStep  = 180 * time.Millisecond
)

// DialFunc dials an address; it is the signature of [net.Dialer.DialContext].
type DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// Dialer returns a dial function for a driver. It dials with base, and
//
//   - under a context made by [WithLine] attaches the connection to the line;
//     where a driver dials several times for one Connect, the latest counts;
//   - under any other context, as drivers use to send cancel requests, gives
//     each step of it a short limit and the connection 10 s altogether, so
//     that neither a call nor a goroutine outlives a frozen server by much.
//
// Errors are base's own. The function may be called concurrently if base may.
func Dialer(base DialFunc) DialFunc {
	d := &dialer{base: base}
	return d.dial
}

type dialer struct {
	base DialFunc
	took atomic.Int64 // how long the latest dial for a line took, in ns
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	l, _ := ctx.Value(lineKey{}).(*Line)
	if l == nil {
		return d.dialStray(ctx, network, addr)
	}
	start := time.Now()
	c, err := d.base(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.took.Store(int64(time.Since(start)))
	w, shimmed := newWire(l, c)
	l.attach(w)
	return shimmed, nil
}

func (d *dialer) dialStray(ctx context.Context, network, addr string) (net.Conn, error) {
	end := time.Now().Add(strayLimit)
	step := min(max(strayStep, 4*time.Duration(d.took.Load())), strayLimit)
	ctx, cancel := context.WithTimeout(ctx, step)
	defer cancel()
	c, err := d.base(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(end); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &stray{Conn: c, end: end, step: step}, nil
}

// stray is a connection whose deadline the driver can only bring forward. One
// goroutine at a time reads from it.
type stray struct {
	net.Conn
	end  time.Time
	step time.Duration

	asked time.Time // the driver's own deadline for Read
}

// Read waits for a step at most.
func (s *stray) Read(b []byte) (int, error) {
	if err := s.Conn.SetReadDeadline(earlier(earlier(s.asked, s.end), time.Now().Add(s.step))); err != nil {
		return 0, err
	}
	return s.Conn.Read(b)
}

func (s *stray) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (s *stray) SetReadDeadline(t time.Time) error {
	s.asked = t
	return s.Conn.SetReadDeadline(earlier(t, s.end))
}

func (s *stray) SetWriteDeadline(t time.Time) error {
	return s.Conn.SetWriteDeadline(earlier(t, s.end))
}
