// This file says what the package is for.

// Package gatewaybench measures what a gateway costs: clients reach one
// PostgreSQL directly, through PgBouncer and through Fluxor's gateway, in slices
// that take turns, so that a busy moment of the machine hits all three. Poolers
// and gateway are processes of their own, whose time and memory are read from
// the system. Only ratios within one run mean something.
package gatewaybench
