// This file is the documentation of a package that holds only tests.

// Package difffuzz runs random programs of statements against real databases
// through a cache, and compares each read with the same read past it: rows,
// their order where it is asked for, names and types of columns, and errors.
//
//	go test -v -run Differential ./internal/difffuzz
//
// A program is a list of steps that follows from a seed. One goroutine plays
// it, on the pool and on held connections, so that it plays again the same
// way. One that finds a difference is cut down to the steps that are needed
// for it, and printed as Go text.
package difffuzz
