// This file makes errors of a driver's misbehaviour and logs at the pool's edges.

package pool

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/fluxor-db/fluxor/refusal"
)

// fault is a driver's panic. It is logged after the error was delivered, so
// that a slow log delays nobody. Its zero value is none.
type fault struct {
	doing string
	cause any
	stack []byte
	err   error
}

// newFault notes a panic while its stack still stands.
func newFault(doing string, cause any) fault {
	return fault{
		doing: doing,
		cause: cause,
		stack: debug.Stack(),
		err:   &refusal.Error{Policy: "pool", Reason: fmt.Sprintf("the driver panicked while %s: %v", doing, cause)},
	}
}

// logFault writes a driver's panic with the stack that led to it.
func (p *Pool[T]) logFault(f fault) {
	if f.cause != nil {
		p.log(slog.LevelError, "the driver panicked while "+f.doing, "panic", f.cause, "stack", string(f.stack))
	}
}

// errEnded is the error of a driver's call that ended its goroutine.
func errEnded(doing string) error {
	return &refusal.Error{Policy: "pool", Reason: "the driver ended its goroutine while " + doing}
}

// log writes at an edge: never under mu, nor before what it tells of took
// effect.
func (p *Pool[T]) log(level slog.Level, msg string, attrs ...any) {
	if p.cfg.Logger != nil {
		p.cfg.Logger.Log(context.Background(), level, msg, attrs...)
	}
}
