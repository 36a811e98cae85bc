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

// scene is the kind of server that a fault needs.
type scene int

const (
	shared scene = iota // one that stays well
	own                 // one that is frozen, crashed or used up
)

var (
	servers = []string{"pq", "pgx", "mysql"} // those with a network; pgx where it differs from pq, bare
	onePg   = []string{"pq", "mysql", "godror"}
)

var faults = []fault{
	{
		number: 1, what: "the reply to a write is lost, the connection ended",
		must: "no row twice, every loss an IndeterminateError",
		play: losesRepliesByFIN,
	},
	{
		number: 1, what: "the reply to a write is lost, the connection reset",
		must:    "no row twice, every loss an IndeterminateError",
		drivers: servers, play: losesRepliesByRST,
	},
	{
		number: 1, what: "the reply to a commit is lost",
		must: "every loss an IndeterminateError",
		play: losesCommits,
	},
	{
		number: 2, what: "the server freezes, calls have a context of 1 s", slack: time.Second / 4,
		must: "back within 1.25 s",
		on:   own, play: freezes,
	},
	{
		number: 2, what: "the server freezes for 8 callers, each call 1 s",
		must:    "the breaker is open within 3 s",
		drivers: onePg, on: own, play: opensTheBreaker,
	},
	{
		number: 3, what: "the server freezes, calls have no context", slack: time.Second / 4,
		must:    "back within the timeout + 0.25 s",
		options: []string{"fluxor_query_timeout=1s"}, drivers: onePg, on: own, play: freezesWithoutContext,
	},
	{
		number: 4, what: "the server freezes: Rollback, Rows.Close, DB.Close", slack: time.Second / 2,
		must:    "back within the timeout + 0.5 s",
		options: []string{"fluxor_close_timeout=1s"}, on: own, play: freezesEndings,
	},
	{
		number: 4, what: "the server freezes: Commit", slack: time.Second / 2,
		must:    "an IndeterminateError within the timeout + 0.5 s",
		options: []string{"fluxor_network_timeout=1s"}, on: own, play: freezesCommit,
	},
	{
		number: 5, what: "the server runs on after 2.5 s",
		must:    "answers within 1 s, and no answer of an earlier question",
		drivers: onePg, on: own, play: thaws,
	},
	{
		number: 6, what: "the network swallows all, calls have a context of 1 s", slack: time.Second / 4,
		must:    "back within 1.25 s",
		drivers: servers, play: blackholes,
	},
	{
		number: 7, what: "8 idle connections are ended, then 50 writes, twice",
		must: "0 fail, 100 rows",
		play: endsIdle,
	},
	{
		number: 8, what: "the session of a write crashes, others read",
		must:    "reads: 0 errors; the write an IndeterminateError",
		instead: "4 readers: only a read under way fails, by an IndeterminateError",
		drivers: []string{"pq", "pgx", "godror"}, on: own, play: crashesASession,
	},
	{
		number: 9, what: "the server crashes and comes back",
		must:    "reads within 1 s, at most one dial for each step of the pauses",
		drivers: onePg, on: own, play: restarts,
	},
	{
		number: 10, what: "a neighbour has all connections but 4, 16 callers want one",
		must:    "0 errors, at most 2 dials per second",
		drivers: onePg, on: own, play: fills,
	},
	{
		number: 11, what: "answers take 0.2 s more, calls come at twice the capacity",
		must:    "80 % of capacity, p99 within 1 s, refused within 5 ms",
		options: []string{"fluxor_max_concurrent_connections=16", "fluxor_backpressure_mode=reject", "fluxor_acquire_timeout=1s"}, drivers: onePg, play: overloads,
	},
	{
		number: 12, what: "a runaway statement is killed",
		must: "1 kill ends it",
		play: runsAway,
	},
	{
		number: 13, what: "connections are refused for 10 s, 8 callers",
		must:    "at most one dial for each step of the pauses, refused within 1 ms",
		drivers: onePg, on: own, play: refuses,
	},
	{
		number: 14, what: "60 callers wait for 1 connection",
		must:    "0 of 1770 pairs served in another order",
		drivers: onePg, play: keepsOrder,
	},
	{
		number: 15, what: "closing a connection takes 2 s",
		must:    "callers wait less than 1 s",
		options: []string{"fluxor_conn_max_lifetime=100ms"}, drivers: onePg, play: closesSlowly,
	},
	{
		number: 15, what: "the name of the host is lost, 8 callers have 4 connections",
		must:    "0 errors",
		drivers: servers, play: losesTheName,
	},
	{
		number: 15, what: "the password is wrong, 20 callers",
		must:    "1 login, all hear the driver's error",
		drivers: onePg, play: refusesLogins,
	},
	{
		number: 16, what: "5 rows are not closed, and later are",
		must:    "5 reports with file and line by the threshold + 1 s, 5 of their ends",
		options: []string{"fluxor_leak_stack=always"}, drivers: onePg, play: leaks,
	},
	{
		number: 16, what: "800 rows are not closed, of whose callers a sample is noted",
		must:    "1 in 16 named; all of those who come while over 80 % are used",
		drivers: []string{"pq"}, play: samplesLeaks,
	},
}
