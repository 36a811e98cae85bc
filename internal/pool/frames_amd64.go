// This file declares how return addresses are read on amd64.

package pool

// returnAddresses fills returns with the return addresses of the calls under way,
// the innermost first, and leaves what is not needed as it is. It reports whether
// they are all, or all that have room: the chain of frame pointers ends with the
// goroutine's first function, or before it where C called Go.
//
//go:noescape
func returnAddresses(returns *[reach]uintptr) (whole bool)
