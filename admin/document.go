// This file is the document that the handler serves: its fields are a promise, and docs/ADMIN.md has a row for each.

package admin

import "time"

// SchemaVersion is the version of [Document]. Fields may be added under the
// same version; one that changes its meaning or goes away makes a new version.
const SchemaVersion = 1

// The states, the best first.
const (
	// Healthy: calls are likely to succeed.
	Healthy = "healthy"
	// Saturated: the database answers, but callers wait for a connection or at
	// a limit, or were refused for lack of room.
	Saturated = "saturated"
	// Failing: half of the latest operations or more, three at least, got no
	// connection, were lost with it or ran out of time.
	Failing = "failing"
	// Down: the circuit breaker refuses calls, or the database was asked and
	// did not answer.
	Down = "down"
)

// Document is all that is known of the connectors at one moment. Durations are
// numbers of seconds, times are in UTC, counts are of the connector's whole life unless
// an [Interval] says otherwise. No list and no map in it is null. It is the caller's
// own, and nothing changes it.
type Document struct {
	// SchemaVersion is [SchemaVersion].
	SchemaVersion int `json:"schema_version"`
	// Time is the moment.
	Time time.Time `json:"time"`
	// State is the worst of the connectors' states.
	State string `json:"state"`
	// Findings are what somebody should look at, the worst first, and what to do.
	Findings []Finding `json:"findings"`
	// Connectors are in the order in which they were given to [New].
	Connectors []Connector `json:"connectors"`
	// Clients are who is served through the connectors, at most [MaxClients] of
	// ClientsTotal; HasClients says whether anybody tells.
	Clients      []Client `json:"clients"`
	ClientsTotal int      `json:"clients_total"`
	HasClients   bool     `json:"has_clients"`
}

// Connector is what is known of one connector.
type Connector struct {
	// Name is the name given to [New], Database what it leads to, in words.
	Name     string `json:"name"`
	Database string `json:"database"`
	// State is one of the states, Summary says it in words for people.
	State   string `json:"state"`
	Summary string `json:"summary"`

	// Health is the last answer of the database, Breaker, Pool and Limits are as
	// they stand now. Limits are those that are on.
	Health  Health  `json:"health"`
	Breaker Breaker `json:"breaker"`
	Pool    Pool    `json:"pool"`
	Limits  []Limit `json:"limits"`
	// Cache is how the query cache stands; what it did is in the intervals.
	Cache Cache `json:"cache"`

	// Total is what was counted since the connector's start, Recent since the
	// begin of the latest interval.
	Total  Interval `json:"total"`
	Recent Interval `json:"recent"`
	// ActiveTransactions are open now.
	ActiveTransactions int64 `json:"active_transactions"`

	// Statements are those that took most time together, the worst first.
	Statements []Statement `json:"statements"`
	// Frequent are those that ran most often, the first most.
	Frequent []Statement `json:"frequent"`
	// Leaks are the leases that last too long, the longest first.
	Leaks []Leak `json:"leaks"`
	// LastErrors are the newest first.
	LastErrors []Failure `json:"last_errors"`
	// Config are the options that are not at their default, by name, without a
	// password.
	Config map[string]string `json:"config"`
	// Actions are what the page may do to it; none unless the program allows some.
	Actions []Offer `json:"actions"`
}

// Health is the last answer to a question whether the database is well.
type Health struct {
	// Time is when it was asked; null where nobody asked.
	Time *time.Time `json:"time"`
	// Healthy, Reason and Message are those of health.Status.
	Healthy bool   `json:"healthy"`
	Reason  string `json:"reason"`
	Message string `json:"message"`

	fresh bool // by the monotonic clock, which a Time in UTC has not
}

// Breaker is the circuit breaker.
type Breaker struct {
	// State is "closed", "open" or "half-open".
	State string `json:"state"`
	// Override is "forced open", "forced closed" or "".
	Override string `json:"override"`
	// Why is what made the last change, and Seconds how long ago it was.
	Why     string  `json:"why"`
	Seconds Seconds `json:"seconds"`
	// DownSeconds is how long calls have been refused, probes in between
	// included; 0 while the breaker is closed.
	DownSeconds Seconds `json:"down_seconds"`
	// NextProbeSeconds is in how long the database is asked again; null where
	// that is not due.
	NextProbeSeconds *Seconds `json:"next_probe_seconds"`
	// Failures are those in a row.
	Failures int `json:"failures"`
	// Opened and Refused count since the start.
	Opened  int64 `json:"opened"`
	Refused int64 `json:"refused"`
	// LastError is what the last failed call or probe met; "" where none did.
	LastError string `json:"last_error"`
}

// Pool are the physical connections: the present state, then counts since the
// start.
type Pool struct {
	// MaxOpen is the limit, 0 for none. Open connections are Used, which are leased, or
	// Idle; those that are Dialing are not open yet. Waiting callers stand in line for
	// one; MaxUsed is the most ever used at once.
	MaxOpen int `json:"max_open"`
	Open    int `json:"open"`
	Used    int `json:"used"`
	Idle    int `json:"idle"`
	Dialing int `json:"dialing"`
	Waiting int `json:"waiting"`
	MaxUsed int `json:"max_used"`

	// Waits are the callers who waited, WaitSeconds how long together, Timeouts
	// those who gave up. Dials succeeded, DialErrors did not. Discarded
	// connections were lost in use, Invalid ones found broken before.
	Waits       int64   `json:"waits"`
	WaitSeconds Seconds `json:"wait_seconds"`
	Timeouts    int64   `json:"timeouts"`
	Dials       int64   `json:"dials"`
	DialErrors  int64   `json:"dial_errors"`
	Discarded   int64   `json:"discarded"`
	Invalid     int64   `json:"invalid"`
}

