// This file registers pgx's database/sql driver as a backend of Fluxor.

// Package pgx brings PostgreSQL through pgx's database/sql driver. Import it
// for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/drivers/pgx"
//
// It serves postgres:// URLs and libpq key=value strings under "fluxor" where
// drivers/postgres is not imported as well, and every DSN under the driver
// name "pgx-fluxor" or with fluxor_driver=pgx.
package pgx

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

var forms = []backend.Form{backend.FormURL, backend.FormLibpq}

func init() {
	backend.Register(backend.Backend{
		Name:           "pgx",
		Type:           "postgres",
		DriverName:     "pgx",
		Alias:          "pgx-fluxor",
		ImportPath:     "github.com/fluxor-db/fluxor/drivers/pgx",
		Forms:          forms,
		Open:           open,
		Classify:       classify,
		Terse:          terse,
		Plaintext:      backend.PlaintextPostgres,
		Owns:           func(d driver.Driver) bool { _, ok := d.(*stdlib.Driver); return ok },
		GivenUp:        givenUp,
		SharedStmts:    true,
		ErrBadConnLies: true, // stdlib/sql.go trusts SafeToRetry, which is true of any closed connection
		SelfValidates:  true, // stdlib/sql.go, ResetSession pings after a second of idleness
	})
}

func terse(err error) string {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return ""
	}
	severity := pe.SeverityUnlocalized
	if severity == "" {
		severity = pe.Severity // of a server before PostgreSQL 9.6
	}
	return backend.PostgresTerse(severity, pe.Code, pe.ConstraintName)
}

// open leaves the DSN unread until the first connection, as the bare driver
// does: the environment may change in between. A configuration registered with
// stdlib.RegisterConnConfig keeps its own dialer.
func open(text string) (driver.Connector, error) {
	if strings.HasPrefix(text, "registeredConnConfig") {
		return stdlib.GetDefaultDriver().(driver.DriverContext).OpenConnector(text)
	}
	return &connector{text}, nil
}

// connector is a DSN of the bare driver.
type connector struct{ dsn string }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	cfg, err := pgx.ParseConfig(c.dsn)
	if err != nil {
		return nil, refused(err, c.dsn)
	}
	cfg.DialFunc = DialFunc(cfg.DialFunc)
	return stdlib.GetConnector(*cfg).Connect(ctx)
}

func (c *connector) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

// Format keeps the DSN out of whatever is printed.
func (c *connector) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "pgx connector") }

// refused returns pgx's refusal of a DSN without the DSN, which
// *pgconn.ParseConfigError holds with its password and shows as far as pgx
// recognizes none in it. What cannot show a password is kept: type, reason and
// cause.
func refused(err error, text string) error {
	reason, cause := err.Error(), errors.Unwrap(err)
	if i := strings.LastIndex(reason, "`: "); i >= 0 {
		reason = reason[i+len("`: "):]
	}
	if cause != nil {
		reason = strings.TrimSuffix(reason, " ("+cause.Error()+")")
	}
	form := dsn.FormOf(backend.Backend{Forms: forms}, text)
	bare := pgconn.NewParseConfigError("", reason, cause)
	if safe := dsn.Conceal(bare, form, text); safe != bare { //nolint:errorlint // the same value, or another
		reason, cause = safe.Error(), nil
	}
	return pgconn.NewParseConfigError(dsn.Redact(text), reason, cause)
}

// DialFunc wraps a dial function of pgx so that Fluxor can watch the wire. Set
// it on a configuration of your own before you pass its connector to
// fluxor.WrapConnector:
//
//	cfg.DialFunc = fluxorpgx.DialFunc(cfg.DialFunc)
//	c := stdlib.GetConnector(*cfg)
func DialFunc(base pgconn.DialFunc) pgconn.DialFunc {
	if base == nil {
		base = (&net.Dialer{}).DialContext
	}
	return pgconn.DialFunc(netshim.Dialer(base))
}

// givenUp reports whether a call was broken off: pgconn marks the connection closed
// at once and closes its wire in the background (pgconn.go, asyncClose).
func givenUp(ci driver.Conn) bool {
	c, ok := ci.(*stdlib.Conn)
	return ok && c.Conn().IsClosed()
}

// fatal reports whether the server, or a pooler in its place, ends the session.
func fatal(pe *pgconn.PgError) bool {
	return pe.Severity == "FATAL" || pe.SeverityUnlocalized == "FATAL" || pe.SeverityUnlocalized == "PANIC"
}

// classify reads the error's type, then its SQLSTATE. What pgx reports without
// a server error is a broken connection where it was a timeout, which closes
// the connection, or the network.
func classify(err error) backend.Class {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		class := backend.SQLState(pe.Code)
		if !class.Answered() || !fatal(pe) {
			return class
		}
		if strings.HasPrefix(pe.Code, "08") {
			return backend.ClassDead // a pooler that lost its server after the statement had left
		}
		return backend.ClassFatal
	}
	if pgconn.Timeout(err) {
		return backend.ClassDead
	}
	if errors.Is(err, pgx.ErrTxCommitRollback) { // what a COMMIT in a failed transaction does
		return backend.ClassVerdict
	}
	return backend.Common(err)
}
