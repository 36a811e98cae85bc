//go:build cgo

// This file asks godror's connection for the versions of both ends.

package doctor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
)

func oracleVersions(ctx context.Context, c *sql.Conn) (v versions, err error) {
	err = fluxor.Raw(ctx, c, func(driverConn any) error {
		conn, ok := driverConn.(godror.Conn)
		if !ok {
			return fmt.Errorf("the connection is no godror.Conn but a %T", driverConn)
		}
		server, errServer := conn.ServerVersion()
		client, errClient := conn.ClientVersion()
		v = versions{server: server.ServerRelease, client: client.String(), clientMajor: int(client.Version)}
		return errors.Join(errServer, errClient)
	})
	return v, err
}
