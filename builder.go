// This file builds a configuration in one expression.

package fluxor

import (
	"log/slog"
	"os"
	"time"

	"github.com/fluxor-db/fluxor/middleware"
)

// ConfigBuilder writes a [RuntimeConfig] step by step. It begins with the preset
// "legacy" and what the environment says (see [DefaultConfig]); each With method
// wins over both and over the DSN's options. A written 0 means off or unlimited,
// and so does a negative number. A text that is empty stays unwritten.
//
// It is not safe for concurrent use.
type ConfigBuilder struct {
	code        RuntimeConfig
	environment RuntimeConfig
	err         error
}

// NewConfigBuilder returns a builder on which nothing is written yet.
func NewConfigBuilder() *ConfigBuilder {
	var b ConfigBuilder
	b.environment, b.err = fromEnvironment(os.LookupEnv)
	return &b
}

// Build returns the configuration. What is wrong with it, or in the environment,
// is an error of DBRuntime.Connect, NewConnector and Validate. The builder may go
// on afterwards; what it built stays as it is.
func (b *ConfigBuilder) Build() *RuntimeConfig {
	c := b.code.merge(b.environment)
	if c.DSN == "" {
		c.DSN = b.environment.DSN
	}
	under := b.environment
	for _, o := range options {
		if o.written(&b.code) {
			o.clear(&under)
		}
	}
	c.under, c.err = &under, b.err
	return &c
}

// WithPreset says what unwritten options mean: "legacy" or "transparent".
func (b *ConfigBuilder) WithPreset(preset string) *ConfigBuilder {
	b.code.Preset = preset
	return b
}

// WithDatabaseType chooses the imported backend of that kind.
func (b *ConfigBuilder) WithDatabaseType(kind DatabaseType) *ConfigBuilder {
	b.code.DatabaseType = kind
	return b
}

// WithDriver chooses the wrapped driver by its database/sql name.
func (b *ConfigBuilder) WithDriver(name string) *ConfigBuilder {
	b.code.Driver = name
	return b
}

// WithDSN sets the wrapped driver's DSN, with or without fluxor_ options.
func (b *ConfigBuilder) WithDSN(dsn string) *ConfigBuilder {
	b.code.DSN = dsn
	return b
}

// WithConnectionPool sets MaxOpenConns and MaxIdleConns.
func (b *ConfigBuilder) WithConnectionPool(maxOpen, maxIdle int) *ConfigBuilder {
	b.code.MaxOpenConns, b.code.MaxIdleConns = stated(maxOpen), stated(maxIdle)
	return b
}

// WithConnectionLifetime sets ConnMaxLifetime and ConnMaxIdleTime.
func (b *ConfigBuilder) WithConnectionLifetime(lifetime, idleTime time.Duration) *ConfigBuilder {
	b.code.ConnMaxLifetime, b.code.ConnMaxIdleTime = stated(lifetime), stated(idleTime)
	return b
}

// WithTimeouts sets AcquireTimeout, CloseTimeout and NetworkTimeout.
func (b *ConfigBuilder) WithTimeouts(acquire, closing, network time.Duration) *ConfigBuilder {
	b.code.AcquireTimeout, b.code.CloseTimeout, b.code.NetworkTimeout = stated(acquire), stated(closing), stated(network)
	return b
}

// WithValidation sets ValidationQuery, ValidationTimeout and ValidationIdle.
func (b *ConfigBuilder) WithValidation(query string, timeout, idle time.Duration) *ConfigBuilder {
	b.code.ValidationQuery, b.code.ValidationTimeout, b.code.ValidationIdle = query, stated(timeout), stated(idle)
	return b
}

// WithWarmup sets WarmupConnections, WarmupTimeout and ConnectionTimeout.
func (b *ConfigBuilder) WithWarmup(connections int, timeout, dial time.Duration) *ConfigBuilder {
	b.code.WarmupConnections, b.code.WarmupTimeout, b.code.ConnectionTimeout = stated(connections), stated(timeout), stated(dial)
	return b
}

