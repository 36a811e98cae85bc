//go:build !cgo

// This file stands in for godror in a program that is built without cgo, and says what it lacks.

package oracle

import (
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// errNoCgo is what every DSN is answered with; repeating does not help.
const errNoCgo = dsn.Constant("fluxor: Oracle's driver godror needs cgo, and this program was built without it; build it with CGO_ENABLED=1 and a C compiler, or use a pure Go driver by name, fluxor_driver=oracle (go-ora) or oracledb")

func init() {
	backend.Register(backend.Backend{
		Name:       "oracle",
		Type:       "oracle",
		DriverName: "godror",
		Alias:      "oracle-fluxor",
		ImportPath: "github.com/fluxor-db/fluxor/drivers/oracle",
		Forms:      []backend.Form{backend.FormURL, backend.FormOracle, backend.FormLogfmt},
		Classify:   backend.Oracle,
		Open:       func(string) (driver.Connector, error) { return nil, errNoCgo },
	})
}
