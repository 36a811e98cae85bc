// This file declares RuntimeConfig, the one truth about how Fluxor behaves, its presets and its checks.

package fluxor

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/internal/dsn"
	"github.com/fluxor-db/fluxor/middleware"
)

// DatabaseType is a kind of database. It chooses among the imported packages
// under drivers/ where the DSN alone does not.
type DatabaseType string

// The kinds of databases. DatabaseTypeOracle means godror, whose package
// drivers/oracle needs cgo; Oracle's pure Go drivers are chosen by Driver,
// "oracle" or "oracledb".
const (
	DatabaseTypeOracle     DatabaseType = "oracle"
	DatabaseTypePostgreSQL DatabaseType = "postgres"
	DatabaseTypeMySQL      DatabaseType = "mysql"
	DatabaseTypeSQLite     DatabaseType = "sqlite"
)

// The presets: what a field that nobody wrote stands for.
const (
	presetTransparent = "transparent"
	presetLegacy      = "legacy"
)

// RuntimeConfig is the configuration of a connector. Each field but DSN,
// Logger, Middleware and InnerMiddleware is also an option of the DSN:
// docs/CONFIG.md lists the names, the presets and the meaning.
//
// The zero value is valid but for the DSN: a field that is zero means what the
// preset says, a negative number or duration means off or unlimited. (In a DSN
// a written 0 means off or unlimited.) A field set in code wins over the same
// option in DSN. The defaults below are those of the preset "transparent", then
// those of "legacy" where they differ.
//
// A connector keeps a copy: changing a RuntimeConfig afterwards changes
// nothing. Its methods may be called from several goroutines as long as nobody
// writes to it.
type RuntimeConfig struct {
	// Preset says what unset fields mean: "transparent", the default, changes,
	// refuses and throttles nothing; "legacy" protects a fragile database.
	Preset string
	// DatabaseType chooses the imported backend of that kind. Default: from
	// the DSN.
	DatabaseType DatabaseType
	// Driver chooses the wrapped driver by its database/sql name, for example
	// "pgx" or "oracledb". Default: from the DSN.
	Driver string
	// DSN is the wrapped driver's own DSN, with or without fluxor_ options.
	// String, logs and JSON show it without its password.
	DSN string

	// MaxOpenConns is the most physical connections that may be open at once.
	// Default: unlimited; legacy: 50. Negative: unlimited.
	MaxOpenConns int
	// MaxIdleConns is how many unused physical connections are kept once load
	// has fallen; written, it is not more than MaxOpenConns. Default: 10.
	// Negative: none are kept.
	MaxIdleConns int
	// ConnMaxLifetime is the age at which a physical connection is replaced.
	// Default: off; legacy: 30 minutes. Negative: at no age.
	ConnMaxLifetime time.Duration
	// ConnMaxIdleTime is how long a physical connection may stay unused before
	// it is closed. Default: off; legacy: 10 minutes. Negative: any time.
	ConnMaxIdleTime time.Duration

	// AcquireTimeout is the longest wait for a physical connection, also where
	// the caller's context has no deadline. Default: off; legacy: 30 seconds.
	// Negative: only the context ends the wait.
	AcquireTimeout time.Duration
	// CloseTimeout is the longest that Rollback, Close and Stmt.Close take, and
	// a Rows.Close that hears nothing from the server. Default: 5 seconds.
	// Negative: as long as the server takes.
	CloseTimeout time.Duration
	// NetworkTimeout is the longest wait for the server in calls that no
	// context bounds. Default: off; legacy: 1 minute. Negative: as long as the
	// server takes.
	NetworkTimeout time.Duration

	// ValidationQuery is sent to check a connection in place of the driver's
	// own ping. Default: "", the driver's ping.
	ValidationQuery string
	// ValidationTimeout is the longest that one check may take. Default: 5
	// seconds. Negative: as long as the server takes.
	ValidationTimeout time.Duration
	// ValidationIdle is how long a connection must have been unused to be
	// checked before its next use. Default: 1 second. Negative: never checked.
	ValidationIdle time.Duration

	// WarmupConnections is how many physical connections are opened at first
	// use; not more than MaxOpenConns. Default: none. Negative: none.
	WarmupConnections int
	// WarmupTimeout is the longest that opening them may take. Default: 30
	// seconds. Negative: no limit.
	WarmupTimeout time.Duration
	// ConnectionTimeout is the longest that opening one physical connection may
	// take. Default: 30 seconds. Negative: no limit.
	ConnectionTimeout time.Duration

	// StmtCacheSize is how many statements each physical connection keeps
	// prepared, for texts that the driver would otherwise prepare for every
	// call. It must stay off behind a pooler that shares server connections
	// between transactions. Default: off; legacy: 200. Negative: off.
	StmtCacheSize int

	// Logger receives Fluxor's warnings. Default: nil, slog.Default().
	Logger *slog.Logger
	// Middleware is the application's own part of the chain, outermost first.
	// It stands outside all that Fluxor decides and sees each operation once.
	// Default: none.
	Middleware []middleware.Middleware
	// InnerMiddleware is the application's own part of the chain next to the
	// session, outermost first: inside all that Fluxor decides, so that it sees
	// what goes to the database and nothing else. As in Middleware, the
	// handlers run for many connections at once. Default: none.
	InnerMiddleware []middleware.Middleware
}