// WithLeakDetection sets EnableLeakDetection and LeakDetectionThreshold.
func (b *ConfigBuilder) WithLeakDetection(enabled bool, threshold time.Duration) *ConfigBuilder {
	o := optionOf("EnableLeakDetection")
	o.clear(&b.code)
	b.code.EnableLeakDetection = enabled
	if !enabled {
		o.deny(&b.code)
	}
	b.code.LeakDetectionThreshold = stated(threshold)
	return b
}

// WithLeakStack sets LeakStack: "auto", "always" or "off".
func (b *ConfigBuilder) WithLeakStack(which string) *ConfigBuilder {
	b.code.LeakStack = which
	return b
}

// WithCircuitBreaker sets CircuitBreakerMaxFailures, CircuitBreakerResetTimeout
// and CircuitBreakerHalfOpenTimeout.
func (b *ConfigBuilder) WithCircuitBreaker(maxFailures int, reset, halfOpen time.Duration) *ConfigBuilder {
	b.code.CircuitBreakerMaxFailures = stated(maxFailures)
	b.code.CircuitBreakerResetTimeout, b.code.CircuitBreakerHalfOpenTimeout = stated(reset), stated(halfOpen)
	return b
}

// WithCircuitBreakerFailureTime sets CircuitBreakerFailureTime.
func (b *ConfigBuilder) WithCircuitBreakerFailureTime(failing time.Duration) *ConfigBuilder {
	b.code.CircuitBreakerFailureTime = stated(failing)
	return b
}

// WithCircuitBreakerRates sets CircuitBreakerErrorRate, CircuitBreakerSlowRate,
// CircuitBreakerSlowCall and CircuitBreakerWindow; the rates are percentages.
func (b *ConfigBuilder) WithCircuitBreakerRates(errorRate, slowRate int, slowCall, window time.Duration) *ConfigBuilder {
	b.code.CircuitBreakerErrorRate, b.code.CircuitBreakerSlowRate = stated(errorRate), stated(slowRate)
	b.code.CircuitBreakerSlowCall, b.code.CircuitBreakerWindow = stated(slowCall), stated(window)
	return b
}

// WithRateLimit sets MaxRequestsPerSecond.
func (b *ConfigBuilder) WithRateLimit(perSecond int64) *ConfigBuilder {
	b.code.MaxRequestsPerSecond = stated(perSecond)
	return b
}

// WithRateLimitBurst sets RateLimitBurst.
func (b *ConfigBuilder) WithRateLimitBurst(burst int64) *ConfigBuilder {
	b.code.RateLimitBurst = stated(burst)
	return b
}

// WithMaxConcurrent sets MaxConcurrentConnections.
func (b *ConfigBuilder) WithMaxConcurrent(operations int64) *ConfigBuilder {
	b.code.MaxConcurrentConnections = stated(operations)
	return b
}

// WithBackpressure sets BackpressureMode, "block", "timeout" or "reject", and
// BackpressureTimeout.
func (b *ConfigBuilder) WithBackpressure(mode string, timeout time.Duration) *ConfigBuilder {
	b.code.BackpressureMode, b.code.BackpressureTimeout = mode, stated(timeout)
	return b
}

// WithBackpressureQueue sets BackpressureQueue.
func (b *ConfigBuilder) WithBackpressureQueue(operations int64) *ConfigBuilder {
	b.code.BackpressureQueue = stated(operations)
	return b
}

// WithNewestFirst sets BackpressureNewestFirst.
func (b *ConfigBuilder) WithNewestFirst() *ConfigBuilder {
	b.code.BackpressureNewestFirst = true
	return b
}

// WithQuerySettings sets StmtCacheSize, SlowQueryThreshold and QueryTimeout.
func (b *ConfigBuilder) WithQuerySettings(stmtCacheSize int, slow, timeout time.Duration) *ConfigBuilder {
	b.code.StmtCacheSize = stated(stmtCacheSize)
	b.code.SlowQueryThreshold, b.code.QueryTimeout = stated(slow), stated(timeout)
	return b
}

// WithMetrics sets Metrics: "on" or "off".
func (b *ConfigBuilder) WithMetrics(which string) *ConfigBuilder {
	b.code.Metrics = which
	return b
}

