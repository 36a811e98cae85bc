// This file is the documentation of a package that holds only tests.

// Package faults plays sixteen faults of a database, each with the same program
// over the bare driver and over Fluxor, and prints what came of it:
//
//	go test -v -run Faults ./internal/faults
//
// PostgreSQL and MariaDB are real servers of the test's own, which are frozen,
// killed, restarted and cut off. Oracle is the double of its client library,
// which answers with Oracle's codes or not at all. docs/FAULTS.md is the page
// made of the table, and says which option each effect is due to.
package faults
