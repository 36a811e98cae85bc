// This file tests the histogram's buckets from inside, and its quantiles against exact ones.

package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestABoundBeginsItsBucket(t *testing.T) {
	if !slices.IsSorted(bounds[:]) {
		t.Fatal("the bounds do not rise")
	}
	for i, bound := range bounds {
		if got := bucketOf(time.Duration(bound)); got != i+1 {
			t.Errorf("%v is in bucket %d, want %d", time.Duration(bound), got, i+1)
		}
		if got := bucketOf(time.Duration(bound - 1)); got != i {
			t.Errorf("just below %v is bucket %d, want %d", time.Duration(bound), got, i)
		}
	}
}

func TestEveryDurationFindsItsBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 200e9).Draw(t, "d"))
		want := sort.Search(len(bounds), func(i int) bool { return bounds[i] > int64(d) })
		if got := bucketOf(d); got != want {
			t.Fatalf("%v is in bucket %d, want %d", d, got, want)
		}
	})
}

func TestTheMiddleOfABucketIsWithinTheErrorOfItsEnds(t *testing.T) {
	h := Histogram{Max: math.MaxInt64}
	for i := 1; i < len(bounds); i++ {
		low, high := float64(bounds[i-1]), float64(bounds[i])
		middle := float64(h.middle(i))
		if worst := max(middle-low, high-middle) / low; worst > RelativeError {
			t.Errorf("from %v to %v the error is %.3f", low, high, worst)
		}
	}
}

// shapes are sources of durations as databases have them.
var shapes = map[string]func(r *rand.Rand) time.Duration{
	"even on a logarithmic scale": func(r *rand.Rand) time.Duration {
		return time.Duration(math.Pow(10, 3+8*r.Float64()))
	},
	"one typical value": func(r *rand.Rand) time.Duration {
		return max(time.Duration(2e6+3e5*r.NormFloat64()), shortest)
	},
	"fast reads and slow reports": func(r *rand.Rand) time.Duration {
		if r.IntN(20) == 0 {
			return time.Duration(1e9 + r.ExpFloat64()*3e9)
		}
		return time.Duration(2e5 + r.ExpFloat64()*1e5)
	},
}

func TestQuantilesAreWithinTheStatedErrorOfExactOnes(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 7, 100, 50_000} {
				against(t, shape, size)
			}
		})
	}
}

func against(t *testing.T, shape func(*rand.Rand) time.Duration, size int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(size))) //nolint:gosec // the same data in each run
	var c counter
	exact := make([]time.Duration, size)
	for i := range exact {
		exact[i] = shape(r)
		c.add(exact[i])
	}
	slices.Sort(exact)
	var h Histogram
	c.read(&h)
	for _, q := range []float64{0, .01, .5, .9, .95, .99, .999, 1} {
		rank := max(int(math.Ceil(q*float64(size))), 1)
		want, got := exact[rank-1], h.Quantile(q)
		if off := math.Abs(float64(got-want)) / float64(want); off > RelativeError {
			t.Errorf("of %d, quantile %v is %v, exactly %v: off by %.1f%%", size, q, got, want, 100*off)
		}
	}
	if h.Max != exact[size-1] {
		t.Errorf("of %d, the longest is %v, want %v", size, h.Max, exact[size-1])
	}
}

func TestWhatIsOutsideTheBucketsIsCountedToo(t *testing.T) {
	var c counter
	c.add(0)
	c.add(900)
	c.add(250 * time.Second)
	var h Histogram
	c.read(&h)
	if got := h.Quantile(.5); got != 500 {
		t.Errorf("below 1 µs a quantile is %v, want the middle", got)
	}
	if got := h.Quantile(1); got != 250*time.Second {
		t.Errorf("above 100 s a quantile is %v, want the longest", got)
	}
	if h.Count != 3 || h.Sum != 250*time.Second+900 {
		t.Errorf("count %d, sum %v", h.Count, h.Sum)
	}
}

func TestCountsAtRoundBoundsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same data in each run
	var c counter
	var all []time.Duration
	for range 20_000 {
		d := shapes["even on a logarithmic scale"](r)
		all = append(all, d)
		c.add(d)
	}
	var h Histogram
	c.read(&h)
	for bound := time.Microsecond; bound <= 100*time.Second; bound *= 10 {
		for _, at := range []time.Duration{bound, 2 * bound, 5 * bound / 2, 3 * bound, 5 * bound} {
			want := int64(0)
			for _, d := range all {
				if d < at {
					want++
				}
			}
			if got := h.Below(at); at <= 100*time.Second && got != want {
				t.Errorf("%d are below %v, want %d", got, at, want)
			}
		}
	}
	if got := (Histogram{}).Below(time.Second); got != 0 {
		t.Errorf("an empty histogram has %d below a second", got)
	}
}

func TestTheLongestOfAnIntervalIsNeverTooShort(t *testing.T) {
	var c counter
	var before, after Histogram
	c.add(3 * time.Second)
	c.read(&before)
	c.add(42 * time.Millisecond)
	c.read(&after)
	got := after.Sub(before).Max
	if got < 42*time.Millisecond || float64(got) > 42e6*(1+2*RelativeError) {
		t.Errorf("the interval's longest is %v, it was 42ms", got)
	}
	if got := after.Sub(after).Max; got != 0 {
		t.Errorf("the longest of nothing is %v", got)
	}
	var longest Histogram
	c.add(7 * time.Second)
	c.read(&longest)
	if got := longest.Sub(after).Max; got != 7*time.Second {
		t.Errorf("a longest of all is %v in its interval, want 7s", got)
	}
}
