// This file is the dial function that a driver is given.

package netshim

import (
	"context"
	"net"
	"sync/atomic"
	"time"
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
	took atomic.Int64  // how long a dial for a line takes on this network, in ns
	late atomic.Uint64 // cancel requests that were given up with their end unknown
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	l := LineOf(ctx)
	if l == nil {
		return d.dialStray(ctx, network, addr)
	}
	start := time.Now()
	c, err := d.base(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.learn(time.Since(start))
	w, shimmed := newWire(l, c)
	l.attach(w, d)
	return shimmed, nil
}

// learn notes how long a dial took. A shorter one is believed at once: the
// network allows it. A longer one counts by an eighth, because the machine may
// have been busy.
func (d *dialer) learn(took time.Duration) {
	before := time.Duration(d.took.Load())
	if before != 0 && took > before {
		took = before + (took-before)/8
	}
	d.took.Store(int64(took))
}

func (d *dialer) dialStray(ctx context.Context, network, addr string) (net.Conn, error) {
	step := min(max(strayStep, 4*time.Duration(d.took.Load())), longestStep)
	ctx, cancel := context.WithTimeout(ctx, step)
	defer cancel()
	c, err := d.base(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return newStray(c, step, &d.late), nil
}
