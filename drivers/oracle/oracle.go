//go:build cgo

// This file registers godror as a backend of Fluxor.

package oracle

import (
	"database/sql/driver"
	"reflect"
	"strings"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

var forms = []backend.Form{backend.FormURL, backend.FormOracle, backend.FormLogfmt}

func init() {
	backend.Register(backend.Backend{
		Name:           "oracle",
		Type:           "oracle",
		DriverName:     "godror",
		Alias:          "oracle-fluxor",
		ImportPath:     "github.com/fluxor-db/fluxor/drivers/oracle",
		Forms:          forms,
		Open:           open,
		Classify:       backend.Oracle,
		ErrorCodes:     backend.ORACode,
		Brief:          backend.OracleBrief,
		Terse:          backend.OracleTerse,
		Owns:           owns,
		Refuse:         refuse,
		Detached:       backend.OracleDetached(),
		Dress:          dress,
		ErrBadConnLies: true, // conn.go, maybeBadConn: a connection lost in Query, Next or Commit becomes ErrBadConn
	})
}

// errAt is the refusal of an easy connect string whose password godror would cut
// at an @, and send the rest of it into the network as a host's name.
const errAt = dsn.Constant(`fluxor: godror takes the first @ of user/password@host for the end of the password, also between double quotes; write an @ of the password as \@, or use another form: oracle://user:password@host/service with %40, or user="u" password="p" connectString="host/service"`)

// bare is the type of godror's driver, which has no exported name.
var bare = reflect.TypeOf(godror.NewConnector(godror.ConnectionParams{}).Driver())

func owns(d driver.Driver) bool { return reflect.TypeOf(d) == bare }

// open makes godror's connector for a DSN.
func open(text string) (driver.Connector, error) {
	params, err := parse(text)
	if err != nil {
		return nil, err
	}
	return godror.NewConnector(params), nil
}

// parse refuses what godror refuses, with its own error. Where the DSN leaves it
// to godror whether to pool sessions itself, it does not: Fluxor's pool stands
// above, and an inner one would hide from it what a connection is. That is set
// in what godror parsed and not in the text, where standaloneConnection=1 also
// deletes the connection class.
func parse(text string) (godror.ConnectionParams, error) {
	params, err := godror.ParseDSN(text)
	if err != nil {
		return params, err
	}
	if dsn.FormOf(backend.Backend{Forms: forms}, text) == backend.FormOracle && hostHasAt(params.ConnectString) {
		return params, errAt
	}
	if !params.StandaloneConnection.Valid {
		params.StandaloneConnection = godror.Bool(true)
	}
	return params, nil
}

// hostHasAt reports whether an @ stands before the parameters of an easy connect
// string and outside a descriptor.
func hostHasAt(connect string) bool {
	host, _, _ := strings.Cut(connect, "?")
	host, _, _ = strings.Cut(host, "(")
	return strings.Contains(host, "@")
}
