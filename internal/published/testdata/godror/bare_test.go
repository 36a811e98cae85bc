// This file leaves godror as it is, for the run that the other one is compared with.

//go:build !fluxor

package godror_test

import "database/sql/driver"

// repointedDriver is what the suite gives to sql.Open.
const repointedDriver = "godror"

// repointed is what the suite gives to sql.OpenDB.
func repointed(c driver.Connector) driver.Connector { return c }
