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
	"net/url"
	"reflect"
	"slices"
	"strings"
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
	pkg := packageOf(reflect.TypeOf(d))
	return describeOracle(Backend{
		Name:           fmt.Sprintf("%T", d),
		Classify:       Common,
		ErrBadConnLies: liars[pkg],
	}, "", pkg)
}

// ByName returns a backend for a driver that database/sql knows as name, to
// be opened with dsn. It fails with the driver's own error when the driver
// refuses the DSN, and when no such driver is registered. It does not quote the
// name, in which a misspelt DSN can leave a part of the password.
func ByName(name, dsn string) (Backend, error) {
	if !slices.Contains(sql.Drivers(), name) {
		return Backend{}, errors.New("fluxor: no database/sql driver is registered under this name; import the package that registers it")
	}
	db, err := sql.Open(name, dsn) // dials nothing
	if err != nil {
		return Backend{}, err
	}
	b := For(db.Driver())
	_ = db.Close()
	if b.Owns == nil {
		b = describeOracle(b, name, "")
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
	return &dsnConnector{d, dsn}, nil
}

// dsnConnector opens connections of a driver without DriverContext, as
// database/sql's own does. Such a driver reads the DSN only then.
type dsnConnector struct {
	d   driver.Driver
	dsn string
}

// Connect returns the driver's own error, unless that quotes a DSN that is more
// than a name.
func (c *dsnConnector) Connect(context.Context) (driver.Conn, error) {
	ci, err := c.d.Open(c.dsn)
	if err != nil && strings.ContainsAny(c.dsn, ":=/@") && (strings.Contains(err.Error(), c.dsn) || errors.As(err, new(*url.Error))) {
		return nil, errors.New("fluxor: the driver refuses the DSN; what it says is left out because it quotes the DSN, which may hold a password")
	}
	return ci, err
}

func (c *dsnConnector) Driver() driver.Driver { return c.d }

// Format keeps the DSN out of whatever is printed.
func (c *dsnConnector) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "connector of %T", c.d) }

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
	var name *net.DNSError // of a driver that looks the host's name up by itself (pgx)
	if errors.As(err, &name) {
		return ClassUnavailable
	}
	return ClassUnknown
}
