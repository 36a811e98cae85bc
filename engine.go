// This file is the engine behind a connector: the backend, its pool of physical connections and the chain, as one value.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/breaker"
	"github.com/fluxor-db/fluxor/internal/ledger"
	"github.com/fluxor-db/fluxor/internal/limit"
	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/internal/pool"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/refusal"
)

// engine is one database as a connector sees it. It is immutable but for the
// pool, which guards itself.
type engine struct {
	name     string
	set      settings
	backend  backend.Backend
	inner    driver.Connector
	pool     *pool.Pool[*physical]
	chain    middleware.Handler
	within   middleware.Handler // below the query cache; nil where nothing stands there
	cache    *queryCache        // nil where it is off
	outer    driver.Connector   // inner, and before it the middlewares that see connections opened
	keeper   *keeper            // nil where no statements are kept
	rules    backend.Rules
	retries  *retries
	metrics  *metrics.Recorder
	epoch    time.Time // where now begins
	breaker  *breaker.Breaker
	judged   bool               // the breaker opens by something
	timed    bool               // somebody asks how long operations take
	rate     *limit.Rate        // nil where there is no such limit, as crowd
	crowd    *limit.Concurrency // of the operations that are admitted
	memo     *sqltext.Memo      // what was read of texts, for the ledger and the query cache
	ledger   *ledger.Ledger     // nil where the dialect is unknown
	failures failures
	log      *slog.Logger
	prober   *prober
	pinned   bool                          // the database lives in its connections
	asked    atomic.Pointer[health.Status] // the prober's last answer

	killing     sync.WaitGroup // statements being ended on the server
	foreignOnce sync.Once
	closeOnce   sync.Once // of inner
}

// now is time.Now at half its price: it reads the monotonic clock alone.
func (e *engine) now() time.Time { return e.epoch.Add(time.Since(e.epoch)) }

// newEngine starts nothing: connections and goroutines begin with the first
// lease.
func newEngine(name string, set settings, b backend.Backend, inner driver.Connector, pinned bool) *engine {
	e := &engine{name: name, set: set, backend: b, inner: inner, log: set.Logger, pinned: pinned}
	if e.backend.Classify == nil {
		e.backend.Classify = backend.Common
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	e.memo = sqltext.NewMemo(sqltext.ForType(e.backend.Type))
	e.cache = newQueryCache(e, pinned)
	e.chain, e.within, e.outer = chain(set, inner)
	e.metrics = metrics.NewRecorder(set.SlowQueryThreshold)
	e.retries = newRetries(set.MaxRetries, set.RetryBackoff, set.RetryBudget, e.metrics.Retry)
	e.breaker, e.rate, e.crowd = newBreaker(e, pinned), newRate(set), newCrowd(set)
	e.epoch = time.Now()
	e.judged = set.CircuitBreakerMaxFailures > 0 || set.CircuitBreakerErrorRate > 0 || set.CircuitBreakerSlowRate > 0
	e.timed = set.Metrics == metricsOn || set.SlowQueryThreshold > 0
	e.rules = set.rules()
	e.ledger = newLedger(e.memo, set)
	e.keeper = newKeeper(e.backend, set.StmtCacheSize)
	e.pool = pool.New(e.poolConfig(pinned))
	e.prober = newProber(e)
	return e
}

func (e *engine) poolConfig(pinned bool) pool.Config[*physical] {
	set := e.set
	return pool.Config[*physical]{
		Dial:              e.open,
		Close:             e.closePhysical,
		Peek:              e.peek,
		Ping:              e.validate,
		Classify:          e.classifyDial,
		Brief:             e.backend.Brief,
		MaxOpen:           set.MaxOpenConns,
		MaxIdle:           set.MaxIdleConns,
		MaxLifetime:       set.ConnMaxLifetime,
		MaxIdleTime:       set.ConnMaxIdleTime,
		AcquireTimeout:    set.AcquireTimeout,
		DialTimeout:       set.ConnectionTimeout,
		CloseTimeout:      set.CloseTimeout,
		ValidationIdle:    set.ValidationIdle,
		ValidationTimeout: set.ValidationTimeout,
		Warmup:            set.WarmupConnections,
		WarmupTimeout:     set.WarmupTimeout,
		Pinned:            pinned,
		LeakAfter:         set.LeakDetectionThreshold,
		OnLeak:            e.leaked,
		Places:            places(set),
		Lingering:         e.backend.Detached != nil,
		DialRate:          dialRate(e.backend),
		Logger:            e.log,
	}
}

// dialRate is how many connections are opened per second at most; 0 for any.
func dialRate(b backend.Backend) int {
	if b.Detached == nil {
		return 0
	}
	return b.Detached.DialRate
}

// dial opens a physical connection. The wire is guarded from the first byte,
// because lib/pq leaves the context alone once the socket is open.
func (e *engine) dial(ctx context.Context) (*physical, error) {
	line := netshim.NewLine()
	bound := line.Guard(ctx, 0, 0)
	defer bound.Stop()
	ci, err := e.outer.Connect(netshim.WithLine(ctx, line))
	if err != nil {
		if ended := ctx.Err(); ended != nil && line.Broken() && !errors.Is(err, ended) {
			return nil, errors.Join(ended, err)
		}
		return nil, err
	}
	var apart *detached
	if how := e.backend.Detached; how != nil && !line.Attached() {
		apart = newDetached(how, ci, line)
	}
	p := newPhysical(ci, line)
	p.apart = apart
	p.kept = e.keeper.keptBy(ci)
	if how := e.backend.Killing; how != nil && e.set.QueryTimeout > 0 {
		p.name, p.nameless = how.Identify(netshim.WithLine(ctx, line), ci)
	}
	return p, nil
}

// closePhysical runs in a goroutine of the pool's.
func (e *engine) closePhysical(p *physical) error {
	p.closed.Store(true)
	e.cache.unmark(p)
	bound := guard(p, context.Background(), e.set.CloseTimeout)
	defer bound.Stop()
	if p.apart != nil {
		p.apart.calls.Settle() // not every call holds a lock of the connection's (godror rows.go, Next)
		defer p.apart.calls.Close()
	}
	for _, si := range p.takeAll() {
		_ = si.Close() // before its connection, as database/sql does: SQLite's file stays open otherwise
	}
	return p.ci.Close()
}

// killLimit is how long ending a statement on the server may take.
const killLimit = 5 * time.Second

// kill ends on the server what runs on a connection that is given up. It takes a
// connection of its own for that, beside the pool, which may be full of such.
func (e *engine) kill(p *physical) {
	how, name := e.backend.Killing, p.name
	if p.nameless != nil {
		e.runsOn(p.nameless)
	}
	p.name, p.nameless = "", nil
	if how == nil || name == "" {
		return
	}
	e.killing.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), killLimit)
		defer cancel()
		line := netshim.NewLine()
		defer line.Guard(ctx, 0, 0).Stop()
		ci, err := e.inner.Connect(netshim.WithLine(ctx, line))
		if err == nil {
			err = errors.Join(how.Kill(ctx, ci, name), ci.Close())
		}
		if err != nil {
			e.runsOn(err)
		}
	})
}

