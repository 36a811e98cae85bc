//go:build !cgo

// This file stands in where godror cannot be built.

package conform

func godrorCases() []Case { return nil }
