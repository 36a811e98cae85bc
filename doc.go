// This file is the package's documentation.

// Package fluxor makes old, slow and unreliable databases safe to build on,
// behind database/sql: an existing program changes the driver's name to
// "fluxor" and keeps its DSN.
//
//	import (
//		"database/sql"
//
//		_ "github.com/fluxor-db/fluxor"
//		_ "github.com/fluxor-db/fluxor/drivers/postgres"
//	)
//
//	db, err := sql.Open("fluxor", "postgres://app:secret@legacy:5432/erp?sslmode=require&fluxor_max_open_conns=20")
//
// What database/sql then holds are virtual connections. Each leases a physical
// connection of the wrapped driver when an operation first needs the database
// and gives it back when database/sql takes the virtual one back. Results and
// errors of the driver pass untouched. A write is never sent twice: where its
// answer was lost the caller gets an [*IndeterminateError].
//
// Options are fluxor_ parameters in the DSN's own syntax or fields of
// [RuntimeConfig]; docs/CONFIG.md lists them.
package fluxor