// runsOn says that the server may not have ended what the query timeout did.
func (e *engine) runsOn(why error) {
	e.log.Warn("a statement that took too long may run on", "error", why)
}

// peek looks, without a round trip, whether the server closed the connection,
// unless the driver's ResetSession is about to do the same.
func (e *engine) peek(p *physical) error {
	if p.line == nil || p.looks {
		return nil
	}
	err := p.line.Peek(e.backend.Plaintext)
	if err != nil {
		e.suspects()
	}
	return err
}

// validate asks the server over an idle connection, unless the driver's
// ResetSession is about to do the same.
func (e *engine) validate(ctx context.Context, p *physical) error {
	if e.set.ValidationQuery == "" && e.backend.SelfValidates {
		return nil
	}
	err := e.inquire(ctx, p)
	if err != nil {
		e.suspects()
	}
	return err
}

// inquire asks the server over a connection.
func (e *engine) inquire(ctx context.Context, p *physical) error {
	bound := guard(p, ctx, 0)
	defer bound.Stop()
	switch {
	case e.set.ValidationQuery != "":
		return e.runValidation(ctx, p)
	case p.pinger != nil:
		return p.ping(ctx)
	case e.backend.Ping != nil:
		return e.backend.Ping(ctx, p.ci)
	}
	return nil
}

// asks reports whether validate learns anything of p.
func (e *engine) asks(p *physical) bool {
	return e.set.ValidationQuery != "" || p.pinger != nil || e.backend.Ping != nil
}

// runValidation runs the validation query, as one call where calls are made
// apart.
func (e *engine) runValidation(ctx context.Context, p *physical) error {
	if p.apart == nil {
		return e.validationHere(ctx, p)
	}
	_, err := apart(ctx, p, func(ctx context.Context) (any, error) { return nil, e.validationHere(ctx, p) })
	return err
}

// validationHere reads the validation query to its end.
func (e *engine) validationHere(ctx context.Context, p *physical) error {
	si, err := p.prepare(ctx, e.set.ValidationQuery)
	if err != nil {
		return err
	}
	defer si.Close() //nolint:errcheck // the answer is in already; the caller's bound holds
	ps := p.describe("", si)
	r, err := ps.queryHere(ctx, nil)
	if err != nil {
		return err
	}
	dest := make([]driver.Value, len(r.Columns()))
	for err == nil {
		err = r.Next(dest)
	}
	closed := r.Close()
	if err != io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		return err
	}
	return closed
}

// classifyDial says what a failed dial means for the next one.
func (e *engine) classifyDial(err error) pool.DialVerdict {
	switch e.backend.Classify(err) {
	case backend.ClassTooMany:
		return pool.TooMany
	case backend.ClassLogin:
		return pool.LoginRefused
	case backend.ClassUnavailable, backend.ClassDead, backend.ClassFatal:
		return pool.Unavailable
	}
	return pool.Fail
}

// warnForeign says once what a wrapper that hides IsValid costs.
func (e *engine) warnForeign() {
	e.foreignOnce.Do(func() {
		e.log.Warn("a wrapper above Fluxor hides driver.Validator; the call stack is read instead to end leases, which costs about a microsecond per call, and a closed sql.Conn gives its connection back only at its next use",
			"cure", "update the wrapper to one that passes IsValid on, or register it below Fluxor (fluxor_driver=its name)")
	})
}

// close closes the prober and the pool, then the driver's connector where it can be closed.
func (e *engine) close() error {
	ctx := context.Background()
	e.breaker.Close()
	err := errors.Join(e.cache.close(e.set.CloseTimeout), e.prober.close(), e.pool.Close(ctx))
	e.killing.Wait()
	if c, ok := e.inner.(io.Closer); ok {
		e.closeOnce.Do(func() { err = errors.Join(err, c.Close()) })
	}
	return err
}

// unusable is an engine whose connector has no DSN: it fails at first use.
type unusable struct {
	err error
	d   driver.Driver
}

func (u unusable) Connect(context.Context) (driver.Conn, error) {
	return nil, &refusal.Error{Policy: "connector", Reason: strings.TrimPrefix(u.err.Error(), "fluxor: ")}
}

func (u unusable) Driver() driver.Driver { return u.d }