// presets hold a written value for each number and duration; -1 is off or
// unlimited.
var presets = map[string]RuntimeConfig{
	presetTransparent: {
		MaxOpenConns:      -1,
		MaxIdleConns:      10,
		ConnMaxLifetime:   -1,
		ConnMaxIdleTime:   -1,
		AcquireTimeout:    -1,
		CloseTimeout:      5 * time.Second,
		NetworkTimeout:    -1,
		ValidationTimeout: 5 * time.Second,
		ValidationIdle:    time.Second,
		WarmupConnections: -1,
		WarmupTimeout:     30 * time.Second,
		ConnectionTimeout: 30 * time.Second,
		StmtCacheSize:     -1,
	},
	presetLegacy: {
		MaxOpenConns:      50,
		MaxIdleConns:      10,
		ConnMaxLifetime:   30 * time.Minute,
		ConnMaxIdleTime:   10 * time.Minute,
		AcquireTimeout:    30 * time.Second,
		CloseTimeout:      5 * time.Second,
		NetworkTimeout:    time.Minute,
		ValidationTimeout: 5 * time.Second,
		ValidationIdle:    time.Second,
		WarmupConnections: -1,
		WarmupTimeout:     30 * time.Second,
		ConnectionTimeout: 30 * time.Second,
		StmtCacheSize:     200,
	},
}

// Validate returns an error that names the option at fault, such as
// fluxor_max_open_conns for MaxOpenConns, its value and what is allowed;
// repeating does not help. The DSN is not read: NewConnector does that, and
// validates the result.
func (c *RuntimeConfig) Validate() error {
	for _, o := range options {
		if v := o.of(c); v.Kind() == reflect.String && !v.IsZero() {
			if err := o.check(v.String()); err != nil {
				return err
			}
		}
	}
	if err := c.checkDriver(); err != nil {
		return err
	}
	open := orPreset(c.MaxOpenConns, c.preset().MaxOpenConns)
	if open > 0 && c.MaxIdleConns > open {
		return contradiction("MaxIdleConns", c.MaxIdleConns, "MaxOpenConns", open, "cannot be more than")
	}
	if open > 0 && c.WarmupConnections > open {
		return contradiction("WarmupConnections", c.WarmupConnections, "MaxOpenConns", open, "cannot be more than")
	}
	return nil
}

// checkDriver refuses a driver that is known to be for another kind of database.
func (c *RuntimeConfig) checkDriver() error {
	kind, known := driverTypes[c.Driver]
	if !known || c.DatabaseType == "" || kind == c.DatabaseType {
		return nil
	}
	return contradiction("DatabaseType", c.DatabaseType, "Driver", c.Driver, "does not go with")
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
func contradiction(field string, value any, other string, otherValue any, verb string) error {
	return fmt.Errorf("fluxor: option %s=%v %s %s=%v; change one of them",
		optionOf(field).key(), value, verb, optionOf(other).key(), otherValue)
}

// preset returns the values behind the fields that are zero.
func (c *RuntimeConfig) preset() RuntimeConfig {
	if c.Preset == "" {
		return presets[presetTransparent]
	}
	return presets[c.Preset]
}

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
	for _, o := range options {
		v := o.of(&cfg)
		if !v.CanInt() {
			continue
		}
		v.SetInt(orPreset(v.Int(), o.of(&preset).Int()))
	}
	if cfg.MaxOpenConns > 0 {
		cfg.MaxIdleConns = min(cfg.MaxIdleConns, cfg.MaxOpenConns)
	}
	if cfg.Preset == "" {
		cfg.Preset = presetTransparent
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	cfg.DSN = ""
	cfg.Middleware = slices.Clone(cfg.Middleware)
	cfg.InnerMiddleware = slices.Clone(cfg.InnerMiddleware)
	return settings(cfg), nil
}

// merge returns c with the fields that code left unset taken from under.
func (c RuntimeConfig) merge(under RuntimeConfig) RuntimeConfig {
	for _, o := range options {
		if v := o.of(&c); v.IsZero() {
			v.Set(o.of(&under))
		}
	}
	return c
}

// String returns the fields that are set, the DSN without its password.
func (c RuntimeConfig) String() string {
	var words []string
	for _, a := range c.attrs() {
		words = append(words, a.Key+": "+a.Value.String())
	}
	return "fluxor.RuntimeConfig{" + strings.Join(words, ", ") + "}"
}

// GoString is String: %#v shows no password either.
func (c RuntimeConfig) GoString() string { return c.String() }

// LogValue returns the fields that are set as a group, the DSN without its
// password.
func (c RuntimeConfig) LogValue() slog.Value { return slog.GroupValue(c.attrs()...) }

// MarshalJSON returns the fields that are set as an object, for logs: the DSN
// without its password, times as 1m30s, and "off" or "unlimited" for what is
// turned off. It is not meant to be read back.
func (c RuntimeConfig) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any)
	for _, a := range c.attrs() {
		fields[a.Key] = a.Value.String()
		if a.Value.Kind() == slog.KindInt64 {
			fields[a.Key] = a.Value.Int64()
		}
	}
	return json.Marshal(fields)
}

func (c RuntimeConfig) attrs() []slog.Attr {
	var attrs []slog.Attr
	for _, o := range options {
		switch v := o.of(&c); {
		case v.IsZero():
		case v.CanInt() && v.Int() < 0:
			attrs = append(attrs, slog.String(o.field, o.off))
		case o.field == "Driver" || o.allowed != nil: // a DSN can have been put there by mistake
			attrs = append(attrs, slog.String(o.field, dsn.ShowValue(v.String())))
		default:
			attrs = append(attrs, slog.Any(o.field, v.Interface()))
		}
	}
	if c.DSN != "" {
		attrs = append(attrs, slog.String("DSN", dsn.Redact(c.DSN)))
	}
	return attrs
}
