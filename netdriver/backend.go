// This file makes the driver a backend of Fluxor, for tcp:// DSNs under "fluxor".

package netdriver

import (
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func init() {
	backend.Register(backend.Backend{
		Name:       "netdriver",
		Type:       Name,
		DriverName: Name,
		ImportPath: "github.com/fluxor-db/fluxor/netdriver",
		Forms:      []backend.Form{backend.FormURL},
		Open:       (&Driver{}).OpenConnector,
		Classify:   classify,
		ErrorCodes: codes,
		Terse:      terse,
		Owns:       func(d driver.Driver) bool { _, ok := d.(*Driver); return ok },
		// An answer that has driver.ErrBadConn in it says that nothing took effect.
		RefusedWhole: func(string) bool { return true },
	})
}

// codes are those of the database that the gateway stands before.
func codes(err error) []string {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	var all []string
	for _, code := range []string{e.Code, e.State} {
		if code != "" && (len(all) == 0 || all[0] != code) {
			all = append(all, code)
		}
	}
	return all
}

// terse leaves out the text, which may quote values.
func terse(err error) string { return strings.Join(codes(err), " ") }

// classify says what an error means for the connection to the gateway.
func classify(err error) backend.Class {
	var e *Error
	if !errors.As(err, &e) {
		class := backend.Common(err)
		if class == backend.ClassDead && errors.Is(err, ErrNoGateway) {
			return backend.ClassUnavailable
		}
		return class
	}
	switch kind := wire.ErrorKind(e.Kind); {
	case kind == wire.ErrorAuth:
		return backend.ClassLogin
	case kind == wire.ErrorShutdown:
		return backend.ClassUnavailable
	case e.ConnLost && e.Applied != AppliedUnknown && kind != wire.ErrorConnLost:
		return backend.ClassFatal
	case e.ConnLost || e.Applied == AppliedUnknown && kind != wire.ErrorDB:
		return backend.ClassDead
	case kind == wire.ErrorBreakerOpen, kind == wire.ErrorPoolTimeout, kind == wire.ErrorInternal:
		return backend.ClassSick
	case kind == wire.ErrorDB:
		return ofDatabase(e)
	}
	return backend.ClassVerdict
}

// ofDatabase classifies an error of the database that came over a connection
// which goes on: at worst the database is unwell.
func ofDatabase(e *Error) backend.Class {
	class := backend.ClassVerdict
	switch number, err := strconv.ParseUint(e.Code, 10, 16); {
	case e.Dialect == "mysql" && err == nil:
		class = backend.MySQLNumber(uint16(number))
	case e.Dialect == "oracle":
		class = backend.OracleText(errors.New(e.Code))
	case e.State != "":
		class = backend.SQLState(e.State)
	}
	if class == backend.ClassSick {
		return class
	}
	return backend.ClassVerdict
}
