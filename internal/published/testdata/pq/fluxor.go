// This file puts Fluxor over lib/pq: under the registered driver, and under the connectors that the suite makes itself.

//go:build fluxor

package pq

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
)

func init() {
	backend.Register(backend.Backend{
		Name:           "postgres",
		Type:           "postgres",
		DriverName:     "postgres",
		Forms:          []backend.Form{backend.FormURL, backend.FormLibpq},
		Classify:       classify,
		Plaintext:      backend.PlaintextPostgres,
		Owns:           owns,
		SharedStmts:    true,
		ErrBadConnLies: true,
	})
}

func owns(d driver.Driver) bool {
	switch d.(type) {
	case *Driver, Driver, repointed:
		return true
	}
	return false
}

// classify is drivers/postgres's.
func classify(err error) backend.Class {
	var pe *Error
	if !errors.As(err, &pe) {
		return backend.Common(err)
	}
	class := backend.SQLState(string(pe.Code))
	if class == backend.ClassVerdict && pe.Fatal() {
		return backend.ClassFatal
	}
	return class
}

// RepointedDriver is the driver that is registered.
func RepointedDriver() driver.Driver { return repointed{} }

// repointed is the driver "postgres" with Fluxor over it.
type repointed struct{ Driver }

func (repointed) OpenConnector(dsn string) (driver.Connector, error) {
	return fluxor.WrapConnector(unread(dsn), fluxor.RuntimeConfig{})
}

// unread is a DSN that is read at every dial, as database/sql does with a
// driver that makes no connectors.
type unread string

func (u unread) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := NewConnector(string(u))
	if err != nil {
		return nil, err
	}
	watch(c)
	return c.Connect(ctx)
}

func (unread) Driver() driver.Driver { return &Driver{} }

// Repointed is what the suite gives to sql.OpenDB.
func Repointed(c driver.Connector) driver.Connector {
	if own, ok := c.(*Connector); ok {
		watch(own)
	}
	wrapped, err := fluxor.WrapConnector(c, fluxor.RuntimeConfig{})
	if err != nil {
		panic(err)
	}
	return wrapped
}

// watch puts Fluxor's guard between lib/pq and the dialer that it has.
func watch(c *Connector) {
	if _, ok := c.dialer.(watched); !ok {
		c.Dialer(watched{c.dialer})
	}
}

type watched struct{ base Dialer }

func (w watched) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return fluxor.WatchDial(func(ctx context.Context, network, address string) (net.Conn, error) {
		if d, ok := w.base.(DialerContext); ok {
			return d.DialContext(ctx, network, address)
		}
		return w.base.Dial(network, address)
	})(ctx, network, address)
}

func (w watched) Dial(network, address string) (net.Conn, error) {
	return w.DialContext(context.Background(), network, address)
}

func (w watched) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return w.DialContext(ctx, network, address)
}
