// This file is the documentation of a package that holds only tests.

// Package published runs the test suites that lib/pq, go-sql-driver/mysql and
// pgx publish, once on the bare driver and once with the driver re-pointed
// through fluxor.WrapConnector, and compares them test by test. What passes
// bare must pass under Fluxor; the few tests that ask for a driver's private
// types are listed with the reason in the table of exceptions.
//
// The suites come from the module cache. They run for minutes, so they are
// behind a build tag; make published runs them.
package published
