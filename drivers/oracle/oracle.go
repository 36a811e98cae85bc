//go:build cgo

// This file registers godror as a backend of Fluxor.

// Package oracle brings Oracle through godror, which needs cgo and, at run
// time, Oracle's client library (Instant Client). Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/drivers/oracle"
//
// It serves user/password@host:port/service DSNs, oracle:// URLs and godror's
// own user="x" connectString="y" under "fluxor", and every DSN under the driver
// name "oracle-fluxor".
package oracle

import (
	"database/sql/driver"
	"reflect"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/backend"
)

func init() {
	backend.Register(backend.Backend{
		Name:           "oracle",
		Type:           "oracle",
		DriverName:     "godror",
		Alias:          "oracle-fluxor",
		ImportPath:     "github.com/fluxor-db/fluxor/drivers/oracle",
		Forms:          []backend.Form{backend.FormURL, backend.FormOracle, backend.FormLogfmt},
		Open:           open,
		Classify:       backend.Oracle,
		Owns:           owns,
		Detached:       backend.OracleDetached(),
		Dress:          dress,
		ErrBadConnLies: true, // conn.go, maybeBadConn: a connection lost in Query, Next or Commit becomes ErrBadConn
	})
}

// owns knows godror's driver, whose type is not exported, by its package.
func owns(d driver.Driver) bool {
	t := reflect.TypeOf(d)
	return t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == reflect.TypeFor[godror.OraErr]().PkgPath()
}

// open refuses what godror refuses, with its own error.
func open(dsn string) (driver.Connector, error) {
	params, err := godror.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return godror.NewConnector(params), nil
}
