// This file leaves pgx's database/sql driver as it is, for the run that the other one is compared with.

//go:build !fluxor

package stdlib

import (
	"database/sql"
	"database/sql/driver"
)

func repointedDriver(d *Driver) driver.Driver { return d }

func repointed(c driver.Connector) driver.Connector { return c }

// Reach is how the suite gets at pgx's own connection.
func Reach(c *sql.Conn, f func(driverConn any) error) error { return c.Raw(f) }