// Limit is a bound of load that is on.
type Limit struct {
	// Name is "operations per second" or "operations at once", Limit how many of those
	// get through. InUse are those at work, 0 for a rate; Queued stand in line.
	Name   string `json:"name"`
	Limit  int    `json:"limit"`
	InUse  int    `json:"in_use"`
	Queued int    `json:"queued"`
	// Admitted and Refused count since the start.
	Admitted int64 `json:"admitted"`
	Refused  int64 `json:"refused"`
	// Mode is "block", "timeout" or "reject"; TimeoutSeconds is how long is
	// waited in mode "timeout", else 0.
	Mode           string  `json:"mode"`
	TimeoutSeconds Seconds `json:"timeout_seconds"`
}

// Interval is what was counted in some time: since the connector's start, or for the
// last 5 to 10 seconds while documents are asked for.
type Interval struct {
	// Seconds is how long the interval is.
	Seconds Seconds `json:"seconds"`
	// Queries are Exec and Query together, Operations each kind of operation.
	Queries    Latency     `json:"queries"`
	Operations []Operation `json:"operations"`
	// SuccessPercent is of the queries; 100 where there was none. SlowQueries
	// took as long as the threshold or longer; Retries are repetitions.
	SuccessPercent float64 `json:"success_percent"`
	SlowQueries    int64   `json:"slow_queries"`
	Retries        int64   `json:"retries"`
	// Refused are operations that Fluxor refused, by policy. Indeterminate ones
	// were sent and nobody knows whether they took effect. Leaks are leases that
	// became too long, Rows were handed to callers. CacheHits are all queries that
	// the cache answered, CacheMisses those that it might have and did not; Cache
	// has them apart.
	Refused       map[string]int64 `json:"refused"`
	Indeterminate int64            `json:"indeterminate"`
	Leaks         int64            `json:"leaks"`
	Rows          int64            `json:"rows"`
	CacheHits     int64            `json:"cache_hits"`
	CacheMisses   int64            `json:"cache_misses"`
	Cache         CacheCounts      `json:"cache"`
}

// Latency is how many there were, and how long they took. Refused operations
// count as failed and are left out of the times.
type Latency struct {
	// Count is how many there were, Failed how many of them in vain; PerSecond is Count
	// divided by the interval's seconds.
	Count     int64 `json:"count"`
	Failed    int64 `json:"failed"`
	PerSecond Rate  `json:"per_second"`
	// MeanSeconds is how long one took on average. P50Seconds and the like are what so
	// many of a hundred took no longer than; MaxSeconds is the longest, in a recent
	// interval at most 8 % too long. All are 0 where there was none.
	MeanSeconds Seconds `json:"mean_seconds"`
	P50Seconds  Seconds `json:"p50_seconds"`
	P90Seconds  Seconds `json:"p90_seconds"`
	P95Seconds  Seconds `json:"p95_seconds"`
	P99Seconds  Seconds `json:"p99_seconds"`
	MaxSeconds  Seconds `json:"max_seconds"`
}

// Operation is one kind of operation; one of which there was none is left out.
type Operation struct {
	// Operation is "query", "exec", "prepare", "begin", "commit", "rollback" or
	// "ping".
	Operation string `json:"operation"`
	Latency
	// Errors are the failed ones by how they failed: the names are those of
	// metrics.Outcome.
	Errors map[string]int64 `json:"errors"`
}

// Statement is what is known of all statements that differ in their literals
// alone.
type Statement struct {
	// Fingerprint is the text without literals, cut where it is very long. Count
	// is how often it ran, Failed how often in vain, the times how long it took.
	Fingerprint string  `json:"fingerprint"`
	Count       int64   `json:"count"`
	Failed      int64   `json:"failed"`
	MeanSeconds Seconds `json:"mean_seconds"`
	MaxSeconds  Seconds `json:"max_seconds"`
	// Caller is the file and line of one who ran it; "" where unknown.
	Caller string `json:"caller"`
}

// Leak is a lease that has lasted for longer than fluxor_leak_detection_threshold.
type Leak struct {
	// HeldSeconds is how long it has lasted.
	HeldSeconds Seconds `json:"held_seconds"`
	// Place is the borrower's file and line; "" where it was not noted.
	Place string `json:"place"`
	// Stack are the application's calls that led there, the innermost first; empty where
	// they were not noted.
	Stack []string `json:"stack"`
	// Fingerprint is its last statement without literals.
	Fingerprint string `json:"fingerprint"`
	// Dropped says that nobody can end it: its rows were dropped without Close.
	Dropped bool `json:"dropped"`
}

// Failure is an error that was not its caller's own doing, and when it came.
type Failure struct {
	// Time is when it came, Text what the driver or Fluxor said, cut after 2,000 bytes.
	Time time.Time `json:"time"`
	Text string    `json:"text"`
}
