// This file holds the latency histogram: its buckets, the lock-free counter of them, and what can be read from a copy.

package metrics

import (
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

// A bucket is as wide as the step between two preferred numbers (ISO 3, series
// R40): 40 in each power of ten, from 1 µs to 100 s. The round bounds that
// dashboards ask for (1, 2, 2.5 and 5 times a power of ten) are bounds of
// buckets, so that counts at them are exact.
var series = [...]int64{
	100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300,
	315, 335, 355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950,
}

const (
	shortest = 1_000           // the first bound, in nanoseconds; what is shorter has one bucket
	decades  = 8               // up to 100 s; what is longer has one bucket
	buckets  = decades*40 + 2  // with the two at the ends
	cells    = 38 * cellsPer   // 2^37 ns are 137 s
	cellsPer = 1 << cellDigits // cells in a power of two
	// cellDigits is how many binary digits behind the first choose a cell.
	cellDigits = 3
)

// RelativeError bounds how far [Histogram.Quantile] is from the exact quantile
// for durations from 1 µs to 100 s: less than four parts in a hundred. Below
// 1 µs the error is at most 0.5 µs; above 100 s the answer is the longest
// duration seen.
const RelativeError = 0.04

// bounds[i] is where bucket i ends and bucket i+1 begins, in nanoseconds.
var bounds = func() (b [buckets - 1]int64) {
	scale := int64(shortest)
	for d := range decades {
		for i, n := range series {
			b[d*len(series)+i] = n * scale / 100
		}
		scale *= 10
	}
	b[len(b)-1] = scale
	return b
}()

// firstOf[c] is the bucket of the shortest duration in cell c, which holds the
// durations that agree in length and in their first binary digits.
var firstOf = func() (first [cells]uint16) {
	for c := range first {
		n := uint64(c%cellsPer|cellsPer) << 60 >> (63 - c/cellsPer) // the cell's shortest, rounded down
		i, _ := slices.BinarySearch(bounds[:], int64(n)+1)          //nolint:gosec // below 2^38
		first[c] = uint16(i)                                        //nolint:gosec // at most buckets
	}
	return first
}()

// bucketOf is the number of d's bucket.
func bucketOf(d time.Duration) int {
	if d < shortest {
		return 0
	}
	if int64(d) >= bounds[len(bounds)-1] {
		return len(bounds)
	}
	n := uint64(d)
	length := bits.Len64(n) - 1
	digits := n >> (length - cellDigits) & (cellsPer - 1)
	i := int(firstOf[length*cellsPer+int(digits)]) //nolint:gosec // three digits
	for int64(d) >= bounds[i] {
		i++
	}
	return i
}

// counter counts durations. All its methods may be called at once. Its numbers
// are shared and not striped: on two cores eight goroutines pay about 10 ns
// more than one, which is what a single shared number costs.
type counter struct {
	counts [buckets]atomic.Int64
	sum    atomic.Int64
	max    atomic.Int64
}

func (c *counter) add(d time.Duration) {
	c.counts[bucketOf(d)].Add(1)
	c.sum.Add(int64(d))
	if int64(d) > c.max.Load() {
		c.raise(int64(d))
	}
}

// raise makes d the longest, unless a longer one came meanwhile.
func (c *counter) raise(d int64) {
	for {
		longest := c.max.Load()
		if d <= longest || c.max.CompareAndSwap(longest, d) {
			return
		}
	}
}

// read adds what was counted to h. Durations that come meanwhile may be in the
// counts and not yet in the sum.
func (c *counter) read(h *Histogram) {
	if h.counts == nil {
		h.counts = make([]int64, buckets)
	}
	for i := range c.counts {
		n := c.counts[i].Load()
		h.counts[i] += n
		h.Count += n
	}
	h.Sum += time.Duration(c.sum.Load())
	h.Max = max(h.Max, time.Duration(c.max.Load()))
}

// Histogram is a copy of counted durations. The zero value is empty. It is not
// changed once made, so it may be read from any goroutine.
type Histogram struct {
	// Count is how many durations there were, Sum their sum and Max the longest.
	Count int64
	Sum   time.Duration
	Max   time.Duration

	counts []int64 // by bucket; nil where empty
}

// Mean is the arithmetic mean; 0 of nothing.
func (h Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// Quantile returns the duration that a share q, from 0 to 1, of all did not
// exceed, off by no more than [RelativeError]; 0 of nothing.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := min(max(int64(math.Ceil(q*float64(h.Count))), 1), h.Count)
	seen := int64(0)
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= rank {
			return h.middle(i)
		}
	}
	return 0
}

// middle stands for the durations of a bucket.
func (h Histogram) middle(i int) time.Duration {
	if i == len(bounds) {
		return h.Max
	}
	low := int64(0)
	if i > 0 {
		low = bounds[i-1]
	}
	return min(time.Duration((low+bounds[i])/2), h.Max)
}

// Below returns how many durations were shorter than d: exactly, where d is 1,
// 2, 2.5 or 5 times a power of ten between 1 µs and 100 s, or another bound of
// a bucket. Elsewhere it leaves out those in d's own bucket.
func (h Histogram) Below(d time.Duration) int64 {
	sum := int64(0)
	for _, n := range h.counts[:min(bucketOf(d), len(h.counts))] {
		sum += n
	}
	return sum
}

// Add returns what h and other counted together.
func (h Histogram) Add(other Histogram) Histogram {
	sum := Histogram{Count: h.Count + other.Count, Sum: h.Sum + other.Sum, Max: max(h.Max, other.Max)}
	sum.counts = combine(h.counts, other.counts, 1)
	return sum
}

// Sub returns what h counted after earlier, an older copy of the same. Max is
// exact where the longest of all came after earlier; else it is no less than
// the longest, by at most twice [RelativeError].
func (h Histogram) Sub(earlier Histogram) Histogram {
	d := Histogram{Count: h.Count - earlier.Count, Sum: h.Sum - earlier.Sum, Max: h.Max}
	d.counts = combine(h.counts, earlier.counts, -1)
	if h.Max == earlier.Max {
		d.Max = min(h.Max, d.highest())
	}
	return d
}

// highest is the end of the last bucket in use.
func (h Histogram) highest() time.Duration {
	for i, n := range slices.Backward(h.counts) {
		if n > 0 && i < len(bounds) {
			return time.Duration(bounds[i])
		}
		if n > 0 {
			return h.Max
		}
	}
	return 0
}

// combine returns a + sign*b, bucket by bucket.
func combine(a, b []int64, sign int64) []int64 {
	if a == nil && b == nil {
		return nil
	}
	sum := make([]int64, buckets)
	copy(sum, a)
	for i, n := range b {
		sum[i] += sign * n
	}
	return sum
}
