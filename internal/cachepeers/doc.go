// This file is the documentation of a package that holds only benchmarks.

// Package cachepeers compares a hit in Fluxor's cache with what an application
// would do instead: ask the database, or ask a Redis that keeps rows as JSON. It
// is a module of its own so that no client of Redis reaches a user's build.
package cachepeers
