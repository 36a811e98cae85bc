// This file dials the hosts in turn.

package netdriver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// connect tries each host once.
func (c *Connector) connect(ctx context.Context) (*conn, error) {
	var all []error
	first := c.first.Load()
	for i := range uint32(len(c.cfg.Hosts)) {
		at := (first + i) % uint32(len(c.cfg.Hosts))
		cn, err := c.try(ctx, c.cfg.Hosts[at])
		if err == nil {
			c.first.Store(at)
			return cn, nil
		}
		all = append(all, fmt.Errorf("%s: %w", c.cfg.Hosts[at], err))
		if ctx.Err() != nil || final(err) {
			break
		}
	}
	return nil, fmt.Errorf("fluxor: no gateway let us in: %w", errors.Join(all...))
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

// try dials one host and logs in, within ConnectTimeout.
func (c *Connector) try(ctx context.Context, host string) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	line := netshim.LineOf(ctx)
	if line == nil {
		line = netshim.NewLine()
		ctx = netshim.WithLine(ctx, line)
	}
	nc, err := netshim.Dialer(c.dial())(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	// Whatever the context's end finds nc doing fails at once, also where nc knows no
	// deadlines.
	stop := context.AfterFunc(ctx, func() {
		if nc.SetDeadline(longAgo) != nil {
			_ = nc.Close()
		}
	})
	cn, err := c.enter(ctx, nc, host)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = nc.Close()
		if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
			err = fmt.Errorf("%w: %w", ended, err)
		}
		return nil, err
	}
	cn.line = line
	return cn, nil
}

func (c *Connector) dial() netshim.DialFunc {
	if c.cfg.Dial != nil {
		return c.cfg.Dial
	}
	return (&net.Dialer{}).DialContext
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
			return nil, err
		}
		s := secured.ConnectionState()
		l.nc, l.tls = secured, &s
	}
	l.r = wire.NewReader(l.nc, loginLimits)
	if err := l.run(); err != nil {
		return nil, err
	}
	c.byToken.Store(l.mech == wire.AuthToken)
	return newConn(c, &l), nil
}
