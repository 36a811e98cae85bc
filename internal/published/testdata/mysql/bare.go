// This file leaves go-sql-driver/mysql as it is, for the run that the other one is compared with.

//go:build !fluxor

package mysql

import (
	"database/sql"
	"database/sql/driver"
)

// RepointedDriver is the driver that is registered.
func RepointedDriver() driver.Driver { return &MySQLDriver{} }

// Repointed is what the suite gives to sql.OpenDB.
func Repointed(c driver.Connector) driver.Connector { return c }

// reach is how the suite gets at the driver's own connection.
func reach(c *sql.Conn, f func(driverConn any) error) error { return c.Raw(f) }
