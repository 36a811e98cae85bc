// This file puts Fluxor over godror: under the DSNs and under the connectors that the suite opens.

//go:build fluxor

package godror_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/godror/godror"

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

func init() { godror.Reach = reach }

// reach is fluxor.Raw, because sql.Conn.Raw sees Fluxor's connection.
func reach(ctx context.Context, c godror.Rawer, f func(driverConn any) error) error {
	switch c := c.(type) {
	case *sql.Conn:
		return fluxor.Raw(ctx, c, f)
	case *godror.PooledConn:
		return fluxor.Raw(ctx, c.Conn, f)
	}
	return fmt.Errorf("no way to the connection below a %T", c)
}
