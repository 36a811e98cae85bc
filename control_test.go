// This file drives the circuit breaker by hand on real servers: forced open, forced closed, and left to itself again.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/metrics"
)

func force(t *testing.T, c *fluxor.Connector, mode fluxor.CircuitBreakerMode) {
	t.Helper()
	if err := c.ForceCircuitBreaker(mode); err != nil {
		t.Fatal(err)
	}
}

// bounded runs a statement within 200 ms.
func bounded(t *testing.T, db *sql.DB, query string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := db.ExecContext(ctx, query)
	return err
}

// Two connectors of one database have a breaker each: what one meets on its way
// there is none of the other's business.
func TestABreakerIsItsConnectorsOwn(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, _, proxy := b.behindProxy(t, "n int")
			far, near := b.guarded(t, target), b.guarded(t, target.At(b.share(t).Addr()))
			proxy.Blackhole(faultproxy.Both)
			waitUntil(t, "one breaker opens", func() bool { return errors.Is(bounded(t, far, "select 1"), fluxor.ErrCircuitOpen) })
			mustExec(t, near, "insert into w values (1)")
			if state := poolOf(t, near).CircuitBreakerState(); state != "closed" {
				t.Errorf("the other one is %s", state)
			}
			force(t, poolOf(t, near), fluxor.CircuitBreakerForcedOpen)
			proxy.Pass()
			waitUntil(t, "the first one closes", func() bool { return bounded(t, far, "select 1") == nil })
			if err := bounded(t, near, "select 1"); !errors.Is(err, fluxor.ErrCircuitOpen) {
				t.Errorf("the one that is forced open: %v", err)
			}
		})
	}
}

func TestABreakerForcedOpenRefusesAtOnceThoughTheDatabaseIsWell(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.guarded(t, b.share(t).NewDatabase(t))
			mustExec(t, db, "create table w (n int)")
			c := poolOf(t, db)
			force(t, c, fluxor.CircuitBreakerForcedOpen)
			began := time.Now()
			_, err := db.ExecContext(t.Context(), "insert into w values (1)")
			var refused *fluxor.RefusalError
			if !errors.Is(err, fluxor.ErrCircuitOpen) || !errors.As(err, &refused) || refused.RetryAfter != 0 || time.Since(began) > 50*time.Millisecond {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			if s := c.Breaker(); s.State != "open" || s.Override != "forced open" || s.Refused != 1 || s.Opened != 0 || s.NextProbe != 0 {
				t.Errorf("the breaker says %+v", s)
			}
			if m := c.Metrics(); m.BreakerState != "open" || m.BreakerOverride != "forced open" || m.BreakerOpened != 0 || m.Refused["breaker"] != 1 {
				t.Errorf("the metrics say %+v", m)
			}
			if s := health.Check(t.Context(), c); s.Healthy || s.Reason != health.ReasonBreaker {
				t.Errorf("a check says %+v", s)
			}
			force(t, c, fluxor.CircuitBreakerAuto)
			mustExec(t, db, "insert into w values (1)")
			if s := c.Breaker(); s.State != "closed" || s.Override != "" {
				t.Errorf("left to itself it says %+v", s)
			}
		})
	}
}

func TestWhatHoldsItsConnectionIsNotRefusedByABreakerForcedOpen(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.guarded(t, b.share(t).NewDatabase(t))
			mustExec(t, db, "create table w (n int)")
			kept, undone := mustBegin(t, db), mustBegin(t, db)
			session, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close() //nolint:errcheck // the test is over
			mustExec(t, session, "select 1")
			c := poolOf(t, db)
			force(t, c, fluxor.CircuitBreakerForcedOpen)
			mustExec(t, kept, "insert into w values (1)")
			mustExec(t, undone, "insert into w values (2)")
			mustExec(t, session, "select 1")
			if err := errors.Join(kept.Commit(), undone.Rollback()); err != nil {
				t.Errorf("the transactions' ends: %v", err)
			}
			if _, err := db.ExecContext(t.Context(), "select 1"); !errors.Is(err, fluxor.ErrCircuitOpen) {
				t.Errorf("a new lease: %v", err)
			}
			force(t, c, fluxor.CircuitBreakerAuto)
			var n int
			if err := db.QueryRowContext(t.Context(), "select sum(n) from w").Scan(&n); err != nil || n != 1 {
				t.Errorf("the table holds %d, %v; want what was committed alone", n, err)
			}
		})
	}
}

