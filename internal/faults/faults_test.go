// This file is the list of the faults: what goes wrong, and what Fluxor must make of it.

package faults

import "time"

// fault is one thing that goes wrong, and what Fluxor must make of it.
type fault struct {
	number  int
	what    string
	must    string
	instead string        // what holds where Fluxor falls short of that
	slack   time.Duration // by how much a call may return too late
	options []string      // what it is due to, besides what sql.Open does by itself
	drivers []string      // nil is all
	on      scene
	play    func(*play)
}

// scene is where a fault is played: the plays of one scene come one after the
// other.
type scene string

const (
	alone  scene = "load"    // before all others, since it measures what the machine can do
	cut    scene = "network" // a server that stays well, and a network that does not
	busy   scene = "callers" // a server that stays well, and callers who want too much
	frozen scene = "freeze"  // a server of the scene's own, which stops
	gone   scene = "crash"   // one that crashes, or has no connection left
)

var (
	servers = []string{"pq", "pgx", "mysql"} // those with a network; pgx where it differs from pq, bare
	onePg   = []string{"pq", "mysql", "godror"}
)

var faults = []fault{
	{
		number: 1, what: "the reply to a write is lost, the connection ended",
		must: "no row twice, every loss an IndeterminateError",
		on:   cut, play: losesRepliesByFIN,
	},
	{
		number: 1, what: "the reply to a write is lost, the connection reset",
		must:    "no row twice, every loss an IndeterminateError",
		drivers: servers, on: cut, play: losesRepliesByRST,
	},
	{
		number: 1, what: "the reply to a commit is lost",
		must: "every loss an IndeterminateError",
		on:   cut, play: losesCommits,
	},
	{
		number: 2, what: "the server freezes, calls have a context of 1 s", slack: time.Second / 4,
		must: "back within 1.25 s",
		on:   frozen, play: freezes,
	},
	{
		number: 2, what: "the server freezes for 8 callers, each call 1 s",
		must:    "the breaker is open within 3 s",
		drivers: onePg, on: frozen, play: opensTheBreaker,
	},
	{
		number: 3, what: "the server freezes, calls have no context", slack: time.Second / 4,
		must:    "back within the timeout + 0.25 s",
		options: []string{"fluxor_query_timeout=1s"}, drivers: onePg, on: frozen, play: freezesWithoutContext,
	},
	{
		number: 4, what: "the server freezes: Rollback, Rows.Close, DB.Close", slack: time.Second / 2,
		must:    "back within the timeout + 0.5 s",
		options: []string{"fluxor_close_timeout=1s"}, on: frozen, play: freezesEndings,
	},
	{
		number: 4, what: "the server freezes: Commit", slack: time.Second / 2,
		must:    "an IndeterminateError within the timeout + 0.5 s",
		options: []string{"fluxor_network_timeout=1s"}, on: frozen, play: freezesCommit,
	},
	{
		number: 5, what: "the server runs on after 2.5 s",
		must:    "answers within 1 s, and no answer of an earlier question",
		drivers: onePg, on: frozen, play: thaws,
	},
	{
		number: 6, what: "the network swallows all, calls have a context of 1 s", slack: time.Second / 4,
		must:    "back within 1.25 s",
		drivers: servers, on: cut, play: blackholes,
	},
	{
		number: 7, what: "8 idle connections are ended, then 50 writes, twice",
		must: "0 fail, 100 rows",
		on:   cut, play: endsIdle,
	},
	{
		number: 8, what: "the session of a write crashes, others read",
		must:    "reads: 0 errors; the write an IndeterminateError",
		drivers: []string{"pq", "pgx", "godror"}, on: gone, play: crashesASession,
	},
	{
		number: 9, what: "the server crashes and comes back",
		must:    "reads within 1 s, at most one dial for each step of the pauses",
		drivers: onePg, on: gone, play: restarts,
	},
	{
		number: 10, what: "a neighbour has all connections but 4, 16 callers want one",
		must:    "0 errors, at most 2 dials per second",
		drivers: onePg, on: gone, play: fills,
	},
	{
		number: 11, what: "answers take 0.2 s more, calls come at twice the capacity",
		must:    "80 % of capacity, p99 within 1 s, refused within 5 ms",
		options: []string{"fluxor_max_concurrent_connections=16", "fluxor_backpressure_mode=reject"}, drivers: onePg, on: alone, play: overloads,
	},
	{
		number: 12, what: "a runaway statement is killed",
		must: "1 kill ends it",
		on:   cut, play: runsAway,
	},
	{
		number: 13, what: "connections are refused for 10 s, 8 callers",
		must:    "at most one dial for each step of the pauses, refused within 1 ms",
		drivers: onePg, on: gone, play: refuses,
	},
	{
		number: 14, what: "60 callers wait for 1 connection",
		must:    "0 of 1770 pairs served in another order",
		drivers: onePg, on: busy, play: keepsOrder,
	},
	{
		number: 15, what: "closing a connection takes 3 s",
		must:    "callers wait less than 1.5 s",
		options: []string{"fluxor_conn_max_lifetime=300ms"}, drivers: onePg, on: busy, play: closesSlowly,
	},
	{
		number: 15, what: "the name of the host is lost, 8 callers have 4 connections",
		must:    "0 errors",
		instead: "half the share that fails bare, where the load needs more than 4",
		drivers: servers, on: busy, play: losesTheName,
	},
	{
		number: 15, what: "the password is wrong, 20 callers",
		must:    "1 login, all hear the driver's error",
		drivers: onePg, on: busy, play: refusesLogins,
	},
	{
		number: 16, what: "5 rows are not closed, and later are",
		must:    "5 reports with file and line by the threshold + 1 s, 5 of their ends",
		options: []string{"fluxor_leak_stack=always"}, drivers: onePg, on: busy, play: leaks,
	},
	{
		number: 16, what: "800 rows are not closed, of whose callers a sample is noted",
		must:    "1 in 16 named; all of those who come while over 80 % are used",
		drivers: []string{"pq"}, on: busy, play: samplesLeaks,
	},
}
