// This file is the documentation of a package that holds only tests.

// Package neighbours runs what stands above database/sql in other people's
// programs (GORM, sqlx, ent, bun, goose, code in sqlc's style) over the bare
// drivers and over Fluxor, and compares all that it can see.
package neighbours
