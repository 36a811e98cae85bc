// This file is the documentation of the module.

// Package sqloracle holds internal/sqltext against what knows each dialect best:
// PostgreSQL's own parser, TiDB's for MySQL, and the programs that SQLite
// compiles. It is tests alone, in a module of its own, because the parsers are
// large and Fluxor must not depend on them. Run it with make oracle; for a
// longer search:
//
//	go test -texts 1000000 -seed 7 -run Grammar
package sqloracle
