// This file is the runtime: a *sql.DB opened through Fluxor, with a beginning and an end.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/fluxor-db/fluxor/health"
)

var _ health.Target = (*DBRuntime)(nil)

// ErrNotConnected is what the methods of a [DBRuntime] return before Connect and
// after Disconnect. Nothing was sent; Connect helps.
var ErrNotConnected = errors.New("fluxor: the runtime is not connected; call Connect first")

// DBRuntime is a thin face over a *sql.DB that is opened through Fluxor; DB
// returns it for everything else. It is safe for concurrent use.
type DBRuntime struct {
	cfg *RuntimeConfig

	mu sync.RWMutex // protects what follows; nothing is dialed or closed under it
	db *sql.DB      // nil while there is no connection
	c  *Connector
}

// NewDBRuntime returns a runtime that is not connected. It keeps a copy of cfg;
// what is wrong with it is an error of Connect.
func NewDBRuntime(cfg *RuntimeConfig) *DBRuntime {
	if cfg == nil {
		cfg = &RuntimeConfig{err: errors.New("fluxor: NewDBRuntime: the configuration is nil; use DefaultConfig or NewConfigBuilder")}
	}
	kept := *cfg
	return &DBRuntime{cfg: &kept}
}

// Connect is [DBRuntime.ConnectContext] without a context: ConnectionTimeout,
// AcquireTimeout and NetworkTimeout bound it, where they are on.
func (r *DBRuntime) Connect() error { return r.ConnectContext(context.Background()) }

// ConnectContext opens the database and asks whether it answers. Its error is
// that of the configuration, which names the option at fault, or the driver's
// own; nothing stays open then. On a connected runtime it does nothing.
func (r *DBRuntime) ConnectContext(ctx context.Context) error {
	if db, _ := r.connected(); db != nil {
		return nil
	}
	c, err := NewConnector(*r.cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close() // there is nothing in it
		return err
	}
	if r.take(db, c) {
		return nil
	}
	return db.Close() // another Connect was faster
}

// take makes db the runtime's, unless it has one.
func (r *DBRuntime) take(db *sql.DB, c *Connector) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.db != nil {
		return false
	}
	r.db, r.c = db, c
	return true
}

// Disconnect closes the database: its idle connections now, the leased ones when
// they come back. Connect may follow. On a runtime that is not connected it does
// nothing.
func (r *DBRuntime) Disconnect() error {
	r.mu.Lock()
	db := r.db
	r.db, r.c = nil, nil
	r.mu.Unlock()
	if db == nil {
		return nil
	}
	return db.Close()
}

func (r *DBRuntime) connected() (*sql.DB, *Connector) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.db, r.c
}

// DB returns the database; nil while the runtime is not connected.
func (r *DBRuntime) DB() *sql.DB {
	db, _ := r.connected()
	return db
}

// Connector returns Fluxor's side of the database; nil while the runtime is not
// connected.
func (r *DBRuntime) Connector() *Connector {
	_, c := r.connected()
	return c
}

// Exec is [sql.DB.ExecContext].
func (r *DBRuntime) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	db := r.DB()
	if db == nil {
		return nil, ErrNotConnected
	}
	return db.ExecContext(ctx, query, args...)
}

// Query is [sql.DB.QueryContext].
func (r *DBRuntime) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	db := r.DB()
	if db == nil {
		return nil, ErrNotConnected
	}
	return db.QueryContext(ctx, query, args...)
}

// QueryRow is [sql.DB.QueryRowContext].
func (r *DBRuntime) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	db := r.DB()
	if db == nil {
		return failedRow(ErrNotConnected)
	}
	return db.QueryRowContext(ctx, query, args...)
}

// failedRow is a row that nothing but err can be read from. database/sql makes
// one only where a driver fails.
func failedRow(err error) *sql.Row {
	db := sql.OpenDB(failing{err})
	defer db.Close() //nolint:errcheck // there is nothing in it
	return db.QueryRow("")
}

// failing is a connector without a database.
type failing struct{ err error }

func (f failing) Connect(context.Context) (driver.Conn, error) { return nil, f.err }
func (f failing) Driver() driver.Driver                        { return nil }

// Prepare is [sql.DB.PrepareContext].
func (r *DBRuntime) Prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	db := r.DB()
	if db == nil {
		return nil, ErrNotConnected
	}
	return db.PrepareContext(ctx, query)
}

// Begin is [sql.DB.BeginTx]; opts may be nil. [QueryExecutor.Transaction] also
// ends the transaction, and repeats it after a deadlock.
func (r *DBRuntime) Begin(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	db := r.DB()
	if db == nil {
		return nil, ErrNotConnected
	}
	return db.BeginTx(ctx, opts)
}

// Metrics returns the numbers since Connect.
func (r *DBRuntime) Metrics() Metrics {
	if c := r.Connector(); c != nil {
		return c.Metrics()
	}
	return Metrics{}
}

// Stats returns the statistics of the physical connections.
func (r *DBRuntime) Stats() sql.DBStats {
	if c := r.Connector(); c != nil {
		return c.Stats()
	}
	return sql.DBStats{}
}

// CircuitBreakerState returns "closed", "open" or "half-open"; "closed" while the
// runtime is not connected.
func (r *DBRuntime) CircuitBreakerState() string {
	if c := r.Connector(); c != nil {
		return c.CircuitBreakerState()
	}
	return health.BreakerClosed
}

// Breaker is [Connector.Breaker]; a closed one while the runtime is not
// connected.
func (r *DBRuntime) Breaker() health.Breaker {
	if c := r.Connector(); c != nil {
		return c.Breaker()
	}
	return health.Breaker{State: health.BreakerClosed}
}

// ForceCircuitBreaker is [Connector.ForceCircuitBreaker]. The next Connect begins
// with a breaker that judges by itself.
func (r *DBRuntime) ForceCircuitBreaker(mode CircuitBreakerMode) error {
	c := r.Connector()
	if c == nil {
		return ErrNotConnected
	}
	return c.ForceCircuitBreaker(mode)
}

// Limits is [Connector.Limits]; nil while the runtime is not connected.
func (r *DBRuntime) Limits() []health.Limit {
	if c := r.Connector(); c != nil {
		return c.Limits()
	}
	return nil
}

// HealthCheck asks the database now, within ctx and 5 seconds, over a connection
// that no caller waits for. It is [CheckHealth].
func (r *DBRuntime) HealthCheck(ctx context.Context) health.Status { return health.Check(ctx, r) }

// Probe is [Connector.Probe].
func (r *DBRuntime) Probe(ctx context.Context) error {
	c := r.Connector()
	if c == nil {
		return ErrNotConnected
	}
	return c.Probe(ctx)
}

// State is [Connector.State].
func (r *DBRuntime) State() health.State {
	if c := r.Connector(); c != nil {
		return c.State()
	}
	return health.State{Breaker: health.BreakerClosed}
}
