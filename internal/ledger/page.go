// This file is a page of the ledger: the figures of one fingerprint.

package ledger

import (
	"math"
	"math/bits"
	"time"
)

// page is what is known of one fingerprint. What identifies it is immutable;
// the rest is protected by in.mu.
type page struct {
	of     *Ledger
	in     *stripe
	print  string
	verb   string
	tables []string

	gone    bool  // it was given up
	number  int64 // of the pages of its stripe, in the order of their beginning
	caller  uintptr
	figures figures
}

// notePlace samples who ran the statement.
func (p *page) notePlace() {
	caller := application()
	if caller == 0 {
		return
	}
	p.in.mu.Lock()
	p.caller = caller
	p.in.mu.Unlock()
}

// octaves are the buckets of a page's histogram, each twice as wide as the one
// before: below 1 µs, below 2 µs, ... below 67 s, and the rest.
const octaves = 28

// figures are sums over executions.
type figures struct {
	count, failed, slow, inTx, rows int64
	sum, max                        time.Duration
	first, last, maxAt              int64 // nanoseconds since 1970: a time.Time costs more to store
	spread                          [octaves]uint32
}

func (f *figures) add(e Execution, slow bool) {
	f.count++
	f.rows += e.Rows
	f.failed += one(e.Failed)
	f.slow += one(slow)
	f.inTx += one(e.InTx)
	took := max(e.Took, 0)
	f.sum += took
	f.spread[octaveOf(took)]++
	at := e.At.UnixNano()
	if f.count == 1 {
		f.first = at
	}
	f.last = at
	if took > f.max || f.count == 1 {
		f.max, f.maxAt = took, at
	}
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func octaveOf(took time.Duration) int {
	return min(bits.Len64(uint64(took/time.Microsecond)), octaves-1) //nolint:gosec // not negative
}

// merge adds the figures of others.
func (f *figures) merge(o *figures) {
	if o.count == 0 {
		return
	}
	if f.count == 0 || o.first < f.first {
		f.first = o.first
	}
	if f.count == 0 || o.last > f.last {
		f.last = o.last
	}
	if o.max > f.max || f.count == 0 {
		f.max, f.maxAt = o.max, o.maxAt
	}
	f.count, f.failed, f.slow = f.count+o.count, f.failed+o.failed, f.slow+o.slow
	f.inTx, f.rows, f.sum = f.inTx+o.inTx, f.rows+o.rows, f.sum+o.sum
	for i, n := range o.spread {
		f.spread[i] += n
	}
}

// worth is why a page is kept: the time that went into the statement. Failures
// are quick and tell much, so each counts as 10 ms.
func (f *figures) worth() time.Duration {
	return f.sum + time.Duration(f.failed)*10*time.Millisecond
}

// sampled reports whether the caller of the last execution is to be noted: of
// the first, the second, the fourth, and so on, and of every 8192nd.
func (f *figures) sampled() bool {
	return f.count&(f.count-1) == 0 || f.count%8192 == 0
}

// quantile is what a share q of the executions did not exceed, right within a
// factor of 1.5.
func (f *figures) quantile(q float64) time.Duration {
	rank, seen := max(int64(math.Ceil(q*float64(f.count))), 1), int64(0)
	for i, n := range f.spread {
		if seen += int64(n); n == 0 || seen < rank {
			continue
		}
		if i == 0 {
			return min(time.Microsecond/2, f.max)
		}
		middle := time.Duration(math.Sqrt2 * float64(time.Microsecond<<(i-1)))
		if i == octaves-1 {
			return f.max
		}
		return min(middle, f.max)
	}
	return 0
}