// WithQueryArgsLogged sets LogQueryArgs.
func (b *ConfigBuilder) WithQueryArgsLogged() *ConfigBuilder {
	b.code.LogQueryArgs = true
	return b
}

// WithRetryPolicy sets MaxRetries and RetryBackoff.
func (b *ConfigBuilder) WithRetryPolicy(maxRetries int, backoff time.Duration) *ConfigBuilder {
	b.code.MaxRetries, b.code.RetryBackoff = stated(maxRetries), stated(backoff)
	return b
}

// WithRetryBudget sets RetryBudget, a percentage.
func (b *ConfigBuilder) WithRetryBudget(percent int) *ConfigBuilder {
	b.code.RetryBudget = stated(percent)
	return b
}

// WithErrorRules sets ErrorRules.
func (b *ConfigBuilder) WithErrorRules(rules string) *ConfigBuilder {
	b.code.ErrorRules = rules
	return b
}

// WithCache sets Cache ("off", "observe", "hint", "rules" or "all"), CacheTTL and
// CacheSize, in bytes.
func (b *ConfigBuilder) WithCache(mode string, ttl time.Duration, size int64) *ConfigBuilder {
	b.code.Cache, b.code.CacheTTL, b.code.CacheSize = mode, stated(ttl), stated(size)
	return b
}

// WithCacheAnswers sets CacheMaxRows, CacheMaxBytes and CacheEmptyTTL.
func (b *ConfigBuilder) WithCacheAnswers(maxRows int, maxBytes int64, emptyTTL time.Duration) *ConfigBuilder {
	b.code.CacheMaxRows, b.code.CacheMaxBytes, b.code.CacheEmptyTTL = stated(maxRows), stated(maxBytes), stated(emptyTTL)
	return b
}

// WithCacheRules sets CacheRules.
func (b *ConfigBuilder) WithCacheRules(rules string) *ConfigBuilder {
	b.code.CacheRules = rules
	return b
}

// WithCacheStale sets CacheStaleIfError and CacheStaleWhileRevalidate.
func (b *ConfigBuilder) WithCacheStale(ifError, whileRevalidate time.Duration) *ConfigBuilder {
	b.code.CacheStaleIfError, b.code.CacheStaleWhileRevalidate = stated(ifError), stated(whileRevalidate)
	return b
}

// WithCacheChecks sets CacheDoubt, CacheCatalog and CacheAudit, a percentage.
func (b *ConfigBuilder) WithCacheChecks(doubt, catalog time.Duration, audit int) *ConfigBuilder {
	b.code.CacheDoubt, b.code.CacheCatalog, b.code.CacheAudit = stated(doubt), stated(catalog), stated(audit)
	return b
}

// WithLeakCallback sets OnLeak.
func (b *ConfigBuilder) WithLeakCallback(f func(LeakReport)) *ConfigBuilder {
	b.code.OnLeak = f
	return b
}

// WithStateCallback sets OnStateChange.
func (b *ConfigBuilder) WithStateCallback(f func(StateChange)) *ConfigBuilder {
	b.code.OnStateChange = f
	return b
}

// WithLogger sets Logger.
func (b *ConfigBuilder) WithLogger(l *slog.Logger) *ConfigBuilder {
	b.code.Logger = l
	return b
}

// WithMiddleware adds to Middleware, outermost first.
func (b *ConfigBuilder) WithMiddleware(ms ...middleware.Middleware) *ConfigBuilder {
	b.code.Middleware = append(b.code.Middleware[:len(b.code.Middleware):len(b.code.Middleware)], ms...)
	return b
}

// WithInnerMiddleware adds to InnerMiddleware, outermost first.
func (b *ConfigBuilder) WithInnerMiddleware(ms ...middleware.Middleware) *ConfigBuilder {
	b.code.InnerMiddleware = append(b.code.InnerMiddleware[:len(b.code.InnerMiddleware):len(b.code.InnerMiddleware)], ms...)
	return b
}

// stated is a number as RuntimeConfig has it: 0 and less are off or unlimited.
func stated[T ~int | ~int64](n T) T {
	if n <= 0 {
		return -1
	}
	return n
}
