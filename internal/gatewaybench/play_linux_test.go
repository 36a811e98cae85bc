// This file tests what the benchmark measures with.

package gatewaybench

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

func TestASliceCountsWhatItsClientsDid(t *testing.T) {
	failed := errors.New("failed")
	left := 5
	one := func(context.Context, *rand.Rand) error {
		if left--; left == 0 {
			return failed
		}
		return nil
	}
	s := Play(t.Context(), []func(context.Context, *rand.Rand) error{one}, time.Minute, 0)
	if len(s.Took) != 5 || s.Err != failed { //nolint:errorlint // it must come as it is
		t.Errorf("%d operations and the failure %v; five were done, the last one failed", len(s.Took), s.Err)
	}
	if s.Quantile(0) > s.Quantile(1) || s.Quantile(1) > s.Elapsed || s.Rate() <= 0 {
		t.Errorf("quickest %v, slowest %v of %v in all, %v per second", s.Quantile(0), s.Quantile(1), s.Elapsed, s.Rate())
	}
	if none := new(Slice); none.Quantile(0.5) != 0 {
		t.Error("nothing was done and took some time")
	}
}

func TestAClientThatRestsLeavesWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := Play(ctx, []func(context.Context, *rand.Rand) error{nil}, time.Hour, time.Hour)
	if len(s.Took) != 0 || s.Err != nil {
		t.Errorf("%d operations after the end, error %v", len(s.Took), s.Err)
	}
}

func TestAClientThatRestsLeavesWithTheSlice(t *testing.T) {
	s := Play(t.Context(), []func(context.Context, *rand.Rand) error{nil}, time.Millisecond, 1000*time.Hour)
	if len(s.Took) != 0 || s.Err != nil {
		t.Errorf("%d operations after the end, error %v", len(s.Took), s.Err)
	}
}

func TestTheUseOfThisProcessGrows(t *testing.T) {
	before, err := UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if before.Memory < 1<<20 {
		t.Errorf("a Go program with %d bytes", before.Memory)
	}
	for start := time.Now(); time.Since(start) < time.Minute; { // works until it is seen
		after, err := UsageOf(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.CPU > before.CPU {
			return
		}
	}
	t.Error("a minute of work took no time")
}

func TestAProcessThatIsNotThereHasNoUse(t *testing.T) {
	if _, err := UsageOf(1 << 30); err == nil {
		t.Error("no error")
	}
}
