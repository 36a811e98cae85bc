// This file lets clients repeat an operation for a while and keeps what each took.

package gatewaybench

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Slice is what clients did in one slice of time.
type Slice struct {
	// Took is how long each operation took, in order of length.
	Took []time.Duration
	// Elapsed is from the first operation's start to the last one's end.
	Elapsed time.Duration
	// Err is the first failure.
	Err error
}

// Rate is how many operations were done per second.
func (s *Slice) Rate() float64 { return float64(len(s.Took)) / s.Elapsed.Seconds() }

// Quantile is what the given part of the operations took at most.
func (s *Slice) Quantile(part float64) time.Duration {
	if len(s.Took) == 0 {
		return 0
	}
	return s.Took[min(int(part*float64(len(s.Took))), len(s.Took)-1)]
}

// Play has the clients work at once for a while. With a pause, each rests for a
// random time of that mean before each operation, as an idle application does;
// who would rest beyond the end leaves then.
func Play(ctx context.Context, clients []func(context.Context, *rand.Rand) error, length, pause time.Duration) *Slice {
	took := make([][]time.Duration, len(clients))
	errs := make([]error, len(clients))
	begin := time.Now()
	resting, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var working sync.WaitGroup
	for i, call := range clients {
		working.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // which rows are asked for is no secret
			for errs[i] == nil && rest(resting, random, pause) && time.Since(begin) < length {
				start := time.Now()
				errs[i] = call(ctx, random)
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	working.Wait()
	s := &Slice{Took: slices.Concat(took...), Elapsed: time.Since(begin)}
	slices.Sort(s.Took)
	for _, err := range errs {
		if err != nil {
			s.Err = err
			break
		}
	}
	return s
}

// rest waits for a random time of that mean, and reports whether the context
// still lives.
func rest(ctx context.Context, random *rand.Rand, mean time.Duration) bool {
	if mean == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(time.Duration(random.ExpFloat64() * float64(mean)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
