// This file stands in for the look at a socket where the system offers none.

//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package netshim

import "errors"

// errNothing means that no byte waits.
var errNothing = errors.New("nothing waits")

// peek sees nothing: a read with a tiny deadline would take bytes away.
func peek(uintptr, []byte) (int, error) { return 0, errNothing }
