// This file stands in on architectures where a goroutine cannot be told cheaply.

//go:build !amd64 && !arm64

package pool

// goroutine returns 0, which no comparison takes for a goroutine: the error
// of a full pool then does not name the nested-query case.
func goroutine() uintptr { return 0 }
