// This file leaves lib/pq as it is, for the run that the other one is compared with.

//go:build !fluxor

package pq

import "database/sql/driver"

// RepointedDriver is the driver that is registered.
func RepointedDriver() driver.Driver { return &Driver{} }

// Repointed is what the suite gives to sql.OpenDB.
func Repointed(c driver.Connector) driver.Connector { return c }