func mustBegin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestABreakerForcedClosedLetsCallsThroughToAFrozenServerAndThenJudgesAnew(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.start(t, dbtest.Options{})
			db := b.guarded(t, s.Target)
			mustExec(t, db, "select 1")
			c := poolOf(t, db)
			s.Freeze(t)
			defer s.Thaw()
			opens := func() {
				t.Helper()
				waitUntil(t, "the breaker opens", func() bool { return errors.Is(bounded(t, db, "select 1"), fluxor.ErrCircuitOpen) })
			}
			opens()
			force(t, c, fluxor.CircuitBreakerForcedClosed)
			for i := range 7 { // two more than open it
				if err := bounded(t, db, "select 1"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, fluxor.ErrCircuitOpen) {
					t.Fatalf("call %d: %v", i, err)
				}
			}
			if s := c.Breaker(); s.State != "closed" || s.Override != "forced closed" || s.Opened != 1 {
				t.Errorf("the breaker says %+v", s)
			}
			force(t, c, fluxor.CircuitBreakerAuto)
			opens()
			s.Thaw()
			waitUntil(t, "the breaker closes", func() bool { return bounded(t, db, "select 1") == nil })
			if s := c.Breaker(); s.Override != "" || s.Opened != 2 || s.Failures != 0 {
				t.Errorf("in the end the breaker says %+v", s)
			}
		})
	}
}

func TestForcingABreakerIsToldToTheApplication(t *testing.T) {
	var mu sync.Mutex
	var told []string
	rt := fluxor.NewDBRuntime(&fluxor.RuntimeConfig{DSN: dbtest.SQLite(t), OnStateChange: func(s fluxor.StateChange) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, s.From+" to "+s.To+": "+s.Reason)
	}})
	if err := rt.ForceCircuitBreaker(fluxor.CircuitBreakerForcedOpen); !errors.Is(err, fluxor.ErrNotConnected) {
		t.Errorf("before Connect: %v", err)
	}
	if err := rt.Connect(); err != nil {
		t.Fatal(err)
	}
	defer rt.Disconnect() //nolint:errcheck // the test is over
	for _, mode := range []fluxor.CircuitBreakerMode{fluxor.CircuitBreakerForcedOpen, fluxor.CircuitBreakerForcedClosed} {
		if err := rt.ForceCircuitBreaker(mode); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	want := []string{"closed to open: somebody set it to forced open", "open to closed: somebody set it to forced closed"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestARefusalOfABreakerForcedOpenNamesNoFormerError(t *testing.T) {
	db := networkBackends[0].guarded(t, dbtest.Target{Host: "127.0.0.1", Port: 1, User: "u", Database: "d"})
	var gone *net.OpError
	if err := bounded(t, db, "select 1"); !errors.As(err, &gone) {
		t.Fatalf("without a server: %v", err)
	}
	force(t, poolOf(t, db), fluxor.CircuitBreakerForcedOpen)
	if err := bounded(t, db, "select 1"); !errors.Is(err, fluxor.ErrCircuitOpen) || errors.As(err, &gone) {
		t.Errorf("got %v", err)
	}
	if text := poolOf(t, db).Breaker().LastError; !strings.Contains(text, "refused") {
		t.Errorf("the last error is %q", text)
	}
}

func TestAModeThatDoesNotExistIsAnError(t *testing.T) {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dbtest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	err = c.ForceCircuitBreaker("opne")
	const want = `fluxor: ForceCircuitBreaker: there is no mode "opne": want "automatic", "forced open" or "forced closed"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestTheLimitsSayWhatIsAtWorkAndInLineAndWhatWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := fluxor.WrapConnector(&dbtest.Fake{}, fluxor.RuntimeConfig{
			MaxRequestsPerSecond: 500, MaxConcurrentConnections: 1, BackpressureMode: "timeout", BackpressureTimeout: time.Minute, BackpressureQueue: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		tx := mustBegin(t, db)
		waiting := make(chan error)
		go func() {
			_, err := db.ExecContext(t.Context(), "update")
			waiting <- err
		}()
		synctest.Wait()
		if _, err := db.ExecContext(t.Context(), "update"); !errors.Is(err, fluxor.ErrOverloaded) {
			t.Fatal(err)
		}
		want := []health.Limit{
			{Name: health.LimitPerSecond, Limit: 500, Admitted: 3, Mode: "timeout", Timeout: time.Minute},
			{Name: health.LimitAtOnce, Limit: 1, InUse: 1, Queued: 1, Admitted: 1, Refused: 1, Mode: "timeout", Timeout: time.Minute},
		}
		if got := c.Limits(); !slices.Equal(got, want) || !slices.Equal(c.Diagnostics().Limits, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		counted := []metrics.Limit{{Policy: "rate limit", Max: 500}, {Policy: "backpressure", Max: 1, InUse: 1, Queued: 1}}
		if got := c.Metrics().Limits; !slices.Equal(got, counted) {
			t.Errorf("the metrics say %+v, want %+v", got, counted)
		}
		if err := errors.Join(tx.Commit(), <-waiting, db.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestAConnectorWithoutLimitsHasNone(t *testing.T) {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dbtest.SQLite(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	if got := c.Limits(); got != nil || c.Metrics().Limits != nil {
		t.Errorf("got %+v", got)
	}
}
