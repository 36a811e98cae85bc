// This file holds the presets: what a field that nobody wrote stands for, and how a configuration becomes concrete.

package fluxor

import (
	"cmp"
	"log/slog"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"
)

// The presets.
const (
	presetTransparent = "transparent"
	presetLegacy      = "legacy"
)

// The words of BackpressureMode, Cache, LeakStack and Metrics.
const (
	backpressureBlock   = "block"
	backpressureTimeout = "timeout"
	backpressureReject  = "reject"

	cacheOff     = "off"
	cacheObserve = "observe"
	cacheHint    = "hint"
	cacheRules   = "rules"
	cacheAll     = "all"

	metricsOn  = "on"
	metricsOff = "off"

	leakStackAuto   = "auto"
	leakStackAlways = "always"
	leakStackOff    = "off"
)

// presets hold a written value for each number, duration and word that has a
// default of its own; -1 is off or unlimited. What is 0 follows from another
// field (derive).
var presets = map[string]RuntimeConfig{
	presetTransparent: transparent(),
	presetLegacy:      legacy(),
}

func transparent() RuntimeConfig {
	return RuntimeConfig{
		MaxOpenConns:                  -1,
		MaxIdleConns:                  10,
		ConnMaxLifetime:               -1,
		ConnMaxIdleTime:               -1,
		AcquireTimeout:                -1,
		CloseTimeout:                  5 * time.Second,
		NetworkTimeout:                -1,
		ValidationTimeout:             5 * time.Second,
		ValidationIdle:                time.Second,
		WarmupConnections:             -1,
		WarmupTimeout:                 30 * time.Second,
		ConnectionTimeout:             30 * time.Second,
		StmtCacheSize:                 -1,
		EnableLeakDetection:           true,
		LeakDetectionThreshold:        10 * time.Minute,
		LeakStack:                     leakStackAuto,
		Metrics:                       metricsOn,
		CircuitBreakerMaxFailures:     5,
		CircuitBreakerFailureTime:     2 * time.Second,
		CircuitBreakerResetTimeout:    time.Minute,
		CircuitBreakerHalfOpenTimeout: 10 * time.Second,
		CircuitBreakerErrorRate:       -1,
		CircuitBreakerSlowRate:        -1,
		CircuitBreakerSlowCall:        -1,
		CircuitBreakerWindow:          10 * time.Second,
		MaxRequestsPerSecond:          -1,
		MaxConcurrentConnections:      -1,
		BackpressureMode:              backpressureBlock,
		BackpressureTimeout:           30 * time.Second,
		Cache:                         cacheOff,
		CacheTTL:                      30 * time.Second,
		CacheEmptyTTL:                 5 * time.Second,
		CacheSize:                     64 << 20,
		CacheMaxRows:                  1000,
		CacheMaxBytes:                 1 << 20,
		CacheStaleIfError:             -1,
		CacheStaleWhileRevalidate:     -1,
		CacheDoubt:                    30 * time.Second,
		CacheCatalog:                  10 * time.Second,
		CacheAudit:                    -1,
		SlowQueryThreshold:            time.Second,
		QueryTimeout:                  -1,
		MaxRetries:                    3,
		RetryBackoff:                  100 * time.Millisecond,
		RetryBudget:                   10,
	}
}

// legacy differs from transparent where it protects a fragile database.
func legacy() RuntimeConfig {
	c := transparent()
	c.MaxOpenConns = 50
	c.ConnMaxLifetime = 30 * time.Minute
	c.ConnMaxIdleTime = 10 * time.Minute
	c.AcquireTimeout = 30 * time.Second
	c.NetworkTimeout = time.Minute
	c.StmtCacheSize = 200
	c.CircuitBreakerFailureTime = -1
	c.MaxRequestsPerSecond = 1000
	c.MaxConcurrentConnections = 100
	c.BackpressureMode = backpressureTimeout
	c.QueryTimeout = 30 * time.Second
	return c
}

