//go:build unix && !cgo

// This file stands in where godror cannot be built.

package conform

var oracleDatabases []Database
