// This file keeps the functions that make the errors of direct drivers.

package netdriver

import "sync"

// rebuilding is the registry of rebuilders, by dialect. It is written by init
// functions; mu is a leaf and protects by.
var rebuilding struct {
	mu sync.RWMutex
	by map[string][]func(*Error) error
}

// RegisterRebuilder makes errors.As on an *Error of a dialect find the error of
// the direct driver that rebuild makes of it; nil where it cannot. rebuild must
// not change the error and is called from many goroutines. The packages pqerr,
// pgxerr and mysqlerr call it from init; several for one dialect are asked in
// turn.
func RegisterRebuilder(dialect string, rebuild func(*Error) error) {
	rebuilding.mu.Lock()
	defer rebuilding.mu.Unlock()
	if rebuilding.by == nil {
		rebuilding.by = map[string][]func(*Error) error{}
	}
	old := rebuilding.by[dialect]
	rebuilding.by[dialect] = append(old[:len(old):len(old)], rebuild)
}

// rebuilders are those of a dialect; the slice never changes.
func rebuilders(dialect string) []func(*Error) error {
	rebuilding.mu.RLock()
	defer rebuilding.mu.RUnlock()
	return rebuilding.by[dialect]
}
