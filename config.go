// This file declares RuntimeConfig, the one truth about how Fluxor behaves.

package fluxor

import (
	"log/slog"
	"time"

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

// RuntimeConfig is the configuration of a connector. Each field but DSN,
// Logger, Middleware, InnerMiddleware, OnLeak and OnStateChange is also an
// option of the DSN: docs/CONFIG.md lists the names, the presets and the
// meaning.
//
// The zero value is valid but for the DSN: a field that is zero means what the
// preset says, a negative number or duration means off or unlimited, and false
// is the same as unset. (In a DSN, in the environment and in the builder a
// written 0 means off or unlimited, and a written false means false.) A field
// set in code wins over the same option in DSN, which wins over what
// [DefaultConfig] read from the environment. The defaults below are those of
// the preset "transparent", then those of "legacy" where they differ.
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

	// EnableLeakDetection has leases reported that last longer than
	// LeakDetectionThreshold, and those of rows that were dropped without Close, as
	// soon as the garbage collector finds them. Default: true. In a struct literal false is the
	// default too; turn it off by a negative LeakDetectionThreshold.
	EnableLeakDetection bool
	// LeakDetectionThreshold is how long a lease may last before it is
	// reported. Default: 10 minutes. Negative: nothing is reported.
	LeakDetectionThreshold time.Duration
	// LeakStack says for which leases the borrower's file and line are noted:
	// "auto", one in sixteen and each one while connections are scarce;
	// "always"; "off". Default: auto.
	LeakStack string

	// CircuitBreakerMaxFailures is how many calls in a row must fail to open
	// the circuit breaker. Default: 5. Negative: the count opens nothing.
	CircuitBreakerMaxFailures int
	// CircuitBreakerFailureTime is for how long all calls must have failed as
	// well. Default: 2 seconds; legacy: off. Negative: off, the count suffices.
	CircuitBreakerFailureTime time.Duration
	// CircuitBreakerResetTimeout is the longest pause between two probes of an
	// open circuit breaker; the first good probe closes it. Default: 1 minute.
	// Negative: the pauses do not grow.
	CircuitBreakerResetTimeout time.Duration
	// CircuitBreakerHalfOpenTimeout is the longest that one probe may take.
	// Default: 10 seconds. Negative: as long as the server takes.
	CircuitBreakerHalfOpenTimeout time.Duration
	// CircuitBreakerErrorRate opens the circuit breaker when this percentage of the
	// calls within CircuitBreakerWindow failed, of 20 at least. Default: off.
	// Negative: off.
	CircuitBreakerErrorRate int
	// CircuitBreakerSlowRate opens the circuit breaker when this percentage of the
	// calls within CircuitBreakerWindow, of 20 at least, took longer than
	// CircuitBreakerSlowCall, which it needs; waits for a connection do not count.
	// Default: off. Negative: off.
	CircuitBreakerSlowRate int
	// CircuitBreakerSlowCall is how long a call may take before it counts as
	// slow. Default: off. Negative: off.
	CircuitBreakerSlowCall time.Duration
	// CircuitBreakerWindow is the time over which the two rates are taken.
	// Default: 10 seconds. Negative: 10 seconds too, since a rate needs a time.
	CircuitBreakerWindow time.Duration

	// MaxRequestsPerSecond is the most operations that are admitted per second.
	// Default: unlimited; legacy: 1000. Negative: unlimited.
	MaxRequestsPerSecond int64
	// RateLimitBurst is how many operations may be admitted at once where none
	// came before. Default: what a tenth of a second permits, at least 1.
	// Negative: 1.
	RateLimitBurst int64
	// MaxConcurrentConnections is the most operations that may be under way at
	// once, those included that wait for a connection. Default: unlimited;
	// legacy: 100. Negative: unlimited.
	MaxConcurrentConnections int64
	// BackpressureMode says what becomes of an operation that
	// MaxRequestsPerSecond or MaxConcurrentConnections does not admit: "block",
	// it waits as long as its context allows; "timeout", for
	// BackpressureTimeout at most; "reject", it fails at once. Default: block;
	// legacy: timeout.
	BackpressureMode string
	// BackpressureTimeout is the longest wait to be admitted in the mode
	// "timeout", which needs it. Default: 30 seconds. Negative: no limit.
	BackpressureTimeout time.Duration
	// BackpressureQueue is how many operations may wait to be admitted; who
	// comes on top of them fails at once. Default: ten times
	// MaxConcurrentConnections, or where that is unlimited, MaxRequestsPerSecond.
	// Negative: none may wait.
	BackpressureQueue int64
	// BackpressureNewestFirst admits who waits shortest, not longest, while
	// there are more operations than can be served. Default: false.
	BackpressureNewestFirst bool

	// Cache says whose answers the query cache keeps: "off", nobody's; "observe",
	// nobody's, but it is counted what would have been found; "hint", those of
	// statements with a comment such as /* fluxor:cache ttl=30s */; "rules", those
	// that CacheRules name as well; "all", those of each statement that is proven to
	// be a plain read. Default: off.
	Cache string
	// CacheRules say which statements are kept and how, and what the database's
	// routines do, as "table=orders ttl=10s; table=*_log off": docs/CACHE.md has the
	// grammar. Default: "", none.
	CacheRules string
	// CacheTTL is how long an answer is shown. It bounds for how long a change may
	// stay unseen that was made elsewhere than through this connector. Default: 30
	// seconds. Negative: until this connector changes what the answer depends on,
	// which is right only where nobody else does.
	CacheTTL time.Duration
	// CacheEmptyTTL is the same for answers without rows; it is not more than
	// CacheTTL. Default: 5 seconds. Negative: as CacheTTL.
	CacheEmptyTTL time.Duration
	// CacheSize is the memory of all answers together, in bytes. Default: 64 MiB.
	// Negative: 64 MiB, since there is no cache without bounds.
	CacheSize int64
	// CacheMaxRows is the most rows of an answer that is kept. Default: 1000.
	// Negative: as many as CacheMaxBytes allows.
	CacheMaxRows int
	// CacheMaxBytes is the most memory of an answer that is kept, in bytes. Default: 1
	// MiB. Negative: an eighth of CacheSize.
	CacheMaxBytes int64
	// CacheStaleIfError is for how long after its time an answer may be shown while
	// the database does not answer. Default: off. Negative: off.
	CacheStaleIfError time.Duration
	// CacheStaleWhileRevalidate is for how long after its time an answer may be shown
	// while it is asked for again. Default: off. Negative: off.
	CacheStaleWhileRevalidate time.Duration
	// CacheDoubt is for how long nothing is kept or shown of what a statement may have
	// changed whose outcome is unknown. It must be longer than a server works on a
	// statement that nobody waits for any more. Default: 30 seconds, or QueryTimeout
	// if that is longer. Negative: the default, since without it an answer may be wrong.
	CacheDoubt time.Duration
	// CacheCatalog is how often the database is asked whether its schema was changed
	// elsewhere, while the cache is used. Default: 10 seconds. Negative: the schema is
	// not asked for at all, but only what the server is; then each change ends all
	// answers.
	CacheCatalog time.Duration
	// CacheAudit is the percentage of the answers found that are asked for again and
	// compared. Default: off. Negative: off.
	CacheAudit int

	// SlowQueryThreshold is how long an operation may take before it is logged
	// as slow. Default: 1 second. Negative: nothing is logged.
	SlowQueryThreshold time.Duration
	// QueryTimeout is the longest that one operation may take, from its
	// connection to its first row, and for each row after it. Default: off;
	// legacy: 30 seconds. Negative: off.
	QueryTimeout time.Duration
	// MaxRetries is how often a statement that is proven to change nothing may
	// be sent again after its connection was lost, and how often
	// [QueryExecutor.Transaction] and [RunTx] repeat a transaction that the
	// database rolled back. Default: 3. Negative: never.
	MaxRetries int
	// RetryBackoff is the longest pause before the first repetition; it doubles
	// with each further one, and the pause is a random part of it. Default: 100
	// milliseconds. Negative: no pause.
	RetryBackoff time.Duration
	// RetryBudget is how many repetitions there may be, as a percentage of all
	// operations. Default: 10. Negative: any number.
	RetryBudget int
	// ErrorRules say of errors what holds in place of Fluxor's own knowledge,
	// as "evict=ORA-00600,57P01;retry=1020;ignore=P0001": an error with such a
	// number, SQLSTATE or ORA- code costs its connection, may be repeated like
	// a lost connection, or says nothing of the database's health. Default: "",
	// none.
	ErrorRules string
	// Metrics says whether operations are counted and timed, which costs some tens of
	// nanoseconds each: "on" or "off". Where it is off, metrics and diagnostics tell
	// of connections, refusals, retries and leaks, but not of operations, rows and
	// statements. Default: on.
	Metrics string
	// LogQueryArgs has the arguments of slow statements logged with them, and
	// errors in logs, LastErrors and Diagnostics shown in the database's own words,
	// which may quote values; else they show its code and the constraint.
	// Default: false, since arguments hold what the application keeps secret.
	LogQueryArgs bool

	// OnLeak is called for each lease that LeakDetectionThreshold finds, and
	// again when it ended after all. It is called from one goroutine at a time
	// and must not wait for a connection. Default: none.
	OnLeak func(LeakReport)
	// OnStateChange is called when the circuit breaker changed its state, in
	// the order of the changes. It must not wait for a connection. Default:
	// none.
	OnStateChange func(StateChange)

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

	// denied are the boolean options that were written as false. The map never
	// changes: it is replaced.
	denied map[string]bool
	// under holds what stands in the fields although no code set them: what the
	// environment says. It never changes.
	under *RuntimeConfig
	// err is what is wrong in the environment.
	err error
}

// LeakReport is a lease that lasted longer than LeakDetectionThreshold, or that
// nobody can end.
type LeakReport struct {
	// Since is when the lease began, Held how long it has lasted.
	Since time.Time
	Held  time.Duration
	// Place is the borrower's file, line and function, as in "report/month.go:88
	// (report.Month)"; "" where it was not noted (LeakStack).
	Place string
	// Stack are the application's calls that led there, Place first, then who
	// called it, up to 24 frames in all; nil where Place is "".
	Stack []string
	// Fingerprint is the lease's last statement without its literals.
	Fingerprint string
	// Dropped says that nobody can end the lease: its rows were dropped without
	// Close, and the garbage collector has found them.
	Dropped bool
	// Ended says that the lease was reported before and has ended now.
	Ended bool
}

// StateChange is a change of the circuit breaker's state.
type StateChange struct {
	// From and To are "closed", "open" or "half-open".
	From, To string
	// Reason says in words why.
	Reason string
	// At is when.
	At time.Time
}
