// This file is the documentation of a package that holds only tests.

// Package published runs the test suites that lib/pq, go-sql-driver/mysql, pgx
// and godror publish, twice on the bare driver and once with the driver
// re-pointed through Fluxor, and compares them test by test. What passes bare
// must pass under Fluxor; the few tests that ask for what Fluxor does not keep
// are listed with the reason in the table of exceptions.
//
// The first three run against private servers. godror's suite runs over the
// double of Oracle's client library (internal/ocisim), never here against an
// Oracle server: most of its tests need more of Oracle than the double has and
// fail bare, and those that pass bare are compared.
//
// The suites come from the module cache. They run for minutes, so they are
// behind a build tag; make published runs them.
package published
