// This file dials the hosts in turn.

package netdriver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// leastShare is how long a host may take where others are left to try and the
// context would give each less: a login across the world takes that.
const leastShare = time.Second

// failures says of each host when it failed, as the number of its failure among
// all; 0 where it has let us in since.
type failures struct {
	last atomic.Uint64
	of   []atomic.Uint64
}

func (f *failures) failed(host int) { f.of[host].Store(f.last.Add(1)) }
func (f *failures) worked(host int) { f.of[host].Store(0) }

// order is the hosts as they are tried: from first on, those that failed behind
// those that did not, and the one that failed last at the end.
func (f *failures) order(first int) []int {
	n := len(f.of)
	all, at := make([]int, n), make([]uint64, n)
	for i := range n {
		all[i], at[i] = (first+i)%n, f.of[i].Load()
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	return all
}

// connect tries each host once. What it finds out is for the next one: a host that
// froze, or whose login a caller did not wait for, is asked behind the others.
func (c *Connector) connect(ctx context.Context) (*conn, error) {
	var all []error
	hosts := c.failures.order(int(c.first.Load()))
	for i, at := range hosts {
		if err := ctx.Err(); err != nil {
			all = append(all, err)
			break
		}
		cn, err := c.tryAll(ctx, c.cfg.Hosts[at], len(hosts)-i)
		if err == nil {
			c.first.Store(uint32(at)) //nolint:gosec // an index of a list
			c.failures.worked(at)
			return cn, nil
		}
		all = append(all, of(c.cfg.Hosts[at], err))
		if final(err) {
			break
		}
		c.failures.failed(at)
	}
	return nil, unreached(all)
}

// share is how long a host may take: ConnectTimeout, and where others are left to
// try, not all that the context has.
func (c *Connector) share(ctx context.Context, left int) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok || left == 1 {
		return c.cfg.ConnectTimeout
	}
	return min(c.cfg.ConnectTimeout, max(time.Until(deadline)/time.Duration(left), leastShare))
}

// final says whether another gateway would say the same.
func final(err error) bool {
	var said *Error
	if !errors.As(err, &said) {
		return false
	}
	switch wire.ErrorKind(said.Kind) {
	case wire.ErrorAuth, wire.ErrorDenied:
		return true
	}
	return false
}

// tryAll tries one of the hosts that are left: of a name one address after the other, each
// once, as long as they are reached and do not let us in, and the other hosts have time.
func (c *Connector) tryAll(ctx context.Context, host string, left int) (*conn, error) {
	cn, at, err := c.try(ctx, host, left, nil)
	for tried := []string{at}; err != nil && at != "" && !final(err) && spare(ctx, left); tried = append(tried, at) {
		var failed error
		if cn, at, failed = c.try(ctx, host, left, tried); errors.Is(failed, errShunned) {
			return nil, because(ctx, err)
		}
		if err = failed; slices.Contains(tried, at) {
			break // what is dialed has another address than what answers: it would not end
		}
	}
	return cn, err
}

// spare says whether there is time for another address of a host, and for the hosts
// that are left besides.
func spare(ctx context.Context, left int) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || left == 1 || time.Until(deadline) > time.Duration(left)*leastShare)
}

// try dials a host and logs in, within its share, at an address of its name that was not
// tried. After an error, at is the address that was reached; "" where it is the only one,
// or no other one would say anything else.
func (c *Connector) try(ctx context.Context, host string, left int, tried []string) (cn *conn, at string, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.share(ctx, left))
	defer cancel()
	line := netshim.LineOf(ctx)
	if line == nil {
		line = netshim.NewLine()
		ctx = netshim.WithLine(ctx, line)
	}
	nc, err := netshim.Dialer(c.reach(host, tried))(ctx, "tcp", host)
	if err != nil {
		return nil, "", because(ctx, err)
	}
	if c.named(host) {
		at = nc.RemoteAddr().String()
	}
	// Whatever the context's end finds nc doing fails at once, also where nc knows no
	// deadlines.
	stop := context.AfterFunc(ctx, func() {
		if nc.SetDeadline(longAgo) != nil {
			_ = nc.Close()
		}
	})
	cn, err = c.enter(ctx, nc, host)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = nc.Close()
		if final(err) {
			at = ""
		}
		if at != "" {
			c.shunned.add(at)
		}
		return nil, at, because(ctx, err)
	}
	c.shunned.remove(at)
	cn.line = line
	return cn, at, nil
}

// because is err with the end of ctx in it, where that brought it about.
func because(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// enter makes a session of a connection, which fails when ctx ends.
func (c *Connector) enter(ctx context.Context, nc net.Conn, host string) (*conn, error) {
	config, err := c.cfg.tlsFor(host)
	if err != nil {
		return nil, err
	}
	l := login{c: c, nc: nc, raw: nc, host: host, token: c.cfg.safeForToken(host)}
	if config != nil {
		l.gate = &gate{Conn: nc}
		secured := tls.Client(l.gate, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, guessed(err, true)
		}
		s := secured.ConnectionState()
		l.nc, l.tls = secured, &s
	}
	l.r = wire.NewReader(l.nc, loginLimits)
	if err := l.run(); err != nil {
		if config == nil && !l.heard {
			err = guessed(err, false)
		}
		return nil, err
	}
	c.byToken.Store(l.mech == wire.AuthToken)
	return newConn(c, &l), nil
}
