// This file bounds the memory of all buffers together.

package gateway

import (
	"errors"
	"sync/atomic"
)

// errMemory is what a session hears whose buffers would pass the bound.
var errMemory = errors.New("the gateway's memory for buffers is used up")

// budget counts the bytes that buffers take. It is safe for concurrent use.
type budget struct {
	most int64
	used atomic.Int64
}

// take asks for n more bytes, or gives some back where n is negative.
func (b *budget) take(n int) error {
	if b.used.Add(int64(n)) > b.most && n > 0 {
		b.used.Add(int64(-n))
		return errMemory
	}
	return nil
}
