// This file checks a configuration: each value for itself, and the values that cannot hold together.

package fluxor

import (
	"cmp"
	"fmt"

	"github.com/fluxor-db/fluxor/backend"
)

// Validate returns an error that names the option at fault, such as
// fluxor_max_open_conns for MaxOpenConns, or the environment variable where the
// value came from there, its value and what is allowed; repeating does not
// help. The DSN is not read: NewConnector does that, and validates the result.
func (c *RuntimeConfig) Validate() error {
	if c.err != nil {
		return c.err
	}
	for _, o := range options {
		if err := o.checkField(c); err != nil {
			return err
		}
	}
	for _, check := range []func(*RuntimeConfig) error{(*RuntimeConfig).checkDriver, (*RuntimeConfig).checkPool, (*RuntimeConfig).checkPolicies} {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}

// checkDriver refuses a driver that is known to be for another kind of database.
func (c *RuntimeConfig) checkDriver() error {
	kind, known := driverTypes[c.Driver]
	if !known || c.DatabaseType == "" || kind == c.DatabaseType {
		return nil
	}
	return c.contradiction("DatabaseType", c.DatabaseType, "Driver", c.Driver, "does not go with")
}

// checkPool refuses to keep or open more connections than may be open.
func (c *RuntimeConfig) checkPool() error {
	open := orPreset(c.MaxOpenConns, c.preset().MaxOpenConns)
	if open > 0 && c.MaxIdleConns > open {
		return c.contradiction("MaxIdleConns", c.MaxIdleConns, "MaxOpenConns", open, "cannot be more than")
	}
	if open > 0 && c.WarmupConnections > open {
		return c.contradiction("WarmupConnections", c.WarmupConnections, "MaxOpenConns", open, "cannot be more than")
	}
	return nil
}

// checkPolicies refuses a policy that lacks what it cannot work without.
func (c *RuntimeConfig) checkPolicies() error {
	if c.CircuitBreakerSlowRate > 0 && c.CircuitBreakerSlowCall <= 0 {
		return c.contradiction("CircuitBreakerSlowRate", c.CircuitBreakerSlowRate, "CircuitBreakerSlowCall", "0", "needs a time and does not go with")
	}
	preset := c.preset()
	if mode := cmp.Or(c.BackpressureMode, preset.BackpressureMode); mode == backpressureTimeout && c.BackpressureTimeout < 0 {
		return c.contradiction("BackpressureMode", mode, "BackpressureTimeout", "0", "needs a time and does not go with")
	}
	rate := orPreset(c.MaxRequestsPerSecond, preset.MaxRequestsPerSecond)
	crowd := orPreset(c.MaxConcurrentConnections, preset.MaxConcurrentConnections)
	switch {
	case c.RateLimitBurst > 0 && rate == 0:
		return c.contradiction("RateLimitBurst", c.RateLimitBurst, "MaxRequestsPerSecond", "0", "needs a limit and does not go with")
	case c.BackpressureQueue > 0 && rate == 0 && crowd == 0:
		return c.contradiction("BackpressureQueue", c.BackpressureQueue, "MaxConcurrentConnections", "0", "needs a limit and does not go with")
	case c.BackpressureNewestFirst && crowd == 0:
		return c.contradiction("BackpressureNewestFirst", true, "MaxConcurrentConnections", "0", "needs a limit and does not go with")
	}
	return nil
}

// checkRules refuses rules that cannot be read.
func checkRules(text string) error {
	_, err := backend.ParseRules(text)
	return err
}

// driverTypes says what kind of database the well-known drivers are for.
var driverTypes = map[string]DatabaseType{
	"postgres": DatabaseTypePostgreSQL,
	"pgx":      DatabaseTypePostgreSQL,
	"pgx/v5":   DatabaseTypePostgreSQL,
	"mysql":    DatabaseTypeMySQL,
	"sqlite":   DatabaseTypeSQLite,
	"sqlite3":  DatabaseTypeSQLite,
	"godror":   DatabaseTypeOracle,
	"oracle":   DatabaseTypeOracle,
	"oracledb": DatabaseTypeOracle,
}

// contradiction is the error of two fields that cannot both hold.
func (c *RuntimeConfig) contradiction(field string, value any, other string, otherValue any, verb string) error {
	return fmt.Errorf("fluxor: option %s=%v %s %s=%v; change one of them",
		c.spelling(optionOf(field)), value, verb, c.spelling(optionOf(other)), otherValue)
}

// spelling is the name under which an option was written: the environment's
// where its value came from there, else the DSN's.
func (c *RuntimeConfig) spelling(o option) string {
	if c.inherited(o) {
		return o.env
	}
	return o.key()
}
