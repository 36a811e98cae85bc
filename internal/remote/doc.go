// This file is the documentation of a package that holds only tests.

// Package remote runs the conformance suite through a gateway: the bare driver
// beside "fluxor+tcp", which reaches the same database over a gateway on a
// loopback port, in JSON and in binary form. A test run takes each case once on each
// dialect; every case on each driver in both forms takes minutes:
//
//	make remote
//
// What differs on purpose stands in one table, differences_test.go, with the
// reason.
package remote
