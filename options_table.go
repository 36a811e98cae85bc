// This file is the table of options: for each field its environment name, allowed values and meaning.

package fluxor

// options is the one list that the DSN, the defaults' page and the checks
// follow, in the order of docs/CONFIG.md.
var options = []option{
	{
		field: "Preset", env: "DB_PRESET", allowed: []string{presetTransparent, presetLegacy}, unset: presetTransparent,
		doc: "What unset options mean: `transparent` changes, refuses and throttles nothing, `legacy` protects a fragile database.",
	},
	{
		field: "DatabaseType", env: "DB_TYPE", allowed: []string{"oracle", "postgres", "mysql", "sqlite"}, unset: "from the DSN",
		doc: "The kind of database, to choose among the imported packages under `drivers/`.",
	},
	{
		field: "Driver", env: "DB_DRIVER", unset: "from the DSN", format: "the name of a database/sql driver", check: notFluxor,
		doc: "The wrapped driver by its `database/sql` name, for example `pgx`, `godror` or `oracledb`.",
	},
	{
		field: "MaxOpenConns", env: "DB_MAX_OPEN_CONNS", off: "unlimited",
		doc: "The most physical connections that may be open; who finds none waits in line.",
	},
	{
		field: "MaxIdleConns", env: "DB_MAX_IDLE_CONNS", off: "none",
		doc: "How many unused physical connections are kept once load has fallen; never more than `fluxor_max_open_conns`.",
	},
	{
		field: "ConnMaxLifetime", env: "DB_CONN_MAX_LIFETIME", off: "off",
		doc: "The age at which a physical connection is replaced.",
	},
	{
		field: "ConnMaxIdleTime", env: "DB_CONN_MAX_IDLE_TIME", off: "off",
		doc: "How long a physical connection may stay unused before it is closed.",
	},
	{
		field: "AcquireTimeout", env: "DB_ACQUIRE_TIMEOUT", off: "off",
		doc: "The longest wait for a physical connection, also where the context has no deadline.",
	},
	{
		field: "CloseTimeout", env: "DB_CLOSE_TIMEOUT", off: "off",
		doc: "The longest that Rollback, Close and Stmt.Close take, and Rows.Close while the server sends nothing.",
	},
	{
		field: "NetworkTimeout", env: "DB_NETWORK_TIMEOUT", off: "off",
		doc: "The longest wait for the server in a call that no context bounds.",
	},
	{
		field: "ValidationQuery", env: "DB_VALIDATION_QUERY", unset: "the driver's ping",
		doc: "The statement that checks a connection, in place of the driver's own ping.",
	},
	{
		field: "ValidationTimeout", env: "DB_VALIDATION_TIMEOUT", off: "off",
		doc: "The longest that one check may take.",
	},
	{
		field: "ValidationIdle", env: "DB_VALIDATION_IDLE", off: "never checked",
		doc: "How long a connection must have been unused to be checked before its next use.",
	},
	{
		field: "WarmupConnections", env: "DB_WARMUP_CONNECTIONS", off: "none",
		doc: "How many physical connections are opened at first use; not more than `fluxor_max_open_conns`.",
	},
	{
		field: "WarmupTimeout", env: "DB_WARMUP_TIMEOUT", off: "off",
		doc: "The longest that opening them may take.",
	},
	{
		field: "ConnectionTimeout", env: "DB_CONNECTION_TIMEOUT", off: "off",
		doc: "The longest that opening one physical connection may take.",
	},
	{
		field: "StmtCacheSize", env: "DB_STMT_CACHE_SIZE", off: "off",
		doc: "How many statements each physical connection keeps prepared, for texts that the driver would prepare anew for every call; never behind a transaction pooler such as PgBouncer.",
	},
	{
		field: "EnableLeakDetection", env: "DB_ENABLE_LEAK_DETECTION",
		doc: "Whether leases are reported that last longer than `fluxor_leak_detection_threshold`, and rows that were dropped without Close.",
	},
	{
		field: "LeakDetectionThreshold", env: "DB_LEAK_DETECTION_THRESHOLD", off: "nothing is reported",
		doc: "How long a lease may last before it is reported, with the borrower's file and line where noted.",
	},
	{
		field: "LeakStack", env: "DB_LEAK_STACK", allowed: []string{leakStackAuto, leakStackAlways, leakStackOff},
		doc: "For which leases file and line are noted: `auto` is one in sixteen, and each one while connections are scarce.",
	},
	{
		field: "CircuitBreakerMaxFailures", env: "DB_CB_MAX_FAILURES", off: "the count opens nothing",
		doc: "How many calls in a row must fail to open the circuit breaker.",
	},
	{
		field: "CircuitBreakerFailureTime", env: "DB_CB_FAILURE_TIME", off: "off",
		doc: "For how long all calls must have failed as well.",
	},
	{
		field: "CircuitBreakerResetTimeout", env: "DB_CB_RESET_TIMEOUT", off: "the pauses do not grow",
		doc: "The longest pause between two probes of an open circuit breaker; the first good one closes it.",
	},
	{
		field: "CircuitBreakerHalfOpenTimeout", env: "DB_CB_HALF_OPEN_TIMEOUT", off: "off",
		doc: "The longest that one probe may take.",
	},
	{
		field: "CircuitBreakerErrorRate", env: "DB_CB_ERROR_RATE", off: "off", most: 100,
		doc: "The percentage of failed calls within `fluxor_cb_window`, of 20 at least, at which the circuit breaker opens.",
	},
	{
		field: "CircuitBreakerSlowRate", env: "DB_CB_SLOW_RATE", off: "off", most: 100,
		doc: "The percentage of calls slower than `fluxor_cb_slow_call`, of 20 at least, at which it opens; waits for a connection do not count.",
	},
	{
		field: "CircuitBreakerSlowCall", env: "DB_CB_SLOW_CALL", off: "off",
		doc: "How long a call may take before it counts as slow.",
	},
	{
		field: "CircuitBreakerWindow", env: "DB_CB_WINDOW", off: "10s",
		doc: "The time over which both rates are taken.",
	},
	{
		field: "MaxRequestsPerSecond", env: "DB_MAX_REQUESTS_PER_SEC", off: "unlimited",
		doc: "The most operations that are admitted per second.",
	},
	{
		field: "RateLimitBurst", env: "DB_RATE_LIMIT_BURST", off: "1", unset: "what a tenth of a second permits, at least 1",
		doc: "How many operations may be admitted at once after a pause.",
	},
	{
		field: "MaxConcurrentConnections", env: "DB_MAX_CONCURRENT_CONNECTIONS", off: "unlimited",
		doc: "The most operations that may be under way at once, those included that wait for a connection.",
	},
	{
		field: "BackpressureMode", env: "DB_BACKPRESSURE_MODE", allowed: []string{backpressureBlock, backpressureTimeout, backpressureReject},
		doc: "What becomes of an operation that is not admitted: it waits as long as its context allows, for `fluxor_backpressure_timeout` at most, or fails at once.",
	},
	{
		field: "BackpressureTimeout", env: "DB_BACKPRESSURE_TIMEOUT", off: "off",
		doc: "The longest wait to be admitted in the mode `timeout`.",
	},
	{
		field: "BackpressureQueue", env: "DB_BACKPRESSURE_QUEUE", off: "nobody may wait", unset: "10 x `fluxor_max_concurrent_connections`, else what ten seconds permit",
		doc: "How many operations may wait to be admitted; who comes on top of them fails at once.",
	},
	{
		field: "BackpressureNewestFirst", env: "DB_BACKPRESSURE_NEWEST_FIRST",
		doc: "Whether those who wait shortest are admitted first while there are more than can be served.",
	},
	{
		field: "Cache", env: "DB_CACHE", allowed: []string{cacheOff, cacheObserve, cacheHint, cacheRules, cacheAll},
		doc: "Whose answers the query cache keeps: nobody's, nobody's but counting what would have been found, those that a comment in the statement asks for, those that rules name as well, or those of all plain reads.",
	},
	{
		field: "CacheRules", env: "DB_CACHE_RULES", unset: "none", format: "rules such as `table=orders ttl=10s; table=*_log off`", check: checkCacheRules,
		doc: "Which statements the query cache keeps and how, and what the database's routines do.",
	},
	{
		field: "CacheTTL", env: "DB_CACHE_TTL", off: "until this connector changes what it depends on",
		doc: "How long an answer is shown: for so long a change made elsewhere may stay unseen.",
	},
	{
		field: "CacheEmptyTTL", env: "DB_CACHE_EMPTY_TTL", off: "as `fluxor_cache_ttl`",
		doc: "The same for answers without rows.",
	},
	{
		field: "CacheSize", env: "DB_CACHE_SIZE", off: "the default", size: true,
		doc: "The memory of all answers together.",
	},
	{
		field: "CacheMaxRows", env: "DB_CACHE_MAX_ROWS", off: "as many as `fluxor_cache_max_bytes` allows",
		doc: "The most rows of an answer that is kept.",
	},
	{
		field: "CacheMaxBytes", env: "DB_CACHE_MAX_BYTES", off: "an eighth of `fluxor_cache_size`", size: true,
		doc: "The most memory of an answer that is kept.",
	},
	{
		field: "CacheStaleIfError", env: "DB_CACHE_STALE_IF_ERROR", off: "off",
		doc: "For how long after its time an answer may be shown while the database does not answer.",
	},
	{
		field: "CacheStaleWhileRevalidate", env: "DB_CACHE_STALE_WHILE_REVALIDATE", off: "off",
		doc: "For how long after its time an answer may be shown while it is asked for again.",
	},
	{
		field: "CacheDoubt", env: "DB_CACHE_DOUBT", off: "the default",
		doc: "For how long nothing is kept or shown of what a statement may have changed whose outcome is unknown; `fluxor_query_timeout` where that is longer.",
	},
	{
		field: "CacheCatalog", env: "DB_CACHE_CATALOG", off: "the schema is not asked for, and each change ends all answers",
		doc: "How often the database is asked whether its schema was changed elsewhere.",
	},
	{
		field: "CacheAudit", env: "DB_CACHE_AUDIT", off: "off", most: 100,
		doc: "The percentage of the answers found that are asked for again and compared.",
	},
	{
		field: "SlowQueryThreshold", env: "DB_SLOW_QUERY_THRESHOLD", off: "nothing is logged",
		doc: "How long an operation may take before it is logged as slow.",
	},
	{
		field: "QueryTimeout", env: "DB_QUERY_TIMEOUT", off: "off",
		doc: "The longest that one operation may take, from its connection to its first row, and for each row after it.",
	},
	{
		field: "MaxRetries", env: "DB_MAX_RETRIES", off: "never",
		doc: "How often a statement that is proven to change nothing may be sent again after its connection was lost, and a transaction of `RunTx` after a deadlock.",
	},
	{
		field: "RetryBackoff", env: "DB_RETRY_BACKOFF", off: "no pause",
		doc: "The longest pause before the first repetition; it doubles with each further one, and the pause is a random part of it.",
	},
	{
		field: "RetryBudget", env: "DB_RETRY_BUDGET", off: "any number", most: 100,
		doc: "How many repetitions there may be, as a percentage of all operations.",
	},
	{
		field: "ErrorRules", env: "DB_ERROR_RULES", unset: "none", check: checkRules,
		format: "rules such as evict=ORA-00600,57P01;retry=1020;ignore=P0001",
		doc:    "What holds for errors by number, SQLSTATE or ORA- code in place of Fluxor's own knowledge: `evict` costs the connection, `retry` may be repeated as after a lost one, `ignore` says nothing of the database's health.",
	},
	{
		field: "Metrics", env: "DB_METRICS", allowed: []string{metricsOn, metricsOff},
		doc: "Whether operations are counted and timed; where not, metrics and diagnostics do not tell of operations, rows and statements.",
	},
	{
		field: "LogQueryArgs", env: "DB_LOG_QUERY_ARGS",
		doc: "Whether the arguments of slow statements are logged with them, and errors shown in the database's own words, which may quote values, in place of its code.",
	},
}
