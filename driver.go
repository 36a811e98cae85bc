// This file registers the drivers "fluxor" and "NAME-fluxor" with database/sql and holds the connector behind a *sql.DB.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

var (
	_ driver.Driver        = (*sqlDriver)(nil)
	_ driver.DriverContext = (*sqlDriver)(nil)
	_ driver.Connector     = (*Connector)(nil)
	_ io.Closer            = (*Connector)(nil)
)

func init() {
	sql.Register("fluxor", &sqlDriver{})
	backend.Observe(func(b backend.Backend) {
		if b.Alias != "" {
			sql.Register(b.Alias, &sqlDriver{alias: b.Name})
		}
	})
}

// sqlDriver is what database/sql knows: the driver "fluxor", an alias, or the
// driver of one connector.
type sqlDriver struct {
	alias string     // the backend every DSN goes to; "" = the DSN decides
	of    *Connector // the connector db.Driver() leads to; nil for the registered ones

	opened opened
}

// Open dials nothing: it returns a virtual connection, for wrappers that do
// not know DriverContext. All connections of one DSN share a connector, which
// is closed with the last of them.
func (d *sqlDriver) Open(text string) (driver.Conn, error) {
	return d.opened.open(text, d.connector)
}

// OpenConnector reads the DSN once; sql.Open calls it. The empty DSN under
// "fluxor" is accepted and fails at first use, because wrappers open with ""
// to find the driver (otelsql.Register).
func (d *sqlDriver) OpenConnector(text string) (driver.Connector, error) {
	return d.connector(text)
}

// String names the driver.
func (d *sqlDriver) String() string {
	switch {
	case d.of != nil:
		return "fluxor: the driver of a connector"
	case d.alias != "":
		return "fluxor: the driver for " + d.alias
	}
	return "fluxor: the driver"
}

// Format prints String whatever the verb: the driver's fields hold DSNs.
func (d *sqlDriver) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

func (d *sqlDriver) connector(text string) (*Connector, error) {
	t, err := parseDSN(text, d.alias, backend.All())
	if errors.Is(err, errEmptyDSN) {
		return emptyConnector(d, err)
	}
	if err != nil {
		return nil, err
	}
	c, err := connect(t)
	if err == nil {
		c.driver.alias = d.alias
	}
	return c, err
}

// emptyConnector fails at first use with err.
func emptyConnector(d driver.Driver, err error) (*Connector, error) {
	set, invalid := resolve(RuntimeConfig{})
	return newConnector(set, backend.Backend{Name: "none"}, unusable{err, d}, false), invalid
}

// Connector is Fluxor's side of a *sql.DB: it makes virtual connections and
// owns the physical ones. It is safe for concurrent use; its configuration
// never changes. Close it through the *sql.DB, or directly where it was never
// given to one.
type Connector struct {
	engines map[string]*engine // today exactly one, "primary"
	main    *engine
	driver  *sqlDriver
}

const primary = "primary"

// NewConnector returns a connector for sql.OpenDB from a configuration whose
// DSN may itself hold fluxor_ options; a field set in cfg wins over the same
// option in the DSN. It dials nothing. The error names the option at fault.
func NewConnector(cfg RuntimeConfig) (*Connector, error) {
	t, err := parseConfig(cfg, backend.All())
	if err != nil {
		return nil, err
	}
	return connect(t)
}

// WrapConnector puts Fluxor over a connector that the application made itself,
// for drivers whose configuration is code. DSN, Driver and DatabaseType of cfg
// must be empty: the connector decides them. A connector whose dialer is not
// Fluxor's own (drivers/postgres.Dialer and the like) is used without the
// guard on its wire.
func WrapConnector(inner driver.Connector, cfg RuntimeConfig) (*Connector, error) {
	if inner == nil {
		return nil, errors.New("fluxor: WrapConnector: the connector is nil")
	}
	if cfg.DSN != "" || cfg.Driver != "" || cfg.DatabaseType != "" {
		return nil, errors.New("fluxor: WrapConnector: DSN, Driver and DatabaseType must be empty; the wrapped connector decides them")
	}
	set, err := resolve(cfg)
	if err != nil {
		return nil, err
	}
	return newConnector(set, backend.For(inner.Driver()), inner, false), nil
}

