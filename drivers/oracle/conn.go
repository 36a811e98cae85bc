//go:build cgo

// This file puts godror's own methods on a virtual connection, so that godror's helpers take it for one of godror's.

package oracle

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/backend"
)

var _ godror.Conn = (*conn)(nil)

// conn is a virtual connection with the methods of godror.Conn: godror.Raw,
// godror.ServerVersion and others assert that interface on what sql.Conn.Raw
// gives them. What the virtual connection has itself, it does itself; the rest
// goes to godror's connection, which is leased for it.
type conn struct {
	backend.Virtual
	lend func() (driver.Conn, error)
	tx   driver.Tx // the last one that BeginTx began
}

func dress(v backend.Virtual, lend func() (driver.Conn, error)) driver.Conn {
	return &conn{Virtual: v, lend: lend}
}

// Unwrap returns the virtual connection.
func (c *conn) Unwrap() driver.Conn { return c.Virtual }

func (c *conn) own() (godror.Conn, error) {
	dc, err := c.lend()
	if err != nil {
		return nil, err
	}
	return dc.(godror.Conn), nil
}

// godrorPackage is how the names of godror's functions begin.
const godrorPackage = "github.com/godror/godror."

// PrepareContext gives godror's own statement to godror itself: DescribeQuery
// asserts its type.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	var pcs [1]uintptr
	f, _ := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])]).Next()
	if !strings.HasPrefix(f.Function, godrorPackage) {
		return c.Virtual.PrepareContext(ctx, query)
	}
	own, err := c.own()
	if err != nil {
		return nil, err
	}
	return own.PrepareContext(ctx, query)
}

// BeginTx begins a transaction that Commit and Rollback of the connection end
// as well, as godror's do.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Virtual.BeginTx(ctx, opts)
	c.tx = tx
	return tx, err
}

// Commit commits what the session has done so far.
func (c *conn) Commit() error { return c.end(driver.Tx.Commit) }

// Rollback rolls it back.
func (c *conn) Rollback() error { return c.end(driver.Tx.Rollback) }

func (c *conn) end(how func(driver.Tx) error) error {
	if c.tx != nil {
		tx := c.tx
		c.tx = nil
		if err := how(tx); !errors.Is(err, sql.ErrTxDone) {
			return err
		}
	}
	own, err := c.own()
	if err != nil {
		return err
	}
	return how(own)
}

// Break asks the server to stop what the connection is doing.
func (c *conn) Break() error { return c.with(godror.Conn.Break) }

// ClientVersion is the version of Oracle's client library.
func (c *conn) ClientVersion() (godror.VersionInfo, error) {
	return from(c, godror.Conn.ClientVersion)
}

// ServerVersion is the version of the server.
func (c *conn) ServerVersion() (godror.VersionInfo, error) {
	return from(c, godror.Conn.ServerVersion)
}

// Startup starts the database.
func (c *conn) Startup(mode godror.StartupMode) error {
	return c.with(func(own godror.Conn) error { return own.Startup(mode) })
}

// Shutdown shuts the database down.
func (c *conn) Shutdown(mode godror.ShutdownMode) error {
	return c.with(func(own godror.Conn) error { return own.Shutdown(mode) })
}

// NewSubscription subscribes to events of the database.
func (c *conn) NewSubscription(name string, cb func(godror.Event), options ...godror.SubscriptionOption) (*godror.Subscription, error) {
	return from(c, func(own godror.Conn) (*godror.Subscription, error) {
		return own.NewSubscription(name, cb, options...)
	})
}

// GetObjectType looks up an object type.
func (c *conn) GetObjectType(name string) (*godror.ObjectType, error) {
	return from(c, func(own godror.Conn) (*godror.ObjectType, error) { return own.GetObjectType(name) })
}

// NewData makes a variable of Oracle's client library.
func (c *conn) NewData(baseType any, sliceLen, bufSize int) ([]*godror.Data, error) {
	return from(c, func(own godror.Conn) ([]*godror.Data, error) { return own.NewData(baseType, sliceLen, bufSize) })
}

// NewTempLob makes a temporary LOB, which lives as long as the session.
func (c *conn) NewTempLob(isClob bool) (*godror.DirectLob, error) {
	return from(c, func(own godror.Conn) (*godror.DirectLob, error) { return own.NewTempLob(isClob) })
}

// Timezone is the database's time zone; nil where no connection could be had.
func (c *conn) Timezone() *time.Location {
	own, err := c.own()
	if err != nil {
		return nil
	}
	return own.Timezone()
}

// GetPoolStats is what Oracle's client library says of its session pool.
func (c *conn) GetPoolStats() (godror.PoolStats, error) {
	return from(c, godror.Conn.GetPoolStats)
}

func (c *conn) with(do func(godror.Conn) error) error {
	own, err := c.own()
	if err != nil {
		return err
	}
	return do(own)
}

// from is what godror's own connection answers.
func from[T any](c *conn, ask func(godror.Conn) (T, error)) (answer T, err error) {
	own, err := c.own()
	if err != nil {
		return answer, err
	}
	return ask(own)
}
