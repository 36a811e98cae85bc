// This file tests that the builder reaches every field, and what wins over what it writes.

package fluxor

import (
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/middleware"
)

// fullBuilder has every With method called with 1, false or something.
func fullBuilder() *ConfigBuilder {
	pass := func(next middleware.Handler) middleware.Handler { return next }
	return NewConfigBuilder().
		WithPreset("transparent").
		WithDatabaseType(DatabaseTypePostgreSQL).
		WithDriver("pgx").
		WithDSN("postgres://h/db").
		WithConnectionPool(1, 1).
		WithConnectionLifetime(1, 1).
		WithTimeouts(1, 1, 1).
		WithValidation("select 1", 1, 1).
		WithWarmup(1, 1, 1).
		WithLeakDetection(true, 1).
		WithLeakStack("always").
		WithMetrics("off").
		WithLeakCallback(func(LeakReport) {}).
		WithCircuitBreaker(1, 1, 1).
		WithCircuitBreakerFailureTime(1).
		WithCircuitBreakerRates(1, 1, 1, 1).
		WithStateCallback(func(StateChange) {}).
		WithRateLimit(1).
		WithRateLimitBurst(1).
		WithMaxConcurrent(1).
		WithBackpressure("reject", 1).
		WithBackpressureQueue(1).
		WithNewestFirst().
		WithQuerySettings(1, 1, 1).
		WithQueryArgsLogged().
		WithRetryPolicy(1, 1).
		WithRetryBudget(1).
		WithErrorRules("evict=1").
		WithCache("rules", 1, 1).
		WithCacheAnswers(1, 1, 1).
		WithCacheRules("table=t ttl=1s").
		WithCacheStale(1, 1).
		WithCacheChecks(1, 1, 1).
		WithLogger(slog.Default()).
		WithMiddleware(pass).
		WithInnerMiddleware(pass, pass)
}

func TestTheBuilderReachesEveryField(t *testing.T) {
	c := fullBuilder().Build()
	v := reflect.ValueOf(c).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.IsExported() && v.FieldByIndex(f.Index).IsZero() {
			t.Errorf("no With method writes %s", f.Name)
		}
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestWhatTheBuilderWroteReachesTheConnector(t *testing.T) {
	built := fullBuilder().Build()
	target, err := parseConfig(*built, likeAll)
	if err != nil {
		t.Fatal(err)
	}
	set, err := resolve(target.config)
	if err != nil {
		t.Fatal(err)
	}
	got := RuntimeConfig(set)
	for _, o := range options {
		if !o.same(built, &got) {
			t.Errorf("%s is %s, was %s", o.field, o.get(&got), o.get(built))
		}
	}
	if set.OnLeak == nil || set.OnStateChange == nil || set.Logger == nil || len(set.Middleware) != 1 || len(set.InnerMiddleware) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestAWrittenZeroOfTheBuilderIsOff(t *testing.T) {
	c := NewConfigBuilder().WithDSN("postgres://h/db").
		WithConnectionPool(0, 0).WithConnectionLifetime(0, 0).WithTimeouts(0, 0, 0).WithQuerySettings(0, 0, 0).
		WithRetryPolicy(0, -5).WithRateLimit(0).WithMaxConcurrent(0).WithLeakDetection(false, time.Minute).Build()
	const want = "fluxor.RuntimeConfig{Preset: legacy, MaxOpenConns: unlimited, MaxIdleConns: none, ConnMaxLifetime: off, ConnMaxIdleTime: off, " +
		"AcquireTimeout: off, CloseTimeout: off, NetworkTimeout: off, StmtCacheSize: off, EnableLeakDetection: false, LeakDetectionThreshold: 1m0s, " +
		"MaxRequestsPerSecond: unlimited, MaxConcurrentConnections: unlimited, SlowQueryThreshold: nothing is logged, QueryTimeout: off, " +
		"MaxRetries: never, RetryBackoff: no pause, DSN: postgres://h/db}"
	if got := c.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	set, err := resolve(*c)
	if err != nil || set.MaxOpenConns != 0 || set.EnableLeakDetection || set.QueryTimeout != 0 || set.BackpressureQueue != 0 {
		t.Errorf("got %v, %v", RuntimeConfig(set), err)
	}
}

func TestTheBuilderWinsOverTheDSNAndTheDSNOverTheEnvironment(t *testing.T) {
	t.Setenv("DB_DSN", "postgres://env/db")
	t.Setenv("DB_MAX_OPEN_CONNS", "20")
	t.Setenv("DB_MAX_IDLE_CONNS", "5")
	t.Setenv("DB_ENABLE_LEAK_DETECTION", "false")
	if c := NewConfigBuilder().Build(); c.DSN != "postgres://env/db" || c.MaxOpenConns != 20 {
		t.Errorf("got %v", c)
	}
	const dsn = "postgres://h/db?fluxor_max_open_conns=10&fluxor_enable_leak_detection=false&fluxor_max_idle_conns=4"
	for want, c := range map[string]*RuntimeConfig{
		"20 4 true":  NewConfigBuilder().WithDSN(dsn).WithConnectionPool(20, 4).WithLeakDetection(true, time.Minute).Build(), // what the environment says, in code
		"10 4 false": NewConfigBuilder().WithDSN(dsn).Build(),
		"20 5 false": NewConfigBuilder().WithDSN("postgres://h/db").Build(),
	} {
		target, err := parseConfig(*c, likeAll)
		if err != nil {
			t.Fatal(err)
		}
		set, err := resolve(target.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(set.MaxOpenConns, set.MaxIdleConns, set.EnableLeakDetection); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWhatABuilderBuiltStaysAsItIs(t *testing.T) {
	b := NewConfigBuilder().WithDSN("postgres://h/db").WithConnectionPool(3, 2)
	pass := func(next middleware.Handler) middleware.Handler { return next }
	b.WithMiddleware(pass)
	first := b.Build()
	second := b.WithConnectionPool(30, 20).WithMiddleware(pass).WithLeakDetection(false, 0).Build()
	if first.MaxOpenConns != 3 || len(first.Middleware) != 1 || first.denied["EnableLeakDetection"] {
		t.Errorf("got %v", first)
	}
	if second.MaxOpenConns != 30 || len(second.Middleware) != 2 || !second.denied["EnableLeakDetection"] {
		t.Errorf("got %v", second)
	}
}