// preset returns the values behind the fields that are zero.
func (c *RuntimeConfig) preset() RuntimeConfig { return presets[cmp.Or(c.Preset, presetTransparent)] }

// orPreset makes a number concrete: 0 is off or unlimited from here on.
func orPreset[T ~int | ~int64](written, preset T) T {
	if written == 0 {
		written = preset
	}
	return max(written, 0)
}

// settings are a configuration in which every field is concrete: presets are
// applied and 0 means off or unlimited. They are passed by value and never
// change.
type settings RuntimeConfig

// resolve validates cfg and makes it concrete. The DSN stays behind.
func resolve(cfg RuntimeConfig) (settings, error) {
	if err := cfg.Validate(); err != nil {
		return settings{}, err
	}
	preset := cfg.preset()
	written := cfg
	for _, o := range options {
		v, p := o.of(&cfg), o.of(&preset)
		switch {
		case v.CanInt():
			v.SetInt(orPreset(v.Int(), p.Int()))
		case v.Kind() == reflect.Bool:
			v.SetBool(v.Bool() || p.Bool() && !cfg.denied[o.field])
		case v.IsZero():
			v.Set(p)
		}
	}
	cfg.derive(written)
	cfg.Preset = cmp.Or(cfg.Preset, presetTransparent)
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	cfg.DSN = ""
	cfg.denied, cfg.under = nil, nil
	cfg.Middleware = slices.Clone(cfg.Middleware)
	cfg.InnerMiddleware = slices.Clone(cfg.InnerMiddleware)
	return settings(cfg), nil
}

// derive sets the fields that follow from others. c is concrete, written is what
// it was before.
func (c *RuntimeConfig) derive(written RuntimeConfig) {
	if c.MaxOpenConns > 0 {
		c.MaxIdleConns = min(c.MaxIdleConns, c.MaxOpenConns)
	}
	if !c.EnableLeakDetection || c.LeakDetectionThreshold == 0 {
		c.EnableLeakDetection, c.LeakDetectionThreshold = false, 0
	}
	if c.CircuitBreakerWindow == 0 {
		c.CircuitBreakerWindow = presets[presetTransparent].CircuitBreakerWindow
	}
	c.deriveCache(written)
	if c.MaxRequestsPerSecond > 0 && written.RateLimitBurst == 0 {
		c.RateLimitBurst = c.MaxRequestsPerSecond / 10
	}
	if c.MaxRequestsPerSecond > 0 || written.RateLimitBurst != 0 {
		c.RateLimitBurst = max(c.RateLimitBurst, 1)
	}
	if written.BackpressureQueue == 0 {
		c.BackpressureQueue = 10 * cmp.Or(c.MaxConcurrentConnections, c.MaxRequestsPerSecond)
	}
}

// deriveCache is derive for the query cache.
func (c *RuntimeConfig) deriveCache(written RuntimeConfig) {
	usual := presets[presetTransparent]
	c.CacheSize = cmp.Or(c.CacheSize, usual.CacheSize)
	c.CacheMaxBytes = cmp.Or(c.CacheMaxBytes, c.CacheSize/8)
	c.CacheMaxRows = cmp.Or(c.CacheMaxRows, math.MaxInt32)
	c.CacheEmptyTTL = cmp.Or(c.CacheEmptyTTL, c.CacheTTL)
	if written.CacheDoubt <= 0 {
		c.CacheDoubt = max(usual.CacheDoubt, c.QueryTimeout)
	}
}

// with returns set and one more word; set stays as it is.
func with(set map[string]bool, word string) map[string]bool {
	more := map[string]bool{word: true}
	maps.Copy(more, set)
	return more
}

// merge returns c with the fields that code left unset taken from under.
func (c RuntimeConfig) merge(under RuntimeConfig) RuntimeConfig {
	var denied map[string]bool
	for _, o := range options {
		from := &under
		if o.written(&c) {
			from = &c
		}
		if from.denied[o.field] {
			denied = with(denied, o.field)
		}
		o.of(&c).Set(o.of(from))
	}
	c.denied = denied
	return c
}
