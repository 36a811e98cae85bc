// This file holds the rules for a driver that no package under drivers/ describes.

package backend

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
)

// For returns the registered backend whose bare driver d is, else [Generic].
func For(d driver.Driver) Backend {
	for _, b := range All() {
		if b.Owns != nil && b.Owns(d) {
			return b
		}
	}
	return Generic(d)
}

// Generic returns conservative rules for a driver nobody described: an error
// is the server's verdict only where it carries a SQLSTATE, and ErrBadConn is
// believed as database/sql believes it, unless the driver is known to lie.
func Generic(d driver.Driver) Backend {
	return Backend{
		Name:           fmt.Sprintf("%T", d),
		Classify:       Common,
		ErrBadConnLies: liars[packageOf(reflect.TypeOf(d))],
	}
}

// ByName returns a backend for a driver that database/sql knows as name, to
// be opened with dsn. It fails with the driver's own error when the driver
// refuses the DSN, and says what to import when no such driver is registered.
func ByName(name, dsn string) (Backend, error) {
	if !slices.Contains(sql.Drivers(), name) {
		return Backend{}, fmt.Errorf("fluxor: no database/sql driver is registered as %q; import the package that registers it", name)
	}
	db, err := sql.Open(name, dsn) // dials nothing
	if err != nil {
		return Backend{}, err
	}
	b := For(db.Driver())
	_ = db.Close()
	if b.Owns == nil {
		b.Name = name
		b.Open = func(dsn string) (driver.Connector, error) { return Registered(name, dsn) }
	}
	b.DriverName = name
	return b, nil
}

// Registered makes the connector of the driver that database/sql knows as name,
// as sql.Open would.
func Registered(name, dsn string) (driver.Connector, error) {
	db, err := sql.Open(name, dsn) // dials nothing
	if err != nil {
		return nil, err
	}
	d := db.Driver()
	_ = db.Close()
	return openWith(d, dsn)
}

func openWith(d driver.Driver, dsn string) (driver.Connector, error) {
	if dc, ok := d.(driver.DriverContext); ok {
		return dc.OpenConnector(dsn)
	}
	return dsnConnector{d, dsn}, nil
}

// dsnConnector opens connections of a driver without DriverContext, as
// database/sql's own does.
type dsnConnector struct {
	d   driver.Driver
	dsn string
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.d.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.d }

// Common classifies what every driver shares: errors with a SQLSTATE, network
// errors and ends of stream. Anything else, and driver.ErrBadConn, is
// ClassUnknown.
func Common(err error) Class {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		switch code := state.SQLState(); {
		case len(code) != 5: // says nothing
		case code[:2] == "08":
			return ClassDead
		default:
			return SQLState(code)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) {
		return ClassDead
	}
	var dial *net.OpError
	if errors.As(err, &dial) {
		if dial.Op == "dial" {
			return ClassUnavailable
		}
		return ClassDead
	}
	return ClassUnknown
}
