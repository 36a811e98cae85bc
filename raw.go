// This file reaches the driver's own connection under a *sql.Conn.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// Raw calls f with the driver's own connection under c, for example a
// *stdlib.Conn of pgx: what sql.Conn.Raw does on the bare driver. It leases a
// connection, within ctx, if c holds none yet; the same connection serves
// every later operation on c. f must not keep the value. An error of f comes
// back as it is; driver.ErrBadConn from f and a panic in f discard the
// connection, as in database/sql.
func Raw(ctx context.Context, c *sql.Conn, f func(driverConn any) error) error {
	return c.Raw(func(dc any) error {
		v, err := virtual(dc)
		if err != nil {
			return err
		}
		p, err := v.lend(ctx)
		if err != nil {
			return err
		}
		defer p.kept.empty()
		defer v.lost(&v.lent) // by a panic, after which database/sql closes v, and the connection with it
		err = f(p.ci)
		if errors.Is(err, driver.ErrBadConn) {
			p.broken = true
		}
		v.returned(p, errors.Join(err, ctx.Err())) // f may have swallowed what became of its call
		return err
	})
}

// lend is the physical connection in the hands of somebody who may do with it
// what he likes.
func (c *conn) lend(ctx context.Context) (*physical, error) {
	if _, err := c.admit(ctx, time.Time{}); err != nil { // began is that of an operation before
		return nil, err
	}
	if err := c.acquire(ctx, 0); err != nil {
		c.leave()
		return nil, err
	}
	c.blank = false
	p := c.held.Value
	if p.apart != nil && p.cut() {
		return nil, driver.ErrBadConn // see attemptWatched
	}
	p.kept.empty()
	c.lends(p)
	return p, nil
}

// dressed is the connection as database/sql gets it: with the methods that the
// driver's own helpers ask of one, where they ask for any.
func (c *conn) dressed() driver.Conn {
	dress := c.e.backend.Dress
	if dress == nil {
		return c
	}
	return dress(c, func() (driver.Conn, error) {
		p, err := c.lend(context.Background()) // sql.Conn.Raw has no context
		if err != nil {
			return nil, err
		}
		return p.ci, nil
	})
}

// virtual finds Fluxor's connection below wrappers that can be unwrapped: the
// method names are those of otelsql (Raw), dd-trace (WrappedConn) and errors
// (Unwrap).
func virtual(dc any) (*conn, error) {
	for v := dc; v != nil; {
		switch w := v.(type) {
		case *conn:
			return w, nil
		case interface{ Raw() driver.Conn }:
			v = w.Raw()
		case interface{ WrappedConn() driver.Conn }:
			v = w.WrappedConn()
		case interface{ Unwrap() driver.Conn }:
			v = w.Unwrap()
		default:
			return nil, fmt.Errorf("fluxor: no connection of Fluxor's below a %T", dc)
		}
	}
	return nil, fmt.Errorf("fluxor: no connection of Fluxor's below a %T", dc)
}