// connect makes the connector for a DSN that was understood.
func connect(t target) (*Connector, error) {
	set, err := resolve(t.config)
	if err != nil {
		return nil, err
	}
	b := t.backend
	if t.byName {
		if b, err = backend.ByName(b.DriverName, t.native); err != nil {
			return nil, dsn.Conceal(err, t.form, t.native)
		}
	}
	inner, err := b.Open(t.native)
	if err != nil {
		return nil, dsn.Conceal(err, t.form, t.native) // net/url quotes what it cannot parse, the password with it
	}
	pinned := b.PinMemory != nil && b.PinMemory(t.native)
	return newConnector(set, b, inner, pinned), nil
}

func newConnector(set settings, b backend.Backend, inner driver.Connector, pinned bool) *Connector {
	e := newEngine(primary, set, b, inner, pinned)
	if e.cache != nil {
		e.cache.again = askAgain
	}
	c := &Connector{engines: map[string]*engine{primary: e}, main: e}
	c.driver = &sqlDriver{of: c}
	return c
}

// Connect returns a virtual connection at once, without dialing; the first
// operation on it leases a physical one. It never fails.
func (c *Connector) Connect(context.Context) (driver.Conn, error) {
	return newConn(c.main).dressed(), nil
}

// Driver returns a driver that leads back to this connector (see [FromDB]) and
// opens connectors for further DSNs, under an alias for the alias's driver.
func (c *Connector) Driver() driver.Driver { return c.driver }

// Close closes all physical connections and waits for that up to the close
// timeout. Leased ones are closed when they come back. database/sql calls it
// from DB.Close. Closing twice is harmless.
func (c *Connector) Close() error {
	var errs []error
	for _, e := range c.engines {
		errs = append(errs, e.close())
	}
	return errors.Join(errs...)
}

// Stats returns the statistics of the physical connections, in database/sql's
// own terms. DB.Stats counts virtual connections.
func (c *Connector) Stats() sql.DBStats { return c.main.pool.DBStats() }

// PoolStats is what Fluxor knows of its physical connections beyond
// sql.DBStats. The numbers of one value belong to one moment.
type PoolStats struct {
	// The present state. MaxOpen is the limit, 0 for none. Granted is what the
	// server was found to grant, 0 where no bound is known. Open connections
	// are Idle or Used; a used one is leased, or being checked for a caller.
	// Dialing and Closing ones are not open yet or any more; Orphans are dials
	// that were given up and from which the driver has not returned. Waiting
	// callers stand in line, those who wait for a dial included.
	MaxOpen, Granted, Open, Idle, Used, Dialing, Closing, Orphans, Waiting int

	// Outdated are the used ones that Evict closes when they come back.
	Outdated int

	// MaxUsed is the most connections ever used at once.
	MaxUsed int
	// WaitCount are the callers who waited because the pool was full, and
	// WaitDuration how long together.
	WaitCount    int64
	WaitDuration time.Duration
	// Timeouts and Canceled are the waits that AcquireTimeout and the caller's
	// context ended.
	Timeouts, Canceled int64
	// Dials succeeded, DialErrors did not.
	Dials, DialErrors int64

	// The connections closed since the start, by reason: over MaxIdleConns or
	// MaxOpenConns; over ConnMaxIdleTime; over ConnMaxLifetime; found broken
	// before use; by Evict; given up with the call that used them.
	ClosedSurplus, ClosedIdleTime, ClosedLifetime, ClosedInvalid, ClosedEvicted, Discarded int64
}

// PoolStats returns the physical connections' numbers.
func (c *Connector) PoolStats() PoolStats { return PoolStats(c.main.pool.Stats()) }

// Suspend makes every operation that needs a connection wait, each within its
// own context and the acquire timeout, until Resume: for the time of a
// database's maintenance. Operations under way go on.
func (c *Connector) Suspend() { c.main.pool.Suspend() }

// Resume ends Suspend and serves the waiting operations in their order.
func (c *Connector) Resume() { c.main.pool.Resume() }

// Evict replaces all physical connections: idle ones are closed now, used ones
// when they come back. It also lifts the pause after a refused login.
func (c *Connector) Evict() {
	c.main.pool.Evict()
	c.main.suspects()
}

// FromDB returns the connector behind a *sql.DB that was opened through
// Fluxor. It fails for other databases and under a wrapper that hides the
// driver.
func FromDB(db *sql.DB) (*Connector, error) {
	if d, ok := db.Driver().(*sqlDriver); ok && d.of != nil {
		return d.of, nil
	}
	return nil, errors.New("fluxor: this *sql.DB was not opened through Fluxor, or a wrapper above Fluxor hides it; keep the *fluxor.Connector from NewConnector instead")
}
