// This file is the documentation of a package that holds only tests.

// Package compat tests Fluxor together with other people's wrappers of
// database/sql. It is a module of its own so that none of them reaches a
// user's build.
package compat
