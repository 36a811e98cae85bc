// This file registers lib/pq as a backend of Fluxor.

// Package postgres brings PostgreSQL through lib/pq. Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/drivers/postgres"
//
// It serves postgres:// URLs and libpq key=value strings under "fluxor", and
// every DSN under the driver name "postgres-fluxor".
package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

func init() {
	backend.Register(backend.Backend{
		Name:           "postgres",
		Type:           "postgres",
		DriverName:     "postgres",
		Alias:          "postgres-fluxor",
		ImportPath:     "github.com/fluxor-db/fluxor/drivers/postgres",
		Forms:          []backend.Form{backend.FormURL, backend.FormLibpq},
		Open:           open,
		Classify:       classify,
		Terse:          terse,
		Plaintext:      backend.PlaintextPostgres,
		Owns:           owns,
		SharedStmts:    true,
		Keeping:        &backend.Keeping{Prepares: prepares, Age: age, Lasts: backend.PostgresLasts},
		ErrBadConnLies: true, // error.go, handleError: EOF while reading becomes ErrBadConn
	})
}

func terse(err error) string {
	var pe *pq.Error
	if !errors.As(err, &pe) {
		return ""
	}
	return backend.PostgresTerse(pe.Severity, string(pe.Code), pe.Constraint)
}

// open refuses what pq refuses, with pq's own error.
func open(dsn string) (driver.Connector, error) {
	c, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	c.Dialer(&Dialer{})
	return c, nil
}

func owns(d driver.Driver) bool {
	switch d.(type) {
	case *pq.Driver, pq.Driver:
		return true
	}
	return false
}

// classify reads the error's type, then its SQLSTATE. pq keeps the severity
// FATAL for errors while connecting; on an open connection it turns them into
// driver.ErrBadConn.
func classify(err error) backend.Class {
	var pe *pq.Error
	switch {
	case errors.Is(err, pq.ErrInFailedTransaction): // a COMMIT in one, which pq has rolled back
		return backend.ClassVerdict
	case !errors.As(err, &pe):
		return backend.Common(err)
	}
	class := backend.SQLState(string(pe.Code))
	if class.Answered() && pe.Fatal() {
		return backend.ClassFatal
	}
	return class
}

// prepares: pq prepares what comes with arguments (conn.go, query), unless
// binary_parameters lets it send both at once. Of that option a connection
// tells only by what it makes of values: with it the binary form, without it an
// array. One that does neither is a wrapper that does not let us see.
func prepares(ci driver.Conn) (withArgs, without bool) {
	checker, ok := ci.(driver.NamedValueChecker)
	if !ok {
		return false, false
	}
	nv := driver.NamedValue{Ordinal: 1, Value: binaryProbe{}}
	_ = checker.CheckNamedValue(&nv)
	return nv.Value == any("{}"), false
}

// binaryProbe is a slice with a binary form.
type binaryProbe []int64

// BinaryValue is what pq calls with binary_parameters.
func (binaryProbe) BinaryValue() ([]byte, error) { return nil, nil }

// age reads the error of a kept statement.
func age(err error, pure bool) backend.Age {
	var pe *pq.Error
	if !errors.As(err, &pe) {
		return backend.AgeFits
	}
	return backend.PostgresAge(backend.PostgresError{
		Code: string(pe.Code), Routine: pe.Routine, Position: pe.Position, Where: pe.Where, Pure: pure,
	})
}

// Dialer dials for lib/pq and lets Fluxor watch the wire. Set it on a
// connector of your own before you pass it to fluxor.WrapConnector:
//
//	c, err := pq.NewConnector(dsn)
//	c.Dialer(&postgres.Dialer{})
//
// It is safe for concurrent use and must not be copied after its first use: it
// learns how slow the network is, so that a cancel request is given its time.
type Dialer struct {
	// Base dials the real connection; nil means net.Dialer, which is what
	// lib/pq uses itself. It must not change after the first use.
	Base func(ctx context.Context, network, addr string) (net.Conn, error)

	once sync.Once
	dial netshim.DialFunc
}

var _ pq.DialerContext = (*Dialer)(nil)

// DialContext dials within ctx.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	d.once.Do(func() {
		base := d.Base
		if base == nil {
			base = (&net.Dialer{}).DialContext
		}
		d.dial = netshim.Dialer(base)
	})
	return d.dial(ctx, network, addr)
}

// Dial dials without a limit of its own.
func (d *Dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// DialTimeout dials within timeout.
func (d *Dialer) DialTimeout(network, addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, addr)
}
