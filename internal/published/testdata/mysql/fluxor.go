// This file puts Fluxor over go-sql-driver/mysql: under the registered driver, and under the connectors that the suite makes itself.

//go:build fluxor

package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
)

func init() {
	backend.Register(backend.Backend{
		Name:         "mysql",
		Type:         "mysql",
		DriverName:   "mysql",
		Forms:        []backend.Form{backend.FormMySQL},
		Classify:     classify,
		Owns:         owns,
		SharedStmts:  true,
		RefusedWhole: backend.MySQLRefusedWhole,
	})
}

func owns(d driver.Driver) bool {
	switch d.(type) {
	case *MySQLDriver, MySQLDriver, repointed:
		return true
	}
	return false
}

// classify is drivers/mysql's.
func classify(err error) backend.Class {
	var me *MySQLError
	if errors.As(err, &me) {
		return backend.MySQLNumber(me.Number)
	}
	for _, dead := range []error{ErrInvalidConn, ErrMalformPkt, ErrPktSync, ErrPktSyncMul} {
		if errors.Is(err, dead) {
			return backend.ClassDead
		}
	}
	return backend.Common(err)
}

// RepointedDriver is the driver that is registered.
func RepointedDriver() driver.Driver { return repointed{} }

// repointed is the driver "mysql" with Fluxor over it.
type repointed struct{ MySQLDriver }

func (r repointed) OpenConnector(dsn string) (driver.Connector, error) {
	c, err := r.MySQLDriver.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	return Repointed(c), nil
}

// Repointed is what the suite gives to sql.OpenDB. Networks of
// RegisterDialContext keep their dialer, as under drivers/mysql.
func Repointed(c driver.Connector) driver.Connector {
	if own, ok := c.(*connector); ok && (own.cfg.Net == "tcp" || own.cfg.Net == "unix") {
		cfg := own.cfg.Clone()
		cfg.DialFunc = fluxor.WatchDial(cfg.DialFunc)
		c = newConnector(cfg)
	}
	wrapped, err := fluxor.WrapConnector(c, fluxor.RuntimeConfig{})
	if err != nil {
		panic(err)
	}
	return wrapped
}

// reach is how the suite gets at the driver's own connection: fluxor.Raw,
// because sql.Conn.Raw sees Fluxor's connection.
func reach(c *sql.Conn, f func(driverConn any) error) error {
	return fluxor.Raw(context.Background(), c, f)
}
