// This file puts Fluxor over pgx's database/sql driver: under the registered driver and under OpenDB.

//go:build fluxor

package stdlib

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
)

func init() {
	backend.Register(backend.Backend{
		Name:           "pgx",
		Type:           "postgres",
		DriverName:     "pgx",
		Forms:          []backend.Form{backend.FormURL, backend.FormLibpq},
		Classify:       classify,
		Plaintext:      backend.PlaintextPostgres,
		Owns:           func(d driver.Driver) bool { _, ok := d.(*Driver); return ok },
		ErrBadConnLies: true,
		SelfValidates:  true,
	})
}

// classify is drivers/pgx's.
func classify(err error) backend.Class {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		class := backend.SQLState(pe.Code)
		if class == backend.ClassVerdict && (pe.Severity == "FATAL" || pe.SeverityUnlocalized == "FATAL" || pe.SeverityUnlocalized == "PANIC") {
			return backend.ClassFatal
		}
		return class
	}
	if pgconn.Timeout(err) {
		return backend.ClassDead
	}
	return backend.Common(err)
}

// underFluxor is the driver "pgx" with Fluxor over it.
type underFluxor struct{ *Driver }

func repointedDriver(d *Driver) driver.Driver { return underFluxor{d} }

func (u underFluxor) OpenConnector(dsn string) (driver.Connector, error) {
	u.configMutex.Lock()
	registered := u.configs[dsn] != nil
	u.configMutex.Unlock()
	if registered {
		return repointed(&driverConnector{u.Driver, dsn}), nil
	}
	return repointed(unread{u.Driver, dsn}), nil
}

// unread is a DSN that is read at every dial, as pgx does.
type unread struct {
	driver *Driver
	dsn    string
}

func (u unread) Connect(ctx context.Context) (driver.Conn, error) {
	cfg, err := pgx.ParseConfig(u.dsn)
	if err != nil {
		return nil, err
	}
	cfg.DialFunc = watch(cfg.DialFunc)
	return GetConnector(*cfg).Connect(ctx)
}

func (u unread) Driver() driver.Driver { return u.driver }

func watch(dial pgconn.DialFunc) pgconn.DialFunc {
	return pgconn.DialFunc(fluxor.WatchDial(fluxor.DialContext(dial)))
}

// repointed is what OpenDB gives to database/sql. A pool's connections were
// dialed by the pool, so Fluxor does not watch them.
func repointed(c driver.Connector) driver.Connector {
	if own, ok := c.(connector); ok && own.pool == nil {
		own.ConnConfig.DialFunc = watch(own.ConnConfig.DialFunc)
		c = own
	}
	wrapped, err := fluxor.WrapConnector(c, fluxor.RuntimeConfig{})
	if err != nil {
		panic(err)
	}
	return wrapped
}

// Reach is how the suite gets at pgx's own connection: fluxor.Raw, because
// sql.Conn.Raw sees Fluxor's connection.
func Reach(c *sql.Conn, f func(driverConn any) error) error {
	return fluxor.Raw(context.Background(), c, f)
}
