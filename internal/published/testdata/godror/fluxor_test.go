// This file puts Fluxor over godror: under the DSNs and under the connectors that the suite opens.

//go:build fluxor

package godror_test

import (
	"database/sql/driver"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
)

// repointedDriver is what the suite gives to sql.Open.
const repointedDriver = "oracle-fluxor"

// repointed is what the suite gives to sql.OpenDB.
func repointed(c driver.Connector) driver.Connector {
	wrapped, err := fluxor.WrapConnector(c, fluxor.RuntimeConfig{})
	if err != nil {
		panic(err)
	}
	return wrapped
}
